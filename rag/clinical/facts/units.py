"""Units of measure behind a number, in one form: "mg per decilitre" is "mg/dL", "K/uL" is "10^9/L"."""

from functools import cache
from typing import NamedTuple

from rag.clinical.facts.phrases import Phrases
from rag.clinical.facts.stream import Stream, stream
from rag.rules import rules

DIVISIONS = 3
"""By how many units one is divided at most: "mL/min/1.73 m2"."""
TIMES = frozenset(("min", "h", "day", "week", "month", "year", "s"))


class Unit(NamedTuple):
    """A unit by its canonical name, and the token behind it."""

    name: str
    last: int


def unit_at(words: Stream, at: int) -> Unit | None:
    """The unit that begins at a token: one, or a compound such as "mg/dL", "beats per minute", "/min", "mL/min/1.73 m2"."""
    head = _units().at(words, at)
    if head:
        name, last = head.meaning, head.last
    elif words.word(at) in ("/", "per"):
        name, last = "", at
    else:
        return None
    if name.startswith("10^") and (counted := _units().at(words, last)) and counted.meaning == "cells":
        last = counted.last
    for _ in range(DIVISIONS):
        below = _below(words, last)
        if below is None:
            break
        name, last = f"{name}/{below.name}", below.last
    return Unit(canonical(name), last) if last > at else None


def _below(words: Stream, at: int) -> Unit | None:
    """What a unit is divided by: "/dL", "per minute", "/1.73 m2", "a day"."""
    sign = words.word(at)
    if sign not in ("/", "per", "a", "an", "each", "every"):
        return None
    place = at + 1
    if words.word(place) in ("1.73", "24", "1", "100"):
        place += 1
    found = _units().at(words, place)
    if not found or (sign not in ("/", "per") and found.meaning not in TIMES):
        return None
    if sign == "/" and words.gap(place) > 1:
        return None
    amount = f"{words.word(at + 1)} ".replace("1 ", "").strip() if place > at + 1 else ""
    return Unit(f"{amount}{found.meaning}", found.last)


def canonical(name: str) -> str:
    """A compound by the name that those of its meaning share."""
    return _same().get(name, name)


@cache
def named(written: str) -> str:
    """The canonical name of a unit that the rules write, as it is where it is none."""
    unit = unit_at(stream(written), 0)
    return unit.name if unit else written


@cache
def _units() -> Phrases[str]:
    return Phrases((form, one["unit"]) for one in rules("facts_units")["units"] for form in one["written"])


@cache
def _same() -> dict[str, str]:
    return {other: one["unit"] for one in rules("facts_units")["same"] for other in one["also"]}
