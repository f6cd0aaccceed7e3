"""Contrasts: words that exclude each other, such as "better" and "worse", by `rules/checks.json`."""

from functools import cache

from rag.rules import rules
from rag.stages.verify.binding import HALF, MOST, SETTLED, Bound, bound, settled
from rag.stages.verify.checks.base import Case, Verdict, against, worst
from rag.stages.verify.texts import Source, Statement

Place = tuple[int, int]
Sides = dict[str, tuple[Place, ...]]


@cache
def _sides(check: str) -> Sides:
    """For every word of the contrasts of a check the groups and sides that it stands on."""
    found: dict[str, list[tuple[int, int]]] = {}
    for group, one in enumerate(rules("checks")["contrasts"]):
        if one["check"] == check:
            for side, words in enumerate(one["sides"]):
                for word in words:
                    own = found.setdefault(word, [])
                    if (group, side) not in own:
                        own.append((group, side))
    return {word: tuple(own) for word, own in found.items()}


@cache
def _settles() -> tuple[bool, ...]:
    """For every group whether one sentence about the same thing settles it: its words exclude each other whatever is said."""
    return tuple(bool(one.get("settles")) for one in rules("checks")["contrasts"])


class Contrast:
    """A word of the statement whose opposite, and not itself, stands in what the source says of the same."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, said: Statement, source: Source) -> Verdict | None:
        sides = _sides(self.name)
        own = [(word, low, high) for word, low, high in said.every if word in sides]
        if not own:
            return None
        around = [(word, low, high) for word, low, high in source.every if word in sides]
        return worst(
            self._judged(word, (low, high), said, source, _split(around, sides, group, side), _settles()[group])
            for word, low, high in own
            for group, side in sides[word]
        )

    def _judged(
        self, word: str, own: Place, said: Statement, source: Source, there: tuple[list[Place], list[Place]], settles: bool
    ) -> Verdict:
        same, rivals = there
        found = bound(said, source, own, same, rivals)
        case: Case = "same" if same else "rival" if rivals else "missing"
        lead = found.lead if rivals else 0.0
        sure = against(self.name, case, lead)
        if case == "missing":
            return Verdict(self.name, "missing", f"“{word}” is not in the source", own, None, sure, case)
        surely = settled(said, source, own, same, rivals, HALF if self.name == "side" else MOST) if settles else None
        if surely:
            found, sure, case = Bound(rival_at=surely), max(sure, SETTLED), ""
        elif found.rival_at is None or (same and sure < 0.5):
            return Verdict(self.name, "supported", "as in the source", own, found.same_at, 1.0 - sure, case, lead)
        assert found.rival_at
        detail = f"“{word}”, where the source has “{source.text[slice(*found.rival_at)]}”"
        return Verdict(self.name, "contradicted", detail, own, found.rival_at, sure, case, lead)


def _split(around: list[tuple[str, int, int]], sides: Sides, group: int, side: int) -> tuple[list[Place], list[Place]]:
    """The places of a source that stand on the same side of a contrast, and those that stand on another."""
    same = [(low, high) for word, low, high in around if (group, side) in sides[word]]
    others = [
        (low, high) for word, low, high in around if any(g == group for g, _ in sides[word]) and (group, side) not in sides[word]
    ]
    return same, others
