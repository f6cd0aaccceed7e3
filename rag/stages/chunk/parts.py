"""Passages along what a document is made of: the rows of its tables, the criteria of a policy."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

from pydantic import Field

from rag.clinical.criteria import MARKER
from rag.stages.chunk.base import LONGEST_ROW, Chunking, Piece, bounded, packed
from rag.text import lines, sentences, trim
from rag.values import Chunk, Document, Section

RULE = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
LEAD = re.compile(r"[ \t]*(?:[-*•][ \t]+)?")
LONGEST_RULE = 2000
OPENING = 20  # Words of the criterion above that are indexed with the one below it.


class Rows(Chunking):
    """Table rows (CSV, Excel, Markdown), with their header line where it is not in the row; other text in sentences."""

    kind: Literal["rows"] = "rows"
    size: int = Field(default=1, ge=1, le=100, description="Rows in a passage")
    overlap: int = Field(default=0, ge=0, le=99, description="Rows shared with the next passage of the same table")
    words: int = Field(default=160, ge=20, le=1000, description="Most words in a passage of other text")
    columns: bool = Field(default=True, description="Index a Markdown table's header line with each of its rows; never quoted")

    def __call__(self, document: Document) -> Iterator[Chunk]:
        return self.passages(document, self._pieces(document))

    def _pieces(self, document: Document) -> Iterator[Piece]:
        text = document.text
        if document.format in {"table", "workbook"}:
            titles = [(section.start, section.body) for section in document.sections]
            yield from self._rows(bounded(text, _headed(lines(text), titles), LONGEST_ROW), "")
            return
        begin = 0
        for header, rows in _tables(text):
            yield from self._running(text, begin, header[0])
            names = " ".join(text[header[0] : header[1]].replace("|", " · ").split()).strip("· ")
            parts = bounded(text, [(header[0], rows[0][1]), *rows[1:]], LONGEST_ROW)
            yield from self._rows(parts, names if self.columns else "")
            begin = rows[-1][1]
        yield from self._running(text, begin, len(text))

    def _rows(self, rows: list[tuple[int, int]], names: str) -> Iterator[Piece]:
        for first in range(0, max(len(rows) - self.overlap, 1) if rows else 0, self.size - self.overlap):
            yield Piece(rows[first][0], rows[min(first + self.size, len(rows)) - 1][1], beside=names if first else "")

    def _running(self, text: str, start: int, end: int) -> Iterator[Piece]:
        return (Piece(*stretch) for stretch in packed(text, sentences(text, start, end), self.words))


def _headed(rows: list[tuple[int, int]], titles: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The rows, each with the title lines directly above it; titles at the very end stay alone."""
    joined: list[tuple[int, int]] = []
    begin = None
    for start, end in rows:
        begin = start if begin is None else begin
        if not any(first <= start and end <= last for first, last in titles):
            joined.append((begin, end))
            begin = None
    return joined if begin is None else [*joined, (begin, rows[-1][1])]


def _tables(text: str) -> Iterator[tuple[tuple[int, int], list[tuple[int, int]]]]:
    """The Markdown tables of a text: the header line, and the rows below it; the first begins with the rule under the header."""
    found = lines(text)
    at = 1
    while at < len(found) - 1:
        header, rule = (text[slice(*found[place])] for place in (at - 1, at))
        last = at
        if "|" in header and "|" in rule and len(rule) <= LONGEST_RULE and RULE.fullmatch(rule):
            while last + 1 < len(found) and "|" in text[slice(*found[last + 1])] and _adjoin(text, found[last], found[last + 1]):
                last += 1
        if last > at:
            yield found[at - 1], [(found[at][0], found[at + 1][1]), *found[at + 2 : last + 1]]
        at = last + 1 if last > at else at + 1


def _adjoin(text: str, one: tuple[int, int], other: tuple[int, int]) -> bool:
    return text.count("\n", one[1], other[0]) == 1


class Criteria(Chunking):
    """Each criterion of a policy alone, with its number and the opening words of those above it; other text in sections."""

    kind: Literal["criteria"] = "criteria"
    size: int = Field(default=160, ge=20, le=1000, description="Most words in a passage")
    overlap: int = Field(default=0, ge=0, le=500, description="Most words shared where a long criterion is divided")
    depth: int = Field(default=6, ge=1, le=6, description="Levels of numbers that are divided; 1: each outermost one as a whole")
    numbers: bool = Field(default=True, description="Index number and opening words of the criteria above; never quoted")
    whole: bool = Field(default=False, description="Give the prompt the outermost criterion with everything below it")

    def __call__(self, document: Document) -> Iterator[Chunk]:
        return self.passages(document, self._pieces(document))

    def _pieces(self, document: Document) -> Iterator[Piece]:
        text = document.text
        cuts: dict[int, int] = {0: 0}  # Where a stretch begins, and where its section is looked up.
        for section in document.sections:
            if not MARKER.fullmatch(section.title):
                cuts[section.start] = section.start
            elif len(_above(document, section.start)) <= self.depth:
                cuts[_line_start(text, section.start)] = section.start
        wholes: dict[Section, tuple[int, int]] = {}
        begin: int | None = None
        for low, high in pairwise([*sorted(cuts), len(text)]):
            start, end = trim(text, low if begin is None else begin, high)
            titled = [section for section in document.sections if section.start <= low and high <= section.end]
            if start == end or (high < len(text) and titled and trim(text, low, high)[1] <= titled[-1].body):
                begin = start  # A heading without text goes with what follows.
                continue
            begin = None
            above = _above(document, cuts[low])
            beside = _numbered(document, above) if self.numbers else ""
            if self.whole and above and above[0] not in wholes:
                wholes[above[0]] = (start, trim(text, start, above[0].end)[1])
            for first, last in packed(text, sentences(text, start, end), self.size, self.overlap):
                at = cuts[low] if above and first <= cuts[low] else None
                yield Piece(first, last, wholes.get(above[0]) if above else None, beside, at)


def _above(document: Document, offset: int) -> list[Section]:
    """The criteria that hold this place, outermost first."""
    found = (section for section in document.sections if section.start <= offset < section.end)
    return [section for section in found if MARKER.fullmatch(section.title)]


def _line_start(text: str, at: int) -> int:
    """The start of the line where only a bullet stands before this place, else the place itself."""
    start = text.rfind("\n", 0, at) + 1
    return start if LEAD.fullmatch(text, start, at) else at


def _numbered(document: Document, above: list[Section]) -> str:
    """The numbers of nested criteria in a row, then the opening words of all but the last: "2.5 (a) · One of the following:"."""
    starts = [section.start for section in document.sections]
    ends = (starts[bisect_right(starts, section.start)] for section in above[:-1])
    openings = (document.text[one.body : end].split()[:OPENING] for one, end in zip(above[:-1], ends, strict=True))
    numbers = " ".join(section.title for section in above)
    return " · ".join(part for part in (numbers, *(" ".join(opening).strip(" -*•") for opening in openings)) if part)
