"""From a document to what may be quoted of it: sentences, rows, labels with values and items, each with its place."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from rag.clinical.headings import heading_kind
from rag.clinical.statements.fields import beside, header_of, is_closing, is_signature, label_of
from rag.clinical.statements.lines import Line, is_caption, is_furniture, is_item, is_rule, lines
from rag.clinical.statements.record import Kind, Statement
from rag.clinical.statements.tables import Table, flat, tables
from rag.text import WRAPPED, sentences, trim
from rag.values import Document

FIRST, LAST = 25, 8
"""How many lines from the start, and from the end, are those in which a header line may stand without a blank line above."""
SHORT_VALUE = 80
"""Characters of a line that belongs to the heading above it, where it is all that stands there."""
LONGEST_HEADER = 120
LONGEST_LABEL = 160
LEAST_TEXT = 45
"""Characters of a line that is running text rather than the next of several names."""
BARE_WORDS = 6
"""A lead-in of more words says something of its own and is a statement."""
SHORT_ANSWER = 25
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
WHOLE = ("rule", "furniture", "caption", "closing", "title", "signature", "heading", "bare")
"""What fills its lines, so that no sentence goes on into it or out of it."""
NUMBER = re.compile(r"(?<!\W)\W*+[\dA-Za-z]{1,4}(?:\.\d{1,3})*\W*")


def statements(document: Document) -> tuple[Statement, ...]:
    """What may be quoted of a document, in order and none inside another.

    Headings, captions, rules, the names of columns and contents are left out; they stand in the labels. Together with these, the
    statements hold all that the text says.
    """
    return tuple(_Reading(document).read())


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence, or what is left of it where a line begins that is something else."""

    start: int
    end: int
    line: int
    mark: str


@dataclass
class _Place:
    """Where the reading stands: the lead-in, the items that hold the next one, and the label whose value goes on."""

    lead: str = ""
    items: list[tuple[tuple[int, int], str]] = field(default_factory=list)
    label: str = ""
    kind: str = ""
    caption: str = ""
    asked: str = ""


class _Reading:
    """Reads one document."""

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

    def read(self) -> Iterator[Statement]:
        place = _Place()
        pieces = list(self._pieces())
        table = 0
        at = 0
        while at < len(pieces):
            piece = pieces[at]
            while table < len(self.tables) and self._start(self.tables[table]) <= piece.start:
                yield from self._rows(self.tables[table], place)
                table += 1
            at += 1
            if piece.mark == "table":
                continue
            following = pieces[at] if at < len(pieces) else None
            joined = self._joined(piece, following)
            if joined:
                at += 1
            yield from self._said(piece, following, joined, place)
        for left in self.tables[table:]:
            yield from self._rows(left, place)

    def _content(self, line: Line) -> str:
        return self.text[line.start : line.end]

    def _start(self, table: Table) -> int:
        return self.lines[table.first].start

    # What each line is

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
            long = len(plain) > LONGEST_HEADER or plain[-1:] in ".?!;,:" or is_item(content) or _is_sentence(plain)
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

    # From sentences to statements

    def _pieces(self) -> Iterator[_Piece]:
        """The sentences of the text, cut where a line begins that is something else."""
        bounds = sorted(self.bounds)
        at = 0
        line = -1
        for low, high in sentences(self.text):
            while at < len(bounds) and bounds[at] <= low:
                at += 1
            cuts = [low]
            while at < len(bounds) and bounds[at] < high:
                cuts.append(bounds[at])
                at += 1
            for begin, end in zip(cuts, [*cuts[1:], high], strict=True):
                start, stop = trim(self.text, begin, end)
                while stop > start and end < high and self.text[stop - 1] in "|;":
                    start, stop = trim(self.text, start, stop - 1)
                if start >= stop:
                    continue
                while line + 1 < len(self.lines) and self.lines[line + 1].start <= start:
                    line += 1
                    if line in self.wholes:
                        yield self._whole(line)
                begins = start == self.lines[line].start
                mark = self.marks[line]
                if mark in WHOLE:
                    continue
                if not begins and mark != "table":
                    mark = "beside" if start in self.bounds else ""
                yield _Piece(start, stop, line, mark)
        for left in range(line + 1, len(self.lines)):
            if left in self.wholes:
                yield self._whole(left)

    def _whole(self, line: int) -> _Piece:
        """The lines that are one thing, whatever stops stand in them: a heading, a caption, a rule."""
        return _Piece(self.lines[line].start, self.lines[self.wholes[line] - 1].end, line, self.marks[line])

    def _joined(self, piece: _Piece, following: _Piece | None) -> bool:
        """Whether this piece and the next are one statement: a heading with one short line, a question with a short answer."""
        if following is None:
            return False
        said = self.text[following.start : following.end]
        if piece.mark in ("heading", "bare"):
            first, after = following.line, self.lines[following.line + 1] if following.line + 1 < len(self.lines) else None
            alone = after is None or after.gap or self.marks[first + 1] in ("heading", "bare")
            whole = (following.start, following.end) == (self.lines[first].start, self.lines[first].end)
            near = first == self.wholes.get(piece.line, 0) and following.mark == "" and said[-1] not in ":?"
            return near and whole and alone and len(said) <= SHORT_VALUE and not _is_sentence(said)
        if piece.mark in ("", "field", "item") and self.text[piece.start : piece.end].rstrip(MARKS).endswith("?"):
            return following.mark == "" and len(said) <= SHORT_ANSWER and "\n\n" not in self.text[piece.end : following.start]
        return False

    def _said(self, piece: _Piece, following: _Piece | None, joined: bool, place: _Place) -> Iterator[Statement]:
        """The statement of a piece, or nothing; and where the reading stands after it."""
        content = self.text[piece.start : piece.end]
        end = following.end if joined and following is not None else piece.end
        mark = piece.mark
        fresh = piece.start == self.lines[piece.line].start and not self.continued[piece.line]
        if fresh and place.kind == "field":
            place.label = place.kind = ""
        if fresh and self.lines[piece.line].gap:
            place.label = place.kind = place.asked = ""
            if mark not in ("item", "bare"):
                place.items.clear()
                place.lead = ""
        if mark in ("rule", "furniture", "closing"):
            return
        if mark == "caption":
            place.caption = _words(content)
            return
        if mark == "title":
            yield Statement(piece.start, piece.end, "sentence" if _tells(content) else "header", "Title")
            return
        if mark == "signature":
            yield Statement(piece.start, piece.end, "header", "Signature")
            return
        if mark in ("heading", "bare"):
            place.lead, place.label, place.kind, place.asked = "", "", "", ""
            place.items.clear()
            if joined:
                yield Statement(piece.start, end, "field", _words(content))
                return
            if mark == "bare":
                place.lead = _words(content)
                if len(WORD.findall(content)) > BARE_WORDS or FIGURE.search(content):
                    yield Statement(piece.start, piece.end, "sentence", self._title_at(piece.start))
            return
        cited = header_of(self._title_at(piece.start)) == "references"
        for said in self._running(piece, content, end, joined, place):
            yield Statement(said.start, said.end, "header", "References") if cited else said

    def _running(self, piece: _Piece, content: str, end: int, joined: bool, place: _Place) -> Iterator[Statement]:
        """A label with its value, an item or a sentence."""
        mark = piece.mark
        if mark == "item":
            self._enter(piece, content, place)
            place.label = ""
            place.kind = "item"
        elif mark in ("field", "beside"):
            place.items.clear()
            place.lead = ""
            label, _ = label_of(content)
            place.label, place.kind = label, "field"
            if self._is_header(piece, label, content):
                yield Statement(piece.start, end, "header", label)
                return
            whole = piece.end == self.lines[piece.line].end or mark == "beside"
            yield Statement(piece.start, end, "field" if whole else "sentence", label or self._title_at(piece.start))
            return
        if not WORD.search(content) and not FIGURE.search(content):
            return
        question = content.rstrip(MARKS).endswith("?") and not joined
        if question and ASKS.match(content.strip(MARKS)):
            place.asked = _words(content)
            return
        if mark == "item" or (place.kind == "item" and self._goes_on(piece, place)):
            label = self._item_label(place) or self._title_at(piece.start)
            yield Statement(piece.start, end, "item", label)
            if content.rstrip(MARKS).endswith(":") and mark != "item":
                place.lead = _words(content)
            return
        if content.rstrip(MARKS).endswith(":"):
            place.lead = _words(content)
            place.items.clear()
            place.kind = ""
            if len(WORD.findall(content)) <= BARE_WORDS and not FIGURE.search(content):
                return
            yield Statement(piece.start, end, "sentence", self._title_at(piece.start))
            return
        yield Statement(piece.start, end, "sentence", place.asked or place.label or place.lead or self._title_at(piece.start))
        if len(content) > LEAST_TEXT and content[-1] == ".":
            place.lead = ""

    def _goes_on(self, piece: _Piece, place: _Place) -> bool:
        """Whether a piece belongs to the item above: it stands on a line of it, or on one that is drawn further in or wrapped."""
        line = self.lines[piece.line]
        if piece.start != line.start:
            return True
        further = bool(place.items) and line.indent > place.items[-1][0][0]
        return not line.gap and (self.continued[piece.line] or further)

    def _enter(self, piece: _Piece, content: str, place: _Place) -> None:
        """Puts an item in its place among those above: beside its like, or under the one that it is drawn further in from."""
        key = (self.lines[piece.line].indent, _bullet(content))
        keys = [one for one, _ in place.items]
        if key in keys:
            del place.items[keys.index(key) :]
        while place.items and (
            place.items[-1][0][0] > key[0] or (place.items[-1][0][0] == key[0] and place.items[-1][0][1] > key[1])
        ):
            place.items.pop()
        place.items.append((key, _words(content)))

    def _item_label(self, place: _Place) -> str:
        above = [text for _, text in place.items[:-1]]
        return " > ".join(one for one in [place.lead, *above][-2:] if one)[:LONGEST_LABEL]

    def _is_header(self, piece: _Piece, label: str, content: str) -> bool:
        """Whether a label with its value says whose, from whom or from when the document is; "Clinic: 6 July" does not."""
        of = header_of(label)
        at = piece.line
        if not of or len(content) > LONGEST_HEADER or (of == "place" and FIGURE.search(content)):
            return False
        if of == "letter":
            near = (self._content(self.lines[other]) for other in (at - 1, at + 1) if 0 <= other < len(self.lines))
            return any(header_of(label_of(line)[0]) for line in near) or piece.end < self.lines[at].end
        return at < FIRST or at >= len(self.lines) - LAST or self.lines[at].gap or of in ("patient", "age and sex")

    def _rows(self, table: Table, place: _Place) -> Iterator[Statement]:
        about = place.caption or place.lead or self._title_at(self._start(table))
        about = about or (self.document.title if self.document.format == "table" else "")
        names = "" if table.told else " | ".join(name for name in table.names if name)
        label = ": ".join(one for one in (about, names) if one)[:LONGEST_LABEL]
        place.caption = place.lead = ""
        for row in table.rows:
            if table.pairs:
                name = _words(self.text[row.columns[0][1] : row.columns[0][2]])
                yield Statement(row.start, row.end, "header" if header_of(name) else "field", name)
                continue
            kind: Kind = "header" if header_of(self._title_at(row.start)) == "references" else "row"
            yield Statement(row.start, row.end, kind, "References" if kind == "header" else label, row.columns)

    def _title_at(self, offset: int) -> str:
        at = bisect_right(self.titles[0], offset) - 1
        return self.titles[1][at] if at >= 0 else ""


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
        above.append((section.end, _words(section.title) if named else (above[-1][1] if above else "")))
        events.append((section.start, above[-1][1]))
    while above:
        end, _ = above.pop()
        events.append((end, above[-1][1] if above else ""))
    return [offset for offset, _ in events], [title for _, title in events]


def _words(content: str) -> str:
    """A heading, label or lead-in as a label: without marks, on one line, not longer than is read at a glance."""
    plain = " ".join(content.replace("**", "").translate(UNSEEN).split()).strip(MARKS + ":-•|").strip()
    return plain if len(plain) <= LONGEST_LABEL else plain[: LONGEST_LABEL - 1].rstrip() + "…"


def _bullet(content: str) -> int:
    """How far in an item belongs by its mark: by numbers of one part, of more, by letters, by Roman numbers, by a sign."""
    plain = content.split(None, 1)[0].strip("().")
    if plain[:1].isdigit():
        return plain.count(".")
    if plain.isalpha():
        return 11 if len(plain) > 1 else 10
    return 12


def _in_capitals(text: str) -> bool:
    head = text[:20_000]
    capitals, small = sum(map(str.isupper, head)), sum(map(str.islower, head))
    return capitals > CAPITALS * (capitals + small)


def _letters(written: str) -> str:
    return "".join(sign for sign in written.lower() if sign.isalnum())


def _tells(title: str) -> bool:
    """Whether a first line is no title alone but tells facts as well, in brackets or between commas."""
    aside = re.search(r"\(([^()]*)\)", title)
    told = bool(aside) and len(WORD.findall(aside[1])) > 2 if aside else False
    return not title.isupper() and not title.startswith("#") and (told or (title.count(",") > 1 and bool(FIGURE.search(title))))


def _is_sentence(content: str) -> bool:
    return bool(re.search(r"[.;] +\S", content))
