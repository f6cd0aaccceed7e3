"""XLSX by openpyxl: every sheet a section, every row a line; hidden rows are marked, formulas stand beside the text."""

import io
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any, ClassVar, Literal

import openpyxl
from openpyxl.utils import range_boundaries

from rag.clinical.patients import owner_of, patient_column
from rag.documents.load.formats import MOST_PATIENTS, Format, of_one
from rag.documents.load.guard import office_parts, transitional
from rag.documents.load.layout import Layout, Piece
from rag.documents.load.office.formulas import formula_finding
from rag.documents.load.tables import as_lines, begins_with_heading, has_column_word, joined_names, may_name, unfilled
from rag.documents.load.web.css import WHITE, alike, colour_of
from rag.errors import FileProblem
from rag.values import Document, File

SHEET_XML = 20 * 1024 * 1024
MOST_COVERED = 1_000_000
LONGEST_CELL = 32_767
MOST_FORMULAS = 200
REFERENCE = re.compile(rb"<(?:\w+:)?(?:mergeCell|hyperlink)\b[^>]{0,2000}?\bref=[\"']([A-Za-z0-9:$]{1,40})[\"']")
SHOWN = re.compile(r"(#,##)?0(?:\.(0+))?(%)?")
Row = tuple[int, dict[int, Any]]


class Workbook(Format):
    """Excel workbooks (XLSX): each sheet a section, each row a line with its columns' names; hidden cells are pointed out."""

    kind: Literal["workbook"] = "workbook"
    suffixes: ClassVar[tuple[str, ...]] = (".xlsx",)
    signed: ClassVar[str] = "an Excel workbook"

    @classmethod
    def recognises(cls, data: bytes) -> bool:
        return data.startswith(b"PK\x03\x04") and b"xl/workbook.xml" in data

    def __call__(self, file: File) -> Iterator[Document]:
        parts = office_parts(file.name, file.data, "the workbook")
        _check_sheets(file.name, parts)
        file = replace(file, data=transitional(file.data, parts))
        layout = Layout(file.name)
        _write_values(layout, _opened(file, values=True))
        if not layout.rows:
            raise FileProblem(f"{file.name}: none of its sheets holds a value. Upload a workbook with values in it.")
        if any(b"<f" in part or b":f>" in part for name, part in parts.items() if "/worksheets/" in name):
            _write_formulas(layout, _opened(file, values=False))
        title = re.sub(r"[_\-]+", " ", file.name.rpartition("/")[2].rsplit(".", 1)[0])
        owners = set(layout.owners.values())
        if 1 < len(owners) <= MOST_PATIENTS:
            for owner, part in layout.of_each().items():
                own, part.warnings[:] = of_one(file, owner, tuple(part.warnings))
                yield self.laid_out(own, part, title=title, divided=part.broken, owner=owner)
        else:
            owner = owners.pop() if len(owners) == 1 and set(layout.owners) == set(layout.rows) else ""
            yield self.laid_out(file, layout, title=title, divided=layout.broken, owner=owner or None)


def _check_sheets(name: str, parts: dict[str, bytes]) -> None:
    """Raises FileProblem for sheets too large, or with ranges that openpyxl would fill cell by cell."""
    sheets = [part for place, part in parts.items() if "/worksheets/" in place]
    size = sum(map(len, sheets))
    if size > SHEET_XML:
        raise FileProblem(
            f"{name}: sheets of {size / 1024 / 1024:.0f} MB; at most {SHEET_XML // 1024 // 1024} MB are read. Save them as CSV."
        )
    covered = 0
    for part in sheets:
        for found in REFERENCE.finditer(part):
            try:
                left, top, right, bottom = range_boundaries(found[1].decode())
                covered += (right - left + 1) * (bottom - top + 1)
            except (ValueError, TypeError):
                covered += MOST_COVERED
    if covered > MOST_COVERED:
        raise FileProblem(f"{name}: merged or linked cells cover {covered:,} cells; at most {MOST_COVERED:,}. Save it as CSV.")


def _opened(file: File, values: bool) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # They quote the file's content.
            return openpyxl.load_workbook(io.BytesIO(file.data), data_only=values, keep_links=False, rich_text=False)
    except MemoryError:
        raise
    except RecursionError:
        raise FileProblem(f"{file.name}: its parts are nested without end. Save it again from Excel, or as CSV.") from None
    except Exception as error:  # openpyxl raises many built-in kinds on damaged files.
        raise FileProblem(
            f"{file.name}: the workbook is damaged ({type(error).__name__}). Save it again from Excel, or as CSV."
        ) from None


def _rows(sheet: Any) -> Iterator[Row]:
    """The rows that hold something, each as cells by column; `iter_rows` would walk through every empty cell up to the last."""
    cells = ((place, cell) for place, cell in sorted(sheet._cells.items()) if cell.value is not None or cell.comment)
    for number, row in groupby(cells, key=lambda one: one[0][0]):
        yield number, {place[1]: cell for place, cell in row}


def _write_values(layout: Layout, book: Any) -> None:
    told = book.properties
    for name in ("creator", "lastModifiedBy", "title", "subject", "keywords", "category", "description"):
        if value := getattr(told, name, None):
            layout.aside("metadata", f"{name}: {value}")
    for sheet in book.worksheets:
        start = layout.at
        layout.heading(1, (sheet.title, ""))
        if not hasattr(sheet, "_cells"):
            continue
        _Sheet(layout, sheet).write()
        if sheet.sheet_state != "visible":
            layout.mark(start, layout.at - 1, "hidden sheet")


class _Sheet:
    """Writes the rows of one sheet."""

    def __init__(self, layout: Layout, sheet: Any) -> None:
        self.layout = layout
        self.title = str(sheet.title)
        self.rows = list(_rows(sheet))
        self.hidden_rows = {number for number, row in sheet.row_dimensions.items() if row.hidden}
        self.hidden_columns = {
            column
            for dimension in sheet.column_dimensions.values()
            if dimension.hidden
            for column in range(dimension.min or 0, min((dimension.max or 0), 16_384) + 1)
        }
        self.merged: dict[tuple[int, int], Any] = {}
        self.wide: dict[tuple[int, int], int] = {}
        for area in sheet.merged_cells.ranges:
            first = sheet._cells.get((area.min_row, area.min_col))
            if first is not None and area.max_row > area.min_row:
                self.merged |= {(row, area.min_col): first for row in range(area.min_row + 1, area.max_row + 1)}
            if area.max_col > area.min_col:
                self.wide[area.min_row, area.min_col] = area.max_col - area.min_col + 1

    def write(self) -> None:
        """The tables of the sheet one after the other."""
        before: _Table | None = None
        for block in self._blocks():
            table = self._write_table(block, before)
            if before and table is not before:
                self._unfilled(before)
            before = table
        if before:
            self._unfilled(before)

    def _unfilled(self, table: "_Table") -> None:
        """Notes the named columns of a table that no row fills."""
        if left := [name for column, name in table.names.items() if column not in table.filled]:
            self.layout.aside("table", unfilled(left, ()))

    def _blocks(self) -> Iterator[list[Row]]:
        """The rows parted where an empty row stands between them, or where a title stands above a row of names."""
        block: list[Row] = []
        for at, (number, cells) in enumerate(self.rows):
            after = self.rows[at + 1][1] if at + 1 < len(self.rows) else {}
            titled = len(block) > 1 and len(_filled(cells)) == 1 and _names_columns(after) and _is_known(after)
            if block and (number > block[-1][0] + 1 or titled):
                yield block
                block = []
            block.append((number, cells))
        if block:
            yield block

    def _write_table(self, block: list[Row], before: "_Table | None") -> "_Table":
        """Titles, names of columns and rows of a table; rows that go on with the table before keep its names."""
        first = next((at for at, (_, cells) in enumerate(block) if len(_filled(cells)) > 1), len(block))
        for number, cells in block[:first]:
            self._write_row(number, cells, _Table())
        block = block[first:]
        heads = self._heads(block, before)
        table = before if before and not heads and not first else self._named(block[:heads])
        for number, cells in block[:heads]:
            self._comments(cells.values())
            self._unseen_names({column: self._piece(number, column, cell) for column, cell in _filled(cells).items()})
        for number, cells in block[heads:]:
            self._write_row(number, cells, table)
        return table

    def _heads(self, block: list[Row], before: "_Table | None") -> int:
        """How many rows of headers a table begins with: none where it has nothing below, or goes on with the one before."""
        if len(block) < 2 or not _names_columns(block[0][1]) or (before and not self._is_another(block, before)):
            return 0
        number, cells = block[0]
        below = block[1][1]
        wider = not set(_filled(below)) <= set(_filled(cells)) and _is_known(below)
        open_ = wider or any((number, column) in self.wide for column in cells)
        down = all((block[1][0], column) in self.merged for column in set(_filled(cells)) - set(_filled(below)))
        return 2 if len(block) > 2 and open_ and down and _names_columns(below) else 1

    def _is_another(self, block: list[Row], before: "_Table") -> bool:
        """Whether a row of texts after an empty row names the columns of another table: by its letters, columns or words."""
        if not before.names:
            return True
        first, below = _filled(block[0][1]), _filled(block[1][1])
        if _is_bold(first) != _is_bold(below):
            return _is_bold(first)
        if set(first) != set(before.names):
            return True
        return _is_known(first) or any(column in before.valued for column in first)

    def _named(self, heads: list[Row]) -> "_Table":
        """A table with the names that its rows of headers give, a header over several columns to each of them."""
        rows: list[list[str]] = []
        last = max((column + self.wide.get((number, column), 1) for number, cells in heads for column in cells), default=1)
        for number, cells in heads:
            row = [""] * last
            for column, cell in _filled(cells).items():
                text = self._piece(number, column, cell)[0]
                for at in range(column, column + self.wide.get((number, column), 1)):
                    row[at] = text
            rows.append(row)
        names = {column: name for column, name in enumerate(joined_names(rows)) if name}
        whose = patient_column(list(names.values()))
        return _Table(names, None if whose is None else list(names)[whose])

    def _write_row(self, number: int, cells: dict[int, Any], table: "_Table") -> None:
        filled = {column: self._piece(number, column, cell) for column, cell in _filled(cells).items()}
        self._comments(cells.values())
        if not filled:
            return
        table.filled |= set(filled)
        table.valued |= {column for column, cell in _filled(cells).items() if not isinstance(cell.value, str)}
        for (row, column), first in list(self._above(number)):
            filled.setdefault(column, self._piece(row, column, first))
        owner = None if table.whose is None else owner_of(filled.get(table.whose, ("", ""))[0])
        self.layout.row(*_row(table.names, filled), owner=owner)

    def _above(self, number: int) -> Iterator[tuple[tuple[int, int], Any]]:
        """Cells merged downward into this row, whose value stands in each of their rows."""
        for column in {column for _, column in self.merged}:
            if (number, column) in self.merged:
                self.layout.count("merged cells written in each of their rows")
                yield (number, column), self.merged[number, column]

    def _piece(self, row: int, column: int, cell: Any) -> Piece:
        text = as_lines(shown(cell.value, str(cell.number_format))[: LONGEST_CELL + 1])
        if len(text) > LONGEST_CELL:
            told = f"the sheet has cells of more than {LONGEST_CELL:,} characters; they were cut there"
            if told not in self.layout.warnings:
                self.layout.warnings.append(told)
            text = text[:LONGEST_CELL]
        if row in self.hidden_rows:
            return text, "hidden row"
        if column in self.hidden_columns:
            return text, "hidden column"
        return text, _unseen(cell)

    def _comments(self, cells: Any) -> None:
        for cell in cells:
            if cell.comment is not None:
                self.layout.aside("comment", f"{cell.coordinate}: {cell.comment.text}")

    def _unseen_names(self, names: dict[int, Piece]) -> None:
        for text, mark in names.values():
            if mark:
                self.layout.unseen(text, mark)


@dataclass
class _Table:
    """A table of a sheet: the names of its columns, whose rows they are by which column, which hold figures or anything."""

    names: dict[int, str] = field(default_factory=dict)
    whose: int | None = None
    valued: set[int] = field(default_factory=set)
    filled: set[int] = field(default_factory=set)


def _filled(cells: dict[int, Any]) -> dict[int, Any]:
    return {column: cell for column, cell in cells.items() if cell.value is not None and str(cell.value).strip()}


def _names_columns(cells: dict[int, Any]) -> bool:
    """Whether a row may be names of columns: two texts or more that are short and no figures."""
    values = [cell.value for cell in _filled(cells).values()]
    figures = [value for value in values if not isinstance(value, str)]
    if len(values) < 2 or len(figures) == 1 or not all(type(value) is int for value in figures):
        return False
    return may_name(list(map(str, values)))


def _is_known(cells: dict[int, Any]) -> bool:
    return has_column_word([str(cell.value) for cell in _filled(cells).values()])


def _is_bold(cells: dict[int, Any]) -> bool:
    return all(cell.has_style and cell.font is not None and bool(cell.font.b) for cell in cells.values())


def _row(names: dict[int, str], filled: dict[int, Piece]) -> list[Piece]:
    line: list[Piece] = []
    several = False
    for column in sorted(filled):
        text, mark = filled[column]
        if not text:
            continue
        name = names.get(column, "")
        between = "\n" if several else "; " if names else " | "
        several = "\n" in text
        apart = "\n" if several and begins_with_heading(text) else " "
        line += [(between if line else "", ""), (f"{name}:{apart}" if name else "", ""), (text, mark)]
    if all(mark == "hidden row" for text, mark in filled.values() if text):
        return [("".join(text for text, _ in line), "hidden row")]
    return line


def _unseen(cell: Any) -> str:
    """Why a cell's value cannot be seen, or nothing."""
    if not cell.has_style:
        return ""
    if str(cell.number_format).replace(" ", "") == ";;;":
        return "hidden cell"
    font, fill = cell.font, cell.fill
    if font.sz is not None and font.sz < 3:
        return "tiny text"
    colour = _rgb(font.color)
    solid = fill is not None and fill.fill_type is not None
    ground = (_rgb(fill.fgColor) if fill.fill_type == "solid" else None) if solid else WHITE
    return "text in the colour of its ground" if colour and ground and alike(colour, ground) else ""


def _rgb(colour: Any) -> tuple[int, int, int] | None:
    """A colour of a cell; of the theme's colours only the first, white, is known."""
    if colour is None:
        return None
    if colour.type == "theme":
        return WHITE if colour.theme == 0 and not colour.tint else None
    written = colour.rgb if colour.type == "rgb" else None
    return colour_of(f"#{written[-6:]}")[0] if isinstance(written, str) else None


def shown(value: Any, form: str) -> str:
    """A cell's value as the sheet shows it; days and times in ISO."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        whole = not (value.hour or value.minute or value.second or value.microsecond)
        return value.date().isoformat() if whole else value.isoformat(" ", "minutes" if not value.second else "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, int | float):
        return _number(value, form)
    return str(value)


def _number(value: int | float, form: str) -> str:
    found = SHOWN.fullmatch(re.sub(r'"[^"]*"|\[[^\[\]]*\]|[_\\*].|;.*', "", form).strip())
    if not found:
        return f"{value:.15g}" if isinstance(value, float) else str(value)[:400]
    grouping, decimals, percent = found.groups()
    number = value * 100 if percent else value
    try:
        return f"{number:{',' if grouping else ''}.{len(decimals or '')}f}{percent or ''}"
    except (OverflowError, ValueError):
        return str(value)[:400]


def _write_formulas(layout: Layout, book: Any) -> None:
    """Formulas beside the text; those that reach outside of the sheet as findings. Cells without a stored result are told."""
    kept = 0
    for sheet in book.worksheets:
        for _, cells in _rows(sheet) if hasattr(sheet, "_cells") else ():
            for cell in cells.values():
                if cell.data_type != "f":
                    continue
                formula = str(getattr(cell.value, "text", cell.value))[:2000]
                text = f"{sheet.title}!{cell.coordinate}: {formula}"
                finding = formula_finding(formula)
                if finding:
                    layout.alarm("formula", text, finding)
                elif kept < MOST_FORMULAS:
                    layout.aside("formula", text)
                    kept += 1
                else:
                    layout.count("formulas not shown one by one")
