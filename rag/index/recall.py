"""How many of the true nearest passages an index finds, measured on the corpus at hand."""

import numpy as np

from rag.index.base import Index
from rag.index.vectors import FAISS, PRODUCT

SEED = 20240314
TIE = 1e-6


def recall(index: Index, sample: int = 100, top: int = 10) -> float:
    """Recall@top against exact search at full precision, the mean over a seeded sample of passages asked by their own vector.

    A passage does not count as its own neighbour; one as near as the last true neighbour counts as true. Passages find each
    other a little more easily than a question finds them. 1.0 where there is nothing to find.
    """
    count = len(index.chunks)
    if index.nearest is None or count < 2:
        return 1.0
    vectors = index.artifacts.vectors(index.embedder, index.chunks)
    asked = np.sort(np.random.default_rng(SEED).permutation(count)[:sample])
    wanted = min(top, count - 1)
    scores, rows = FAISS.knn(vectors[asked], vectors, wanted + 1, metric=PRODUCT)
    shares = []
    for row, near, best in zip(asked, rows, scores, strict=True):
        worst = best[near != row][:wanted].min()
        found, _ = index.nearest.nearest(vectors[row], wanted + 1, None)
        others = found[found != row][:wanted]
        shares.append(np.count_nonzero(vectors[others] @ vectors[row] >= worst - TIE) / wanted)
    return float(np.mean(shares))
