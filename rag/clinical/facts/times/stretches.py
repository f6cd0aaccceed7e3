"""Stretches of time: amounts of days, weeks and other units, with ranges, fractions and what is joined of two units."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from rag.clinical.facts.times.amounts import Amount, amount_before, number_before
from rag.clinical.facts.times.units import Unit, units
from rag.clinical.facts.times.ways import afters, opens, way_before
from rag.clinical.facts.tokens import Tokens
from rag.rules import rules

RATES = frozenset("times time once twice thrice x tablet tablets pack packs dose doses mg /".split())
ADJECTIVES = frozenset(
    "business working calendar consecutive full whole more additional straight solid long short further good".split()
)
BRITISH = frozenset({7, 52})
SMALLER = frozenset(
    {
        ("year", "month"),
        ("month", "week"),
        ("month", "day"),
        ("week", "day"),
        ("day", "hour"),
        ("hour", "minute"),
        ("minute", "second"),
    }
)


class Stretch(NamedTuple):
    """An amount of time in the tokens from the first up to, not with, the last."""

    first: int
    last: int
    days: float
    most: float | None = None
    vague: str = ""
    unit: str = ""


def stretches(tokens: Tokens) -> list[Stretch]:
    """The amounts of time of a text, in order, none inside another."""
    return _joined(tokens, [*_counted(tokens), *_fractions(tokens)])


def _counted(tokens: Tokens) -> Iterator[Stretch]:
    known, said = units(), tokens.said
    for at in [at for at, word in enumerate(said) if word in known]:
        if found := _before_unit(tokens, at, known[said[at]]):
            yield found


def _before_unit(tokens: Tokens, at: int, unit: Unit) -> Stretch | None:
    """The amount before a unit, with "and a half" behind it."""
    end = at - (tokens.word(at - 1) == "-")
    end -= tokens.word(end - 1) in ADJECTIVES and not unit.glued
    found = amount_before(tokens, end)
    if found is None:
        return None if unit.glued else _unnumbered(tokens, at, end, unit)
    if (unit.glued and not _is_short(tokens, at)) or _is_clock(tokens, found) or tokens.word(found.first - 1) == "/":
        return None
    if unit.name == "week" and tokens.word(found.first - 1) == "+" and (weeks := number_before(tokens, found.first - 1)):
        return Stretch(weeks.first, at + 1, weeks.number * unit.days + found.number, unit="gestation")
    most = found.most * unit.days if found.most is not None else None
    last, half = _and_a_half(tokens, at + 1) if most is None else (at + 1, 0.0)
    return Stretch(found.first, last, (found.number + half) * unit.days, most, unit=unit.name)


def _unnumbered(tokens: Tokens, at: int, end: int, unit: Unit) -> Stretch | None:
    """ "several weeks", "a week", "half a year", "a year and a half"."""
    if word := _vague(tokens, end, at):
        low, vague, count = word
        return Stretch(low, at + 1, count * unit.days, vague=vague, unit=unit.name)
    if low := _article(tokens, end, at):
        share = {"half": 0.5, "quarter": 0.25}.get(tokens.word(low), 1.0)
        low -= share == 0.25 and tokens.word(low - 1) == "a"
        last, half = _and_a_half(tokens, at + 1) if share == 1 else (at + 1, 0.0)
        return Stretch(low, last, (share + half) * unit.days, unit=unit.name)
    return None


def _and_a_half(tokens: Tokens, at: int) -> tuple[int, float]:
    """The token behind "and a half" and a half, where that stands here and counts nothing else."""
    if tokens.word(at) == "and":
        half = at + 1 + (tokens.word(at + 1) == "a")
        if tokens.word(half) == "half" and tokens.word(half + 1) not in (*units(), "a", "an", "of"):
            return half + 1, 0.5
    return at, 0.0


def _is_short(tokens: Tokens, at: int) -> bool:
    """Whether a unit of one letter stands right at its figures or before "ago", in small letters, and is no decade ("50s")."""
    figures = tokens.word(at - 1)
    if tokens.glued(at + 1) and tokens.word(at + 1).isdecimal() and tokens.word(at + 2) != "d":
        return False  # "3w4": three times a week for four.
    if not figures.isdecimal() or tokens.capital(at) or not (tokens.glued(at) or tokens.word(at + 1) in afters()):
        return False
    return tokens.said[at] != "s" or len(figures) == 1


def _is_clock(tokens: Tokens, found: Amount) -> bool:
    """Whether four figures before "hours" are a time of day."""
    figures = tokens.word(found.last - 1)
    return len(figures) == 4 and figures.isdecimal() and tokens.word(found.last)[:1] == "h"


def _vague(tokens: Tokens, end: int, unit: int) -> tuple[int, str, float] | None:
    """The word for a number before a unit ("a few", "a couple of"), its first token and what it counts."""
    if "s" not in tokens.word(unit)[-2:]:
        return None
    at = end - 1
    at -= tokens.word(at) == "of"
    found = _vagues().get(tokens.word(at))
    if found is None or (at < end - 1 and found[0] == "some"):
        return None
    return (at - 1 if tokens.word(at - 1) in ("a", "the") else at), *found


def _article(tokens: Tokens, end: int, unit: int) -> int:
    """The token of "a week", "half a year", "a quarter of a year" where that is a stretch, else 0."""
    article, before, after = tokens.word(end - 1), tokens.word(end - 2), tokens.word(unit + 1)
    if article == "half" and before != "and":
        return end - 1
    if article not in ("a", "an"):
        return 0
    if before == "half":
        return end - 2
    if before == "of" and tokens.word(end - 3) == "quarter":
        return end - 3
    if before in RATES or before[:1].isdecimal():
        return 0
    told = before in opens() or after in afters() or end < unit or after in ("of", "and", "before", "after", "prior", "later")
    return end - 1 if told else 0


def _fractions(tokens: Tokens) -> Iterator[Stretch]:
    """ "4/7", "3/52" and "2/12" as British notes count days, weeks and months."""
    over = {str(rule["over"]): float(rule["days"]) for rule in rules("facts_times")["fractions"]}
    slashes = [at for at, word in enumerate(tokens.said) if word == "/" and tokens.word(at + 1) in over]
    found = []
    for at in slashes:
        stretch = _fraction(tokens, at, over[tokens.word(at + 1)])
        if stretch:
            found.append((stretch, _tells_time(tokens, stretch), int(tokens.word(at + 1)) in BRITISH))
    british = any(told and sure for _, told, sure in found)
    yield from (stretch for stretch, told, sure in found if told or (british and sure))


def _fraction(tokens: Tokens, at: int, days: float) -> Stretch | None:
    """The stretch of a fraction by its slash, also of a range of them: "2-3/52"."""
    figures, low = tokens.word(at - 1), tokens.word(at - 3)
    if not (figures.isdecimal() and len(figures) < 3 and tokens.glued(at) and tokens.glued(at + 1)):
        return None
    after = tokens.word(at + 2)
    longer = after in ("-", ".") and tokens.glued(at + 3) and tokens.word(at + 3).isdecimal()
    if after in ("/", "%") or longer or (tokens.glued(at - 1) and tokens.word(at - 2) in "/.:"):
        return None
    if tokens.word(at - 2) == "-" and low.isdecimal() and len(low) < 3 and int(low) < int(figures):
        return Stretch(at - 3, at + 2, int(low) * days, int(figures) * days, unit="fraction")
    return Stretch(at - 1, at + 2, int(figures) * days, unit="fraction")


def _tells_time(tokens: Tokens, stretch: Stretch) -> bool:
    """Whether the words around a fraction say that it is one of time."""
    way, _, _ = way_before(tokens, stretch.first)
    return bool(way) or tokens.word(stretch.last) in afters() or tokens.word(stretch.last) in ("of", "post")


def _joined(tokens: Tokens, found: list[Stretch]) -> list[Stretch]:
    """The stretches in order, with "2 h 50 min" and "34w2d" as one, and "4 weeks to 6 weeks" as a range."""
    kept: list[Stretch] = []
    for one in sorted(found, key=lambda stretch: (stretch.first, -stretch.last)):
        last = kept[-1] if kept else None
        if last and one.first < last.last:
            continue
        both = _both(tokens, last, one) if last else None
        if both:
            kept[-1] = both
        else:
            kept.append(one)
    return kept


def _both(tokens: Tokens, one: Stretch, other: Stretch) -> Stretch | None:
    """Two stretches that stand beside each other as one, where they are."""
    if one.vague or other.vague or one.most is not None or other.most is not None:
        return None
    between = tokens.said[one.last : other.first]
    if between in ([], ["and"]) and (one.unit, other.unit) in SMALLER:
        unit = "gestation" if one.unit == "week" else one.unit
        return one._replace(last=other.last, days=one.days + other.days, unit=unit)
    if between in (["to"], ["-"], ["or"]) and other.days > one.days:
        return one._replace(last=other.last, most=other.days)
    return None


@cache
def _vagues() -> dict[str, tuple[str, float]]:
    return {
        word: (rule["vague"], float(rule.get("count", 1))) for rule in rules("facts_times")["vague"] for word in rule["words"]
    }
