"""Scores labelled responses that the score was not fitted on, for the promise of `rag verify --risk`.

usage: python -m tests.train.risk DATA_FOLDER [--pairs FILE…]
The folder is that of `tests.train.support`. What is fitted is fitted on two thirds of the groups, and the others are scored; with
the model of support those are scored that it was not trained on. The scores alone are written.
"""

import argparse
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from rag.stages.verify.model import installed
from rag.stages.verify.support import of_response, probability
from tests.train.support import FOLDS, Case, cases, learn, read_scored

OUT = Path(__file__).parents[2] / "rag" / "stages" / "verify" / "risk.json"


def _scored(every: list[Case]) -> Iterator[tuple[Case, float]]:
    """Every case that nothing it is scored by was fitted on: with the model of support those that were kept from its training."""
    if installed():
        learn([case for case in every if not case.held])
        yield from ((case, score) for case, score, _ in read_scored([case for case in every if case.held]))
        return
    for fold in range(FOLDS):
        learn([case for case in every if case.fold != fold])  # What it fitted is what scores from then on.
        for case in (one for one in every if one.fold == fold):
            yield case, probability(of_response(case.said, case.each()))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--pairs", type=Path, nargs="*", default=[], help="more pairs, as tests.train.support takes them")
    arguments = parser.parse_args()
    every = cases(arguments.data, arguments.pairs)
    scores: dict[bool, list[float]] = {True: [], False: []}
    sets: dict[str, list[int]] = {}
    for case, score in _scored(every):
        scores[case.supported].append(round(score, 5))
        sets.setdefault(case.name, [0, 0])[case.supported] += 1
    content = {
        "source": "Scores of labelled responses, each from a fit without its group; written by tests/train/risk.py.",
        "date": date.today().isoformat(),
        "sets": {name: {"wrong": wrong, "right": right} for name, (wrong, right) in sorted(sets.items())},
        "wrong": sorted(scores[False]),
        "right": sorted(scores[True]),
    }
    OUT.write_text(json.dumps(content, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
