"""Days, months, years and editions that a question names, and the documents that have them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from rag.values import DAY, Document

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?"
    r"|dec(?:ember)?)"
)
YEAR = r"(?:19|2[0-2])\d\d"
FORMS = (
    rf"(?P<y1>{YEAR})-(?P<m1>\d\d)(?:-(?P<d1>\d\d))?",
    rf"(?P<n2>{MONTH})\.?[ -](?P<d2>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<y2>{YEAR}))?(?!\d)",
    rf"(?P<d3>\d{{1,2}})(?:st|nd|rd|th)?[ -](?P<n3>{MONTH})(?:\.?[ -](?P<y3>{YEAR}))?",
    rf"(?P<n4>{MONTH})(?:[.,]? (?:of )?(?P<y4>{YEAR}))?",
    rf"(?P<m5>\d{{1,2}})/(?P<d5>\d{{1,2}})(?:/(?P<y5>{YEAR}))?",
    rf"(?P<m6>\d{{1,2}})/(?P<y6>{YEAR})",
    rf"(?P<y7>{YEAR})",
)
DATE = re.compile(
    rf"(?<![\w.,/-])(?:{'|'.join(FORMS)})(?![\w/]|[.,]\d|-\d| ?(?:mg|mcg|g|ml|units?|mm|cm|%)\b)", re.IGNORECASE | re.ASCII
)
LEADING = re.compile(
    r"(?:\b(?:(?:as )?of|in|on|from|at|during|dated|back in|for)[ -]+)?(?:the[ -]+)?(?:(?:early|mid|late|year)[ -]+)?$",
    re.IGNORECASE,
)
COMPARED = re.compile(r"\b(?:before|after|since|until|till|between|by|than|prior|starting|beginning|through|and|to)[ -]+$", re.I)
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
KINDS = r"(?:edition|version|revision|issue|ed|rev|ver)"
EDITION = re.compile(
    rf"\b(?:{KINDS}\.? ?(?P<after>\d{{1,2}})|(?-i:v) ?(?P<short>[1-9]\d?)|(?P<before>\d{{1,2}})(?:st|nd|rd|th) {KINDS}"
    rf"|(?P<word>{'|'.join(ORDINALS)}) {KINDS})\b",
    re.IGNORECASE,
)
NAME_PARTS = re.compile(r"[A-Za-z]+|\d+", re.ASCII)
Parts = tuple[int | None, int | None, int | None]
ByMonth = dict[tuple[int | None, int | None], list[tuple[str, Parts]]]


@dataclass(frozen=True, slots=True)
class Named:
    """A date that a question names: where, with the words that lead to it, and its year, month and day as far as it has them."""

    start: int
    end: int
    parts: Parts


def dates(text: str) -> Iterator[Named]:
    """The dates in a text that say of when something is; what is before, after or between dates is no such time.

    A word that leads to a date belongs to it ("in March"), but not where the date describes what follows ("the March CT").
    """
    for match in DATE.finditer(text):
        told = {name[0]: value for name, value in match.groupdict().items() if value}
        leading = LEADING.search(text, max(match.start() - 30, 0), match.start())
        start = leading.start() if leading else match.start()
        if COMPARED.search(text, max(start - 12, 0), start) or (
            told.keys() == {"n"} and _is_verb(match[0], start < match.start())
        ):
            continue
        month = MONTHS.index(told["n"][:3].lower()) + 1 if "n" in told else int(told["m"]) if "m" in told else None
        day = int(told["d"]) if "d" in told else None
        if month in {None, *range(1, 13)} and day in {None, *range(1, 32)}:
            describing = leading and "the" in leading[0].lower().split()
            yield Named(
                match.start() if describing else start, match.end(), (int(told["y"]) if "y" in told else None, month, day)
            )


def _is_verb(word: str, led: bool) -> bool:
    """Whether a month's name without a number may be another word: "may" is one unless something leads to it."""
    low = word.lower()
    return not led and (low == "may" or (low in {"mar", "march", "dec", "sep"} and word[0].islower()))


def editions(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and number of the editions that a text names ("version 3", "third edition")."""
    for match in EDITION.finditer(text):
        leading = LEADING.search(text, max(match.start() - 30, 0), match.start())
        start = leading.start() if leading and "the" not in leading[0].lower().split() else match.start()
        number = match["after"] or match["short"] or match["before"] or str(ORDINALS.index(match["word"].lower()) + 1)
        yield start, match.end(), number.lstrip("0") or "0"


class Calendar:
    """The dates and editions of documents, as they state them, else as their names do."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self._documents = documents

    def of(self, parts: Parts) -> tuple[frozenset[str], bool]:
        """The documents of a date, else those that are named after it, else those that tell of it; and whether it is theirs.

        Where documents do not state their dates, a date in a question has to be found as a word too.
        """
        for stage in (self._dated, self._called, *((self._telling,) if parts[1] and parts[2] else ())):
            if found := self._fitting(stage, parts):
                return found, stage is self._dated
        return frozenset(), False

    @staticmethod
    def _fitting(stage: ByMonth, parts: Parts) -> frozenset[str]:
        year, month, day = parts
        near = stage.get((None if month else year, month), [])
        return frozenset(
            name
            for name, (own_year, _, own_day) in near
            if (not month or year is None or own_year is None or own_year == year) and (day is None or own_day in {None, day})
        )

    @cached_property
    def _dated(self) -> ByMonth:
        found: ByMonth = {}
        for name, document in self._documents.items():
            for day in {document.date, document.effective, document.edition}:
                if day and DAY.fullmatch(day) and (len(day) > 4 or int(day) > 1900):
                    _keep(found, name, _parts(day))
        return found

    @cached_property
    def _called(self) -> ByMonth:
        found: ByMonth = {}
        for name, document in self._documents.items():
            for text in (name, document.title):
                parts = NAME_PARTS.findall(text)
                years: list[int | None] = [int(part) for part in parts if re.fullmatch(YEAR, part)]
                months: list[int | None] = [
                    MONTHS.index(part[:3].lower()) + 1 for part in parts if re.fullmatch(MONTH, part, re.I)
                ]
                for year, month in product(years or [None], months or [None]):
                    _keep(found, name, (year, month, None))
        return found

    @cached_property
    def _telling(self) -> ByMonth:
        found: ByMonth = {}
        for name, document in self._documents.items():
            for day in {moment.day for moment in document.moments if moment.day and len(moment.day) > 7}:
                _keep(found, name, _parts(day))
        return found

    @cached_property
    def editions(self) -> dict[str, frozenset[str]]:
        """The documents of each number of an edition, as they state it or as their names do."""
        found: dict[str, set[str]] = {}
        for name, document in self._documents.items():
            told = {document.edition.lstrip("0")} if document.edition.isdigit() else set()
            told |= {number for *_, number in editions(re.sub(r"[_-]", " ", f"{name} {document.title}"))}
            for number in told:
                found.setdefault(number, set()).add(name)
        return {number: frozenset(names) for number, names in found.items()}


def _parts(day: str) -> Parts:
    year, month, date = [*map(int, day.split("-")), 0, 0][:3]
    return year, month or None, date or None


def _keep(found: ByMonth, name: str, parts: Parts) -> None:
    year, month, _ = parts
    if year:
        found.setdefault((year, None), []).append((name, parts))
    if month:
        found.setdefault((None, month), []).append((name, parts))
