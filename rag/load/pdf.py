"""PDF by pypdf: physical pages and printed labels, without line numbers and running heads; pages without text are named."""

import io
import logging
import re
from collections import Counter
from collections.abc import Iterator
from typing import ClassVar, Literal

import pypdf

from rag.errors import FileProblem
from rag.load.formats import CONTROL, Format
from rag.values import Document, File, Page

LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "\u00a0": " ", "\u00ad": "-"})
LINE_NUMBER = re.compile(r"(?:^|\s)(\d{1,5})\s*$")
EDGE = 3
REPEATED = 0.6

logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # Its warnings quote the file's content.


class Pdf(Format):
    """PDF with a text layer: the text page by page, in reading order, without line numbers and running heads."""

    kind: Literal["pdf"] = "pdf"
    suffixes: ClassVar[tuple[str, ...]] = (".pdf",)

    def __call__(self, file: File) -> Iterator[Document]:
        reader = _open(file)
        labels = _labels(reader)
        texts: list[str] = []
        warnings: list[str] = []
        for number, page in enumerate(reader.pages, 1):
            try:
                text = CONTROL.sub(" ", _whole(page.extract_text()).translate(LIGATURES).replace("\r", "\n"))
            except Exception as error:  # pypdf raises many kinds; a damaged page must not cost the rest.
                warnings.append(f"page {number} cannot be read ({type(error).__name__})")
                text = ""
            else:
                if not text.strip():
                    warnings.append(f"page {number} has no text layer (scanned?)")
            texts.append(text)
        if not any(text.strip() for text in texts):
            raise FileProblem(f"{file.name}: {_no_text(warnings)}")
        text, pages = _join(_without_furniture([_without_line_numbers(text) for text in texts]), labels)
        yield self.finish(file, text, title=_title(reader), pages=pages, warnings=_shortened(warnings))


def _open(file: File) -> pypdf.PdfReader:
    try:
        reader = pypdf.PdfReader(io.BytesIO(file.data), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise FileProblem(f"{file.name}: the PDF is encrypted. Remove its password, then upload it again.")
        if not len(reader.pages):
            raise FileProblem(f"{file.name}: the PDF has no pages. Export it again from its source.")
    except FileProblem:
        raise
    except Exception as error:  # pypdf raises many built-in kinds on damaged files.
        reason = "encrypted in a way that is not supported" if "crypt" in str(error).lower() else "damaged or cut off"
        raise FileProblem(f"{file.name}: the PDF is {reason} ({type(error).__name__}). Export or download it again.") from None
    return reader


def _labels(reader: pypdf.PdfReader) -> list[str]:
    try:
        return [_whole(label) for label in reader.page_labels]
    except Exception:  # A damaged label tree must not cost the document.
        return [str(number) for number in range(1, len(reader.pages) + 1)]


def _whole(text: str) -> str:
    """The text with halves of characters (surrogates, as some fonts give them) joined, or replaced where they stand alone."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _title(reader: pypdf.PdfReader) -> str:
    try:
        return _whole(str(reader.metadata.title or "")) if reader.metadata else ""
    except Exception:  # A damaged title must not cost the document.
        return ""


def _without_line_numbers(text: str) -> str:
    """The page without numbers at its line ends, where at least eight of them count up one by one."""
    lines = text.split("\n")
    numbers = [(at, int(found[1])) for at, line in enumerate(lines) if (found := LINE_NUMBER.search(line))]
    counting = [
        at
        for place, (at, number) in enumerate(numbers)
        if (place and numbers[place - 1][1] == number - 1) or (place + 1 < len(numbers) and numbers[place + 1][1] == number + 1)
    ]
    if len(counting) < 8 or len(counting) < 0.5 * sum(1 for line in lines if line.strip()):
        return text
    for at in counting:
        lines[at] = LINE_NUMBER.sub("", lines[at])
    return "\n".join(lines)


def _without_furniture(pages: list[str]) -> list[str]:
    """The pages without the first and last lines that stand on most pages alike, but for numbers that count the pages."""
    split = [text.split("\n") for text in pages]
    edges = [{at: _shapes(lines[at], page) for at in _edge_lines(lines)} for page, lines in enumerate(split)]
    counts = Counter(shape for edge in edges for shape in set().union(*edge.values()))
    running = {shape for shape, count in counts.items() if count >= max(3, REPEATED * len(pages))}
    for lines, edge in zip(split, edges, strict=True):
        for at, shapes in edge.items():
            if shapes & running:
                lines[at] = ""
    without = ["\n".join(lines) for lines in split]
    return without if any(text.strip() for text in without) else pages  # Short pages alike are the text, not furniture.


def _edge_lines(lines: list[str]) -> list[int]:
    filled = [at for at, line in enumerate(lines) if line.strip()]
    return sorted({*filled[:EDGE], *filled[-EDGE:]})


def _shapes(line: str, page: int) -> set[str]:
    """What a line may have in common with those of other pages: its numbers as they are, or one of them as a page count.

    A value that differs from page to page in any other way (a laboratory result) makes the lines different.
    """
    shapes = {line.strip()}
    for number in re.finditer(r"(?<![\d.,/])\d{1,4}(?![\d,/]|\.\d)|\b[ivxl]+\b", line):
        counted = _roman(number[0]) if number[0].isalpha() else int(number[0])
        shapes.add(f"{line[: number.start()]}\0{counted - page}{line[number.end() :]}".strip())
    return shapes


def _roman(numeral: str) -> int:
    values = [{"i": 1, "v": 5, "x": 10, "l": 50}[letter] for letter in numeral]
    return sum(-value if value < following else value for value, following in zip(values, [*values[1:], 0], strict=True))


def _join(texts: list[str], labels: list[str]) -> tuple[str, tuple[Page, ...]]:
    """The whole text, pages parted by a line end, and the pages as offsets into it."""
    parts, pages, at = [], [], 0
    for number, text in enumerate(texts, 1):
        clean = re.sub(r"[ \t]+\n", "\n", text.strip("\n")) + "\n"
        label = labels[number - 1] if number <= len(labels) else str(number)
        pages.append(Page(number, label, at, at + len(clean)))
        parts.append(clean)
        at += len(clean)
    return "".join(parts), tuple(pages)


def _no_text(warnings: list[str]) -> str:
    damaged = sum("cannot be read" in warning for warning in warnings)
    if damaged:
        return f"none of its {len(warnings)} pages gives text; {damaged} cannot be read. Export it again from its source."
    return f"none of its {len(warnings)} pages has a text layer (a scan?). Run OCR on it, then upload it again."


def _shortened(warnings: list[str], most: int = 5) -> tuple[str, ...]:
    more = len(warnings) - most
    return (*warnings[:most], f"and {more} more pages like these") if more > 0 else tuple(warnings)
