"""The state of a browser session as plain JSON, kept in the workspace so that it survives a reload."""

import contextlib
import json
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import streamlit as st

from pages.shared.text_view import plain
from rag.errors import SettingProblem, WorkbenchError
from rag.pipeline import Pipeline, read_pipeline
from rag.presets import PRESETS
from rag.values import Answer, Filter, Hit, Span
from rag.workspace import Workspace, open_workspace

SESSION = "s"
ANSWERS_KEPT = 64
WARMED = 100  # Documents that are made ready unasked.


@st.cache_resource(show_spinner="Opening the workspace…")
def workspace() -> Workspace:
    """The one workspace of this app; shared by all sessions. The default pipeline is made ready behind the first page."""
    found = open_workspace()
    threading.Thread(target=_warm, args=(found,), daemon=True).start()
    return found


def _warm(found: Workspace) -> None:
    """Loads the model and the index for the default pipeline, so that the first question does not wait for them."""
    with contextlib.suppress(WorkbenchError):
        pipeline = PRESETS["default"][1]
        if len(found.documents) <= WARMED:
            pipeline.prepare(found.documents, found.artifacts).question_vector("warm")


def _fresh() -> dict[str, Any]:
    pipeline = PRESETS["default"][1].to_json()
    return {
        "pipeline": pipeline,
        "applied": pipeline,
        "question": "",
        "asked": "",
        "filter": {
            "documents": [],
            "types": [],
            "after": None,
            "before": None,
            "patients": [],
            "authors": [],
            "in_force": False,
        },
        "columns": [PRESETS["baseline"][1].to_json(), pipeline],
        "comparison": "",
        "chunkers": [],
        "revision": 0,
        "who": "",
        "history": [],
        "shown": None,
        "before": None,
    }


def restore() -> None:
    """Brings back the session named in the address, or begins a new one; keeps the address up to date."""
    if "state" not in st.session_state:
        name = st.query_params.get(SESSION, "")
        kept = workspace().saved("session", name) if name else None
        st.session_state["session"] = name if kept else workspace().save("session", json.dumps(_fresh()))
        st.session_state["state"] = {**_fresh(), **(json.loads(kept) if kept else {})}
    st.query_params[SESSION] = st.session_state["session"]


def keep() -> None:
    """Writes the session to the workspace where it has changed."""
    body = json.dumps(st.session_state["state"])
    if st.session_state.get("kept") != body:
        workspace().save("session", body, st.session_state["session"])
        st.session_state["kept"] = body


def state() -> dict[str, Any]:
    """The session's state: plain JSON values only."""
    if "state" not in st.session_state:
        restore()
    found: dict[str, Any] = st.session_state["state"]
    return found


def pipeline_of(text: str) -> Pipeline:
    """A kept pipeline; the default where it cannot be read any more, with the reason on the screen."""
    try:
        return read_pipeline(text, "the kept pipeline")
    except SettingProblem as problem:
        st.warning(plain(f"{problem} The default is used instead."))
        return PRESETS["default"][1]


def open_pipeline(pipeline: Pipeline, field: str = "pipeline", at: int | None = None) -> None:
    """Puts a whole pipeline into the state; every control is drawn anew from it."""
    if at is None:
        state()[field] = pipeline.to_json()
    else:
        state()[field][at] = pipeline.to_json()
    state()["revision"] += 1


def open_filter(only: Filter) -> None:
    """Puts a whole filter into the state; its controls are drawn anew from it."""
    state()["filter"] = json.loads(json.dumps(asdict(only)))
    state()["revision"] += 1


def keyed(key: str) -> str:
    """The key of a widget that is drawn from the state: another one once a whole pipeline or filter was opened.

    Under the old key a browser may still send what the widget held before. Such a widget is given its value when it is drawn:
    one put into `st.session_state` is lost where the first run that draws the widget is broken off.
    """
    return f"{key}-{state()['revision']}"


def current_filter() -> Filter:
    """The filter of this session, without documents and types that are gone."""
    kept = state()["filter"]
    documents = workspace().documents
    return Filter(
        documents=tuple(name for name in kept["documents"] if any(name == d.name for d in documents)),
        types=tuple(kind for kind in kept["types"] if any(kind == d.type for d in documents)),
        after=kept["after"],
        before=kept["before"],
        patients=tuple(patient for patient in kept.get("patients", ()) if any(patient == d.patient for d in documents)),
        authors=tuple(author for author in kept.get("authors", ()) if any(author == d.author for d in documents)),
        in_force=bool(kept.get("in_force")),
    )


def answered(pipeline: Pipeline, question: str, stream: Callable[[str], None] = lambda text: None) -> Answer:
    """The answer to a question; the same question under the same settings is not asked twice.

    Raises WorkbenchError. Embedding shows its progress on the screen.
    """
    keep()  # A reload does not wait for the answer.
    only = current_filter()

    def ask() -> Answer:
        return pipeline.ask(question, prepared(pipeline), only, stream)

    found: Answer = workspace().artifacts.remembered(_answer_key(pipeline, question, only), ask, "answers", ANSWERS_KEPT)
    return found


def answering(pipeline: Pipeline, question: str) -> Callable[[Callable[[str], None]], Answer]:
    """What `answered` does, with the index made ready now and the asking left to any thread; its argument is `stream`."""
    keep()
    only, artifacts, index = current_filter(), workspace().artifacts, prepared(pipeline)
    key = _answer_key(pipeline, question, only)

    def ask(stream: Callable[[str], None]) -> Answer:
        found: Answer = artifacts.remembered(key, lambda: pipeline.ask(question, index, only, stream), "answers", ANSWERS_KEPT)
        return found

    return ask


def kept_answer(pipeline: Pipeline, question: str, only: Filter) -> Answer | None:
    """The answer where it was written lately and is still in memory; never waits for one that is being written."""

    def gone() -> Answer:
        raise LookupError

    key, artifacts = _answer_key(pipeline, question, only), workspace().artifacts
    if artifacts.recall(key):
        with contextlib.suppress(LookupError):
            found: Answer = artifacts.remembered(key, gone, "answers", ANSWERS_KEPT)
            return found
    return None


def _answer_key(pipeline: Pipeline, question: str, only: Filter) -> str:
    return pipeline.key("verify", [*(document.key for document in workspace().documents), question, repr(only)])


def retrieved(pipeline: Pipeline, question: str) -> tuple[Hit, ...]:
    """The passages alone, for where no answer could be written; none where they cannot be found either."""
    with contextlib.suppress(WorkbenchError):
        index = prepared(pipeline)
        return pipeline.search(question, index, current_filter()).hits
    return ()


def prepared(pipeline: Pipeline) -> Any:
    """The index for a pipeline; where passages have to be embedded, a bar shows how far it is."""
    documents, artifacts = workspace().documents, workspace().artifacts
    plan = pipeline.plan(documents, artifacts)
    if not plan.work:
        return pipeline.prepare(documents, artifacts)
    bar = st.progress(0.0, text=str(plan))
    try:
        return pipeline.prepare(
            documents, artifacts, lambda done, total: bar.progress(done / max(total, 1), text=f"{plan} {done:,} of {total:,}")
        )
    finally:
        bar.empty()


def opened() -> Span | None:
    """The passage that a citation asked to open, once."""
    found = st.session_state.pop("open", None)
    return Span(*found) if found else None


def open_source(span: Span) -> None:
    """Asks for a passage to be opened in its document at the end of this run."""
    st.session_state["open"] = [span.document, span.start, span.end]
