"""Units: the statements of a record in the order of time, each with the part of a note that it stands in, its facts and words."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import takewhile

from rag.clinical.facts import facts
from rag.clinical.facts.types import Day, Fact
from rag.clinical.headings import heading_kind
from rag.clinical.owners import UNKNOWN, Owners
from rag.clinical.statements import statements
from rag.rules import rules
from rag.stages.verify.omissions.days import day_of, ordinal
from rag.stages.verify.words import Word, words_of
from rag.text import sentences
from rag.values import Document, Section, Span

LABEL = re.compile(r"[\s*#_\-•\d.)]{0,6}([^\W\d][^:\n|;,]{0,48}?)[ *_]{0,4}:")
DATED = re.compile(
    r"[\s*#_\[(•-]{0,4}(?:(?:hospital |post-?op )?day \d|pod ?#?\d|\d{1,4}[-/.]\d{1,2}(?:[-/.]\d{2,4})?\b)", re.IGNORECASE
)
ITEM = re.compile(r"\s{0,12}(?:[-*•+|]|\d{1,2}[.)]\s|\s{2,})")
LONGEST_LABEL = 5
STAMP = 24
"""Characters within which a dated entry has its date."""
UNDATED, LONGEST_LIST = 10**7, 2000


@dataclass(frozen=True)
class Unit:
    """A statement at `start` to `end` of a document, and the part of the note that it belongs to ("Medications", "").

    `entry` counts the dated entries of its document, so that what is written later can be told from what was before; `day` is
    the day of the entry, or of the document, as a number of `days.ordinal`.
    """

    document: Document
    start: int
    end: int
    place: str
    entry: int
    day: int | None
    facts: tuple[Fact, ...]
    words: tuple[Word, ...]

    @cached_property
    def text(self) -> str:
        return self.document.text[self.start : self.end]

    @cached_property
    def low(self) -> str:
        """Its text in small letters, one blank between words."""
        return " ".join(self.text.lower().split())

    def within(self, start: int, end: int) -> "Unit":
        """A part of it."""
        own = tuple(one for one in self.facts if start <= one.start < end)
        return Unit(
            self.document,
            start,
            end,
            self.place,
            self.entry,
            self.day,
            own,
            tuple(w for w in self.words if start <= w.start < end),
        )

    def parts(self, pattern: re.Pattern[str]) -> Iterator["Unit"]:
        """Its sentences, cut where a pattern stands too."""
        text = self.document.text
        for low, high in sentences(text, self.start, self.end):
            start = low
            for found in pattern.finditer(text, low, high):
                yield self.within(start, found.start())
                start = found.end()
            yield self.within(start, high)


def units(document: Document) -> tuple[Unit, ...]:
    """The statements of one document, in order."""
    found, words = facts(document), words_of(document)
    starts, places = [one.start for one in found], [one.start for one in words]
    result: list[Unit] = []
    told = day_of(document)
    day = first = ordinal(told) if told else None
    entries: list[int] = []
    for start, end, place, at in _placed(document):
        own = found[bisect_left(starts, start) : bisect_left(starts, end)]
        if at not in entries[-1:] and at >= 0:
            entries.append(at)
            stamp = next(_stamps(found[bisect_left(starts, at) :], at), None)
            day = (ordinal(stamp.day, day or first) if stamp else None) or day
        entry = len(entries)
        own = tuple(one for one in own if not (isinstance(one, Day) and 0 <= one.start - at <= STAMP)) if entries else own
        result.append(
            Unit(
                document,
                start,
                end,
                place,
                entry,
                day,
                tuple(own),
                tuple(words[bisect_left(places, start) : bisect_left(places, end)]),
            )
        )
    return tuple(result)


def _stamps(found: Sequence[Fact], at: int) -> Iterator[Day]:
    """The days that a dated entry begins with."""
    near = takewhile(lambda one: one.start - at <= STAMP, found)
    return (one for one in near if isinstance(one, Day) and len(one.day) > len("--03"))


def record_units(documents: Sequence[Document], summary: Document) -> tuple[Unit, ...]:
    """The statements of a record, the earlier ones first where both are dated; what is of another patient is left out."""
    owners = Owners({one.name: one for one in (*documents, summary)})
    own = owners.of(Span(summary.name, 0, len(summary.text)))
    own = own if len(own) == 1 and UNKNOWN not in own else frozenset()
    told = [one for document in documents for one in units(document)]
    mine = [one for one in told if not own or not owners.of_others(Span(one.document.name, one.start, one.end), own)]
    return tuple(sorted(mine, key=lambda one: one.day or UNDATED))


def _placed(document: Document) -> Iterator[tuple[int, int, str, int]]:
    """The statements of a document by place, with the part of the note, and where the dated entry begins that they belong to."""
    text, entry = document.text, -1
    carried, since, until = "", -1, -1  # A part that a line named, from where, and the end of the line where it is told on that.
    for one in statements(document):
        start, end = one.start, one.end
        section = next((own for own in reversed(document.sections) if own.start <= start < own.end), None)
        if _is_title(document, start, end):
            carried = ""
            continue
        if section and section.start > since:
            carried, since = "", section.start
            entry = section.start if DATED.match(section.title) else entry
        if DATED.match(text, start):
            entry, carried, since = start, "", start
        own, inline = _own_place(text, start, end)
        if own:
            carried, since, until = own, start, (text.find("\n", start) if inline else -1)
            if not inline and _is_bare(text, start, end):
                continue
        elif carried:
            own = carried if until < 0 or start < until or _goes_on(text, since, start) else ""
        elif section and section.start >= since:
            own = _of_section(document, section, start)
        table = one.kind == "row" and place_of(one.label.split(":")[0]) == "Medications"
        if one.kind != "header":
            yield start, end, "Medications" if table else own, entry


def _is_title(document: Document, start: int, end: int) -> bool:
    """Whether a statement is nothing but the heading of a section."""
    return any(one.start <= start and end <= one.body for one in document.sections if one.start <= start < one.end)


def _own_place(text: str, start: int, end: int) -> tuple[str, bool]:
    """The part of a note that a statement names itself, and whether what belongs to it stands on the same line."""
    label = LABEL.match(text, start, end)
    if label and (named := place_of(label[1])):
        return named, bool(text[label.end() : end].strip(" *_"))
    first = text.find("\n", start, end)
    head = text[start : first if first >= 0 else end]
    alone = (
        not text[text.rfind("\n", 0, start) + 1 : start].strip()
        and head[-1:] not in ".,;"
        and _ends_line(text, start + len(head))
    )
    if alone and len(head.split()) <= LONGEST_LABEL and (named := place_of(head)):
        return named, False
    return "", False


def _ends_line(text: str, at: int) -> bool:
    return at >= len(text) or text[at] == "\n"


def _is_bare(text: str, start: int, end: int) -> bool:
    return len(text[start:end].split()) <= LONGEST_LABEL and ":" not in text[start : end - 1] and "\n" not in text[start:end]


def _of_section(document: Document, section: Section, start: int) -> str:
    """The known kind of a section, where it reaches so far: one whose text begins on its own line ends with that line."""
    text = document.text
    same_line = bool(text[section.body : (text.find("\n", section.body) + 1 or len(text) + 1) - 1].strip(" :*_"))
    reaches = not same_line or "\n" not in text[section.body : start] or _goes_on(text, section.body, start)
    return place_of(section.title) if reaches else ""


def _goes_on(text: str, since: int, start: int) -> bool:
    """Whether a list that begins on the line of its label goes on: the line is an item, and no line between is empty."""
    return bool(ITEM.match(text, text.rfind("\n", 0, start) + 1)) and "\n\n" not in text[since : min(start, since + LONGEST_LIST)]


def place_of(title: str) -> str:
    """The part of a note that a title or label names, or ""."""
    plain_title = " ".join(title.strip(" *_#:-•.\t").lower().split())
    found = _places().get(plain_title)
    if any(word in plain_title for word in rules("omissions")["not a list"]["words"]):
        return ""
    if found is None and (kind := heading_kind(title.strip(" *_#:-•\t"))):
        found = {"Plan": "Follow-up", "Recommendations": "Follow-up", "Assessment and plan": "Assessment"}.get(
            kind.name, kind.name
        )
    if found is None:
        words = set(plain_title.replace("/", " ").split())
        found = next((place for word, place in _heads().items() if word in words and len(words) <= LONGEST_LABEL), "")
    return found


@cache
def _places() -> dict[str, str]:
    return {word: one["place"] for one in rules("omissions")["places"] for word in one["words"]}


@cache
def _heads() -> dict[str, str]:
    """Single words that make any short title one of a part."""
    telling = ("medications", "medicines", "meds", "medication", "drugs", "allergies", "diagnoses", "diagnosis", "appointments")
    return {word: _places()[word] for word in telling}
