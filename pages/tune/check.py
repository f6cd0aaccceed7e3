"""Check a text: every statement of what somebody else wrote, held against the documents."""

import streamlit as st

from pages.shared.computed import answer_key, prepared
from pages.shared.findings import count
from pages.shared.frame import stop_without_documents
from pages.shared.sources import show_opened
from pages.shared.state import current_filter, pipeline_of, project, state
from pages.shared.statements import statements_view
from pages.shared.text_view import plain
from pages.tune.question import decide, offered
from pages.tune.settings.filters import filter_controls
from rag.errors import WorkbenchError
from rag.pipeline.check import Checked, check
from rag.stage import fingerprint

EXAMPLE = (
    "P-0412 went home on torsemide 20 mg daily. Lisinopril and naproxen were stopped because of the kidneys. "
    "His potassium was 5.7 on January 18. The left ventricular ejection fraction was 25%. He is allergic to penicillin. "
    "He needed dialysis."
)
HELD, KEPT = "check-held", 16


def _send(text: str) -> None:
    st.session_state["check-fault"] = offered(text, "check", "checked")


def _send_typed() -> None:
    _send(st.session_state["check-text"])


def _example() -> None:
    st.session_state["check-text"] = EXAMPLE
    _send(EXAMPLE)


def _found(text: str) -> Checked | None:
    """The text with its verdicts, kept in memory; where there are none, the reason is drawn."""
    try:
        pipeline, only = pipeline_of(state()["applied"]), current_filter()
        index, key = prepared(pipeline), fingerprint("check", answer_key(pipeline, text, only))
        with st.spinner("Looking up every statement…"):
            found: Checked = project().artifacts.remembered(key, lambda: check(text, pipeline, index, only), "checks", KEPT)
            return found
    except WorkbenchError as problem:
        st.error(plain(str(problem)))
        return None


st.title("Check a text")
stop_without_documents()
st.caption(
    "Paste an answer, a letter or a summary: each of its statements is looked up in the documents and judged by the checks."
)
st.session_state.setdefault("check-text", state()["checked"])
text = st.text_area("Text to check", key="check-text", height=150)
with st.container(horizontal=True):
    st.button("Check it", type="primary", icon=":material/fact_check:", key="check-send", on_click=_send_typed)
    if not text.strip():
        st.button("Check an example", icon=":material/play_arrow:", key="check-example", on_click=_example)
filter_controls("check")
if fault := st.session_state.pop("check-fault", ""):
    st.error(fault)
if HELD in st.session_state:
    decide(HELD)
elif state()["checked"].strip() and (found := _found(state()["checked"])):
    supported = sum(claim.supported is True for claim in found.claims)
    wrong = sum(claim.supported is False for claim in found.claims)
    st.subheader(f"{supported} of {count(len(found.claims), 'statement')} supported, {wrong} not")
    st.caption(f"Probability that all of it is supported: {found.score:.2f}.")
    statements_view(found.claims, "check", numbered=False)
show_opened()
