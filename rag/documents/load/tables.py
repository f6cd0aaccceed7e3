"""Tables as lines: which rows name the columns, and a row with each value beside its column's name."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from rag.clinical.sections import sections
from rag.rules import rules

NUMBER = re.compile(r"[<>≤≥~]?\s?[-+]?\d{1,15}(?:[.,]\d{1,15}){0,6}\s?%?")
DAY = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[ T]\d.{0,18})?")
LONGEST_NAME = 100
LONGEST_SHOWN = 150
FRONT = 10  # Rows that are looked at to tell names from values.


def one_line(text: str) -> str:
    """The text on one line."""
    return " ".join(text.split())


def as_lines(text: str) -> str:
    """The text with its line ends, blanks made one; a blank line stays where it parts two lines."""
    lines = [one_line(line) for line in text.strip().splitlines()]
    return "\n".join(line for at, line in enumerate(lines) if line or lines[at - 1])


def joined_names(rows: Sequence[Sequence[str]]) -> list[str]:
    """The names of columns from one or more rows of headers: what stands above each other in a column, each word once."""
    wide = max(map(len, rows), default=0)
    columns = [[one_line(row[at]) for row in rows if at < len(row)] for at in range(wide)]
    return [_cut(" ".join(dict.fromkeys(filter(None, column)))) for column in columns]


def _cut(name: str) -> str:
    """A name as it stands beside each value of its column, which a long one would fill the memory with."""
    return name if len(name) <= LONGEST_SHOWN else f"{name[:LONGEST_SHOWN]}…"


def has_cut(names: Iterable[str]) -> bool:
    """Whether one of these names stands cut beside its values; then its row of headers is shown whole."""
    return any(len(name) > LONGEST_SHOWN and len(one_line(name)) > LONGEST_SHOWN for name in names)


def row_as_lines(names: Sequence[str], cells: Sequence[str]) -> str:
    """A row of a table: each value beside its column's name, or the values alone where the columns have none.

    Line ends in a cell stay. What follows a cell of several lines begins a line of its own, and so does a cell that begins
    with a heading.
    """
    out = ""
    several = False
    for at, cell in enumerate(cells):
        if not cell:
            continue
        name = names[at] if at < len(names) else ""
        if out:
            out += "\n" if several else "; " if any(names) else " | "
        several = "\n" in cell
        apart = "\n" if several and begins_with_heading(cell) else " "
        out += f"{name}:{apart}{cell}" if name else cell
    return out


def unfilled(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """What is said of the named columns that no row fills, which stand beside no value; or nothing."""
    filled = {at for row in rows for at, cell in enumerate(row) if cell.strip()}
    left = [name for at, name in enumerate(names) if name and name != f"column {at + 1}" and at not in filled]
    return f"columns without a value: {'; '.join(left)}" if left else ""


def begins_with_heading(cell: str) -> bool:
    """Whether a cell of several lines begins with a heading."""
    return any(section.start == 0 for section in sections("\n".join(cell.split("\n", 3)[:3])[:LONGEST_SHOWN]))


def is_value(text: str) -> bool:
    """Whether a text is a number or a day, as no name of a column is."""
    plain = text.strip()
    return len(plain) <= 40 and bool(NUMBER.fullmatch(plain) or DAY.fullmatch(plain))


def may_name(cells: Sequence[str]) -> bool:
    """Whether these texts may be names of columns: none is a number or a day, but numbers that count up or are years."""
    if any(len(cell) > LONGEST_NAME and len(cell.strip()) > LONGEST_NAME for cell in cells):
        return False
    filled = [cell.strip() for cell in cells if cell.strip()]
    values = [cell for cell in filled if is_value(cell)]
    if not values or not all(value.isdecimal() for value in values):
        return not values
    numbers = [int(value) for value in values]
    counting = len(numbers) > 1 and all(after - before == 1 for before, after in pairwise(numbers))
    return len(values) < len(filled) and (counting or all(1900 <= number <= 2100 for number in numbers))


def has_column_word(cells: Sequence[str]) -> bool:
    """Whether one of these texts is a word that stands above columns of clinical tables."""
    return not _column_words().isdisjoint(_said_short(cells))


def are_column_words(cells: Sequence[str]) -> bool:
    """Whether there are two texts or more and each is a word that stands above columns of clinical tables."""
    said = _said_short(cells)
    return len(cells) == len(said) == len(set(said)) > 1 and _column_words().issuperset(said)


def _said_short(cells: Sequence[str]) -> list[str]:
    """What the short ones of these texts say, as the rules write it."""
    return [one_line(cell).lower().strip(" .:#*") for cell in cells if len(cell) <= LONGEST_NAME]


@cache
def _column_words() -> frozenset[str]:
    return frozenset(rules("columns")["names"])


@dataclass(frozen=True, slots=True)
class Named:
    """A row with the names of its columns and the titles that stand above its table."""

    titles: tuple[str, ...]
    names: tuple[str, ...]
    cells: tuple[str, ...]


def named_rows(rows: Sequence[Sequence[str]]) -> Iterator[Named]:
    """The rows of one table or of several that empty rows part.

    Rows of one value above a row of names are titles, and so are those with an empty row before and after. A first row with a
    number or a day above others in its column is no header; then the columns have no names. After an empty row the names stay,
    unless another row of names or a title stands there. Names without a row below them are a row of their own,
    but for those of a table of a header alone.
    """
    names: tuple[str, ...] | None = None
    wide = any(_filled(row) > 1 for row in rows)
    above: list[str] = []
    told: list[str] = []
    waiting: list[str] = []
    held = False
    for block in _blocks(rows):
        first = _titles(block) if wide else 0
        above += [one_line(" ".join(row)) for row in block[:first]]
        below = block[first:]
        if not below:
            continue
        heads = _heads(below) if names is None or has_column_word(below[0]) else 0
        if heads or above or names is None:
            names = _names(below[:heads])
            written = [row_as_lines([], list(map(one_line, row))) for row in below[:heads]]
            told += [*waiting, *above, *(line for line, row in zip(written, below, strict=False) if has_cut(row))]
            above, waiting = [], [line for line in written if line not in told]
        if len(below) == heads:
            continue
        titles, told, waiting, held = tuple(told), [], [], True
        for row in below[heads:]:
            yield Named(titles, names, tuple(row))
    if held or told or above:
        for line in (*told, *waiting, *above):
            yield Named((), (), (line,))


def _titles(block: Sequence[Sequence[str]]) -> int:
    """How many rows of one value stand above the first wider row, as titles and not as names of columns."""
    first = next((at for at, row in enumerate(block) if _filled(row) > 1), len(block))
    short = all(len(row) == 1 for row in block[:first])
    return first if short or first == len(block) or (len(block) > first + 1 and may_name(block[first])) else 0


def _filled(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _blocks(rows: Sequence[Sequence[str]]) -> Iterator[list[Sequence[str]]]:
    block: list[Sequence[str]] = []
    for row in [*rows, ()]:
        if any(map(str.strip, row)):
            block.append(row)
        elif block:
            yield block
            block = []


def _heads(rows: Sequence[Sequence[str]]) -> int:
    """How many rows of headers a table begins with: 0, 1, or 2 where the first leaves columns to the second."""
    if not may_name(rows[0]) and _goes_on(rows):
        return 0
    if len(rows) < 3 or not has_column_word(rows[1]) or not may_name(rows[1]):
        return 1
    open_ = [at for at, cell in enumerate(rows[0]) if not cell.strip()]
    return 2 if open_ and all(at < len(rows[1]) and rows[1][at].strip() for at in open_) else 1


def _goes_on(rows: Sequence[Sequence[str]]) -> bool:
    """Whether each number or day of the first row stands above numbers or days, so that it is a row like the others."""
    columns = [at for at, cell in enumerate(rows[0]) if is_value(cell)]
    below = [row[at] for row in rows[1:FRONT] for at in columns if at < len(row) and row[at].strip()]
    return bool(columns) and all(map(is_value, below))


def _names(heads: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """The names that rows of headers give; of two, a name in the first stands above all columns up to the next."""
    if len(heads) < 2:
        return tuple(_cut(one_line(cell)) or f"column {at}" for row in heads for at, cell in enumerate(row, 1))
    upper = [""]
    for cell in heads[0]:
        upper.append(one_line(cell) or upper[-1])
    return tuple(joined_names([upper[1:], heads[1]]))
