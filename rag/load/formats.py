"""The file formats, one stage each: text, Markdown, CSV. A format yields documents whose spans are true to the shown text."""

import csv
import io
import re
from collections.abc import Iterator
from typing import ClassVar, Literal

from rag.errors import FileProblem
from rag.load.structure import document_date, document_patient, document_title, document_type, sections
from rag.stage import Stage
from rag.values import Document, File, Page

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
BINARY_SHARE = 0.02


class Format(Stage):
    """What every format has: the file endings that it takes, and the last steps from text to document."""

    suffixes: ClassVar[tuple[str, ...]] = ()

    def finish(
        self,
        file: File,
        text: str,
        *,
        title: str = "",
        pages: tuple[Page, ...] = (),
        warnings: tuple[str, ...] = (),
        divided: bool = True,
    ) -> Document:
        """The document for this text, with sections, type, date and title. Raises FileProblem where there is no text."""
        if not text.strip():
            raise FileProblem(f"{file.name}: the file holds no text. Upload a file with text in it.")
        title = title.strip() or document_title(text)
        return Document(
            name=file.name,
            text=text,
            format=str(type(self).model_fields["kind"].default),
            title=title,
            type=document_type(file.name, title, text),
            date=document_date(text),
            patient=document_patient(text),
            pages=pages,
            sections=sections(text) if divided else (),
            warnings=warnings,
        )


def decode(file: File) -> tuple[str, tuple[str, ...]]:
    """The file's text with line ends as \\n, and what was odd about its encoding. Raises FileProblem for binary content."""
    data, warnings = file.data, []
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            text = data.decode("utf-16")
        else:
            text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        text = data.decode("cp1252", "replace")
        warnings.append(f"not valid UTF-8 from byte {error.start}; read as Windows-1252, so check the special characters")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    strange = CONTROL.findall(text)
    if len(strange) > BINARY_SHARE * max(len(text), 1) or b"\0\0\0\0" in data[:4096]:
        raise FileProblem(f"{file.name}: the content is binary, not text. Save it as text, Markdown, CSV or PDF.")
    if strange:
        warnings.append(f"{len(strange)} control characters replaced by blanks")
        text = CONTROL.sub(" ", text)
    return text, tuple(warnings)


class Text(Format):
    """Plain text in UTF-8, UTF-16 or Windows-1252; clinical headings become sections."""

    kind: Literal["text"] = "text"
    suffixes: ClassVar[tuple[str, ...]] = (".txt", ".text")

    def __call__(self, file: File) -> Iterator[Document]:
        text, warnings = decode(file)
        yield self.finish(file, text, warnings=warnings)


class Markdown(Format):
    """Markdown as it is written; its headings become sections."""

    kind: Literal["markdown"] = "markdown"
    suffixes: ClassVar[tuple[str, ...]] = (".md", ".markdown")

    def __call__(self, file: File) -> Iterator[Document]:
        text, warnings = decode(file)
        yield self.finish(file, text, warnings=warnings)


class Table(Format):
    """CSV or TSV: every row becomes one line, each value beside its column's name."""

    kind: Literal["table"] = "table"
    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".tsv")

    def __call__(self, file: File) -> Iterator[Document]:
        text, warnings = decode(file)
        delimiter = "\t" if file.name.lower().endswith(".tsv") else _delimiter(text)
        try:
            rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(map(str.strip, row))]
        except csv.Error as error:
            raise FileProblem(f"{file.name}: not a readable table ({error}). Save it again as CSV.") from None
        if len(rows) < 2:
            raise FileProblem(f"{file.name}: the table has no row below its header. A first row of names is needed.")
        names = [name.strip() or f"column {at}" for at, name in enumerate(rows[0], 1)]
        ragged = sum(len(row) != len(names) for row in rows[1:])
        if ragged:
            warnings += (f"{ragged} of {len(rows) - 1} rows do not have {len(names)} values; extra ones are kept unnamed",)
        lines = [_row(names, row) for row in rows[1:]]
        yield self.finish(
            file,
            "\n".join(line for line in lines if line) + "\n",
            title=re.sub(r"[_\-]+", " ", file.name.rsplit(".", 1)[0]),
            warnings=warnings,
            divided=False,
        )


def _delimiter(text: str) -> str:
    head = text[:4096].split("\n", 1)[0]
    return max(",;\t|", key=head.count)


def _row(names: list[str], row: list[str]) -> str:
    named = [(names[at] if at < len(names) else "", " ".join(value.split())) for at, value in enumerate(row)]
    return "; ".join(f"{name}: {value}" if name else value for name, value in named if value)
