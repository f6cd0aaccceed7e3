"""The baseline reranker, and what every reranker has."""

from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from rag.stage import Stage
from rag.stages.index.base import Index
from rag.values import Hit


class Reranking(Stage):
    """What every reranker has: how many passages go into the prompt."""

    top: int = Field(
        default=8,
        ge=1,
        le=200,
        description=(
            "Passages kept for the prompt. Parents and windows that overlap or touch are one, and the next best take their places"
        ),
    )

    reads_vectors: ClassVar[bool] = False
    reads_tokens: ClassVar[bool] = False

    def __call__(self, question: str, hits: list[Hit], index: Index) -> list[Hit]:
        """At most `top` of the hits, best first."""
        raise TypeError(f"{type(self).__name__} does not rerank")

    def followed(self, ranked: list[Hit], far: list[Hit]) -> list[Hit]:
        """The hits that were ranked anew, then those beyond the depth; these score no more, since theirs is another scale."""
        return [*ranked, *(replace(hit, score=min(hit.score, ranked[-1].score)) for hit in far)][: self.top]


class Keep(Reranking):
    """Leaves the order as it was found: the baseline that a reranker has to beat."""

    kind: Literal["keep"] = "keep"

    def __call__(self, question: str, hits: list[Hit], index: Index) -> list[Hit]:
        return hits[: self.top]
