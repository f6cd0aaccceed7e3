"""Twins: sentences of two documents of one day that say the same but for a number, a side or a denial."""

from collections.abc import Iterator
from typing import NamedTuple

from rag.clinical.conflicts.reading import Reading, Said
from rag.clinical.facts.types import Clock, Day, Value
from rag.rules import rules

FEWEST, LONGEST = 6, 60
"""Words that a sentence must have besides what may differ, and at most."""


class Turned(NamedTuple):
    """What of a sentence may differ from its twin: its numbers, sides and denials, in order."""

    parts: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(self.parts)


def twins(reading: Reading) -> Iterator[Said]:
    """Every sentence as what it says besides its numbers, sides and denials, with these as its value.

    Values that change within a day, and times of it, count as such a number only beside a day of their own.
    """
    turning = frozenset(rules("conflicts")["turning"]["words"])
    steady = rules("conflicts")["steady"]["analytes"]
    words = reading.words
    at = 0
    for start, end in reading.sentences:
        while at < len(words.starts) and words.starts[at] < start:
            at += 1
        first = at
        while at < len(words.starts) and words.starts[at] < end:
            at += 1
        days = " ".join(sorted({one.day for one in reading.within(Day, start, end)}))
        free = [] if days else [one for one in reading.within(Value, start, end) if one.analyte not in steady]
        free += reading.within(Clock, start, end)
        kept: list[str] = []
        turned: list[str] = []
        for place in range(first, at):
            word, here = words.said[place], words.starts[place]
            if word.isdigit() and any(one.start <= here < one.end for one in free):
                continue
            (turned if word.isdigit() or word in turning else kept).append(word)
        if FEWEST <= len(kept) <= LONGEST:
            subject = (" ".join(kept), reading.document.title)
            value = Turned(tuple(turned))
            where = (reading.document, start, end)
            yield Said("statement", subject, value, str(value), *where, reading.document.date or "", days)
