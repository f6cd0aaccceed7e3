"""Fits how far the likeliest statements carry an answer, and chooses the bar below which nothing is stated.

usage: python -m tests.train.calibrate --data ../shared/data [--keep]
Sets, weighed as clinical questions and public ones: the held folders beside this file, the sample questions, and public
questions whose gold document was left out half of the time (other topics: PubMedQA; same topic: COVID-QA). Writes
"confidence" and "operating" into `rag/stages/reader/reader.json`.
"""

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.commands.common import documents_at
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline, Search
from rag.stages.index.base import Index
from rag.stages.reader.candidates import Candidate, candidates
from rag.stages.reader.coverage import Asked
from rag.stages.reader.model import READER
from rag.stages.reader.whose import of_the_patient
from rag.stages.refuse.measure import evidence
from rag.values import Document
from tests.train.prepare import HELD, lines, same

Array = NDArray[np.float64]
Row = dict[str, Any]
NAMES = ("statements", "best", "apart", "covered", "many")
SAMPLES = 2.0  # The weight of the only set of many passages about many people.
BARS = np.arange(0.02, 0.99, 0.01)


def main() -> None:
    """Prints what the confidence parts on every set, and keeps it where that is asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--public", type=float, default=0.5, help="weight of each public set against one of clinical questions")
    parser.add_argument("--most", type=int, default=10_000, help="questions of each public set, drawn with a seed")
    parser.add_argument(
        "--own", type=int, default=10_000, help="questions of the held folders beside this file, drawn with a seed"
    )
    parser.add_argument(
        "--below", type=float, help="the bar to be kept; else the one under which most clinical questions end right"
    )
    a = parser.parse_args()
    fitted_on = {"longer documents": list(_folders(a.own)), "samples": list(_samples())}
    fitted_on |= {"other topics": list(_pubmedqa(a.data, a.most)), "same topic": list(_covidqa(a.data, a.most))}
    held = {"held folders": list(_held(a.data))}
    shares = {"longer documents": 1.0, "samples": SAMPLES}
    weights = _fitted([(rows, shares.get(name, a.public)) for name, rows in fitted_on.items()])
    told = dict(zip(("bias", *NAMES), (round(float(value), 4) for value in weights), strict=True))
    print(told)
    curves = {name: _curve(name, rows, weights) for name, rows in {**fitted_on, **held}.items()}
    clinical = [curves[name] for name in ("longer documents", "samples")]
    best = int(np.argmax(np.mean([curve["right"] for curve in clinical], axis=0)))
    if a.below is not None:
        best = int(np.abs(BARS - a.below).argmin())
    for name, curve in curves.items():
        print(
            f"{name}: at {BARS[best]:.2f} answerable refused {curve['lost'][best]:.3f}, unanswerable refused "
            f"{curve['spared'][best]:.3f}, right {curve['right'][best]:.3f} (its own best {max(curve['right']):.3f} "
            f"at {BARS[int(np.argmax(curve['right']))]:.2f})"
        )
    if a.keep:
        known = json.loads(READER.card.read_text("utf-8"))
        sets = {
            name: {
                "questions": len(rows),
                "answerable refused": round(float(curves[name]["lost"][best]), 3),
                "unanswerable refused": round(float(curves[name]["spared"][best]), 3),
            }
            for name, rows in {**fitted_on, **held}.items()
        }
        known |= {"confidence": told, "operating": {"below": round(float(BARS[best]), 2), "sets": sets}}
        READER.card.write_text(json.dumps(known, indent=1) + "\n", "utf-8")


Told = tuple[tuple[float, ...], bool, bool]
"""What speaks for an answer, whether there is one, and whether the likeliest statement is it."""


def _folders(most: int) -> Iterator[Told]:
    here = Path(__file__).parent
    rows = [row for file in sorted(here.glob("questions_*.jsonl")) for row in lines(file)]
    yield from _asked(_drawn([row for row in rows if Path(row["docs"][0]).name in HELD], most), here)


def _held(data: Path) -> Iterator[Told]:
    yield from _asked(lines(data / "reader" / "held.jsonl"), data / "reader")


def _samples() -> Iterator[Told]:
    root = Path("sample_data")
    rows = [{**row, "docs": ["."], "unanswerable": not row["evidence"]} for row in lines(root / "questions.jsonl")]
    yield from _asked(rows, root)


def _drawn(rows: list[Row], most: int) -> list[Row]:
    return random.Random(3).sample(rows, min(most, len(rows)))


def _asked(rows: Sequence[Row], root: Path) -> Iterator[Told]:
    by: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        by.setdefault(tuple(row["docs"]), []).append(row)
    pipeline, artifacts = Pipeline(), Artifacts()
    for docs, group in by.items():
        index = pipeline.prepare(documents_at([root / place for place in docs]), artifacts)
        for row in group:
            search = pipeline.search(row["question"], index)
            found = _found(search, index)
            right = False
            if found:
                text = index.documents[found[0].span.document].text[found[0].span.start : found[0].span.end]
                name = Path(found[0].span.document).name
                right = any(one["document"] == name and same(one["quote"], text) for one in row["evidence"])
            yield _features(search, index), not row["unanswerable"], right


def _pubmedqa(data: Path, most: int) -> Iterator[Told]:
    folder = data / "pubmedqa"
    questions = lines(folder / "queries.jsonl")
    kept = set(sorted(row["id"] for row in questions)[1::2])
    documents = [Document(row["id"], row["text"]) for row in lines(folder / "corpus.jsonl.gz") if row["id"] in kept]
    yield from _public(documents, [(row["text"], row["id"] in kept) for row in _drawn(questions, most)])


def _covidqa(data: Path, most: int) -> Iterator[Told]:
    folder = data / "covidqa"
    questions = lines(folder / "queries.jsonl")
    left_out = set(sorted({row["doc_id"] for row in questions})[::2])
    documents = [Document(row["id"], row["text"]) for row in lines(folder / "corpus.jsonl.gz") if row["id"] not in left_out]
    yield from _public(documents, [(row["text"], row["doc_id"] not in left_out) for row in _drawn(questions, most)])


def _public(documents: list[Document], asked: list[tuple[str, bool]]) -> Iterator[Told]:
    pipeline = Pipeline()
    index = pipeline.prepare(documents, Artifacts())
    for question, there in asked:
        yield _features(pipeline.search(question, index), index), there, there


def _features(search: Search, index: Index) -> tuple[float, ...]:
    topic = search.scope.topic or search.question
    held = evidence(topic, Asked.of(topic, index), _found(search, index), search.hits, index)
    return tuple(held[name] for name in NAMES)


def _found(search: Search, index: Index) -> list[Candidate]:
    return of_the_patient(search.question, candidates(search.scope.topic or search.question, search.hits, index), index)


def _fitted(sets: Sequence[tuple[list[Told], float]]) -> Array:
    """Logistic weights, bias first; within a set both outcomes weigh alike."""
    rows, target, weight = [], [], []
    for told, share in sets:
        known = np.array([there for _, there, _ in told])
        for features, there, _ in told:
            rows.append([1.0, *features])
            target.append(float(there))
            weight.append(share / 2 / max(1, int((known == there).sum())))
    x, y, w = np.array(rows), np.array(target), np.array(weight)
    w = w / w.sum()
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
    mean[0], spread[0] = 0.0, 1.0
    z, b = (x - mean) / spread, np.zeros(x.shape[1])
    for _ in range(60):  # Newton's steps with a little shrinkage.
        p = 1 / (1 + np.exp(-(z @ b)))
        slope = z.T @ (w * (p - y)) + 1e-3 * np.r_[0, b[1:]]
        bend = (z * (w * p * (1 - p))[:, None]).T @ z + 1e-3 * np.eye(len(b))
        b = b - np.linalg.solve(bend, slope)
    weights = b / spread
    weights[0] = b[0] - float((b[1:] * mean[1:] / spread[1:]).sum())
    return np.asarray(weights)


def _curve(name: str, told: list[Told], weights: Array) -> dict[str, Array]:
    """For every bar the shares of answerable and unanswerable questions refused, and of all that end right."""
    x = np.array([[1.0, *features] for features, _, _ in told])
    sure = 1 / (1 + np.exp(-(x @ weights)))
    there, right = np.array([one[1] for one in told]), np.array([one[2] for one in told])
    area = (sure[there][:, None] > sure[~there][None]).mean() + 0.5 * (sure[there][:, None] == sure[~there][None]).mean()
    print(f"{name}: n {len(told)}, AUROC {area:.3f}, first right {right[there].mean():.3f}")
    refused = sure[None] < BARS[:, None]
    return {
        "lost": refused[:, there].mean(axis=1),
        "spared": refused[:, ~there].mean(axis=1),
        "right": (refused & ~there | ~refused & right & there).mean(axis=1),
    }


if __name__ == "__main__":
    main()
