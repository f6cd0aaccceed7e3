"""The pages of a PDF as its reader hands them over, within bounds on time; what cannot be read is named, the rest is kept."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rag.documents.load.pdf.isolated import Reader, Stopped, slowed
from rag.documents.load.pdf.layout import Word
from rag.documents.load.pdf.reader import SCRIPT
from rag.errors import FileProblem
from rag.values import File

MOST_PAGES = 5000
OPENING = 6.0  # seconds until the file is open
STALL = 4.0  # seconds without a page
PER_FILE, PER_MEGABYTE = 4.0, 40.0  # seconds for all pages; as all of these, on a machine that has nothing else to do
MEMORY = 512  # megabytes
MOST_ALIKE = 100
MOST_STOPS = 3
STOPS = {"time": 2, "repeats": MOST_STOPS}
PASSWORD, SECURITY = 4, 5  # PDFium's error codes
REASONS = {
    "time": "it takes too long",
    "memory": "it needs too much memory",
    "crash": "damaged, or it fills the memory",
    "repeats": "they repeat one page",
}
UNKNOWN_SHARE = 0.2


@dataclass
class Pages:
    """What was read: each page still as the line of JSON that came, because a long file has millions of words."""

    lines: list[bytes] = field(default_factory=list)
    count: int = 0
    problems: dict[int, str] = field(default_factory=dict)
    cut: str = ""

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for line in self.lines:
            yield json.loads(line) if line else {"problem": "damaged"}

    @property
    def warnings(self) -> list[str]:
        """What is odd about single pages, of each kind the first five, and about the whole."""
        unread, empty, scans, foreign, long = [], [], [], [], []
        for number, page in enumerate(self, 1):
            words = page.get("words", ())
            if "problem" in page:
                unread.append(f"page {number} cannot be read ({self.problems.get(number, page['problem'])})")
            elif not words:
                empty.append(f"page {number} has no text layer (scanned?)")
            elif page["scan"]:
                scans.append(f"page {number} is a text layer of a scan; compare it with the picture")
            elif page["unknown"] > UNKNOWN_SHARE * sum(len(word[0]) for word in words):
                foreign.append(f"page {number} has a font that does not say which letters it shows; run OCR if it reads wrong")
            if page.get("cut"):
                long.append(f"page {number} holds more text than is read of one page; its end is missing")
        grouped = [line for group in (unread, empty, scans, foreign, long) for line in shortened(group)]
        return [*([self.cut] if self.cut else []), *grouped]


def words_of(page: dict[str, Any]) -> list[Word]:
    """The words of a page in the order of the file."""
    return [Word._make((*values[:7], order)) for order, values in enumerate(page.get("words", ()))]


def read_pages(file: File) -> Pages:
    """All pages. Raises FileProblem where the file cannot be opened or has no page.

    After a page that ends the reader, a new one goes on behind it.
    """
    pages = Pages()
    until = time.monotonic() + slowed() * (PER_FILE + PER_MEGABYTE * len(file.data) / 1_000_000)
    stops = 0
    while not pages.count or len(pages.lines) < pages.count:
        reader = Reader(SCRIPT, file.data, str(len(pages.lines)), memory=MEMORY)
        try:
            _take(file, pages, reader, until)
        except Stopped as stopped:
            reason = str(stopped)
            stops += STOPS.get(reason, 1)
            if not pages.count:
                raise FileProblem(
                    f"{file.name}: the PDF is damaged or made to harm: {REASONS[reason]} to open it. Export it again."
                ) from None
            if stops >= MOST_STOPS or time.monotonic() > until:
                pages.problems[len(pages.lines) + 1] = REASONS[reason]
                pages.cut = f"only the first {len(pages.lines)} of {pages.count} pages were read, because {REASONS[reason]}"
                return pages
            pages.problems[len(pages.lines) + 1] = REASONS[reason]
            pages.lines.append(b"")
        finally:
            reader.close()
    return pages


def _take(file: File, pages: Pages, reader: Reader, until: float) -> None:
    """Adds the pages that a reader hands over. Raises Stopped where it ends before the last one."""
    lines = reader.messages(OPENING * slowed())
    head = json.loads(next(lines, b'{"error": 0}'))
    if "error" in head:
        raise FileProblem(f"{file.name}: {_reason(head['error'])}")
    pages.count = head["pages"]
    alike: Counter[bytes] = Counter()
    if not pages.count:
        raise FileProblem(f"{file.name}: the PDF is damaged or cut off: it has no pages. Export or download it again.")
    if pages.count > MOST_PAGES:
        raise FileProblem(f"{file.name}: the PDF has {pages.count:,} pages; at most {MOST_PAGES:,} are read. Split the file.")
    for line in reader.messages(STALL * slowed()):
        pages.lines.append(line)
        alike[line] += 1
        if alike[line] > MOST_ALIKE and b'"words": []' not in line:
            raise Stopped("repeats")
        if len(pages.lines) < pages.count and time.monotonic() > until:
            raise Stopped("time")
    if len(pages.lines) < pages.count:
        raise Stopped("crash")


def _reason(code: int) -> str:
    if code == PASSWORD:
        return "the PDF is encrypted. Remove its password, then upload it again."
    if code == SECURITY:
        return "the PDF is encrypted in a way that is not supported. Remove its protection, then upload it again."
    return f"the PDF is damaged or cut off (PDFium error {code}). Export or download it again."


def shortened(warnings: list[str], most: int = 5) -> list[str]:
    """The first warnings, and how many more there are like these."""
    more = len(warnings) - most
    return [*warnings[:most], f"and {more} more pages like these"] if more > 0 else warnings
