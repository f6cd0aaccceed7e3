"""Risk and coverage: of the questions that a bar lets through, how many are answered wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

from rag.evaluate.card import scores, wilson
from rag.evaluate.questions import answerable
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.stages.index.base import Index
from rag.stages.refuse.evidence import Evidence
from rag.stages.refuse.never import Never
from rag.values import Case, Document, Filter


@dataclass(frozen=True, slots=True)
class Sure:
    """How sure a pipeline that never refuses is of a case, and whether its first statement is right: it cites gold evidence."""

    id: str
    confidence: float
    right: bool


@dataclass(frozen=True, slots=True)
class Point:
    """Above a bar: the share of all questions that are answered, and of these the share that is wrong, with its interval."""

    bar: float
    coverage: float
    risk: float
    n: int
    wrong: int
    interval: tuple[float, float]


def fits(case: Case) -> bool:
    """Whether it can be told if an answer to a case is right: it has gold evidence, or the documents hold no answer."""
    return bool(case.evidence) or answerable(case) is False


def asked(case: Case, pipeline: Pipeline, index: Index, only: Filter = Filter()) -> Sure:
    """The case asked of a pipeline that never refuses. Raises what asking raises."""
    answer = pipeline.model_copy(update={"refuse": Never()}).ask(case.question, index, only)
    return Sure(case.id, answer.confidence, bool(scores(case, answer)["gold cited first"]))


def curve(sure: Sequence[Sure]) -> list[Point]:
    """A point for every bar that lets another question through, from the highest on."""
    return [at(sure, bar) for bar in sorted({one.confidence for one in sure}, reverse=True)]


def at(sure: Sequence[Sure], bar: float) -> Point:
    """What a bar lets through; nothing has no risk."""
    through = [one for one in sure if one.confidence >= bar]
    wrong, n = sum(not one.right for one in through), len(through)
    return Point(bar, n / len(sure), wrong / n if n else 0.0, n, wrong, wilson(wrong, n) if n else (0.0, 1.0))


def chosen(sure: Sequence[Sure], pipeline: Pipeline) -> Point:
    """The point of the bar that a pipeline is set to."""
    return at(sure, pipeline.refuse.below if isinstance(pipeline.refuse, Evidence) else 0.0)


def run(cases: Sequence[Case], pipeline: Pipeline, documents: Sequence[Document], artifacts: Artifacts) -> list[Sure]:
    """All cases of which it can be told whether an answer is right."""
    index = pipeline.prepare(documents, artifacts)
    return [asked(case, pipeline, index) for case in cases if fits(case)]
