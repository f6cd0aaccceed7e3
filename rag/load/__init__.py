"""Load: from a file to documents of normalised text, with pages, sections and metadata as offsets into it."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from rag.errors import FileProblem
from rag.load.files import load
from rag.load.formats import Markdown, Table, Text
from rag.load.pdf import Pdf
from rag.stage import options
from rag.values import Document, File

Loader = Annotated[Text | Markdown | Pdf | Table, Field(discriminator="kind")]
FORMATS = options(Loader)


def read_file(file: File) -> tuple[Document, ...]:
    """The documents in an uploaded file. Raises FileProblem."""
    return load(file, FORMATS)  # type: ignore[arg-type]


def read(path: Path) -> tuple[Document, ...]:
    """The documents in a file on disk. Raises FileProblem."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileProblem(f"{path.name}: cannot be opened ({error.strerror}). Check the path and its permissions.") from None
    return load(File(path.name, data), FORMATS)  # type: ignore[arg-type]
