"""Amounts: every number of a statement stands in the source, in whatever unit, or follows from what stands there."""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations

from rag.stages.verify.binding import HALF, SETTLED, bound, settled
from rag.stages.verify.checks.base import Case, Verdict, against, worst
from rag.stages.verify.quantities import Quantity
from rag.stages.verify.texts import Source, Statement
from rag.stages.verify.words import listed

NAMES = {
    "mass": "dose", "volume": "dose", "activity": "dose", "charge": "dose", "amount": "dose", "dose of radiation": "dose",
    "count": "dose", "count of capsules": "dose", "count of puffs": "dose", "count of drops": "dose", "rate": "frequency",
    "time": "duration", "length": "size", "share": "value", "pressure": "value", "temperature": "value", "of speed": "value",
    "energy": "value", "": "number", "place": "number",
}  # fmt: skip
DRUGGED = frozenset(("mass", "volume", "activity"))
"""What drugs are measured in: two such amounts that stand near each other are mostly of two drugs, and have no sum."""
MOST = 16
ROUNDED = 0.06


class Amounts:
    """Numbers of one kind, in whatever unit: "1 g" is "1000 mg", "twice daily" "every 12 hours", "4/7" "four days"."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, said: Statement, source: Source) -> Verdict | None:
        return worst(self._judged(one, said, source) for one in said.quantities if NAMES[one.of] == self.name)

    def _judged(self, one: Quantity, said: Statement, source: Source) -> Verdict | None:
        near = _near(said, source)
        place = (one.start, one.end)
        other_unit = next((other for other in (*near, *source.quantities) if _in_other_unit(one, other)), None)
        same = [other for other in source.quantities if one.same(other) and (other.of or not other_unit)]
        rivals = [other for other in source.quantities if other.of == one.of and not one.same(other) and not other.plain]
        found = bound(said, source, place, map(_place, same), map(_place, rivals))
        left = [rival for rival in rivals if not any(other.same(rival) for other in said.quantities)]
        left.sort(key=lambda rival: rival is not other_unit)  # The same number in another unit is what was meant.
        surely = None if one.plain else settled(said, source, place, map(_place, same), map(_place, left), HALF)
        if surely and not follows(one, said, source):
            found_wrong = self._against(one, said, source, surely, "", SETTLED)
            return replace(found_wrong, check="unit") if other_unit and surely == _place(other_unit) else found_wrong
        if same:
            sure = against(self.name, "same", found.lead) if found.rival_at and not one.plain else 0.0
            if sure > 0.5 and found.rival_at and not follows(one, said, source):
                return self._against(one, said, source, found.rival_at, "same", found.lead)
            return Verdict(self.name, "supported", "as in the source", place, found.same_at, 1.0 - sure, "same", found.lead)
        if one.plain:
            return None
        derived = follows(one, said, source)
        if derived:
            return Verdict(self.name, "supported", "follows from the source", place, _place(derived), 0.5)
        if other_unit and self.name != "frequency":
            lead = bound(said, source, place, [], [_place(other_unit)]).rival
            unit = self._against(one, said, source, _place(other_unit), "rival", lead)
            return replace(unit, check="unit", sure=against("unit", "rival", lead))
        if found.rival_at:
            return self._against(one, said, source, found.rival_at, "rival", found.rival)
        sure = against(self.name, "missing", 0.0)
        return Verdict(self.name, "missing", f"“{_written(one, said)}” is not in the source", place, None, sure, "missing")

    def _against(
        self, one: Quantity, said: Statement, source: Source, there: tuple[int, int], case: Case, lead: float
    ) -> Verdict:
        detail = f"“{_written(one, said)}”, where the source has “{source.text[slice(*there)]}”"
        sure = against(self.name, case, lead) if case else lead
        return Verdict(self.name, "contradicted", detail, (one.start, one.end), there, sure, case, lead)


def stands(one: Quantity, source: Source) -> bool:
    """Whether a source states a quantity."""
    return any(one.same(other) for other in source.quantities)


def follows(one: Quantity, said: Statement, source: Source) -> Quantity | None:
    """A quantity of the source from which this one follows, where the statement says that it counted, or None."""
    near = _near(said, source)
    found = _rounded(one, near)
    rates = [other for other in said.quantities if other.of == "rate"]  # The "daily" of "once daily" counts nothing up.
    spoken = (word for word, low, _ in said.every if not any(rate.start <= low < rate.end for rate in rates))
    if found or not any(word in listed("counting") for word in spoken):
        return found
    factors = [other for other in said.quantities if other is not one]
    summed = one.of not in DRUGGED or any(word in listed("counting", "sums") for word, _, _ in said.every)
    found_by = _derived(one, near, summed)
    return next((first for first, second in found_by if not any(other.same(second) for other in factors)), None)


def _near(said: Statement, source: Source) -> list[Quantity]:
    spans = said.part_spans(source)
    return [other for other in source.quantities if any(low <= other.start < high for low, high in spans)]


def _place(one: Quantity) -> tuple[int, int]:
    return one.start, one.end


def _written(one: Quantity, said: Statement) -> str:
    return said.text[one.start - said.start : one.end - said.start]


def _in_other_unit(one: Quantity, other: Quantity) -> bool:
    if "rate" in (one.of, other.of) or one.plain or other.plain:
        return False
    return one.number == other.number and bool(one.of and other.of) and not one.same(other)


def _rounded(one: Quantity, near: list[Quantity]) -> Quantity | None:
    """A quantity in another unit of which this one is the round figure: "22 pounds" of "10.2 kg"."""
    for other in near:
        if one.of in ("mass", "length") and one.of == other.of and one.base and one.number != other.number:
            if math.isclose(one.base, other.base, rel_tol=ROUNDED) and one.base / one.number != other.base / other.number:
                return other
    return None


def _derived(one: Quantity, near: list[Quantity], summed: bool) -> Iterator[tuple[Quantity, Quantity]]:
    """The pairs of quantities whose product this one is, or where it may be `summed` their sum or difference."""
    for first, second in permutations(near[:MOST], 2):
        if summed and first.of == second.of == one.of and one.base and one.of != "rate":
            if any(
                math.isclose(one.base, found, rel_tol=0.005) for found in (first.base + second.base, first.base - second.base)
            ):
                yield first, second
        if first.of == one.of != "rate" and second.of in ("rate", "share", "count", "time", "") and second.number > 0:
            share = second.number / 100 if second.of == "share" else second.number
            if math.isclose(one.base, first.base * share, rel_tol=0.005):
                yield first, second
