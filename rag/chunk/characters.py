"""LangChain's recursive character splitter, its pieces aligned to exact spans."""

import re
from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from rag.chunk.base import Chunking
from rag.errors import SettingProblem
from rag.values import Chunk, Document

BLANK = re.compile(r"\s*")


class Characters(Chunking):
    """LangChain's recursive splitter: as long as allowed, divided at paragraphs, lines, then words."""

    kind: Literal["characters"] = "characters"
    size: int = Field(default=900, ge=100, le=8000, description="Most characters in a passage")
    overlap: int = Field(default=150, ge=0, le=4000, description="Most characters shared with the next passage")

    def __call__(self, document: Document) -> Iterator[Chunk]:
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        splitter = RecursiveCharacterTextSplitter(chunk_size=self.size, chunk_overlap=self.overlap)
        pieces = [piece for piece in splitter.split_text(document.text) if piece.strip()]
        return self.passages(document, aligned(document, pieces))


def aligned(document: Document, pieces: list[str]) -> list[tuple[int, int]]:
    """Where a splitter's pieces stand in the text, in order, so that nothing but blanks lies between them.

    A piece may stand in several places (a repeated phrase): all of them are followed, and a path that reaches the end of
    the text is taken. Raises SettingProblem where there is none.
    """
    text = document.text
    ends: list[dict[int, int]] = []  # For each piece: its possible starts, each with the start before it.
    places = {len(text) - len(text.lstrip()): -1}
    for at, piece in enumerate(pieces):
        if at:
            places = {}
            for before in ends[-1]:
                reach = BLANK.match(text, before + len(pieces[at - 1])).end()  # type: ignore[union-attr]
                start = text.find(piece, before + 1, reach + len(piece))
                while start >= 0:
                    if start + len(piece) > before + len(pieces[at - 1]):
                        places.setdefault(start, before)
                    start = text.find(piece, start + 1, reach + len(piece))
        ends.append({start: before for start, before in places.items() if text.startswith(piece, start)})
    whole = len(text.rstrip())
    last = next((start for start in reversed(ends[-1]) if start + len(pieces[-1]) >= whole), None) if ends else None
    if pieces and last is None:
        raise SettingProblem(
            f"{document.name}: the pieces of this splitter cannot be aligned to the text. Choose another chunker."
        )
    spans: list[tuple[int, int]] = []
    for at in range(len(pieces) - 1, -1, -1):
        assert last is not None
        spans.append((last, last + len(pieces[at])))
        last = ends[at][last]
    return spans[::-1]
