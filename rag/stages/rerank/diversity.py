"""Maximal marginal relevance."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from rag.stages.index.base import Index
from rag.stages.rerank.keep import Reranking
from rag.stages.retrieve import scaled
from rag.values import Hit


class Diverse(Reranking):
    """Maximal marginal relevance (Carbonell & Goldstein, 1998): each next passage is relevant, yet unlike those before it."""

    kind: Literal["diverse"] = "diverse"
    balance: float = Field(default=0.7, ge=0.0, le=1.0, description="1 looks at relevance alone, 0 at difference alone")

    reads_vectors: ClassVar[bool] = True

    def __call__(self, question: str, hits: list[Hit], index: Index) -> list[Hit]:
        if not hits or index.vectors is None:
            return hits[: self.top]
        relevance = scaled(np.array([hit.score for hit in hits], np.float32))
        vectors = index.vectors[[index.row_of[hit.chunk] for hit in hits]]
        nearest = np.zeros(len(hits), np.float32)
        left = np.ones(len(hits), bool)
        chosen: list[Hit] = []
        while left.any() and len(chosen) < self.top:
            worth = np.where(left, self.balance * relevance - (1 - self.balance) * nearest, -np.inf)
            at = int(worth.argmax())
            left[at] = False
            chosen.append(hits[at].after("diverse", float(worth[at]), len(chosen) + 1))
            nearest = np.maximum(nearest, vectors @ vectors[at])
        return chosen
