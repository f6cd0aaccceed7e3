"""Fits how sure the checks are, and the weights of the score, on labelled statements beside their sources.

usage: python -m tests.train.support DATA_FOLDER
The folder holds reader/support.jsonl, mts_dialog/, expertqa/, clapnq_human/, kqa/ and scifact/. A fourth of the groups, by a hash
of their name, is left out while the held-out figures are measured; what is written was fitted on all of them. Sets weigh alike,
whatever their size.
"""

import argparse
import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.stages.verify.checks import CHECKS
from rag.stages.verify.checks.base import Verdict, against, fitted
from rag.stages.verify.support import Features, of_response, of_statement, probability, wrong
from rag.stages.verify.texts import Source, Statement, source_of, statements

OUT = Path(__file__).parents[2] / "rag" / "stages" / "verify" / "support.json"
FOURTH, FOLDS, SETTLED, FAR_SETTLED, FIRM, ALARMS = 4, 3, 30.0, 100.0, 2.0, 0.05
WHOLE = ("negation", "addition")
"""Checks that speak of a whole statement: the planted words may be others than those they name."""
Array = NDArray[np.float64]
Row = dict[str, Any]


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

    @property
    def held(self) -> bool:
        return int(sha256(self.group.encode()).hexdigest(), 16) % FOURTH == 0

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
        """The features of every statement, with the verdicts as sure as they are now."""
        return [
            of_statement(one, [_sure_now(verdict) for verdict in found], self.source)
            for one, found in zip(self.said, self.verdicts, strict=True)
        ]


def _sure_now(one: Verdict) -> Verdict:
    if not one.case:
        return one
    sure = against(one.check, one.case, one.lead)
    return replace(one, sure=1.0 - sure if one.verdict == "supported" else sure)


def rows(file: Path) -> list[Row]:
    with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def labelled(data: Path) -> Iterator[tuple[str, str, Row, bool]]:
    """Every set with group, row and whether the response is supported."""
    for row in rows(data / "reader" / "support.jsonl"):
        yield "pairs", row["group"], row, not row["fault"]
    for row in rows(data / "mts_dialog" / "summary_scores.jsonl"):
        yield "mts", row["source"], row, not row["hallucination_rate"]
    for row in rows(data / "expertqa" / "claims.jsonl.gz"):
        if row["has_passage"] and row["label"] in ("supported", "unsupported"):
            source = "\n".join(one["text"] for one in row["evidence"])
            yield "expertqa", row["answer_id"], {**row, "source": source}, row["label"] == "supported"
    for row in rows(data / "clapnq_human" / "responses.jsonl"):
        if not row["refused"]:
            yield "clapnq", row["task_id"], row, row["label"] == "supported"
    for row in rows(data / "kqa" / "nli.jsonl"):
        yield "kqa", row["question"], row, row["label"] == "Entailment"
    for row in rows(data / "scifact" / "evidence.jsonl.gz"):
        if row["label"] in ("SUPPORT", "CONTRADICT"):
            yield "scifact", row["doc_id"], row, row["label"] == "SUPPORT"


def cases(data: Path) -> list[Case]:
    """All labelled responses, read."""
    found = []
    for name, group, row, supported in labelled(data):
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
        start = logistic(np.array(met["any", case_name]), np.zeros(2))
        table.setdefault("any", {})[case_name] = [round(float(value), 3) for value in start]
        for (name, at), pairs in sorted(met.items()):
            if at == case_name and name != "any":
                own = logistic(np.array(pairs), start)
                table.setdefault(name, {})[case_name] = [round(float(value), 3) for value in own]
    return table


def logistic(pairs: Array, prior: Array) -> Array:
    """Intercept and slope, drawn to a prior."""
    inputs = np.stack([np.ones(len(pairs)), pairs[:, 0]], axis=1)
    return newton(inputs, pairs[:, 1], np.ones(len(pairs)), prior, FIRM)


def newton(inputs: Array, labels: Array, weights: Array, prior: Array, firm: float) -> Array:
    """Weights of a logistic regression, drawn to a prior (Cox, 1958; ridge)."""
    found = prior.copy()
    for _ in range(40):
        share = 1 / (1 + np.exp(-np.clip(inputs @ found, -30, 30)))
        slope = inputs.T @ (weights * (share - labels)) + firm * (found - prior)
        curve = (inputs * (weights * share * (1 - share))[:, None]).T @ inputs + firm * np.eye(len(found))
        found = found - np.linalg.solve(curve, slope)
    return found


def fit(every: Sequence[Features], labels: Array, weights: Array, firm: float) -> dict[str, Any]:
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
    counts = Counter((case.name, case.supported) for case in every)
    weights = np.array([1.0 / counts[case.name, case.supported] for case in every])
    whole = [of_response(case.said, case.each()) for case in every]
    known["response"] = fit(whole, np.array([float(case.supported) for case in every]), weights, SETTLED)
    return known


def learn_statements(known: dict[str, Any], pairs: list[Case]) -> None:
    """How sure each check is, then what they weigh together in one statement."""
    known["sure"] = sure_table(pairs)
    told: list[Features] = []
    labels = []
    for case in pairs:
        low, high = case.span
        told += case.each()
        labels += [float(low < one.end and one.start < high) for one in case.said]
    known["statement"] = fit(told, np.array(labels), np.ones(len(labels)), FAR_SETTLED)


def auroc(yes: Array, no: Array) -> float:
    """How often one of `yes` is above one of `no`."""
    return float(((yes[:, None] > no[None]) + 0.5 * (yes[:, None] == no[None])).mean()) if len(yes) and len(no) else float("nan")


def figures(every: list[Case]) -> dict[str, dict[str, float]]:
    """For every set the AUROC and n; for the pairs also the shares called unsupported and ranked right."""
    each = [case.each() for case in every]
    scores = [probability(of_response(case.said, told)) for case, told in zip(every, each, strict=True)]
    found: dict[str, dict[str, float]] = {}
    for name in sorted({case.name for case in every}):
        own = [(score, case) for score, case in zip(scores, every, strict=True) if case.name == name]
        yes, no = (np.array([score for score, case in own if case.supported is side]) for side in (True, False))
        found[name] = {"auroc": round(auroc(yes, no), 3), "n": len(own)}
    pairs: dict[str, dict[bool, float]] = {}
    called: dict[bool, list[bool]] = {True: [], False: []}
    for score, case, told in zip(scores, every, each, strict=True):
        if case.name == "pairs":
            pairs.setdefault(case.row["pair"], {})[case.supported] = score
            called[case.supported].append(any(wrong(one) >= fitted()["threshold"] for one in told))
    both = [one[True] > one[False] for one in pairs.values() if len(one) == 2]
    found["pairs"] |= {
        "ranked right": round(float(np.mean(both)), 3),
        "faulty called unsupported": round(float(np.mean(called[False])), 3),
        "faithful called unsupported": round(float(np.mean(called[True])), 3),
    }
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    every = cases(parser.parse_args().data)
    learn([case for case in every if not case.held])
    held = figures([case for case in every if case.held])
    content = {
        "source": 'Fitted by tests/train/support.py on labelled statements beside their sources; "held" are the figures on the '
        "fourth of the groups that was left out then.",
        "date": date.today().isoformat(),
        "n": len(every),
        "held": held,
        **{name: value for name, value in learn(every).items() if name in ("sure", "statement", "threshold", "response")},
    }
    OUT.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    json.dump({"held": held, "all": figures(every)}, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
