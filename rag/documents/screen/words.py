"""The words of a text with what is known of each, shared by the rules for people and places."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from itertools import pairwise
from typing import NamedTuple

from rag.rules import rules
from rag.starts import matches

WORD = re.compile(r"[^\W\d_][\w'’\-]*")
POSSESSIVE = re.compile(r"['’]s?$")


class Word(NamedTuple):
    """A word at its place, without a possessive ending; `low` is its lower case."""

    start: int
    end: int
    text: str
    low: str

    @property
    def capital(self) -> bool:
        """Whether it begins with a capital and has a small letter: "Smith", "McDonald", not "CT"."""
        return self.text[0].isupper() and not self.text.isupper()

    @property
    def initial(self) -> bool:
        """Whether it is a single capital letter."""
        return len(self.text) == 1 and self.text.isupper()


_word = partial(tuple.__new__, Word)  # As `Word._make`, without its own call: one for every word of a document.


@lru_cache(maxsize=32)
def words(text: str) -> tuple[Word, ...]:
    """All words of a text, in order."""
    found = []
    for match in WORD.finditer(text):
        plain = match[0]
        if not plain.isalnum():
            plain = POSSESSIVE.sub("", plain).rstrip("-'’") or plain[0]
        start = match.start()
        found.append(_word((start, start + len(plain), plain, plain.lower())))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Names:
    """The lists of names: given names, surnames, and those of both that are also ordinary words."""

    first: frozenset[str]
    last: frozenset[str]
    ordinary: frozenset[str]


@cache
def names() -> Names:
    """The lists of `rag/rules/names.json`."""
    lists = {kind: frozenset(" ".join(rules("names")[kind]).split()) for kind in ("first", "last", "ordinary", "also_last")}
    return Names(lists["first"], lists["last"] | lists["also_last"], lists["ordinary"])


@cache
def known(file: str, kind: str) -> frozenset[str]:
    """A list of words of `rag/rules/FILE.json`, in lower case."""
    listed = rules("people")[kind] if file == "people" else rules("places")[kind]
    return frozenset(word.lower() for word in (listed["words"] if isinstance(listed, dict) else listed))


@cache
def _not_people() -> re.Pattern[str]:
    listed = sorted(rules("people")["not_people"]["phrases"], key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, listed))})(?:['’]s)?(?!\w)")


def no_person(text: str) -> list[tuple[int, int]]:
    """Where brands and eponyms of several words stand that look like names: "Dr. Pepper", "Ann Arbor stage"."""
    return [match.span() for match in matches(_not_people(), text)]


def is_eponym(text: str, found: Sequence[Word], at: int) -> bool:
    """Whether the word at this place names a thing of medicine: "Parkinson disease", "Wells score", "Foley", "Crohn's"."""
    word, nouns = found[at], known("people", "eponym_nouns")
    near = found[at + 1 : at + 4]
    if near and near[0].low in nouns and re.fullmatch(r"(?:['’]s?)?[ \-–/]", text[word.end : near[0].start]):
        return True
    if _among_capitals(text, found, at):
        return True
    if word.low not in known("people", "eponyms"):
        return False
    stretch = re.match(r"[\w'’ \-–/]*", text[word.end : word.end + 40])
    reach = word.end + (stretch.end() if stretch else 0)
    return any(one.low in nouns for one in near if one.end <= reach) or text[word.end : word.end + 1] in {"'", "’", "-", "–", "/"}


def _among_capitals(text: str, found: Sequence[Word], at: int) -> bool:
    """Whether a word such as "syndrome" follows within two more words with a capital: "Charles Bonnet syndrome"."""
    strong, weak, listed = (known("people", kind) for kind in ("strong_eponym_nouns", "also_of_people", "eponyms"))
    run = found[at : at + 5]
    for here, following in pairwise(run):
        if text[here.end : following.start] not in {" ", ". ", "-", "–", "'s ", "’s "}:
            return False
        if following.low in strong:
            named = any(word.low in listed for word in run if word.start < following.start)
            return named or following.low not in weak
        if not following.capital:
            return False
    return False
