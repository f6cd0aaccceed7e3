"""Columns: the values of a table whose header names the analytes, in Markdown, CSV or columns of fixed width."""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from rag.clinical.facts.analytes import Analyte, Named
from rag.clinical.facts.phrases import Match
from rag.clinical.facts.stream import Stream
from rag.clinical.facts.units import unit_at

SEPARATORS = ("|", "\t", ",")
WIDE = re.compile(r" {2,}")
CELL = {sign: re.compile(rf"[^{re.escape(sign)}\n]*") for sign in SEPARATORS}
MOST_ROWS, MOST_EMPTY, WIDEST = 500, 3, 60
"""The rows below a header that are read, those without a number among them, and the cells that a row has at most."""


Head = tuple[tuple[Analyte, ...], str]


class Cell(NamedTuple):
    """A number's token, the analytes that the header names for it, and the unit that stands there ("" without one)."""

    place: int
    analytes: tuple[Analyte, ...]
    unit: str


def headed(words: Stream, named: list[Match[Named]]) -> Iterator[Cell]:
    """The cells below headers that name analytes: two at least in one line, which has no number of its own."""
    begins = [0, *(words.ends[at] for at, word in enumerate(words.said) if word == "\n")]
    by_line: dict[int, list[Match[Named]]] = defaultdict(list)
    for match in named:
        by_line[begins[bisect_right(begins, words.starts[match.first]) - 1]].append(match)
    several = {begin for begin, matches in by_line.items() if 2 <= len(matches) <= WIDEST}
    for begin in sorted(several):
        matches = by_line[begin]
        end = _line_end(words.text, begin)
        sign = _separator(words.text[begin:end])
        cells = _cells(words.text, begin, end, sign)
        if len(cells) > WIDEST:
            continue
        heads = {at: head for at, cell in enumerate(cells) if (head := _head(words, cell, matches))}
        if len(heads) >= 2 and len(heads) * 3 >= len(cells):
            yield from _rows(words, end + 1, sign, cells, heads, several)


def _line_end(text: str, begin: int) -> int:
    end = text.find("\n", begin)
    return len(text) if end < 0 else end


def _separator(line: str) -> str:
    """The sign between the cells of a line; "" for columns of fixed width."""
    glued = line.count(",") - line.count(", ")
    return "|" if "|" in line else "\t" if "\t" in line else "," if glued >= 2 and glued * 2 > line.count(",") else ""


def _cells(text: str, begin: int, end: int, sign: str) -> list[tuple[int, int]]:
    """Where the cells of a line begin and end."""
    if sign:
        cells = [match.span() for match in CELL[sign].finditer(text, begin, end)]
        found = [span for at, span in enumerate(cells) if at == 0 or span[0] != cells[at - 1][1]]
        return found[1:] if sign == "|" and not text[slice(*found[0])].strip() else found
    edges = [begin, *(edge for gap in WIDE.finditer(text, begin, end) for edge in gap.span()), end]
    return [pair for pair in zip(edges[::2], edges[1::2], strict=True) if text[slice(*pair)].strip()]


def _head(words: Stream, cell: tuple[int, int], matches: list[Match[Named]]) -> Head | None:
    """The analytes and the unit of a header's cell that holds one name and at most its unit."""
    inside = [match for match in matches if cell[0] <= words.starts[match.first] < cell[1]]
    if len(inside) != 1 or inside[0].meaning.panel:
        return None
    first, last = bisect_left(words.starts, cell[0]), bisect_left(words.starts, cell[1])
    if any(word[:1].isalnum() for word in words.said[first : inside[0].first]):
        return None
    place = inside[0].last
    while place < last and words.said[place] in ("(", "[", ",", "*", "in"):
        place += 1
    unit = unit_at(words, place) if place < last else None
    rest = words.said[unit.last if unit else place : last]
    return None if any(word[:1].isalnum() for word in rest) else (inside[0].meaning.analytes, unit.name if unit else "")


def _rows(
    words: Stream, begin: int, sign: str, header: list[tuple[int, int]], heads: dict[int, Head], stops: set[int]
) -> Iterator[Cell]:
    """The numbers of the rows below a header, up to a line that has no cells or to one of the `stops`, other headers."""
    text, origin = words.text, header[0][0]
    line_of_header = text.rfind("\n", 0, origin) + 1
    empty = 0
    for _ in range(MOST_ROWS):
        if begin >= len(text) or empty > MOST_EMPTY or begin in stops:
            return
        end = _line_end(text, begin)
        cells = _cells(text, begin, end, sign)
        if len(cells) < 2 and not set(text[begin:end]) <= set("-=+ |:"):
            return
        empty += 1
        for at, cell in enumerate(cells[:WIDEST]):
            column = at if sign or len(cells) == len(header) else _above(cell, begin, header, line_of_header)
            head = heads.get(column)
            if head and (first := _number(words, bisect_left(words.starts, cell[0]), cell[1])) is not None:
                empty = 0
                yield Cell(first, *head)
        begin = end + 1


def _above(cell: tuple[int, int], begin: int, header: list[tuple[int, int]], line: int) -> int:
    """The column of a header that stands nearest above a cell."""
    middle = (cell[0] + cell[1]) / 2 - begin
    return min(range(len(header)), key=lambda at: abs(sum(header[at]) / 2 - line - middle))


def _number(words: Stream, place: int, end: int) -> int | None:
    """The token of the number that begins a cell, behind a sign at most."""
    while place < len(words.said) and words.starts[place] < end and words.said[place] in ("<", ">", "≤", "≥", "=", "*", "~", "^"):
        place += 1
    return place if place in words.amounts and words.starts[place] < end else None
