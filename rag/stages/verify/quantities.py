"""Every number of a text with its unit, in words or digits, so that two ways of writing it are one quantity."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from rag.rules import rules
from rag.text import terms_at

SHORT_TIMES = {7: 1.0, 52: 7.0, 12: 30.4}
"""What a British note counts in: "4/7" are four days, "3/52" three weeks, "2/12" two months."""
RANKS = frozenset(("first", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"))
"""Words for a rank, which no unit belongs to: in the "first 2 hours" there are two."""
EVERY = frozenset(("every", "each", "per"))
CLOSE, ROUND_TIME, ROUND_MONTHS, MONTH = 0.012, 0.03, 0.09, 30.4
Token = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number at `start` to `end`: as written, and in the unit that its kind is compared in (`of` is "" without a unit).

    `of` "rate" counts times a day. `plain` is whether it is a small count or rank in a word, which a text may leave out. `per` is
    what it is counted by ("mL an hour"), with its factor.
    """

    start: int
    end: int
    number: float
    of: str = ""
    base: float = 0.0
    plain: bool = False
    per: tuple[str, float] = ("", 1.0)

    def like(self, other: "Quantity") -> bool:
        """Whether both are of the same kind, or one of them does not say of which."""
        return self.of == other.of or not self.of or not other.of

    def same(self, other: "Quantity") -> bool:
        """Whether both state the same."""
        if self.of and self.of == other.of:
            if self.per[0] and other.per[0]:
                mine, theirs = self.base * self.per[1], other.base * other.per[1]
                return self.per[0] == other.per[0] and math.isclose(mine, theirs, rel_tol=CLOSE)
            return math.isclose(self.base, other.base, rel_tol=self._tolerance(other))
        if "rate" in (self.of, other.of) or not self.like(other):
            return False
        return self.number == other.number

    def _tolerance(self, other: "Quantity") -> float:
        """How far two of one kind may lie apart: weeks are told in round months, other times nearly as they are."""
        if self.of != "time":
            return CLOSE
        units = {round(one.base / one.number, 1) for one in (self, other) if one.number}
        return ROUND_MONTHS if units == {7.0, MONTH} else ROUND_TIME


@cache
def _numbers() -> dict[str, float]:
    return {word: float(value) for word, value in rules("checks")["numbers"]["words"].items()}


@cache
def _units() -> dict[str, tuple[str, float]]:
    return {word: (one["of"], one["factor"]) for one in rules("checks")["units"] for word in one["words"]}


@cache
def _rates() -> dict[str, list[tuple[tuple[str, ...], float]]]:
    """The phrases that name a rate, by their first word, the longest first."""
    found: dict[str, list[tuple[tuple[str, ...], float]]] = {}
    for one in rules("checks")["frequencies"]:
        for phrase in one["words"]:
            words = tuple(word for word, _, _ in terms_at(phrase, stem=False, every=True))
            found.setdefault(words[0], []).append((words, one["per_day"]))
    return {first: sorted(ways, key=lambda way: -len(way[0])) for first, ways in found.items()}


def quantities(text: str) -> tuple[Quantity, ...]:
    """All quantities of a text, in order; those of a range each by itself."""
    tokens = terms_at(text, stem=False, every=True)
    return tuple(_read(text, list(_spelled(text, tokens))))


def _spelled(text: str, tokens: Sequence[Token]) -> Iterator[Token]:
    """The tokens, a unit that is dictated letter by letter ("4 M G") as one."""
    at = 0
    while at < len(tokens):
        used = next((more for more in (3, 2) if _is_spelled(text, tokens[at : at + more], more)), 1)
        yield "".join(word for word, _, _ in tokens[at : at + used]), tokens[at][1], tokens[at + used - 1][2]
        at += used


def _is_spelled(text: str, letters: Sequence[Token], count: int) -> bool:
    """Whether so many single letters in a row, each behind one blank, spell a unit."""
    if len(letters) < count or any(len(word) > 1 or not word.isalpha() for word, _, _ in letters):
        return False
    apart = all(text[one[2] : other[1]] == " " for one, other in pairwise(letters))
    return apart and "".join(word for word, _, _ in letters) in _units()


def _read(text: str, tokens: Sequence[Token]) -> Iterator[Quantity]:
    at = 0
    while at < len(tokens):
        rate, used = _rate(tokens, at)
        if rate:
            yield rate
            at += used
            continue
        word, start, _ = tokens[at]
        value, used = _value(tokens, at)
        if value is None:
            if word in ("a", "an") and at + 1 < len(tokens) and _units().get(tokens[at + 1][0], ("",))[0] == "time":
                of, factor = _units()[tokens[at + 1][0]]
                if _said(tokens, at + 2, 3) == ("and", "a", "half"):
                    yield Quantity(start, tokens[at + 4][2], 1.5, of, 1.5 * factor)
                    at += 5
                    continue
                yield Quantity(start, tokens[at + 1][2], 1.0, of, factor, True)
            at += 1
            continue
        found = _in_unit(text, tokens, at, at + used, value)
        yield found
        at += used
        part = found.of == "time" and "/" in text[found.start : found.end]
        while at < len(tokens) and tokens[at][1] < found.end and (part or _value(tokens, at)[0] is None):
            at += 1


def _in_unit(text: str, tokens: Sequence[Token], at: int, last: int, value: float) -> Quantity:
    """A number with the unit behind it, which it may share with the other end of a range."""
    start, end = tokens[at][1], tokens[last - 1][2]
    if tokens[last - 1][0] in RANKS:
        return Quantity(start, end, value, "", value, True)
    plain = tokens[at][0].isalpha() and value <= 3
    if text[end : end + 1] == "/" and last < len(tokens) and tokens[last][0] in ("7", "52", "12") and value < 15:
        days = SHORT_TIMES[int(tokens[last][0])]
        return Quantity(start, tokens[last][2], value, "time", value * days)
    if text[end : end + 1] == "%" or text[end : end + 2] == " %":
        return Quantity(start, end + 1, value, "share", value)
    place = last
    for _ in range(3):
        if place >= len(tokens):
            break
        word = tokens[place][0]
        if word in _units() and not (word == "second" and not tokens[at][0][0].isdigit()):
            of, factor = _units()[word]
            end, per = _per(text, tokens, place) if of != "time" else (tokens[place][2], ("", 1.0))
            return Quantity(start, end, value, of, value * factor, per=per)
        if not (
            word in ("to", "or", "and", "more", "full", "additional", "further", "whole", "a", "an")
            or _value(tokens, place)[0] is not None
        ):
            break
        place += 1
    listed = text[end : end + 1] in (".", ")") and not text[max(0, start - 12) : start].rpartition("\n")[2].strip(" \t-*•(")
    return Quantity(start, end, value, "" if not listed else "place", value, plain or listed)


@cache
def _pers() -> dict[str, tuple[str, float]]:
    return {word: (one["of"], float(one["factor"])) for one in rules("checks")["per"] for word in one["words"]}


def _per(text: str, tokens: Sequence[Token], place: int) -> tuple[int, tuple[str, float]]:
    """What a unit is counted by, and where that ends: "/min", "per kg", "an hour"."""
    end, behind = tokens[place][2], place + 1
    if text[end : end + 1] != "/" and behind < len(tokens) and tokens[behind][0] in ("per", "a", "an", "each", "every"):
        behind += 1
    elif text[end : end + 1] != "/":
        return end, ("", 1.0)
    per = _pers().get(tokens[behind][0]) if behind < len(tokens) else None
    return (tokens[behind][2], per) if per else (end, ("", 1.0))


def _value(tokens: Sequence[Token], at: int) -> tuple[float | None, int]:
    """The number that begins at a token, and how many tokens it takes: "twenty-five", "one and a half", "two thousand five"."""
    word = tokens[at][0]
    if word[0].isdigit():
        try:
            return float(word), 1
        except ValueError:
            return None, 1
    value = _numbers().get(word)
    if value is None:
        return None, 1
    used = 1
    while at + used < len(tokens):
        following = tokens[at + used][0]
        other = _numbers().get(following)
        if other is None:
            break
        joined = _joined(value, other)
        if joined is None or following in ("half", "once", "twice"):
            break
        value = joined
        used += 1
    if _said(tokens, at + used, 3) == ("and", "a", "half"):
        return value + 0.5, used + 3
    if word == "half" and _said(tokens, at + 1, 2) == ("a", "dozen"):
        return 6.0, 3
    return value, used


def _joined(value: float, other: float) -> float | None:
    """The number that two number words in a row make, or None: "twenty" "five", "two" "hundred", "nineteen" "ninety"."""
    if other in (100, 1000) and value < other:
        return value * other
    if 20 <= value % 100 < 100 and value % 10 == 0 and other < 10:
        return value + other
    if value >= 100 and value % 100 == 0 and other < 100:
        return value + other
    if value == 19 and 20 <= other < 100:
        return value * 100 + other  # A year.
    return None


def _said(tokens: Sequence[Token], at: int, count: int) -> tuple[str, ...]:
    return tuple(token[0] for token in tokens[at : at + count])


def _rate(tokens: Sequence[Token], at: int) -> tuple[Quantity | None, int]:
    """The rate that begins at a token: a phrase of the rules, "every 6 hours", "q6h", "3 times a day"."""
    word, start, _ = tokens[at]
    for words, per_day in _rates().get(word, ()):
        if tuple(token[0] for token in tokens[at : at + len(words)]) == words:
            return Quantity(start, tokens[at + len(words) - 1][2], per_day, "rate", per_day, word in ("at", "in")), len(words)
    if word in ("every", "q", "each"):
        value, used = _value(tokens, at + 1) if at + 1 < len(tokens) else (None, 0)
        place = at + 1 + used
        if value and place < len(tokens) and _units().get(tokens[place][0], ("",))[0] == "time":
            days = value * _units()[tokens[place][0]][1]
            return Quantity(start, tokens[place][2], 1 / days, "rate", 1 / days), used + 2
    value, used = _value(tokens, at)
    place = at + used
    if value and place + 1 < len(tokens):
        times = tokens[place][0] in ("times", "time", "x")
        joint = place + times
        if (
            joint + 1 < len(tokens)
            and (times or word in ("once", "twice"))
            and tokens[joint][0] in ("a", "per", "each", "every", "daily", "weekly")
        ):
            named = tokens[joint][0]
            unit = _units().get(named if named in ("daily", "weekly") else tokens[joint + 1][0])
            if unit and unit[0] == "time":
                rate = value / unit[1]
                last = joint if named in ("daily", "weekly") else joint + 1
                return Quantity(start, tokens[last][2], rate, "rate", rate), last + 1 - at
    return None, 1
