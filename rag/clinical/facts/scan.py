"""A text on its way to its values: its tokens, the names in it, the dates to pass over, and the numbers that are read."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field

from rag.clinical.facts.analytes import Analyte, Named, listed, names
from rag.clinical.facts.beside import beside
from rag.clinical.facts.phrases import Match
from rag.clinical.facts.readings import CLASSES, Reading, limited, limited_after, reading_at
from rag.clinical.facts.stream import Stream, stream
from rag.clinical.facts.types import Value
from rag.values import Document

ABOUT = frozenset(("about", "around", "roughly", "approximately", "nearly", "almost", "some"))
NEAR = 60
"""How far before its number a name may begin to be shown with it, in characters."""


@dataclass
class Scan:
    """One way through a text.

    `skipped` are the tokens at which a date begins, with the token behind it, and `dated` all tokens of dates. `taken` are the
    tokens of the values that are read, `used` the first tokens of the names that have one.
    """

    words: Stream
    named: list[Match[Named]]
    skipped: dict[int, int]
    taken: set[int] = field(default_factory=set)
    used: set[int] = field(default_factory=set)
    dated: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.name_at = {match.first: match for match in self.named}
        self.dated = {at for first, last in self.skipped.items() for at in range(first, last)}
        self.number_ends = {amount.last for amount in self.words.amounts.values()}

    def read(self, place: int, analytes: Iterable[Analyte]) -> tuple[Analyte, Reading] | None:
        """The number at a token for the first of several analytes that can have it."""
        for analyte in analytes if place not in self.taken else ():
            if reading := self.one(place, analyte):
                return analyte, reading
        return None

    def one(self, place: int, analyte: Analyte) -> Reading | None:
        """The number of an analyte at a token; none where it is a code or a time such as "0815"."""
        written = self.words.word(place)
        if len(written) > 1 and written[0] == "0" and written.isdigit():
            return None
        before = self.words.word(place - 1)
        if before in ABOUT:
            before = self.words.word(place - 2)
        if before == "by" and analyte.name != "weight change":  # "Rose by 0.8".
            return None
        if before in listed("numbered") and not (before in CLASSES and analyte.form in ("scale", "score")):
            return None
        return reading_at(self.words, place, analyte)

    def is_bare(self, reading: Reading) -> bool:
        """Whether a reading ends with its number, without unit or sign."""
        return reading.last in self.number_ends

    def value(
        self, analyte: Analyte, reading: Reading, name: Match[Named] | None = None, flag: str = "", cell: bool = False
    ) -> tuple[Value, int]:
        """A reading with what stands beside it, shown with its name where that is right before it, and the token behind it."""
        words = self.words
        aside = beside(words, reading.last, analyte, cell)
        unit = aside.unit if aside.unit and self.is_bare(reading) else reading.unit
        first, limit = limited(words, reading.first)
        wider, other = limited_after(words, reading.last)
        last = max(aside.last, wider)
        self.taken.update(range(first, last))
        start = words.starts[first]
        if name and start - words.starts[name.first] <= NEAR and not self._apart(name.last, first):
            start = words.starts[name.first]
        number, own = analyte.own(reading.number, unit)
        sides = (None if one is None else analyte.own(one, unit)[0] for one in (reading.most, aside.low, aside.high))
        most, low, high = (None if one is None else _rounded(one) for one in sides)
        value = Value(
            start=start,
            end=words.ends[last - 1],
            analyte=analyte.name,
            number=_rounded(number),
            unit=own,
            most=most,
            second=reading.second,
            limit=limit or other,
            low=low,
            high=high,
            flag=aside.flag or flag,
            converted=own != unit,
        )
        return value, last

    def _apart(self, last: int, first: int) -> bool:
        """Whether a line ends or a time is told between a name and its number."""
        return any(word == "\n" or word in listed("when") for word in self.words.said[last:first])


def scan(document: Document) -> Scan:
    """A text before any of its values is read."""
    words = stream(document.text)
    skipped = {}
    for moment in document.moments:
        first, last = bisect_left(words.starts, moment.start), bisect_left(words.starts, moment.end)
        if any(at in words.amounts for at in range(first, last)):
            skipped[first] = last
    return Scan(words, list(names().all(words)), skipped)


def _rounded(number: float) -> float:
    """A number without the noise of a conversion."""
    return float(f"{number:.6g}")
