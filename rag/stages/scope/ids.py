"""The ids of patients that a question names, and whose they are."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from rag.clinical.owners import LIKELY, WORD, Owners, even, plain
from rag.rules import rules
from rag.stages.index.base import Index
from rag.text import stopwords, terms

WRITTEN = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{1,5})([ _#:-]{0,2})(\d{1,8})(?![A-Za-z0-9]|[.,:/]\d|-\d)", re.ASCII)
UNIT = re.compile(r" ?(?:m?c?[gl]|mm|cm|iu|units?|meq|mmol|%|years?|yrs?|y/?o|days?|weeks?|months?|hours?|kg|lbs?)\b", re.I)
NUMBERED = re.compile(r"\b(?:patient|pt|case|member|chart) (?:id |no\.? |number )?#?(\d{2,8})(?![\w-]|[.,:/]\d)", re.I)
LONG = 5  # Digits of a number that is an id without a word before it.


@dataclass(frozen=True, slots=True)
class Id:
    """An id in a question: where it stands with its label, how it is written, and the plain id, "" where no document has it."""

    start: int
    end: int
    written: str
    patient: str


def ids(question: str, index: Index) -> list[Id]:
    """The ids that a question names, in order, each place once."""
    text, found, end = even(question), list[Id](), 0
    read = (*_written(text, index.owners), *_worded(text, index.owners), *_labelled(text, index), *_numbered(text, index.owners))
    for one in sorted(read, key=lambda one: (one.start, -bool(one.patient), -one.end)):
        if one.start >= end:
            found.append(one)
            end = one.end
    return found


def _written(text: str, owners: Owners) -> Iterator[Id]:
    """Ids of letters and a number, of a series in which patients are numbered."""
    for match in WRITTEN.finditer(text):
        letters, gap, digits = match.groups()
        widths = owners.series.get(letters.upper())
        if not widths or UNIT.match(text, match.end()):
            continue
        patient = _known(letters, digits, owners)
        apart = bool(gap.strip("-")) and (letters.lower() in stopwords() or len(digits) < 2 or len(digits) not in widths)
        short = not gap and len(letters) == 1 and len(digits) < 3
        if patient and not apart and not short:
            yield Id(*match.span(), match[0], patient)
        elif not patient and (gap == "-" or (not gap and len(digits) > 2)) and _is_numbered_so(letters.upper(), digits, owners):
            yield Id(*match.span(), match[0], "")


def _is_numbered_so(letters: str, digits: str, owners: Owners) -> bool:
    """Whether an id that no document has can be nothing else than a patient's, as documents number theirs."""
    return len(digits) in owners.series[letters] or (letters in owners.own and len(digits) > 2)


def _known(letters: str, digits: str, owners: Owners) -> str:
    """The plain id of a patient, whatever zeros lead its number, or nothing."""
    exact = f"{letters}{digits}".upper()
    return exact if exact in owners.written else _only(owners.by_number.get((letters.upper(), int(digits)), ()))


def _only(patients: tuple[str, ...]) -> str:
    return patients[0] if len(patients) == 1 else ""


def _worded(text: str, owners: Owners) -> Iterator[Id]:
    """Ids of another form, such as 88-1420, wherever they stand; short numbers and single words need a label."""
    if not owners.worded:
        return
    words = [(word.start(), word.end(), word[0].upper()) for word in WORD.finditer(text)]
    for at, (start, _, first) in enumerate(words):
        for wanted, patient in owners.worded.get(first, ()):
            here = words[at : at + len(wanted)]
            plainly = len(wanted) > 1 or (any(sign.isdigit() for sign in first) and len(first) >= LONG)
            if plainly and tuple(word for *_, word in here) == wanted and here[-1][1] - start <= len(patient) + len(wanted):
                yield Id(start, here[-1][1], text[start : here[-1][1]], patient)


@cache
def _labels() -> re.Pattern[str]:
    """What stands before an id and the id; `any` is one after a label such as "MRN" that takes ids of every form."""
    known = rules("patients")["labels"]
    plainly, numbered = (
        "|".join(_written_out(rule) for rule in known if bool(rule.get("number")) is told) for told in (False, True)
    )
    sign = r"(?: is| =)?[ _#:.=-]{1,4}"
    return re.compile(
        rf"(?<![A-Za-z0-9])(?:(?:{numbered}){sign}(?P<any>(?=[A-Za-z-]*\d)[A-Za-z0-9][A-Za-z0-9-]{{0,39}})"
        rf"|(?:{plainly}){sign}(?P<id>[A-Za-z]{{1,5}}-?\d{{1,8}}|\d{{5,10}}|\d{{2,6}}-\d{{2,6}}))(?![\w-]|[.,:/]\d)",
        re.IGNORECASE,
    )


def _written_out(rule: dict[str, str]) -> str:
    return rule["label"].replace(" ", "[ _-]?")


def _labelled(text: str, index: Index) -> Iterator[Id]:
    """Ids after "patient", "MRN" and the like; those that no document has too, where they can be nothing else."""
    for match in _labels().finditer(text):
        written = match["any"] or match["id"]
        patient = plain(written) if plain(written) in index.owners.written else _recorded(written, index)
        sure = bool(match["any"]) or LIKELY.fullmatch(written) or written[0].isdigit()
        if patient or (sure and not UNIT.match(text, match.end())):
            yield Id(*match.span(), written, patient)


def _recorded(written: str, index: Index) -> str:
    """The one patient in whose documents another number of theirs stands, or nothing."""
    rows = [set(index.postings(term)[0].tolist()) for term in terms(written, index.stem)]
    chunks = [index.chunks[row] for row in (set.intersection(*rows) if rows else ())]
    there = {index.documents[chunk.span.document].patient for chunk in chunks if plain(written) in plain(chunk.text)}
    return plain(_only(tuple(there - {""})))


def _numbered(text: str, owners: Owners) -> Iterator[Id]:
    """Numbers after "patient" where just one patient has that number."""
    for match in NUMBERED.finditer(text):
        number = int(match[1])
        fitting = {patient for (_, own), patients in owners.by_number.items() if own == number for patient in patients}
        if len(fitting) == 1 and not UNIT.match(text, match.end()):
            yield Id(*match.span(), match[0], *fitting)
