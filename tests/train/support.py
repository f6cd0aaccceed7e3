"""Fits how sure the checks are, and the weights of the score, on labelled statements beside their sources.

usage: python -m tests.train.support DATA_FOLDER
The folder holds reader/support.jsonl, mts_dialog/, expertqa/, clapnq_human/, kqa/ and scifact/. A fourth of the groups, by a hash
of their name, is left out while the held-out figures are measured; what is written was fitted on all of them. Sets weigh alike,
whatever their size; the fault pairs weigh as three sets.
"""

import argparse
import gzip
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.stages.verify.checks import CHECKS
from rag.stages.verify.checks.base import Verdict
from rag.stages.verify.support import features
from rag.stages.verify.texts import source_of, statements

OUT = Path(__file__).parents[2] / "rag" / "stages" / "verify" / "support.json"
FOURTH, SETTLED, FIRM = 4, 3.0, 2.0
SHARES = {"pairs": 3.0}
WHOLE = ("negation", "addition")
"""Checks that speak of a whole statement: the planted words may be others than those they name."""
Array = NDArray[np.float64]
Row = dict[str, Any]


@dataclass
class Case:
    """A response: of which set and group, its features, its verdicts, and whether all of it is supported."""

    row: Row
    group: str
    name: str
    supported: bool
    found: dict[str, float]
    verdicts: list[Verdict]
    places: dict[int, tuple[int, int]]

    @property
    def held(self) -> bool:
        return int(sha256(self.group.encode()).hexdigest(), 16) % FOURTH == 0


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
        places = {id(one): (own.start, own.end) for own, met in zip(said, verdicts, strict=True) for one in met}
        every = [one for own in verdicts for one in own]
        found.append(Case(row, str(group), name, supported, features(said, verdicts, source), every, places))
    return found


def sure_table(every: list[Case]) -> dict[str, dict[str, list[float]]]:
    """For every check and case a logistic of the lead: how often what was met is the planted fault. Few are drawn to all."""
    met: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for case in every:
        if case.name != "pairs":
            continue
        span = case.row["span"] if case.row["fault"] else None
        low = case.row["response"].find(span) if span else -1
        high = low + len(span) if span else -1
        for one in case.verdicts:
            if one.case:
                start, end = case.places[id(one)] if one.check in WHOLE else one.said
                wrong = float(low < end and start < high)
                for name in (one.check, "any"):
                    met.setdefault((name, one.case), []).append((one.lead, wrong))
    table: dict[str, dict[str, list[float]]] = {}
    for case_name in ("same", "rival", "missing"):
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


def weighed(every: list[Case]) -> tuple[float, dict[str, float]]:
    """Bias and weights of the score."""
    names = list(every[0].found)
    inputs = np.array([[case.found.get(name, 0.0) for name in names] for case in every])
    spread = inputs.std(axis=0)
    kept = [at for at, value in enumerate(spread) if value > 0]
    middle = inputs[:, kept].mean(axis=0)
    scaled = np.hstack([(inputs[:, kept] - middle) / spread[kept], np.ones((len(every), 1))])
    counts: dict[tuple[str, bool], int] = {}
    for case in every:
        counts[case.name, case.supported] = counts.get((case.name, case.supported), 0) + 1
    sets = {name for name, _ in counts}
    weights = np.array([SHARES.get(case.name, 1.0) / counts[case.name, case.supported] for case in every])
    weights *= len(every) / weights.sum()
    labels = np.array([float(case.supported) for case in every])
    own = newton(scaled, labels, weights, np.zeros(scaled.shape[1]), SETTLED * len(sets))
    slopes = own[:-1] / spread[kept]
    bias = float(own[-1] - slopes @ middle)
    return round(bias, 4), {
        names[at]: round(float(value), 4) for at, value in zip(kept, slopes, strict=True) if abs(value) > 1e-4
    }


def auroc(yes: Array, no: Array) -> float:
    """How often one of `yes` is above one of `no`."""
    return float(((yes[:, None] > no[None]) + 0.5 * (yes[:, None] == no[None])).mean()) if len(yes) and len(no) else float("nan")


def figures(every: list[Case], bias: float, weights: dict[str, float]) -> dict[str, dict[str, float]]:
    """For every set the AUROC and n; for the pairs also the share that is ranked right."""
    scores = [bias + sum(weights.get(name, 0.0) * value for name, value in case.found.items()) for case in every]
    found: dict[str, dict[str, float]] = {}
    for name in sorted({case.name for case in every}):
        own = [(score, case) for score, case in zip(scores, every, strict=True) if case.name == name]
        yes, no = (np.array([score for score, case in own if case.supported is side]) for side in (True, False))
        found[name] = {"auroc": round(auroc(yes, no), 3), "n": len(own)}
    pairs: dict[str, dict[bool, float]] = {}
    for score, case in zip(scores, every, strict=True):
        if case.name == "pairs":
            pairs.setdefault(case.row["pair"], {})[case.supported] = score
    both = [one[True] > one[False] for one in pairs.values() if len(one) == 2]
    found["pairs"]["ranked right"] = round(float(np.mean(both)), 3) if both else float("nan")
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    every = cases(parser.parse_args().data)
    learnt = [case for case in every if not case.held]
    held = figures([case for case in every if case.held], *weighed(learnt))
    bias, weights = weighed(every)
    content = {
        "source": "Fitted by tests/train/support.py on labelled statements beside their sources; \"held\" are the figures on the "
        "fourth of the groups that was left out then.",
        "date": date.today().isoformat(),
        "n": len(every),
        "held": held,
        "sure": sure_table(every),
        "bias": bias,
        "weights": weights,
    }  # fmt: skip
    OUT.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    json.dump({"held": held, "all": figures(every, bias, weights)}, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
