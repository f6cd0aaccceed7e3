"""Former values: what a source gives as an earlier number is not stated as that of now, nor a rise between two as a fall."""

from collections.abc import Iterator
from itertools import pairwise

from rag.stages.verify.binding import HALF, SETTLED, likest
from rag.stages.verify.checks.base import Verdict
from rag.stages.verify.quantities import Quantity
from rag.stages.verify.texts import Source, Statement
from rag.stages.verify.words import listed

MEASURED = ("", "share", "pressure", "mass", "length", "volume", "amount", "temperature")
NEAR, APART = 24, 60
"""How many characters before a number a word may stand that tells it is the earlier one, and between two that are compared."""
Turn = tuple[Quantity, Quantity]


class Former:
    """Two numbers of a source of which one took the place of the other: "from 28% to 41%", "11 mm, previously 8 mm"."""

    name = "value"

    def __call__(self, said: Statement, source: Source) -> Verdict | None:
        turns = list(_turns(source))
        return (self._outdated(said, source, turns) or self._reversed(said, source, turns)) if turns else None

    def _outdated(self, said: Statement, source: Source, turns: list[Turn]) -> Verdict | None:
        """An earlier number that is stated as the one of now, the later one not being told."""
        spoken = {word for word, _, _ in said.every}
        if not spoken & listed("turns", "now") or any(spoken & listed("turns", one) for one in ("former", "more", "less")):
            return None
        for one in said.quantities:
            same = [other for other in source.quantities if one.same(other)]
            of = [turn for turn in turns if turn[0] in same]
            if same and len(of) == len(same) and not any(two.same(turn[1]) for two in said.quantities for turn in of):
                detail = f"“{_text(one, said)}” is the former one; the source has “{source.text[of[0][1].start : of[0][1].end]}”"
                there = (of[0][1].start, of[0][1].end)
                return Verdict("value", "contradicted", detail, (one.start, one.end), there, SETTLED)
        return None

    def _reversed(self, said: Statement, source: Source, turns: list[Turn]) -> Verdict | None:
        """A rise that is stated where the two numbers of the sentence about the same fell, or the reverse."""
        for word, low, high in said.every:
            up = word in listed("turns", "more")
            if not up and word not in listed("turns", "less"):
                continue
            part = likest(said, source, (low, high), HALF)
            own = [turn for turn in turns if part and part.start <= turn[0].start < part.end]
            if own and all((turn[1].base > turn[0].base) is not up for turn in own) and not _both(said):
                first, second = own[0]
                there = (min(first.start, second.start), max(first.end, second.end))
                detail = f"“{word}”, where the source has “{source.text[slice(*there)]}”"
                return Verdict("comparison", "contradicted", detail, (low, high), there, SETTLED)
        return None


def _both(said: Statement) -> bool:
    spoken = {word for word, _, _ in said.every}
    return bool(spoken & listed("turns", "more")) and bool(spoken & listed("turns", "less"))


def _turns(source: Source) -> Iterator[Turn]:
    """The pairs of an earlier number and the one that took its place."""
    for one, other in pairwise(source.quantities):
        between = source.text[one.end : other.start]
        if one.of != other.of or one.of not in MEASURED or one.base == other.base or "\n" in between or len(between) > APART:
            continue
        words = {word for word, low, _ in source.every if one.end <= low < other.start}
        before = {word for word, low, _ in source.every if one.start - NEAR <= low < one.start}
        if "from" in before and "to" in words and len(words) <= 3:
            yield one, other
        elif words & listed("turns", "earlier") and "." not in between.strip(". "):
            yield other, one


def _text(one: Quantity, said: Statement) -> str:
    return said.text[one.start - said.start : one.end - said.start]
