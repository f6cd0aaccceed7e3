"""Pseudo-relevance feedback: the best passages of a first search lend their words to the second."""

from collections import Counter, defaultdict
from typing import Literal

import numpy as np
from pydantic import Field

from rag.stages.expand.asked import Expanding
from rag.stages.index.base import Index
from rag.text import stopwords, terms
from rag.values import Filter, Query
from rag.wordpiece import commonness

EVERYDAY = 0.01  # Words in more English passages than this share lend nothing.


class Feedback(Expanding):
    """Adds the telling words of the passages that a first search by terms finds (Rocchio, 1971; Lavrenko & Croft, 2001)."""

    kind: Literal["feedback"] = "feedback"
    passages: int = Field(default=5, ge=1, le=50, description="Passages of the first search that lend words")
    words: int = Field(default=8, ge=1, le=50, description="Words added")
    weight: float = Field(default=0.3, ge=0.0, le=1.0, description="Weight of the best added word against one of the question")

    def __call__(self, question: str, index: Index, only: Filter = Filter()) -> Query:
        scores, rows = index.term_scores(question), index.allowed(only)
        best = [row for row in rows[np.argsort(-scores[rows], kind="stable")[: self.passages]] if scores[row] > 0]
        own = set(terms(question, index.stem))
        worth: defaultdict[str, float] = defaultdict(float)
        for row in best:
            held = Counter(word for word in terms(index.chunks[row].text, stem=False) if _may_lend(word))
            size = sum(held.values()) or 1
            for word, count in held.items():
                stem = terms(word, index.stem)
                if stem and stem[0] not in own:
                    share = float(scores[row] / scores[best[0]])
                    worth[word] += share * count / size * index.rarity(terms(word)[0], commonness(word))
        chosen: dict[str, float] = {}
        for word, value in sorted(worth.items(), key=lambda pair: (-pair[1], pair[0])):
            if len(chosen) == self.words:
                break
            if not any(terms(word) == terms(other) for other in chosen):
                chosen[word] = value
        if not chosen:
            return Query(question)
        most = max(chosen.values())
        added = tuple((word, round(self.weight * value / most, 3)) for word, value in chosen.items())
        return Query(
            question,
            added,
            notes=(f"added from the first {len(best)} passage{'' if len(best) == 1 else 's'}: {', '.join(chosen)}",),
        )


def _may_lend(word: str) -> bool:
    return word.isalpha() and len(word) > 2 and word not in stopwords() and commonness(word) <= EVERYDAY
