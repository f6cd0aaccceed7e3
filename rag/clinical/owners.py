"""Whose each stretch is of a document that belongs to no patient, by the ids that stand in it."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from rag.clinical.patients import NO_PATIENT, SEVERAL
from rag.clinical.standing import WORKS
from rag.values import Document, Span

ID = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{1,5})-?(\d{1,8})(?![A-Za-z0-9]|-\d|[.:,/]\d)", re.ASCII)
LIKELY = re.compile(r"[A-Za-z]{1,5}(?:-\d+|\d{3,})", re.ASCII)  # "Patient B12 was low" names nobody.
LABEL = re.compile(r"\b(?:patient|pt|member|case|bed \d{1,4}|room \d{1,4}|rm \d{1,4})(?: (?:id|no\.?|number))?[\W_]{1,4}$", re.I)
WHO = re.compile(
    r"[\W_]{1,5}(?:aged? \d|\d{1,3} ?-?(?:y(?:ears?|rs?)?|y/?o|[mf])\b|(?:(?:wo)?man|(?:fe)?male|lady|gentleman)\b|[mf] ?/)",
    re.IGNORECASE,
)
LEAD = 32
OPENING = re.compile(rf"(?:^|\n[^\S\n]*\n|\n[^\S\n]*[-*•#|])[^\n]{{0,{LEAD}}}$|(?:^|\n)[^\w\n]{{0,4}}$")
WORD = re.compile(r"[^\W_]+")
NEAR = 24
BLANK = re.compile(r"\n[^\S\n]*\n")
UNKNOWN = "?"
EVEN = {ord(sign): "-" for sign in "\u2010\u2011\u2012\u2013\u2014\u2212\ufe58\ufe63"}
EVEN |= {0xFEE0 + code: chr(code) for code in range(0x21, 0x7F)} | {ord(sign): " " for sign in "\u00a0\u2007\u202f\u3000"}


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of a text and the patients whose it is, as `plain` ids; `UNKNOWN` where it does not say which patient's."""

    start: int
    end: int
    patients: frozenset[str]


def plain(written: str) -> str:
    """An id as ids are compared: its letters and digits in capitals, or the whole where it has none."""
    return "".join(sign for sign in written.upper() if sign.isalnum()) or written


def even(text: str) -> str:
    """The text with full-width signs, dashes and blanks of other kinds as plain ones, each in its place."""
    return text if text.isascii() else text.translate(EVEN)


def borders(document: Document) -> list[tuple[int, str]]:
    """Where in a document of nobody a text of several patients goes on to the next one: the line's start, the id as written.

    Nothing but the document itself is looked at. Ids count that stand after a label or before a sex or an age; others of one
    numbering where several stand at the beginnings of paragraphs or list items.
    """
    text = even(document.text)
    matches = [] if document.patient else [match for match in ID.finditer(text) if LIKELY.fullmatch(match[0])]
    told = {match[1].upper() for match in matches if _is_told(text, match)}
    first: dict[str, set[str]] = {}
    for before, match in zip([None, *matches], matches, strict=False):
        begins = before is None or "\n" in text[before.end() : match.start()]
        if begins and OPENING.search(text, max(match.start() - LEAD - 2, 0), match.start()):
            first.setdefault(match[1].upper(), set()).add(plain(match[0]))
    told |= {letters for letters, ids in first.items() if len(ids) > 1}
    named = [(text.rfind("\n", 0, match.start()) + 1, match[0]) for match in matches if match[1].upper() in told]
    return [two for one, two in pairwise([(-1, ""), *named]) if plain(one[1]) != plain(two[1]) and one[0] != two[0]]


def _is_told(text: str, match: re.Match[str]) -> bool:
    """Whether a label before an id or a sex or an age after it says that it is a patient's."""
    return bool(LABEL.search(text[max(match.start() - NEAR, 0) : match.start()]) or WHO.match(text, match.end()))


class Owners:
    """The patients of some documents, and whose the stretches of those documents are that belong to none of them."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self._documents = documents

    @cached_property
    def documents_of(self) -> dict[str, list[str]]:
        """The names of the documents of each patient, as the documents write the patient."""
        found: dict[str, list[str]] = {}
        for name, document in self._documents.items():
            if document.patient:
                found.setdefault(document.patient, []).append(name)
        return found

    @cached_property
    def patients(self) -> dict[str, tuple[str, ...]]:
        """Every patient of a document by the plain id, in all ways in which the documents write it."""
        found: dict[str, tuple[str, ...]] = {}
        for patient in self.documents_of:
            found[plain(patient)] = (*found.get(plain(patient), ()), patient)
        return found

    @cached_property
    def own(self) -> frozenset[str]:
        """What the ids of patients who have documents of their own begin with."""
        return frozenset(match[1].upper() for patient in self.documents_of if (match := ID.fullmatch(patient)))

    @cached_property
    def written(self) -> dict[str, str]:
        """Every patient by the plain id, as a filter takes it: as documents write it, else as it is mentioned first."""
        return {**self.mentioned, **{one: forms[0] for one, forms in self.patients.items()}}

    def forms(self, patient: str) -> tuple[str, ...]:
        """A plain id in all ways in which documents write it, as a filter takes them."""
        return self.patients.get(patient) or (self.written.get(patient, patient),)

    @cached_property
    def by_number(self) -> dict[tuple[str, int], tuple[str, ...]]:
        """The plain ids of the patients that have these letters and this number, whatever zeros lead it."""
        found: dict[tuple[str, int], tuple[str, ...]] = {}
        for patient, form in self.written.items():
            if match := ID.fullmatch(form):
                key = (match[1].upper(), int(match[2]))
                found[key] = (*found.get(key, ()), patient)
        return found

    @cached_property
    def series(self) -> dict[str, set[int]]:
        """How patients are numbered: what ids begin with ("P"), with the numbers of digits that follow."""
        found: dict[str, set[int]] = {}
        for patient in self.documents_of:
            if match := ID.fullmatch(patient):
                found.setdefault(match[1].upper(), set()).add(len(match[2]))
        for document in self._of_nobody:
            text = even(document.text)
            for match in ID.finditer(text):
                if LIKELY.fullmatch(match[0]) and _is_told(text, match):
                    found.setdefault(match[1].upper(), set()).add(len(match[2]))
        return found

    @cached_property
    def mentioned(self) -> dict[str, str]:
        """Ids of patients that stand in documents of nobody, by the plain id, as they are written there first."""
        found: dict[str, str] = {}
        for document in self._of_nobody:
            text = even(document.text)
            for start, end, patient in self._mentions(text):
                found.setdefault(patient, text[start:end])
        return found

    @cached_property
    def regions(self) -> dict[str, list[Region]]:
        """The stretches that are of patients, by document, for those documents that belong to none and hold some."""
        found = {document.name: list(self._regions(document)) for document in self._of_nobody}
        return {name: regions for name, regions in found.items() if regions}

    def of(self, span: Span) -> frozenset[str]:
        """The patients whose a stretch of a document is, as `plain` ids; nobody where it tells of none."""
        own = self._documents[span.document].patient
        if own:
            return frozenset({plain(own)})
        return frozenset().union(*(region.patients for region in self._touching(span)))

    def of_others(self, span: Span, patients: frozenset[str]) -> bool:
        """Whether a stretch of a document is, even in part, of somebody else than these patients, given as `plain` ids."""
        own = self._documents[span.document].patient
        if own:
            return plain(own) not in patients
        return any(not region.patients <= patients for region in self._touching(span))

    def _touching(self, span: Span) -> Iterator[Region]:
        """The regions that a stretch touches."""
        regions = self.regions.get(span.document, [])
        first = max(bisect_right(regions, span.start, key=lambda region: region.start) - 1, 0)
        last = bisect_left(regions, span.end, key=lambda region: region.start)
        return (region for region in regions[first:last] if span.start < region.end)

    @property
    def _of_nobody(self) -> Iterator[Document]:
        return (document for document in self._documents.values() if not document.patient)

    @cached_property
    def worded(self) -> dict[str, list[tuple[tuple[str, ...], str]]]:
        """By their first word, the words of patients' ids that are no letters with a number, such as 88-1420."""
        found: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for patient in self.documents_of:
            words = tuple(word.upper() for word in WORD.findall(patient))
            if words and not ID.fullmatch(patient):
                found.setdefault(words[0], []).append((words, plain(patient)))
        return found

    def _mentions(self, text: str) -> list[tuple[int, int, str]]:
        """Start, end and plain id of every patient that a text names, in order."""
        found = [
            (*match.span(), plain(match[0]))
            for match in ID.finditer(text)
            if len(match[2]) in self.series.get(match[1].upper(), ()) or plain(match[0]) in self.patients
        ]
        if self.worded:
            words = [(word.start(), word.end(), word[0].upper()) for word in WORD.finditer(text)]
            for at, (start, _, first) in enumerate(words):
                for wanted, patient in self.worded.get(first, ()):
                    here = words[at : at + len(wanted)]
                    end = here[-1][1]
                    if tuple(word for *_, word in here) == wanted and end - start <= len(patient) + len(wanted) + 1:
                        found.append((start, end, patient))
        return sorted(found)

    def _regions(self, document: Document) -> Iterator[Region]:
        """Whose the stretches of a document are, in order; what none of them holds is nobody's.

        In a policy or guideline an id makes its paragraph a patient's. Any other text that names one patient is of that
        patient; where it names several, each has what stands from the line with the id to the next one.
        """
        text = even(document.text)
        mentions = self._mentions(text)
        several = any(warning.endswith(SEVERAL[2:]) for warning in document.warnings)
        named = {patient for *_, patient in mentions}
        if document.type in WORKS and not several:
            cuts = [0, *(blank.end() for blank in BLANK.finditer(text)), len(text)] if mentions else []
            places = ((bisect_right(cuts, start, hi=len(cuts) - 1), patient) for start, _, patient in mentions)
            yield from _merged((cuts[at - 1], cuts[at], patient) for at, patient in places)
        elif len(named) == 1 and not several:
            yield Region(0, len(text), frozenset(named))
        elif several or named or NO_PATIENT in document.name.split("/")[:-1]:
            starts = [(text.rfind("\n", 0, start) + 1, patient) for start, _, patient in mentions]
            ends = [*(start for start, _ in starts), len(text)]
            if ends[0]:
                yield Region(0, ends[0], frozenset({UNKNOWN}))
            yield from _merged((start, end, patient) for (start, patient), end in zip(starts, ends[1:], strict=True))


def _merged(stretches: Iterable[tuple[int, int, str]]) -> Iterator[Region]:
    """Regions of stretches in order of their starts; those of one line are one region of all its patients."""
    start = end = -1
    patients: set[str] = set()
    for low, high, patient in stretches:
        if low > start and patients:
            yield Region(start, end, frozenset(patients))
            patients = set()
        start, end = low, high
        patients.add(patient)
    if patients:
        yield Region(start, end, frozenset(patients))
