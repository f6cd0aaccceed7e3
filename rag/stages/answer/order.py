"""The order in which statements answer: what is in force before what is superseded, the latest value before an older one."""

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.stages.index.base import Index
from rag.stages.reader.asks import asks_for_earlier, asks_for_editions, asks_for_rules
from rag.stages.reader.candidates import Candidate, matched
from rag.stages.reader.ranges import in_range
from rag.text import terms
from rag.values import Document

SUPERSEDED = 3.0
"""What a statement of a superseded edition loses of its logit."""
NOBODY = 3.0
"""What a statement of a policy or formulary loses where a question names a patient and asks about no rules."""
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
NAMED = re.compile(r"\b[A-Za-z]{1,4}-?\d{2,8}\b|\b(?:he|she|his|her|him|hers|patient|man|woman|lady)\b", re.IGNORECASE)
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
    about = _about(question, found, index)
    older = asks_for_editions(question)
    meant = frozenset(name for name in {one.span.document for one in found} if _names(question, index.documents[name]))
    placed = sorted((_placed(one, question, older, about, meant, index) for one in found), key=lambda one: -one.score)
    return placed if earlier or DAY.search(question) else _latest_first(placed, index)


def _about(question: str, found: Sequence[Candidate], index: Index) -> bool:
    """Whether a question is about a patient rather than about rules: one alone is among the candidates' documents."""
    patients = {index.documents[one.span.document].patient for one in found} - {""}
    return len(patients) == 1 and bool(NAMED.search(question)) and not asks_for_rules(question)


def _placed(one: Candidate, question: str, older: bool, about: bool, meant: frozenset[str], index: Index) -> Candidate:
    document = index.documents[one.span.document]
    standing = index.standings.get(document.name)
    less = 0.0
    replaced = standing is not None and not standing.in_force and standing.by and not older
    if standing is not None and (document.name not in meant if meant else replaced):
        less += SUPERSEDED  # Another edition than the one that is meant, or than the one in force.
    if about and not document.patient:
        less += NOBODY
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
