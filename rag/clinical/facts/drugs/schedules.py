"""Frequencies: how many times a day, at which times, and whether only as needed."""

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from rag.clinical.facts.drugs.marks import Mark
from rag.clinical.facts.drugs.numerals import FIRST, NUMBER, value_of
from rag.clinical.facts.types import Frequency
from rag.rules import rules

NUMERAL = "#"
DAY = 1440
"""Minutes."""
WEEKDAY = r"(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?"
WEEKDAYS = re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun)", re.IGNORECASE)
CLOCK = re.compile(r"\d ?$")
RATE = re.compile(rf"\b{NUMBER}[ ]?(?:a[ ])?[a-z]{{3,20}}[ ]?\Z", re.IGNORECASE)
"""An amount of anything right before "a day": "1.5 packs per day"."""
BETWEEN = re.compile(r"[ \t]*(?:[,(/&-]|\band\b|\bonly\b)?[ \t]*\n?[ \t]*(?:only |taken |use |up to )?", re.IGNORECASE)
"""What may stand between two parts of one frequency: "twice daily, with meals", "q6h prn"."""


@dataclass(frozen=True)
class _Rule:
    pattern: re.Pattern[str]
    about: dict[str, Any]


class _Schedules:
    def __init__(self) -> None:
        own = rules("facts_drugs")
        self.units: dict[str, float] = own["units_of_time"]
        number = rf"(?P<n>{NUMBER})(?:[ ]?(?:-|–|\bto\b|\bor\b)[ ]?(?P<most>{NUMBER}))?"
        unit = rf"(?P<unit>{_any(self.units)})(?![^\W_])"
        period = rf"(?P<period>{_any(self.units)})(?![^\W_])"
        self.first: dict[str, list[_Rule]] = {}
        for about in own["frequencies"]:
            written = about["pattern"].replace("{n}", number, 1).replace("{n}", NUMBER)
            written = written.replace("{unit}", unit, 1).replace("{unit}", f"(?:{_any(self.units)})(?![^\\W_])")
            written = written.replace("{period}", period).replace("{weekday}", WEEKDAY)
            written = wrapped(written)
            flags = re.IGNORECASE if not about.get("capitals") else re.RegexFlag(0)
            rule = _Rule(re.compile(rf"(?:{written})(?![^\W_])", flags), about)
            for word in about["first"].split():
                self.first.setdefault(word, []).append(rule)
        self.after_a_dose = [rule for rule in self.first["/"] + self.first["per"]]
        numbered = self.first.pop(NUMERAL)
        for word in (*FIRST, NUMERAL):
            self.first[word] = numbered + self.first.get(word, [])


def wrapped(pattern: str) -> str:
    """The pattern with every blank also as the end of a line, where a text is wrapped."""
    pattern = pattern.replace("[ -]", r"(?:[ -]|\n[ \t]*)")
    inside, signs = False, []
    for at, sign in enumerate(pattern):
        escaped = at > 0 and pattern[at - 1] == "\\"
        inside = (inside or sign == "[") and (sign != "]" or escaped)
        signs.append(sign if sign != " " else r" \n" if inside else r"(?: |\n[ \t]*)")
    return "".join(signs)


def _any(names: dict[str, float]) -> str:
    return "|".join(sorted(names, key=len, reverse=True))


@cache
def schedules() -> _Schedules:
    """The patterns of frequencies by their first words."""
    return _Schedules()


def frequency_at(text: str, start: int, word: str) -> Mark | None:
    """The longest frequency that begins with this word; "#" stands for a number."""
    best: Mark | None = None
    for rule in schedules().first.get(word, ()):
        found = rule.pattern.match(text, start)
        if found and (best is None or found.end() > best.end) and (mark := _read(text, found, rule.about)):
            best = mark
    return best


def frequency_after(text: str, end: int) -> Mark | None:
    """What "/day", "a day" and "per week" right behind a dose say."""
    start = end + 1 if text[end : end + 1] == " " else end
    for rule in schedules().after_a_dose:
        found = rule.pattern.match(text, start)
        if found and rule.about["per_day"] == "per":
            return _read(text, found, rule.about)
    return None


def _read(text: str, found: re.Match[str], about: dict[str, Any]) -> Mark | None:
    per_day, most = _per_day(found, about)
    if about["per_day"] != "none" and per_day is None:
        return None
    weak = bool(about.get("beside_a_dose"))
    if about["per_day"] == "per" and RATE.search(text, max(0, found.start() - 40), found.start()):
        weak = False
    if weak and found[0].lower() in ("am", "pm") and CLOCK.search(text, max(0, found.start() - 2), found.start()):
        return None
    fact = Frequency(
        start=found.start(), end=found.end(), per_day=per_day, most=most, when=tuple(about.get("when", ())),
        as_needed=bool(about.get("as_needed")),
    )  # fmt: skip
    return Mark("frequency", found.start(), found.end(), fact, needs="dose" if weak else "", last=found.end())


def _per_day(found: re.Match[str], about: dict[str, Any]) -> tuple[float | None, float | None]:
    """Times a day and the upper end of a range."""
    how, *fixed = about["per_day"].split()
    own, groups = schedules(), found.groupdict()
    if how == "fixed":
        return float(fixed[0]), None
    if how == "none":
        return None, None
    if how == "weekdays":
        return _weekdays(found[0])
    low = value_of(groups["n"]) if groups.get("n") else 1.0
    high = value_of(groups["most"]) if groups.get("most") else None
    unit = own.units.get(_folded(groups.get("unit")), 0.0) / DAY
    period = own.units.get(_folded(groups.get("period")), 7.0 * DAY) / DAY
    if how in ("once", "twice", "thrice", "per", "times"):
        times = {"twice": 2.0, "thrice": 3.0}.get(how, low)
        return _rounded(times / period), high if high is None else _rounded(high / period)
    each = {"every": unit, "other": 2 * unit, "third": 3 * unit, "hourly": 1 / 24, "weekly": 7.0, "monthly": 30.0}[how]
    if not each or not low:
        return None, None
    if high:
        return _rounded(1 / (high * each)), _rounded(1 / (low * each))
    return _rounded(1 / (low * each)), None


def _folded(written: str | None) -> str:
    return " ".join((written or "").lower().split())


def _weekdays(written: str) -> tuple[float | None, float | None]:
    days = {day.lower() for day in WEEKDAYS.findall(written)}
    many = written.lower().startswith(("every", "each")) or written.lower().endswith("days") or len(days) > 1
    return (_rounded(len(days) / 7), None) if many else (None, None)


def _rounded(number: float) -> float:
    return round(number, 4)


def merged(text: str, marks: list[Mark]) -> list[Mark]:
    """The marks in order, with the parts of one frequency put together: "twice daily" and "with meals"."""
    result: list[Mark] = []
    for mark in marks:
        one = result[-1] if result else None
        if one and mark.kind == one.kind == "frequency" and BETWEEN.fullmatch(text, one.end, mark.start):
            both = _both(one, mark)
            if both:
                result[-1] = both
                continue
        result.append(mark)
    return result


def _both(one: Mark, two: Mark) -> Mark | None:
    first, second = one.fact, two.fact
    if not isinstance(first, Frequency) or not isinstance(second, Frequency):
        return None
    if None not in (first.per_day, second.per_day) and first.per_day != second.per_day:
        return None
    per_day = second.per_day if first.per_day is None else first.per_day
    when = tuple(dict.fromkeys((*first.when, *second.when)))
    if "once" in when and len(when) > 1:
        when, per_day = tuple(one for one in when if one != "once"), per_day or 1.0
    fact = replace(
        first, end=two.end, per_day=per_day, most=first.most or second.most, when=when,
        as_needed=first.as_needed or second.as_needed,
    )  # fmt: skip
    needs = "" if not one.needs or not two.needs else one.needs
    return replace(one, end=two.end, last=two.end, fact=fact, needs=needs)
