"""The fitted reranker: the chart of its weights, and a dialog that fits them on a question set and says what they gain."""

import contextlib
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

import streamlit as st

from pages.shared.charts import weights_chart
from pages.shared.findings import count
from pages.shared.question_set import chosen_cases
from pages.shared.state import open_pipeline, project
from pages.shared.text_view import plain
from rag.errors import Cancelled, WorkbenchError
from rag.evaluate.fitting import FEWEST, Fit, fit
from rag.pipeline import Pipeline
from rag.pipeline.explain.expense import model_of
from rag.stage import fingerprint
from rag.stages.rerank.fitted import Fitted
from rag.values import Case

OPEN = "fit-open"
KEPT = 32


@dataclass
class Job:
    """A fit that runs: how many questions of how many it has read, what came of it, whether somebody stopped it."""

    total: int
    done: int = 0
    result: Future[Fit] = field(default_factory=Future)
    stopped: Event = field(default_factory=Event)

    def say(self, done: int) -> None:
        if self.stopped.is_set():
            raise Cancelled("The fit was stopped.")
        self.done = done


JOBS: dict[str, Job] = {}  # By a key that holds the session, the settings, the documents and the questions.


def weights_in_force(values: dict[str, Any], key: str) -> None:
    """The chart of the weights as they are set."""
    stage = Fitted.model_construct(**values)
    st.caption("The weights in force:" if stage.weights != Fitted().weights else "The default weights: the order stays.")
    weights_chart(stage.weights, f"{key}-weights")


def fit_button(key: str) -> None:
    """Opens the dialog."""
    st.button("Fit on a question set", icon=":material/model_training:", key=f"{key}-fit", on_click=_open, width="stretch")


def fit_where_asked(pipeline: Pipeline) -> None:
    """The dialog, where it is open."""
    if st.session_state.get(OPEN) and isinstance(pipeline.rerank, Fitted):
        _dialog(pipeline)


def _open() -> None:
    st.session_state[OPEN] = True


def _close() -> None:
    st.session_state[OPEN] = False


@st.dialog("Fit the reranker's weights", width="large", on_dismiss=_close)
def _dialog(pipeline: Pipeline) -> None:
    st.caption(
        "Finds the weights that put the gold evidence of these questions first, with the settings at hand, and measures what "
        "they gain on questions left out of the fit. Nothing changes until you use them."
    )
    cases = [case for case in chosen_cases() if case.evidence]
    if len(cases) < FEWEST:
        st.warning(
            f"This set is too small to fit: {count(len(cases), 'question')} with evidence, at least {FEWEST} are needed. "
            "The weights stay as they are."
        )
        return
    model = model_of(pipeline.expand)
    if model is not None:
        st.caption(f"The expansion asks {plain(model.model)} once for each of the {len(cases)} questions.")
    key = _key(pipeline, cases)
    result = _kept(key)
    if result is not None:
        JOBS.pop(key, None)
        _shown(result, pipeline)
    elif key in JOBS:
        _watched(key)
    else:
        label, fitting = f"Fit on {len(cases)} questions with evidence", ":material/play_arrow:"
        st.button(label, type="primary", icon=fitting, key="fit-run", on_click=_start, args=(key, pipeline, cases))


def _start(key: str, pipeline: Pipeline, cases: list[Case]) -> None:
    """Fits in a thread of its own, since what is pressed in a dialog cannot break off what runs in it."""
    job, documents, artifacts = Job(total=len(cases)), project().shelf.documents, project().artifacts

    def make() -> Fit:
        index = pipeline.prepare(documents, artifacts, lambda done, total: job.say(0))
        return fit(pipeline, cases, index, progress=lambda done, total: job.say(done))

    def run() -> None:
        try:
            job.result.set_result(artifacts.remembered(key, make, "fits", KEPT))
        except BaseException as problem:
            job.result.set_exception(problem)

    JOBS[key] = job
    Thread(target=run, daemon=True).start()


@st.fragment(run_every=0.5)
def _watched(key: str) -> None:
    """How far a fit is, and a button that stops it."""
    job = JOBS.get(key)
    if job is None:
        st.rerun()
    elif not job.result.done():
        told = "Fitting, each question left out once…" if job.done == job.total else f"{job.done} of {job.total} questions read"
        st.progress(job.done / job.total, text=told)
        st.button("Stop", icon=":material/close:", key="fit-stop", on_click=_stop, args=(key,))
    else:
        del JOBS[key]
        problem = job.result.exception()
        if problem is None:
            st.rerun()
        st.error(plain(str(problem)) if isinstance(problem, WorkbenchError) else "Fitting failed. Try another question set.")


def _stop(key: str) -> None:
    job = JOBS.pop(key, None)
    if job is not None:
        job.stopped.set()


def _shown(result: Fit, pipeline: Pipeline) -> None:
    """The verdict with its figures, the weights, and the button that uses them."""
    (st.success if result.enough else st.info)(
        f"**{'Use the fitted weights' if result.enough else 'Keep the default weights'}**: {plain(result.reason)}"
    )
    figures, chart = st.columns([1, 1.6], gap="large")
    with figures:
        st.metric("nDCG@10 with the default weights", f"{result.default:.3f}")
        st.metric("Gain on questions left out", f"{result.gain:+.3f}".replace("-", "−"))
        low, high = (f"{bound:+.3f}".replace("-", "−") for bound in (result.low, result.high))
        st.caption(f"95 % interval {low} to {high} (bootstrap over questions), n = {result.n}")
    with chart:
        st.caption("The fitted weights" if result.enough else "Fitted all the same, but not used: no gain clear of chance")
        weights_chart(result.weights if result.enough else result.tried, "fit-weights", used=result.enough)
    stage = pipeline.rerank
    if not result.enough or not isinstance(stage, Fitted):
        return
    fitted = pipeline.model_copy(update={"rerank": result.stage(stage)})
    if st.button("Use these weights", type="primary", key="fit-use", disabled=fitted == pipeline):
        open_pipeline(fitted)
        _close()
        st.rerun()


def _key(pipeline: Pipeline, cases: list[Case]) -> str:
    documents = [document.key for document in project().shelf.documents]
    depth = pipeline.rerank.depth if isinstance(pipeline.rerank, Fitted) else 0
    parts = (pipeline.key("retrieve", documents), str(depth), *map(repr, cases))
    return fingerprint("fit", str(st.session_state.get("session")), *parts)


def _kept(key: str) -> Fit | None:
    artifacts = project().artifacts

    def gone() -> Fit:
        raise LookupError

    if artifacts.recall(key):
        with contextlib.suppress(LookupError):
            found: Fit = artifacts.remembered(key, gone, "fits", KEPT)
            return found
    return None
