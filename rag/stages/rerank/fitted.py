"""A linear model over the scores at hand, its weights open settings that `rag fit` can fit on questions with gold evidence."""

from typing import Literal

import numpy as np
from pydantic import Field

from rag.stages.index.base import Index
from rag.stages.rerank.features import FEATURES, features
from rag.stages.rerank.keep import Reranking
from rag.values import Hit


class Fitted(Reranking):
    """A weighted sum of what is known of a passage, each part from 0 to 1 over the candidates of a question.

    With the weights as they are given the order stays as it was found. Fit them on a question set here, or with `rag fit`.
    """

    kind: Literal["fitted"] = "fitted"
    depth: int = Field(default=50, ge=1, le=200, description="Candidates weighed; the rest keep their order")
    before: float = Field(default=1.0, ge=-1.0, le=1.0, description="Weight of the score so far")
    terms: float = Field(default=0.0, ge=-1.0, le=1.0, description="Weight of the matching terms (BM25)")
    vectors: float = Field(default=0.0, ge=-1.0, le=1.0, description="Weight of the cosine of the vectors")
    late: float = Field(default=0.0, ge=-1.0, le=1.0, description="Weight of the token matches (MaxSim); needs MiniLM")
    late_rare: float = Field(
        default=0.0, ge=-1.0, le=1.0, description="Weight of the token matches, rare words more; needs MiniLM"
    )
    late_least: float = Field(
        default=0.0, ge=-1.0, le=1.0, description="Weight of the third of the token matches that match least; needs MiniLM"
    )
    coverage: float = Field(default=0.0, ge=-1.0, le=1.0, description="Weight of the share of the question's terms that it holds")
    telling: float = Field(
        default=0.0, ge=-1.0, le=1.0, description="Weight of that share where terms that few candidates hold count more"
    )
    pairs: float = Field(default=0.0, ge=-1.0, le=1.0, description="Weight of the question's word pairs that stand side by side")
    near: float = Field(
        default=0.0, ge=-1.0, le=1.0, description="Weight of the question's word pairs that stand near each other"
    )
    title: float = Field(default=0.0, ge=-1.0, le=1.0, description="Weight of the question's terms in title and section")
    document: float = Field(default=0.0, ge=-1.0, le=1.0, description="Weight of the matching terms of the whole document")
    alike: float = Field(default=0.0, ge=-1.0, le=1.0, description="Weight of the score so far of the candidates most like it")
    recency: float = Field(default=0.0, ge=-1.0, le=1.0, description="Weight of the document's date, the newest 1")
    length: float = Field(default=0.0, ge=-1.0, le=1.0, description="Weight of the passage's length")

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each feature."""
        return {name: float(getattr(self, name)) for name in FEATURES}

    @property
    def reads_tokens(self) -> bool:  # type: ignore[override]
        return any((self.late, self.late_rare, self.late_least))

    @property
    def reads_vectors(self) -> bool:  # type: ignore[override]
        return self.vectors != 0.0 or self.alike != 0.0

    def __call__(self, question: str, hits: list[Hit], index: Index) -> list[Hit]:
        near, far = hits[: self.depth], hits[self.depth :]
        if not near:
            return []
        weights = self.weights
        values = features(question, near, index, [name for name, weight in weights.items() if weight])
        worth = values @ np.array(list(weights.values()))
        order = np.argsort(-worth, kind="stable")
        ranked = [near[at].after("fitted", float(worth[at]), rank) for rank, at in enumerate(order, 1)]
        return self.followed(ranked, far)
