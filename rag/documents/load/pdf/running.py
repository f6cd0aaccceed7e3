"""The running text of a PDF from the words of its pages, with what was left out of it, what is hidden and what was changed."""

from dataclasses import dataclass, field
from statistics import median
from typing import Any

from rag.documents.load.pdf.furniture import Edge, Found, Margin, edges, line_numbers, more_line_numbers, printed, running
from rag.documents.load.pdf.layout import Line, Word, ordered
from rag.documents.load.pdf.pages import Pages, words_of
from rag.documents.load.pdf.sizes import Set
from rag.documents.load.pdf.wording import Wording, changes
from rag.values import Aside, Finding, Page

HIDDEN_SCORE = 0.9
EMPTY_CELL = {"blank", "empty", "cell", "row", "column", "header", "this", "is", "intentionally", "left", "page"}

Mark = tuple[int, int, str]  # A stretch of the text, and what hides it.


@dataclass
class Text:
    """The text so far, with pages, asides and findings as offsets into it; `heights` holds where each line stands on its page."""

    text: str = ""
    pages: list[Page] = field(default_factory=list)
    asides: list[Aside] = field(default_factory=list)
    hidden: list[Finding] = field(default_factory=list)
    changes: tuple[str, ...] = ()
    heights: list[list[tuple[float, int]]] = field(default_factory=list)
    sets: list[Set] = field(default_factory=list)

    def near(self, page: int, height: float | None) -> int:
        """The offset of the first line at or below a height (points above the foot) of a page, from 0."""
        if page >= len(self.pages):
            return max(len(self.text) - 1, 0)
        lines = self.heights[page]
        if height is None or not lines:
            return self.pages[page].start
        return next((at for base, at in lines if base >= -height), lines[-1][1])


class Looks:
    """What each page by itself shows of line numbers, running heads and feet, looked at in any order while others are read."""

    def __init__(self) -> None:
        self.wording = Wording()
        self.numbers: dict[int, list[Word]] = {}
        self.margins: dict[int, Margin] = {}
        self.edges: dict[int, list[Edge]] = {}
        self.labels: dict[int, str] = {}
        self.words = 0

    def look(self, index: int, page: dict[str, Any]) -> None:
        """Looks at a page, by its number from 0; two readers may both have read it."""
        if index in self.edges:
            return
        words, upright = words_of(page), page.get("angle", 0)
        self.words += len(words)
        self.wording.learn(words)
        self.labels[index] = page.get("label") or str(index + 1)
        self.numbers[index], margin = line_numbers(words, upright)
        if margin:
            self.margins[index] = margin
        self.edges[index] = self.edges_of(index, words, upright)

    def edges_of(self, index: int, words: list[Word], upright: int) -> list[Edge]:
        """The first and last lines of a page without its line numbers."""
        out = {word.order for word in self.numbers[index]}
        return edges([word for word in words if word.order not in out], upright)


def running_text(pages: Pages, looks: Looks) -> Text:
    """The text of all pages: line numbers are taken away first, then running heads and feet, then the rest is put in order.

    `looks` may know some of the pages already.
    """
    if pages.cut:  # Then it may know pages that are not read.
        looks = Looks()
    numbers, found = _left_out(pages, looks)
    wording, numbered = looks.wording, printed(found)
    result, parts, at = Text(), [], 0
    for index, page in enumerate(pages):
        out = {order for one in found[index] for order in one.words}
        out |= {word.order for word in numbers[index]}
        words = [word for word in words_of(page) if word.order not in out]
        lines = ordered(words, [tuple(rule) for rule in page.get("rules", ())], page.get("angle", 0))
        text, marks, sets = _written(lines, wording, at)
        parts.append(text)
        result.pages.append(Page(index + 1, page.get("label") or numbered.get(index) or str(index + 1), at, at + len(text)))
        result.hidden += _findings(marks)
        result.heights.append(sorted((line.base, line.start) for line in sets) if page.get("angle", 0) == 0 else [])
        result.sets += sets
        result.asides += _asides(index + 1, at, at + len(text), numbers[index], found[index])
        at += len(text)
    result.text = "".join(parts)
    result.changes = changes(wording.counts)
    return result


def _left_out(pages: Pages, looks: Looks) -> tuple[list[list[Word]], list[list[Found]]]:
    """For every page its line numbers, and its running heads and feet."""
    count = len(pages.lines)
    for index in range(count):
        if index not in looks.edges:  # A page that ended its reader.
            looks.look(index, pages[index])
    if len(looks.margins) >= max(2, 0.3 * count):
        _go_on_numbering(pages, looks)
    numbers = [looks.numbers[index] for index in range(count)]
    found = running([looks.edges[index] for index in range(count)], [looks.labels[index] for index in range(count)])
    if sum(len(one.words) for page_found in found for one in page_found) >= looks.words - sum(map(len, numbers)):
        return numbers, [[] for _ in found]  # Short pages that are alike are the text, not furniture.
    return numbers, found


def _go_on_numbering(pages: Pages, looks: Looks) -> None:
    """The line numbers of pages with few of them, in a document whose other pages have them."""
    margin = looks.margins[min(looks.margins)]
    last = 0
    for index in range(len(pages.lines)):
        if not looks.numbers[index]:
            page = pages[index]
            words, upright = words_of(page), page.get("angle", 0)
            looks.numbers[index] = more_line_numbers(words, upright, margin, last)
            if looks.numbers[index]:
                looks.edges[index] = looks.edges_of(index, words, upright)
        if looks.numbers[index]:
            last = max(int(word.text) for word in looks.numbers[index])


def _written(lines: list[Line], wording: Wording, start: int) -> tuple[str, list[Mark], list[Set]]:
    """The text of a page that begins at `start`, its hidden stretches, and how every line of it is set.

    Tabs stand between the columns of a table, as many as columns end there; so a cell that is empty has its place.
    """
    parts: list[str] = []
    marks: list[Mark] = []
    sets: list[Set] = []
    at = start
    for line, tokens in zip(lines, wording.written(lines), strict=True):
        if not tokens:
            continue
        parts.append("\t" * tokens[0].column)
        first = at = at + tokens[0].column
        for token, after in zip(tokens, [*tokens[1:], None], strict=True):
            if token.why:
                marks.append((at, at + len(token.text), token.why))
            tabs = after.column - token.column if after else 0
            parts.append(token.text + ("\t" * tabs or " " if after else "\n"))
            at += len(parts[-1])
        words = [word for piece in line for word in piece.words]
        sets.append(Set(first, at - 1, median(word.size for word in words), words[0].base))
    return "".join(parts) or "\n", _merged(marks, "".join(parts), start), sets


def _merged(marks: list[Mark], text: str, offset: int) -> list[Mark]:
    """Stretches that are hidden alike and follow on each other as one, without those that only say that a cell is empty."""
    merged: list[Mark] = []
    for start, end, why in marks:
        if merged and merged[-1][1] == start - 1 and merged[-1][2] == why:
            merged[-1] = (merged[-1][0], end, why)
        else:
            merged.append((start, end, why))
    return [mark for mark in merged if not set(text[mark[0] - offset : mark[1] - offset].lower().split()) <= EMPTY_CELL]


def _findings(marks: list[Mark]) -> list[Finding]:
    return [Finding("hidden", why, start, end, f"file: {why}", HIDDEN_SCORE) for start, end, why in marks]


def _asides(number: int, start: int, end: int, counted: list[Word], found: list[Found]) -> list[Aside]:
    """What was left out of a page, each where it stood: heads at its start, feet at its end."""
    asides = [Aside(one.kind, one.text, start if one.top else max(end - 1, start), number) for one in found]
    if counted:
        asides.append(Aside("line number", " ".join(word.text for word in counted), start, number))
    return asides
