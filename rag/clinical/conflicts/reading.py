"""A document as what it states is compared with others: its facts, sentences, sections and the day that each place is of."""

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from rag.clinical.facts.drugs.words import Phrases, Words, words_of
from rag.clinical.facts.types import Fact
from rag.clinical.headings import heading_kind
from rag.rules import rules
from rag.text import sentences
from rag.values import Assertion, Document, Moment, Status

UNSURE = "?"
"""The day of what stands beside several days, or beside one that cannot be told."""
ISO = len("2024-03-14")
NEAR = 600
"""Characters on either side that are read of a line or sentence without end."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a place states of a subject: its value, compared with `==`, in words, and the day and phase that it is of.

    `day` is ISO, "" where nothing tells it. `source` names the part of the document: of one that says two things nothing is
    compared, since the two may be of different things.
    """

    kind: str
    subject: Hashable
    value: Any
    says: str
    document: Document
    start: int
    end: int
    day: str = ""
    phase: str = ""
    source: str = ""


class Reading:
    """A document with its facts, for the readers of what may conflict."""

    def __init__(self, document: Document, facts: Sequence[Fact]) -> None:
        self.document = document
        self.facts = facts
        self.text = document.text
        self._edges = sorted({edge for one in document.sections for edge in (one.start, one.end)})
        self._paths: dict[int, tuple[str, ...]] = {}
        self._longest = max((one.end - one.start for one in document.assertions), default=0)

    def of(self, *kinds: type[Fact]) -> Iterator[Any]:
        """The facts of these kinds, in order."""
        return (one for one in self.facts if isinstance(one, kinds))

    @cached_property
    def words(self) -> Words:
        return words_of(self.text)

    @cached_property
    def sentences(self) -> list[tuple[int, int]]:
        return sentences(self.text)

    def sentence(self, at: int) -> tuple[int, int]:
        """The sentence around a character, of a very long one what is near."""
        place = max(bisect_right(self.sentences, (at, len(self.text) + 1)) - 1, 0)
        start, end = self.sentences[place] if self.sentences else (0, len(self.text))
        return (max(start, at - NEAR), min(end, at + NEAR)) if start <= at <= end else (at, at)

    def line(self, at: int) -> tuple[int, int]:
        """The line around a character, of a very long one what is near."""
        first, last = max(at - NEAR, 0), min(at + NEAR, len(self.text))
        begin, end = self.text.rfind("\n", first, at), self.text.find("\n", at, last)
        return begin + 1 if begin >= 0 else first, end if end >= 0 else last

    def sections(self, at: int) -> tuple[str, ...]:
        """The titles of the sections around a character, innermost first."""
        place = bisect_right(self._edges, at)
        if place not in self._paths:
            self._paths[place] = self.document.path_at(at)[::-1]
        return self._paths[place]

    def headings(self, at: int) -> list[str]:
        """What the rules call the sections around a character, innermost first."""
        return [kind.name for title in self.sections(at) if (kind := heading_kind(title))]

    def assertions(self, start: int, end: int) -> list[Assertion]:
        """What makes a stretch, or a part of it, something else than a present finding."""
        said = self.document.assertions
        first = bisect_left(said, start - self._longest, key=lambda own: own.start)
        last = bisect_left(said, end, key=lambda own: own.start)
        return [own for own in said[first:last] if start < own.end]

    def statuses(self, start: int, end: int) -> frozenset[Status]:
        """The statuses that the text gives a stretch."""
        return frozenset(one.status for one in self.assertions(start, end))

    def within(self, kind: type[Fact], start: int, end: int) -> list[Any]:
        """The facts of a kind that begin in a stretch."""
        first = bisect_left(self.facts, start, key=lambda one: one.start)
        last = bisect_left(self.facts, end, key=lambda one: one.start)
        return [one for one in self.facts[first:last] if isinstance(one, kind)]

    def holds(self, rule: str, start: int, end: int) -> bool:
        """Whether one of the words of a rule stands in a stretch."""
        return next(mentions(self, rule, start, end), None) is not None

    def day(self, at: int) -> str:
        """The day that a place is of: the one in its sentence, else that of the entry it stands in, else the document's."""
        start, end = self.sentence(at)
        here = {moment.day for moment in self.moments(start, end)}
        if here:
            return next(iter(here)) or UNSURE if len(here) == 1 else UNSURE
        place = bisect_right(self._stamps, at, key=lambda stamp: stamp[0])
        return self._stamps[place - 1][1] if place else self.document.date or ""

    def moments(self, start: int, end: int) -> list[Moment]:
        """The days that a stretch tells, or mentions without telling which; no months and years."""
        first = bisect_left(self._moments, start, key=lambda one: one.start)
        last = bisect_left(self._moments, end, key=lambda one: one.start)
        return self._moments[first:last]

    @cached_property
    def _moments(self) -> list[Moment]:
        return [moment for moment in self.document.moments if not moment.day or len(moment.day) == ISO]

    @cached_property
    def _stamps(self) -> list[tuple[int, str]]:
        """Where lines begin with a day, with that day, in a document of several such entries."""
        found = [
            (moment.start, moment.day)
            for moment in self._moments
            if moment.day and not self.text[self.line(moment.start)[0] : moment.start].strip(" \t*_#|[(<>-•")
        ]
        return found if len({day for _, day in found}) > 1 else []


@dataclass(frozen=True, slots=True)
class Mention:
    """A phrase of a rule at its place, with what it stands for."""

    start: int
    end: int
    meaning: Any


def mentions(reading: Reading, rule: str, start: int = 0, end: int | None = None) -> Iterator[Mention]:
    """The phrases of a rule in a stretch of a text, in order; of those that begin at one word the longest."""
    words, named = reading.words, _phrases(rule)
    first = bisect_left(words.starts, start)
    last = len(words.said) if end is None else bisect_left(words.starts, end)
    for place in range(first, last):
        for found in named.at(words, place)[:1]:
            yield Mention(words.starts[found.first], words.ends[found.last - 1], found.meaning)


@cache
def _phrases(rule: str) -> Phrases[Any]:
    """The words of a part of `conflicts.json`; each stands for the rule that names it, or for itself."""
    found = rules("conflicts")[rule]
    if isinstance(found, dict):
        return Phrases((word, word) for word in found["words"])
    return Phrases((word, one) for one in found for word in one["words"])
