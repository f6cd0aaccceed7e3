"""Scores labelled responses that the score was not fitted on, for the promise of `rag verify --risk`.

usage: python -m tests.train.risk DATA_FOLDER [--pairs FILE…]
The folder is that of `tests.train.support`. What is fitted is fitted on two thirds of the groups, and the others are scored; the
scores alone are written.
"""

import argparse
import json
from datetime import date
from pathlib import Path

from rag.stages.verify.support import of_response, probability
from tests.train.support import FOLDS, cases, learn

OUT = Path(__file__).parents[2] / "rag" / "stages" / "verify" / "risk.json"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--pairs", type=Path, nargs="*", default=[], help="more pairs, as tests.train.support takes them")
    arguments = parser.parse_args()
    every = cases(arguments.data, arguments.pairs)
    scores: dict[bool, list[float]] = {True: [], False: []}
    sets: dict[str, list[int]] = {}
    for fold in range(FOLDS):
        learn([case for case in every if case.fold != fold])  # What it fitted is what scores from then on.
        for case in (one for one in every if one.fold == fold):
            scores[case.supported].append(round(probability(of_response(case.said, case.each())), 5))
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
