"""Risk: the promised share of wrong statements that pass, over random splits of the labelled cases of the program."""

import json
import random
from collections.abc import Sequence
from importlib import resources

from rag.stages.verify.risk import Case, promise
from tests.bench.corpora import Settings
from tests.bench.figures import Figure, at_least, share

SPLITS = 100
RISKS = (0.05, 0.1, 0.2)


def held(cases: Sequence[Case], alpha: float, seed: int) -> bool:
    """Whether what one random half of labelled cases promises holds in the other half."""
    return passed(cases, alpha, seed)[0] <= alpha


def passed(cases: Sequence[Case], alpha: float, seed: int) -> tuple[float, float]:
    """Of one half, with the threshold of the other: the share of wrong cases that pass, and of right ones that are flagged."""
    mixed = list(cases)
    random.Random(seed).shuffle(mixed)
    half = len(mixed) // 2
    told, left = promise(mixed[:half], alpha), mixed[half:]
    wrong, right = ([told.flags(case.score) for case in left if case.supported is side] for side in (False, True))
    return 1.0 - sum(wrong) / len(wrong), sum(right) / len(right)


def kept() -> list[Case]:
    """The labelled cases of the program."""
    told = json.loads(resources.files("rag.stages.verify").joinpath("risk.json").read_text("utf-8"))
    return [Case(score, side) for side, name in ((False, "wrong"), (True, "right")) for score in told[name]]


def risk(settings: Settings) -> list[Figure]:
    """Of 100 random splits of labelled responses, those in which no more wrong ones pass than promised, and what it costs."""
    figures = []
    for alpha in RISKS:
        found = [passed(kept(), alpha, seed) for seed in range(SPLITS)]
        figures.append(share(f"risk {alpha:g}: splits in which it holds", [wrong <= alpha for wrong, _ in found], at_least(0.95)))
        figures.append(Figure(f"risk {alpha:g}: right responses flagged", sum(cost for _, cost in found) / SPLITS, n=len(kept())))
    return figures
