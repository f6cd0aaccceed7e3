"""The question box: scanned for identifiers when it is sent; one that holds any is neither asked nor kept until decided."""

from typing import Literal

import streamlit as st

from pages.shared.answer.asking import forget_failures
from pages.shared.findings import count
from pages.shared.layers import drawn, finding_stretch
from pages.shared.state import state, workspace
from pages.shared.text_view import plain, text_view
from rag.errors import WorkbenchError
from rag.pipeline import LONGEST_QUESTION
from rag.screen.redact import placeholders
from rag.values import Finding

LEANING = "leaning"  # Holds a question that was just sent and may lean on others, with the number of the one shown before it.
Way = Literal["alone", "leaning", "edited"]


def question_box(page: str, action: str, hint: str, way: Way = "alone") -> bool:
    """The form with the question; returns whether the page may go on with the question that was asked last.

    `way` is "leaning" where a question may lean on those before it; the page puts it so that it stands alone.
    """
    with st.form("question", border=False):
        box, button = st.columns([6, 1], vertical_alignment="bottom")
        key = f"{page}-question"
        st.session_state.setdefault(key, state()["question"])
        question = box.text_input("Question", placeholder=hint, key=key)
        sent = button.form_submit_button(action, type="primary", width="stretch")
    if sent and (fault := offered(question, page, way)):
        st.error(fault)
        return False
    if f"{page}-held" not in st.session_state:
        return True
    _decide(f"{page}-held", page)
    return False


def offered(question: str, page: str, way: Way) -> str:
    """Asks a question in which no identifier is found, and holds another one until somebody decides; says why neither can be."""
    held = f"{page}-held"
    st.session_state.pop(held, None)
    if len(question.strip()) > LONGEST_QUESTION:
        return (
            f"The question has {len(question.strip()):,} characters; at most {LONGEST_QUESTION:,} can be asked. "
            "Nothing was asked. Shorten it, then send it again."
        )
    try:
        found = identifiers(question)
    except WorkbenchError as problem:
        return plain(f"The question cannot be scanned, so it was not asked. {problem}")
    if found:
        findings = [[f.type, f.start, f.end, f.rule, f.score] for f in found]
        st.session_state[held] = {"question": question, "findings": findings, "way": way}
    else:
        _ask(question, way)
    return ""


def identifiers(question: str) -> list[Finding]:
    """What in a question would hold it back."""
    screen = workspace().screen
    return [one for one in screen.text(question) if one.kind == "identifier" and one.score >= screen.threshold]


def _ask(question: str, way: Way) -> None:
    forget_failures()
    follow = state()["follow"]
    if way == "leaning":
        st.session_state[LEANING] = {"question": question, "after": state()["turn"]}
    elif follow and way == "edited":
        follow = {**follow, "how": "edited", "notes": []}
    else:
        follow = None
    state().update(question=question, asked=question, follow=follow, turn=None)


def _decide(held: str, page: str) -> None:
    """What was found in the question, and the choice. The question stays in this browser session's memory alone."""
    kept = st.session_state[held]
    question = kept["question"]
    findings = [Finding("identifier", kind, start, end, rule, score) for kind, start, end, rule, score in kept["findings"]]
    told = "; ".join(dict.fromkeys(f"{one.type} ({one.rule})" for one in findings))
    st.warning(f"**Not asked yet.** The question may hold {count(len(findings), 'identifier')}: {plain(told)}.")
    text_view(
        [{"parts": drawn(question, 0, len(question), [finding_stretch(one, 0.0) for one in findings])}], f"{held}-text", 160
    )
    with st.container(horizontal=True):
        without = (page, held, placeholders(question, findings))
        st.button("Ask without them", type="primary", key=f"{held}-without", on_click=_settle, args=without)
        st.button("Ask all the same", key=f"{held}-same", on_click=_settle, args=(page, held, question))
    st.caption(
        "Without them, each is replaced by its type, such as [NAME]. Until you choose, the question is neither sent nor kept."
    )


def _settle(page: str, held: str, question: str) -> None:
    """Asks what was chosen; called before the page is drawn, so that the box shows it."""
    kept = st.session_state.pop(held, None) or {}
    st.session_state[f"{page}-question"] = question
    _ask(question, kept.get("way", "alone"))
