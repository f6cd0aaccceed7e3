"""The reader as a reranker: a passage is worth what its best sentence is."""

from typing import Literal

import numpy as np
from pydantic import Field

from rag.errors import ModelProblem
from rag.stages.index.base import Index
from rag.stages.reader.model import MISSING, installed
from rag.stages.reader.reading import read
from rag.stages.rerank.keep import Reranking
from rag.stages.retrieve import scaled
from rag.values import Hit

SOFT = 2.0
"""The logits over this are squeezed into 0 to 1, so that a sure sentence counts in full and none below chance weighs."""


class BestSentence(Reranking):
    """The project's own reader scores each sentence with the question; the passage with the best one comes first."""

    kind: Literal["reader"] = "reader"
    depth: int = Field(default=12, ge=1, le=100, description="Candidates read with the question; the rest keep their order")
    weight: float = Field(default=0.5, ge=0.0, le=1.0, description="Share of the best sentence; the rest is the score so far")

    def __call__(self, question: str, hits: list[Hit], index: Index) -> list[Hit]:
        near, far = hits[: self.depth], hits[self.depth :]
        if not near:
            return []
        if not installed():
            raise ModelProblem(f"{MISSING} Or choose another reranker.")
        readings = read(question, [hit.chunk for hit in near], index)
        best = np.array([max((one.logit for one in reading), default=-10.0) for reading in readings], np.float32)
        before = scaled(np.array([hit.score for hit in near], np.float32))
        mixed = self.weight / (1 + np.exp(-best / SOFT)) + (1 - self.weight) * before
        order = np.argsort(-mixed, kind="stable")
        ranked = [near[at].after("reader", float(mixed[at]), rank) for rank, at in enumerate(order, 1)]
        return self.followed(ranked, far)
