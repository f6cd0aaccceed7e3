"""Tables in a text: rows with their cells under the names of the columns, however the columns are drawn."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from rag.clinical.statements.lines import Line, is_item, is_rule
from rag.clinical.statements.record import Column
from rag.rules import rules

NAMED = re.compile(r"(?:^|(?<=; ))([^:;|\n]{1,60}): ")
GAP = re.compile(r"(?<=[^\s.!?])(?:[ ]{2,}|[ ]*\t[ \t]*)(?=\S)|(?<=[.!?])(?:[ ]{3,}|[ ]*\t[ \t]*)(?=\S)")
BAR = re.compile(r"(?<!\\)\|")
TAB = re.compile(r"\t")
MARKS = "*_` \t"
FIGURE = re.compile(r"\d")
NAME = re.compile(r"[^\W\d_]")
DAY = re.compile(
    r"\D{0,12}(?:(?:19|20)\d\d(?:[-/.]\d{1,2}){0,2}|\d{1,2}[-/]\d{1,2}(?:[-/]\d{2,4})?|\d{1,2} [A-Z][a-z]{2}\w*"
    r"|[A-Z][a-z]{2}\w* \d{1,2}|\d{1,2}:\d\d|(?:day|week|month|visit|year|pod) \d{1,3})\D{0,20}",
    re.IGNORECASE,
)
LONGEST_NAME = 60
WORDS = re.compile(r"[^\W\d_]+")
OPEN = frozenset(
    "a an and are as at be by for from has have if in into is it its of on or than that the their to was when with".split()
)
"""Words with which no row ends."""
FLAT = 4
LONGEST_ROW = 140
SHARED = 0.5
"""Share of the lines of a table drawn with blanks in which a column begins at the same place at least."""
Cell = tuple[int, int]


@dataclass(frozen=True)
class Row:
    """A row of a table: where it stands, and its cells with the names of their columns."""

    start: int
    end: int
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Table:
    """The lines `first` to `last` (exclusive) of a text.

    `told` says that the rows name their columns in so many words, `pairs` that each is a name beside its value.
    """

    first: int
    last: int
    rows: tuple[Row, ...]
    names: tuple[str, ...] = ()
    told: bool = False
    pairs: bool = False


Reader = Callable[[str, Sequence[Line], int, int], Table | None]
"""What reads a run of lines as a table, or as none."""


def tables(text: str, lines: Sequence[Line], kind: str = "text") -> list[Table]:
    """The tables of a text, in order: rows that name their columns, columns parted by bars or tabs, columns aligned by blanks.

    `kind` is the format of the document: in a table that was loaded from a file of its own every line is a row.
    """
    if kind == "table":
        whole = _loaded(text, lines)
        return [whole] if whole.rows else []
    return list(_marked(text, lines))


def _marked(text: str, lines: Sequence[Line]) -> Iterator[Table]:
    at = 0
    for first, last, part in _runs(text, lines):
        if first >= at and (table := part(text, lines, first, last)):
            yield table
            at = table.last


def flat(text: str, lines: Sequence[Line], taken: Sequence[str]) -> Iterator[Table]:
    """Rows that stand one a line without anything that parts their cells, as in a PDF: no line goes on with the one above.

    `taken` tells of each line whether it is something else. Such rows follow a line that names their columns, or hold figures.
    """
    at = 0
    while at < len(lines):
        end = at + 1
        while end < len(lines) and not taken[at] and not taken[end] and _apart(text, lines[end - 1], lines[end]):
            end += 1
        last = end
        if end < len(lines) and not lines[end].gap and not taken[end] and text[lines[end].start].islower():
            last -= 1  # The last one goes on as running text.
        head = next((row for row in range(at, min(at + 3, last)) if names_columns(text[lines[row].start : lines[row].end])), None)
        first = at if head is None else head + 1
        name = "" if head is None else text[lines[head].start : lines[head].end]
        own = [line for line in lines[first:last] if text[line.start : line.end] != name]
        figures = sum(bool(FIGURE.search(text, line.start, line.end)) for line in own)
        if len(own) >= 2 if name else len(own) >= FLAT and figures > 0.6 * len(own):
            rows = tuple(Row(line.start, line.end, ()) for line in own)
            yield Table(first - bool(name), last, rows, (" ".join(name.split()),) if name else ())
        at = end


def _apart(text: str, above: Line, line: Line) -> bool:
    """Whether a line begins something of its own though the one above has no stop."""
    first = text[line.start]
    if line.gap or not (first.isupper() or first.isdigit()) or is_item(text[line.start : line.end]):
        return False
    words = text[max(above.start, above.end - 40) : above.end].split()
    return text[above.end - 1] not in ".,;:?!-–(/" and words[-1].lower() not in OPEN and above.end - above.start <= LONGEST_ROW


def names_columns(content: str) -> bool:
    """Whether a line holds the names of columns, as far as their words tell."""
    words = [word.lower() for word in WORDS.findall(content)]
    known = sum(word in _columns() for word in words)
    return 2 <= len(words) <= 12 and not FIGURE.search(content) and content[-1] not in ".:;,?!" and known >= 0.4 * len(words)


@cache
def _columns() -> frozenset[str]:
    return frozenset(rules("statements")["columns"])


def _loaded(text: str, lines: Sequence[Line]) -> Table:
    """The rows of a table that was loaded from a file, each value beside its column's name where the column has one."""
    counts: Counter[str] = Counter()
    for line in lines:
        counts.update(set(NAMED.findall(text[line.start : line.end])))
    names = {name for name, number in counts.items() if number > 1 or len(lines) < 4}
    rows = tuple(_named_row(text, line, names) for line in lines)
    order = tuple(dict.fromkeys(name for row in rows for name, _, _ in row.columns if name))
    return Table(0, len(lines), rows, order, told=True)


def _runs(text: str, lines: Sequence[Line]) -> Iterator[tuple[int, int, Reader]]:
    """Runs of lines that look like a table, each with what reads such a one."""
    kinds = [_look(text[line.start : line.end]) for line in lines]
    at = 0
    while at < len(lines):
        kind = kinds[at]
        end = at + 1
        while (
            kind and end < len(lines) and not lines[end].gap and (kinds[end] == kind or _goes_on(text, lines, kinds, end, kind))
        ):
            end += 1
        if kind:
            yield at, end, READERS[kind]
        at = end


def _look(content: str) -> str:
    if (len(content) > 2 and content[0] == "|") or content.count(" | ") or (is_rule(content) and "|" in content):
        return "bars"
    if "\t" in content:
        return "tabs"
    if len(NAMED.findall(content[:2000])) > 1:
        return "named"
    return "blanks" if GAP.search(content) else ""


def _goes_on(text: str, lines: Sequence[Line], kinds: list[str], at: int, kind: str) -> bool:
    """Whether a line without columns belongs to the row above: the rest of a cell, drawn further in."""
    line = lines[at]
    if is_item(text[line.start : line.end]):
        return False
    if is_rule(text[line.start : line.end]):
        return True
    further = line.indent > lines[at - 1].indent + 1 or (
        line.indent > 1 and line.indent == lines[at - 1].indent and not kinds[at - 1]
    )
    return further and kind in ("bars", "blanks") and not kinds[at]


def _named(text: str, lines: Sequence[Line], first: int, last: int) -> Table | None:
    """Rows that give each value beside its column's name ("drug: apixaban; tier: 2"), as tables are loaded."""
    counts: Counter[str] = Counter()
    for line in lines[first:last]:
        counts.update(set(NAMED.findall(text[line.start : line.end])))
    least = 2 if last - first > 3 else 1
    names = {name for name, number in counts.items() if number >= least}
    rows = tuple(_named_row(text, line, names) for line in lines[first:last])
    if not all(len(row.columns) > 1 for row in rows) or (last - first == 1 and len(rows[0].columns) < 3):
        return None
    order = tuple(dict.fromkeys(name for row in rows for name, _, _ in row.columns if name))
    return Table(first, last, rows, order, told=True)


def _named_row(text: str, line: Line, names: set[str]) -> Row:
    marks = [found for found in NAMED.finditer(text[line.start : line.end]) if found[1] in names]
    ends = [found.start() - 2 for found in marks[1:]] + [line.end - line.start] * bool(marks)
    columns = [(found[1].strip(), line.start + found.end(), line.start + end) for found, end in zip(marks, ends, strict=True)]
    if not marks or marks[0].start():
        columns.insert(0, ("", line.start, line.start + (marks[0].start() - 2 if marks else line.end - line.start)))
    return Row(line.start, line.end, tuple(columns))


def _drawn(text: str, lines: Sequence[Line], first: int, last: int) -> Table | None:
    """Rows whose cells are parted by bars or tabs."""
    bars = "|" in text[lines[first].start : lines[first].end]
    cells = [_cells(text, line, bars) for line in lines[first:last]]
    ruled = [at for at, line in enumerate(lines[first:last]) if is_rule(text[line.start : line.end])]
    closed = text[lines[first].start] == "|"
    if not closed and (last - first < 2 or max(map(len, cells)) < 2 or _fields(text, cells)):
        return None
    head = _head(text, cells, ruled)
    names = [_plain(text, cell) for cell in cells[head]] if head is not None else []
    rows: list[Row] = []
    for at, own in enumerate(cells):
        line = lines[first + at]
        if at in ruled or (head is not None and at <= head) or not own:
            continue
        if len(own) == 1 and rows and line.indent > lines[first].indent and text[line.start] != "|":
            above = rows.pop()
            name = above.columns[-1][0] if above.columns else ""
            rows.append(Row(above.start, line.end, (*above.columns, (name, *own[0]))))
            continue
        named = tuple(
            (names[number] if number < len(names) else "", *cell) for number, cell in enumerate(own) if cell[0] < cell[1]
        )
        rows.append(Row(line.start, line.end, named))
    return Table(first, last, tuple(rows), tuple(names)) if rows else None


def _cells(text: str, line: Line, bars: bool) -> list[Cell]:
    """The cells of a line; an empty one has no extent."""
    if is_rule(text[line.start : line.end]):
        return []
    start, end = line.start, line.end
    if not bars:
        start = text.rfind("\n", 0, start) + 1  # What is indented by a tab stands in the second column.
    else:
        start += text[start] == "|"
        end -= end - 1 > start and text[end - 1] == "|" and text[end - 2] != "\\"
    found: list[Cell] = []
    at = start
    for sign in (BAR if bars else TAB).finditer(text, start, end):
        found.append(_trimmed(text, at, sign.start()))
        at = sign.end()
    return [*found, _trimmed(text, at, end)]


def _trimmed(text: str, start: int, end: int) -> Cell:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def _fields(text: str, cells: list[list[Cell]]) -> bool:
    """Whether most cells are labels with their values, side by side ("Grade: 1 | Class: 2")."""
    every = [text[low:high] for own in cells for low, high in own if low < high]
    return sum(": " in cell[:40] for cell in every) > 0.6 * len(every)


def _head(text: str, cells: list[list[Cell]], ruled: list[int]) -> int | None:
    """The row that names the columns: the one above a rule, or a first one of short names without figures."""
    above = [at for at in ruled if 0 < at <= 3]
    if above:
        return next((at - 1 for at in above if cells[at - 1]), None)
    filled = [at for at, own in enumerate(cells) if own]
    if len(filled) < 2:
        return None
    head, below = cells[filled[0]], [cells[at] for at in filled[1:]]
    return filled[0] if _names_columns(text, head, below) else None


def _names_columns(text: str, head: list[Cell], below: list[list[Cell]]) -> bool:
    names = [text[low:high] for low, high in head]
    if len(names) < 2 or sum(map(bool, names)) < len(names) - 1 or not all(names[1:]):
        return False
    if any(len(name) > LONGEST_NAME or name[-1] in ".,?!" or ";" in name or ": " in name for name in names if name):
        return False
    if len(names) == 2 and len(names[1].split()) > 4:
        return False
    if not all(NAME.search(name) or DAY.fullmatch(name) for name in names if name):
        return False
    values = [text[low:high] for own in below for low, high in own[1:] if low < high]
    if any(name and name in {text[low:high] for own in below for low, high in own[at : at + 1]} for at, name in enumerate(names)):
        return False  # A value that comes again below names no column.
    figures = sum(bool(FIGURE.search(value)) for value in values) > 0.5 * len(values)
    if any(FIGURE.search(name) for name in names):
        # Columns named by days or times stand above figures, and the first column has a name or none.
        return (
            not FIGURE.search(names[0]) and all(DAY.fullmatch(name) or not FIGURE.search(name) for name in names[1:]) and figures
        )
    if figures or names_columns(" ".join(names)):
        return True
    small = sum(not value[0].isupper() for value in values)
    return len(names) > 2 and all(name[0].isupper() for name in names if name) and small >= 0.5 * len(values)


def _plain(text: str, cell: Cell) -> str:
    return " ".join(text[cell[0] : cell[1]].strip(MARKS).split())[:LONGEST_NAME]


def _aligned(text: str, lines: Sequence[Line], first: int, last: int) -> Table | None:
    """Rows whose cells begin at the same places, parted by two blanks or more; with a row that names the columns."""
    parted = {at: _parted(text, lines[at]) for at in range(first, last)}
    several = [at for at in parted if len(parted[at]) > 1]
    if len(several) < 3:
        return None
    begins = Counter(_place(text, cell[0]) for at in several for cell in parted[at][1:])
    near = {place: sum(begins[place + step] for step in (-1, 0, 1)) for place in begins}
    places = sorted(
        place for place, number in near.items() if number >= max(3, SHARED * len(several)) and begins[place] >= number / 2
    )
    places = [place for at, place in enumerate(places) if not at or place - places[at - 1] > 2]
    if not places or several[0] != first:
        return None
    head = parted[first]
    if first == 0 and not names_columns(text[lines[0].start : lines[0].end]):
        return None  # A title whose parts stand side by side.
    if not _names_columns(text, head, [parted[at] for at in several[1:]]):
        return _pairs(text, lines, parted, first, places[0]) if len(places) == 1 else None
    starts = sorted({_place(text, head[0][0]), *(_place(text, cell[0]) for cell in head[1:])})
    if len(starts) < 2 or sum(any(abs(start - place) <= 2 for place in places) for start in starts[1:]) < (len(starts) - 1) / 2:
        return None
    names = [_plain(text, cell) for cell in head]
    least = min(_place(text, parted[at][0][0]) for at in several[1:])
    if starts[0] > least + 2:  # What the rows are about stands in a column without a name.
        starts, names = [least, *starts], ["", *names]
    rows: list[Row] = []
    for at in range(first + 1, last):
        own = parted[at] or [(lines[at].start, lines[at].end)]
        if is_rule(text[lines[at].start : lines[at].end]):
            continue
        columns = tuple((names[_column(starts, _place(text, low))], low, high) for low, high in own)
        if rows and len(own) < len(starts) and _place(text, own[0][0]) >= starts[1] - 2:
            above = rows.pop()
            rows.append(Row(above.start, lines[at].end, (*above.columns, *columns)))
        else:
            rows.append(Row(lines[at].start, lines[at].end, columns))
    return Table(first, last, tuple(rows), tuple(names)) if rows else None


def _pairs(text: str, lines: Sequence[Line], parted: dict[int, list[Cell]], first: int, place: int) -> Table | None:
    """Rows of a name and its value that begins at one place; lines from that place on go on with the value above."""
    rows: list[Row] = []
    for at, own in parted.items():
        line = lines[at]
        if len(own) == 2 and abs(_place(text, own[1][0]) - place) <= 1 and own[0][1] - own[0][0] <= LONGEST_NAME:
            rows.append(Row(line.start, line.end, tuple(("", *cell) for cell in own)))
        elif rows and not own and line.indent >= place - 2:
            above = rows.pop()
            rows.append(Row(above.start, line.end, (*above.columns, ("", line.start, line.end))))
        else:
            return None
    return Table(first, first + len(parted), tuple(rows), pairs=True)


def _parted(text: str, line: Line) -> list[Cell]:
    """The cells of a line that has two of them or more, else nothing."""
    marks = list(GAP.finditer(text, line.start, line.end))
    bounds = [line.start, *(bound for mark in marks for bound in mark.span()), line.end]
    return [(low, high) for low, high in zip(bounds[::2], bounds[1::2], strict=True)] if marks else []


def _place(text: str, offset: int) -> int:
    """How far from the start of its line a character stands."""
    return offset - (text.rfind("\n", 0, offset) + 1)


def _column(starts: list[int], place: int) -> int:
    """The column in which a cell that begins at this place stands: the nearest one, rather the one before."""
    best = 0
    for number, (low, high) in enumerate(pairwise(starts), 1):
        if place >= high - 2 or place - low > high - place:
            best = number
    return best


READERS: dict[str, Reader] = {"bars": _drawn, "tabs": _drawn, "named": _named, "blanks": _aligned}
