"""How many of the true nearest passages an index finds, measured on the corpus at hand; and the memory it takes for that."""

from dataclasses import dataclass

import numpy as np

from rag.stages.index.base import Index
from rag.stages.index.vectors import FAISS, PRODUCT, InFaiss

SEED = 20240314
TIE = 1e-6


@dataclass(frozen=True, slots=True)
class Recall:
    """Recall@top as the mean over the n passages asked; n is 0 where there is nothing to find, and the value then 1."""

    value: float
    n: int
    top: int


def recall(index: Index, sample: int = 100, top: int = 10) -> float:
    """The value of `measured` alone."""
    return measured(index, sample, top).value


def measured(index: Index, sample: int = 100, top: int = 10) -> Recall:
    """Recall@top against exact search at full precision, the mean over a seeded sample of passages asked by their own vector.

    A passage does not count as its own neighbour; one as near as the last true neighbour counts as true. Passages find each
    other a little more easily than a question finds them. 1.0 where there is nothing to find.
    """
    count = len(index.chunks)
    if index.nearest is None or count < 2:
        return Recall(1.0, 0, top)
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
    return Recall(float(np.mean(shares)), len(asked), wanted)


def size_of(index: Index) -> int | None:
    """The bytes of the vectors and what finds them, as they would be written to a file; None where they lie elsewhere."""
    if not isinstance(index.nearest, InFaiss):
        return None
    sizes: list[int] = []

    def count(part: bytes) -> int:
        sizes.append(len(part))
        return len(part)

    FAISS.write_index(index.nearest.index, FAISS.PyCallbackIOWriter(count))
    return sum(sizes)
