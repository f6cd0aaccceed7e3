"""The lines of a document, and what each is: a heading, an item, a label with its value, a part of a table, running text."""

import re
from bisect import bisect_right
from collections.abc import Iterator

from rag.clinical.headings import heading_kind
from rag.clinical.statements.fields import beside, header_of, is_closing, is_signature, label_of
from rag.clinical.statements.lines import Line, is_caption, is_furniture, is_item, is_rule, lines
from rag.clinical.statements.tables import Table, flat, tables
from rag.text import WRAPPED
from rag.values import Document

LONGEST_HEADER = 120
LONGEST_LABEL = 160
LEAST_TEXT = 45
"""Characters of a line that is running text rather than the next of several names."""
BARE_WORDS = 6
"""A lead-in of more words says something of its own and is a statement."""
TAIL = 12
NEAR = 7
CAPITALS = 0.6
"""Share of capitals from which a text is written in them, so that they mark no headings."""
FIGURE = re.compile(r"\d")
WORD = re.compile(r"[^\W\d_]{2,}")
SAYS = re.compile(r"\b(?:no|not|never|none|do|dnr|dni|nil|npo|nkda|nka|full|positive|negative|stop|avoid|call)\b", re.IGNORECASE)
"""Words by which a line in capitals says something rather than names what follows."""
STATES = re.compile(r"\b(?:is|are|was|were|has|have|should|must|may|can|cannot|will|do not|no longer)\b", re.IGNORECASE)
"""The verb by which a numbered line is a sentence without a stop rather than a heading."""
ASKS = re.compile(
    r"\W*(?:q\d{0,2}[:.)]\s*)?(?:who|whom|whose|what|when|where|why|which|how|can|could|may|do|does|did|is|are|was|were|should|will"
    r"|would|have|has|must|am)\b",
    re.IGNORECASE,
)
BOLD = re.compile(r"(\*\*|__)[^*_]{2,80}\1")
MARKS = "*_#>` \t"
UNSEEN = dict.fromkeys([*range(32), *range(127, 160)], " ")
NAMELESS = ("title", "table")
"""Lines that name no section, whatever they look like."""
NUMBER = re.compile(r"(?<!\W)\W*+[\dA-Za-z]{1,4}(?:\.\d{1,3})*\W*")


class Marked:
    """The lines of a document, what each is, and where the sentences around them end."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.text = document.text
        self.lines = lines(self.text)
        self.starts = [line.start for line in self.lines]
        self.tables = tables(self.text, self.lines, document.format)
        self.heads = {table.first for table in self.tables}
        self.capitals = _in_capitals(self.text)
        self.bounds: set[int] = set()
        self.wholes: dict[int, int] = {}
        self.continued = self._continued()
        self.marks = self._marks()
        self.titles = _titles(
            document, {line.start for line, mark in zip(self.lines, self.marks, strict=True) if mark in NAMELESS}
        )

    def _content(self, line: Line) -> str:
        return self.text[line.start : line.end]

    def _start(self, table: Table) -> int:
        return self.lines[table.first].start

    def _continued(self) -> list[bool]:
        """For each line whether it goes on with the one above: that one was full, or this one begins with a small letter."""
        widths = [line.indent + line.end - line.start for line in self.lines]
        found = [False] * len(self.lines)
        for at in range(1, len(self.lines)):
            line, above = self.lines[at], self.lines[at - 1]
            if not line.gap:
                word = self.text[line.start : min(line.end, line.start + 40)].split(None, 1)[0]
                full = widths[at - 1] + 1 + len(word) > WRAPPED * max(widths[max(at - NEAR, 0) : at + NEAR])
                open_ = self.text[above.end - 1] not in ".!?:;"
                found[at] = (full and not is_item(self._content(line))) or (self.text[line.start].islower() and open_)
        return found

    def _marks(self) -> list[str]:
        """What each line begins with; where it is no running text, it bounds the sentences around it."""
        marks = [""] * len(self.lines)
        for table in self.tables:
            marks[table.first : table.last] = ["table"] * (table.last - table.first)
        if not any(marks[:1]):
            marks[: self._title()] = ["title"] * self._title()
        for first, last in self._heading_lines():
            if not any(marks[first:last]):
                marks[first:last] = ["heading"] * (last - first)
                self.wholes[first] = last
        if self.document.format == "pdf":
            label = [
                mark or ("field" if label_of(self._content(line))[0] else "")
                for mark, line in zip(marks, self.lines, strict=True)
            ]
            for table in flat(self.text, self.lines, label):
                marks[table.first : table.last] = ["table"] * (table.last - table.first)
                self.tables.append(table)
            self.tables.sort(key=lambda table: table.first)
        for table in self.tables:
            self.bounds |= {self.lines[table.first].start, self.lines[table.last - 1].end}
        for at, line in enumerate(self.lines):
            content = self._content(line)
            marks[at] = marks[at] or self._mark(at, content)
            if marks[at] in ("item", "field"):
                self.bounds |= {line.start, *(line.start + further for further in beside(content) if marks[at] == "field")}
                if marks[at] == "field" and header_of(label_of(content)[0]) and not self._runs_on(at):
                    self.bounds.add(line.end)
            elif marks[at] and marks[at] != "table":
                self.bounds |= {line.start, line.end}
                if marks[at] != "heading":
                    self.wholes[at] = at + 1
        return marks

    def _mark(self, at: int, content: str) -> str:
        if is_rule(content):
            return "rule"
        if is_furniture(content):
            return "furniture"
        if is_caption(content):
            return "caption"
        if is_closing(content):
            return "closing"
        late = at >= len(self.lines) - TAIL
        if late and is_signature(content):
            return "signature"
        if is_item(content):
            return "item"
        if self.continued[at] and content[0].islower():
            return ""
        label, value = label_of(content)
        if label and value < len(content):
            return "field"
        if label or self._names_what_follows(at, content):
            return "bare"
        return ""

    def _runs_on(self, at: int) -> bool:
        """Whether a line goes on in the next one, which begins with a small letter or further in."""
        after = self.lines[at + 1] if at + 1 < len(self.lines) and self.continued[at + 1] else None
        return after is not None and (self.text[after.start].islower() or after.indent > self.lines[at].indent)

    def _names_what_follows(self, at: int, content: str) -> bool:
        """Whether a short line without figures only names what stands right below it: a list, a table, or running text."""
        line = self.lines[at]
        after = self.lines[at + 1] if at + 1 < len(self.lines) else None
        if after is None or self.continued[at] or self.continued[at + 1] or content[-1] in ".;,!?":
            return False
        listed = is_item(self._content(after)) or at + 1 in self.heads
        if BOLD.fullmatch(content) and listed and len(content.split()) <= BARE_WORDS:
            return True
        if len(content.split()) > 2 * BARE_WORDS or SAYS.search(content) or FIGURE.search(content):
            return False
        if listed and line.gap and not after.gap and len(content.split()) <= BARE_WORDS:
            return True
        long = listed or after.end - after.start > LEAST_TEXT
        return long and self._is_name(line) and not (at and not line.gap and self._is_name(self.lines[at - 1]))

    def _heading_lines(self) -> Iterator[tuple[int, int]]:
        """The lines, first and last (exclusive), that are headings and nothing else."""
        for section in self.document.sections:
            first = bisect_right(self.starts, section.start) - 1
            if first < 0 or (
                self.lines[first].start < section.start and self.text[self.lines[first].start : section.start].strip(MARKS)
            ):
                continue
            last = first
            while last < len(self.lines) and self.lines[last].end <= section.body:
                last += 1
            if last > first and self._is_bare(section.title, section.start, section.body, section.end):
                yield first, last

    def _is_bare(self, title: str, start: int, body: int, end: int) -> bool:
        """Whether a heading only names what follows it."""
        if heading_kind(title):
            return True
        if not self.text[body:end].strip():
            return not SAYS.search(title) and not FIGURE.search(title) and end < len(self.text)
        if title.isupper() and (self.capitals or SAYS.search(title)):
            return False
        if self.text[start] == "#":
            return self.document.format == "markdown"  # In a plain text it begins a problem, not a chapter.
        plain = NUMBER.sub("", title, count=1)
        return not FIGURE.search(plain) and not (len(plain.split()) > 4 and STATES.search(plain) and not ASKS.match(plain))

    def _title(self) -> int:
        """How many lines at the start are the title and what stands right below it in its style; none of a table has one."""
        if self.document.format == "table" or not self.lines:
            return 0
        if self.document.format == "pdf":
            whole, last = _letters(self.document.title), 0
            while last < min(6, len(self.lines)) and (own := _letters(self._content(self.lines[last]))) and own in whole:
                last += 1
            if last:
                return last
        content = self._content(self.lines[0])
        plain = content.strip(MARKS)
        after = self.lines[1] if len(self.lines) > 1 else None
        if not content.startswith("#"):
            label, value = label_of(content)
            long = len(plain) > LONGEST_HEADER or plain[-1:] in ".?!;,:" or is_item(content) or is_sentence(plain)
            says = ":" in content[:value] or (len(content[value:].split()) > BARE_WORDS and not plain.isupper())
            if long or after is None or (label and says):
                return 0
            below, at = label_of(self._content(after))
            labelled = below and self.text[after.start].isupper() and at < after.end - after.start
            if not (plain.isupper() or after.gap or labelled or self._is_name(after)):
                return 0
        last = 1
        while last < min(3, len(self.lines)) and not self.lines[last].gap and self._is_name(self.lines[last]):
            last += 1
        return last

    def _is_name(self, line: Line) -> bool:
        """Whether a line is a name in the style of a title: every word with a capital, no figure, no label and no stop."""
        content = self._content(line)
        words = [word for word in WORD.findall(content) if len(word) > 3]
        plain = (
            not FIGURE.search(content)
            and content.rstrip(MARKS)[-1:] not in ".:;?!"
            and not label_of(content)[0]
            and not is_item(content)
        )
        return plain and len(words) > 1 and len(content) <= LONGEST_HEADER and all(word[0].isupper() for word in words)


def _titles(document: Document, titles: set[int]) -> tuple[list[int], list[str]]:
    """From which character on which title names what is said: that of the innermost section that has words.

    `titles` are the starts of lines that name the whole document.
    """
    events: list[tuple[int, str]] = []
    above: list[tuple[int, str]] = []
    for section in document.sections:
        while above and above[-1][0] <= section.start:
            end, _ = above.pop()
            events.append((end, above[-1][1] if above else ""))
        named = WORD.search(section.title) and section.start not in titles
        above.append((section.end, as_label(section.title) if named else (above[-1][1] if above else "")))
        events.append((section.start, above[-1][1]))
    while above:
        end, _ = above.pop()
        events.append((end, above[-1][1] if above else ""))
    return [offset for offset, _ in events], [title for _, title in events]


def _in_capitals(text: str) -> bool:
    head = text[:20_000]
    capitals, small = sum(map(str.isupper, head)), sum(map(str.islower, head))
    return capitals > CAPITALS * (capitals + small)


def _letters(written: str) -> str:
    return "".join(sign for sign in written.lower() if sign.isalnum())


def is_sentence(content: str) -> bool:
    return bool(re.search(r"[.;] +\S", content))


def as_label(content: str) -> str:
    """A heading, label or lead-in as a label: without marks, on one line, not longer than is read at a glance."""
    plain = " ".join(content.replace("**", "").translate(UNSEEN).split()).strip(MARKS + ":-•|").strip()
    return plain if len(plain) <= LONGEST_LABEL else plain[: LONGEST_LABEL - 1].rstrip() + "…"
