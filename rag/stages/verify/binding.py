"""Binding: of several places in a source that a statement's number or side may mean, which one stands with its other words."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.stages.verify.texts import Source, Statement

NEAR, ACROSS, MOST_PLACES = 5.0, 5, 24
Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Bound:
    """How well the best place of each kind stands with the other words of the statement, 0 to 1, and where it is."""

    same: float = 0.0
    rival: float = 0.0
    same_at: Place | None = None
    rival_at: Place | None = None

    @property
    def lead(self) -> float:
        """By how much the best rival stands nearer than the best place that says the same, -1 to 1."""
        return self.rival - self.same


def bound(said: Statement, source: Source, own: Place, same: Iterable[Place], rivals: Iterable[Place]) -> Bound:
    """Whether what stands at `own` is said, in the source, of the same as the places that say the same or those that do not."""
    anchors = _anchors(said, own)
    total = sum(weight for weight, _ in anchors)
    if not total:
        return Bound()
    first, same_at = _best(anchors, total, source, same)
    second, rival_at = _best(anchors, total, source, rivals)
    return Bound(first, second, same_at, rival_at)


def _anchors(said: Statement, own: Place) -> list[tuple[float, Sequence[int]]]:
    """The other words of a statement that the source holds, each with how much it tells which place is meant."""
    found: list[tuple[float, Sequence[int]]] = []
    for word, places in zip(said.words, said.held, strict=True):
        if (word.start < own[1] and own[0] < word.end) or not word.weight or word.written[0].isdigit():
            continue
        weight = word.weight / (1 + 0.25 * (len(places) - 1)) if places else 0.5 * word.weight
        away = min(abs(word.start - own[1]), abs(own[0] - word.end))
        found.append((weight * (1.0 if away < 25 else 0.7), places[:MOST_PLACES]))
    return found


def _best(
    anchors: list[tuple[float, Sequence[int]]], total: float, source: Source, places: Iterable[Place]
) -> tuple[float, Place | None]:
    best, where = 0.0, None
    for place in places:
        at = bisect_left(source.starts, place[0])
        part = source.part_at(place[0])
        score = 0.0
        for weight, held in anchors:
            if held:
                score += weight * max(1 / (1 + max(0, _distance(source, at, part, other) - 1) / NEAR) for other in held)
        if where is None or score / total > best:
            best, where = score / total, place
    return best, where


def _distance(source: Source, at: int, part: int, other: int) -> int:
    return abs(at - other) + ACROSS * min(2, abs(part - source.part_of[other]))
