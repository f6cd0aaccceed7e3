"""The conversation above the question box: earlier questions with their answers, and how a follow-up was put."""

from typing import Any

import streamlit as st

from pages.shared.computed import prepared
from pages.shared.differing import LOOK
from pages.shared.findings import count
from pages.shared.places import place_of, stands
from pages.shared.state import open_source, project, state
from pages.shared.text_view import Block, plain, text_view
from pages.tune.answering.asking import forget_failures
from pages.tune.question import LEANING, identifiers, offered, question_asked
from rag.clinical.statements import shown
from rag.errors import WorkbenchError
from rag.keep.quotes import GONE
from rag.pipeline import Pipeline
from rag.pipeline.follow import Rewriting, Turn, put
from rag.stage import fingerprint
from rag.stages.answer.outcome import WORDS
from rag.stages.models.chat import ChatModel
from rag.values import Answer, Citation, Span

MOST = 30  # Questions of a conversation that are kept.
OPEN = 3  # Of them those that stand above the box; earlier ones open behind them.
PAGE = "ask"
BY_MODEL = "put-by-model"
NOT_TAKEN = "what the model wrote holds what looks like an identifier, so it was not taken."
LOST = "The document that it was taken from has gone."
TAKEN_OUT = "The document that it was taken from has gone, or says something else now."
TOLD = {
    "rules": "Asked as",
    "model": "Asked as",
    "edited": "Asked as you put it",
    "typed": "Asked as typed",
    "unsure": "Asked as typed",
}


def put_leaning(pipeline: Pipeline) -> None:
    """Puts the question that was just sent so that it stands alone, where it leans on those before it."""
    sent = st.session_state.pop(LEANING, None)
    by_model = st.session_state.pop(BY_MODEL, False)
    if sent is None:
        return
    typed, kept = sent["question"], state()["turns"]
    kept = kept if sent["after"] is None else kept[: sent["after"] + 1]
    if kept and _typed(kept[-1]).strip() == typed.strip() and not by_model:  # The same is sent once more.
        state().update(follow=kept[-1]["follow"], asked=kept[-1]["asked"])
        return
    state()["follow"] = None
    turns = [_turn(one) for one in kept]
    if not turns:
        return
    try:
        with st.spinner("Waiting for the model…" if by_model else "Reading the question…"):
            found = put(typed, turns, prepared(pipeline), pipeline, "model" if by_model else "rules")
        if found.how == "model" and identifiers(found.question):
            found = Rewriting(typed, "unsure", (NOT_TAKEN,))
    except WorkbenchError as problem:
        found = Rewriting(typed, "unsure", (str(problem),))
    state().update(asked=found.question)
    if found.how != "alone":
        state()["follow"] = {"typed": typed, "how": found.how, "notes": list(found.notes)}


def note(answer: Answer) -> None:
    """Keeps the question that is answered now as the one that is shown: where its statement stands, no text of a document."""
    first = next((claim for claim in answer.claims if claim.role == "answer"), None) if not answer.refused else None
    cited = [[c.span.document, c.span.start, c.span.end, c.page, c.source] for c in first.citations if stands(c)] if first else []
    entry = {
        "asked": answer.question,
        "follow": state()["follow"],
        "outcome": answer.outcome,
        "deferred": [one.rule for one in answer.deferred],
        "patients": list(answer.scope.patients),
        "cited": cited,
    }
    turns, at = list(state()["turns"]), _here(answer.question)
    if at is None:
        turns = [*turns, entry][-MOST:]
        at = len(turns) - 1
    else:
        turns[at] = entry
    if (turns, at) != (state()["turns"], state()["turn"]):
        state().update(turns=turns, turn=at)


def earlier() -> None:
    """The earlier questions, newest last, each with what became of it; nothing where there is none."""
    here = _here(state()["asked"].strip())
    turns = [(at, one) for at, one in enumerate(state()["turns"]) if at != here]
    if not turns:
        return
    with st.container(gap="xsmall", key="conversation"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Earlier in this conversation")
            st.button("New conversation", icon=":material/add_comment:", type="tertiary", key="new-conversation", on_click=begin)
        if before := turns[:-OPEN]:
            with st.expander(f"{count(len(before), 'question')} before these"), st.container(gap="xsmall"):
                for at, one in before:
                    _drawn(at, one)
        for at, one in turns[-OPEN:]:
            _drawn(at, one)


def asked_as(pipeline: Pipeline) -> None:
    """The question that is asked, as it was typed; how it was put where that is otherwise, with a way to change that."""
    follow, asked = state()["follow"], state()["asked"]
    question_asked(PAGE, follow["typed"] if follow else asked)
    if not follow:
        return
    about = "; ".join(follow["notes"])
    how = "typed" if follow["typed"].strip() == asked.strip() and follow["how"] == "edited" else follow["how"]
    told = " — ".join(filter(None, [TOLD[how] if how in {"typed", "unsure"} else f"{TOLD[how]}: {asked}", about]))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f":material/subdirectory_arrow_right: {plain(told)}", width="content")
        with st.popover("change", type="tertiary", key=f"asked-as-{fingerprint(asked)}"):
            key = f"asked-as-text-{fingerprint(asked)}"
            st.text_input("Ask this instead", asked, key=key)
            st.button("Ask this", type="primary", key="asked-as-this", on_click=_edited, args=(key,))
            if follow["typed"].strip() != asked.strip():
                st.button(f"As I typed it: {plain(follow['typed'])}", key="asked-as-typed", on_click=_as_typed)
            if isinstance(pipeline.answer, ChatModel):
                about = "It is sent the last questions with their first statements"
                label = f"Let {plain(pipeline.answer.model)} put it"
                st.button(label, key="asked-as-model", help=about, on_click=_by_model)
    if fault := st.session_state.pop("asked-as-fault", ""):
        st.error(fault)


def begin() -> None:
    """Begins a new conversation."""
    forget_failures()
    state().update(turns=[], turn=None, follow=None, asked="")


def show(at: int) -> None:
    """Shows an earlier question again; what is asked next leans on it first."""
    forget_failures()
    one = state()["turns"][at]
    state().update(turn=at, follow=one["follow"], asked=one["asked"])


def _here(asked: str) -> int | None:
    """Which of the kept questions this one is that is asked now; None where it is a further one."""
    turns, at = state()["turns"], state()["turn"]
    at = len(turns) - 1 if at is None else at
    return at if 0 <= at < len(turns) and turns[at]["asked"] == asked else None


def _drawn(at: int, one: dict[str, Any]) -> None:
    typed = _typed(one)
    about = f"Show its answer again. Typed: {plain(typed)}" if typed != one["asked"] else "Show its answer again"
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"turn-{at}"):
        st.button(plain(one["asked"]), type="tertiary", key=f"turn-{at}-show", help=about, on_click=show, args=(at,))
        if one["cited"]:
            with st.popover(count(len(one["cited"]), "citation"), type="tertiary", key=f"turn-{at}-cited"):
                for number, (document, start, end, *_) in enumerate(one["cited"]):
                    span = Span(document, start, end)
                    st.button(plain(place_of(span)), key=f"turn-{at}-{number}", on_click=open_source, args=(span,))
    became, statement = WORDS[one["outcome"]], _statement(one)
    became = f"{became} {LOOK}." if one.get("deferred") else became
    block: Block = {"parts": [{"text": statement or became}], "look": "quiet", "note": became if statement else ""}
    text_view([block], f"turn-{at}-text")


def _statement(one: dict[str, Any]) -> str:
    """The first statement of an answer as its document holds it now."""
    if not one["cited"]:
        return TAKEN_OUT if one.get(GONE) else ""
    name, start, end, *_ = one["cited"][0]
    document = project().shelf.document(name)
    return shown(document.text[start:end]) if document else LOST


def _typed(one: dict[str, Any]) -> str:
    return one["follow"]["typed"] if one["follow"] else one["asked"]


def _turn(one: dict[str, Any]) -> Turn:
    citations = tuple(Citation(Span(name, start, end), "", page, source) for name, start, end, page, source in one["cited"])
    return Turn(
        _typed(one), one["asked"], one["outcome"], _statement(one) if citations else "", tuple(one["patients"]), citations
    )


def _retract() -> None:
    """Takes the question that is shown out of the conversation, where it is the last one: it is asked in another way."""
    turns, at = state()["turns"], state()["turn"]
    if at is not None and at == len(turns) - 1:
        state()["turns"] = turns[:-1]


def _edited(key: str) -> None:
    text = st.session_state[key]
    if not text.strip():
        return
    _retract()
    if fault := offered(text, PAGE, "edited"):
        st.session_state["asked-as-fault"] = fault


def _as_typed() -> None:
    _retract()
    typed = state()["follow"]["typed"]
    forget_failures()
    state().update(asked=typed, turn=None, follow={**state()["follow"], "how": "edited", "notes": []})


def _by_model() -> None:
    _retract()
    state()["turn"] = None
    st.session_state[LEANING] = {"question": state()["follow"]["typed"], "after": None}
    st.session_state[BY_MODEL] = True
