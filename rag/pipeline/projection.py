"""Projection: passage vectors in two dimensions, the same picture every time."""

import importlib
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from rag.embedding import Vectors
from rag.errors import SettingProblem
from rag.extras import install

Method = Literal["PCA", "UMAP"]
Points = NDArray[np.float32]
Rows = NDArray[np.int64]

SEED = 20240314
AT_ONCE = 8192
NEAREST = 5
FEWEST, MOST = 10, 20_000  # Passages that UMAP takes.


@dataclass(frozen=True)
class Projection:
    """Passages as points, shape (n, 2). With PCA also the share of the variance on each axis, the centre and the axes."""

    points: Points
    shares: tuple[float, float] | None = None
    centre: NDArray[np.float64] | None = None
    axes: NDArray[np.float64] | None = None

    def place(self, vector: Vectors, nearest: Sequence[int] | Rows) -> Points:
        """Where a further vector (the question's) stands, shape (2,): on PCA's axes, else amid its nearest passages."""
        if self.axes is not None and self.centre is not None:
            return np.asarray((vector - self.centre) @ self.axes, np.float32)
        return np.asarray(np.median(self.points[list(nearest)], axis=0), np.float32)


def has_umap() -> bool:
    """Whether UMAP is installed; it is not imported for that."""
    return importlib.util.find_spec("umap") is not None


def projected(method: Method, vectors: Vectors, folder: Path | None = None) -> Projection:
    """The vectors, shape (n, d), by this method; UMAP's points are kept in the folder and read from there the next time."""
    if method == "PCA":
        return pca(vectors)
    path = folder and folder / "points.npy"
    if path and path.is_file():
        kept = np.load(path, allow_pickle=False)
        if kept.shape == (len(vectors), 2):
            return Projection(kept.astype(np.float32))
    found = umap(vectors)
    if path:
        np.save(path, found.points, allow_pickle=False)
    return found


def pca(vectors: Vectors) -> Projection:
    """The two directions of the largest variance (Pearson, 1901); each axis points to where its largest weight is positive."""
    n, d = vectors.shape
    if not n:
        return Projection(np.zeros((0, 2), np.float32), (0.0, 0.0), np.zeros(d), np.zeros((d, 2)))
    parts = [slice(at, at + AT_ONCE) for at in range(0, n, AT_ONCE)]
    centre = np.sum([vectors[part].sum(axis=0, dtype=np.float64) for part in parts], axis=0) / n
    spread = np.zeros((d, d))
    for part in parts:
        rows = vectors[part] - centre.astype(np.float32)
        spread += rows.T @ rows
    left, values, _ = np.linalg.svd(spread, hermitian=True)
    axes = np.zeros((d, 2))
    axes[:, : min(d, 2)] = left[:, :2]
    axes *= np.where(axes[np.argmax(np.abs(axes), axis=0), [0, 1]] < 0, -1.0, 1.0)
    total = float(values.sum())
    held = [float(value / total) if total else 0.0 for value in (*values[:2], 0.0)[:2]]
    points = np.concatenate([(vectors[part] - centre) @ axes for part in parts])
    return Projection(points.astype(np.float32), (held[0], held[1]), centre, axes)


def umap(vectors: Vectors) -> Projection:
    """Near neighbours kept together (McInnes et al., 2018), with a fixed seed. Raises SettingProblem where it cannot run."""
    if not has_umap():
        raise SettingProblem(f"UMAP is not installed. Install it with: {install('umap')}. Then start again, or choose PCA.")
    if not FEWEST <= len(vectors) <= MOST:
        raise SettingProblem(f"UMAP takes {FEWEST} to {MOST:,} passages; there are {len(vectors):,}. Choose PCA.")
    reducer = importlib.import_module("umap").UMAP(
        n_components=2, n_neighbors=min(15, len(vectors) - 1), metric="cosine", random_state=SEED, n_jobs=1
    )
    return Projection(np.asarray(reducer.fit_transform(np.ascontiguousarray(vectors)), np.float32))
