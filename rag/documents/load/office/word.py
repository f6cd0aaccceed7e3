"""DOCX by python-docx: paragraphs and tables in order; headers, comments, deletions and properties stand beside the text."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import docx
from docx.opc.constants import RELATIONSHIP_TYPE

from rag.documents.load.facts import states_fact
from rag.documents.load.formats import Format
from rag.documents.load.guard import check_depth, office_parts, transitional
from rag.documents.load.layout import Layout, Piece
from rag.documents.load.office.word_drawings import drawn_lines
from rag.documents.load.office.word_styles import Look, Numbers, Styles, fill_of, is_on
from rag.documents.load.office.word_tables import WITHIN, cells, goes_down, is_header, is_marked, row_pieces, rows, span
from rag.documents.load.signs import BOXES, box, decoded, private, set_as
from rag.documents.load.tables import joined_names, one_line, row_as_lines, unfilled
from rag.errors import FileProblem
from rag.values import Document, File

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
SIGNS = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "softHyphen": "\u00ad", "ptab": " "}
SYMBOL = re.compile(r"^\s*SYMBOL\s+(0x[0-9A-Fa-f]{1,5}|[1-9]\d{0,5})\s[^\\]*\\f\s*\"?([^\"\\]{1,40})", re.IGNORECASE)
ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
         (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
NOTES = {"footnotes": "Footnote", "endnotes": "Endnote"}


class Word(Format):
    """Word documents (DOCX): headings by style, lists numbered, tables row by row; hidden and white text is pointed out."""

    kind: Literal["word"] = "word"
    suffixes: ClassVar[tuple[str, ...]] = (".docx",)
    signed: ClassVar[str] = "a Word document"

    @classmethod
    def recognises(cls, data: bytes) -> bool:
        return data.startswith(b"PK\x03\x04") and b"word/document.xml" in data

    def __call__(self, file: File) -> Iterator[Document]:
        parts = office_parts(file.name, file.data, "the Word document")
        try:
            opened: Any = docx.Document(io.BytesIO(transitional(file.data, parts)))
            body = opened.element.body
        except MemoryError:
            raise
        except Exception as error:  # python-docx raises many built-in kinds on damaged files.
            raise FileProblem(
                f"{file.name}: the Word document is damaged ({type(error).__name__}). Save it again from Word."
            ) from None
        check_depth(file.name, opened.element)
        layout = Layout(file.name)
        title = _properties(layout, opened)
        reader = _Reader(layout, opened)
        reader.facts("header")
        reader.blocks(body)
        reader.facts("footer")
        reader.notes()
        reader.margins()
        reader.links()
        yield self.laid_out(file, layout, title=title)


def _properties(layout: Layout, opened: Any) -> str:
    """The title; what the file's properties tell besides is kept beside the text."""
    try:
        told = opened.core_properties
        for name in ("author", "last_modified_by", "title", "subject", "keywords", "category", "comments", "content_status"):
            layout.aside("metadata", f"{name.replace('_', ' ')}: {value}" if (value := getattr(told, name)) else "")
        for part in opened.part.package.iter_parts():
            if str(part.partname).startswith(("/docProps/custom", "/docProps/app")):
                for leaf in _root(part).iter():
                    if isinstance(leaf.tag, str) and not len(leaf) and (leaf.text or "").strip():
                        name = leaf.getparent().get("name") or _name(leaf)
                        if name in {"Company", "Manager"} or "custom" in str(part.partname):
                            layout.aside("metadata", f"{name}: {leaf.text}")
        return str(told.title or "")
    except MemoryError:
        raise
    except Exception:  # Damaged properties must not cost the document.
        layout.warnings.append("the properties cannot be read")
        return ""


def _root(part: Any) -> Any:
    if hasattr(part, "element"):
        return part.element
    from docx.oxml.parser import parse_xml

    return parse_xml(part.blob)


def _name(element: Any) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


class _Reader:
    """Writes the parts of a Word document into a layout."""

    def __init__(self, layout: Layout, opened: Any) -> None:
        self.layout = layout
        self.part = opened.part
        self.styles = Styles(opened)
        self.numbers = Numbers(opened)
        self.comments = self._comments()
        self.told: set[str] = set()
        self.boxes: list[Any] = []
        self.drawn: list[str] = []
        self.noted: dict[tuple[str, str], str] = {}
        self.parted = False
        self.before = ""
        self.struck: list[str] = []
        self.fields: list[_Field] = []
        self.ground = fill_of(opened.element.find(f"{W}background"), "color") or "FFFFFF"

    def blocks(self, parent: Any, ground: str | None = None) -> None:
        """The paragraphs and tables of a body, a cell, a header or a text box."""
        for child in parent:
            name = _name(child)
            if name == "p":
                self._paragraph(child, ground)
            elif name == "tbl":
                self._table(child)
            elif name == "altChunk":
                self.layout.warnings.append("an embedded file in another format was not read")
            elif name in WITHIN:
                self.blocks(child, ground)
            elif name in {"del", "moveFrom"}:
                self._deleted(child)

    def _paragraph(self, paragraph: Any, ground: str | None) -> None:
        style = self.styles.of_paragraph(paragraph)
        pieces = list(self._pieces(paragraph, style.look, ground or self.ground))
        if level := style.heading:
            number = self.numbers.next(paragraph, style)
            self.layout.heading(level, (number, ""), *pieces)
        elif any(text.strip() for text, _ in pieces):
            self._lines([(self.numbers.next(paragraph, style), ""), *pieces])
        waiting, self.boxes = self.boxes, []
        for inner in waiting:
            self.blocks(inner)
        for line in self._taken_drawn():
            self.layout.line((line, ""))

    def _taken_drawn(self) -> list[str]:
        """The lines of the drawings that were met, each once."""
        lines, self.drawn = self.drawn, []
        return lines

    def _lines(self, pieces: list[Piece]) -> None:
        """A paragraph, which breaks part into lines."""
        line: list[Piece] = []
        for text, mark in pieces:
            first, *others = text.split("\n")
            line.append((first, mark))
            for other in others:
                self.layout.line(*line)
                line = [(other, mark)]
        self.layout.line(*line)

    def _pieces(self, paragraph: Any, look: Look, ground: str) -> Iterator[Piece]:
        """The text of a paragraph; what is struck out of it stands beside it."""
        self.before = ""
        for text, mark in self._inside(paragraph, look, ground):
            if text:
                self.before = text[-1]
            yield text, mark
        self._put_struck()

    def _inside(self, parent: Any, look: Look, ground: str) -> Iterator[Piece]:
        for child in parent:
            name = _name(child)
            if name == "r":
                yield from self._run(child, self.styles.of_run(child, look), ground)
            elif name in {"del", "moveFrom"}:
                self._deleted(child)
            elif name == "commentReference":
                self._comment(child)
            elif name == "sdt" and (state := _ticked(child)) is not None:
                read = list(self._inside(child, look, ground))
                shown = "".join(text for text, _ in read).strip()
                yield from read if shown in BOXES else [(box(state), read[0][1] if read else "")]
            elif name in WITHIN:
                yield from self._inside(child, look, ground)
            elif name in {"oMath", "oMathPara"}:
                yield "".join(leaf.text or "" for leaf in child.iter() if _name(leaf) == "t"), ""
            elif name == "AlternateContent":
                yield from self._inside(next(iter(child), ()), look, ground)

    def _put_struck(self) -> None:
        self.layout.aside("deleted", "".join(self.struck))
        self.struck = []

    def _run(self, run: Any, look: Look, ground: str) -> Iterator[Piece]:
        mark = look.unseen(ground)
        for text in self._shown(run, look):
            if look.struck and not mark:
                self.struck.append(text)
            else:
                self._put_struck() if self.struck and text.strip() else None
                yield set_as(text, look.place, self.before) if look.place else text, mark

    def _shown(self, run: Any, look: Look) -> Iterator[str]:
        """The texts and signs of a run as its font shows them."""
        for child in run:
            name = _name(child)
            if name == "t":
                yield self._told(private(decoded(child.text or "", look.font), look.font))
            elif name in SIGNS:
                yield SIGNS[name] if child.get(f"{W}type") != "page" else " "
            elif name == "sym":
                yield self._told(_symbol(child))
            elif name in {"footnoteReference", "endnoteReference"}:
                self.before = ""
                yield f"[{self._number(name.removesuffix('Reference'), child)}]"
            elif name == "ruby":
                yield self._told(_with_reading(child))
            elif name == "fldChar":
                yield self._field(child)
            elif name == "instrText":
                self._instruction(child.text or "")
            elif name == "delText":
                self.layout.aside("deleted", child.text or "")
            elif name == "commentReference":
                self._comment(child)
            elif name in {"drawing", "pict", "AlternateContent", "object"}:
                self._drawing(child)

    def _number(self, kind: str, reference: Any) -> str:
        """The number of a note as it is shown: in the order in which the text refers to them, those at the end in Roman."""
        known = self.noted.setdefault((kind, reference.get(f"{W}id") or ""), "")
        if not known:
            count = sum(other == kind for other, _ in self.noted)
            known = self.noted[kind, reference.get(f"{W}id") or ""] = str(count) if kind == "footnote" else _roman(count)
        return known

    def _told(self, text: str) -> str:
        if self.fields and text.strip():
            self.fields[-1].told = self.fields[-1].told or self.fields[-1].parted
        return text

    def _instruction(self, text: str) -> None:
        if "http" in text.lower():
            self.layout.aside("link", text)
        if self.fields:
            self.fields[-1].instruction += text[:200]

    def _field(self, sign: Any) -> str:
        """What a field of a form shows: a box at once, a choice or a sign at its end where no text told it."""
        kind = sign.get(f"{W}fldCharType")
        if kind == "begin":
            self.fields.append(_Field(sign.find(f"{W}ffData")))
            return self.fields[-1].box
        if self.fields and kind == "separate":
            self.fields[-1].parted = True
        elif self.fields and kind == "end":
            field = self.fields.pop()
            if field.told and self.fields:
                self.fields[-1].told = self.fields[-1].told or self.fields[-1].parted
            return "" if field.told else self._told(field.shown)
        return ""

    def _drawing(self, drawing: Any) -> None:
        """Text boxes are read after their paragraph; what describes a picture stands beside the text."""
        chosen = next(iter(drawing), drawing) if _name(drawing) == "AlternateContent" else drawing
        for leaf in chosen.iter():
            if _name(leaf) == "txbxContent":
                self.boxes.append(leaf)
            elif _name(leaf) in {"docPr", "shape"}:
                for attribute in ("descr", "title", "alt"):
                    text = leaf.get(attribute) or ""
                    if len(text) >= 20 or len(text.split()) >= 3:
                        self.layout.aside("attribute", f"{attribute}: {text}")
            elif _name(leaf) in {"blip", "imagedata"}:
                self.layout.count("pictures left out")
        try:
            self.drawn += drawn_lines(chosen, self.part)
        except MemoryError:
            raise
        except Exception:  # A damaged diagram must not cost the document.
            self.layout.warnings.append("a diagram or chart cannot be read")

    def _deleted(self, deleted: Any) -> None:
        text = "".join(leaf.text or "" for leaf in deleted.iter() if _name(leaf) in {"delText", "t"})
        self.layout.aside("deleted", text)

    def _table(self, table: Any) -> None:
        self.layout.gap()
        shaded = self.styles.shades(table)
        found = [(row, list(cells(row))) for row in rows(table)]
        several = any(len(there) > 1 for _, there in found)
        heads: list[list[str]] = []
        names: list[str] = []
        used = False
        above: list[list[Piece]] = []
        below: list[list[str]] = []
        for at, (row, there) in enumerate(found):
            if len(there) == 1 and there[0].find(f".//{W}tbl") is not None:
                self.blocks(there[0])
                continue
            texts = [self._cell(cell, shaded) for cell in there]
            if several and len(there) == 1:
                self.layout.row(*row_pieces([], texts))
                continue
            wide = self._columns(there, texts, above)
            above = wide
            if not used and at + 1 < len(found) and self._heads(row, there, texts, heads):
                spread = [text for cell, text in zip(there, texts, strict=True) for text in [text] * span(cell)]
                heads.append(["".join(text for text, _ in pieces) for pieces in spread])
                names = joined_names(heads)
                if not any(mark for pieces in texts for _, mark in pieces):
                    continue
                self.layout.row(*row_pieces([], texts))
                continue
            used = True
            below.append(["".join(text for text, _ in pieces) for pieces in wide])
            self.layout.row(*row_pieces(names, wide))
        self.layout.aside("table", unfilled(names, below) if used else "")
        for head in heads if not used else ():
            self.layout.row((row_as_lines([], list(dict.fromkeys(map(one_line, head)))), ""))
        self.layout.gap()

    def _heads(self, row: Any, there: list[Any], texts: list[list[Piece]], heads: list[list[str]]) -> bool:
        """Whether a row names columns: the first, more that are marked so, and one below a header of several columns."""
        if not heads:
            self.parted = any(span(cell) > 1 for cell in there)
            return is_header(row, texts)
        down = [text for cell, text in zip(there, texts, strict=True) if not goes_down(cell)]
        parted, self.parted = self.parted, False
        return is_marked(row) or (parted and len(down) > 1 and is_header(row, down))

    def _columns(self, there: list[Any], texts: list[list[Piece]], above: list[list[Piece]]) -> list[list[Piece]]:
        """What stands in each column of a row; a cell over several rows stands in each of them."""
        wide: list[list[Piece]] = []
        for cell, text in zip(there, texts, strict=True):
            if goes_down(cell) and not any(part.strip() for part, _ in text) and len(wide) < len(above):
                text = above[len(wide)]
                self.layout.count("cells over several rows written in each")
            wide += [text, *[[]] * (span(cell) - 1)]
        return wide

    def _cell(self, cell: Any, shaded: bool) -> list[Piece]:
        """What stands in a cell, a paragraph a line; white text on a shaded cell is seen."""
        ground = fill_of(cell.find(f"{W}tcPr/{W}shd"), "fill") or ("" if shaded else self.ground)
        pieces: list[Piece] = []
        for paragraph in _paragraphs(cell):
            style = self.styles.of_paragraph(paragraph)
            read = list(self._pieces(paragraph, style.look, ground))
            number = self.numbers.next(paragraph, style) if read else ""
            pieces += [("\n" if pieces else "", ""), (number, ""), *read]
        pieces += [(f"\n{line}", "") for line in self._taken_drawn()]
        self.boxes = []  # Their paragraphs are among those of the cell.
        return pieces

    def notes(self) -> None:
        """Footnotes and endnotes in the order of their numbers, placed after the text; those without a mark stand beside it."""
        for part in [*self._related("footnotes"), *self._related("endnotes")]:
            kind = NOTES[str(part.partname).rpartition("/")[2].rpartition(".")[0].rstrip("0123456789")]
            notes = {note.get(f"{W}id") or "": note for note in _root(part) if not _parts_notes(note)}
            numbers = {at: number for (of, at), number in self.noted.items() if of == kind.lower()}
            for at in [*filter(notes.__contains__, numbers), *(at for at in notes if at not in numbers)]:
                self._note(kind, numbers.get(at, ""), notes[at])

    def _note(self, kind: str, number: str, note: Any) -> None:
        pieces: list[Piece] = []
        for paragraph in _paragraphs(note):
            pieces += [("\n" if pieces else "", ""), *self._pieces(paragraph, Look(), self.ground)]
        if not number:
            self.layout.aside(kind.lower(), "".join(text for text, _ in pieces))
        elif any(text.strip() for text, _ in pieces):
            self._lines([(f"{kind} {number}: ", ""), *pieces])
            self.layout.count("footnotes placed after the text")

    def facts(self, kind: str) -> None:
        """The lines of headers or footers that state a fact, each once, in the text."""
        lines = (line for part in self._related(kind) for line in _lines_of(part) if states_fact(line))
        for line in dict.fromkeys(lines):
            self.layout.line((line, ""))

    def margins(self) -> None:
        """Headers and footers, each once, beside the text."""
        for kind in ("header", "footer"):
            for part in self._related(kind):
                text = "\n".join(_lines_of(part))
                if text and text not in self.told:
                    self.told.add(text)
                    self.layout.aside(kind, text, 0)

    def links(self) -> None:
        """What the file points to elsewhere, which is never fetched."""
        for part in self.part.package.iter_parts():
            for relation in part.rels.values():
                if relation.is_external:
                    self.layout.aside("link", relation.target_ref, 0)
                    if relation.reltype != RELATIONSHIP_TYPE.HYPERLINK:
                        self.layout.count("parts outside of the file not fetched")

    def _related(self, *kinds: str) -> list[Any]:
        endings = tuple(f"/{kind}" for kind in kinds)
        parts = {
            str(relation.target_part.partname): relation.target_part
            for relation in self.part.rels.values()
            if not relation.is_external and relation.reltype.endswith(endings)
        }
        return [parts[name] for name in sorted(parts)]

    def _comments(self) -> dict[str, str]:
        found = {}
        for part in self._related("comments"):
            for comment in _root(part).iter(f"{W}comment"):
                found[comment.get(f"{W}id") or ""] = "\n".join(map(_own_text, _paragraphs(comment)))
        return found

    def _comment(self, reference: Any) -> None:
        self.layout.aside("comment", self.comments.get(reference.get(f"{W}id") or "", ""))


def _lines_of(part: Any) -> list[str]:
    """The lines of a header or a footer."""
    return [line for at in _paragraphs(_root(part)) if (line := _own_text(at)).strip()]


def _paragraphs(parent: Any) -> Iterator[Any]:
    """The paragraphs in an element, those in its tables and text boxes included, each once."""
    return (at for at in parent.iter(f"{W}p") if next(at.iterancestors("{*}Fallback"), None) is None)


def _own_text(paragraph: Any) -> str:
    """The text of a paragraph without that of boxes in it, which are paragraphs of their own."""
    return "".join(leaf.text or "" for leaf in paragraph.iter(f"{W}t") if next(leaf.iterancestors(f"{W}p")) is paragraph)


def _with_reading(ruby: Any) -> str:
    """Text with the reading that is set small above it."""
    base, reading = ("".join(leaf.text or "" for at in ruby.iter(f"{W}{name}") for leaf in at.iter(f"{W}t"))
                     for name in ("rubyBase", "rt"))  # fmt: skip
    return f"{base} ({reading})" if reading.strip() else base


def _parts_notes(note: Any) -> bool:
    """Whether a note is none but the line above the notes."""
    return note.get(f"{W}type") in {"separator", "continuationSeparator", "continuationNotice"} or _name(note) not in {
        "footnote",
        "endnote",
    }


def _roman(number: int) -> str:
    """A number in small Roman figures."""
    out = ""
    for value, sign in ROMAN:
        times, number = divmod(number, value)
        out += sign * times
    return out


@dataclass
class _Field:
    """A field that is being read: the data of its form, its instruction, and whether a text told its result."""

    form: Any = None
    instruction: str = ""
    parted: bool = False
    told: bool = False

    @property
    def box(self) -> str:
        """The box that it is, or nothing."""
        check = self.form.find(f"{W}checkBox") if self.form is not None else None
        if check is None:
            return ""
        state = check.find(f"{W}checked")
        return box(is_on(state if state is not None else check.find(f"{W}default")))

    @property
    def shown(self) -> str:
        """The entry that is chosen of its list, or the sign that its instruction names."""
        if found := SYMBOL.search(self.instruction):
            return decoded(chr(int(found[1], 0) % 0x110000), found[2]) if int(found[1], 0) else ""
        choices = self.form.find(f"{W}ddList") if self.form is not None else None
        if choices is None:
            return ""
        entries = [entry.get(f"{W}val") or "" for entry in choices.iter(f"{W}listEntry")]
        at = choices.find(f"{W}result")
        at = at if at is not None else choices.find(f"{W}default")
        written = (at.get(f"{W}val") or "0") if at is not None else "0"
        return entries[int(written)] if written.isdecimal() and int(written) < len(entries) else ""


def _ticked(control: Any) -> bool | None:
    """Whether a content control that is a box is ticked; None for any other."""
    properties = control.find(f"{W}sdtPr")
    check = next((one for one in properties if _name(one) == "checkbox"), None) if properties is not None else None
    if check is None:
        return None
    state = next((one for one in check if _name(one) == "checked"), None)
    written = next((value for name, value in state.attrib.items() if name.endswith("}val")), "1") if state is not None else "0"
    return written not in {"0", "false", "off"}


def _symbol(sign: Any) -> str:
    written = sign.get(f"{W}char") or ""
    try:
        number = int(written, 16)
    except ValueError:
        return ""
    if not 0 < number < 0x110000:
        return ""
    font = sign.get(f"{W}font") or ""
    return private(decoded(chr(number), font), font)
