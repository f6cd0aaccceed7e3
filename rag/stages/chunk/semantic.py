"""Boundaries where the meaning changes: between neighbouring sentences whose vectors differ most."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from rag.embedding import Embedding, Progress, silent
from rag.stage import fingerprint
from rag.stages.chunk.base import Chunking, packed, units
from rag.stages.embed.hashing import Hashing
from rag.stages.embed.minilm import MiniLM
from rag.text import words
from rag.values import Chunk, Document
from rag.wordpiece import installed

By = Literal["minilm", "hashing"]
DEFAULT: By = "minilm" if installed() else "hashing"
KEPT = 2000


class Semantic(Chunking):
    """Passages end where neighbouring sentences are least alike (Hearst, 1997; here by vectors), within limits of length."""

    kind: Literal["semantic"] = "semantic"
    by: By = Field(default=DEFAULT, description="minilm: alike in meaning; hashing: alike in words, needs no model")
    cut: int = Field(default=25, ge=1, le=100, description="Per cent of the sentence ends, the least alike, that are boundaries")
    group: int = Field(default=2, ge=1, le=10, description="Sentences on either side that are compared")
    size: int = Field(default=160, ge=20, le=1000, description="Most words in a passage")
    overlap: int = Field(default=0, ge=0, le=500, description="Most words shared where a longer passage is divided")
    smallest: int = Field(default=24, ge=0, le=200, description="Passages with fewer words are joined with the next one")

    @property
    def model(self) -> Embedding | None:
        return MiniLM() if self.by == "minilm" else None

    def __call__(self, document: Document) -> Iterator[Chunk]:
        return self.divided(document)

    def divided(self, document: Document, progress: Progress = silent) -> Iterator[Chunk]:
        return self.passages(document, self._pieces(document, progress))

    def _pieces(self, document: Document, progress: Progress) -> Iterator[tuple[int, int]]:
        text = document.text
        found = units(document)
        likeness = _likeness(self.by, self.group, [text[start:end] for start, end in found], progress)
        border = np.percentile(likeness, self.cut) if len(likeness) else 0.0
        begin = 0
        for at in range(len(found)):
            ends = at + 1 == len(found) or likeness[at] <= border
            if ends and (at + 1 == len(found) or len(words(text, found[begin][0], found[at][1])) >= self.smallest):
                yield from packed(text, found[begin : at + 1], self.size, self.overlap)
                begin = at + 1


_kept: "OrderedDict[str, NDArray[np.float32]]" = OrderedDict()
_lock = threading.Lock()


def _likeness(by: By, group: int, texts: list[str], progress: Progress) -> NDArray[np.float32]:
    """For each end of a sentence but the last the cosine of the mean vectors on either side, shape (sentences - 1,).

    The last ones are kept, by a fingerprint of the text, so that another border or size needs no vectors again.
    """
    key = fingerprint(by, str(group), *texts)
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    embedder = MiniLM() if by == "minilm" else Hashing()
    vectors = embedder(texts, progress) if len(texts) > 1 else np.zeros((0, 1), np.float32)
    sides = [(vectors[max(at - group, 0) : at].sum(0), vectors[at : at + group].sum(0)) for at in range(1, len(vectors))]
    lengths = [float(np.linalg.norm(left) * np.linalg.norm(right)) for left, right in sides]
    made = np.array(
        [left @ right / length if length else 0.0 for (left, right), length in zip(sides, lengths, strict=True)], np.float32
    )
    with _lock:
        _kept[key] = made
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return made
