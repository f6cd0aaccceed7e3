"""The day from which a statement's value of what is asked is, so that the latest can be told from older ones."""

from functools import lru_cache

from rag.clinical.facts.analytes import names
from rag.clinical.facts.stream import stream
from rag.clinical.facts.values import values
from rag.clinical.times import absolute
from rag.stages.index.base import Index
from rag.stages.reader.candidates import Candidate
from rag.values import Document

LONGEST = 2000
"""Characters of a statement that are looked at."""
UNSAID = frozenset(("planned", "uncertain", "family"))


@lru_cache(maxsize=256)
def analytes(question: str) -> frozenset[str]:
    """The laboratory values, vital signs and scores that a question names, by their canonical names; of a panel none are."""
    found = (match.meaning for match in names().all(stream(question)) if not match.meaning.panel)
    return frozenset(one.name for meaning in found for one in meaning.analytes)


def day_of_value(asked: frozenset[str], one: Candidate, index: Index) -> tuple[str, bool] | None:
    """The ISO day of a patient's value of one of these, and whether the statement tells it itself; None where it gives none.

    A date in the statement or its label counts before that of its document. A bound ("below 5.2") is no value.
    """
    document = index.documents[one.span.document]
    if not document.patient or any(
        said.status in UNSAID and said.start < one.span.end and one.span.start < said.end for said in document.assertions
    ):
        return None
    text = document.text[one.span.start : min(one.span.end, one.span.start + LONGEST)]
    if not any(found.analyte in asked and not found.limit for found in values(Document("", text))):
        return None
    told = [found.day for found in absolute(f"{one.statement.label} {text}", document.date) if found.day]
    past = [day for day in told if len(day) == len("2024-03-14") and (not document.date or day <= document.date)]
    if past:
        return max(past), True
    return (document.date, False) if document.date else None
