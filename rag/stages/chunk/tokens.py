"""Windows counted as the embedder counts, so that nothing of a passage is cut off; and how many passages are too long."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Literal

from pydantic import Field

from rag.embedding import Embedding
from rag.stages.chunk.base import Chunking, Counted, section_path, stretches
from rag.text import JOINED, words
from rag.values import Chunk, Document
from rag.wordpiece import token_count

MARKS = 2  # MiniLM reads a mark at either end of a text.


class Tokens(Chunking):
    """Windows of MiniLM's own tokens (WordPiece), contextual header and marks included, so that nothing is cut off."""

    kind: Literal["tokens"] = "tokens"
    size: int = Field(default=256, ge=32, le=512, description="Most tokens in a passage with its header; MiniLM reads 256")
    overlap: int = Field(default=48, ge=0, le=400, description="Most tokens shared with the next passage")

    def __call__(self, document: Document) -> Iterator[Chunk]:
        return self.passages(document, self._windows(document))

    def context(self, document: Document, path: tuple[str, ...]) -> str:
        """The contextual header, without its last words where it would take more than half of a passage."""
        whole = super().context(document, path)
        most = self.size // 2 - MARKS
        if token_count(whole) <= most:
            return whole
        ends = [end for _, end in words(whole)]
        return whole[: ([0, *ends])[bisect_right(ends, most, key=lambda end: token_count(whole[:end]))]]

    def _windows(self, document: Document) -> Iterator[tuple[int, int]]:
        """Windows over words; each begins again with the last words of the one before, as far as `overlap` goes."""
        text = document.text
        counted = list(_units(text, self.size // 2 - MARKS))

        @cache
        def header(path: tuple[str, ...]) -> int:
            return token_count(self.context(document, path))

        def room(unit: int) -> int:
            start = counted[unit][0]
            return self.size - MARKS - header(section_path(document, start, start + 1))

        return stretches(counted, self.overlap, room)


def _units(text: str, most: int) -> Iterator[Counted]:
    """The words of a text with their tokens; one with more than `most` in parts.

    Where no blank stands between two of them a token may reach over both, and as many are counted as there can be.
    """
    for start, end in words(text):
        alone = text[start - 1 : start].strip() == "" == text[end : end + 1].strip()
        tokens = _tokens(text[start:end]) if alone else _most_tokens(text[start:end])
        if tokens <= most:
            yield start, end, tokens
            continue
        for part in re.finditer(rf"\S{{1,{most // 4}}}{JOINED}{{0,8}}", text[start:end]):
            yield start + part.start(), start + part.end(), _most_tokens(part[0])


def _most_tokens(word: str) -> int:
    """As many tokens as a text without blanks can have: one for each letter and accent."""
    return len(unicodedata.normalize("NFD", word.lower()))


@lru_cache(maxsize=100_000)
def _tokens(word: str) -> int:
    """The tokens of a word with the blank behind it; they add up to those of a text, since no token reaches over a blank."""
    return token_count(f"{word} ")


def told(long: int, total: int, limit: int | None, about: bool = False) -> str:
    """What to say where passages are longer than the embedder reads; nothing where none is."""
    if not long or limit is None:
        return ""
    return (
        f"{'About ' if about else ''}{long:,} of {total:,} passages are longer than the embedder's {limit:,} tokens; "
        "the rest of their text is not in the vector. Smaller passages, or the chunker tokens, are read whole."
    )


def too_long(chunks: Sequence[Chunk], embedder: Embedding) -> int:
    """How many of these passages, as they are indexed, have more tokens than the embedder reads: the rest is cut off."""
    limit = embedder.limit
    if limit is None:
        return 0
    least = limit // 2  # A text of fewer bytes is short whatever the tokenizer, and need not be counted.
    texts = [chunk.indexed for chunk in chunks if len(chunk.indexed.encode("utf-8", "surrogatepass")) > least]
    return sum(embedder.count(text) > limit for text in texts)
