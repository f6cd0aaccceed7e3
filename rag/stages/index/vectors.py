"""The vectors of an index: looked up by row, and searched for the nearest ones."""

from typing import Any, Protocol

import faiss
import numpy as np
from numpy.typing import NDArray

from rag.embedding import Vectors

Scores = NDArray[np.float32]
Rows = NDArray[np.int64]
FAISS: Any = faiss  # Its stubs know only a part of it.
PRODUCT = FAISS.METRIC_INNER_PRODUCT
FEW = 10_000  # As many rows are compared one by one faster than a graph or lists could leave the others out.


class Kept(Protocol):
    """Vectors by row, wherever and however they are kept."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Any, /) -> Any:
        """The vectors of these rows, float32 (rows, d)."""


class Nearest(Protocol):
    """Finds the nearest of all vectors, or of some rows."""

    def nearest(self, vector: Vectors, top: int, rows: Rows | None) -> tuple[Rows, Scores]:
        """At most `top` rows with their cosine, nearest first; `rows` (in order) are the only ones allowed."""


class InFaiss:
    """Vectors in a FAISS index: one copy of them, at the precision of that index, serves search and look-up.

    `effort` is how many candidates a graph looks at, `probes` how many lists are read, `refined` how many candidates for each
    row wanted are compared again by a second, finer copy.
    """

    def __init__(self, index: Any, effort: int = 0, probes: int = 0, refined: int = 1) -> None:
        self.index = index
        self.shape = (int(index.ntotal), int(index.d))
        self.effort = effort
        self.probes = probes
        self.refined = refined

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any, /) -> Any:
        if isinstance(rows, slice):
            rows = range(*rows.indices(len(self)))
        wanted = np.asarray(rows, np.int64)
        if not wanted.size:
            return np.zeros((0, self.shape[1]), np.float32)
        return self.index.reconstruct_batch(wanted.reshape(-1)).reshape(*wanted.shape, self.shape[1])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[:], dtype)

    def nearest(self, vector: Vectors, top: int, rows: Rows | None) -> tuple[Rows, Scores]:
        if not len(self) or (rows is not None and len(rows) <= FEW):
            few = np.zeros(0, np.int64) if rows is None else rows
            return closest(vector, top, few, self[few])
        share = 1.0 if rows is None else len(rows) / len(self)
        selector = None if rows is None else faiss.IDSelectorBatch(rows)
        scores, found = self.index.search(
            vector[None, :], min(top, len(self)), params=self._parameters(self.index, selector, share)
        )
        there = found[0] >= 0
        return found[0][there].astype(np.int64), scores[0][there]

    def _parameters(self, index: Any, selector: Any, share: float) -> Any:
        """What a search is told. Where only a share of the rows is allowed, it looks at more of them to find as many."""
        chosen: dict[str, Any] = {} if selector is None else {"sel": selector}
        if isinstance(index, faiss.IndexRefine):
            base = self._parameters(faiss.downcast_index(index.base_index), selector, share)
            return FAISS.IndexRefineSearchParameters(k_factor=self.refined, base_index_params=base)
        if isinstance(index, faiss.IndexHNSW):
            effort = min(int(self.effort / share), len(self))
            return FAISS.SearchParametersHNSW(efSearch=effort, **chosen)
        if isinstance(index, faiss.IndexIVF):
            probes = min(int(np.ceil(self.probes / share)), index.nlist)
            return FAISS.SearchParametersIVF(nprobe=probes, **chosen)
        return FAISS.SearchParameters(**chosen)


def closest(vector: Vectors, top: int, rows: Rows, vectors: Vectors) -> tuple[Rows, Scores]:
    """The `top` of these rows with the highest cosine, highest first, each compared."""
    scores = np.asarray(vectors @ vector, np.float32)
    best = np.argsort(-scores, kind="stable")[:top]
    return rows[best], scores[best]


def _bits(rows: Rows, count: int) -> NDArray[np.uint8]:
    """A bit for each of so many rows, set for these."""
    chosen = np.zeros(count, bool)
    chosen[rows] = True
    return np.packbits(chosen, bitorder="little")
