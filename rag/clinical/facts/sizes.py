"""Sizes: lengths and the sides of what is measured, in mm, by `rules/facts_sizes.json`."""

from collections.abc import Iterator
from functools import cache

from rag.clinical.facts.readings import DASHES, limited, limited_after, ranged, unit_behind
from rag.clinical.facts.stream import Amount, Stream, stream
from rag.clinical.facts.types import Size
from rag.clinical.facts.units import Unit
from rag.rules import rules
from rag.values import Document

SIDES = 4
"""How many sides a size has at most."""


def sizes(document: Document) -> Iterator[Size]:
    """The lengths of a text: "5-mm", "1.2 x 0.8 cm", "2 to 3 mm", "half a centimetre", "2 inches"."""
    words = stream(document.text)
    behind = 0
    for at, amount in words.amounts.items():
        if at >= behind and amount.form in ("", "fraction") and (found := _size(words, amount)):
            size, behind = found
            yield size


def _size(words: Stream, amount: Amount) -> tuple[Size, int] | None:
    """The size that begins with a number, and the token behind it; None where no unit of length follows."""
    sides: list[tuple[float, Unit | None]] = []
    upper, last = None, amount.last
    further: Amount | None = amount
    while further is not None and len(sides) < SIDES:
        unit = _length(words, further.last)
        sides.append((further.number, unit))
        last = unit.last if unit else further.last
        joint = _behind_aside(words, last)
        further = words.amounts.get(joint + 1) if words.word(joint) in _between() else None
    if len(sides) == 1 and (upper := _upper(words, amount, last)):
        unit = _length(words, upper.last) or sides[0][1]
        sides, last = [(amount.number, unit)], unit.last if unit and unit.last > upper.last else upper.last
    common = next((unit for _, unit in reversed(sides) if unit), None)
    if common is None:
        return None
    factor = _factors()[common.name]
    own = tuple(_rounded(number * (_factors()[unit.name] if unit else factor)) for number, unit in sides)
    first, limit = limited(words, amount.first)
    after, wider = limited_after(words, last)
    if wider and not limit:
        limit, last = wider, after
    most = _rounded(upper.number * factor) if upper else None
    return Size(start=words.starts[first], end=words.ends[last - 1], mm=own, most=most, limit=limit), last


def _behind_aside(words: Stream, at: int) -> int:
    """The token behind the name of an axis in brackets: "4.1 (AP) x 3.2 cm"; the same token where there is none."""
    return at + 3 if words.word(at) == "(" and words.word(at + 2) == ")" and words.word(at + 1).isalpha() else at


def _upper(words: Stream, amount: Amount, last: int) -> Amount | None:
    """The upper end of a range of lengths: "2-3 mm", "2 mm to 3 mm"."""
    if upper := ranged(words, amount):
        return upper
    further = words.amounts.get(last + 1) if last > amount.last and words.word(last) in (*DASHES, "to") else None
    moved = words.word(amount.first - 1) == "from"
    return further if further and further.number > amount.number and _length(words, further.last) and not moved else None


def _length(words: Stream, at: int) -> Unit | None:
    """The unit of length right behind a number; "5 m" may be months, so that metres must be spelled."""
    unit = unit_behind(words, at)
    if unit and "/" in unit.name:  # "Half a mile a day".
        head, _, below = unit.name.partition("/")
        unit = Unit(head, unit.last - 2) if below in ("day", "week") else None
    if unit is None or unit.name not in _factors():
        return None
    return None if unit.name in _spelled() and len(words.said[unit.last - 1]) == 1 else unit


@cache
def _factors() -> dict[str, float]:
    return {rule["unit"]: rule["mm"] for rule in rules("facts_sizes")["units"]}


@cache
def _spelled() -> frozenset[str]:
    return frozenset(rule["unit"] for rule in rules("facts_sizes")["units"] if rule.get("spelled"))


@cache
def _between() -> frozenset[str]:
    return frozenset(rule["word"] for rule in rules("facts_sizes")["between"])


def _rounded(number: float) -> float:
    return float(f"{number:.9g}")
