"""What stands beside the text of a PDF, put where it belongs: bookmarks at their headings, annotations at their lines."""

import json
import re
import time

from rag.documents.child import Stopped, slowed
from rag.documents.load.layout import Heading
from rag.documents.load.pdf.fields import Field, fill_in
from rag.documents.load.pdf.isolated import Reader
from rag.documents.load.pdf.running import Text
from rag.values import Aside

PATIENCE = 8.0  # seconds, on a machine that has nothing else to do
LONGEST_TITLE = 300
MOST_SECTIONS = 5000
SIGN = re.compile(r"[^\W_]")


class Beside:
    """Title, headings and asides that a second reader finds in the file, and a warning for each part that it cannot read."""

    def __init__(self, reader: Reader, text: Text) -> None:
        self.title = ""
        self.headings: list[Heading] = []
        self.asides: list[Aside] = []
        self.warnings: list[str] = []
        asides: list[tuple[str, str, int | None, float | None]] = []
        fields: list[Field] = []
        bookmarks: list[tuple[str, int | None, int]] = []
        try:
            patience = PATIENCE * slowed()
            for line in reader.messages(patience, time.monotonic() + patience):
                message = json.loads(line)
                kind, value = message["kind"], message["value"]
                if kind == "about":
                    self.title = value["title"]
                elif kind == "bookmarks":
                    bookmarks.append((value[0], value[1], value[2]))
                elif kind == "problem":
                    self.warnings.append(f"its {message['part']} cannot be read ({value})")
                elif kind == "filled":
                    fields.append(Field(*value))
                else:
                    asides.append((value[0], value[1], value[2], value[3]))
        except Stopped as stopped:
            self.warnings.append(f"its bookmarks, annotations and properties could not all be read ({stopped})")
        fill_in(text, fields)
        for aside in asides:
            self._aside(text, *aside)
        self._sections(text, bookmarks[:MOST_SECTIONS])

    def _aside(self, text: Text, kind: str, content: str, page: int | None, height: float | None) -> None:
        at = 0 if page is None else text.near(page, height)
        self.asides.append(Aside(kind, content, at, None if page is None else min(page + 1, len(text.pages))))

    def _sections(self, text: Text, bookmarks: list[tuple[str, int | None, int]]) -> None:
        """The bookmarks as headings where their titles stand; those that stand nowhere are kept as asides."""
        last = 0
        taken: set[int] = set()
        for title, page, level in bookmarks:
            place = _place(text, title, page, last) if page is not None else None
            if place and place[0] not in taken:
                last = place[1]
                taken.add(place[0])
                self.headings.append(Heading(title[:LONGEST_TITLE], level, *place))
            else:
                self._aside(text, "bookmark", title, page, None)
        self.headings.sort(key=lambda heading: heading.start)


def _place(text: Text, title: str, page: int, last: int) -> tuple[int, int] | None:
    """Where a bookmark's heading stands on its page or the next: whole lines with the letters and digits of its title."""
    wanted = "".join(SIGN.findall(title[:LONGEST_TITLE])).lower()
    if not wanted:
        return None
    for number in (page, page + 1):
        if number < len(text.pages):
            start, end = text.pages[number].start, text.pages[number].end
            for first in dict.fromkeys((min(max(start, last), end), start)):  # Bookmarks may not be in reading order.
                if found := _lines(text.text, first, end, wanted):
                    return found
    return None


def _lines(text: str, start: int, end: int, wanted: str) -> tuple[int, int] | None:
    signs = [(sign[0].lower(), start + sign.start()) for sign in SIGN.finditer(text[start:end])]
    flat = "".join(sign for sign, _ in signs)
    if len(flat) != len(signs):  # A capital may have two small letters.
        return None
    best: tuple[int, int] | None = None
    at = flat.find(wanted)
    while at >= 0:
        first, behind = signs[at][1], signs[at + len(wanted) - 1][1] + 1
        line = text.rfind("\n", 0, first) + 1
        stop = text.find("\n", behind)
        stop = len(text) if stop < 0 else stop
        if not SIGN.search(text[line:first]):
            if not SIGN.search(text[behind:stop]):
                return max(line, start), stop
            best = best or (max(line, start), behind)
        at = flat.find(wanted, at + 1)
    return best
