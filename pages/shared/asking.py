"""Asking while the last good answer stays on the screen: what is computed, how far it is, and a way back."""

from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Any

import streamlit as st

from pages.shared.history import cancel
from pages.shared.state import answering, current_filter, kept_answer, state, workspace
from rag.errors import Cancelled
from rag.pipeline import Pipeline
from rag.values import Answer

QUICK = 0.7  # Seconds of preparing below which nothing is said about waiting.
HEARTBEAT = 0.2  # Seconds after which a press of Cancel takes hold, even where a model says nothing.
SWIFT = {"asked", "clinical", "feedback", "keep", "diverse", "late", "fitted", "quote"}


def asked_meanwhile(pipeline: Pipeline, beside: Any) -> Answer:
    """The answer to this session's question. Where it may take long, a button cancels it; raises WorkbenchError.

    What was below on the page stays there, greyed by the browser, until this returns. `beside` is the place under the
    settings, where a change that was just applied shows how far it is; a question shows that where it was asked.
    """
    question, shown = state()["asked"], state()["shown"]
    live, here = st.empty(), st.empty()
    kept = kept_answer(pipeline, question, current_filter())
    if kept is not None:
        return kept
    plan = pipeline.plan(workspace().documents, workspace().artifacts)
    dear = plan.seconds is None or plan.seconds > QUICK
    asks_a_model = any(getattr(pipeline, stage).kind not in SWIFT for stage in ("expand", "rerank", "answer"))
    changed = dear and shown is not None and shown["question"] == question
    place = beside if changed else here
    try:
        with place.container(border=dear):
            if dear or asks_a_model:
                width = "stretch" if changed else "content"
                st.button("Cancel", icon=":material/close:", key="cancel", on_click=cancel, width=width)
            if changed:
                st.caption("The last answer stays until the new one is there. Cancel brings its settings back.")
            with st.spinner("Applying…" if changed else "Waiting for the answer…", show_time=True):
                return listened(answering(pipeline, question), lambda text: live.text(text))
    finally:
        live.empty()
        place.empty()


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
