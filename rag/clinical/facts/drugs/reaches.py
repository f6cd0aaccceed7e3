"""The stretches within which a dose can belong to a drug: a sentence, an item of a list, a row of a table with its cells."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.clinical.statements.lines import lines
from rag.clinical.statements.tables import Table, tables
from rag.text import sentences
from rag.values import Document

ITEM = re.compile(r"[ \t]*(?:[-*•●○▪◦‣–☐□✓]|\(?\d{1,2}[.)]|[a-z][.)])\s")


@dataclass(frozen=True, slots=True)
class Reach:
    """Characters `start` to `end`. `cells` are those of a row, each with the name of its column; `item` tells a list item."""

    start: int
    end: int
    cells: tuple[tuple[str, int, int], ...] = ()
    item: bool = False
    leads: bool = False
    gap: bool = False


def reaches(document: Document) -> list[Reach]:
    """All of a document's text that is not blank, in order."""
    return list(_reaches(document))


def _reaches(document: Document) -> Iterator[Reach]:
    text, own = document.text, lines(document.text)
    at = 0
    for table in tables(text, own, document.format):
        first = own[table.first].start
        yield from _said(text, at, first)
        yield from _rows(table, first, own[table.last - 1].end)
        at = own[table.last - 1].end
    yield from _said(text, at, len(text))


def _rows(table: Table, start: int, end: int) -> Iterator[Reach]:
    at = start
    for row in table.rows:
        if row.start > at:
            yield Reach(at, row.start, leads=False)
        yield Reach(row.start, row.end, row.columns)
        at = max(at, row.end)
    if end > at:
        yield Reach(at, end)


def _said(text: str, start: int, end: int) -> Iterator[Reach]:
    before = start
    for low, high in sentences(text, start, end):
        line = text.rfind("\n", 0, low) + 1
        gap = "\n" in text[before:low] and not text[text.rfind("\n", 0, max(line - 1, 0)) + 1 : max(line - 1, 0)].strip()
        yield Reach(low, high, item=bool(ITEM.match(text, line, low + 4)), leads=text[high - 1] == ":", gap=gap)
        before = high
