"""Small passages to be found, wider ones to be read: parent and child, and windows around sentences."""

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator

from rag.stages.chunk.base import Chunking, Piece, packed, units
from rag.stages.chunk.sections import joined_sections
from rag.text import lines, sentences, trim
from rag.values import Chunk, Document


class Parents(Chunking):
    """Small passages of whole sentences are found; the section around them, or a larger window, goes into the prompt.

    What overlaps or touches there is one source, as long as it stays short.
    """

    kind: Literal["parents"] = "parents"
    size: int = Field(default=64, ge=10, le=500, description="Most words in a small passage, the one that is searched")
    overlap: int = Field(default=0, ge=0, le=250, description="Most words shared with the next small passage")
    parent: Literal["section", "window"] = Field(
        default="section", description="What the prompt gets: the section, or a window whatever the headings"
    )
    parent_size: int = Field(default=300, ge=20, le=4000, description="Most words in what the prompt gets")
    smallest: int = Field(default=24, ge=0, le=200, description="Sections with fewer words are joined with the next one")

    @model_validator(mode="after")
    def _parents_are_larger(self) -> Self:
        if self.size > self.parent_size:
            raise ValueError(f"size {self.size} is above parent_size {self.parent_size}; lower the size or raise parent_size")
        return self

    def __call__(self, document: Document) -> Iterator[Chunk]:
        return self.passages(document, self._pieces(document))

    def _pieces(self, document: Document) -> Iterator[Piece]:
        text = document.text
        rows = document.format in {"table", "workbook"}
        divided = lines if rows else sentences
        whole = [(0, len(text))] if rows or self.parent == "window" else joined_sections(document, self.smallest)
        for stretch in whole:
            for parent in packed(text, divided(text, *stretch), self.parent_size):
                for start, end in packed(text, divided(text, *parent), self.size, self.overlap):
                    yield Piece(start, end, parent)


class Window(Chunking):
    """Each sentence, or a few, is found on its own; the sentences on either side go into the prompt with it.

    Windows that overlap or touch are one source, as long as it stays short: no sentence stands in the prompt twice.
    """

    kind: Literal["window"] = "window"
    size: int = Field(default=1, ge=1, le=20, description="Sentences in a passage, the part that is searched")
    overlap: int = Field(default=0, ge=0, le=19, description="Sentences shared with the next passage")
    around: int = Field(default=3, ge=0, le=30, description="Sentences on either side that the prompt gets with it")

    def __call__(self, document: Document) -> Iterator[Chunk]:
        return self.passages(document, self._pieces(document))

    def _pieces(self, document: Document) -> Iterator[Piece]:
        found = units(document)
        for first in range(0, max(len(found) - self.overlap, 1) if found else 0, self.size - self.overlap):
            last = min(first + self.size, len(found)) - 1
            parent = found[max(first - self.around, 0)][0], found[min(last + self.around, len(found) - 1)][1]
            yield Piece(found[first][0], found[last][1], parent)


class Whole(Chunking):
    """The whole document as one passage: for short notes, or to see what dividing is worth."""

    kind: Literal["whole"] = "whole"

    def __call__(self, document: Document) -> Iterator[Chunk]:
        start, end = trim(document.text, 0, len(document.text))
        return self.passages(document, [(start, end)] if start < end else [])
