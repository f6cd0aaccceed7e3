"""LangChain's recursive character splitter, its pieces aligned to exact spans."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Literal

from pydantic import Field

from rag.errors import SettingProblem
from rag.stages.chunk.base import Chunking
from rag.text import CLOSING, ENDS, JOINED
from rag.values import Chunk, Document

RUN = re.compile(rf"\s+|\S{{1,30000}}{JOINED}{{0,8}}")
SIGN = re.compile(rf"(?:[{ENDS}]{{1,4}}[{CLOSING}]{{0,4}}|\S){JOINED}{{0,8}}")
PLAIN, ENDING, MANY = 0xF0000, 0x100000, 0xFFFE  # Two planes of private characters, and how many each of them has.
SEPARATORS = ["\n\n", "\n", " ", f"(?<=[{chr(ENDING)}-{chr(ENDING + MANY - 1)}])", ""]


class Characters(Chunking):
    """LangChain's recursive splitter: as long as allowed, divided at paragraphs, lines, then words."""

    kind: Literal["characters"] = "characters"
    size: int = Field(default=900, ge=100, le=8000, description="Most characters in a passage")
    overlap: int = Field(default=150, ge=0, le=4000, description="Most characters shared with the next passage")

    def __call__(self, document: Document) -> Iterator[Chunk]:
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        shown, starts, ends = numbered(document.text)
        splitter = RecursiveCharacterTextSplitter(
            SEPARATORS, is_separator_regex=True, chunk_size=self.size, chunk_overlap=self.overlap
        )
        pieces = [piece for piece in splitter.split_text(shown) if piece.strip()]
        return self.passages(document, aligned(document, starts, ends, pieces))


@cache
def _numbers() -> str:
    return "".join(map(chr, range(PLAIN, PLAIN + MANY))) * 2


def numbered(text: str) -> tuple[str, list[int], list[int]]:
    """What the splitter sees, and where each sign that is not blank starts and ends: in place of a sign is its number.

    So each piece tells where it stands, however often its wording is repeated. A letter with its accents is one sign.
    """
    shown: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for run in RUN.finditer(text):
        if run[0].isspace():
            shown.append(run[0])
            continue
        low, high, at = *run.span(), len(starts) % MANY
        if run[0].isascii():
            starts.extend(range(low, high))
            ends.extend(range(low + 1, high + 1))
            shown.append(_numbers()[at : at + high - low])
            continue
        for at, sign in enumerate(SIGN.finditer(text, low, high), len(starts)):
            starts.append(sign.start())
            ends.append(sign.end())
            shown.append(chr((ENDING if sign[0][0] in ENDS else PLAIN) + at % MANY))
    return "".join(shown), starts, ends


def aligned(document: Document, starts: list[int], ends: list[int], pieces: Sequence[str]) -> list[tuple[int, int]]:
    """Where a splitter's pieces of the numbered text stand, in order; one that lies within its neighbour is left out.

    Raises SettingProblem where a sign of the text is in none.
    """
    problem = SettingProblem(
        f"{document.name}: the pieces of this splitter cannot be aligned to the text. Choose another chunker."
    )
    spans: list[tuple[int, int]] = []
    first, last = 0, -1
    for piece in pieces:
        first += ((ord(piece[0]) & 0xFFFF) - first) % MANY
        end = first + ((ord(piece[-1]) & 0xFFFF) - first) % MANY
        if first > last + 1 or end >= len(ends):
            raise problem
        if end > last:
            if spans and spans[-1][0] == starts[first]:
                spans.pop()
            last = end
            spans.append((starts[first], ends[last]))
    if last + 1 != len(ends):
        raise problem
    return spans
