"""Days of a record on one line, also where a text writes them without a year."""

from collections.abc import Sequence
from datetime import date

from rag.clinical.facts.types import Day, Fact
from rag.values import Document

SOME_YEAR = 2001
HALF = 183
HEADER = 320


def ordinal(day: str, near: int | None = None) -> int | None:
    """A day as a number that counts up by one a day: of "--03-14" the one nearest to another. None for a year or feast."""
    try:
        if not day.startswith("--"):
            parts = [int(part) for part in day.split("-")]
            return date(parts[0], parts[1], parts[2] if len(parts) > 2 else 28).toordinal() if len(parts) > 1 else None
        month, own = int(day[2:4]), int(day[5:7] or 28)
        year = date.fromordinal(near).year if near else SOME_YEAR
        found = date(year, month, own).toordinal()
        if near and abs(found - near) > HALF:
            found = date(year + (1 if found < near else -1), month, own).toordinal()
        return found
    except ValueError:
        return None


def day_of(document: Document) -> str | None:
    """The day of a document: as it is told, else the first whole date of its head."""
    if document.date:
        return document.date
    return next(
        (one.day for one in document.moments if one.start < HEADER and one.day and len(one.day) == len("2041-05-02")), None
    )


def last_day(summary: Document, facts: Sequence[Fact], record: Sequence[int]) -> int | None:
    """The last day of a stay: the latest that stands in the head of its summary, else the latest entry of the record."""
    known = [found for one in (day_of(summary),) if one and (found := ordinal(one))]
    near = known[0] if known else max(record, default=None)
    head = [
        found
        for one in facts
        if isinstance(one, Day) and one.start < HEADER and len(one.day) > len("--03") and (found := ordinal(one.day, near))
    ]
    close = [one for one in head if near is None or abs(one - near) <= HALF]
    return max([*known, *close], default=max(record, default=None))
