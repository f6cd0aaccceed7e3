"""Load: from a file to documents of normalised text, with pages, sections and metadata as offsets into it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, cast

from pydantic import Field

from rag.documents.load.archive import Archive
from rag.documents.load.files import load, load_each
from rag.documents.load.formats import Format, Markdown, Table, Text
from rag.documents.load.health.ccda import Ccda
from rag.documents.load.health.fhir import Fhir
from rag.documents.load.lines import Json
from rag.documents.load.office.rtf import Rtf
from rag.documents.load.office.sheets import Workbook
from rag.documents.load.office.word import Word
from rag.documents.load.pdf import Pdf
from rag.documents.load.web.html import Html
from rag.errors import FileProblem
from rag.stage import options
from rag.values import Document, File

Loader = Annotated[
    Text | Markdown | Pdf | Word | Html | Rtf | Table | Workbook | Json | Fhir | Ccda | Archive, Field(discriminator="kind")
]
FORMATS = cast("dict[str, type[Format]]", options(Loader))


def read_file(file: File, failed: list[FileProblem] | None = None) -> tuple[Document, ...]:
    """The documents in an uploaded file. Raises FileProblem.

    Where single parts cannot be read (a member of an archive, a line), the reasons are added to `failed`;
    without it the first of them is raised.
    """
    return load(file, FORMATS, failed)


def read_each(file: File, failed: list[FileProblem] | None = None) -> Iterator[tuple[File, Document]]:
    """Each document of an uploaded file with the very file that it stands in: for one in an archive, that member."""
    return load_each(file, FORMATS, failed)


def read(path: Path, failed: list[FileProblem] | None = None) -> tuple[Document, ...]:
    """The documents in a file on disk. Raises FileProblem; for parts that cannot be read see `read_file`."""
    return load(file_at(path), FORMATS, failed)


def file_at(path: Path) -> File:
    """A file on disk with its bytes. Raises FileProblem where it cannot be opened."""
    try:
        return File(path.name, path.read_bytes())
    except OSError as error:
        raise FileProblem(f"{path.name}: cannot be opened ({error.strerror}). Check the path and its permissions.") from None
