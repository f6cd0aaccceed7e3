"""DOCX by python-docx: paragraphs and tables in order; headers, comments, deletions and properties stand beside the text."""

import io
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import docx
from docx.opc.constants import RELATIONSHIP_TYPE

from rag.documents.load.formats import Format
from rag.documents.load.guard import check_depth, office_parts
from rag.documents.load.layout import Layout, Piece
from rag.documents.load.office.word_styles import Look, Numbers, Styles, fill_of
from rag.documents.load.office.word_tables import WITHIN, cells, is_header, row_pieces, rows, span
from rag.errors import FileProblem
from rag.values import Document, File

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
SIGNS = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "softHyphen": "\u00ad", "ptab": " "}
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
        office_parts(file.name, file.data, "the Word document")
        try:
            opened: Any = docx.Document(io.BytesIO(file.data))
            body = opened.element.body
        except Exception as error:  # python-docx raises many built-in kinds on damaged files.
            raise FileProblem(
                f"{file.name}: the Word document is damaged ({type(error).__name__}). Save it again from Word."
            ) from None
        check_depth(file.name, opened.element)
        layout = Layout(file.name)
        title = _properties(layout, opened)
        reader = _Reader(layout, opened)
        reader.blocks(body)
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
        for box in waiting:
            self.blocks(box)

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

    def _pieces(self, parent: Any, look: Look, ground: str) -> Iterator[Piece]:
        for child in parent:
            name = _name(child)
            if name == "r":
                yield from self._run(child, self.styles.of_run(child, look), ground)
            elif name in {"del", "moveFrom"}:
                self._deleted(child)
            elif name == "commentReference":
                self._comment(child)
            elif name in WITHIN:
                yield from self._pieces(child, look, ground)
            elif name in {"oMath", "oMathPara"}:
                yield "".join(leaf.text or "" for leaf in child.iter() if _name(leaf) == "t"), ""
            elif name == "AlternateContent":
                yield from self._pieces(next(iter(child), ()), look, ground)

    def _run(self, run: Any, look: Look, ground: str) -> Iterator[Piece]:
        mark = look.unseen(ground)
        for child in run:
            name = _name(child)
            if name == "t":
                yield child.text or "", mark
            elif name in SIGNS:
                yield SIGNS[name] if child.get(f"{W}type") != "page" else " ", mark
            elif name == "sym":
                yield _symbol(child), mark
            elif name in {"footnoteReference", "endnoteReference"}:
                yield f"[{child.get(f'{W}id')}]", mark
            elif name == "instrText":
                self.layout.aside("link", child.text or "") if "http" in (child.text or "").lower() else None
            elif name == "delText":
                self.layout.aside("deleted", child.text or "")
            elif name == "commentReference":
                self._comment(child)
            elif name in {"drawing", "pict", "AlternateContent", "object"}:
                self._drawing(child)

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

    def _deleted(self, deleted: Any) -> None:
        text = "".join(leaf.text or "" for leaf in deleted.iter() if _name(leaf) in {"delText", "t"})
        self.layout.aside("deleted", text)

    def _table(self, table: Any) -> None:
        self.layout.gap()
        shaded = self.styles.shades(table)
        names: list[str] = []
        found = list(rows(table))
        for number, row in enumerate(found):
            there = list(cells(row))
            texts = [self._cell(cell, shaded) for cell in there]
            if len(there) == 1 and there[0].find(f".//{W}tbl") is not None:
                self.blocks(there[0])
                continue
            wide = [text for cell, text in zip(there, texts, strict=True) for text in [text, *[[]] * (span(cell) - 1)]]
            if not number and len(found) > 1 and is_header(row, texts):
                names = ["".join(text for text, _ in pieces).replace("\n", " ").strip() for pieces in wide]
                hidden = [piece for pieces in texts for piece in pieces if piece[1]]
                if not hidden:
                    continue
            self.layout.row(*row_pieces(names if number else [], wide))
        self.layout.gap()

    def _cell(self, cell: Any, shaded: bool) -> list[Piece]:
        """What stands in a cell, on one line; white text on a shaded cell is seen."""
        ground = fill_of(cell.find(f"{W}tcPr/{W}shd"), "fill") or ("" if shaded else self.ground)
        pieces: list[Piece] = []
        for paragraph in cell.iter(f"{W}p"):
            style = self.styles.of_paragraph(paragraph)
            read = [(text.replace("\n", " "), mark) for text, mark in self._pieces(paragraph, style.look, ground)]
            number = self.numbers.next(paragraph, style) if read else ""
            pieces += [(" " if pieces else "", ""), (number, ""), *read]
        self.boxes = []
        return pieces

    def notes(self) -> None:
        """Footnotes and endnotes, placed after the text."""
        for part in self._related("footnotes", "endnotes"):
            kind = NOTES[str(part.partname).rpartition("/")[2].rpartition(".")[0].rstrip("0123456789")]
            for note in _root(part):
                if note.get(f"{W}type") in {"separator", "continuationSeparator", "continuationNotice"}:
                    continue
                pieces = [piece for at in note.iter(f"{W}p") for piece in self._pieces(at, Look(), self.ground)]
                if any(text.strip() for text, _ in pieces):
                    self.layout.line((f"{kind} {note.get(f'{W}id')}: ", ""), *pieces)
                    self.layout.count("footnotes placed after the text")

    def margins(self) -> None:
        """Headers and footers, each once, beside the text."""
        for kind in ("header", "footer"):
            for part in self._related(kind):
                lines = ("".join(leaf.text or "" for leaf in at.iter(f"{W}t")) for at in _root(part).iter(f"{W}p"))
                text = "\n".join(line for line in lines if line.strip())
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
                lines = ("".join(leaf.text or "" for leaf in at.iter(f"{W}t")) for at in comment.iter(f"{W}p"))
                found[comment.get(f"{W}id") or ""] = "\n".join(lines)
        return found

    def _comment(self, reference: Any) -> None:
        self.layout.aside("comment", self.comments.get(reference.get(f"{W}id") or "", ""))


def _symbol(sign: Any) -> str:
    written = sign.get(f"{W}char") or ""
    try:
        number = int(written, 16)
    except ValueError:
        return ""
    return "•" if 0xF000 <= number <= 0xF0FF else chr(number) if number < 0x110000 else ""
