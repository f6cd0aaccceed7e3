"""Asking while the last good answer stays on the screen: what is computed, how far it is, and a way back."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import streamlit as st

from pages.shared.computed import answer_key, answering, kept_answer
from pages.shared.state import current_filter, project, state
from pages.tune.settings.history import cancel
from rag.errors import Cancelled, WorkbenchError
from rag.pipeline import Pipeline
from rag.values import Answer

QUICK = 0.7  # Seconds of preparing below which nothing is said about waiting.
HEARTBEAT = 0.2  # Seconds after which a press of Cancel takes hold, even where a model says nothing.
FAILED = "ask-failed"
NOT_SENT = "Not sent"
SWIFT = {"asked", "clinical", "feedback", "keep", "diverse", "late", "fitted", "quote"}


@dataclass(frozen=True)
class Failure:
    """Why there is no answer, and the name of the attempt."""

    why: str
    attempt: str


def at_once(pipeline: Pipeline) -> Answer | Failure | None:
    """The answer to this session's question where it is there or comes quickly; None where it must be waited for.

    A failure is kept until it is tried again: otherwise every look at the page would ask a dead model.
    """
    question = state()["asked"]
    kept = kept_answer(pipeline, question, current_filter())
    if kept is not None:
        return kept
    failure = _failure(pipeline)
    if failure or _is_dear(pipeline) or _asks_a_model(pipeline):
        return failure
    try:
        with st.spinner("Waiting for the answer…", show_time=True):
            return listened(answering(pipeline, question), lambda text: None)
    except WorkbenchError as problem:
        return _failed(pipeline, problem)


def waited(pipeline: Pipeline, here: Any, beside: Any) -> None:
    """Asks `here`, with the text as it comes and a button that cancels; then the page is drawn anew with what came of it.

    `beside` is the place above the settings, where a change that was just applied shows how far it is.
    """
    question, shown = state()["asked"], state()["shown"]
    dear = _is_dear(pipeline)
    changed = dear and shown is not None and shown["question"] == question
    with here.container():
        box, live = st.empty(), st.empty()
    with (beside if changed else box).container(border=dear):
        width = "stretch" if changed else "content"
        st.button("Cancel", icon=":material/close:", key="cancel", on_click=cancel, width=width)
        if changed:
            st.caption("The last answer stays until the new one is there. Cancel brings its settings back.")
        try:
            with st.spinner("Applying…" if changed else "Waiting for the answer…", show_time=True):
                listened(answering(pipeline, question), lambda text: live.text(text))
        except WorkbenchError as problem:
            _failed(pipeline, problem)
    st.rerun()


def forget_failures() -> None:
    """What failed is tried again."""
    st.session_state.pop(FAILED, None)


def _is_dear(pipeline: Pipeline) -> bool:
    plan = pipeline.plan(project().shelf.documents, project().artifacts)
    return plan.seconds is None or plan.seconds > QUICK


def _asks_a_model(pipeline: Pipeline) -> bool:
    return any(getattr(pipeline, stage).kind not in SWIFT for stage in ("expand", "rerank", "answer"))


def _failure(pipeline: Pipeline) -> Failure | None:
    """What failed with these settings; a prompt that was too long for the window only with the same window."""
    kept = st.session_state.get(FAILED, {}).get(answer_key(pipeline, state()["asked"], current_filter()))
    return Failure(kept["why"], kept["attempt"]) if kept and kept["window"] in ("", _window(pipeline)) else None


def _failed(pipeline: Pipeline, problem: WorkbenchError) -> Failure:
    why, attempt = str(problem), uuid4().hex
    if isinstance(problem, Cancelled):  # Broken off, perhaps from another page: the next look asks again.
        return Failure(why, attempt)
    window = _window(pipeline) if why.startswith(NOT_SENT) else ""
    key = answer_key(pipeline, state()["asked"], current_filter())
    st.session_state.setdefault(FAILED, {})[key] = {"why": why, "attempt": attempt, "window": window}
    return Failure(why, attempt)


def _window(pipeline: Pipeline) -> str:
    return " ".join(str(getattr(getattr(pipeline, stage), "context", "")) for stage in ("expand", "rerank", "answer"))


def listened(ask: Callable[[Callable[[str], None]], Answer], show: Callable[[str], Any]) -> Answer:
    """Asks in a thread of its own and shows what is written so far.

    Showing is where Streamlit ends this run after a press, so that is done again and again, also while nothing comes. The
    thread is left to itself then and stops at its next word.
    """
    words: SimpleQueue[str | None] = SimpleQueue()
    result: Future[Answer] = Future()
    stopped = Event()

    def say(text: str) -> None:
        if stopped.is_set():
            raise Cancelled("The question was cancelled.")
        words.put(text)

    def work() -> None:
        try:
            result.set_result(ask(say))
        except BaseException as problem:
            result.set_exception(problem)
        words.put(None)

    Thread(target=work, daemon=True).start()
    written = ""
    try:
        while True:
            try:
                word = words.get(timeout=HEARTBEAT)
            except Empty:
                word = ""
            if word is None:
                return result.result()
            written += word
            show(written)
    finally:
        stopped.set()
