"""The chunker that keeps clinical sections whole."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

from pydantic import Field

from rag.clinical.criteria import MARKER
from rag.clinical.owners import borders
from rag.stages.chunk.base import Chunking, packed
from rag.text import lines, sentences, trim, words
from rag.values import Chunk, Document


class Sections(Chunking):
    """Sections under their headings; long ones are divided at sentences, short neighbours joined; a table row stays alone."""

    kind: Literal["sections"] = "sections"
    size: int = Field(default=160, ge=20, le=1000, description="Most words in a passage")
    overlap: int = Field(default=32, ge=0, le=500, description="Most words shared where a section is divided")
    smallest: int = Field(default=24, ge=0, le=200, description="Sections with fewer words are joined with the next one")

    def __call__(self, document: Document) -> Iterator[Chunk]:
        return self.passages(document, self._pieces(document))

    def _pieces(self, document: Document) -> Iterator[tuple[int, int]]:
        if document.format in {"table", "workbook"}:
            for row in lines(document.text):
                yield from packed(document.text, [row], self.size)
            return
        for start, end in joined_sections(document, self.smallest):
            yield from packed(document.text, sentences(document.text, start, end), self.size, self.overlap)


def joined_sections(document: Document, smallest: int) -> Iterator[tuple[int, int]]:
    """The stretches between headings; what stands before the first heading too; those of fewer words with the next.

    The numbered criteria of a list stay together, since they count together. No stretch holds what is of two patients.
    """
    text = document.text
    parts = (section.start for section in document.sections if not MARKER.fullmatch(section.title))
    others = {start for start, _ in borders(document)}
    cuts = sorted({0, len(text), *parts, *others})
    begin = 0
    for low, high in pairwise(cuts):
        start, end = trim(text, begin, high)
        if start == end or (high < len(text) and high not in others and len(words(text, start, end)) < smallest):
            begin = min(begin, low)
            continue
        yield start, end
        begin = high
