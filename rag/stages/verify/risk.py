"""Risk by choice: the score below which statements are flagged, so that no more than a chosen share of wrong ones passes."""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from rag.errors import SettingProblem

CONFIDENCE = 0.98
"""How often the promise holds for the next n wrong statements, n the labelled ones; 0.95 would often fail in 6 of 100 draws."""
MOST_CASES = 100_000


@dataclass(frozen=True, slots=True)
class Case:
    """A statement that a person labelled: its score, 0 to 1 (`judge.Judgement.score`), and whether its source supports it."""

    score: float
    supported: bool


@dataclass(frozen=True, slots=True)
class Promise:
    """What labelled cases allow to promise: of wrong statements at most the share `alpha` passes unflagged.

    `threshold` is the score up to which a statement is flagged, None where too few cases were labelled, and all are. `wrong` and
    `right` count the cases, `expected` is the share of wrong statements that passes on average, `cost` that of right ones that is
    flagged. `more` is about how many further cases have to be labelled, 0 where it is promised.
    """

    alpha: float
    threshold: float | None
    wrong: int
    right: int
    expected: float
    cost: float
    more: int

    def flags(self, score: float) -> bool:
        """Whether a statement with this score has to be looked at."""
        return self.threshold is None or score <= self.threshold

    def __str__(self) -> str:
        cases = f"{self.wrong:,} wrong and {self.right:,} right labelled cases"
        if self.threshold is None:
            more = f"needs about {self.more:,} more labelled cases"
            return f"A risk of {self.alpha:g} cannot be promised by {cases}: {more}. Every statement is flagged."
        return (
            f"Flagged up to a score of {self.threshold:.4f}: at most {self.alpha:g} of wrong statements pass "
            f"({self.expected:.4f} on average), and {self.cost:.1%} of right ones are flagged, by {cases}."
        )


def promise(cases: Iterable[Case], alpha: float, confidence: float = CONFIDENCE) -> Promise:
    """The lowest threshold that keeps the share of wrong statements that pass at or below `alpha`.

    Conformal risk control (Angelopoulos, Bates, Fisch, Lei & Schuster 2022, arXiv:2208.02814): with n wrong cases of which k lie
    above the threshold, the expected share of wrong statements that pass is at most n/(n+1) k/n + 1/(n+1) = (k+1)/(n+1), whatever
    their distribution, if cases and statements are exchangeable; k is chosen so that this is at most `alpha`. That holds on
    average over draws of the cases. So that it holds in nearly every draw, k is lowered until no more than `alpha` of the next n
    wrong statements pass with probability `confidence`: their number is beta-binomial with k+1 and n-k (the predictive form of
    the tolerance limits of Wilks 1941). Ties count as flagged.

    Raises SettingProblem for an `alpha` or a `confidence` that does not lie between 0 and 1.
    """
    for name, value in (("risk", alpha), ("confidence", confidence)):
        if not 0.0 < value < 1.0:
            raise SettingProblem(f"{name} {value:g} is not allowed. Give a share between 0 and 1, such as 0.05.")
    every = list(cases)
    wrong = sorted((case.score for case in every if not case.supported), reverse=True)
    right = [case.score for case in every if case.supported]
    n, most = len(wrong), _passing(len(wrong), alpha, confidence)
    if most is None:
        needed = _needed(alpha, confidence)
        share = n / len(every) if n else 1.0
        return Promise(alpha, None, n, len(right), 0.0, 1.0, math.ceil((needed - n) / share))
    threshold = wrong[most]
    cost = sum(score <= threshold for score in right) / len(right) if right else 0.0
    return Promise(alpha, threshold, n, len(right), (most + 1) / (n + 1), cost, 0)


@lru_cache(maxsize=64)
def shipped(alpha: float) -> Promise:
    """The promise by the cases whose scores are kept with the program: those that `tests/train/risk.py` wrote."""
    kept = json.loads(resources.files("rag.stages.verify").joinpath("risk.json").read_text("utf-8"))
    wrong, right = (kept[name] for name in ("wrong", "right"))
    return promise([*(Case(score, False) for score in wrong), *(Case(score, True) for score in right)], alpha)


def _passing(n: int, alpha: float, confidence: float) -> int | None:
    """The most of n wrong cases that may lie above the threshold, or None where none may."""
    low, high = -1, min(n - 1, math.floor(alpha * (n + 1)) - 1)
    while low < high:  # What fails with k fails with more.
        middle = (low + high + 1) // 2
        if _exceeds(n, middle, alpha) <= 1.0 - confidence:
            low = middle
        else:
            high = middle - 1
    return low if low >= 0 else None


def _exceeds(n: int, k: int, alpha: float) -> float:
    """The probability that more than `alpha` of the next n wrong statements pass, where k of n cases lie above the threshold."""
    first = math.floor(alpha * n) + 1
    return sum(math.exp(_log_beta_binomial(x, n, k + 1, n - k)) for x in range(first, n + 1))


def _log_beta_binomial(x: int, m: int, a: int, b: int) -> float:
    choose = math.lgamma(m + 1) - math.lgamma(x + 1) - math.lgamma(m - x + 1)
    return choose + _log_beta(x + a, m - x + b) - _log_beta(a, b)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


@lru_cache(maxsize=64)
def _needed(alpha: float, confidence: float) -> int:
    """The fewest wrong cases by which the risk can be promised."""
    low, high = 0, 1
    while _passing(high, alpha, confidence) is None and high < MOST_CASES:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _passing(middle, alpha, confidence) is not None else (middle, high)
    return high
