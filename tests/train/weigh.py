"""Fits what the reader's logit weighs among all that speaks for a statement, and how far the best of them carries an answer.

usage: python -m tests.train.weigh QUESTIONS.jsonl… [--folders NAME,NAME…]
Writes "weights" into `rag/stages/reader/reader.json`. Only questions that the reader was not trained on may be given. Sets weigh
alike, whatever their size.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.commands.common import documents_at
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.stages.index.base import Index
from rag.stages.reader.candidates import FEATURES, measured
from rag.stages.reader.model import READER
from rag.values import Hit
from tests.train.prepare import lines, same

Array = NDArray[np.float64]
Row = dict[str, Any]
SETTLED = 1e-2
"""Weight of the squares of the weights."""


class Question:
    """A question's candidates: their features (candidates, features), which of them are gold, and whether any answer is there."""

    def __init__(self, features: Array, gold: NDArray[np.bool_], answerable: bool) -> None:
        self.features, self.gold, self.answerable = features, gold, answerable


def asked(file: Path, folders: Sequence[str] = ()) -> Iterator[tuple[Row, Sequence[Hit], Index]]:
    """Every question of a file with the hits of the default pipeline."""
    by: dict[tuple[str, ...], list[Row]] = {}
    for row in lines(file):
        row = {"docs": ["."], "unanswerable": not row["evidence"], **row}  # As the sample questions are written.
        if not folders or row["docs"] == ["."] or Path(row["docs"][0]).name in folders:
            by.setdefault(tuple(row["docs"]), []).append(row)
    pipeline, artifacts = Pipeline(), Artifacts()
    for docs, group in by.items():
        index = pipeline.prepare(documents_at([file.parent / place for place in docs]), artifacts)
        for row in group:
            search = pipeline.search(row["question"], index)
            yield {**row, "question": search.scope.topic or search.question}, search.hits, index


def question_of(row: Row, hits: Sequence[Hit], index: Index) -> Question:
    """A question's candidates as numbers."""
    found = measured(row["question"], hits, index)
    gold = row.get("evidence") or []
    right = [
        any(
            one["document"] == Path(c.span.document).name
            and same(one["quote"], index.documents[c.span.document].text[c.span.start : c.span.end])
            for one in gold
        )
        for c in found
    ]
    return Question(
        np.array([c.features for c in found], float).reshape(len(found), len(FEATURES)),
        np.array(right, bool),
        not row["unanswerable"],
    )


def fitted(sets: Sequence[Sequence[Question]]) -> Array:
    """The bias and the weights under which a right candidate, or none where none is right, has the greatest chance."""
    weights = np.zeros(1 + len(FEATURES))
    weights[:2] = (0.0, 1.0)
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    start = weights.copy()
    for step in range(1, 1201):
        slope = SETTLED * (weights - start)
        for questions in sets:
            for one in questions:
                slope = slope + _slope(weights, one) / (len(questions) * len(sets))
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        weights = weights - 0.03 * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return weights


def _slope(weights: Array, one: Question) -> Array:
    rows = np.concatenate([np.zeros((1, len(weights))), np.c_[np.ones(len(one.gold)), one.features]])
    right = np.concatenate([[not (one.answerable and one.gold.any())], one.gold])
    if one.answerable and not one.gold.any():
        return np.zeros_like(weights)  # The passage that answers was not found: nothing to learn about the choice.
    logits = rows @ weights
    chance = np.exp(logits - logits.max())
    among = chance * right
    return np.asarray(rows.T @ (chance / chance.sum() - among / among.sum()))


def report(name: str, weights: Array, questions: Sequence[Question]) -> None:
    """Prints what the choice reaches on a set."""
    best = [np.c_[np.ones(len(one.gold)), one.features] @ weights for one in questions]
    yes = [at for at, one in enumerate(questions) if one.answerable]
    no = [at for at, one in enumerate(questions) if not one.answerable]
    first = [bool(len(best[at]) and questions[at].gold[best[at].argmax()]) for at in yes]
    raw = [bool(len(best[at]) and questions[at].gold[questions[at].features[:, 0].argmax()]) for at in yes]
    held = [bool(questions[at].gold.any()) for at in yes]
    three = [bool(questions[at].gold[np.argsort(-best[at])[:3]].any()) for at in yes]
    tops = [max(one, default=-9.0) for one in best]
    area = np.mean([[(tops[a] > tops[b]) + 0.5 * (tops[a] == tops[b]) for b in no] for a in yes]) if no and yes else np.nan
    ok = dict(zip(yes, first, strict=True))
    bars = np.arange(-4, 4, 0.25)
    right = [(sum(ok[at] and tops[at] >= bar for at in yes) + sum(tops[at] < bar for at in no)) / len(questions) for bar in bars]
    print(
        f"{name}: n {len(questions)}, held {np.mean(held):.3f}, first {np.mean(first):.3f} (reader alone {np.mean(raw):.3f}), "
        f"three {np.mean(three):.3f}, AUROC {area:.3f}, "
        f"right at 0 {right[16]:.3f}, best {max(right):.3f} at {bars[int(np.argmax(right))]:+.2f}",
        flush=True,
    )


def main() -> None:
    """Fits on the files named, prints what is reached there and on those after --held, and writes the weights."""
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--folders", default="")
    parser.add_argument("--held", nargs="*", type=Path, default=[])
    parser.add_argument("--keep", action="store_true", help="write the weights into rag/stages/reader/reader.json")
    a = parser.parse_args()
    chosen = [name for name in a.folders.split(",") if name]
    sets = [[question_of(*one) for one in asked(file, chosen)] for file in a.files]
    weights = fitted(sets)
    print({name: round(float(value), 3) for name, value in zip(("bias", *FEATURES), weights, strict=True)})
    for file, questions in zip(a.files, sets, strict=True):
        report(file.stem, weights, questions)
    if a.keep:
        known = json.loads(READER.card.read_text("utf-8"))
        known["weights"] = {name: round(float(value), 4) for name, value in zip(("bias", *FEATURES), weights, strict=True)}
        READER.card.write_text(json.dumps(known, indent=1) + "\n", "utf-8")
    for file in a.held:
        report(f"held {file.stem}", weights, [question_of(*one) for one in asked(file)])


if __name__ == "__main__":
    main()
