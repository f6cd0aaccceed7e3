"""Whether a value that a question gives lies in the range that a statement is about: a CrCl of 45 in "CrCl 30 to 60 mL/min"."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.stages.reader.coverage import alternatives
from rag.text import terms

PART = re.compile(r"[^\W\d_]+(?:/[^\W\d_]+)*|\d+(?:[.,]\d+)*|[<>≤≥]=?|[^\w\s]")
FIGURE = re.compile(r"\d+(?:\.\d+)?")
LINKS = frozenset(
    "is was are were of at to a an the in around about now currently level levels value score = : than or equal ( ,".split()
)
TO = frozenset("to - – — through".split())
ABOVE = frozenset("above over exceeding exceeds more greater higher larger bigger older >".split())
FROM = frozenset("least ≥ >= minimum from".split())
BELOW = frozenset("below under less fewer lower smaller younger <".split())
UP_TO = frozenset("most ≤ <= maximum".split())
OR_MORE = frozenset("more older above greater higher larger over".split())
OR_LESS = frozenset("less younger below lower smaller fewer under".split())
LENGTHS = {"mm": 1.0, "millimeter": 1.0, "millimeters": 1.0, "cm": 10.0, "centimeter": 10.0, "centimeters": 10.0}
SPANS = frozenset("second seconds minute minutes min hour hours h day days week weeks month months year years".split())
"""Units of how long or how often something goes on: a question's "3 months" is rarely the value that a rule is about."""
DOSES = frozenset("mg mcg µg g units unit iu meq ml tablet tablets".split())
AGED = ("year", "years", "yr", "yo", "y")
REACH = 6
"""Parts before a range among which the name of what is measured stands."""
NAMES = 3
"""Parts before a question's value, links not counted, that may name it."""


@dataclass(frozen=True, slots=True)
class Value:
    """A figure of a question: the terms that may name it, each with the terms of its other names, and its size where a length."""

    number: float
    names: tuple[frozenset[str], ...]
    length: float | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """From `low` to `high`, with what is measured named among `about`, in millimetres where `length`."""

    low: float
    high: float
    open_low: bool
    open_high: bool
    about: frozenset[str]
    length: bool

    def holds(self, number: float) -> bool:
        """Whether a number lies in it."""
        above = self.low < number if self.open_low else self.low <= number
        return above and (number < self.high if self.open_high else number <= self.high)


def in_range(question: str, text: str) -> bool | None:
    """Whether the values that a question gives lie in the ranges that a text has for them.

    True where one of its ranges holds the value, False where ranges for it stand there and none holds it, None where the
    question gives no value, or the text no range for it. Ranges and values meet by the name of what is measured, or as lengths.
    """
    values = _values(question)
    if not values:
        return None
    ranges = list(_ranges(_parts(text)))
    told = []
    for value in values:
        near = [one for one in ranges if any(name <= one.about for name in value.names)]
        if value.length is not None:
            near = [one for one in ranges if one.length]
        if near:
            number = value.number if value.length is None else value.length
            told.append(any(one.holds(number) for one in near))
    return all(told) if told else None


@lru_cache(maxsize=256)
def _values(question: str) -> tuple[Value, ...]:
    parts, found = _parts(question), list[Value]()
    others = alternatives(question)
    for at, part in enumerate(parts):
        if not FIGURE.fullmatch(part) or (at and parts[at - 1] in "-/#") or _in_range(parts, at):
            continue
        unit = parts[at + 1].lower() if at + 1 < len(parts) else ""
        aged = unit in ("-", *AGED) and any(word.lower() == "old" for word in parts[at + 1 : at + 5])
        if (unit in SPANS and not aged) or (unit in DOSES) or re.fullmatch("(?:19|20)[0-9]{2}", part):
            continue
        if aged or (unit in ("yo", "yr") and not aged):
            found.append(Value(float(part), (frozenset(terms("age")), frozenset(terms("years")), frozenset(terms("old")))))
        elif unit in LENGTHS:
            found.append(Value(float(part), (), float(part) * LENGTHS[unit]))
        else:
            words = [word for word in reversed(parts[:at]) if word.lower() not in LINKS][:NAMES]
            named = [term for word in words if word[0].isalpha() for term in terms(word)]
            names = (*(frozenset([term]) for term in named), *(form for term in named for form in others.get(term, ())))
            if names:
                found.append(Value(float(part), names))
    return tuple(found)


def _in_range(parts: Sequence[str], at: int) -> bool:
    """Whether a figure of a question is itself an end of a range, or a bound."""
    before = [part.lower() for part in parts[max(at - 2, 0) : at] if part.lower() not in ("than", "least", "or")][-1:]
    linked = parts[at + 1 : at + 2] and parts[at + 1].lower() in TO and FIGURE.fullmatch(" ".join(parts[at + 2 : at + 3]))
    return bool(linked) or any(part in ABOVE | BELOW | FROM | UP_TO for part in before)


def _ranges(parts: Sequence[str]) -> Iterator[Range]:
    """The ranges of a text, in order."""
    at = 0
    while at < len(parts):
        if not FIGURE.fullmatch(parts[at]):
            at += 1
            continue
        low, high, open_low, open_high, end = _range_at(parts, at)
        if low > -math.inf or high < math.inf:
            unit = next((word.lower() for word in parts[at + 1 : end + 2] if word.lower() in LENGTHS), "")
            scale = LENGTHS.get(unit, 1.0)
            near = " ".join([*parts[max(at - REACH, 0) : at], *parts[at + 1 : end + 2]])
            yield Range(low * scale, high * scale, open_low, open_high, frozenset(terms(near)), bool(unit))
        at = max(end, at + 1)


def _range_at(parts: Sequence[str], at: int) -> tuple[float, float, bool, bool, int]:
    """The ends of the range that begins with the figure at this place, whether each is open, and where it ends."""
    number = float(parts[at])
    for step in (1, 2):  # "6 to 8 mm", "6 mm to 8 mm".
        linked = parts[at + step : at + step + 1]
        other = parts[at + step + 1 : at + step + 2]
        between = "between" in [word.lower() for word in parts[max(at - 2, 0) : at]] and linked == ["and"]
        if linked and other and FIGURE.fullmatch(other[0]) and (linked[0].lower() in TO or between):
            return number, float(other[0]), False, False, at + step + 2
    before = [word.lower() for word in parts[max(at - 3, 0) : at] if word.lower() not in LINKS][-1:]
    after = [word.lower() for word in parts[at + 1 : at + 5]]
    for number_at, word in enumerate(after[:-1]):
        if word in ("or", "and") and after[number_at + 1] in OR_MORE:
            return number, math.inf, False, False, at + number_at + 3
        if word in ("or", "and") and after[number_at + 1] in OR_LESS:
            return -math.inf, number, False, False, at + number_at + 3
    if before and before[0] in ABOVE | FROM:
        return number, math.inf, before[0] in ABOVE, False, at + 1
    if before and before[0] in BELOW | UP_TO:
        return -math.inf, number, False, before[0] in BELOW, at + 1
    return -math.inf, math.inf, False, False, at + 1


def _parts(text: str) -> list[str]:
    return [part.replace(",", "") if part[0].isdigit() else part for part in PART.findall(text)]
