"""PDF by PDFium and pypdf: the text in reading order, furniture and line numbers beside it, bookmarks as sections."""

import math
from collections.abc import Iterator
from typing import ClassVar, Literal

from rag.documents.load.formats import Format
from rag.documents.load.pdf.beside import SCRIPT
from rag.documents.load.pdf.context import Beside
from rag.documents.load.pdf.isolated import Reader
from rag.documents.load.pdf.pages import Pages, read_pages
from rag.documents.load.pdf.running import Looks, running_text
from rag.documents.load.pdf.sizes import headings
from rag.errors import FileProblem
from rag.values import Document, File

TAIL = 65536
MEMORY = 384  # megabytes


class Pdf(Format):
    """PDF with a text layer: columns, tables and headings in reading order; page furniture and annotations beside the text."""

    kind: Literal["pdf"] = "pdf"
    suffixes: ClassVar[tuple[str, ...]] = (".pdf",)
    apart: ClassVar[float] = math.inf  # Its readers have processes of their own.

    def __call__(self, file: File) -> Iterator[Document]:
        second = Reader(SCRIPT, file.data, memory=MEMORY)  # It reads what stands beside the text while the first reads the text.
        try:
            looks = Looks()
            pages = read_pages(file, looks.look)
            text = running_text(pages, looks)
            beside = Beside(second, text)
            if not text.text.strip():
                raise FileProblem(f"{file.name}: {_no_text(pages)}")
        finally:
            second.close()
        yield self.finish(
            file,
            text.text,
            title=beside.title,
            pages=tuple(text.pages),
            headings=tuple(beside.headings or headings(text.text, text.sets)),
            asides=tuple(sorted([*text.asides, *beside.asides], key=lambda aside: aside.at)),
            hidden=tuple(text.hidden),
            changes=text.changes,
            warnings=(*_cut_off(file), *pages.warnings, *beside.warnings),
        )


def _cut_off(file: File) -> list[str]:
    whole = b"%%EOF" in file.data[-TAIL:]
    return [] if whole else ["the end of the file is missing (cut off?), so pages or parts of them may be missing"]


def _no_text(pages: Pages) -> str:
    unread = sum("problem" in page for page in pages) + pages.count - len(pages.lines)
    if unread:
        reasons = ", ".join(sorted(set(pages.problems.values())) or ["damaged"])
        return (
            f"none of its {pages.count} pages gives text; {unread} cannot be read ({reasons}). Export it again from its source."
        )
    guess = "a scan?" if any(page.get("image") for page in pages) else "a scan, or damaged?"
    return f"none of its {pages.count} pages has a text layer ({guess}). Run OCR on it, then upload it again."
