"""Puts the text of a structured file together line by line: headings, asides and hidden stretches as offsets into it."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rag.errors import FileProblem
from rag.values import Aside, Document, Finding

LONGEST_TEXT = 20_000_000
MOST_ASIDES = 20_000
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")
BLANKS = re.compile(r"[ \t\r\n]+")
RUNS = re.compile(r"(?<=[^ \t\r\n])[ \t]{2,}(?=[^ \t\r\n])")
FIXED_BLANKS = re.compile("[\u00a0\u2007\u202f]")
HIDDEN_SCORE = 0.9


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading that the file itself marks as one; its text from `start` to `body`. Level 1 is the top."""

    title: str
    level: int
    start: int
    body: int


Piece = tuple[str, str]  # A stretch of a line, and why it is not seen ("white text"), or "".


class Layout:
    """The text so far. Blanks are made one, fixed blanks plain, letters composed; what was done is counted."""

    def __init__(self, name: str, longest: int = LONGEST_TEXT) -> None:
        self.name = name
        self.at = 0
        self.headings: list[Heading] = []
        self.rows: dict[int, int] = {}
        self.owners: dict[int, str] = {}
        self.asides: list[Aside] = []
        self.hidden: list[Finding] = []
        self.warnings: list[str] = []
        self._counts: Counter[str] = Counter()
        self._lines: list[str] = []
        self._longest = longest
        self._gap = False

    @property
    def text(self) -> str:
        return "".join(self._lines)

    @property
    def broken(self) -> bool:
        """Whether a row has line ends in its cells."""
        text = self.text
        return any(text.find("\n", start, end) >= 0 for start, end in self.rows.items())

    @property
    def changes(self) -> tuple[str, ...]:
        """What was done to the text, with counts, each in words."""
        return tuple(f"{count:,} {what}" for what, count in self._counts.items())

    def count(self, what: str, times: int = 1) -> None:
        """Counts something that was done ("fixed blanks written as blanks")."""
        if times:
            self._counts[what] += times

    def gap(self) -> None:
        """Leaves a blank line before the next line, unless the text begins with it."""
        self._gap = bool(self._lines)

    def line(self, *pieces: Piece) -> tuple[int, int]:
        """Adds a line and returns where it stands; pieces that are not seen are marked. An empty line adds nothing."""
        out, marks = "", []
        for text, mark in pieces:
            clean = self.tidy(text)
            if not out or out.endswith(" "):
                clean = clean.lstrip(" ")
            if mark and clean.strip():
                marks.append((len(out), len(out) + len(clean), mark))
            out += clean
        out = out.rstrip(" ")
        if not out:
            return self.at, self.at
        if self._gap:
            self._lines.append("\n")
            self.at += 1
            self._gap = False
        start = self.at
        self._lines.append(out + "\n")
        self.at += len(out) + 1
        if self.at > self._longest:
            raise FileProblem(f"{self.name}: more than {self._longest:,} characters of text. Split the file.")
        for first, last, mark in marks:
            self.mark(start + first, min(start + last, start + len(out)), mark)
        return start, start + len(out)

    def row(self, *pieces: Piece, owner: str | None = None) -> None:
        """Adds a row of a table, which is no heading whatever it begins with; `owner` is the patient that it names, or "".

        Line ends in its cells stay; where each row begins and ends is kept in `rows`.
        """
        lines: list[list[Piece]] = [[]]
        for text, mark in pieces:
            first, *others = text.split("\n")
            lines[-1].append((first, mark))
            lines += [[(other, mark)] for other in others]
        first_at: int | None = None
        for line in lines:
            start, end = self.line(*line)
            if end == start:
                self._gap = self._gap or first_at is not None
                continue
            first_at = start if first_at is None else first_at
            self.rows[first_at] = end
        if first_at is not None:
            self._gap = False
            if owner is not None:
                self.owners[first_at] = owner

    def heading(self, level: int, *pieces: Piece) -> None:
        """Adds a line that is a heading, after a blank line."""
        self.gap()
        start, end = self.line(*pieces)
        if end > start:
            title = self._lines[-1].strip()
            self.headings.append(Heading(title[:200], max(level, 1), start, end))

    def mark(self, start: int, end: int, kind: str, score: float = HIDDEN_SCORE) -> None:
        """Notes that the text from `start` to `end` is not seen in the file; it stays in the text."""
        last = self.hidden[-1] if self.hidden else None
        if last and last.aside is None and last.type == kind and last.end >= start - 1:
            self.hidden[-1] = Finding("hidden", kind, last.start, end, last.rule, score)
        elif end > start:
            self.hidden.append(Finding("hidden", kind, start, end, f"file: {kind}", score))

    def aside(self, kind: str, text: str, at: int | None = None) -> int | None:
        """Keeps what stands beside the text; returns its number, or None where it is empty or one too many."""
        text = self.plain(text).strip()
        if not text:
            return None
        if len(self.asides) >= MOST_ASIDES:
            self.count("pieces beside the text above the limit left out")
            return None
        self.asides.append(Aside(kind, text, self.at if at is None else at))
        return len(self.asides) - 1

    def unseen(self, text: str, kind: str, at: int | None = None, score: float = HIDDEN_SCORE) -> None:
        """Keeps text that the file does not show beside the text, as a finding."""
        self.alarm("hidden", text, Finding("hidden", kind, 0, 0, f"file: {kind}", score), at)

    def alarm(self, kind: str, text: str, finding: Finding, at: int | None = None) -> None:
        """Keeps an aside with a finding over all of it."""
        number = self.aside(kind, BLANKS.sub(" ", text), at)
        if number is not None:
            end = len(self.asides[number].text)
            self.hidden.append(Finding(finding.kind, finding.type, 0, end, finding.rule, finding.score, number))

    def of_each(self) -> dict[str, "Layout"]:
        """The rows of each owner under the headings that they stand under; what has no owner under ""."""
        heading_at = {heading.start: heading for heading in self.headings}
        parts: dict[str, Layout] = {}
        place_of: list[tuple[int, Layout]] = []
        above: Heading | None = None
        told: dict[str, Heading | None] = {}
        for start, line in self._whole_rows():
            above = heading_at.get(start, above)
            if start in heading_at:
                continue
            owner = self.owners.get(start, "")
            part = parts.setdefault(owner, Layout(self.name, self._longest))
            if above and told.get(owner) is not above:
                part.heading(above.level, (above.title, ""))
                part._seen_as(self, above.start, above.body)
                told[owner] = above
            part.row((line, ""), owner=self.owners.get(start))
            part._seen_as(self, start, start + len(line))
            place_of.append((start, part))
        for part in parts.values():
            part.warnings += self.warnings
            part._counts += self._counts
        for number, aside in enumerate(self.asides):
            part = next((part for start, part in place_of if start >= aside.at), place_of[0][1])
            kept = part.aside(aside.kind, aside.text)
            part.hidden += [replace(one, aside=kept) for one in self.hidden if one.aside == number]
        return parts

    def _whole_rows(self) -> Iterator[tuple[int, str]]:
        """Every row and every line that belongs to none, with its place."""
        text, at, until = self.text, 0, 0
        for line in self._lines:
            start, at = at, at + len(line)
            if start in self.rows:
                yield start, text[start : self.rows[start]]
            elif line.strip() and start >= until:
                yield start, line.rstrip("\n")
            until = self.rows.get(start, until)

    def _seen_as(self, whole: "Layout", start: int, end: int) -> None:
        """Marks the last line as far as it is marked in the layout that it came from, where it stood at `start`."""
        first = self.at - 1 - (end - start)
        for one in whole.hidden:
            if one.aside is None and one.start < end and start < one.end:
                self.mark(first + max(one.start, start) - start, first + min(one.end, end) - start, one.type, one.score)

    def plain(self, text: str) -> str:
        """The text with letters composed and without control characters or halves of surrogate pairs."""
        if not text.isascii():
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
            if not unicodedata.is_normalized("NFC", text):
                composed = unicodedata.normalize("NFC", text)
                self.count("letters composed (Unicode NFC)", max(len(text) - len(composed), 1))
                text = composed
        text, control = CONTROL.subn(" ", text)
        self.count("control characters replaced by blanks", control)
        return text

    def tidy(self, text: str) -> str:
        """The text as it goes into a line: plain, with fixed blanks and runs of blanks as one blank."""
        text, fixed = FIXED_BLANKS.subn(" ", self.plain(text))
        self.count("fixed blanks written as blanks", fixed)
        self.count("runs of blanks made one", len(RUNS.findall(text)))
        return BLANKS.sub(" ", text)

    def beside(self, document: Document) -> None:
        """Takes over what stands beside the text of a document whose text was added."""
        for aside in document.asides:
            self.aside(aside.kind, aside.text)
