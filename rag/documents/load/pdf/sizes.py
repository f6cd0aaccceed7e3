"""Headings that a PDF shows by larger type, for files without bookmarks."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from rag.documents.load.layout import Heading

LARGER = 1.12  # times the size of running text
MOST_WORDS = 16
DEEPEST = 4
TITLE = re.compile(r"(?:[A-Z0-9][\w.]*[.):]?\s+)?[A-Z“\"'(][^\W\d_].*[^\W_]{2}.*[^.;,]")


class Set(NamedTuple):
    """A line of the text as it is set: where it is in the text, the size of its type, and its baseline (downwards)."""

    start: int
    end: int
    size: float
    base: float


def headings(text: str, lines: Sequence[Set]) -> list[Heading]:
    """Lines in larger type than running text, those of one size that follow each other as one; the largest are level 1."""
    letters: Counter[float] = Counter()
    for start, end, size, _ in lines:
        letters[_step(size)] += end - start
    if not letters:
        return []
    body = letters.most_common(1)[0][0]
    found: list[tuple[int, int, float]] = []
    previous = -1
    for number, (start, end, size, _) in enumerate(lines):
        if _step(size) < LARGER * body:
            continue
        if found and previous == number - 1 and found[-1][2] == _step(size):
            found[-1] = (found[-1][0], end, found[-1][2])
        else:
            found.append((start, end, _step(size)))
        previous = number
    kept = [one for one in found if _is_title(text[one[0] : one[1]])]
    sizes = sorted({size for *_, size in kept}, reverse=True)
    return [
        Heading(" ".join(text[start:end].split()), min(sizes.index(size) + 1, DEEPEST), start, end) for start, end, size in kept
    ]


def _step(size: float) -> float:
    return round(size * 2) / 2


def _is_title(text: str) -> bool:
    flat = " ".join(text.split())
    return len(flat.split()) <= MOST_WORDS and bool(TITLE.fullmatch(flat))
