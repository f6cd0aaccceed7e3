"""The pages of a PDF as its reader hands them over, within bounds on time; what cannot be read is named, the rest is kept."""

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from rag.documents.child import Stopped, slowed
from rag.documents.load.pdf.isolated import Reader
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
LONG = 30  # pages, from which two processes read a document

Look = Callable[[int, dict[str, Any]], None]


@dataclass
class Pages:
    """What was read: each page still as the line of JSON that came, because a long file has millions of words."""

    lines: list[bytes] = field(default_factory=list)
    count: int = 0
    problems: dict[int, str] = field(default_factory=dict)
    cut: str = ""

    def __getitem__(self, index: int) -> dict[str, Any]:
        return parsed(self.lines[index])

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return map(parsed, self.lines)

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
    make = tuple.__new__  # Without what makes a named tuple slow.
    return [
        make(Word, (text, left, right, base, size, angle, why, order))
        for order, (text, left, right, base, size, angle, why) in enumerate(page.get("words", ()))
    ]


def parsed(line: bytes) -> dict[str, Any]:
    """A page by its line; an empty one stands for a page that ended its reader."""
    found: dict[str, Any] = json.loads(line) if line else {"problem": "damaged"}
    return found


def read_pages(file: File, look: Look = lambda index, page: None) -> Pages:
    """All pages. Raises FileProblem where the file cannot be opened or has no page.

    After a page that ends the reader, a new one goes on behind it. A second one reads long documents from their last page on,
    so that they meet. What it does not give, for whatever reason, the first one reads. `look` is called for every page as soon
    as it is read, with its number from 0.
    """
    pages = Pages()
    until = time.monotonic() + slowed() * (PER_FILE + PER_MEGABYTE * len(file.data) / 1_000_000)
    with closing(_FromTheEnd(file, pages, look)) as others:
        _read(file, pages, until, others, look)
    return pages


def _read(file: File, pages: Pages, until: float, others: "_FromTheEnd", look: Look) -> None:
    """Reads the pages from the first one on."""
    stops = 0
    while not pages.count or len(pages.lines) < pages.count:
        reader = Reader(SCRIPT, file.data, str(len(pages.lines)), "1", memory=MEMORY)
        try:
            _take(file, pages, reader, until, others, look)
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
                return
            pages.problems[len(pages.lines) + 1] = REASONS[reason]
            pages.lines.append(b"")
        finally:
            reader.close()


class _FromTheEnd:
    """The pages that a second reader hands over, from the last one on; it starts once a document is known to be long."""

    def __init__(self, file: File, pages: Pages, look: Look) -> None:
        self._file, self._pages, self._look = file, pages, look
        self._reader: Reader | None = None
        self._lines: dict[int, bytes] = {}
        self._next = -1

    def start(self) -> None:
        """Starts the reader where it is worth a process."""
        if self._reader is None and self._pages.count >= LONG and (os.cpu_count() or 1) > 1:
            self._next = self._pages.count
            self._reader = Reader(SCRIPT, self._file.data, str(self._pages.count - 1), "-1", memory=MEMORY)

    def get(self, index: int) -> bytes | None:
        """The line of a page where it is there; looks at all that came since."""
        for line in self._reader.waiting() if self._reader else ():
            if self._next < self._pages.count:  # The first line tells how many pages there are.
                self._lines[self._next] = line
                self._look(self._next, parsed(line))
            self._next -= 1
        return self._lines.pop(index, None)

    def close(self) -> None:
        if self._reader:
            self._reader.close()


def _take(file: File, pages: Pages, reader: Reader, until: float, others: _FromTheEnd, look: Look) -> None:
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
    others.start()
    for line in reader.messages(STALL * slowed()):
        look(len(pages.lines), parsed(line))
        following: bytes | None = line
        while following is not None:
            pages.lines.append(following)
            alike[following] += 1
            if alike[following] > MOST_ALIKE and b'"words": []' not in following:
                raise Stopped("repeats")
            following = others.get(len(pages.lines))
        if len(pages.lines) == pages.count:
            return
        if time.monotonic() > until:
            raise Stopped("time")
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
