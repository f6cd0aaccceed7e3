"""What a pipeline makes of perturbed questions: whether each outcome is right, and the share of right ones by cell."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rag.errors import WorkbenchError
from rag.evaluate.card import wilson
from rag.evaluate.perturb.change import UNCHANGED, Perturbed
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.values import Answer, Claim, Document, Filter, Span

WARNED = "warned"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a perturbed case, and whether that is right; `why` says in a few words why not. `error` where it failed."""

    id: str
    of: str
    kind: str
    strength: int
    outcome: str
    right: bool
    why: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Share:
    """A cell's share of right outcomes over n cases with its 95 % interval (Wilson, 1927), and how often which outcome came."""

    kind: str
    strength: int
    n: int
    right: int
    interval: tuple[float, float]
    outcomes: dict[str, int]

    @property
    def value(self) -> float:
        return self.right / self.n


def scored(
    one: Perturbed, pipeline: Pipeline, documents: Sequence[Document], artifacts: Artifacts, only: Filter = Filter()
) -> Outcome:
    """What the pipeline makes of a perturbed case; where it fails the outcome says so."""
    about = (one.case.id, one.of, one.kind, one.strength)
    try:
        answer = pipeline.ask(one.case.question, pipeline.prepare(one.change(documents), artifacts), only)
    except WorkbenchError as problem:
        return Outcome(*about, "failed", False, "failed", str(problem))
    except Exception as error:  # One broken case must not end a run; its message could hold document text.
        return Outcome(*about, "failed", False, "failed", f"{type(error).__name__} while this question was answered.")
    why = fault(one, answer)
    return Outcome(*about, answer.outcome, not why, why)


def fault(one: Perturbed, answer: Answer) -> str:
    """What is wrong with an answer to a perturbed case, in a few words; "" where it is right."""
    stated = [] if answer.refused else [claim for claim in answer.claims if claim.supported is not False]
    if answer.outcome in ("conflict", "refused") and answer.outcome in one.right:
        return ""
    if any(_cites(claim, one.planted) and not claim.marks for claim in stated):
        return "states what was planted"
    if WARNED in one.right and stated and all(claim.marks for claim in stated if claim.role == "answer"):
        return ""
    if answer.outcome not in one.right:
        return f"{answer.outcome}, which is not right here"
    if one.case.evidence and not any(_cites(claim, one.case.evidence) for claim in stated):
        return "does not cite the evidence"
    return ""


def shares(outcomes: Iterable[Outcome]) -> list[Share]:
    """The share of each cell that has cases, in the order in which they come. Failed cases count nowhere."""
    by: dict[tuple[str, int], list[Outcome]] = {}
    for one in outcomes:
        if not one.error:
            by.setdefault((one.kind, one.strength), []).append(one)
    return [
        Share(kind, strength, len(found), right, wilson(right, len(found)), dict(Counter(one.outcome for one in found)))
        for (kind, strength), found in by.items()
        for right in [sum(one.right for one in found)]
    ]


def over_cells(found: Iterable[Share]) -> float | None:
    """The mean of the cells' shares, each cell counting alike; unchanged questions are none. None without cells."""
    values = [one.value for one in found if one.kind != UNCHANGED]
    return sum(values) / len(values) if values else None


def run(
    perturbed: Sequence[Perturbed],
    pipeline: Pipeline,
    documents: Sequence[Document],
    artifacts: Artifacts,
    tell: Callable[[int, int], None] = lambda done, total: None,
) -> list[Outcome]:
    """What the pipeline makes of all of them."""
    found = []
    for number, one in enumerate(perturbed):
        tell(number, len(perturbed))
        found.append(scored(one, pipeline, documents, artifacts))
    return found


def _cites(claim: Claim, spans: Sequence[Span]) -> bool:
    return any(
        cited.span.document == span.document and cited.span.start < span.end and span.start < cited.span.end
        for cited in claim.citations
        for span in spans
    )
