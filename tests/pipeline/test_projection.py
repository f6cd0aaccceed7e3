"""The map: the same picture every time, true to numpy's own decomposition, and UMAP where it is installed."""

import importlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rag.errors import SettingProblem
from rag.pipeline import projection
from rag.pipeline.projection import FEWEST, pca, projected


def vectors(n: int = 300, d: int = 24) -> Any:
    """Unit vectors whose spread is known: wide in two directions, narrow in the others."""
    random = np.random.default_rng(7)
    rows = random.normal(size=(n, d)) * np.array([5.0, 3.0, *([0.5] * (d - 2))]) + 1.0
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_the_picture_is_the_same_each_time_and_does_not_hang_on_the_order_of_the_passages() -> None:
    rows = vectors()
    first, again = pca(rows), pca(rows.copy())
    assert np.array_equal(first.points, again.points) and first.shares == again.shares
    turned = pca(rows[::-1].copy())
    assert np.allclose(turned.points[::-1], first.points, atol=1e-5)


def test_the_axes_are_those_of_a_singular_value_decomposition_and_hold_its_share_of_the_variance() -> None:
    rows = vectors().astype(np.float64)
    _, values, axes = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    found = pca(vectors())
    assert found.axes is not None and found.shares is not None
    assert np.allclose(np.abs(found.axes.T @ axes[:2].T), np.eye(2), atol=1e-4)
    assert found.shares == pytest.approx(tuple(values[:2] ** 2 / (values**2).sum()), abs=1e-5)
    assert (found.axes[np.argmax(np.abs(found.axes), axis=0), [0, 1]] > 0).all()


def test_many_passages_are_taken_part_by_part_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pca(vectors())
    monkeypatch.setattr(projection, "AT_ONCE", 37)
    assert np.allclose(pca(vectors()).points, whole.points, atol=1e-5)


def test_a_passage_asked_as_a_question_stands_where_it_stands() -> None:
    rows = vectors()
    found = pca(rows)
    assert np.allclose(found.place(rows[11], []), found.points[11], atol=1e-5)


@pytest.mark.parametrize("shape", [(0, 8), (1, 8), (2, 8), (5, 1), (3, 2)])
def test_few_passages_and_few_dimensions_make_a_finite_picture(shape: tuple[int, int]) -> None:
    rows = np.ones(shape, np.float32)
    rows[1:] *= -1
    found = pca(rows)
    assert found.points.shape == (shape[0], 2) and np.isfinite(found.points).all()
    assert found.shares is not None and 0.0 <= sum(found.shares) <= 1.0 + 1e-6


def test_without_umap_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projection, "has_umap", lambda: False)
    with pytest.raises(SettingProblem, match=r"not installed.*or choose PCA"):
        projected("UMAP", vectors())


def test_umap_is_seeded_kept_on_disk_and_places_the_question_amid_its_nearest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[dict[str, Any]] = []

    def made(**settings: Any) -> Any:
        calls.append(settings)
        return SimpleNamespace(fit_transform=lambda rows: rows[:, :2] * 3)

    monkeypatch.setattr(projection, "has_umap", lambda: True)
    monkeypatch.setattr(importlib, "import_module", lambda name: {"umap": SimpleNamespace(UMAP=made)}[name])
    rows = vectors()
    first = projected("UMAP", rows, tmp_path)
    again = projected("UMAP", rows, tmp_path)
    assert len(calls) == 1 and calls[0]["random_state"] == projection.SEED and calls[0]["n_jobs"] == 1
    assert np.array_equal(first.points, again.points) and first.shares is None
    nearest = np.argsort(-(rows @ rows[4]))[: projection.NEAREST]
    assert np.allclose(first.place(rows[4], nearest), np.median(first.points[nearest], axis=0))
    assert len(projected("UMAP", rows[:40], tmp_path).points) == 40, "points of other passages were taken"
    with pytest.raises(SettingProblem, match="Choose PCA"):
        projected("UMAP", rows[: FEWEST - 1])


@pytest.mark.skipif(not projection.has_umap(), reason="umap-learn is not installed (optional)")
def test_the_real_umap_gives_the_same_coordinates_twice() -> None:
    rows = vectors(60)
    assert np.array_equal(projected("UMAP", rows).points, projected("UMAP", rows).points)
