"""Retrieve: from a question to hits, each with the score and rank that terms, vectors and their fusion gave it."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from rag.index import Index, Rows, Scores
from rag.stage import Stage
from rag.values import Filter, Hit, Step

POOL = 200


class Retrieving(Stage):
    """What every retriever has: how many passages it hands on, and from which score."""

    candidates: int = Field(default=50, ge=1, le=1000, description="Passages handed to the reranker")
    minimum: float = Field(default=0.0, ge=0.0, le=50.0, description="Passages with a lower score are left out")

    reads_vectors: ClassVar[bool] = True

    def __call__(self, question: str, index: Index, only: Filter = Filter()) -> list[Hit]:
        """At most `candidates` hits, best first; ties in the order of the passages."""
        rows, steps = self.scored(question, index, index.allowed(only))
        final = steps[-1][1]
        ranks = [np.argsort(np.argsort(-scores, kind="stable"), kind="stable") + 1 for _, scores in steps]
        hits = []
        for at in np.argsort(-final, kind="stable")[: self.candidates]:
            if final[at] < self.minimum:
                break
            trail = tuple(Step(name, float(scores[at]), int(rank[at])) for (name, scores), rank in zip(steps, ranks, strict=True))
            hits.append(Hit(index.chunks[rows[at]], float(final[at]), trail))
        return hits

    def scored(self, question: str, index: Index, rows: Rows) -> tuple[Rows, list[tuple[str, Scores]]]:
        """The rows that were found at all, and the scores of each step for them; the last step's scores decide."""
        raise TypeError(f"{type(self).__name__} does not score")

    def pool(self, question: str, index: Index, rows: Rows) -> tuple[Rows, Scores, Scores]:
        """The best rows by terms and by vectors together, in order, with both scores for every one of them."""
        depth = max(POOL, self.candidates)
        everything = index.term_scores(question)
        by_terms = rows[np.argsort(-everything[rows], kind="stable")[:depth]]
        vector = index.question_vector(question)
        by_vectors, _ = index.similar(vector, depth, rows)
        pool = np.union1d(by_terms[everything[by_terms] > 0], by_vectors)
        return pool, everything[pool], index.cosines(vector, pool)


class Terms(Retrieving):
    """BM25: passages that share the question's words, rare words first. Needs no model."""

    kind: Literal["terms"] = "terms"
    reads_vectors: ClassVar[bool] = False

    def scored(self, question: str, index: Index, rows: Rows) -> tuple[Rows, list[tuple[str, Scores]]]:
        scores = index.term_scores(question)
        found = rows[scores[rows] > 0]
        return found, [("terms", scores[found])]


class Dense(Retrieving):
    """Vectors: passages whose meaning is near the question's, by cosine."""

    kind: Literal["dense"] = "dense"

    def scored(self, question: str, index: Index, rows: Rows) -> tuple[Rows, list[tuple[str, Scores]]]:
        found, scores = index.similar(index.question_vector(question), max(POOL, self.candidates), rows)
        return found, [("vectors", scores)]


class Convex(Retrieving):
    """Terms and vectors, each scaled to 0..1 over the passages that either found, and weighed (Bruch et al., 2023)."""

    kind: Literal["convex"] = "convex"
    weight: float = Field(default=0.45, ge=0.0, le=1.0, description="Share of the vectors; the rest goes to the terms")

    def scored(self, question: str, index: Index, rows: Rows) -> tuple[Rows, list[tuple[str, Scores]]]:
        pool, terms, vectors = self.pool(question, index, rows)
        fused = self.weight * scaled(vectors) + (1 - self.weight) * scaled(terms)
        return pool, [("terms", terms), ("vectors", vectors), ("fused", fused)]


class ReciprocalRank(Retrieving):
    """Terms and vectors by their ranks alone (Cormack et al., 2009): no scale to agree on, no weight to choose."""

    kind: Literal["reciprocal"] = "reciprocal"
    smoothing: int = Field(default=60, ge=1, le=1000, description="The higher, the less the first ranks stand out")

    def scored(self, question: str, index: Index, rows: Rows) -> tuple[Rows, list[tuple[str, Scores]]]:
        pool, terms, vectors = self.pool(question, index, rows)
        fused = np.zeros(len(pool), np.float32)
        for scores in (terms, vectors):
            ranks = np.empty(len(pool), np.float32)
            ranks[np.argsort(-scores, kind="stable")] = np.arange(1, len(pool) + 1)
            fused += np.where(scores > 0, 1.0 / (self.smoothing + ranks), 0.0).astype(np.float32)
        return pool, [("terms", terms), ("vectors", vectors), ("fused", fused)]


def scaled(scores: Scores) -> Scores:
    """The scores moved and stretched so that the lowest is 0 and the highest 1; where all are equal, 1 above nought."""
    if not len(scores) or scores.max() == scores.min():
        return (scores > 0).astype(np.float32)
    return np.asarray((scores - scores.min()) / (scores.max() - scores.min()), np.float32)


Retriever = Annotated[Terms | Dense | Convex | ReciprocalRank, Field(discriminator="kind")]
