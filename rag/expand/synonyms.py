"""Words that mean the same in clinical text: abbreviations, brand and generic names, lay words, from `rules/synonyms.json`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain

from rag.embed.minilm import commonness
from rag.rules import rules
from rag.text import terms

KINDS = ("abbreviations", "drugs", "lay")
WORD = re.compile(r"[^\W_]+(?:[-/&'’][^\W_]+)*")
EVERYDAY = 0.002  # An abbreviation that is a word more common than this must stand in capitals ("US", "ALL", "MS").
SHORTEST = 3


@dataclass(frozen=True, slots=True)
class Match:
    """A stretch of a question that names something, and the other forms of it."""

    start: int
    end: int
    forms: tuple[str, ...]


@cache
def _known() -> dict[str, list[tuple[tuple[str, ...], str, tuple[str, ...]]]]:
    """By the first word of a form: its words, the form as written, and its other forms; the longest first."""
    found: dict[str, list[tuple[tuple[str, ...], str, tuple[str, ...]]]] = {}
    for form, others in _forms():
        words = tuple(_plain(word) for word in WORD.findall(form))
        found.setdefault(words[0], []).append((words, form, others))
    for forms in found.values():
        forms.sort(key=lambda known: -len(known[0]))
    return found


def _forms() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every form with the others that it leads to: a group's to each other, a class to its members, a member to its class alone.

    One anticoagulant never stands for another one.
    """
    known = rules("synonyms")
    for group in (*chain.from_iterable(known[kind] for kind in KINDS), *(one["class"] for one in known["classes"])):
        for form in group:
            yield form, tuple(other for other in group if other != form)
    for one in known["classes"]:
        yield from ((form, tuple(one["members"])) for form in one["class"])
        yield from ((member, tuple(one["class"])) for member in one["members"])


def matches(text: str) -> list[Match]:
    """What a text names, from left to right, each with its other forms; a longer form hides the shorter ones inside it."""
    words = [(word.start(), word.end(), _plain(word[0])) for word in WORD.finditer(text)]
    found: list[Match] = []
    at = 0
    while at < len(words):
        fitting = list(_forms_at(text, words, at))
        longest = max((len(form) for form, _ in fitting), default=0)
        others = dict.fromkeys(other for form, known in fitting if len(form) == longest for other in known)
        if others:
            found.append(Match(words[at][0], words[at + longest - 1][1], tuple(others)))
        at += max(longest, 1)
    return found


def _forms_at(text: str, words: list[tuple[int, int, str]], at: int) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    for form, written, others in _known().get(words[at][2], ()):
        here = words[at : at + len(form)]
        if tuple(word for _, _, word in here) == form and _is_meant(written, text[here[0][0] : here[-1][1]]):
            yield form, others


def _is_meant(form: str, written: str) -> bool:
    """Whether a stretch means this form: an abbreviation that is short or an everyday word has to stand in capitals."""
    if not form.isupper() or written == form:
        return True
    return len(form) >= SHORTEST and written.islower() and commonness(written) <= EVERYDAY


@cache
def _plain(word: str) -> str:
    """A word as forms are compared: the stem of its lower case; what holds signs or digits stays as it is."""
    low = word.lower().replace("’", "'")
    return (terms(low) or [low])[0] if low.isalpha() else low
