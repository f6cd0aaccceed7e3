"""The words of a text as the cues see them, with what stands between them, and the lists of words that the rules name."""

import re
from functools import cache, partial
from typing import NamedTuple

from rag.rules import rules
from rag.text import abbreviations

TOKEN = re.compile(
    r"(?<=: )[-–−+](?=[ \t]*(?:[,;|\n]|\Z))|\([-–−+]\)|(?<!\w)[-–−+]ve\b|\b[Nn][Oo][Nn](?=-[^\W_])"
    r"|[^\W_]+(?:['’/\-][^\W_]+|\.(?![A-Z][a-z]|(?:no|not|denies|has|neg|without)\b)[^\W_]+)*"
    r"|(?<![^\s(\[,;:\-/])\?+(?=\s?[^\W\d])|∅",
)
HARD = re.compile(r"[;|\t]|\n *[-*•]|[^\s] {4}")
STOPPED = re.compile(r"[.!?](?:\s|$)")
COMMA = re.compile(r"[,;:|()\t]|\s[-–—]+\s")
NOTHING = re.compile(r"[.,;!?)\]|\t\n]|\s[-–—]\s")


class Word(NamedTuple):
    """A token: where it stands, what is compared of it, what stands before it and how it is written."""

    start: int
    end: int
    said: str
    gap: str
    written: str


_word = partial(tuple.__new__, Word)  # As `Word._make`, without its own call: one for every word of a document.


def words_of(text: str) -> list[Word]:
    """The tokens of a text, each with what stands between it and the one before."""
    found: list[Word] = []
    before = 0
    for at in TOKEN.finditer(text):
        start, end = at.span()
        written = text[start:end]
        said = written.lower() if written.isascii() else written.lower().replace("’", "'").replace("–", "-").replace("−", "-")
        said = "?" if said[0] == "?" else f"({said})" if said in "-+" else said
        found.append(_word((start, end, said, text[before:start], written)))
        before = end
    return found


def hard_before(words: list[Word], at: int) -> bool:
    """Whether a cell, a semicolon or a stop that no capital follows stands before a word; the stop of an abbreviation is none."""
    gap, before = words[at].gap, words[at - 1].said
    if gap == " ":
        return False
    stopped = STOPPED.search(gap) and len(before) > 1 and before not in abbreviations()
    return bool(stopped) or bool(HARD.search(gap))


@cache
def listed(name: str) -> frozenset[str]:
    """The words of a named list of the rules."""
    return frozenset(rules("assertions")["words"][name])
