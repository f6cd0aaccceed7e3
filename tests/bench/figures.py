"""What a measurement leaves: figures with target, count and interval, and the table that shows them."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

RESAMPLES = 2000
SEED = 20240314
NORMAL = 1.959964  # The standard normal's 97.5th percentile.

Interval = tuple[float, float]


class Skipped(Exception):
    """Why a part cannot be measured here; the message follows "skipped:"."""


@dataclass(frozen=True)
class Target:
    """A bound that a figure should keep."""

    bound: float
    upper: bool = False

    def met(self, value: float) -> bool:
        """Whether a value keeps the bound."""
        return value <= self.bound if self.upper else value >= self.bound

    def __str__(self) -> str:
        return f"{'≤' if self.upper else '≥'} {self.bound:g}"


def at_least(bound: float) -> Target:
    """The value should reach this bound."""
    return Target(bound)


def at_most(bound: float) -> Target:
    """The value should not pass this bound."""
    return Target(bound, upper=True)


@dataclass(frozen=True)
class Figure:
    """A measured value. `n` counts what it was measured on; `interval` is a 95 % interval."""

    name: str
    value: float
    unit: str = ""
    target: Target | None = None
    n: int | None = None
    interval: Interval | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met, or None where there is none."""
        return None if self.target is None else self.target.met(self.value)


def share(name: str, outcomes: Iterable[bool], target: Target | None = None) -> Figure:
    """The share of true outcomes with Wilson's interval (1927)."""
    held = list(outcomes)
    count, n = sum(held), len(held)
    if not n:
        return Figure(name, math.nan, target=target, n=0)
    rate = count / n
    width = 1 + NORMAL**2 / n
    middle = (rate + NORMAL**2 / (2 * n)) / width
    half = NORMAL * math.sqrt(rate * (1 - rate) / n + NORMAL**2 / (4 * n * n)) / width
    interval = (max(middle - half, 0.0), min(middle + half, 1.0))
    return Figure(name, rate, target=target, n=n, interval=interval, note=f"{count} of {n}")


def mean(name: str, values: Iterable[float | None], target: Target | None = None, note: str = "") -> Figure:
    """The mean of the scored values with a percentile bootstrap over them (Efron, 1979); unscored ones are counted."""
    given = list(values)
    scored = np.array([value for value in given if value is not None], float)
    if len(scored) < len(given):
        note = f"{note}; {len(given) - len(scored)} not scored".removeprefix("; ")
    if not len(scored):
        return Figure(name, math.nan, target=target, n=0, note=note)
    drawn = np.random.default_rng(SEED).integers(0, len(scored), (RESAMPLES, len(scored)))
    return Figure(name, float(scored.mean()), "", target, len(scored), _middle(scored[drawn].mean(axis=1)), note)


def auroc(name: str, positive: Sequence[float], negative: Sequence[float], target: Target | None = None) -> Figure:
    """The share of pairs in which the positive scores higher, ties half (Hanley & McNeil, 1982), bootstrapped over both."""
    if not positive or not negative:
        return Figure(name, math.nan, target=target, n=0)
    above = np.asarray(positive, np.float32)[:, None] - np.asarray(negative, np.float32)[None, :]
    wins = (np.sign(above) + 1) / 2
    random = np.random.default_rng(SEED)
    rows, columns = (random.multinomial(count, np.full(count, 1 / count), RESAMPLES) / count for count in wins.shape)
    drawn = ((rows @ wins) * columns).sum(axis=1)
    return Figure(name, float(wins.mean()), "", target, sum(wins.shape), _middle(drawn))


def _middle(drawn: NDArray[np.float64]) -> Interval:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def percentile(values: ArrayLike, at: float) -> float:
    """The value below which `at` per cent of the values lie."""
    return float(np.percentile(np.asarray(values, float), at))


def table(rows: Sequence[tuple[str, Figure]]) -> str:
    """The figures of all parts as aligned columns."""
    lines = [("part", "name", "value", "target", "met", "n", "95 % interval", "note")]
    for part, figure in rows:
        interval = f"{figure.interval[0]:.3f} to {figure.interval[1]:.3f}" if figure.interval else ""
        met = {None: "", True: "yes", False: "NO"}[figure.met]
        value = f"{_shown(figure.value)} {figure.unit}".strip()
        count = "" if figure.n is None else f"{figure.n:,}"
        lines.append((part, figure.name, value, str(figure.target or ""), met, count, interval, figure.note))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines)


def _shown(value: float) -> str:
    if not math.isfinite(value):
        return "none"
    if value == int(value):
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.4f}"
