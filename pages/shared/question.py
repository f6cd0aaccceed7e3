"""The question box: scanned for identifiers when it is sent; one that holds any is neither asked nor kept until decided."""

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


def question_box(page: str, action: str, hint: str) -> bool:
    """The form with the question; returns whether the page may go on with the question that was asked last."""
    held = f"{page}-held"
    with st.form("question", border=False):
        box, button = st.columns([6, 1], vertical_alignment="bottom")
        key = f"{page}-question"
        st.session_state.setdefault(key, state()["question"])
        question = box.text_input("Question", placeholder=hint, key=key)
        sent = button.form_submit_button(action, type="primary", width="stretch")
    if sent:
        st.session_state.pop(held, None)
        if len(question.strip()) > LONGEST_QUESTION:
            st.error(
                f"The question has {len(question.strip()):,} characters; at most {LONGEST_QUESTION:,} can be asked. "
                "Nothing was asked. Shorten it, then send it again."
            )
            return False
        try:
            found = _identifiers(question)
        except WorkbenchError as problem:
            st.error(plain(f"The question cannot be scanned, so it was not asked. {problem}"))
            return False
        if not found:
            _ask(question)
            return True
        st.session_state[held] = {"question": question, "findings": [[f.type, f.start, f.end, f.rule, f.score] for f in found]}
    if held not in st.session_state:
        return True
    _decide(held, page)
    return False


def _identifiers(question: str) -> list[Finding]:
    screen = workspace().screen
    return [one for one in screen.text(question) if one.kind == "identifier" and one.score >= screen.threshold]


def _ask(question: str) -> None:
    forget_failures()
    state().update(question=question, asked=question)


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
    st.session_state.pop(held, None)
    st.session_state[f"{page}-question"] = question
    _ask(question)
