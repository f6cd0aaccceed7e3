"""DOCX by python-docx: paragraphs and tables in order; headers, comments, deletions and properties stand beside the text."""

import io
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import docx
from docx.opc.constants import RELATIONSHIP_TYPE

from rag.documents.load.facts import states_fact
from rag.documents.load.formats import Format
from rag.documents.load.guard import check_depth, office_parts, transitional
from rag.documents.load.layout import Layout, Piece
from rag.documents.load.office.word_parts import lines_of, paragraphs, related, root
from rag.documents.load.office.word_runs import Runs
from rag.documents.load.office.word_styles import Look, Numbers, Styles, W, fill_of
from rag.documents.load.office.word_tables import WITHIN, cells, goes_down, is_header, is_marked, name_of, row_pieces, rows, span
from rag.documents.load.tables import joined_names, one_line, row_as_lines, unfilled
from rag.errors import FileProblem
from rag.values import Document, File

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
        except RecursionError:  # python-docx follows its parts one inside the other.
            raise FileProblem(
                f"{file.name}: its parts refer to each other in a chain without end. Save it again from Word."
            ) from None
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
                for leaf in root(part).iter():
                    if isinstance(leaf.tag, str) and not len(leaf) and (leaf.text or "").strip():
                        name = leaf.getparent().get("name") or name_of(leaf)
                        if name in {"Company", "Manager"} or "custom" in str(part.partname):
                            layout.aside("metadata", f"{name}: {leaf.text}")
        return str(told.title or "")
    except MemoryError:
        raise
    except Exception:  # Damaged properties must not cost the document.
        layout.warnings.append("the properties cannot be read")
        return ""


class _Reader:
    """Writes the parts of a Word document into a layout."""

    def __init__(self, layout: Layout, opened: Any) -> None:
        self.layout = layout
        self.part = opened.part
        self.styles = Styles(opened)
        self.numbers = Numbers(opened)
        self.runs = Runs(layout, opened.part, self.styles)
        self.told: set[str] = set()
        self.parted = False
        self.ground = fill_of(opened.element.find(f"{W}background"), "color") or "FFFFFF"

    def blocks(self, parent: Any, ground: str | None = None) -> None:
        """The paragraphs and tables of a body, a cell, a header or a text box."""
        for child in parent:
            name = name_of(child)
            if name == "p":
                self._paragraph(child, ground)
            elif name == "tbl":
                self._table(child)
            elif name == "altChunk":
                self.layout.warnings.append("an embedded file in another format was not read")
            elif name in WITHIN:
                self.blocks(child, ground)
            elif name in {"del", "moveFrom"}:
                self.runs.deleted(child)

    def _paragraph(self, paragraph: Any, ground: str | None) -> None:
        style = self.styles.of_paragraph(paragraph)
        pieces = list(self.runs.pieces(paragraph, style.look, ground or self.ground))
        if level := style.heading:
            number = self.numbers.next(paragraph, style)
            self.layout.heading(level, (number, ""), *pieces)
        elif any(text.strip() for text, _ in pieces):
            self._lines([(self.numbers.next(paragraph, style), ""), *pieces])
        waiting, self.runs.boxes = self.runs.boxes, []
        for inner in waiting:
            self.blocks(inner)
        for line in self.runs.taken_drawn():
            self.layout.line((line, ""))

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
        for paragraph in paragraphs(cell):
            style = self.styles.of_paragraph(paragraph)
            read = list(self.runs.pieces(paragraph, style.look, ground))
            number = self.numbers.next(paragraph, style) if read else ""
            pieces += [("\n" if pieces else "", ""), (number, ""), *read]
        pieces += [(f"\n{line}", "") for line in self.runs.taken_drawn()]
        self.runs.boxes = []  # Their paragraphs are among those of the cell.
        return pieces

    def notes(self) -> None:
        """Footnotes and endnotes in the order of their numbers, placed after the text; those without a mark stand beside it."""
        for part in [*related(self.part, "footnotes"), *related(self.part, "endnotes")]:
            kind = NOTES[str(part.partname).rpartition("/")[2].rpartition(".")[0].rstrip("0123456789")]
            notes = {note.get(f"{W}id") or "": note for note in root(part) if not _parts_notes(note)}
            numbers = {at: number for (of, at), number in self.runs.noted.items() if of == kind.lower()}
            for at in [*filter(notes.__contains__, numbers), *(at for at in notes if at not in numbers)]:
                self._note(kind, numbers.get(at, ""), notes[at])

    def _note(self, kind: str, number: str, note: Any) -> None:
        pieces: list[Piece] = []
        for paragraph in paragraphs(note):
            pieces += [("\n" if pieces else "", ""), *self.runs.pieces(paragraph, Look(), self.ground)]
        if not number:
            self.layout.aside(kind.lower(), "".join(text for text, _ in pieces))
        elif any(text.strip() for text, _ in pieces):
            self._lines([(f"{kind} {number}: ", ""), *pieces])
            self.layout.count("footnotes placed after the text")

    def facts(self, kind: str) -> None:
        """The lines of headers or footers that state a fact, each once, in the text."""
        lines = (line for part in related(self.part, kind) for line in lines_of(part) if states_fact(line))
        for line in dict.fromkeys(lines):
            self.layout.line((line, ""))

    def margins(self) -> None:
        """Headers and footers, each once, beside the text."""
        for kind in ("header", "footer"):
            for part in related(self.part, kind):
                text = "\n".join(lines_of(part))
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


def _parts_notes(note: Any) -> bool:
    """Whether a note is none but the line above the notes."""
    return note.get(f"{W}type") in {"separator", "continuationSeparator", "continuationNotice"} or name_of(note) not in {
        "footnote",
        "endnote",
    }
