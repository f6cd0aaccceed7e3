"""A score card: every case of a question set asked of a pipeline, its scores, and their means with 95 % intervals."""

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rag.errors import WorkbenchError
from rag.evaluate.measures import evidence_recall
from rag.evaluate.questions import answerable
from rag.pipeline import Pipeline
from rag.stages.index.base import Index
from rag.text import terms
from rag.values import Answer, Case, Filter, Span, Usage

RESAMPLES = 2000
SEED = 20240314
NORMAL = 1.959964  # The standard normal's 97.5th percentile.
SAME = 0.005  # Scores nearer than this are shown alike.
MS = "median ms"
TOKENS = "tokens a question"
COST = "cost a question"


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure with what it means and whether more is better. `share` is the share of cases for which something holds."""

    name: str
    about: str
    share: bool
    more: bool = True


MEASURES = (
    Measure(
        "evidence recall", "Share of the gold evidence's characters that the prompt's passages, or copies of them, hold", False
    ),
    Measure("gold cited first", "Share of questions whose first statement cites gold evidence; a refusal misses", True),
    Measure("citation precision", "Share of an answer's citations that touch gold evidence, over answers that cite", False),
    Measure("expected words", "Share of the expected answer's terms that stand in the answer; a refusal has none", False),
    Measure("refused rightly", "Share refused of the questions that the documents do not answer", True),
    Measure("refused wrongly", "Share refused of the questions that the documents do answer", True, more=False),
)


@dataclass(frozen=True, slots=True)
class Row:
    """What a pipeline made of a case. A score is None where it does not apply; a case that failed says why in `error`."""

    case: Case
    scores: Mapping[str, float | None] = field(default_factory=dict)
    ms: float | None = None
    refused: bool = False
    statements: tuple[str, ...] = ()
    error: str = ""
    usage: Usage = field(default_factory=Usage)

    @property
    def outcome(self) -> str:
        """How the case went, in a few words; ✓ is right, ✗ wrong, neither where the question set does not say."""
        if self.error:
            return "failed"
        there, first = answerable(self.case), self.scores["gold cited first"]
        if self.refused:
            return {True: "✗ refused", False: "✓ refused", None: "refused"}[there]
        if there is False:
            return "✗ answered"
        return "answered" if first is None else "✓ gold cited" if first else "✗ not the gold"


@dataclass(frozen=True, slots=True)
class Figure:
    """The mean (or median) of a measure over the n cases that it applies to, with a 95 % interval; None without cases."""

    name: str
    value: float | None
    n: int
    interval: tuple[float, float] | None


def scores(case: Case, answer: Answer) -> dict[str, float | None]:
    """The value of every measure for one answer, None where it does not apply."""
    claims = () if answer.refused else answer.claims
    on_gold = [[any(_touch(one.span, gold) for gold in case.evidence) for one in claim.citations] for claim in claims]
    first, every = next(filter(None, on_gold), []), [touches for claim in on_gold for touches in claim]
    passages = [chunk.span for hit in answer.hits for chunk in (hit.chunk, *hit.copies)]
    there, expected = answerable(case), set(terms(case.answer))
    said = set() if answer.refused else set(terms(" ".join(claim.text for claim in claims) or answer.text))
    return {
        "evidence recall": evidence_recall(passages, case.evidence),
        "gold cited first": float(any(first)) if case.evidence else None,
        "citation precision": sum(every) / len(every) if case.evidence and every else None,
        "expected words": len(expected & said) / len(expected) if expected else None,
        "refused rightly": float(answer.refused) if there is False else None,
        "refused wrongly": float(answer.refused) if there is True else None,
    }


def run(case: Case, pipeline: Pipeline, index: Index, only: Filter = Filter()) -> Row:
    """A case asked and scored; where it fails the row says so."""
    try:
        answer = pipeline.ask(case.question, index, only)
    except WorkbenchError as problem:
        return Row(case, error=str(problem))
    except Exception as error:  # One broken case must not end a run; its message could hold document text.
        return Row(case, error=f"{type(error).__name__} while this question was answered. Ask it alone to see where.")
    said = tuple(claim.text for claim in answer.claims)
    used = sum(answer.usage.values(), Usage())
    return Row(case, scores(case, answer), sum(answer.ms.values()), answer.refused, said, usage=used)


def unasked(index: Index) -> Index:
    """The same index with no question's vector kept, so that every pipeline that is timed on it embeds each question anew."""
    fresh = copy.copy(index)
    fresh._asked = {}
    return fresh


def card(rows: Sequence[Row]) -> list[Figure]:
    """A figure for each measure, then the median milliseconds. Failed cases count nowhere."""
    figures = []
    for measure in MEASURES:
        values = [value for row in rows if (value := row.scores.get(measure.name)) is not None]
        figures.append(_figure(measure.name, values, "share" if measure.share else "mean"))
    return [*figures, _figure(MS, [row.ms for row in rows if row.ms is not None], "median")]


def expense(rows: Sequence[Row]) -> list[Figure]:
    """The mean tokens of a question, sent and received, and its mean cost where prices are set; nothing where no model was asked.

    A question for which no model was asked counts with nought; one that failed counts nowhere.
    """
    used = [row.usage for row in rows if not row.error]
    if not any(one.calls for one in used):
        return []
    tokens = _figure(TOKENS, [one.sent + one.received for one in used], "mean")
    return [tokens, _figure(COST, [one.cost for one in used], "mean")] if any(one.cost for one in used) else [tokens]


def gain(first: Sequence[Row], other: Sequence[Row], name: str) -> Figure:
    """The mean of the other's scores less the first's over the cases that both have, with a paired bootstrap interval."""
    before = {row.case.id: row.scores.get(name) for row in first}
    pairs = [(before.get(row.case.id), row.scores.get(name)) for row in other]
    return _figure(name, [new - old for old, new in pairs if old is not None and new is not None], "mean")


def differs(rows: Sequence[Row]) -> tuple[str, ...]:
    """In what the columns differ on one case: outcome, evidence, statements."""
    found = {
        "outcome": len({row.outcome for row in rows}) > 1,
        "evidence": _apart([row.scores.get("evidence recall") for row in rows]),
        "statements": len({frozenset(row.statements) for row in rows}) > 1,
    }
    return tuple(name for name, is_so in found.items() if is_so)


def wilson(count: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927)."""
    rate, width = count / n, 1 + NORMAL**2 / n
    middle = (rate + NORMAL**2 / (2 * n)) / width
    half = NORMAL * math.sqrt(rate * (1 - rate) / n + NORMAL**2 / (4 * n * n)) / width
    return max(middle - half, 0.0), min(middle + half, 1.0)


def bootstrap(values: Sequence[float], statistic: Callable[..., NDArray[Any]] = np.mean) -> tuple[float, float]:
    """The 95 % percentile interval of a statistic, cases drawn again with a fixed seed (Efron, 1979)."""
    given = np.asarray(values, float)
    drawn = np.random.default_rng(SEED).integers(0, len(given), (RESAMPLES, len(given)))
    low, high = np.percentile(statistic(given[drawn], axis=1), [2.5, 97.5])
    return float(low), float(high)


def _figure(name: str, values: Sequence[float], kind: Literal["share", "mean", "median"]) -> Figure:
    if not values:
        return Figure(name, None, 0, None)
    if kind == "share":
        return Figure(name, sum(values) / len(values), len(values), wilson(round(sum(values)), len(values)))
    statistic: Callable[..., Any] = np.median if kind == "median" else np.mean
    return Figure(name, float(statistic(values)), len(values), bootstrap(values, statistic))


def _apart(values: Sequence[float | None]) -> bool:
    given = [value for value in values if value is not None]
    return bool(given) and (len(given) < len(values) or max(given) - min(given) > SAME)


def _touch(one: Span, other: Span) -> bool:
    return one.document == other.document and one.start < other.end and other.start < one.end
