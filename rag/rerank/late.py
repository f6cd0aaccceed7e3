"""Late interaction: every token of the question looks for its best match among the tokens of a passage."""

from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from rag.index import Index
from rag.rerank.keep import Reranking
from rag.retrieve import scaled
from rag.values import Hit


class LateInteraction(Reranking):
    """Token by token (MaxSim; Khattab & Zaharia, 2020) with MiniLM's vectors, weighed against the score so far."""

    kind: Literal["late"] = "late"
    depth: int = Field(default=20, ge=1, le=200, description="Candidates compared token by token; the rest keep their order")
    weight: float = Field(default=0.3, ge=0.0, le=1.0, description="Share of the token matches; the rest is the score so far")

    reads_tokens: ClassVar[bool] = True

    def __call__(self, question: str, hits: list[Hit], index: Index) -> list[Hit]:
        near, far = hits[: self.depth], hits[self.depth :]
        if not near:
            return []
        asked = index.embedder.tokens([question])[0]
        passages = index.artifacts.tokens(index.embedder, [hit.chunk for hit in near])
        matches = np.array([(asked @ tokens.T).max(axis=1).mean() for tokens in passages], np.float32)
        before = scaled(np.array([hit.score for hit in near], np.float32))
        mixed = self.weight * scaled(matches) + (1 - self.weight) * before
        order = np.argsort(-mixed, kind="stable")
        ranked = [near[at].after("late", float(mixed[at]), rank) for rank, at in enumerate(order, 1)]
        behind = [replace(hit, score=min(hit.score, ranked[-1].score)) for hit in far]  # Theirs is on another scale.
        return [*ranked, *behind][: self.top]
