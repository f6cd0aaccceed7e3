"""A passage's score taken apart: its terms with their BM25 weights, and the sum that joins terms and vectors."""

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np

from rag.stages.index.base import Index, Rows, Scores
from rag.stages.retrieve import Convex, ReciprocalRank, Retrieving, ranked, scaled
from rag.text import terms, terms_at
from rag.values import Filter, Hit, Query


@dataclass(frozen=True, slots=True)
class TermWeight:
    """A term that question and passage share. Its share of the BM25 score is `weight * idf * frequency`.

    `weight` is 1 for a word of the question (2 where it stands there twice) and less for an added word; `idf` is high for
    a rare term; `frequency` lies between 0 and 1 and grows with `count`, how often the passage holds the term.
    """

    word: str
    weight: float
    idf: float
    frequency: float
    count: int

    @property
    def score(self) -> float:
        """What the term adds to the passage's score."""
        return self.weight * self.idf * self.frequency


@dataclass(frozen=True, slots=True)
class Part:
    """A summand: `share * value`."""

    label: str
    share: float
    value: float


@dataclass(frozen=True, slots=True)
class Sum:
    """A fused score as the sum of its parts; `fade` is what the document's age leaves of it (1: all)."""

    parts: tuple[Part, ...]
    fade: float = 1.0

    @property
    def total(self) -> float:
        """The fused score."""
        return self.fade * sum(part.share * part.value for part in self.parts)


def row_behind(hit: Hit, query: Query, index: Index) -> int | None:
    """The row of a hit; of a wider passage the row of that part of it whose scores it has; None where it is gone."""
    rows = index.rows_of(hit.chunk)
    if len(rows) < 2:
        return rows[0] if rows else None
    shown = {step.name: step.score for step in hit.steps}
    far = np.zeros(len(rows), np.float32)
    if "terms" in shown:
        far += np.abs(index.term_scores(query.question, query.terms)[rows] - shown["terms"])
    if "vectors" in shown and index.vectors is not None:
        vector = index.question_vector(query.instead or query.question)
        far += np.abs(index.cosines(vector, np.array(rows, np.int64)) - shown["vectors"])
    return rows[int(far.argmin())]


def term_weights(query: Query, row: int, index: Index) -> list[TermWeight]:
    """The terms of a query that a passage holds, the weightiest first; their scores add up to `Index.term_scores`."""
    if index.bm25 is None:
        return []
    spelled: dict[str, str] = {}
    weights: defaultdict[str, float] = defaultdict(float)
    for text, weight in [(query.question, 1.0), *query.terms]:
        for term, start, end in terms_at(text, index.stem):
            spelled.setdefault(term, text[start:end].lower())
            weights[term] += weight
    held = Counter(terms(index.chunks[row].indexed, index.stem))
    found = []
    for term, weight in weights.items():
        rows, scores = index.postings(term)
        if not len(rows) or term not in held:
            continue
        here = np.flatnonzero(rows == row)
        idf = float(np.log1p((len(index.chunks) - len(rows) + 0.5) / (len(rows) + 0.5)))
        kept = float(scores[here[0]]) if len(here) else 0.0
        found.append(TermWeight(spelled[term], float(weight), idf, kept / idf, held[term]))
    return sorted(found, key=lambda one: -one.score)


def fusion(retrieve: Retrieving, query: Query, row: int, index: Index, only: Filter = Filter()) -> Sum | None:
    """How a retriever joined terms and vectors for a passage; None where it joins nothing, or did not find the passage."""
    if not isinstance(retrieve, Convex | ReciprocalRank):
        return None
    pool, by_terms, by_vectors = retrieve.pool(query, index, index.allowed(only))
    here = np.flatnonzero(pool == row)
    if not len(here):
        return None
    at = int(here[0])
    parts: tuple[Part, ...]
    if isinstance(retrieve, Convex):
        parts = (
            Part("vectors", retrieve.weight, float(scaled(by_vectors)[at])),
            Part("terms", 1 - retrieve.weight, float(scaled(by_terms)[at])),
        )
    else:
        parts = tuple(
            _reciprocal(label, scores, at, retrieve.smoothing) for label, scores in (("vectors", by_vectors), ("terms", by_terms))
        )
    return Sum(parts, _fade(retrieve, row, index))


def _reciprocal(label: str, scores: Scores, at: int, smoothing: int) -> Part:
    rank = int(ranked(scores)[at])
    if scores[at] <= 0:
        return Part(f"{label}: no match", 1.0, 0.0)
    return Part(f"{label}: 1 / ({smoothing} + rank {rank})", 1.0, 1.0 / (smoothing + rank))


def _fade(retrieve: Retrieving, row: int, index: Index) -> float:
    if not retrieve.recency:
        return 1.0
    rows: Rows = np.array([row], np.int64)
    return 1 - retrieve.recency + retrieve.recency * float(index.freshness(rows, retrieve.half_life)[0])
