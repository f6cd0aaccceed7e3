"""How well passages and sentences cover a question: the features behind refusal and extractive answers."""

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from rag.stages.expand.synonyms import matches
from rag.stages.index.base import Index
from rag.text import telling, terms
from rag.values import Hit

# Logistic weights over (share of the question's weighted terms in the best passage, cosine of the best passage), fitted on
# public questions whose gold document was left out half of the time and on the sample questions, every set and both of its
# halves with equal weight; `make bench` reports how they hold.
WEIGHTS = (3.80, 5.07)
BIAS = -4.96
FIRST = 5  # Passages of which the best counts.


@dataclass(frozen=True)
class Asked:
    """A question as weighted terms: rare terms weigh more. `instead` holds, for a term, other words that mean the same."""

    weights: dict[str, float]
    instead: dict[str, tuple[frozenset[str], ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, question: str, index: Index) -> "Asked":
        """The weighted terms of a question, with the other names of what it names."""
        return cls(index.weights(question), alternatives(question))

    def coverage(self, found: Iterable[str]) -> float:
        """The share, 0 to 1, of the question's weight that these terms hold, in its own words or in others."""
        total = sum(self.weights.values())
        there = set(found)
        held = sum(weight for term, weight in self.weights.items() if term in there or self.holds_instead(term, there))
        return held / total if total else 0.0

    def holds_instead(self, term: str, there: Collection[str]) -> bool:
        """Whether these terms hold other words for a term."""
        return any(words.issubset(there) for words in self.instead.get(term, ()))

    def among(self, texts: Collection[Collection[str]]) -> "Asked":
        """The question as it tells these texts apart: a term weighs the less, the more of them hold it.

        A term that none of them holds weighs nothing.
        """
        held = {term: sum(term in text or self.holds_instead(term, text) for text in texts) for term in self.weights}
        weights = {term: weight * telling(held[term], len(texts)) for term, weight in self.weights.items()}
        return replace(self, weights=weights)

    def together(self, found: Sequence[str]) -> float:
        """The share, 0 to 1, of the weight of the question's neighbouring terms that these terms hold side by side."""
        pairs = {pair: min(self.weights[term] for term in pair) for pair in pairwise(self.weights)}
        there = set(pairwise(found))
        total = sum(pairs.values())
        return sum(weight for pair, weight in pairs.items() if pair in there) / total if total else 0.0


def alternatives(question: str) -> dict[str, tuple[frozenset[str], ...]]:
    """For each term of a clinical name in a question, the terms of each other form of that name."""
    found: dict[str, tuple[frozenset[str], ...]] = {}
    for match in matches(question):
        forms = tuple(frozenset(terms(form)) for form in match.forms if terms(form))
        for term in terms(question[match.start : match.end]):
            found[term] = (*found.get(term, ()), *forms)
    return found


def confidence(asked: Asked, hits: Sequence[Hit], index: Index, question: str) -> float:
    """How far the best passages carry an answer, 0 to 1, without the reader: a calibrated guess, not a proof."""
    covered = max((asked.coverage(terms(hit.chunk.text)) for hit in hits[:FIRST]), default=0.0)
    near = nearness(hits, index, question)
    near = covered if near is None else near
    return 1 / (1 + math.exp(-(BIAS + WEIGHTS[0] * covered + WEIGHTS[1] * near))) if covered or near else 0.0


def nearness(hits: Sequence[Hit], index: Index, question: str) -> float | None:
    """The greatest cosine of the first passages to the question; None where no embedder knows meaning, or none was found."""
    rows = [row for hit in hits[:FIRST] for row in index.rows_of(hit.chunk)]
    if not rows or index.vectors is None or not index.embedder.knows_meaning:
        return None
    return float(index.cosines(index.question_vector(question), np.array(rows)).max())
