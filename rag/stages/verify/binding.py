"""Binding: of several places in a source that a statement's number or side may mean, which one stands with its other words."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rag.stages.verify.meaning import vectors_of
from rag.stages.verify.texts import Part, Source, Statement

NEAR, ACROSS, MOST_PLACES = 5.0, 5, 24
TELLING, HALF, MOST, ALONE = 1.0, 0.5, 0.6, 0.15
"""The weight of words by which a sentence can be told, the share of it that it has to hold, and by how much more than another.

For numbers and sides, of which few stand in a sentence, half is enough.
"""
UNLIKE, ALIKE = 0.25, 0.65
"""The likeness of two words by meaning up to which they have nothing in common, and from which they count as one."""
SETTLED = 0.85
"""How sure it is that a statement is wrong where the one sentence about the same says something else."""
Place = tuple[int, int]
Scores = NDArray[np.float32]


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


def settled(
    said: Statement, source: Source, own: Place, same: Iterable[Place], rivals: Iterable[Place], share: float
) -> Place | None:
    """The rival in the one sentence that speaks of the same as a statement, where nothing in it says the same as `own` does.

    `share` is how much of the statement's other words that sentence has to hold.
    """
    part, places = likest(said, source, own, share), list(same)
    if part is None or any(part.start <= low < part.end for low, _ in places) or _numbered(said, source, own, part, places):
        return None
    return next((place for place in rivals if part.start <= place[0] < part.end), None)


def _numbered(said: Statement, source: Source, own: Place, part: Part, same: Sequence[Place]) -> bool:
    """Whether another number of the statement stands in a sentence that says the same, and not in this one."""
    numbers = [one for one in said.quantities if not (one.start < own[1] and own[0] < one.end)]
    beside = {source.part_at(low) for low, _ in same}
    for one in numbers:
        places = [other.start for other in source.quantities if one.same(other)]
        if any(source.part_at(low) in beside for low in places) and not any(part.start <= low < part.end for low in places):
            return True
    return False


def likest(said: Statement, source: Source, own: Place, share: float) -> Part | None:
    """The sentence of a source that alone holds this share of the words of a statement but those at `own`, or their like."""
    others = [
        at
        for at, word in enumerate(said.words)
        if not (word.start < own[1] and own[0] < word.end) and not word.written[0].isdigit()
    ]
    weights = np.array([said.words[at].weight for at in others], np.float32)
    total = float(weights.sum())
    if total < TELLING or not source.words:
        return None
    found = weights @ likeness(said, source)[others]
    best = int(found.argmax())
    held = float(found[best])
    found[best] = -1.0
    if held < share * total or held - float(found.max()) < ALONE * total:
        return None
    return source.parts[best]


@lru_cache(maxsize=4)
def likeness(said: Statement, source: Source) -> Scores:
    """How much each word of a statement has its like in each sentence of a source, 0 to 1, shape (words, sentences)."""
    found = np.zeros((len(said.words), len(source.parts)), np.float32)
    lacking = [at for at, places in enumerate(said.held) if not places]
    if lacking:
        near = vectors_of([said.words[at].written for at in lacking]) @ source.vectors.T
        for at, part in enumerate(source.parts):
            if part.first < part.last:
                found[lacking, at] = np.clip((near[:, part.first : part.last].max(axis=1) - UNLIKE) / (ALIKE - UNLIKE), 0.0, 1.0)
    for at, places in enumerate(said.held):
        for place in places:
            found[at, source.part_of[place]] = 1.0
    return found


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
