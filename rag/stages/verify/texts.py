"""A source and a statement as checks read them: words, sentences, facts, and where a statement has its like in the source."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from rag.clinical.facts import facts, reading
from rag.clinical.facts.types import Fact
from rag.embedding import Vectors
from rag.stages.verify.meaning import vectors_of
from rag.stages.verify.quantities import Quantity, quantities
from rag.stages.verify.words import Word, every_word, listed, words_of
from rag.text import sentences, trim
from rag.values import Document

MOST_PARTS = 3
BESIDE, LEAST = 0.5, 1e-6
SPEAKER = 40
"""How many characters of an answer are looked at, with the name of who gives it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A sentence of a source: its place, and its words as places in the source's."""

    start: int
    end: int
    first: int
    last: int


class Source:
    """A passage, read once: `words`, `parts` and `facts`; what it holds is looked up by stem."""

    def __init__(self, document: Document) -> None:
        self.document, self.text = document, document.text
        self.words = words_of(document)
        self.facts = facts(document)
        self.quantities = quantities(document.text)
        self.every = tuple(every_word(document.text))
        self.parts = tuple(self._parts())
        self.words = self._answered()
        self.at: dict[str, list[int]] = {}
        for place, word in enumerate(self.words):
            self.at.setdefault(word.stem, []).append(place)
            for form in word.others:
                if len(form) == 1:
                    self.at.setdefault(next(iter(form)), []).append(place)

    def _parts(self) -> Iterable[Part]:
        first = 0
        for start, end in sentences(self.text):
            while first < len(self.words) and self.words[first].start < start:
                first += 1
            last = first
            while last < len(self.words) and self.words[last].start < end:
                last += 1
            yield Part(start, end, first, last)

    def _answered(self) -> tuple[Word, ...]:
        """The words, those of a question that is answered by "no" being denied, as in "Any fever? No"."""
        words = list(self.words)
        for part, answer in pairwise(self.parts):
            if self.text[part.start : part.end].rstrip().endswith("?") and self._is_no(answer):
                for at in range(part.first, part.last):
                    words[at] = words[at]._replace(statuses=words[at].statuses | {"negated"})
        return tuple(words)

    def _is_no(self, part: Part) -> bool:
        """Whether a sentence begins with a plain denial, behind the name of who speaks."""
        text = self.text[part.start : min(part.end, part.start + SPEAKER)]
        _, colon, rest = text.partition(":")
        first = (rest if colon else text).replace(",", " ").replace(".", " ").replace(";", " ").split()
        return bool(first) and first[0].lower() in listed("standing", "noes")

    def places(self, word: Word) -> list[int]:
        """Where the source holds a word, in that form or by another name."""
        if found := self.at.get(word.stem):
            return found
        for form in (*word.others, *word.members):
            if all(stem in self.at for stem in form):
                return [place for stem in form for place in self.at[stem]]
        return []

    @cached_property
    def sentences(self) -> list[str]:
        """The text of every part."""
        return [self.text[part.start : part.end] for part in self.parts]

    @cached_property
    def starts(self) -> list[int]:
        """Where every word begins."""
        return [word.start for word in self.words]

    def part_at(self, offset: int) -> int:
        """The part that holds a character, or the one before it."""
        return max(0, bisect_right(self.parts, offset, key=lambda part: part.start) - 1)

    def is_asked(self, offset: int) -> bool:
        """Whether a place lies in a question or right behind one: what is asked is not stated, and its answer may deny it."""
        at = self.part_at(offset)
        return any("?" in self.text[part.start : part.end] for part in self.parts[max(0, at - 1) : at + 1])

    def between(self, spans: list[tuple[int, int]]) -> list[int]:
        """The places of the words that stand in these stretches."""
        return [at for at, word in enumerate(self.words) if any(low <= word.start < high for low, high in spans)]

    @cached_property
    def vectors(self) -> Vectors:
        """A static vector for every word, shape (words, 128)."""
        return vectors_of([word.written for word in self.words])

    @cached_property
    def part_of(self) -> list[int]:
        """For every word the part it stands in."""
        return [at for at, part in enumerate(self.parts) for _ in range(part.first, part.last)]


@lru_cache(maxsize=64)
def source_of(text: str, day: str | None = None) -> Source:
    """A text that is no document of its own, read; the last ones are kept."""
    return Source(reading(text, day))


@dataclass(frozen=True, eq=False)
class Statement:
    """A statement of a response at `start` to `end`, and what is like it in the source. All places are the response's.

    `held` are, for every word, its places among the source's words; `aligned` the source's parts that are most like it;
    `near` the places of `held` that stand in those.
    """

    text: str
    start: int
    end: int
    words: tuple[Word, ...]
    facts: tuple[Fact, ...]
    quantities: tuple[Quantity, ...]
    every: tuple[tuple[str, int, int], ...]
    held: tuple[tuple[int, ...], ...] = ()
    aligned: tuple[int, ...] = ()
    near: tuple[tuple[int, ...], ...] = ()

    @property
    def weight(self) -> float:
        """How much its words tell together."""
        return sum(word.weight for word in self.words)

    @property
    def covered(self) -> float:
        """The share, 0 to 1, of that which the aligned parts hold."""
        held = sum(word.weight for word, places in zip(self.words, self.near, strict=True) if places)
        return held / self.weight if self.weight else 1.0

    def part_spans(self, source: Source) -> list[tuple[int, int]]:
        """Where the aligned parts stand, with what goes before and after the best one."""
        around = dict.fromkeys((*self.aligned, *(at + by for at in self.aligned[:1] for by in (-1, 1))))
        return [(source.parts[at].start, source.parts[at].end) for at in around if 0 <= at < len(source.parts)]


def statements(response: str, source: Source) -> list[Statement]:
    """The statements of a response, each beside what is like it in the source."""
    document = reading(response)
    words, found, numbers, every = words_of(document), facts(document), quantities(response), tuple(every_word(response))
    result = []
    for start, end in clauses(response, every):
        own = tuple(word for word in words if start <= word.start < end)
        held, parts = aligned(own, source)
        there = set(parts)
        near = tuple(tuple(place for place in places if source.part_of[place] in there) for places in held)
        result.append(
            Statement(
                response[start:end], start, end, own,
                tuple(one for one in found if start <= one.start < end),
                tuple(one for one in numbers if start <= one.start < end),
                tuple(one for one in every if start <= one[1] < end),
                held, parts, near,
            )
        )  # fmt: skip
    return result


def clauses(text: str, every: tuple[tuple[str, int, int], ...]) -> Iterator[tuple[int, int]]:
    """The sentences of a text, cut before "and", "but" and the like where a verb stands on both sides."""
    joints = listed("clauses")
    for start, end in sentences(text):
        words = [one for one in every if start <= one[1] < end]
        begin, verb = start, False
        for at, (word, low, _) in enumerate(words):
            if word in joints and verb and low > begin:
                behind = [one[0] for one in words[at + 1 : at + 6]]
                if any(_is_verb(one) for one in behind[:5]):
                    yield trim(text, begin, low)
                    begin, verb = low, False
            verb = verb or _is_verb(word)
        yield trim(text, begin, end)


def _is_verb(word: str) -> bool:
    return word in listed("clauses", "verbs") or (len(word) > 4 and word.endswith("ed"))


Holding = dict[int, dict[int, float]]


def aligned(words: tuple[Word, ...], source: Source) -> tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]:
    """For every word its places in the source, and the parts that together hold most of the words, the best first."""
    held = tuple(tuple(source.places(word)) for word in words)
    holds: Holding = {}
    for at, places in enumerate(held):
        share = words[at].weight / (1 + 0.15 * min(len(places), 10))
        for place in places:
            holds.setdefault(source.part_of[place], {})[at] = share
    chosen: list[int] = []
    left = set(range(len(words)))
    while len(chosen) < MOST_PARTS and holds:
        gains = {part: _gain(part, own, left, chosen) for part, own in holds.items()}
        best = max(gains, key=lambda part: (gains[part], -part))
        if gains[best] < (BESIDE if chosen else LEAST):
            break
        chosen.append(best)
        left -= set(holds.pop(best))
    return held, tuple(chosen)


def _gain(part: int, own: dict[int, float], left: set[int], chosen: list[int]) -> float:
    """What a part adds to those that are chosen; one beside them rather than one far away."""
    beside = any(abs(part - other) == 1 for other in chosen)
    return sum(share for at, share in own.items() if at in left) * (1.15 if beside else 1.0)
