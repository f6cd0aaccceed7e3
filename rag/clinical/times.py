"""Times: the dates of a text as ISO, and words such as "3 months ago" resolved against the document's own dates."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from rag.clinical.headings import heading_kind
from rag.rules import rules
from rag.starts import first_of, matches
from rag.values import Moment, Section

MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
NAMES = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?|JAN(?:UARY)?|FEB(?:RUARY)?|MAR(?:CH)?|APR(?:IL)?|MAY|JUNE?|JULY?|AUG(?:UST)?"
    r"|SEPT?(?:EMBER)?|OCT(?:OBER)?|NOV(?:EMBER)?|DEC(?:EMBER)?)"
)
YEAR = r"(?:1[89]|2[0-2])\d\d"
"""From 1800 to 2299: de-identified collections move their dates by a hundred years and more."""
COUNTED = r"(?! (?:patients|people|adults|children|women|men|participants|subjects|cases|hospitals|units?|mg|mL|kcal)\b)"
FORMS = {
    "ymd": rf"(?<![\d/.-])({YEAR})(?:[-/](\d{{1,2}})[-/](\d{{1,2}})|\.(\d\d)\.(\d\d))(?=T\d|(?![\d/-]|\.\d))",
    "ynd": rf"(?<![\d/.-])({YEAR})[- /]({NAMES})[- /](\d{{1,2}})(?![\d/-])",
    "mdy": rf"\b((?i:{NAMES}))\.?,? (\d{{1,2}})(?:st|nd|rd|th)?,? ({YEAR})\b",
    "dmy": rf"(?<![\d/.-])(\d{{1,2}})(?:st|nd|rd|th)?(?: of)?[ -]((?i:{NAMES}))\.?,?[ -]({YEAR})\b",
    "glued": rf"(?<![\w/.-])(\d{{1,2}})({NAMES})({YEAR})\b",
    "dmyy": rf"(?<![\d/.-])(\d{{1,2}})-({NAMES})-(\d\d)(?![\w-])",
    "slash": rf"(?<![\d/.-])(\d{{1,2}})(?:/(\d{{1,2}})/({YEAR}|\d\d)|-(\d{{1,2}})-({YEAR}))(?![\d/-])",
    "dots": rf"(?<![\d/.-])(\d{{1,2}})\.(\d{{1,2}})\.({YEAR})(?![\d/-])",
    "my": rf"\b((?i:{NAMES}))\.?,?(?: of)? ({YEAR})\b{COUNTED}",
    "monthslash": rf"(?<![\d/.-])(0?[1-9]|1[0-2])/({YEAR})(?![\d/-])",
    "md": rf"\b({NAMES})\.? (\d{{1,2}})(?:st|nd|rd|th)?\b(?![:/.]\d|,? \d{{4}}| ?(?:mg|mcg|ml|mL|%|units?)\b)",
    "short": "|".join(rf"(?<=\b{word} )(\d{{1,2}})/(\d{{1,2}})(?![\d/])" for word in ("on", "since", "from", "until")),
    "year": "|".join(rf"(?<=\b{word} )({YEAR})\b(?![-/]\d){COUNTED}" for word in ("in", "In", "since", "Since", "until")),
}
SINGLE = {name: re.compile(form) for name, form in FORMS.items()}
NUMBER_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
NUMBERS = {"a": 1, "an": 1} | {word: at for at, word in enumerate(NUMBER_WORDS, 1)}
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
COUNT = r"(?P<n>\d{1,3}|" + "|".join(sorted(NUMBERS, key=len, reverse=True)) + ")"
UNIT = r"(?P<unit>days?|weeks?|wks?|months?|mos?|years?|yrs?|hours?|hrs?)\b"
LOOKAHEAD = 48
"""How far after a label its date may stand, in characters."""


@dataclass(frozen=True)
class Anchors:
    """The days that relative times count from; None or missing where the document does not say."""

    document: str | None
    days: dict[str, str]


@dataclass(frozen=True)
class _Cue:
    rule: dict[str, Any]
    pattern: re.Pattern[str]


def _written(pattern: str) -> str:
    return pattern.replace("{n}", COUNT).replace("{unit}", UNIT).replace("{day}", rf"(?P<day>{'|'.join(WEEKDAYS)})\b")


@cache
def _cues() -> tuple[re.Pattern[str], dict[str, _Cue]]:
    """One pattern that finds every relative time, and each rule by its group in it."""
    cues = {
        f"r{at}": _Cue(rule, re.compile(rf"\b(?:{_written(rule['pattern'])})", re.IGNORECASE))
        for at, rule in enumerate(rules("times")["relative"])
    }
    parts = (f"(?P<{name}>{re.sub(r'[?]P<[a-z]+>', '?:', _written(cue.rule['pattern']))})" for name, cue in cues.items())
    return re.compile(rf"\b(?:{'|'.join(parts)})(?![A-Za-z])", re.IGNORECASE), cues


def absolute(text: str, around: str | None = None, day_first: bool | None = None) -> Iterator[Moment]:
    """The dates that the text writes out. A date without a year takes the year that brings it nearest to `around`.

    `day_first` says which of two numbers is the day; where it is None, the text itself shows it (`writes_day_first`).
    """
    first = writes_day_first(text) if day_first is None else day_first
    for name, match in first_of(SINGLE, text):
        read = _read(name, [group for group in match.groups() if group], around, first)
        if read:
            yield Moment(match.start(), match.end(), *read)


def written_day(text: str, day_first: bool | None = None) -> str | None:
    """The day, month or year with which the text begins, as `absolute` reads it, or None."""
    match, name = next(((match, name) for name, form in SINGLE.items() if (match := form.match(text))), (None, ""))
    if match is None:
        return None
    first = writes_day_first(text) if day_first is None else day_first
    read = _read(name, [group for group in match.groups() if group], None, first)
    return read[0] if read else None


def writes_day_first(text: str) -> bool:
    """Whether the text has dates such as 14/03/2024, whose month cannot come first, and none whose day cannot."""
    shown = [tuple(map(int, re.findall(r"\d+", found[0])[:2])) for found in SINGLE["slash"].finditer(text)]
    first = any(12 < one <= 31 and two <= 12 for one, two in shown)
    return first and not any(12 < two <= 31 and one <= 12 for one, two in shown)


def _read(name: str, parts: list[str], around: str | None, day_first: bool) -> tuple[str | None, str] | None:
    """The day (or month, or year) and the rule's name for the parts of a date, or None where the calendar has no such day."""
    if name == "ymd":
        return _named(_day(*map(int, parts)), "year-month-day")
    if name == "ynd":
        return _named(_day(int(parts[0]), _month(parts[1]), int(parts[2])), "year-month-day")
    if name == "mdy":
        return _named(_day(int(parts[2]), _month(parts[0]), int(parts[1])), "month day, year")
    if name in ("dmy", "glued", "dmyy"):
        return _named(_day(_full(parts[2]), _month(parts[1]), int(parts[0])), "day month year")
    if name == "dots":
        return _named(_day(int(parts[2]), int(parts[1]), int(parts[0])), "day.month.year")
    if name == "my":
        return f"{parts[1]}-{_month(parts[0]):02d}", "month and year"
    if name == "monthslash":
        return f"{parts[1]}-{int(parts[0]):02d}", "month/year"
    if name == "year":
        return parts[0], "year"
    if name == "slash":
        return _slashes(int(parts[0]), int(parts[1]), _full(parts[2]), day_first)
    if name == "md":
        return _nearest(_month(parts[0]), int(parts[1]), around, "month and day, year of the document")
    one, two = int(parts[0]), int(parts[1])
    if day_first or one > 12:
        return _nearest(two, one, around, "day/month, year of the document")
    return _nearest(one, two, around, "month/day, year of the document")


def _named(day: str | None, rule: str) -> tuple[str, str] | None:
    return (day, rule) if day else None


def _slashes(one: int, two: int, year: int, day_first: bool) -> tuple[str, str] | None:
    american, european = _day(year, one, two), _day(year, two, one)
    if day_first and american and european:
        return european, "day/month/year, as other dates of the document"
    if american:
        unsure = european is not None and one != two
        return american, "month/day/year, may be day/month/year" if unsure else "month/day/year"
    return _named(european, "day/month/year, as month/day/year is impossible")


def _full(year: str) -> int:
    """A year of two figures is taken from 1970 to 2069."""
    return int(year) + (0 if len(year) == 4 else 2000 if int(year) < 70 else 1900)


def _month(name: str) -> int:
    return MONTHS.index(name[:3].lower()) + 1


def _day(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def _nearest(month: int, day: int, around: str | None, rule: str) -> tuple[str | None, str] | None:
    if not _day(2024, month, day):
        return None
    middle = _date(around)
    if middle is None:
        return None, rule
    near = [found for year in (-1, 0, 1) if (found := _day(middle.year + year, month, day))]
    return min(near, key=lambda found: abs((date.fromisoformat(found) - middle).days), default=None), rule


def _date(iso: str | None) -> date | None:
    return date.fromisoformat(iso) if iso and len(iso) == 10 else None


def anchors(text: str, sections: tuple[Section, ...], written: list[Moment], document: str | None) -> Anchors:
    """The days of admission, discharge, procedure and prior study: after a label, or the one date of a section."""
    days = {}
    lower = text.lower()
    for rule in rules("times")["anchors"]:
        found = _labelled(lower, rule["labels"], written) or _in_section(text, sections, rule.get("sections", ()), written)
        if found:
            days[rule["anchor"]] = found
    return Anchors(document, days)


OTHER_VALUE = re.compile(r"[\n.;]\s|:[^:]{0,40}[a-z]:")
"""What stands between a label and the value of another one."""


@cache
def _another() -> re.Pattern[str]:
    listed = "|".join(map(re.escape, rules("dates")["of_another_day"]["words"]))
    return re.compile(rf"(?:\b(?:{listed})(?:[ -][a-z]{{1,15}}){{0,2}}[ \t-]{{1,2}}|[a-z-])\Z", re.IGNORECASE)


def stands_alone(text: str, at: int) -> bool:
    """Whether the label at this place is a whole one: neither "readmission" nor "planned discharge date"."""
    return not _another().search(text, max(0, at - 48), at)


def _labelled(lower: str, labels: list[str], written: list[Moment]) -> str | None:
    for label in labels:
        at = lower.find(label)
        while at >= 0:
            end = at + len(label)
            for moment in written if stands_alone(lower, at) else ():
                if end <= moment.start <= end + LOOKAHEAD and not OTHER_VALUE.search(lower, end, moment.start):
                    if moment.day and len(moment.day) == 10:
                        return moment.day
                    break
            at = lower.find(label, end)
    return None


def _in_section(text: str, sections: tuple[Section, ...], names: tuple[str, ...], written: list[Moment]) -> str | None:
    """The day of a section that names one day only; where it names several, nothing is guessed."""
    for section in sections:
        kind = heading_kind(section.title) if names else None
        if kind and kind.name in names:
            days = {m.day for m in written if section.body <= m.start < section.end and m.day and len(m.day) == 10}
            if len(days) == 1:
                return days.pop()
    return None


def relative(text: str, known: Anchors) -> Iterator[Moment]:
    """The times that the text counts from another day; `day` is None where that day is not known."""
    every, cues = _cues()
    for found in matches(every, text):
        cue = cues[found.lastgroup or ""]
        match = cue.pattern.match(text, found.start())
        if match:
            yield Moment(found.start(), found.end(), _resolved(cue.rule, match, known), cue.rule["rule"])


def _resolved(rule: dict[str, Any], match: re.Match[str], known: Anchors) -> str | None:
    base = _date(known.days.get(rule["from"]) if "from" in rule else known.document)
    if base is None:
        return None
    groups, words = match.groupdict(), match[0].lower()
    try:
        if "days" in rule:
            return (base + timedelta(days=rule["days"])).isoformat()
        if "/" in words and (fraction := re.match(r"(\d+)/(\d+)", words)):
            return _moved(base, -int(fraction[1]), {"7": "day", "52": "week", "12": "month"}[fraction[2]])
        if groups.get("n"):
            count = int(groups["n"]) if groups["n"].isdigit() else NUMBERS[groups["n"].lower()]
            unit = groups.get("unit") or rule["unit"]
            return _moved(base, rule["sign"] * (count - rule.get("first", 0)), unit)
        if groups.get("day"):
            back = (base.weekday() - WEEKDAYS.index(groups["day"].lower()) - 1) % 7 + 1
            return (base - timedelta(days=back)).isoformat() if rule["rule"] == "weekday past" else None
        for unit in ("week", "month", "year"):
            if words.endswith(unit):
                return _moved(base, 1 if words.startswith("next") else -1, unit)
    except (ValueError, OverflowError):
        return None
    return None


def _moved(base: date, count: int, unit: str) -> str | None:
    """The day after so many units, as exact as the unit: hours, days and weeks to the day, months to the month."""
    first = unit[0].lower()
    if first == "h":
        return base.isoformat() if abs(count) < 12 else (base + timedelta(days=round(count / 24))).isoformat()
    if first in "dw":
        return (base + timedelta(days=count * (7 if first == "w" else 1))).isoformat()
    if first == "m":
        months = base.year * 12 + base.month - 1 + count
        year, month = divmod(months, 12)
        return f"{year:04d}-{month + 1:02d}" if 1 <= year <= 9999 else None
    year = base.year + count
    return f"{year:04d}" if 1 <= year <= 9999 else None


def moments(text: str, sections: tuple[Section, ...], document: str | None) -> tuple[Moment, ...]:
    """Every date and relative time of a text, in order, none inside another."""
    written = list(absolute(text, document))
    counted = relative(text, anchors(text, sections, written, document))
    result: list[Moment] = []
    for moment in sorted([*written, *counted], key=lambda m: (m.start, -m.end)):
        if not result or moment.start >= result[-1].end:
            result.append(moment)
    return tuple(result)
