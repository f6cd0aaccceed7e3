"""Words, sentences and terms of clinical text, as offsets into it."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache

import Stemmer

from rag.rules import rules

WORD = re.compile(r"\S+")
TERM = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")
BULLET = re.compile(
    r"[ \t]*(?:[-*•●▪◦‣–☐□✓]\s|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)]\s|\d{1,2}(?:\.\d{1,2}){1,3}\.?\s+[A-Z(]|#{1,6}\s|\|)"
)
ASIDE = re.compile(r"\s+[(\[][^()\[\]]{1,90}[)\]]\.?[ \t]*(?=\n|$)")
STOP = re.compile(r"[.!?]+[\"'”’)\]]*(?=\s+[\"'“‘(\[]?[A-Z0-9•\-*])|[.!?]+[\"'”’)\]]*(?=\s*$)")
WRAPPED = 0.72  # A line that would have held the next word within this share of the block's width was ended on purpose.


def words(text: str) -> list[tuple[int, int]]:
    """The start and end of every run of non-blank characters."""
    return [match.span() for match in WORD.finditer(text)]


@cache
def _abbreviations() -> frozenset[str]:
    return frozenset(rules("abbreviations")["never_end_a_sentence"])


def lines(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """The start and end of every non-blank line between two offsets, without line ends."""
    spans = []
    end = len(text) if end is None else end
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        if not text[start:stop].isspace() and stop > start:
            spans.append((start, stop))
        start = stop + 1
    return spans


def _blocks(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Runs of lines that read on: a line that was ended on purpose (a list, a heading, a short line) ends its block."""
    found = lines(text, start, end)
    begin = None
    for at, (low, high) in enumerate(found):
        begin = low if begin is None else begin
        following = found[at + 1] if at + 1 < len(found) else None
        if following is not None:
            near = found[max(0, at - 6) : at + 7]
            width = max(stop - first for first, stop in near)
            next_line = text[following[0] : following[1]]
            next_word = next_line.split(None, 1)[0]
            blank_between = text.count("\n", high, following[0]) > 1
            reads_on = next_line.lstrip()[:1].islower() or (
                (high - low) + 1 + len(next_word) > WRAPPED * width and not text[low:high].rstrip().endswith(":")
            )
            if reads_on and not blank_between and not BULLET.match(next_line):
                continue
        yield begin, high
        begin = None


def sentences(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """The start and end of every sentence between two offsets, without surrounding blanks.

    Sentences end at a stop before a capital, a digit or a bullet (not after an abbreviation or inside a number), at
    blank lines, before list items, and at lines that were not merely wrapped. Together they hold all non-blank text.
    """
    found: list[tuple[int, int]] = []
    for low, high in _blocks(text, start, len(text) if end is None else end):
        begin = low
        for stop in STOP.finditer(text, low, high):
            before = text[max(begin, stop.start() - 24) : stop.start()]
            last = re.split(r"[\s(\[/]", before)[-1].lower()
            if last in _abbreviations() or (len(last) == 1 and last.isalpha() and last != "i"):
                continue
            if last.isdigit() and begin == stop.start() - len(last):
                continue
            aside = ASIDE.match(text, stop.end(), high)
            if aside and aside.end() < high:  # "(Strong, grade A)" belongs to what stands before it.
                found.append((begin, aside.end()))
                begin = aside.end()
            elif not aside:
                found.append((begin, stop.end()))
                begin = stop.end()
        found.append((begin, high))
    return [span for span in (trim(text, *pair) for pair in found) if span[0] < span[1]]


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """The same stretch without blanks at either end; empty stretches collapse."""
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    return start + left, max(start + left, start + len(piece.rstrip()))


@cache
def _stemmer() -> Stemmer.Stemmer:
    return Stemmer.Stemmer("english")


@lru_cache(maxsize=200_000)
def _stem(word: str) -> str:
    return str(_stemmer().stemWord(word))


@cache
def stopwords() -> frozenset[str]:
    """English function words that carry no clinical meaning; negations and laterality are not among them."""
    return frozenset(rules("stopwords")["words"])


def terms(text: str, stem: bool = True) -> list[str]:
    """The index terms of a text: lower case, numbers whole ("2.5"), letters apart from digits, stemmed (Porter, 1980)."""
    found = [term for term in TERM.findall(text.lower()) if term not in stopwords()]
    return [_stem(term) for term in found] if stem else found
