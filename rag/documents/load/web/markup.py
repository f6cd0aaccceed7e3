"""Walks marked-up text (HTML, XHTML, C-CDA narrative): what is seen becomes lines, what is not stands beside them."""

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from rag.documents.load.layout import BLANKS, Layout
from rag.documents.load.signs import box, decoded, described_box, set_as
from rag.documents.load.tables import (
    are_column_words,
    as_lines,
    has_cut,
    joined_names,
    may_name,
    one_line,
    row_as_lines,
    unfilled,
)
from rag.documents.load.web.css import Seen, Styles, shown

BLOCKS = frozenset(
    "address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4"
    " h5 h6 header hr html li main menu nav ol option p pre section select summary table tbody td tfoot th thead tr ul".split()
)
GAPS = frozenset("p table ul ol dl pre blockquote".split())
HEADINGS = {f"h{level}": level for level in range(1, 7)}
DROPPED = frozenset("script style noscript template head datalist".split())
VERBATIM = frozenset({"pre", "textarea"})
FILLED = frozenset("text search email tel url number date time datetime-local month week range".split())
BOXES = frozenset({"checkbox", "radio"})
SWITCHES = frozenset({"checkbox", "radio", "switch", "menuitemcheckbox", "menuitemradio"})
STRUCK = "deleted"
MOST_HEADS = 4
LIKE = {
    "paragraph": "p", "content": "span", "item": "li", "list": "ul", "linkhtml": "a", "rendermultimedia": "img",
    "footnote": "div",
}  # fmt: skip
TOLD = ("alt", "title", "aria-label", "placeholder", "srcdoc", "summary")
MOST_SPAN = 50
LONG_CELL = 2000
WIDEST = 1000


def local(tag: Any) -> str:
    """The name of an element without its namespace, in small letters, as HTML calls it; "" for comments and the like."""
    if not isinstance(tag, str):
        return ""
    name = tag.rpartition("}")[2].lower()
    return LIKE.get(name, name)


class Walker:
    """Writes an element with all that is in it into a layout."""

    def __init__(self, layout: Layout, styles: Styles | None = None, deeper: int = 0) -> None:
        self.layout = layout
        self.styles = styles or Styles()
        self.deeper = deeper
        self._pending: list[str] = []
        self._unseen: list[str] = []
        self._why = ""
        self._in_cell = False
        self._verbatim = False
        self._sign = ""
        self._measured = (0, 0, False)

    def walk(self, element: Any) -> None:
        """Writes this element and ends the line."""
        self._element(element, Seen())
        self._flush()
        self._put_aside()

    def _text(self, text: str | None, seen: Seen) -> None:
        if not text:
            return
        why = seen.reason or (STRUCK if seen.struck else "")
        if not why:
            if text.strip():
                self._put_aside()
            self._pending.append(self._as_set(text, seen))
        elif text.strip():
            if why != self._why:
                self._put_aside()
            self._why = why
            self._unseen.append(text)

    def _as_set(self, text: str, seen: Seen) -> str:
        """Text as it is shown in its font and place; in a cell, line ends of the source are blanks."""
        if self._in_cell and not self._verbatim:
            text = BLANKS.sub(" ", text)
        text = decoded(text, seen.font)
        return set_as(text, seen.place, self._last()) if seen.place else text

    def _last(self) -> str:
        """The last sign of the line that is being written, or nothing."""
        return next((text[-1] for text in reversed(self._pending) if text), "")

    def _put_aside(self) -> None:
        if self._unseen:
            text = " ".join(self._unseen)
            if self._why == STRUCK:
                self.layout.aside(STRUCK, BLANKS.sub(" ", text), self._place())
            else:
                self.layout.unseen(text, self._why, self._place())
            self._unseen = []
        self._why = ""

    def _place(self) -> int:
        """Where in the text we are, the line that is still being written included, with its blanks made one."""
        read, length, blank = self._measured if self._measured[0] <= len(self._pending) else (0, 0, False)
        for text in self._pending[read:]:
            blank = blank or text[:1].isspace()
            if plain := " ".join(text.split()):
                length += len(plain) + (blank and length > 0)
                blank = False
            blank = blank or text[-1:].isspace()
        self._measured = (len(self._pending), length, blank)
        return self.layout.at + length

    def _flush(self, gap: bool = False, level: int = 0) -> None:
        if self._in_cell:
            if self._last() != "\n":
                self._pending.append("\n")
            return
        text = "".join(self._pending)
        if self._sign and text.strip() == self._sign.strip():
            return  # The text of an item of a list may begin with a block of its own.
        self._pending, self._sign, self._measured = [], "", (0, 0, False)
        if level:
            self.layout.heading(level, (text, ""))
        else:
            self.layout.line((text, ""))
        if gap:
            self.layout.gap()

    def _element(self, element: Any, before: Seen) -> None:
        tag = local(element.tag)
        if not tag or tag in DROPPED:
            self._dropped(element, tag)
            return
        seen = shown(element, tag, self.styles.of(element, tag), before)
        self._attributes(element, tag)
        if (element.get("role") or "").lower() in SWITCHES and (state := element.get("aria-checked")):
            self._text(f" {box(state.lower() == 'true')} ", before)
        if tag == "br" and self._in_cell:
            self._pending.append("\n")
        elif tag == "br":
            self._flush()
        elif tag == "input":
            self._input(element, seen, before)
        elif tag == "select":
            self._chosen(element, seen)
        elif tag == "img" and (sign := described_box(element.get("alt") or "")):
            self._text(f" {sign} ", seen)
        elif tag == "table" and not seen.gone:
            self._table(element, seen)
        elif tag in VERBATIM and not seen.gone:
            self._lines(element, seen)
        else:
            self._block(element, tag, seen)

    def _input(self, element: Any, seen: Seen, before: Seen) -> None:
        """A field of a form as it is filled in; a box that is drawn in place of its own is not hidden."""
        kind = (element.get("type") or "text").lower()
        if kind in BOXES:
            self._text(f" {box(element.get('checked') is not None)} ", before)
        elif kind in FILLED:
            self._text(f" {element.get('value') or ''} ", seen)

    def _chosen(self, element: Any, seen: Seen) -> None:
        """What is chosen of a list; what is not stands beside the text."""
        options = [one for one in element.iter() if local(one.tag) == "option"]
        chosen = [one for one in options if one.get("selected") is not None]
        if not chosen and element.get("multiple") is None and (element.get("size") or "1") == "1":
            chosen = options[:1]
        told = [one.get("label") or " ".join(texts(one)) for one in chosen]
        self._text(f" {', '.join(filter(None, map(one_line, told)))} ", seen)
        others = [one_line(one.get("label") or " ".join(texts(one))) for one in options if one not in chosen]
        self.layout.aside("choice", f"not chosen: {'; '.join(filter(None, others))}" if any(others) else "", self._place())

    def _block(self, element: Any, tag: str, seen: Seen) -> None:
        block = tag in BLOCKS and not seen.gone
        if block:
            self._flush()
            if tag in GAPS and not self._in_cell:
                self.layout.gap()
        if tag == "li" and block and not self._in_cell:
            self._sign = _bullet(element)
            self._pending.append(self._sign)
        self._inside(element, seen)
        if tag == "li" and self._sign and "".join(self._pending).strip() == self._sign.strip():
            self._pending, self._sign, self._measured = [], "", (0, 0, False)
        if block:
            self._flush(tag in GAPS, 0 if self._in_cell or tag not in HEADINGS else HEADINGS[tag] + self.deeper)

    def _inside(self, element: Any, seen: Seen) -> None:
        self._text(element.text, seen)
        for child in element:
            self._element(child, seen)
            self._text(child.tail, seen)

    def _lines(self, element: Any, seen: Seen) -> None:
        """Text whose line ends count."""
        self._flush()
        start, before, self._verbatim = len(self._pending), self._verbatim, True
        self._inside(element, seen)
        self._verbatim = before
        if self._in_cell:
            self._flush()
            return
        self.layout.gap()
        text = "".join(self._pending[start:])
        del self._pending[start:]
        self._measured = (0, 0, False)
        for line in text.splitlines():
            self.layout.line((line, ""))
        self.layout.gap()

    def _dropped(self, element: Any, tag: str) -> None:
        if tag in {"script", "style"}:
            if (element.text or "").strip():
                self.layout.count(f"{tag}s left out")
            return
        if isinstance(element.tag, str):
            self.layout.aside("metadata" if tag == "head" else tag, " ".join(texts(element)), self._place())
            for comment in element.iter():
                if not isinstance(comment.tag, str):
                    self._dropped(comment, "")
        elif element.tag is etree.Comment:
            self.layout.aside("comment", element.text or "", self._place())
        elif element.tag is etree.ProcessingInstruction:
            self.layout.aside("comment", f"{element.target} {element.text or ''}", self._place())
        elif element.tag is etree.Entity:
            self.layout.count("unknown entities left out")

    def _attributes(self, element: Any, tag: str) -> None:
        for name in TOLD:
            value = element.get(name) or ""
            if len(value) >= 20 or len(value.split()) >= 3:
                self.layout.aside("attribute", f"{name}: {value}", self._place())
        if tag == "input" and (value := element.get("value") or "") and element.get("type") == "hidden":
            self.layout.aside("attribute", f"value: {value}", self._place())
        for name in ("href", "src", "data", "action"):
            target = (element.get(name) or "").strip()
            if target and not target.startswith("#") and not target.lower().startswith("data:"):
                self.layout.aside("link", target[:2000], self._place())

    def _table(self, table: Any, seen: Seen) -> None:
        """A table row by row; one that only lays a page out is walked like any other block."""
        rows = list(_rows(table))
        if self._in_cell or not rows or _lays_out(table, rows):
            self._block(table, "table", seen)
            return
        self._flush()
        for caption in (child for child in table if local(child.tag) == "caption"):
            self._element(caption, seen)
            self._flush()
        self.layout.gap()
        self._written(rows, seen)
        self.layout.gap()

    def _written(self, rows: list[Any], seen: Seen) -> None:
        """The rows one by one. Rows of headers name the columns of what follows, those on end together.

        A row with one cell over all columns is a line of its own. Headers without a row below are written as a row.
        """
        heads: list[list[str]] = []
        names: list[str] = []
        below: list[list[str]] = []
        used = False
        headers = [_is_header(row) for row in rows]
        if not any(headers) and (first := _names_columns(rows)) is not None:
            headers[first] = True
        if all(headers) or sum(headers[:MOST_HEADS]) == MOST_HEADS:
            headers = [not at for at in range(len(rows))]
        several = any(len(_own_cells(row)) > 1 for row in rows)
        carried: dict[int, tuple[int, str]] = {}
        for row, header in zip(rows, headers, strict=True):
            cells = self._cells(row, self._row_state(row, seen), carried, spread=header)
            if not any(cells):
                continue
            if several and _stands_alone(row, cells):
                self.layout.row((next(filter(None, cells)), ""))
            elif header and len(cells) > 1 and (used or len(heads) < MOST_HEADS):
                if used:
                    self.layout.aside("table", unfilled(names, below), self.layout.at)
                    heads, below, used = [], [], False
                heads.append(cells)
                names = joined_names(heads)
                if has_cut(cells):
                    self.layout.row((row_as_lines([], list(map(one_line, cells))), ""))
            else:
                used = True
                below.append(cells)
                self.layout.row((row_as_lines(names, cells), ""))
        if used:
            self.layout.aside("table", unfilled(names, below), self.layout.at)
        for cells in heads if not used else ():
            self.layout.row((row_as_lines([], list(dict.fromkeys(cells))), ""))

    def _row_state(self, row: Any, seen: Seen) -> Seen:
        for part in reversed([*_ancestors_within_table(row), row]):
            seen = shown(part, local(part.tag), self.styles.of(part, local(part.tag)), seen)
        return seen

    def _cells(self, row: Any, seen: Seen, carried: dict[int, tuple[int, str]], spread: bool = False) -> list[str]:
        """The texts of a row's cells by column; a cell over several rows stands in each, one over several columns once.

        With `spread` it stands in each of its columns.
        """
        cells: list[str] = []

        def carry() -> None:
            while len(cells) in carried:
                left, text = carried.pop(len(cells))
                if left > 1:
                    carried[len(cells)] = (left - 1, text)
                cells.append(text)

        for cell in _own_cells(row):
            if len(cells) > WIDEST:
                break
            carry()
            text, at = self._captured(cell, seen), len(cells)
            down, wide = _span(cell, "rowspan"), _span(cell, "colspan")
            cells += [text, *[text if spread else ""] * (wide - 1)]
            if down > 1:
                self.layout.count("cells over several rows written in each")
                carried |= {at + step: (down - 1, text if spread or not step else "") for step in range(wide)}
        carry()
        return cells

    def _captured(self, cell: Any, seen: Seen) -> str:
        kept, self._pending, self._in_cell, self._measured = self._pending, [], True, (0, 0, False)
        self._element(cell, seen)
        text, self._pending, self._in_cell, self._measured = "".join(self._pending), kept, False, (0, 0, False)
        return as_lines("\n".join(map(self.layout.tidy, text.strip().split("\n"))))


def texts(element: Any) -> Iterator[str]:
    """The texts in an element without those of scripts and styles."""
    for child in element.iter():
        if isinstance(child.tag, str) and local(child.tag) not in {"script", "style"} and child.text:
            yield child.text
        if child is not element and child.tail:
            yield child.tail


def _bullet(item: Any) -> str:
    """The sign before an item of a list: its number in a numbered one."""
    parent = item.getparent()
    ordered = parent is not None and (
        local(parent.tag) == "ol" or (parent.get("listType") or parent.get("listtype")) == "ordered"
    )
    if not ordered:
        return "- "
    before = sum(1 for other in item.itersiblings(preceding=True) if local(other.tag) == "li")
    start = parent.get("start") or ""
    return f"{before + (int(start) if re.fullmatch(r'[0-9]{1,6}', start) else 1)}. "


def _rows(table: Any) -> Iterator[Any]:
    """The rows of a table as they are shown: its foot last, wherever it stands."""
    feet = [child for child in table if local(child.tag) == "tfoot"]
    for child in [*(child for child in table if local(child.tag) != "tfoot"), *feet]:
        if local(child.tag) == "tr":
            yield child
        elif local(child.tag) in {"thead", "tbody", "tfoot"}:
            yield from (row for row in child if local(row.tag) == "tr")


def _ancestors_within_table(row: Any) -> Iterator[Any]:
    parent = row.getparent()
    if parent is not None and local(parent.tag) in {"thead", "tbody", "tfoot"}:
        yield parent


def _lays_out(table: Any, rows: list[Any]) -> bool:
    """Whether a table holds tables, headings or whole pages of text and is not one of values."""
    if any(local(inner.tag) == "table" or local(inner.tag) in HEADINGS for inner in table.iterdescendants()):
        return True
    return len(rows) <= 3 and any(len("".join(cell.itertext())) > LONG_CELL for row in rows for cell in _own_cells(row))


def _own_cells(row: Any) -> list[Any]:
    """The cells of a row, without comments and the like between them."""
    return [cell for cell in row if local(cell.tag) in {"td", "th"}]


def _is_header(row: Any) -> bool:
    parent = row.getparent()
    return (parent is not None and local(parent.tag) == "thead") or all(local(cell.tag) == "th" for cell in _own_cells(row))


def _names_columns(rows: list[Any]) -> int | None:
    """The first row of several cells, not marked as header, that looks like names of columns: all bold, or all such words."""
    wide = [at for at, row in enumerate(rows) if len(_own_cells(row)) > 1][:2]
    if len(wide) < 2:
        return None
    names = ["".join(texts(cell)) for cell in _own_cells(rows[wide[0]])]
    first, second = (all(map(_is_bold, _own_cells(rows[at]))) for at in wide)
    return wide[0] if (first and not second and may_name(names)) or are_column_words(names) else None


def _is_bold(cell: Any) -> bool:
    """Whether a cell has text and all of it is set bold by its elements."""
    within = "".join(text for part in cell.iter("b", "strong") for text in texts(part))
    return bool(within.strip()) and "".join(within.split()) == "".join("".join(texts(cell)).split())


def _stands_alone(row: Any, cells: list[str]) -> bool:
    """Whether a row is one cell over all of its columns."""
    return len(_own_cells(row)) == 1 and len(set(filter(None, cells))) == 1


def _span(cell: Any, name: str) -> int:
    written = cell.get(name) or ""
    return min(int(written), MOST_SPAN) if re.fullmatch(r"[1-9][0-9]{0,6}", written) else 1
