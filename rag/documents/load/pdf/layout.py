"""The reading order of a page: columns one after the other, a table row by row, a heading over both columns in its place."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import attrgetter
from statistics import median
from typing import NamedTuple

Box = tuple[float, float, float, float]  # left, top, right, bottom; downwards
GAP = 0.8  # of the size of the type: what parts two pieces of a line
FEWEST = 3  # lines that make a column
STRIP = 0.5  # of the size of the type: the white between two columns of a table
CROSSED = 0.05  # of its rows, which may have a cell that is too long for its column
DEEPEST = 6
NOTE = 0.92  # of the usual size of the type: how large a footnote may be set
MARK = re.compile(r"[0-9⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}|[*†‡§¶]{1,3}|[a-z]")
ITEM = re.compile(r"[(]?(?:\d{1,2}|[a-z]|[ivx]{1,4}|[A-Z])[.)]|[•●○▪◦–-]")


class Word(NamedTuple):
    """A word with its place (points; `base` counts downwards), its size, the angle it is set at, and what hides it."""

    text: str
    left: float
    right: float
    base: float
    size: float
    angle: int
    why: str
    order: int


class Piece(NamedTuple):
    """Words of a line without a wide gap between them, and the number of the table's column in which they stand."""

    words: tuple[Word, ...]
    column: int = 0

    @property
    def left(self) -> float:
        return self.words[0].left

    @property
    def right(self) -> float:
        return max(word.right for word in self.words)


PLACE, LEFT = attrgetter("base", "left"), attrgetter("left")
LEVEL = 0.3  # points: words are in one line, whatever their sizes, where they stand so near (see `_raised`).

Row = list[Piece]
Line = list[Piece]  # One line of text; several pieces where it joins the cells of a table's row.


def rows(words: Sequence[Word]) -> list[list[Word]]:
    """The words that stand on one line, from the top down and from left to right; small raised numbers stay in their line."""
    found: list[list[Word]] = []
    base = size = 0.0
    for word in sorted(words, key=PLACE):
        if found and (word.base - base <= LEVEL or word.base - base <= _raised(size, word.size)):
            found[-1].append(word)
            if word.size > size * 1.05:
                base, size = word.base, word.size
        else:
            found.append([word])
            base, size = word.base, word.size
    return [sorted(row, key=LEFT) for row in found]


def _raised(one: float, other: float) -> float:
    """How far apart the baselines of words of these sizes may be in one line; raised and lowered ones are smaller."""
    return max(one, other, 1.0) * (0.55 if min(one, other) < 0.85 * max(one, other) else 0.3)


def pieces(row: Sequence[Word]) -> Row:
    """A line cut where its words stand far apart."""
    cut: list[list[Word]] = []
    first = second = third = before = 0.0  # The right ends of the last three words, and the size of the last.
    for word in row:
        if cut and word.left - max(first, second, third) <= GAP * max(word.size, before, 1.0):
            cut[-1].append(word)
            first, second, third = second, third, word.right
        else:
            cut.append([word])
            first = second = third = word.right
        before = word.size
    return [Piece(tuple(part)) for part in cut]


def ordered(words: Sequence[Word], rules: Sequence[Box] = (), upright: int = 0) -> list[Line]:
    """The lines of a page in reading order. Text at other angles than the page's own follows at the end, each by itself."""
    angles = sorted({word.angle for word in words}, key=lambda angle: (angle != upright, angle))
    lines: list[Line] = []
    for angle in angles:
        here = [word for word in words if word.angle == angle]
        lines += _region([pieces(row) for row in rows(here)], rules if angle == upright else (), 0)
    return lines


def _region(all_rows: list[Row], rules: Sequence[Box], depth: int) -> list[Line]:
    """The lines of a part of a page: what stands above its best gutter, the columns or the table there, what stands below."""
    if depth < DEEPEST and len(all_rows) >= FEWEST and (best := _gutter(all_rows)):
        first, last, at = best
        inside = all_rows[first:last]
        if _are_columns(inside, at, rules):
            first += _headed(inside, at)
            left, right = _side(all_rows[first:last], at, True), _side(all_rows[first:last], at, False)
            under, beside = _notes(left), _notes(right)
            parts = left[:under], right[:beside], left[under:], right[beside:]
            middle = [line for part in parts if part for line in _region(part, rules, depth + 1)]
        else:
            first, last = _filled(all_rows, first, last, at)
            middle = list(_table(all_rows[first:last], rules))
        return [*_region(all_rows[:first], rules, depth), *middle, *_region(all_rows[last:], rules, depth)]
    return [[Piece(tuple(word for piece in row for word in piece.words))] for row in all_rows]


def _side(inside: list[Row], at: float, left: bool) -> list[Row]:
    """One side of a gutter, its lines found anew: those of the other side may stand a little higher or lower."""
    words = [word for row in inside for piece in row if (piece.right <= at) == left for word in piece.words]
    return [pieces(row) for row in rows(words)]


def _notes(side: list[Row]) -> int:
    """Where the footnotes of a column begin: small lines at its foot, the first behind a mark; its text goes on in the next."""
    usual = median([word.size for row in side for piece in row for word in piece.words] or [0.0])
    first = len(side)
    start = first
    while start > 1 and max(word.size for piece in side[start - 1] for word in piece.words) <= NOTE * usual:
        start -= 1
        if MARK.fullmatch(side[start][0].words[0].text):
            first = start
    return first


def _gutter(all_rows: list[Row]) -> tuple[int, int, float] | None:
    """The longest run of lines with text on both sides of one white strip: first and last line, and where the strip is."""
    counts: dict[int, int] = {}
    start = min(row[0].left for row in all_rows)
    for row in all_rows:
        for number, piece in enumerate(row):
            if number or piece.left > start + 40:
                key = round(piece.left / 3)
                counts[key] = counts.get(key, 0) + 1
    strong = sorted(counts, key=lambda key: -counts[key] - counts.get(key + 1, 0) - counts.get(key - 1, 0))[:16]
    best: tuple[float, int, int, float] | None = None
    for key in strong:
        at = 3 * key - 2.5
        for first, last in _runs(all_rows, at):
            inside = all_rows[first:last]
            left = [piece for row in inside for piece in row if piece.right <= at]
            right = [piece for row in inside for piece in row if piece.left >= at]
            if min(_count(inside, at, True), _count(inside, at, False)) < FEWEST:
                continue
            if all(len(piece.words) == 1 and len(piece.words[0].text) <= 4 for piece in left):
                continue  # The bullets or numbers of a list.
            both = [row for row in inside if row[0].right <= at <= row[-1].left] or inside  # A title may end near the strip.
            wide = min(piece.left for row in both for piece in row if piece.left >= at)
            wide -= max(piece.right for row in both for piece in row if piece.right <= at)
            size = median(piece.words[0].size for piece in right)
            if wide < 0.7 * size:
                continue
            weight = min(_count(inside, at, True), _count(inside, at, False)) * 100 + wide
            if best is None or weight > best[0]:
                best = (weight, first, last, at)
    return best[1:] if best else None


def _count(inside: list[Row], at: float, left: bool) -> int:
    """How many lines have text on that side."""
    return sum(any((piece.right <= at) == left for piece in row) for row in inside)


def _runs(all_rows: list[Row], at: float) -> Iterator[tuple[int, int]]:
    """The runs of lines that no piece crosses at this place, from the first to the last line with text on both sides near."""
    first: int | None = None
    for number in range(len(all_rows) + 1):
        crossed = number == len(all_rows) or any(piece.left < at < piece.right for piece in all_rows[number])
        if not crossed and first is None:
            first = number
        elif crossed and first is not None:
            yield from _meeting(all_rows, first, number, at)
            first = None


def _meeting(all_rows: list[Row], first: int, last: int, at: float) -> Iterator[tuple[int, int]]:
    """The part of a run in which both sides are filled: a column may begin earlier than the other, not end pages before it."""
    left = [number for number in range(first, last) if any(piece.right <= at for piece in all_rows[number])]
    right = [number for number in range(first, last) if any(piece.left >= at for piece in all_rows[number])]
    if left and right and left[0] <= right[-1] and right[0] <= left[-1]:
        yield first, last


def _filled(all_rows: list[Row], first: int, last: int, at: float) -> tuple[int, int]:
    """The lines from the first to the last with text on both sides, and what the last cells still go on with."""
    both = [number for number in range(first, last) if all_rows[number][0].right <= at <= all_rows[number][-1].left]
    if not both:
        return first, last
    end = both[-1] + 1
    while end < last and all_rows[end][0].words[0].text[:1].islower():
        end += 1
    start = both[0]
    while start > first and _base(all_rows[start]) - _base(all_rows[start - 1]) < 0.95 * all_rows[start][0].words[0].size:
        start -= 1  # A cell of two lines beside one of one line begins half a line above it.
    return start, end


def _are_columns(inside: list[Row], at: float, rules: Sequence[Box]) -> bool:
    """Whether the two sides of a gutter are columns of running text, and not the cells of a table.

    Rules across the gutter speak for a table, and so do cells that follow each other in the file row by row or short cells that
    stand on the same lines; long lines on both sides speak for columns.
    """
    left = [piece for row in inside for piece in row if piece.right <= at]
    right = [piece for row in inside for piece in row if piece.left >= at]
    if len(_rules_across(inside, rules, at)) >= 2:
        return False
    both = [row for row in inside if row[0].right <= at and row[-1].left >= at]
    by_row = sum(_follows(row, at) for row in both) > 0.4 * len(both)
    long = all(median(len(piece.words) for piece in side) >= 4 for side in (left, right))
    full = all(_fullness(side) >= 0.6 for side in (left, right))
    if by_row:
        return long and full and not _parted(inside, at)
    short = median(len(piece.words) for piece in right) <= 2 and median(len(piece.words) for piece in left) <= 4
    aligned = len(both) >= 0.8 * max(_count(inside, at, True), _count(inside, at, False))
    return not (short and aligned)


def _follows(row: Row, at: float) -> bool:
    """Whether what stands right of the gutter follows in the file on what stands left of it."""
    left = [piece for piece in row if piece.right <= at][-1].words[-1].order
    right = next(piece for piece in row if piece.left >= at).words[0].order
    return left < right <= left + 3


def _fullness(side: Sequence[Piece]) -> float:
    """How much of the width that its lines may take a usual line takes."""
    widths = sorted(piece.right - piece.left for piece in side)
    return median(widths) / max(widths[int(0.9 * (len(widths) - 1))], 1.0)


def _parted(inside: list[Row], at: float) -> bool:
    """Whether white strips run across both sides at the same height, twice or more, as between the rows of a table."""
    bases = [_base(row) for row in inside]
    pitch = median([later - earlier for earlier, later in pairwise(bases)] or [0])
    starts = [number for number in range(1, len(inside)) if bases[number] - bases[number - 1] > 1.3 * pitch]
    level = [number for number in starts if inside[number][0].right <= at <= inside[number][-1].left]
    return len(level) >= 2 and len(level) >= 0.8 * len(starts)


def _base(row: Row) -> float:
    return max((word for piece in row for word in piece.words), key=lambda word: word.size).base


def _headed(inside: list[Row], at: float) -> int:
    """How many lines on top stand over the right column alone, far from it: a heading of the page, to be read first."""
    alone = 0
    while alone < len(inside) and inside[alone][0].left >= at:
        alone += 1
    if not 0 < alone <= 3 or alone == len(inside):
        return 0
    size = max(word.size for word in inside[alone - 1][0].words)
    return alone if _base(inside[alone]) - _base(inside[alone - 1]) > 1.8 * size else 0


def _rules_across(inside: list[Row], rules: Sequence[Box], at: float | None = None) -> list[float]:
    """The heights inside a run of lines at which rules run across most of its width (and across the gutter)."""
    left, right = min(row[0].left for row in inside), max(row[-1].right for row in inside)
    top, bottom = _base(inside[0]) - 2, _base(inside[-1])
    drawn: dict[int, list[tuple[float, float]]] = {}
    for x0, y0, x1, y1 in rules:
        if y1 - y0 <= 3 and top < y0 < bottom and x1 > left and x0 < right:
            drawn.setdefault(round(y0 / 2), []).append((x0, x1))
    found = []
    for key, parts in drawn.items():
        covered = sum(min(x1, right) - max(x0, left) for x0, x1 in set(parts))
        if covered >= 0.5 * (right - left) and (at is None or any(x0 <= at + 6 and x1 >= at - 6 for x0, x1 in parts)):
            found.append(2.0 * key)
    return sorted(found)


def _table(inside: list[Row], rules: Sequence[Box]) -> Iterator[Line]:
    """The rows of a table, one line each. Cells of several lines are put together where rules or gaps show the rows."""
    heights = _rules_across(inside, rules)
    bands: list[list[Row]] = [[]]
    for number, row in enumerate(inside):
        above = _base(inside[number - 1]) if number else 0.0
        if number and any(above - 1 < height < _base(row) for height in heights):
            bands.append([])
        bands[-1].append(row)
    gaps = _gaps(inside)
    for band in bands:
        groups = _groups(band)
        for group in groups:
            starts = sum(len(row) > 1 and not row[0].words[0].text[:1].islower() for row in group)
            one = len(group) > 1 and starts < len(group) and (len(bands) > 2 or len(groups) > 1)
            if one and len(group) <= 12:
                yield [_placed(piece, cell[0].left, gaps) for cell in _cells(group) for piece in cell]
            else:
                yield from ([_placed(piece, piece.left, gaps) for piece in row] for row in group)


def _gaps(inside: list[Row]) -> list[float]:
    """Where the columns of a table part: the middles of the white strips that hardly any of its rows crosses, from the left."""
    several = [row for row in inside if len(row) > 1]
    edges = sorted(edge for row in several for piece in row for edge in ((piece.left, 1), (piece.right, -1)))
    found: list[float] = []
    held = 0
    for (place, step), (after, _) in pairwise(edges):
        held += step
        if held <= CROSSED * len(several) and after - place >= STRIP * several[0][0].words[0].size:
            found.append((place + after) / 2)
    return found


def _placed(piece: Piece, left: float, gaps: Sequence[float]) -> Piece:
    """The piece with the number of the column that begins before `left`."""
    return piece._replace(column=sum(gap < left for gap in gaps))


def _groups(band: list[Row]) -> list[list[Row]]:
    """The lines of a band, parted where the step to the next is clearly larger than that within a cell."""
    steps = [_base(later) - _base(earlier) for earlier, later in pairwise(band)]
    size = median(word.size for row in band for piece in row for word in piece.words)
    groups = [[band[0]]]
    for row, step in zip(band[1:], steps, strict=True):
        if step > max(1.7 * size, 1.25 * min(steps)) or (len(row) > 1 and ITEM.fullmatch(row[0].words[0].text)):
            groups.append([])
        groups[-1].append(row)
    return groups


def _cells(group: list[Row]) -> list[list[Piece]]:
    """The pieces of a table's row by the column that they stand in, each column from the top down."""
    cells: list[tuple[float, float, list[Piece]]] = []
    for piece in sorted((piece for row in group for piece in row), key=lambda piece: piece.left):
        if cells and piece.left < cells[-1][1] - 1:
            left, right, held = cells.pop()
            cells.append((left, max(right, piece.right), [*held, piece]))
        else:
            cells.append((piece.left, piece.right, [piece]))
    return [sorted(held, key=lambda piece: (piece.words[0].base, piece.left)) for _, _, held in cells]
