"""Walks marked-up text (HTML, XHTML, C-CDA narrative): what is seen becomes lines, what is not stands beside them."""

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from rag.documents.load.layout import Layout, rows_as_lines
from rag.documents.load.web.css import Seen, Styles, shown

BLOCKS = frozenset(
    "address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4"
    " h5 h6 header hr html li main menu nav ol option p pre section select summary table tbody td tfoot th thead tr ul".split()
)
GAPS = frozenset("p table ul ol dl pre blockquote".split())
HEADINGS = {f"h{level}": level for level in range(1, 7)}
DROPPED = frozenset("script style noscript template head".split())
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

    def walk(self, element: Any) -> None:
        """Writes this element and ends the line."""
        self._element(element, Seen())
        self._flush()
        self._put_aside()

    def _text(self, text: str | None, seen: Seen) -> None:
        if not text:
            return
        why = seen.reason
        if not why:
            if text.strip():
                self._put_aside()
            self._pending.append(text)
        elif text.strip():
            if why != self._why:
                self._put_aside()
            self._why = why
            self._unseen.append(text)

    def _put_aside(self) -> None:
        if self._unseen:
            self.layout.unseen(" ".join(self._unseen), self._why, self._place())
            self._unseen = []
        self._why = ""

    def _place(self) -> int:
        """Where in the text we are, the line that is still being written included."""
        return self.layout.at + len(" ".join("".join(self._pending).split()))

    def _flush(self, gap: bool = False, level: int = 0) -> None:
        if self._in_cell:
            self._pending.append(" ")
            return
        text = "".join(self._pending)
        self._pending = []
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
        if tag == "br":
            self._flush()
        elif tag == "table" and not seen.gone:
            self._table(element, seen)
        elif tag == "pre" and not self._in_cell and not seen.gone:
            self._lines(element, seen)
        else:
            self._block(element, tag, seen)

    def _block(self, element: Any, tag: str, seen: Seen) -> None:
        block = tag in BLOCKS and not seen.gone
        if block:
            self._flush()
            if tag in GAPS and not self._in_cell:
                self.layout.gap()
        if tag == "li" and block and not self._in_cell:
            self._pending.append(_bullet(element))
        self._inside(element, seen)
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
        self.layout.gap()
        start = len(self._pending)
        self._inside(element, seen)
        text = "".join(self._pending[start:])
        del self._pending[start:]
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
        names: list[str] = []
        carried: dict[int, tuple[int, str]] = {}
        for number, row in enumerate(rows):
            state = self._row_state(row, seen)
            cells = self._cells(row, state, carried)
            if not number and len(cells) > 1 and _is_header(row):
                names = cells
                if len(rows) > 1:
                    continue
            self.layout.row((rows_as_lines(names if number else [], cells), ""))
        self.layout.gap()

    def _row_state(self, row: Any, seen: Seen) -> Seen:
        for part in reversed([*_ancestors_within_table(row), row]):
            seen = shown(part, local(part.tag), self.styles.of(part, local(part.tag)), seen)
        return seen

    def _cells(self, row: Any, seen: Seen, carried: dict[int, tuple[int, str]]) -> list[str]:
        """The texts of a row's cells by column; a cell over several rows stands in each, one over several columns once."""
        cells: list[str] = []

        def carry() -> None:
            while len(cells) in carried:
                left, text = carried.pop(len(cells))
                if left > 1:
                    carried[len(cells)] = (left - 1, text)
                cells.append(text)

        for cell in row:
            if local(cell.tag) not in {"td", "th"} or len(cells) > WIDEST:
                continue
            carry()
            text, at = self._captured(cell, seen), len(cells)
            down, wide = _span(cell, "rowspan"), _span(cell, "colspan")
            cells += [text, *[""] * (wide - 1)]
            if down > 1:
                self.layout.count("cells over several rows written in each")
                carried |= {at + step: (down - 1, text if not step else "") for step in range(wide)}
        carry()
        return cells

    def _captured(self, cell: Any, seen: Seen) -> str:
        kept, self._pending, self._in_cell = self._pending, [], True
        self._element(cell, seen)
        text, self._pending, self._in_cell = "".join(self._pending), kept, False
        return " ".join(self.layout.tidy(text).split(" ")).strip()


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
    for child in table:
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
    return len(rows) <= 3 and any(len("".join(cell.itertext())) > LONG_CELL for row in rows for cell in row)


def _is_header(row: Any) -> bool:
    parent = row.getparent()
    cells = [local(cell.tag) for cell in row if local(cell.tag) in {"td", "th"}]
    return (parent is not None and local(parent.tag) == "thead") or all(tag == "th" for tag in cells)


def _span(cell: Any, name: str) -> int:
    written = cell.get(name) or ""
    return min(int(written), MOST_SPAN) if re.fullmatch(r"[1-9][0-9]{0,6}", written) else 1
