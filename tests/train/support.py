"""Fits how sure the checks are, and the weights of the score, on labelled statements beside their sources.

usage: python -m tests.train.support DATA_FOLDER [--pairs PAIRS.jsonl…]
The folder holds reader/support.jsonl, mts_dialog/, expertqa/, clapnq_human/, kqa/ and scifact/. A fourth of the groups, by a hash
of their name, is left out while the held-out figures are measured; what is written was fitted on all of them. Sets weigh alike,
whatever their size. What the model of support says is weighed beside all that on the fourth alone, which it was not trained on;
its held-out figures are measured fold by fold there, with what the checks alone settle left to them.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from rag.stages.verify.checks import CHECKS
from rag.stages.verify.checks.base import Verdict, against, fitted
from rag.stages.verify.judge import settled
from rag.stages.verify.model import Reading, installed, readings
from rag.stages.verify.support import Features, of_response, of_statement, probability, threshold, with_reading, wrong
from rag.stages.verify.texts import Source, Statement, source_of, statements
from tests.train.labelled import Row, is_held, labelled
from tests.train.logistic import auroc, fit, logistic

OUT = Path(__file__).parents[2] / "rag" / "stages" / "verify" / "support.json"
FOLDS, SETTLED, FAR_SETTLED, FIRM, ALARMS = 3, 30.0, 100.0, 2.0, 0.05
BESIDE = (
    "checks",
    "unsupported",
    "denied",
    "worst word",
    "surest",
    "second",
    "covered",
    "covered anywhere",
    "like",
    "least like",
    "unlike",
    "words",
)
"""What is weighed beside each other where the model of support has read a statement."""
WRITTEN = ("sure", "statement", "threshold", "response", "read statement", "read threshold", "read response")
WHOLE = ("negation", "addition")
"""Checks that speak of a whole statement: the planted words may be others than those they name."""


@dataclass
class Case:
    """A response: of which set and group, its statements with verdicts and features, and whether all of it is supported."""

    row: Row
    group: str
    name: str
    supported: bool
    source: Source
    said: list[Statement]
    verdicts: list[list[Verdict]]
    read: list[Reading] | None = None

    @property
    def held(self) -> bool:
        return is_held(self.group)

    @property
    def fold(self) -> int:
        return int(sha256(f"fold {self.group}".encode()).hexdigest(), 16) % FOLDS

    @property
    def span(self) -> tuple[int, int]:
        """Where the planted words stand, (-1, -1) without."""
        words = self.row.get("span") if not self.supported else None
        low = self.row["response"].find(words) if words else -1
        return (low, low + len(words)) if words and low >= 0 else (-1, -1)

    def each(self) -> list[Features]:
        """The features of every statement, with the verdicts as sure as they are now, and the model's where it has read."""
        found = [
            of_statement(one, [_sure_now(verdict) for verdict in found], self.source)
            for one, found in zip(self.said, self.verdicts, strict=True)
        ]
        return [with_reading(told, one) for told, one in zip(found, self.read, strict=True)] if self.read is not None else found

    def wrong_here(self) -> list[float]:
        """For every statement 1.0 where the planted words stand in it."""
        low, high = self.span
        return [float(low < one.end and one.start < high) for one in self.said]


def _sure_now(one: Verdict) -> Verdict:
    if not one.case:
        return one
    sure = against(one.check, one.case, one.lead)
    return replace(one, sure=1.0 - sure if one.verdict == "supported" else sure)


def cases(data: Path, pairs: Sequence[Path]) -> list[Case]:
    """All labelled responses, read."""
    found = []
    for name, group, row, supported in labelled(data, pairs):
        source = source_of(row["source"])
        said = statements(row["response"], source)
        verdicts = [[one for check in CHECKS if (one := check(statement, source))] for statement in said]
        found.append(Case(row, str(group), name, supported, source, said, verdicts))
    return found


def sure_table(every: list[Case]) -> dict[str, dict[str, list[float]]]:
    """For every check and case a logistic of the lead: how often what was met is the planted fault. Few are drawn to all."""
    met: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for case in every:
        if case.name != "pairs":
            continue
        low, high = case.span
        for said, own in zip(case.said, case.verdicts, strict=True):
            for one in own:
                if one.case:
                    start, end = (said.start, said.end) if one.check in WHOLE else one.said
                    wrong_here = float(low < end and start < high)
                    for name in (one.check, "any"):
                        met.setdefault((name, one.case), []).append((one.lead, wrong_here))
    table: dict[str, dict[str, list[float]]] = {}
    for case_name in sorted({at for _, at in met}):
        start = logistic(np.array(met["any", case_name]), np.zeros(2), FIRM)
        table.setdefault("any", {})[case_name] = [round(float(value), 3) for value in start]
        for (name, at), pairs in sorted(met.items()):
            if at == case_name and name != "any":
                own = logistic(np.array(pairs), start, FIRM)
                table.setdefault(name, {})[case_name] = [round(float(value), 3) for value in own]
    return table


def learn(every: list[Case]) -> dict[str, Any]:
    """All that is fitted, one after the other: each step reads what the one before it wrote.

    The threshold is the one at which so many faithful twins are called unsupported that were left out, fold by fold.
    """
    known = fitted()
    pairs = [case for case in every if case.name == "pairs"]
    faithful = []
    for fold in range(FOLDS):
        learn_statements(known, [case for case in pairs if case.fold != fold])
        left = [case for case in pairs if case.fold == fold and case.supported]
        faithful += [max((wrong(one) for one in case.each()), default=-9.0) for case in left]
    learn_statements(known, pairs)
    known["threshold"] = round(float(np.quantile(faithful, 1.0 - ALARMS)), 4)
    known["response"] = response_of(every)
    return known


def learn_reading(every: list[Case]) -> dict[str, Any]:
    """What the model of support weighs beside all else, on cases that it was not trained on and has read."""
    known = fitted()
    pairs = [case for case in every if case.name == "pairs"]
    known["read statement"] = fit(
        [{name: one[name] for name in BESIDE} for case in pairs for one in case.each()],
        np.array([label for case in pairs for label in case.wrong_here()]),
        np.ones(sum(len(case.said) for case in pairs)),
        FIRM,
    )
    faithful = [max((wrong(one) for one in case.each()), default=-9.0) for case in pairs if case.supported]
    known["read threshold"] = round(float(np.quantile(faithful, 1.0 - ALARMS)), 4)
    known["read response"] = response_of(every)
    return known


def response_of(every: list[Case]) -> dict[str, Any]:
    """The weights of the score of a response; sets weigh alike, and so do both outcomes in each."""
    counts = Counter((case.name, case.supported) for case in every)
    weights = np.array([1.0 / counts[case.name, case.supported] for case in every])
    whole = [of_response(case.said, case.each()) for case in every]
    return fit(whole, np.array([float(case.supported) for case in every]), weights, SETTLED)


def learn_statements(known: dict[str, Any], pairs: list[Case]) -> None:
    """How sure each check is, then what they weigh together in one statement."""
    known["sure"] = sure_table(pairs)
    told: list[Features] = []
    labels = []
    for case in pairs:
        told += case.each()
        labels += case.wrong_here()
    known["statement"] = fit(told, np.array(labels), np.ones(len(labels)), FAR_SETTLED)


Score = tuple[Case, float, bool]
"""A case, its score, and whether a statement of it is called unsupported."""


def scored(every: list[Case]) -> list[Score]:
    """What is said of every case now."""
    each = [case.each() for case in every]
    bars = [threshold(case.read is not None) for case in every]
    return [
        (case, probability(of_response(case.said, told)), any(wrong(one) >= bar for one in told))
        for case, told, bar in zip(every, each, bars, strict=True)
    ]


def read_scored(held: list[Case]) -> list[Score]:
    """The same with the model of support, fold by fold, for cases that it was not trained on; it reads all of them.

    What the checks settle stays as they say: they have to be fitted on other cases.
    """
    found = scored([case for case in held if settled(case.said, case.each())])
    left = {id(case) for case in held} - {id(case) for case, *_ in found}
    for case in held:
        case.read = readings([(one, case.source) for one in case.said])
    for fold in range(FOLDS):
        learn_reading([case for case in held if case.fold != fold])
        found += scored([case for case in held if case.fold == fold and id(case) in left])
    return found


def figures(found: list[Score]) -> dict[str, dict[str, Any]]:
    """For every set the AUROC and n; for the pairs also the shares called unsupported, by kind and style, and ranked right."""
    told: dict[str, dict[str, Any]] = {}
    for name in sorted({case.name for case, *_ in found}):
        yes, no = (
            np.array([score for case, score, _ in found if case.name == name and case.supported is side])
            for side in (True, False)
        )
        told[name] = {"auroc": round(auroc(yes, no), 3), "n": len(yes) + len(no)}
    pairs: dict[str, dict[bool, float]] = {}
    called: dict[str, dict[str, list[bool]]] = {"faulty": {}, "faithful": {}}
    for case, score, unsupported in found:
        if case.name == "pairs":
            pairs.setdefault(case.row["pair"], {})[case.supported] = score
            own = called["faithful" if case.supported else "faulty"]
            for group in ("all", case.row["style"], *(() if case.supported else (case.row["kind"],))):
                own.setdefault(group, []).append(unsupported)
    both = [one[True] > one[False] for one in pairs.values() if len(one) == 2]
    told["pairs"]["ranked right"] = round(float(np.mean(both)), 3)
    for name, groups in called.items():
        told["pairs"][f"{name} called unsupported"] = {
            group: [round(float(np.mean(own)), 3), len(own)] for group, own in sorted(groups.items())
        }
    return told


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("--pairs", nargs="*", type=Path, default=[])
    a = parser.parse_args()
    every = cases(a.data, a.pairs)
    held = [case for case in every if case.held]
    learn([case for case in every if not case.held])
    told = {"held": figures(scored(held))}
    if installed():
        told["held, read"] = figures(read_scored(held))
        learn_reading(held)
        for case in held:
            case.read = None
    known = learn(every)
    content = {
        **{name: known[name] for name in ("sha256",) if name in known},
        "source": 'Fitted by tests/train/support.py on labelled statements beside their sources; "held" are the figures on the '
        'fourth of the groups that was left out then, "held, read" those with the model of support, fold by fold.',
        "date": date.today().isoformat(),
        "n": len(every),
        **told,
        **{name: known[name] for name in WRITTEN if name in known},
    }
    OUT.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    json.dump(told, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
