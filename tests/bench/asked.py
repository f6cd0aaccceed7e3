"""Clinical questions to folders of documents: is the answer said first, is what is shown evidence, is the rest refused?"""

import random
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rag.commands.common import documents_at
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.stages.refuse.never import Never
from rag.values import Answer
from tests.bench.corpora import PROJECT, Settings, model_needed, rows
from tests.bench.figures import Figure, auroc, share
from tests.train.notes import folder as made
from tests.train.prepare import HELD, same

PATIENTS, EACH = 10, 20
LONGER = 600  # Questions over the longer documents, drawn with a seed.
Row = dict[str, Any]


def asked(settings: Settings) -> list[Figure]:
    """First and any citation on gold, citations on gold of all given, refusals right and wrong, for each set of questions."""
    model_needed()
    samples = PROJECT / "sample_data"
    own = [{**row, "docs": ["."], "unanswerable": not row["evidence"]} for row in rows(samples / "questions.jsonl")]
    train = PROJECT / "tests" / "train"
    long = [row for file in sorted(train.glob("questions_*.jsonl")) for row in rows(file) if Path(row["docs"][0]).name in HELD]
    drawn = random.Random(3).sample(long, min(LONGER, len(long)))
    figures = [*_set("samples", own, samples), *_set("longer documents", drawn, train)]
    reader = settings.data / "reader"
    if (reader / "held.jsonl").is_file():
        figures += _set("held folders", rows(reader / "held.jsonl"), reader)
    return [*figures, *_mixed(), _superseded_first(samples)]


def _mixed() -> list[Figure]:
    """200 questions, each naming one of ten patients, to the notes of all ten: is anything of another patient stated?"""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        asked = [row for number in range(PATIENTS) for row in made(random.Random(number), f"patient{number}", folder)[:EACH]]
        pipeline = Pipeline(refuse=Never())
        index = pipeline.prepare(documents_at([folder / "folders"]), Artifacts())
        patients = {row["docs"][0]: next((folder / row["docs"][0]).iterdir()).stem.rsplit("_", 1)[1] for row in asked}
        wrong: list[bool] = []
        other: list[bool] = []
        for row in asked:
            mine = patients[row["docs"][0]]
            question = row["question"] if mine in row["question"] else f"{row['question'].rstrip('?')} in {mine}?"
            answer = pipeline.ask(question, index)
            stated = [index.documents[one.span.document].patient for claim in answer.claims for one in claim.citations]
            other += [patient not in ("", mine) for patient in stated]
            wrong.append(any(patient not in ("", mine) for patient in stated))
    return [
        share("ten patients in one collection: a statement of another patient than the one named", wrong),
        share("ten patients in one collection: of all citations given", other),
    ]


def _superseded_first(samples: Path) -> Figure:
    """Sample questions whose first statement is of a superseded edition and does not say so."""
    pipeline = Pipeline(refuse=Never())
    index = pipeline.prepare(documents_at([samples]), Artifacts())
    wrong = []
    for row in rows(samples / "questions.jsonl"):
        first = pipeline.ask(row["question"], index).claims[:1]
        standings = [index.standings.get(one.span.document) for claim in first for one in claim.citations]
        old = any(standing is not None and not standing.in_force for standing in standings)
        wrong.append(old and not any("superseded" in mark for mark in first[0].marks))
    return share("samples: first statement superseded without its mark", wrong)


def _set(name: str, questions: Iterable[Row], root: Path) -> list[Figure]:
    by: dict[tuple[str, ...], list[Row]] = {}
    for row in questions:
        by.setdefault(tuple(row["docs"]), []).append(row)
    pipeline, artifacts = Pipeline(), Artifacts()
    told: list[tuple[Row, Answer]] = []
    for docs, group in by.items():
        index = pipeline.prepare(documents_at([root / place for place in docs]), artifacts)
        told += [(row, pipeline.ask(row["question"], index)) for row in group]
    yes = [(row, answer) for row, answer in told if not row["unanswerable"]]
    no = [answer for row, answer in told if row["unanswerable"]]
    cited = [
        [_on(row, one.span.document, one.quote) for claim in answer.claims for one in claim.citations]
        if not answer.refused
        else []
        for row, answer in yes
    ]
    found = [any(_on(row, hit.chunk.span.document, hit.chunk.text) for hit in answer.hits) for row, answer in yes]
    first = [one[:1] == [True] for one in cited]
    return [
        share(f"{name}: gold among the hits", found),
        share(f"{name}: first citation on gold", first),
        share(f"{name}: any citation on gold", [any(one) for one in cited]),
        share(f"{name}: citations on gold, of all given", [right for one in cited for right in one]),
        share(f"{name}: answerable refused", [answer.refused for _, answer in yes]),
        share(f"{name}: unanswerable refused", [answer.refused for answer in no]),
        auroc(f"{name}: AUROC of the confidence", [a.confidence for _, a in yes], [a.confidence for a in no]),
        share(f"{name}: first on gold, or rightly refused", [*first, *(answer.refused for answer in no)]),
    ]


def _on(row: Row, document: str, text: str) -> bool:
    return any(one["document"] == Path(document).name and same(one["quote"], text) for one in row["evidence"])
