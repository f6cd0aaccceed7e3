"""Phrases: names of several words, looked up in a stream of tokens by their first word; the longest one counts."""

from collections.abc import Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

from rag.clinical.facts.stream import TOKEN, Stream

Meaning = TypeVar("Meaning")
JOINING = frozenset("-–‑\n")
"""What may stand between two words of a phrase: "x-ray" is "x ray", also where the line is broken."""


class Match(NamedTuple, Generic[Meaning]):
    """A phrase in a stream: tokens `first` up to, not with, `last`, and what it stands for."""

    first: int
    last: int
    meaning: Meaning


class Phrases(Generic[Meaning]):
    """Names with what they stand for; an exact one counts only as it is written, capitals and all."""

    def __init__(self, named: Iterable[tuple[str, Meaning]], exact: Iterable[tuple[str, Meaning]] = ()) -> None:
        self._heads: dict[str, list[tuple[tuple[str, ...], str, Meaning]]] = {}
        for name, meaning in named:
            self._add(name, "", meaning)
        for name, meaning in exact:
            self._add(name, name, meaning)
        for listed in self._heads.values():
            listed.sort(key=lambda one: (-len(one[0]), not one[1]))

    def _add(self, name: str, exact: str, meaning: Meaning) -> None:
        head, *rest = TOKEN.findall(name.lower())
        self._heads.setdefault(head, []).append((tuple(word for word in rest if word != "-"), exact, meaning))

    def at(self, stream: Stream, place: int) -> Match[Meaning] | None:
        """The longest phrase that begins at a token."""
        said = stream.said
        for rest, exact, meaning in self._heads.get(said[place], ()) if place < len(said) else ():
            last = place + 1
            for word in rest:
                if last < len(said) and said[last] != word and said[last] in JOINING:
                    last += 1
                if last >= len(said) or said[last] != word:
                    break
                last += 1
            else:
                if not exact or stream.written(place, last) == exact:
                    return Match(place, last, meaning)
        return None

    def all(self, stream: Stream) -> Iterator[Match[Meaning]]:
        """Every phrase of a stream from left to right, none inside another."""
        heads, behind = self._heads, 0
        for place in [place for place, word in enumerate(stream.said) if word in heads]:
            if place >= behind and (found := self.at(stream, place)):
                behind = found.last
                yield found
