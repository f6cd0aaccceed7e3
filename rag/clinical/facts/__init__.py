"""Facts: what a stretch of text states, typed and normalised, found by rules that are data.

    types       the kinds, and their rows as JSON
    FINDERS     one module a family: each reads a document and yields its facts, without status

`facts` puts them together. Where two families read the same number the one that stands first in `FINDERS` keeps it, and every
fact has the status that the assertions of the text give it.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from rag.clinical.assertions import assertions
from rag.clinical.facts.advice import times_and_advice
from rag.clinical.facts.changes import changes
from rag.clinical.facts.codes import codes
from rag.clinical.facts.courses import courses
from rag.clinical.facts.drugs import prescriptions
from rag.clinical.facts.numbers import numbers
from rag.clinical.facts.people import people
from rag.clinical.facts.policies import criteria
from rag.clinical.facts.sites import sites
from rag.clinical.facts.sizes import sizes
from rag.clinical.facts.types import Age, Clock, Code, Day, Dose, Fact, Frequency, Interval, Number, Size, Value
from rag.clinical.facts.values import values
from rag.clinical.sections import sections
from rag.clinical.times import moments
from rag.values import Document

Finder = Callable[[Document], Iterable[Fact]]
FINDERS: tuple[Finder, ...] = (
    prescriptions, values, times_and_advice, people, courses, criteria, sizes, sites, changes, codes,
    numbers,  # Last: it reads every number that is left.
)  # fmt: skip
COUNTED = (Dose, Frequency, Value, Size, Day, Age, Interval, Clock, Code, Number)
"""The kinds that read a number: of those that overlap one is kept."""


def facts(document: Document) -> tuple[Fact, ...]:
    """All that a document states, in order of place."""
    found = sorted(_kept(one for finder in FINDERS for one in finder(document)), key=lambda one: (one.start, one.end, one.kind))
    return tuple(_with_statuses(found, document))


@lru_cache(maxsize=8)
def facts_in(text: str) -> tuple[Fact, ...]:
    """All that a text states which is no document of its own, such as a question that several steps look at."""
    return facts(reading(text))


def reading(text: str, day: str | None = None) -> Document:
    """A text that is no document of its own (a statement, a source) with sections, times and assertions; `day` is its date."""
    found = sections(text)
    return Document("", text, date=day, sections=found, moments=moments(text, found, day), assertions=assertions(text, found))


def _kept(found: Iterable[Fact]) -> Iterator[Fact]:
    """Every fact but those that read a number which another one has read before."""
    taken: set[int] = set()
    for one in found:
        if isinstance(one, COUNTED):
            own = range(one.start, one.end)
            if not taken.isdisjoint(own):
                continue
            taken.update(own)
        yield one


def _with_statuses(found: Iterable[Fact], document: Document) -> Iterator[Fact]:
    said = document.assertions
    longest = max((one.end - one.start for one in said), default=0)
    for one in found:
        first = bisect_left(said, one.start - longest, key=lambda own: own.start)
        last = bisect_left(said, one.end, key=lambda own: own.start)
        statuses = frozenset(own.status for own in said[first:last] if one.start < own.end)
        yield replace(one, statuses=statuses) if statuses else one
