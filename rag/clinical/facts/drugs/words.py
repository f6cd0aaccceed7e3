"""The words and numbers of a text with their places, and phrases of the rules found in them by their first word."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar

TOKEN = re.compile(r"[^\W\d_]+|\d+|[½¼¾×]")
JOINING = re.compile(r"[ \t]?[-‑–/.'’®™()%#+&]{0,2}[ \t]?|[ \t]*\n[ \t]*|-\n[ \t]*")
"""What may stand between two words of a phrase: "beta-blocker" is "beta blocker", also where the line is broken."""
ON_ONE_LINE = re.compile(r" ?[-‑–/]? ?|[-/]\n")
Meaning = TypeVar("Meaning")


class Words(NamedTuple):
    """The words of a text in small letters, and where each begins and ends."""

    text: str
    said: list[str]
    starts: list[int]
    ends: list[int]


@lru_cache(maxsize=2)
def words_of(text: str) -> Words:
    """The words and runs of figures of a text, in order."""
    said, starts, ends = [], [], []
    for found in TOKEN.finditer(text):
        said.append(found[0].lower())
        starts.append(found.start())
        ends.append(found.end())
    return Words(text, said, starts, ends)


class Match(NamedTuple, Generic[Meaning]):
    """A phrase in the words of a text: words `first` up to, not with, `last`, and what it stands for."""

    first: int
    last: int
    meaning: Meaning


class Phrases(Generic[Meaning]):
    """Phrases with what they stand for; several may be written alike."""

    def __init__(self, named: Iterable[tuple[str, Meaning]]) -> None:
        self.heads: dict[str, list[tuple[tuple[str, ...], Meaning]]] = {}
        for name, meaning in named:
            head, *rest = TOKEN.findall(name.lower())
            self.heads.setdefault(head, []).append((tuple(rest), meaning))
        for listed in self.heads.values():
            listed.sort(key=lambda one: -len(one[0]))

    def at(self, words: Words, place: int, joining: re.Pattern[str] = JOINING) -> list[Match[Meaning]]:
        """The phrases that begin at a word, the longest first."""
        found = []
        for rest, meaning in self.heads.get(words.said[place], ()):
            last = place + 1
            if rest:
                last += len(rest)
                if tuple(words.said[place + 1 : last]) != rest or not joined(words, place, last, joining):
                    continue
            found.append(Match(place, last, meaning))
        return found


def joined(words: Words, first: int, last: int, joining: re.Pattern[str] = JOINING) -> bool:
    """Whether nothing but joining signs stands between the words `first` up to, not with, `last`."""
    text, starts, ends = words.text, words.starts, words.ends
    return all(joining.fullmatch(text, ends[at], starts[at + 1]) for at in range(first, last - 1))
