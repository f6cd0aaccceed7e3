"""The rows and cells of a table in Word, and a row as one line."""

from collections.abc import Iterator
from typing import Any

from rag.documents.load.layout import Piece
from rag.documents.load.office.word_styles import W, is_on
from rag.documents.load.tables import are_column_words, as_lines, begins_with_heading, row_as_lines

WITHIN = {"hyperlink", "ins", "moveTo", "smartTag", "sdt", "sdtContent", "fldSimple", "customXml", "dir", "bdo"}


def name_of(element: Any) -> str:
    """The name of an element without its namespace; "" for comments and the like."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def rows(table: Any) -> Iterator[Any]:
    """The rows of a table that were not deleted."""
    for child in table:
        if name_of(child) == "tr":
            if child.find(f"{W}trPr/{W}del") is None:
                yield child
        elif name_of(child) in WITHIN:
            yield from rows(child)


def cells(row: Any) -> Iterator[Any]:
    """The cells of a row."""
    for child in row:
        if name_of(child) == "tc":
            yield child
        elif name_of(child) in WITHIN:
            yield from cells(child)


def span(cell: Any) -> int:
    """How many columns a cell stands in."""
    wide = cell.find(f"{W}tcPr/{W}gridSpan")
    written = (wide.get(f"{W}val") or "") if wide is not None else ""
    return min(int(written), 50) if written.isdecimal() and int(written) else 1


def goes_down(cell: Any) -> bool:
    """Whether a cell is part of the one above it."""
    merge = cell.find(f"{W}tcPr/{W}vMerge")
    return merge is not None and merge.get(f"{W}val") != "restart"


def is_marked(row: Any) -> bool:
    """Whether a row is marked to be repeated as header on every page."""
    return is_on(row.find(f"{W}trPr/{W}tblHeader"))


def is_header(row: Any, read: list[list[Piece]]) -> bool:
    """Whether a first row names the columns: it is marked as header, or its cells are short, filled and without a figure.

    With two columns they have to be bold or words for columns: the first row may be the first of many "name, value" pairs.
    """
    texts = ["".join(text for text, _ in pieces).strip() for pieces in read]
    if len(texts) < 2:
        return False
    if is_marked(row):
        return True
    runs = [run for run in row.iter(f"{W}r") if run.find(f"{W}t") is not None]
    bold = all(is_on(run.find(f"{W}rPr/{W}b")) for run in runs)
    if len(texts) == 2 and not bold and not are_column_words(texts):
        return False
    return all(0 < len(text) <= 60 and not any(map(str.isdigit, text)) and text[-1] not in ".:" for text in texts)


def row_pieces(names: list[str], read: list[list[Piece]]) -> list[Piece]:
    """A row as pieces of its lines, so that what is hidden in it stays marked."""
    if not any(mark for pieces in read for _, mark in pieces):
        return [(row_as_lines(names, [as_lines("".join(text for text, _ in cell)) for cell in read]), "")]
    line: list[Piece] = []
    several = False
    for at, pieces in enumerate(read):
        whole = as_lines("".join(text for text, _ in pieces))
        if whole:
            name = names[at] if at < len(names) else ""
            between = "\n" if several else "; " if names else " | "
            several = "\n" in whole
            apart = "\n" if several and begins_with_heading(whole) else " "
            line += [(between if line else "", ""), (f"{name}:{apart}" if name else "", ""), *pieces]
    return line
