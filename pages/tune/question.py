"""The question box: scanned for identifiers when it is sent; one that holds any is neither asked nor kept until decided."""

from typing import Literal

import streamlit as st

from pages.shared.findings import count
from pages.shared.layers import drawn, finding_stretch
from pages.shared.state import project, state
from pages.shared.text_view import plain, text_view
from pages.tune.answering.asking import forget_failures
from rag.documents.screen.redact import placeholders
from rag.errors import WorkbenchError
from rag.pipeline.check import LONGEST_TEXT
from rag.pipeline.steps import LONGEST_QUESTION
from rag.values import Finding

LEANING = "leaning"  # Holds a question that was just sent and may lean on others, with the number of the one shown before it.
Way = Literal["alone", "leaning", "edited", "checked"]


def question_box(page: str, hint: str, way: Way = "alone") -> bool:
    """The box for a question, of several lines; returns whether the page may go on with the question that was asked last.

    `way` is "leaning" where a question may lean on those before it; the page puts it so that it stands alone.
    """
    here = st.container()  # Outside of any, Streamlit pins the box to the bottom of the window.
    if late := st.session_state.pop(f"{page}-late", ""):
        _offer(page, way, late)
    typed = here.chat_input(f"Question: {hint}", key=f"{page}-question", on_submit=_sent, args=(page, way))
    if not st.session_state.pop(f"{page}-taken", False) and typed:  # A server that has just started knows no callback yet.
        st.session_state[f"{page}-late"] = typed
        st.rerun()
    if fault := st.session_state.pop(f"{page}-fault", ""):
        st.error(fault)
        return False
    if f"{page}-held" not in st.session_state:
        return True
    decide(f"{page}-held")
    return False


def question_asked(page: str, typed: str) -> None:
    """The question that is asked, as it was typed, with a way to put it into the box again."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{plain(typed)}**", width="content")
        st.button(
            "",
            icon=":material/edit:",
            type="tertiary",
            key=f"{page}-edit",
            help="Put it into the box, to change it",
            on_click=_edit,
            args=(page, typed),
        )


def _sent(page: str, way: Way) -> None:
    """Offers what was sent; called before the page is drawn."""
    st.session_state[f"{page}-taken"] = True
    _offer(page, way, st.session_state[f"{page}-question"] or "")


def _offer(page: str, way: Way, question: str) -> None:
    """Asks a question, or says why not; what cannot be asked stands in the box again."""
    if fault := offered(question, page, way):
        st.session_state[f"{page}-fault"] = fault
        st.session_state[f"{page}-question"] = question


def _edit(page: str, typed: str) -> None:
    st.session_state[f"{page}-question"] = typed


def offered(question: str, page: str, way: Way) -> str:
    """Asks a question in which no identifier is found, and holds another one until somebody decides; says why neither can be."""
    held = f"{page}-held"
    st.session_state.pop(held, None)
    longest = LONGEST_TEXT if way == "checked" else LONGEST_QUESTION
    if len(question.strip()) > longest:
        return (
            f"The {_noun(way)} has {len(question.strip()):,} characters; at most {longest:,} can be {_done(way)}. "
            f"Nothing was {_done(way)}. Shorten it, then send it again."
        )
    try:
        found = identifiers(question)
    except WorkbenchError as problem:
        return plain(f"The {_noun(way)} cannot be scanned, so it was not {_done(way)}. {problem}")
    if found:
        findings = [[f.type, f.start, f.end, f.rule, f.score] for f in found]
        st.session_state[held] = {"question": question, "findings": findings, "way": way}
    else:
        _ask(question, way)
    return ""


def identifiers(question: str) -> list[Finding]:
    """What in a question would hold it back."""
    screen = project().shelf.screen
    return [one for one in screen.text(question) if one.kind == "identifier" and one.score >= screen.threshold]


def _noun(way: Way) -> str:
    return "text" if way == "checked" else "question"


def _done(way: Way) -> str:
    return "checked" if way == "checked" else "asked"


def _ask(question: str, way: Way) -> None:
    if way == "checked":
        state()["checked"] = question
        return
    forget_failures()
    follow = state()["follow"]
    if way == "leaning":
        st.session_state[LEANING] = {"question": question, "after": state()["turn"]}
    elif follow and way == "edited":
        follow = {**follow, "how": "edited", "notes": []}
    else:
        follow = None
    state().update(asked=question, follow=follow, turn=None)


def decide(held: str) -> None:
    """What was found in the question, and the choice. The question stays in this browser session's memory alone."""
    kept = st.session_state[held]
    question = kept["question"]
    findings = [Finding("identifier", kind, start, end, rule, score) for kind, start, end, rule, score in kept["findings"]]
    told = "; ".join(dict.fromkeys(f"{one.type} ({one.rule})" for one in findings))
    noun, done = _noun(kept["way"]), _done(kept["way"])
    st.warning(f"**Not {done} yet.** The {noun} may hold {count(len(findings), 'identifier')}: {plain(told)}.")
    text_view(
        [{"parts": drawn(question, 0, len(question), [finding_stretch(one, 0.0) for one in findings])}], f"{held}-text", 160
    )
    with st.container(horizontal=True):
        without = (held, placeholders(question, findings))
        verb = "Check" if kept["way"] == "checked" else "Ask"
        st.button(f"{verb} without them", type="primary", key=f"{held}-without", on_click=_settle, args=without)
        st.button(f"{verb} all the same", key=f"{held}-same", on_click=_settle, args=(held, question))
    st.caption(
        f"Without them, each is replaced by its type, such as [NAME]. Until you choose, the {noun} is neither sent nor kept."
    )


def _settle(held: str, question: str) -> None:
    """Asks what was chosen."""
    kept = st.session_state.pop(held, None) or {}
    _ask(question, kept.get("way", "alone"))
