"""The baseline embedder: hashed terms. Exact and without a model, so that tests can state its vectors."""

import zlib
from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from rag.embedding import Embedding, Progress, Vectors, silent
from rag.text import terms


class Hashing(Embedding):
    """Counts of hashed terms, square-rooted: needs no model, knows no meaning. The floor for every comparison."""

    kind: Literal["hashing"] = "hashing"
    width: int = Field(default=512, ge=16, le=8192, description="Length of a vector")

    @property
    def dimension(self) -> int:
        return self.width

    @property
    def limit(self) -> None:
        return None

    def count(self, text: str) -> int:
        return len(terms(text))

    def __call__(self, texts: Sequence[str], progress: Progress = silent) -> Vectors:
        vectors = np.zeros((len(texts), self.width), np.float32)
        for row, text in enumerate(texts):
            for term in terms(text):
                vectors[row, zlib.crc32(term.encode()) % self.width] += 1.0
        np.sqrt(vectors, out=vectors)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors[:, :1] += (lengths == 0).astype(np.float32)  # A text without terms still gets a row of unit length.
        progress(len(texts), len(texts))
        return np.asarray(vectors / np.where(lengths == 0, 1.0, lengths), np.float32)
