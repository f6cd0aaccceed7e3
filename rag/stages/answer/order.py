"""The order in which statements answer: what is in force before what is superseded, the latest value before an older one."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from rag.stages.index.base import Index
from rag.stages.reader import drugs
from rag.stages.reader.asks import asks_for_earlier, asks_for_editions, asks_for_latest
from rag.stages.reader.candidates import Candidate, matched
from rag.stages.reader.latest import analytes, day_of_value
from rag.stages.reader.ranges import in_range
from rag.stages.reader.whose import NOBODY, SOMEBODY, about_a_patient, about_a_plan
from rag.text import terms
from rag.values import Document

SUPERSEDED = 3.0
"""What a statement of a superseded edition loses of its logit."""
REVISED = 1.5
"""What a statement of a document's revision history loses where a question does not ask for what has changed."""
REVISIONS = re.compile(
    r"\b(?:(?:revision|change|document|version|amendment) (?:history|log|record)|summary of (?:changes|revisions))\b",
    re.IGNORECASE,
)
OTHER_CELLS = 4.0
"""What a row loses whose cells do not hold what is asked of their columns; half of it is gained by one whose cells do.

So it is with a statement about a range in which a value of the question does not lie, and one in which it does.
"""
OTHER_DRUG = 2.0
"""What a statement loses that names another drug than those of the question, where another statement names one of them."""
OTHER_PLACE = 1.5
"""What a statement loses whose whole document names none of the question's drugs, where another statement names one."""
FAR = 5.0
"""How far behind the first in logits the latest value, or a change of the dose that is asked for, may be to come first."""
AMONG = 16
"""Statements among which those are looked for."""
NEAR = 2.0
"""How far behind in logits the later of two values may be to come first."""
ALIKE = 0.5
"""Share of their words, figures left out, that two statements have in common at least where they say the same thing."""
LOOKED_AT = 8
YEAR = re.compile(r"(?<!\d)(?:19|2[0-2])\d\d(?!\d)")
DAY = re.compile(
    r"\b(?:19|2[0-2])\d\d\b|\b\d{1,2}/\d{1,2}\b|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b", re.IGNORECASE
)


def ordered(question: str, found: Sequence[Candidate], index: Index) -> list[Candidate]:
    """The candidates, likeliest first, after what their documents' editions and dates say.

    A question that names a time or an earlier state keeps the order that the reader gave.
    """
    earlier = asks_for_earlier(question)
    about = about_a_patient(question, found, index)
    older = asks_for_editions(question)
    meant = frozenset(name for name in {one.span.document for one in found} if _names(question, index.documents[name]))
    of_drugs = _of_drugs(question, found, index)
    placed = sorted((_placed(one, question, older, about, meant, index) for one in of_drugs), key=lambda one: -one.score)
    if earlier:
        return placed
    placed = placed if DAY.search(question) else _latest_first(placed, index)
    return _newest_first(question, _changed_first(question, placed, index), index)


def _of_drugs(question: str, found: Sequence[Candidate], index: Index) -> Sequence[Candidate]:
    """The same, those behind that are about other drugs than the question names, if any is about one of them."""
    names = drugs.asked(question)
    if not names or not any(drugs.holds(names, _told(one, index)) for one in found):
        return found
    elsewhere = {name for name in {one.span.document for one in found} if not drugs.holds(names, _whole(index.documents[name]))}
    return [replace(one, score=one.score - less) if (less := _off(one, names, elsewhere, index)) else one for one in found]


def _off(one: Candidate, names: tuple[frozenset[str], ...], elsewhere: Collection[str], index: Index) -> float:
    """What a statement loses for being about other drugs, or in a document that names none of these."""
    another = drugs.names_another(names, _told(one, index))
    return OTHER_DRUG * another + OTHER_PLACE * (one.span.document in elsewhere)


def _whole(document: Document) -> str:
    return f"{document.title} {document.text}"


def _changed_first(question: str, placed: list[Candidate], index: Index) -> list[Candidate]:
    """The same with the dose to which a drug is changed before the one that it had, of one document or an older one."""
    names = drugs.asked(question) if drugs.asks_for_dose(question) else ()
    if not names or not placed or drugs.changes_dose(names, _told(placed[0], index)):
        return placed
    first = index.documents[placed[0].span.document]
    for at, one in enumerate(placed[:AMONG]):
        own = index.documents[one.span.document]
        later = own.name == first.name or bool(own.date and first.date and own.date >= first.date)
        near = placed[0].score - one.score <= FAR
        if near and first.patient and own.patient == first.patient and later and drugs.changes_dose(names, _told(one, index)):
            return _to_the_front(placed, at)
    return placed


def _newest_first(question: str, placed: list[Candidate], index: Index) -> list[Candidate]:
    """The same with the latest value of what is asked first, where a question asks for the latest."""
    asked = analytes(question) if asks_for_latest(question) else frozenset()
    if not asked or not placed:
        return placed
    near = [at for at, one in enumerate(placed[:AMONG]) if placed[0].score - one.score <= FAR]
    days = {at: day for at in near if (day := day_of_value(asked, placed[at], index))}
    return _to_the_front(placed, max(days, key=lambda at: (*days[at], -at))) if days else placed


def _to_the_front(placed: list[Candidate], at: int) -> list[Candidate]:
    """The same with one before all others, with the score of the one that was first."""
    return [replace(placed[at], score=max(placed[0].score, placed[at].score)), *placed[:at], *placed[at + 1 :]]


def _placed(one: Candidate, question: str, older: bool, about: bool, meant: frozenset[str], index: Index) -> Candidate:
    document = index.documents[one.span.document]
    standing = index.standings.get(document.name)
    less = 0.0
    replaced = standing is not None and not standing.in_force and standing.by and not older
    if standing is not None and (document.name not in meant if meant else replaced):
        less += SUPERSEDED  # Another edition than the one that is meant, or than the one in force.
    if about and not document.patient:
        less += NOBODY
    if document.patient and document.type != "denial" and about_a_plan(question):
        less += SOMEBODY
    if not older and REVISIONS.search(one.statement.label):
        less += REVISED
    cells = matched(question, one.statement, document.name, index)
    if cells is not None:
        less += OTHER_CELLS if cells < 1.0 else -OTHER_CELLS / 2
    lies = in_range(question, _told(one, index))
    if lies is not None:
        less += -OTHER_CELLS / 2 if lies else OTHER_CELLS
    return replace(one, score=one.score - less) if less else one


def _names(question: str, document: Document) -> bool:
    """Whether a question asks of this very edition, by its year."""
    years = {document.edition, (document.effective or "")[:4], *YEAR.findall(document.name)}
    return any(len(year) == len("2024") and year in question for year in years)


def _latest_first(found: list[Candidate], index: Index) -> list[Candidate]:
    """The same with the latest of like values before the older ones, which take its score."""
    placed = list(found)
    for at in range(min(LOOKED_AT, len(placed))):
        for other in range(at + 1, min(LOOKED_AT, len(placed))):
            if placed[at].score - placed[other].score <= NEAR and _later(placed[other], placed[at], index):
                placed[at], placed[other] = (
                    replace(placed[other], score=placed[at].score),
                    replace(placed[at], score=placed[other].score),
                )
    return placed


def replaced(first: Candidate, found: Sequence[Candidate], index: Index) -> Candidate | None:
    """What an edition that the first statement's document replaces says of the same thing in other figures, or None.

    It answers too, for the edition that was in force before, however far behind it is placed.
    """
    words, figures = _worded(first, index)
    for one in found:
        standing = index.standings.get(one.span.document)
        if standing is not None and standing.by == first.span.document:
            others, values = _worded(one, index)
            if figures and values and values != figures and len(words & others) >= ALIKE * min(len(words), len(others)):
                return one
    return None


def _told(one: Candidate, index: Index) -> str:
    """A statement with its label."""
    return f"{one.statement.label} {index.documents[one.span.document].text[one.span.start : one.span.end]}"


def _worded(one: Candidate, index: Index) -> tuple[set[str], set[str]]:
    """The words and the figures of a statement, as terms."""
    found = terms(_told(one, index))
    return {term for term in found if not term[0].isdigit()}, {term for term in found if term[0].isdigit()}


def _later(one: Candidate, other: Candidate, index: Index) -> bool:
    """Whether both give a figure for the same thing of the same patient, and the document of the first is the later one."""
    new, old = index.documents[one.span.document], index.documents[other.span.document]
    if not (new.patient and new.patient == old.patient and new.date and old.date and new.date > old.date):
        return False
    (words, figures), (more, values) = _worded(one, index), _worded(other, index)
    return bool(figures and values and words and more) and len(words & more) >= ALIKE * min(len(words), len(more))
