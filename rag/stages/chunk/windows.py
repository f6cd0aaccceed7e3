"""Chunkers that count: windows of words, windows of sentences."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from rag.stages.chunk.base import Chunking, units
from rag.text import words
from rag.values import Chunk, Document


class Words(Chunking):
    """Windows of a fixed number of words, overlapping."""

    kind: Literal["words"] = "words"
    size: int = Field(default=128, ge=20, le=1000, description="Words in a passage")
    overlap: int = Field(default=32, ge=0, le=500, description="Words shared with the next passage")

    def __call__(self, document: Document) -> Iterator[Chunk]:
        return self.passages(document, self._windows(words(document.text)))

    def _windows(self, found: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        for at in range(0, len(found), self.size - self.overlap):
            last = min(at + self.size, len(found)) - 1
            yield found[at][0], found[last][1]
            if last == len(found) - 1:
                return


class Sentences(Chunking):
    """Windows of a fixed number of sentences, overlapping; list items and table rows count as sentences."""

    kind: Literal["sentences"] = "sentences"
    size: int = Field(default=6, ge=1, le=50, description="Sentences in a passage")
    overlap: int = Field(default=1, ge=0, le=20, description="Sentences shared with the next passage")

    def __call__(self, document: Document) -> Iterator[Chunk]:
        found = units(document)
        step = self.size - self.overlap
        starts = range(0, max(len(found) - self.overlap, 1), step) if found else range(0)
        pieces = ((found[at][0], found[min(at + self.size, len(found)) - 1][1]) for at in starts)
        return self.passages(document, pieces)
