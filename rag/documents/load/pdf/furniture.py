"""Page furniture: running heads and feet, page numbers and line numbers at the margin, found by what the pages share."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

from rag.documents.load.facts import states_fact, without_page
from rag.documents.load.pdf.layout import Row, Word, pieces, rows

EDGE = 3
REPEATED = 0.6
FEWEST = 3
NUMBERED = 8
PAGE_NUMBER = re.compile(r"\W*(?:page|p\.?)?\s*(\d{1,4}|[ivxl]{1,7})\W*(?:(?:of|/)\s*\d{1,4})?\W*", re.IGNORECASE)
NAMED_PAGE = re.compile(
    r"\W*(?:page|p\.?)\s*(\d{1,4})\W*(?:(?:of|/)\s*\d{1,4})?\W*|(\d{1,4})\s*(?:of|/)\s*\d{1,4}", re.IGNORECASE
)
COUNT = re.compile(r"(?<![\d.,/])\d{1,4}(?![\d,/]|\.\d)|\b[ivxl]+\b")
VALUE = re.compile(
    r"\d\s?(?:%|[mµun]?g\b|[mµ]?[lL]\b|mmol|[mµ]?mol|mEq|m?U\b|IU\b|mm\b|cm\b|bpm\b|mmHg|kPa|fL\b|pg\b|ms\b|°)(?:/\w+)?",
    re.IGNORECASE,
)


LEADER = re.compile(r"[.…·_]+")


class Edge(NamedTuple):
    """A line at the top or the bottom of a page, or text set at another angle beside it, as numbers of the page's words."""

    text: str
    words: tuple[int, ...]
    base: float
    kept: bool
    top: bool


class Found(NamedTuple):
    """What is no running text: its kind, its words by number, and the text that they make."""

    kind: str
    words: tuple[int, ...]
    text: str
    top: bool


def edges(words: Sequence[Word], upright: int) -> list[Edge]:
    """The first and last lines of a page; those with a value and its unit or with the cells of a table are kept in the text."""
    lines = rows([word for word in words if word.angle == upright])
    found = []
    numbers = sorted({*range(min(EDGE, len(lines))), *range(max(len(lines) - EDGE, 0), len(lines))})
    for number in numbers:
        line, top = lines[number], number < len(lines) / 2
        beyond = [
            other
            for other in (number + EDGE if top else number - EDGE, number + 1 if top else number - 1)
            if 0 <= other < len(lines)
        ]
        text = " ".join(word.text for word in line)
        cells = pieces(line)
        table = len(cells) > 2 and any(_aligned(cells, pieces(lines[other])) for other in beyond)
        kept = bool(VALUE.search(text)) or table
        found.append(Edge(text, tuple(word.order for word in line), line[0].base, kept, top))
    for angle in sorted({word.angle for word in words} - {upright}):
        aside = [word for word in words if word.angle == angle]
        found.append(Edge(" ".join(word.text for word in aside), tuple(word.order for word in aside), aside[0].base, False, True))
    return found


def _aligned(one: Row, other: Row) -> bool:
    """Whether three cells of a line begin where cells of the other do."""
    starts = [piece.left for piece in other]
    return sum(any(abs(piece.left - start) < 4 for start in starts) for piece in one) >= 3


def running(pages: Sequence[Sequence[Edge]], labels: Sequence[str]) -> list[list[Found]]:
    """For every page its running heads and feet: lines that most pages have alike, but for numbers that count the pages.

    Heads that differ on left and right pages count among their own; they also have to stand at the same height. One that states
    a fact stays in the text where it stands first.
    """
    told: set[str] = set()
    shapes = [[_shapes(edge.text, page, labels[page]) for edge in edges] for page, edges in enumerate(pages)]
    everywhere = _frequent(shapes, range(len(pages)))
    sides = [_frequent(shapes, range(side, len(pages), 2)) if len(pages) >= 2 * FEWEST else set() for side in (0, 1)]
    result = []
    for page, edges in enumerate(pages):
        found = []
        for edge, own in zip(edges, shapes[page], strict=True):
            alike = own & everywhere or (own & sides[page % 2] and _level(pages[page % 2 :: 2], edge))
            numbered = NAMED_PAGE.fullmatch(edge.text.strip())
            if not edge.kept and (alike or (numbered and str(page + 1) in numbered.groups())):
                if states_fact(edge.text) and (fact := without_page(edge.text)) not in told:
                    told.add(fact)
                    continue
                kind = "page number" if PAGE_NUMBER.fullmatch(edge.text.strip()) else "header" if edge.top else "footer"
                found.append(Found(kind, edge.words, edge.text, edge.top))
        result.append(found)
    return result


def _frequent(shapes: Sequence[Sequence[set[str]]], chosen: range) -> set[str]:
    counts = Counter(shape for page in chosen for shape in set().union(*shapes[page]))
    return {shape for shape, count in counts.items() if count >= max(FEWEST, REPEATED * len(chosen))}


def _level(pages: Sequence[Sequence[Edge]], edge: Edge) -> bool:
    """Whether lines stand at this height on most of these pages."""
    return sum(any(abs(other.base - edge.base) < 4 for other in page) for page in pages) >= REPEATED * len(pages)


def _shapes(line: str, page: int, label: str) -> set[str]:
    """What a line may have in common with those of other pages: its numbers as they are, or one of them as that of the page.

    A value that differs from page to page in any other way (a laboratory result) makes the lines different.
    """
    shapes = {"".join(line.split())}
    for number, counted in _counted(line):
        before, behind = line[: number.start()], line[number.end() :]
        shapes.add(f"{before}\0{counted - page}{behind}")
        if number[0] == label:
            shapes.add(f"{before}\0{behind}")
    return {"".join(shape.split()) for shape in shapes}


def _counted(line: str) -> Iterator[tuple[re.Match[str], int]]:
    """The numbers of a line that may be those of pages."""
    for number in COUNT.finditer(line[:300]):
        yield number, _roman(number[0]) if number[0].isalpha() else int(number[0])


def printed(found: Sequence[Sequence[Found]]) -> dict[int, str]:
    """What the running heads and feet of pages print as their numbers, by page from 0, where these do not count from 1."""
    counts: dict[int, dict[int, str]] = {}
    for page, lines in enumerate(found):
        for one in lines:
            for number, counted in _counted(one.text):
                counts.setdefault(counted - page, {}).setdefault(page, number[0])
    first, told = max(counts.items(), key=lambda one: (len(one[1]), one[0] == 1), default=(1, {}))
    return told if first != 1 and len(told) >= max(FEWEST, REPEATED * len(found)) else {}


def _roman(numeral: str) -> int:
    values = [{"i": 1, "v": 5, "x": 10, "l": 50}[letter] for letter in numeral]
    return sum(-value if value < following else value for value, following in zip(values, [*values[1:], 0], strict=True))


class Margin(NamedTuple):
    """Where line numbers stand in this document: at the left or the right, and there from where to where."""

    left: bool
    start: float
    end: float


def line_numbers(words: Sequence[Word], upright: int) -> tuple[list[Word], Margin | None]:
    """The line numbers of a page: at least eight, beside at least half of its lines, that count up one by one.

    Numbers at the left of a line could be those of a list or a table. They count only where they stand in a margin of
    their own and lines of running text go on beside them. Numbers after dots are those of a table of contents.
    """
    lines = rows([word for word in words if word.angle == upright])
    for left in (True, False):
        ends = [line[0 if left else -1] for line in lines if left or len(line) < 2 or not LEADER.fullmatch(line[-2].text)]
        counting = _counting([word for word in ends if _is_number(word)])
        if len(counting) < NUMBERED or len(counting) < 0.5 * len(lines):
            continue
        if not left or _margin_of_text(lines, counting):
            return counting, Margin(left, min(word.left for word in counting), max(word.right for word in counting))
    return [], None


def _counting(numbers: Sequence[Word]) -> list[Word]:
    """The longest row of these numbers, in their order, in which each is one more than that before."""
    chains: dict[int, tuple[int, int]] = {}  # By its last number: how many, and where the last one is.
    before: list[int | None] = []
    for place, word in enumerate(numbers):
        value = int(word.text)
        many, last = chains.get(value - 1, (0, -1))
        before.append(last if many else None)
        if many + 1 >= chains.get(value, (0, 0))[0]:
            chains[value] = (many + 1, place)
    if not chains:
        return []
    at: int | None = max(chains.values())[1]
    found = []
    while at is not None:
        found.append(numbers[at])
        at = before[at]
    return found[::-1]


def more_line_numbers(words: Sequence[Word], upright: int, margin: Margin, last: int) -> list[Word]:
    """The line numbers of a page with few of them, in the margin where other pages have theirs, going on from the last."""
    found: list[Word] = []
    for line in rows([word for word in words if word.angle == upright]):
        word = line[0] if margin.left else line[-1]
        at_margin = abs(word.left - margin.start) < 3 or abs(word.right - margin.end) < 3
        if at_margin and _is_number(word) and int(word.text) == last + 1:
            found.append(word)
            last += 1
    return found


def _is_number(word: Word) -> bool:
    return word.text.isascii() and word.text.isdigit() and len(word.text) <= 5


def _margin_of_text(lines: Sequence[Sequence[Word]], counting: Sequence[Word]) -> bool:
    chosen = {word.order for word in counting}
    beside = [line[1:] for line in lines if line[0].order in chosen and len(line) > 1]
    if not beside:
        return False
    apart = median(rest[0].left for rest in beside) - max(word.right for word in counting)
    going_on = sum(rest[0].text[:1].islower() for rest in beside)
    return apart > 0.5 * counting[0].size and going_on >= 0.2 * len(beside)
