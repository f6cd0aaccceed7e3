"""Logistic regression drawn to a prior, and how well a score parts two kinds."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def logistic(pairs: Array, prior: Array, firm: float) -> Array:
    """Intercept and slope, drawn to a prior."""
    inputs = np.stack([np.ones(len(pairs)), pairs[:, 0]], axis=1)
    return newton(inputs, pairs[:, 1], np.ones(len(pairs)), prior, firm)


def newton(inputs: Array, labels: Array, weights: Array, prior: Array, firm: float) -> Array:
    """Weights of a logistic regression, drawn to a prior (Cox, 1958; ridge)."""
    found = prior.copy()
    for _ in range(40):
        share = 1 / (1 + np.exp(-np.clip(inputs @ found, -30, 30)))
        slope = inputs.T @ (weights * (share - labels)) + firm * (found - prior)
        curve = (inputs * (weights * share * (1 - share))[:, None]).T @ inputs + firm * np.eye(len(found))
        found = found - np.linalg.solve(curve, slope)
    return found


def fit(every: Sequence[Mapping[str, float]], labels: Array, weights: Array, firm: float) -> dict[str, Any]:
    """Bias and weights of a logistic regression over features of any spread."""
    names = sorted({name for one in every for name in one})
    inputs = np.array([[one.get(name, 0.0) for name in names] for one in every])
    spread = inputs.std(axis=0)
    kept = [at for at, value in enumerate(spread) if value > 0]
    middle = inputs[:, kept].mean(axis=0)
    scaled = np.hstack([(inputs[:, kept] - middle) / spread[kept], np.ones((len(every), 1))])
    own = newton(scaled, labels, weights * len(every) / weights.sum(), np.zeros(scaled.shape[1]), firm)
    slopes = own[:-1] / spread[kept]
    found = {names[at]: round(float(value), 4) for at, value in zip(kept, slopes, strict=True) if abs(value) > 1e-4}
    return {"bias": round(float(own[-1] - slopes @ middle), 4), "weights": found}


def auroc(yes: ArrayLike, no: ArrayLike) -> float:
    """How often one of `yes` is above one of `no`; nan where there is none."""
    above, below = np.asarray(yes)[:, None], np.asarray(no)[None]
    return float(((above > below) + 0.5 * (above == below)).mean()) if above.size and below.size else float("nan")
