"""What a session computes: the index of a pipeline, made ready with a bar or joined, and answers that are kept."""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pages.shared.state import current_filter, keep, project
from rag.errors import WorkbenchError
from rag.keep.artifacts import Artifacts
from rag.keep.jobs import Tell
from rag.pipeline import UNIONS, Pipeline
from rag.pipeline.explain.expense import expenses
from rag.pipeline.once import prepared_once
from rag.stages.models.chat import BESIDE, ChatModel
from rag.values import Answer, Document, Filter, Hit, Prompt

ANSWERS_KEPT = 64


def answering(pipeline: Pipeline, question: str) -> Callable[[Callable[[str], None]], Answer]:
    """What answers a question, with the index made ready now, in any thread; its argument is called with the text as it comes.

    The same question under the same settings is not asked twice. Raises WorkbenchError. Embedding shows its progress.
    """
    keep()  # A reload does not wait for the answer.
    only, artifacts, index = current_filter(), project().artifacts, prepared(pipeline)
    key = answer_key(pipeline, question, only)

    def ask(stream: Callable[[str], None]) -> Answer:
        found: Answer = artifacts.remembered(key, lambda: pipeline.ask(question, index, only, stream), "answers", ANSWERS_KEPT)
        return found

    return ask


def kept_answer(pipeline: Pipeline, question: str, only: Filter) -> Answer | None:
    """The answer where it was written lately and is still in memory; never waits for one that is being written."""

    def gone() -> Answer:
        raise LookupError

    key, artifacts = answer_key(pipeline, question, only), project().artifacts
    if artifacts.recall(key):
        with contextlib.suppress(LookupError):
            found: Answer = artifacts.remembered(key, gone, "answers", ANSWERS_KEPT)
            return found
    return None


def answer_key(pipeline: Pipeline, question: str, only: Filter) -> str:
    """What an answer is kept by. Prices, time-outs, retries and the window of a model do not count: its words stay the same."""
    stages = {name: getattr(pipeline, name) for name in UNIONS}
    beside = {name: ChatModel.model_fields[name].default for name in BESIDE}
    alike = {name: stage.model_copy(update=beside) for name, stage in stages.items() if isinstance(stage, ChatModel)}
    documents = (document.key for document in project().shelf.documents)
    return pipeline.model_copy(update=alike).key("defer", [*documents, question, repr(only)])


def retrieved(pipeline: Pipeline, question: str) -> tuple[Hit, ...]:
    """The passages alone, for where no answer could be written; none where they cannot be found either."""
    return unsent(pipeline, question)[0]


def unsent(pipeline: Pipeline, question: str) -> tuple[tuple[Hit, ...], Prompt | None]:
    """The passages and the prompt as it would be sent, for where no answer could be written.

    Nothing where they cannot be had, or only by asking again a model that did not answer.
    """
    with contextlib.suppress(WorkbenchError):
        index, only = prepared(pipeline), current_filter()
        if any(one.usage.calls and one.stage != "answer" for one in expenses(pipeline, question, index, only)):
            return (), None
        search = pipeline.search(question, index, only)
        prompt = pipeline.prompt(search.question, list(search.hits), index.documents)
        return search.hits, pipeline.answer.phrased(prompt)
    return (), None


def prepared(pipeline: Pipeline) -> Any:
    """The index for a pipeline; where documents have to be divided or passages embedded, a bar shows how far it is.

    The work goes on in a thread of its own, and a page that is drawn anew joins it. It ends where nobody waits any more, or at a
    press of Cancel (`stop_preparing`); what was divided and embedded before stays.
    """
    documents, artifacts = project().shelf.documents, project().artifacts
    plan = pipeline.plan(documents, artifacts)
    if not plan.work:
        return pipeline.prepare(documents, artifacts)
    bar = st.progress(0.0, text=str(plan))

    def show(step: str, done: int, total: int) -> None:
        share = done / max(total, 1)
        text = {"embed": f" {done:,} of {total:,}", "divide": f" Dividing and counting tokens: {share:.0%}"}.get(step, "")
        bar.progress(share, text=f"{plan}{text}")

    try:
        return index_made(pipeline, documents, artifacts, show)
    finally:
        bar.empty()


def index_made(pipeline: Pipeline, documents: Sequence[Document], artifacts: Artifacts, show: Tell) -> Any:
    """The index of these documents, made now or joined where it is being made; any thread may wait for it."""
    work = project().work

    def make(tell: Tell) -> Any:
        return prepared_once(pipeline, documents, artifacts, work, tell)  # Another server may be at it.

    return artifacts.jobs.followed(_index_key(pipeline, documents), make, show)


def stop_preparing(pipeline: Pipeline) -> None:
    """Ends the making of this pipeline's index, where it is under way."""
    project().artifacts.jobs.stop(_index_key(pipeline, project().shelf.documents))


def _index_key(pipeline: Pipeline, documents: Sequence[Document]) -> str:
    return pipeline.key("index", [document.key for document in documents])
