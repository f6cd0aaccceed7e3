"""What questions will ask of chat models, stage by stage, before any of them is asked; and about how long they take."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.errors import WorkbenchError
from rag.pipeline import Pipeline
from rag.pipeline.plan import TIMED, TOKENS, asking, pace_of, reads_tokens
from rag.stage import Stage
from rag.stages.answer.chat import Chat
from rag.stages.expand.model import Written
from rag.stages.index.base import Index
from rag.stages.models.chat import ChatModel
from rag.stages.refuse.evidence import Evidence
from rag.stages.rerank.compressor import Compressor
from rag.stages.rerank.judge import Judge
from rag.values import Filter, Hit, Query, Usage

ANSWER_TOKENS = 200  # That an answer is expected to have.


@dataclass(frozen=True)
class Expense:
    """What a stage asks of its model for one question: calls and about how many tokens (0 where not known), cost and time.

    `seconds` is None where no such call was made yet. `apart` is what is to be said besides.
    """

    stage: str
    model: ChatModel
    usage: Usage
    seconds: float | None = None
    apart: str = ""


def model_of(stage: Stage) -> ChatModel | None:
    """The chat model that a stage asks, or None."""
    if isinstance(stage, ChatModel):
        return stage
    if isinstance(stage, Compressor) and stage.name in {"extract", "filter"}:
        return ChatModel(model=stage.model or ChatModel().model, base_url=stage.base_url)
    return None


def expenses(pipeline: Pipeline, question: str, index: Index | None, only: Filter = Filter()) -> list[Expense]:
    """What each stage with a chat model asks for this question; for any question where it is empty.

    What a model said already costs nothing. Where a model would expand the question first, the passages found without that
    stand for those to come. Without an index only the calls are counted.
    """
    found = []
    for name in ("expand", "rerank", "answer"):
        stage = getattr(pipeline, name)
        model = model_of(stage)
        if model is not None:
            found.append(_expense(name, stage, model, pipeline, question.strip(), index, only))
    return found


def expenses_of_set(pipeline: Pipeline, questions: int, index: Index | None) -> list[Expense]:
    """What each stage with a chat model asks for so many questions at most: calls, and with an index tokens, cost and time."""
    return [_times(_whole(one, pipeline, index), questions) for one in expenses(pipeline, "", index)]


def time_of_set(pipeline: Pipeline, questions: int, index: Index) -> tuple[float | None, tuple[str, ...]]:
    """About how many seconds so many questions take at most, and the stages that are not counted, since they never ran here.

    By what each stage took before; None where none of them ever ran.
    """
    stages, artifacts = {name: getattr(pipeline, name) for name in TIMED}, index.artifacts
    slow = asking(stages, index.chunks, pipeline.embed, pipeline.retrieve.candidates, artifacts, questions)
    times = {"rerank" if part.stage == TOKENS else part.stage: part.seconds for part in slow}
    for name, stage in stages.items():
        if name not in times and not reads_tokens(stage):
            pace = pace_of(name, stage, artifacts)
            times[name] = None if pace is None else pace * questions
    known = [seconds for seconds in times.values() if seconds is not None]
    return sum(known) if known else None, tuple(name for name in TIMED if name in times and times[name] is None)


def _whole(one: Expense, pipeline: Pipeline, index: Index | None) -> Expense:
    """An expense with the tokens and the time of an answer, where nothing was known of them; by a prompt of the usual length."""
    if index is None or not isinstance(pipeline.answer, Chat) or one.stage != "answer":
        return one
    hits = list(_candidates(pipeline, "", index, Filter()))[: pipeline.rerank.top]
    prompt = pipeline.answer.phrased(pipeline.prompt("?", hits, index.documents))
    used = one.model.usage_of(1, prompt.tokens, min(ANSWER_TOKENS, pipeline.answer.max_tokens))
    return replace(one, usage=used, seconds=pace_of("answer", pipeline.answer, index.artifacts))


def _times(one: Expense, questions: int) -> Expense:
    used, seconds = one.usage, one.seconds
    usage = replace(
        used,
        calls=used.calls * questions,
        sent=used.sent * questions,
        received=used.received * questions,
        cost=used.cost * questions,
    )
    return replace(one, usage=usage, seconds=None if seconds is None else seconds * questions)


def _expense(
    name: str, stage: Stage, model: ChatModel, pipeline: Pipeline, question: str, index: Index | None, only: Filter
) -> Expense:
    candidates = pipeline.retrieve.candidates
    if isinstance(stage, Written):
        used = Usage(1) if index is None else stage.estimate(question, index)
        pace = None if index is None else stage.pace(index.artifacts)
        return Expense(name, model, used, None if pace is None else pace * used.calls)
    if isinstance(stage, Judge):
        if index is None:
            return Expense(name, model, Usage(stage.calls(candidates)))
        used = stage.estimate(question, _candidates(pipeline, question, index, only), index)
        blind = bool(question) and not _is_known(pipeline, question, index)
        apart = "for the passages found without the expanded query" if blind else ""
        return Expense(name, model, used, stage.seconds(used.calls, index), apart)
    if isinstance(stage, Chat):
        calls = ["a second one where the first cannot be read"] if stage.form == "structured" else []
        if isinstance(pipeline.refuse, Evidence) and pipeline.refuse.below and not pipeline.refuse.ask_anyway:
            calls.append("none where the evidence is too weak")
        return Expense(name, model, Usage(1), apart="; ".join(calls))
    depth = stage.depth if isinstance(stage, Compressor) else candidates
    return Expense(name, model, Usage(min(depth, candidates, len(index.chunks) if index else depth)))


def _candidates(pipeline: Pipeline, question: str, index: Index, only: Filter) -> Sequence[Hit]:
    """What would reach the reranker; where no question is asked, as many passages from all over the corpus."""
    if question:
        known = _is_known(pipeline, question, index)
        try:
            return pipeline.retrieve(pipeline.expand(question, index, only) if known else Query(question), index, only)
        except WorkbenchError:
            pass
    step = max(1, len(index.chunks) // pipeline.retrieve.candidates)
    return [Hit(chunk, 0.0) for chunk in index.chunks[::step][: pipeline.retrieve.candidates]]


def _is_known(pipeline: Pipeline, question: str, index: Index) -> bool:
    """Whether the query of this question can be had without asking a model."""
    expand = pipeline.expand
    return not isinstance(expand, ChatModel) or index.artifacts.recall(expand.asked_key(question))
