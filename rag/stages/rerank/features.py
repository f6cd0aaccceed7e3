"""What can be said of a candidate for a question in numbers, each from 0 to 1 over the candidates of that question."""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rag.stages.index.base import Index, Scores
from rag.stages.rerank.late import maxima
from rag.stages.retrieve import scaled
from rag.text import telling, terms, terms_at
from rag.values import Hit

HALF_LIFE = 365
WINDOW = 8
ALIKE = 5  # Passages whose scores lend to one that is like them.
FAINT = 1e-6


@dataclass
class Candidates:
    """A question with its hits, and what several features read of them."""

    question: str
    hits: Sequence[Hit]
    index: Index

    @cached_property
    def weights(self) -> dict[str, float]:
        """The weighted terms of the question."""
        return self.index.weights(self.question)

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        return np.array([self.index.row_of[hit.chunk] for hit in self.hits], np.int64)

    @cached_property
    def term_scores(self) -> Scores:
        """The BM25 score of every passage of the index."""
        return self.index.term_scores(self.question)

    @cached_property
    def places(self) -> list[dict[str, list[int]]]:
        """For each hit the terms of its passage with their places."""
        found: list[dict[str, list[int]]] = [{} for _ in self.hits]
        for held, hit in zip(found, self.hits, strict=True):
            for at, term in enumerate(terms(hit.chunk.indexed)):
                held.setdefault(term, []).append(at)
        return found

    @cached_property
    def matched(self) -> list[NDArray[np.float32]]:
        """For each hit the cosine that each token of the question reaches in its passage."""
        return maxima(self.question, self.hits, self.index)

    @cached_property
    def telling(self) -> dict[str, float]:
        """The terms of the question, each weighed also by how well it tells these hits apart."""
        held = {term: sum(term in places for places in self.places) for term in self.weights}
        return {term: weight * telling(held[term], len(self.hits)) for term, weight in self.weights.items()}

    def step(self, name: str) -> list[float] | None:
        """What a step of the retrieval gave each hit, or None where not every hit went through it."""
        given = [next((step.score for step in hit.steps if step.name == name), None) for hit in self.hits]
        return None if None in given else [score for score in given if score is not None]

    def together(self, within: int) -> list[float]:
        """The weighted share of the question's neighbouring terms that stand within so many terms of each other."""
        asked = terms(self.question)
        pairs = {pair: min(self.weights[pair[0]], self.weights[pair[1]]) for pair in pairwise(asked)}
        total = sum(pairs.values()) or 1.0
        return [sum(weight for pair, weight in pairs.items() if _near(held, *pair, within)) / total for held in self.places]


def _covered(weights: dict[str, float], there: Collection[str]) -> float:
    """The share of the weight that these terms hold."""
    return sum(weight for term, weight in weights.items() if term in there) / (sum(weights.values()) or 1.0)


def _near(held: dict[str, list[int]], one: str, other: str, within: int) -> bool:
    """Whether one term stands before the other at once (within 1), or near it on either side."""
    places = held.get(other, ())
    if within == 1:
        return any(at + 1 in places for at in held.get(one, ()))
    return any(abs(at - there) <= within for at in held.get(one, ()) for there in places)


def _before(of: Candidates) -> list[float]:
    return [hit.score for hit in of.hits]


def _terms(of: Candidates) -> list[float]:
    return of.step("terms") or [float(of.term_scores[row]) for row in of.rows]


def _vectors(of: Candidates) -> list[float]:
    return of.step("vectors") or of.index.cosines(of.index.question_vector(of.question), of.rows).tolist()


def _document(of: Candidates) -> list[float]:
    found: dict[str, float] = {}
    for row, hit in zip(of.rows.tolist(), of.hits, strict=True):
        name = hit.chunk.span.document
        if name not in found:
            low, high = row, row + 1
            while low and of.index.chunks[low - 1].span.document == name:
                low -= 1
            while high < len(of.index.chunks) and of.index.chunks[high].span.document == name:
                high += 1
            found[name] = float(of.term_scores[low:high].mean())
    return [found[hit.chunk.span.document] for hit in of.hits]


def _late(of: Candidates) -> list[float]:
    return [float(cosines.mean()) for cosines in of.matched]


def _late_rare(of: Candidates) -> list[float]:
    weights = np.zeros(len(of.matched[0]), np.float32)
    words = terms_at(of.question)
    for at, (start, end) in enumerate(of.index.embedder.token_spans(of.question)):
        weights[at] = next((of.weights.get(term, 0.0) for term, low, high in words if low <= start < end <= high), 0.0)
    return [float(cosines @ weights) for cosines in of.matched]


def _late_least(of: Candidates) -> list[float]:
    return [float(np.sort(cosines)[: max(1, len(cosines) // 3)].mean()) for cosines in of.matched]


def _coverage(of: Candidates) -> list[float]:
    return [_covered(of.weights, held) for held in of.places]


def _telling(of: Candidates) -> list[float]:
    return [_covered(of.telling, held) for held in of.places]


def _alike(of: Candidates) -> list[float]:
    """The scores so far of the hits that are most alike, so that like passages rank alike (Diaz, 2005)."""
    if of.index.vectors is None:
        raise ValueError("this index was prepared without vectors")
    vectors = np.asarray(of.index.vectors[of.rows], np.float32)
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1.0)
    near = np.argsort(-cosines, axis=1)[:, : min(ALIKE, len(of.hits) - 1)]
    scores = np.array([hit.score for hit in of.hits], np.float32)
    weights = np.maximum(np.take_along_axis(cosines, near, axis=1), FAINT)
    return [float(one) for one in (weights * scores[near]).sum(axis=1) / np.maximum(weights.sum(axis=1), FAINT)]


def _title(of: Candidates) -> list[float]:
    titles = {name: of.index.documents[name].title for name in {h.chunk.span.document for h in of.hits} & set(of.index.documents)}
    return [_covered(of.weights, terms(f"{titles.get(hit.chunk.span.document, '')} {hit.chunk.section}")) for hit in of.hits]


def _pairs(of: Candidates) -> list[float]:
    return of.together(1)


def _near_pairs(of: Candidates) -> list[float]:
    return of.together(WINDOW)


def _recency(of: Candidates) -> list[float]:
    return [float(one) for one in of.index.freshness(of.rows, HALF_LIFE)]


def _length(of: Candidates) -> list[float]:
    return [math.log1p(len(hit.chunk.text.split())) for hit in of.hits]


FEATURES: dict[str, Callable[[Candidates], list[float]]] = {
    "before": _before,
    "terms": _terms,
    "vectors": _vectors,
    "late": _late,
    "late_rare": _late_rare,
    "late_least": _late_least,
    "coverage": _coverage,
    "telling": _telling,
    "pairs": _pairs,
    "near": _near_pairs,
    "title": _title,
    "document": _document,
    "alike": _alike,
    "recency": _recency,
    "length": _length,
}


LABELS = {
    "before": "Score so far",
    "terms": "Terms (BM25)",
    "vectors": "Vectors",
    "late": "Token matches",
    "late_rare": "… of rare words",
    "late_least": "… of the worst third",
    "coverage": "Terms covered",
    "telling": "… that tell apart",
    "pairs": "Word pairs",
    "near": "Words nearby",
    "title": "Title, section",
    "document": "Whole document",
    "alike": "Like passages",
    "recency": "Recency",
    "length": "Length",
}


def features(question: str, hits: Sequence[Hit], index: Index, wanted: Collection[str]) -> NDArray[np.float64]:
    """A row a hit, a column a feature in the order of `FEATURES`, shape (n, f); nought for those not wanted."""
    of = Candidates(question, hits, index)
    values = np.zeros((len(hits), len(FEATURES)))
    for column, (name, feature) in enumerate(FEATURES.items()):
        if name in wanted and hits:
            values[:, column] = scaled(np.array(feature(of), np.float32))
    return values
