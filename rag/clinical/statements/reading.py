"""From a document to what may be quoted of it: sentences, rows, labels with values and items, each with its place."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

from rag.clinical.statements.fields import header_of, label_of
from rag.clinical.statements.marked import (
    ASKS,
    BARE_WORDS,
    FIGURE,
    LEAST_TEXT,
    LONGEST_HEADER,
    LONGEST_LABEL,
    MARKS,
    WORD,
    Marked,
    as_label,
    is_sentence,
)
from rag.clinical.statements.record import Kind, Statement
from rag.clinical.statements.tables import Table
from rag.text import sentences, trim
from rag.values import Document

FIRST, LAST = 25, 8
"""How many lines from the start, and from the end, are those in which a header line may stand without a blank line above."""
SHORT_VALUE = 80
"""Characters of a line that belongs to the heading above it, where it is all that stands there."""
SHORT_ANSWER = 25
WHOLE = ("rule", "furniture", "caption", "closing", "title", "signature", "heading", "bare")
"""What fills its lines, so that no sentence goes on into it or out of it."""


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


class _Reading(Marked):
    """Reads one document."""

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
            return near and whole and alone and len(said) <= SHORT_VALUE and not is_sentence(said)
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
            place.caption = as_label(content)
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
                yield Statement(piece.start, end, "field", as_label(content))
                return
            if mark == "bare":
                place.lead = as_label(content)
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
            place.asked = as_label(content)
            return
        if mark == "item" or (place.kind == "item" and self._goes_on(piece, place)):
            label = self._item_label(place) or self._title_at(piece.start)
            yield Statement(piece.start, end, "item", label)
            if content.rstrip(MARKS).endswith(":") and mark != "item":
                place.lead = as_label(content)
            return
        if content.rstrip(MARKS).endswith(":"):
            place.lead = as_label(content)
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
        place.items.append((key, as_label(content)))

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
                name = as_label(self.text[row.columns[0][1] : row.columns[0][2]])
                yield Statement(row.start, row.end, "header" if header_of(name) else "field", name)
                continue
            kind: Kind = "header" if header_of(self._title_at(row.start)) == "references" else "row"
            yield Statement(row.start, row.end, kind, "References" if kind == "header" else label, row.columns)

    def _title_at(self, offset: int) -> str:
        at = bisect_right(self.titles[0], offset) - 1
        return self.titles[1][at] if at >= 0 else ""


def _bullet(content: str) -> int:
    """How far in an item belongs by its mark: by numbers of one part, of more, by letters, by Roman numbers, by a sign."""
    plain = content.split(None, 1)[0].strip("().")
    if plain[:1].isdigit():
        return plain.count(".")
    if plain.isalpha():
        return 11 if len(plain) > 1 else 10
    return 12


def _tells(title: str) -> bool:
    """Whether a first line is no title alone but tells facts as well, in brackets or between commas."""
    aside = re.search(r"\(([^()]*)\)", title)
    told = bool(aside) and len(WORD.findall(aside[1])) > 2 if aside else False
    return not title.isupper() and not title.startswith("#") and (told or (title.count(",") > 1 and bool(FIGURE.search(title))))
