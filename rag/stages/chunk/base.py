"""What every chunker shares: the contextual header, and the step from offsets to passages."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, Self

from pydantic import Field, model_validator

from rag.clinical.criteria import MARKER
from rag.clinical.owners import borders
from rag.embedding import Embedding, Progress, silent
from rag.stage import Stage
from rag.text import lines, sentences, words
from rag.values import Chunk, Document, Span

Counted = tuple[int, int, int]  # start, end, and how many words or tokens there are between
LONGEST_SENTENCE, LONGEST_ROW = 100, 256  # Words; what is longer is divided, whoever counts sentences or rows.


class Piece(NamedTuple):
    """Where a passage stands: from `start` to `end`; `parent` is the stretch that goes into the prompt in its place.

    `beside` is indexed with it, whether or not it has a contextual header; `at` is where its section is looked up, if not
    at `start`.
    """

    start: int
    end: int
    parent: tuple[int, int] | None = None
    beside: str = ""
    at: int | None = None


class Chunking(Stage):
    """A way to divide a document."""

    header: bool = Field(
        default=True,
        description="Index title, patient, type, section, date, author and edition with each passage; never quoted",
    )

    @model_validator(mode="after")
    def _moves_on(self) -> Self:
        size, overlap = getattr(self, "size", None), getattr(self, "overlap", None)
        if size is not None and overlap is not None and overlap >= size:
            raise ValueError(f"overlap {overlap} must be below size {size}; lower the overlap")
        return self

    @property
    def model(self) -> Embedding | None:
        """The model that this chunker asks, or None; dividing by one takes time."""
        return None

    def __call__(self, document: Document) -> Iterator[Chunk]:
        """The passages of a document, in order."""
        raise TypeError(f"{type(self).__name__} does not divide")

    def divided(self, document: Document, progress: Progress = silent) -> Iterator[Chunk]:
        """The same passages; a chunker that asks a model calls `progress` with how many of its units are done."""
        return self(document)

    def passages(self, document: Document, pieces: Iterable[tuple[int, int] | Piece]) -> Iterator[Chunk]:
        """The passages at these offsets, each with its page, section and context."""
        others = borders(document) if self.header else []
        for start, end, parent, beside, at in (Piece(*piece) for piece in pieces):
            last = bisect_right(others, start, key=lambda other: other[0])
            whose = others[last - 1][1] if last else ""
            path = section_path(document, start if at is None else at, end)
            page = document.page_at(start)
            yield Chunk(
                span=Span(document.name, start, end),
                text=document.text[start:end],
                context=" · ".join(part for part in (self.context(document, path), whose, beside) if part),
                section=" › ".join(path),
                page=page.number if page else None,
                parent=Span(document.name, *parent) if parent and parent != (start, end) else None,
                printed=page.printed if page else "",
            )

    def context(self, document: Document, path: tuple[str, ...]) -> str:
        """The contextual header of a passage under these sections."""
        return " · ".join(part for part in dict.fromkeys(about(document, path)) if part) if self.header else ""


def about(document: Document, path: tuple[str, ...]) -> Iterator[str]:
    """What is indexed with a passage, most telling first."""
    yield from (document.title, document.patient, document.type if document.type != "other" else "", *path)
    yield document.date or ""
    yield document.author
    yield f"edition {document.edition}" if document.edition else ""
    yield f"effective {document.effective}" if document.effective and document.effective != document.date else ""


def section_path(document: Document, start: int, end: int) -> tuple[str, ...]:
    """The titles of the sections at the start of a passage; a criterion only where it holds the whole passage."""
    there = (section for section in document.sections if section.start <= start < section.end)
    return tuple(section.title for section in there if end <= section.end or not MARKER.fullmatch(section.title))


def packed(text: str, pieces: list[tuple[int, int]], size: int, overlap: int = 0) -> Iterator[tuple[int, int]]:
    """Neighbouring pieces joined up to `size` words; a longer piece is divided at words.

    Each stretch begins again with the last pieces of the one before it, up to `overlap` words of them.
    """
    return stretches(list(_short(text, pieces, size)), overlap, lambda first: size)


def stretches(counted: Sequence[Counted], overlap: int, room: Callable[[int], int]) -> Iterator[tuple[int, int]]:
    """Neighbouring units (start, end, size) joined as far as there is room in the stretch that begins with a unit.

    Each stretch begins again with the last units of the one before it, as far as `overlap` and its own room go.
    """
    first = 0
    while first < len(counted):
        total, last, most = 0, first, room(first)
        while last < len(counted) and (last == first or total + counted[last][2] <= most):
            total += counted[last][2]
            last += 1
        yield counted[first][0], counted[last - 1][1]
        if last == len(counted):
            return
        back, shared = last, 0
        while back - 1 > first and shared + counted[back - 1][2] <= min(overlap, room(back - 1) - counted[last][2]):
            back -= 1
            shared += counted[back][2]
        first = back


def units(document: Document) -> list[tuple[int, int]]:
    """The rows of a table, the sentences of any other document, without endless ones."""
    if document.format in {"table", "workbook"}:
        return bounded(document.text, lines(document.text), LONGEST_ROW)
    return bounded(document.text, sentences(document.text), LONGEST_SENTENCE)


def bounded(text: str, pieces: list[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    """The same pieces, one of more than `size` words in parts."""
    return [(start, end) for start, end, _ in _short(text, pieces, size)]


def _short(text: str, pieces: list[tuple[int, int]], size: int) -> Iterator[Counted]:
    for piece in pieces:
        found = words(text, *piece)
        for at in range(0, len(found), size):
            part = found[at : at + size]
            yield part[0][0], part[-1][1], len(part)
