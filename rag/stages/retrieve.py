"""Retrieve: from a question to hits, each with the score and rank that terms, vectors and their fusion gave it."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from rag.stage import Stage
from rag.stages.index.base import Index, Rows, Scores
from rag.values import Filter, Hit, Query, Step

POOL = 200
SMOOTHING = 60  # As in reciprocal-rank fusion.


class Retrieving(Stage):
    """What every retriever has: how many passages it hands on, from which score, and how much recent documents gain."""

    candidates: int = Field(default=50, ge=1, le=1000, description="Passages handed to the reranker")
    minimum: float = Field(default=0.0, ge=0.0, le=50.0, description="Passages with a lower score are left out")
    recency: float = Field(
        default=0.0, ge=0.0, le=1.0, description="Share of a score that fades with a document's age; 0 for none"
    )
    half_life: int = Field(
        default=365, ge=1, le=20_000, description="Days before the newest document after which half of that share is gone"
    )

    reads_vectors: ClassVar[bool] = True

    def __call__(self, question: str | Query, index: Index, only: Filter = Filter()) -> list[Hit]:
        """At most `candidates` hits, best first; ties in the order of the passages."""
        query = question if isinstance(question, Query) else Query(question)
        allowed = index.allowed(only)
        rows, steps = self.scored(query, index, allowed)
        if query.texts:
            rows, steps = self._with_texts(query, index, allowed, rows, steps)
        if self.recency and len(rows):
            freshness = index.freshness(rows, self.half_life)
            steps = [*steps, ("recent", steps[-1][1] * (1 - self.recency + self.recency * freshness))]
        final = steps[-1][1]
        ranks = [ranked(scores) for _, scores in steps]
        hits = []
        for at in np.argsort(-final, kind="stable")[: self.candidates]:
            if final[at] < self.minimum:
                break
            trail = tuple(Step(name, float(scores[at]), int(rank[at])) for (name, scores), rank in zip(steps, ranks, strict=True))
            hits.append(Hit(index.chunks[rows[at]], float(final[at]), trail))
        return hits

    def scored(self, query: Query, index: Index, rows: Rows) -> tuple[Rows, list[tuple[str, Scores]]]:
        """The rows that were found at all, and the scores of each step for them; the last step's scores decide."""
        raise TypeError(f"{type(self).__name__} does not score")

    def _with_texts(
        self, query: Query, index: Index, allowed: Rows, rows: Rows, steps: list[tuple[str, Scores]]
    ) -> tuple[Rows, list[tuple[str, Scores]]]:
        """The question and every further text searched alone, their final ranks fused (reciprocal rank)."""
        every = [(rows, steps), *(self.scored(Query(text), index, allowed) for text in query.texts)]
        union = np.unique(np.concatenate([found for found, _ in every]))
        fused = np.zeros(len(union), np.float32)
        for found, scored in every:
            fused[np.searchsorted(union, found)] += 1.0 / (SMOOTHING + ranked(scored[-1][1]))
        widened = []
        for name, scores in steps:
            everywhere = np.zeros(len(union), np.float32)
            everywhere[np.searchsorted(union, rows)] = scores
            widened.append((name, everywhere))
        return union, [*widened, ("queries", fused)]

    def pool(self, query: Query, index: Index, rows: Rows) -> tuple[Rows, Scores, Scores]:
        """The best rows by terms and by vectors together, in order, with both scores for every one of them."""
        depth = max(POOL, self.candidates)
        everything = index.term_scores(query.question, query.terms)
        by_terms = rows[np.argsort(-everything[rows], kind="stable")[:depth]]
        vector = index.question_vector(query.instead or query.question)
        by_vectors, _ = index.similar(vector, depth, rows)
        pool = np.union1d(by_terms[everything[by_terms] > 0], by_vectors)
        return pool, everything[pool], index.cosines(vector, pool)


class Terms(Retrieving):
    """BM25: passages that share the question's words, rare words first. Needs no model."""

    kind: Literal["terms"] = "terms"
    reads_vectors: ClassVar[bool] = False

    def scored(self, query: Query, index: Index, rows: Rows) -> tuple[Rows, list[tuple[str, Scores]]]:
        scores = index.term_scores(query.question, query.terms)
        found = rows[scores[rows] > 0]
        return found, [("terms", scores[found])]


class Dense(Retrieving):
    """Vectors: passages whose meaning is near the question's, by cosine."""

    kind: Literal["dense"] = "dense"

    def scored(self, query: Query, index: Index, rows: Rows) -> tuple[Rows, list[tuple[str, Scores]]]:
        found, scores = index.similar(index.question_vector(query.instead or query.question), max(POOL, self.candidates), rows)
        return found, [("vectors", scores)]


class Convex(Retrieving):
    """Terms and vectors, each scaled to 0..1 over the passages that either found, and weighed (Bruch et al., 2023)."""

    kind: Literal["convex"] = "convex"
    weight: float = Field(default=0.45, ge=0.0, le=1.0, description="Share of the vectors; the rest goes to the terms")

    def scored(self, query: Query, index: Index, rows: Rows) -> tuple[Rows, list[tuple[str, Scores]]]:
        pool, terms, vectors = self.pool(query, index, rows)
        fused = self.weight * scaled(vectors) + (1 - self.weight) * scaled(terms)
        return pool, [("terms", terms), ("vectors", vectors), ("fused", fused)]


class ReciprocalRank(Retrieving):
    """Terms and vectors by their ranks alone (Cormack et al., 2009): no scale to agree on, no weight to choose."""

    kind: Literal["reciprocal"] = "reciprocal"
    smoothing: int = Field(default=60, ge=1, le=1000, description="The higher, the less the first ranks stand out")

    def scored(self, query: Query, index: Index, rows: Rows) -> tuple[Rows, list[tuple[str, Scores]]]:
        pool, terms, vectors = self.pool(query, index, rows)
        fused = np.zeros(len(pool), np.float32)
        for scores in (terms, vectors):
            fused += np.where(scores > 0, 1.0 / (self.smoothing + ranked(scores)), 0.0).astype(np.float32)
        return pool, [("terms", terms), ("vectors", vectors), ("fused", fused)]


def ranked(scores: Scores) -> Scores:
    """The rank of each score, 1 for the highest; ties in their order."""
    ranks = np.empty(len(scores), np.float32)
    ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return ranks


def scaled(scores: Scores) -> Scores:
    """The scores moved and stretched so that the lowest is 0 and the highest 1; where all are equal, 1 above nought."""
    if not len(scores) or scores.max() == scores.min():
        return (scores > 0).astype(np.float32)
    return np.asarray((scores - scores.min()) / (scores.max() - scores.min()), np.float32)


Retriever = Annotated[Terms | Dense | Convex | ReciprocalRank, Field(discriminator="kind")]
