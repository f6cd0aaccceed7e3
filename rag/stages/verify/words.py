"""The content words of a text as checks compare them: one form each, how rare, and what the text says of them."""

import math
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

import Stemmer

from rag.rules import rules
from rag.stages.expand.synonyms import matches
from rag.text import terms, terms_at
from rag.values import Document, Status
from rag.wordpiece import commonness

STEMMER = Stemmer.Stemmer("english")
LEAST_WEIGHT, COMMON, FLAT = 0.15, 0.35, 0.35
NONE: frozenset[Status] = frozenset()


class Word(NamedTuple):
    """A word at `start` to `end`: its stem, itself in one spelling, how much it tells (0 to 1), what the text says of it.

    `others` are other names of what it names, each as the stems of its words; `members`, of a class, the names of what is of it.
    A member is never told by its class: one antibiotic is not another.
    """

    start: int
    end: int
    stem: str
    written: str
    weight: float
    statuses: frozenset[Status]
    others: tuple[frozenset[str], ...]
    members: tuple[frozenset[str], ...] = ()


@lru_cache(maxsize=100_000)
def stem_of(word: str) -> str:
    """The stem of a word that is spelled in one way."""
    return word if word.isupper() or not word.isascii() else str(STEMMER.stemWord(word))


@lru_cache(maxsize=100_000)
def weight_of(word: str) -> float:
    """How much a word tells, 0 to 1: little where most passages hold it."""
    if word in empty():
        return 0.0
    common = commonness(word.lower())
    return max(LEAST_WEIGHT, min(1.0, 1.0 - math.pow(common / COMMON, FLAT)))


@cache
def listed(part: str, name: str = "words") -> frozenset[str]:
    """The words of a list in the rules of the checks: "hedges" of "standing", the "words" of "negators"."""
    return frozenset(rules("checks")[part][name])


@cache
def empty() -> frozenset[str]:
    """Words that a statement may add without saying more: "reports", "patient", "currently"."""
    return frozenset(word for one in rules("checks")["empty"] for word in one["words"])


@lru_cache(maxsize=20_000)
def _forms(form: str) -> frozenset[str]:
    return frozenset(terms(form))


def words_of(document: Document) -> tuple[Word, ...]:
    """The content words of a text, in order."""
    text = document.text
    others = _others(text)
    said = document.assertions
    starts = [one.start for one in said]
    longest = max((one.end - one.start for one in said), default=0)
    found = []
    at = 0
    for word, start, end in terms_at(text, stem=False):
        while at < len(others) and others[at][1] <= start:
            at += 1
        own = others[at][2:] if at < len(others) and others[at][0] < end else ((), ())
        first, last = bisect_left(starts, start - longest), bisect_left(starts, end)
        statuses = frozenset(one.status for one in said[first:last] if start < one.end) if first < last else NONE
        found.append(Word(start, end, stem_of(word), word, weight_of(word), statuses, *own))
    return tuple(found)


Names = tuple[frozenset[str], ...]


def _others(text: str) -> list[tuple[int, int, Names, Names]]:
    named = []
    for match in matches(text):
        apart = match.wider | match.narrower
        same = tuple(filter(None, (_forms(form) for form in match.forms if form not in apart)))
        members = tuple(filter(None, (_forms(form) for form in match.forms if form in match.narrower)))
        named.append((match.start, match.end, same, members))
    return named


def every_word(text: str) -> Iterator[tuple[str, int, int]]:
    """All words of a text in one spelling, function words too, with their places."""
    yield from terms_at(text, stem=False, every=True)
