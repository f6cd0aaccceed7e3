"""Said: what a summary says, looked up by words in any of their forms."""

import re
from collections.abc import Iterable, Sequence
from functools import cached_property

from rag.clinical.facts.types import Day, Drug, Interval
from rag.stages.verify.omissions.base import holds, listed
from rag.stages.verify.omissions.days import last_day, ordinal
from rag.stages.verify.omissions.units import Unit, units
from rag.stages.verify.texts import Source
from rag.stages.verify.words import Word
from rag.values import Document

PREFIX, SHORT, YEAR = 6, 5, 400
BARE = re.compile(r"(?<![\d/-])(\d{1,2})[-/](\d{1,2})$")


class Said:
    """A summary, read once: its statements, where each word stands in it, and which statements look ahead.

    `last` is the last day of the stay, as a number of `days.ordinal`; `days` are those of the record.
    """

    def __init__(self, summary: Document, days: Sequence[int] = ()) -> None:
        self.source = Source(summary)
        self.text = summary.text
        self.low = " ".join(summary.text.lower().split())
        self.last = last_day(summary, self.source.facts, days)
        self.units = units(summary)
        self._prefixes: dict[str, list[int]] = {}
        for place, word in enumerate(self.source.words):
            self._prefixes.setdefault(word.written[:SHORT].lower(), []).append(place)

    def places(self, word: Word) -> list[int]:
        """Where the summary holds a word, in any form, by another name, or of one root with it: hematologist, hematology."""
        if found := self.source.places(word):
            return found
        written = word.written.lower()
        if len(written) < SHORT or not written.isalpha():
            return []
        own = self._prefixes.get(written[:SHORT], [])
        return [at for at in own if _kin(written, self.source.words[at].written.lower())]

    def covered(self, words: Sequence[Word], spans: Iterable[tuple[int, int]] | None = None) -> float:
        """The share, 0 to 1, of the weight of words that stand in the summary, or together in one of these stretches of it."""
        total = sum(word.weight for word in words)
        if not total:
            return 0.0
        held = [(word.weight, [self.source.words[at].start for at in self.places(word)]) for word in words]
        if spans is None:
            return sum(weight for weight, places in held if places) / total
        best = 0.0
        for low, high in spans:
            best = max(best, sum(weight for weight, places in held if any(low <= place < high for place in places)) / total)
        return best

    @cached_property
    def drugs(self) -> dict[str, list[tuple[Unit, Drug]]]:
        """The drugs that it names, each with where."""
        found: dict[str, list[tuple[Unit, Drug]]] = {}
        for unit in self.units:
            for fact in unit.facts:
                if isinstance(fact, Drug):
                    for name in {fact.name, *fact.name.split("/")}:
                        found.setdefault(name, []).append((unit, fact))
        return found

    @cached_property
    def ahead(self) -> list[tuple[int, int]]:
        """Where the statements stand that speak of what is still to come."""
        cues = listed("follow_ups", "cues", "phrases") + listed("follow_ups", "ordering", "phrases")
        return [
            (unit.start, unit.end)
            for unit in self.units
            if unit.place == "Follow-up" or holds(unit.low, cues) or _has_time_ahead(unit, self.last)
        ]


def days_in(unit: Unit) -> list[str]:
    """The days that a statement names, also bare ones that stand at its end: "Transplant clinic 08-12"."""
    bare = BARE.search(unit.text.rstrip(" .;,"))
    found = [one.day for one in unit.facts if isinstance(one, Day) and ordinal(one.day) is not None]
    return [*found, f"--{int(bare[1]):02}-{int(bare[2]):02}"] if bare and not found else found


def is_after(day: str, unit: Unit, last: int | None) -> bool:
    """Whether a day that a statement names lies after the last day of a stay, and within a good year of it."""
    found = ordinal(day, last or unit.day)
    return bool(found and last and last < found <= last + YEAR)


def _has_time_ahead(unit: Unit, last: int | None) -> bool:
    later = any(isinstance(one, Interval) and one.way not in ("ago", "since", "every") for one in unit.facts)
    return later or any(last is None or is_after(day, unit, last) for day in days_in(unit))


def _kin(one: str, other: str) -> bool:
    """Whether two words have one root: the shorter begins the longer, or both begin with the same six letters."""
    short, long = sorted((one, other), key=len)
    return len(short) >= SHORT and (long.startswith(short) or (len(short) > PREFIX and short[:PREFIX] == long[:PREFIX]))
