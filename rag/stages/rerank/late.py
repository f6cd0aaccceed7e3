"""Late interaction: every token of the question looks for its best match among the tokens of a passage."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from rag.stages.index.base import Index
from rag.stages.rerank.keep import Reranking
from rag.stages.retrieve import scaled
from rag.values import Chunk, Hit


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
        matches = np.array([cosines.mean() for cosines in maxima(question, near, index)], np.float32)
        before = scaled(np.array([hit.score for hit in near], np.float32))
        mixed = self.weight * scaled(matches) + (1 - self.weight) * before
        order = np.argsort(-mixed, kind="stable")
        ranked = [near[at].after("late", float(mixed[at]), rank) for rank, at in enumerate(order, 1)]
        return self.followed(ranked, far)


def maxima(question: str, hits: Sequence[Hit], index: Index) -> list[NDArray[np.float32]]:
    """For each hit the cosine that each token of the question reaches in its passage, float32 (tokens of the question,)."""
    asked = index.embedder.tokens([question])[0]
    passages = index.artifacts.tokens(index.embedder, [hit.chunk for hit in hits])
    return [(asked @ tokens.T).max(axis=1) for tokens in passages]


@dataclass(frozen=True, slots=True)
class Match:
    """A token of a question with the token of a passage that is nearest to it. `question` and `passage` are offsets."""

    token: str
    question: tuple[int, int]
    passage: tuple[int, int]
    cosine: float


def matches(question: str, chunk: Chunk, index: Index) -> list[Match]:
    """For each token of the question its nearest token of the passage's text, as late interaction matches them.

    Tokens whose nearest stands in the passage's context (title, section) or is a mark are left out, since no text of the
    passage could be shown for them. Raises TypeError where the embedder has no token vectors.
    """
    embedder = index.embedder
    asked = embedder.tokens([question])[0]
    passage = index.artifacts.tokens(embedder, [chunk])[0]
    before = len(chunk.indexed) - len(chunk.text)
    places = embedder.token_spans(chunk.indexed)
    cosines = asked @ passage.T
    found = []
    for at, (start, end) in enumerate(embedder.token_spans(question)):
        nearest = int(cosines[at].argmax())
        low, high = places[nearest][0] - before, places[nearest][1] - before
        if start < end and 0 <= low < high:
            found.append(Match(question[start:end], (start, end), (low, high), float(cosines[at, nearest])))
    return found
