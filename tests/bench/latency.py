"""Waiting time with 10,000 passages: a first answer, a change of reranker, late interaction, and the memory it takes."""

import random
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from rag.embedding import Progress, Vectors, silent
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.stages.chunk import Chunker
from rag.stages.embed.minilm import MiniLM
from rag.stages.rerank.diversity import Diverse
from rag.stages.rerank.late import LateInteraction
from rag.values import Answer, Document
from tests.bench.corpora import Settings, model_needed, prepared, rows, titled
from tests.bench.figures import Figure, Target, at_most, percentile, share

PASSAGES = 10_000
EVERY = 3  # Of the corpus every third document, so that all its sources are there.
QUESTIONS = 50
CHANGES = 20
WARM = "Is there a vaccine against shingles?"


def latency(settings: Settings) -> list[Figure]:
    """Times of a workspace on disk that has just been opened, for questions that it was never asked."""
    folder = settings.folder("medquad_liveqa")
    model_needed()
    pipeline = Pipeline(embed=MiniLM())
    corpus = [titled(row) for row in rows(folder / "corpus.jsonl.gz")]
    documents = exactly(PASSAGES, corpus[::EVERY], pipeline.chunk)
    others = [document.title for document in corpus[1::EVERY]]  # Questions that a site answered on a page left out here.
    kept = settings.cache / "latency"
    prepared(pipeline, documents, Artifacts(kept))
    with tempfile.TemporaryDirectory() as temporary:
        opened = Path(temporary) / "workspace"
        shutil.copytree(kept, opened, ignore=shutil.ignore_patterns("*-shm"))
        questions = [row["text"] for row in rows(folder / "queries.jsonl") if row["text"]]
        random.Random(1).shuffle(others)
        return _measured(pipeline, documents, Artifacts(opened), [*questions, *others])


def _measured(pipeline: Pipeline, documents: list[Document], artifacts: Artifacts, questions: Sequence[str]) -> list[Figure]:
    opening, index = timed(lambda: pipeline.prepare(documents, artifacts))
    first, _ = timed(lambda: pipeline.ask(WARM, index))
    passages = {chunk.indexed for chunk in index.chunks}

    times: list[float] = []
    answers: list[Answer] = []
    refused: list[float] = []
    for question in questions:
        taken, answer = timed(lambda question=question: pipeline.ask(question, index))  # type: ignore[misc]
        if answer.refused:
            refused.append(taken)
            continue
        times.append(taken)
        answers.append(answer)
        if len(answers) == QUESTIONS:
            break
    asked = [answer.question for answer in answers[:CHANGES]]
    copied = [claim.supported is True for answer in answers for claim in answer.claims]

    with embedded() as texts:
        diverse = [changed(pipeline, {"rerank": Diverse()}, documents, artifacts, question) for question in asked]
    late = {"rerank": LateInteraction()}
    late_first = [changed(pipeline, late, documents, artifacts, question) for question in asked]
    late_again = [changed(pipeline, late, documents, artifacts, question) for question in asked]

    stages = {stage: statistics.median(answer.ms[stage] for answer in answers) for stage in answers[0].ms}
    return [
        Figure("passages", len(index.chunks), n=len(documents), note="documents counted beside"),
        Figure("opening the kept index", opening, "ms", n=1),
        Figure("first question after opening", first, "ms", n=1, note="loads the model"),
        median("question to verified answer, median", times, at_most(60)),
        Figure("question to verified answer, 95th percentile", percentile(times, 95), "ms", n=len(times)),
        *(Figure(f"  of it {stage}, median", value, "ms", n=len(answers)) for stage, value in stages.items()),
        *([median("question to refusal, median", refused)] if refused else []),
        share("statements word for word in the source", copied),
        median("reranker changed to diverse, median", diverse, at_most(150)),
        Figure("passage vectors computed for it", sum(text in passages for text in texts), target=at_most(0), n=len(asked)),
        Figure("sentence vectors computed for it", sum(text not in passages for text in texts), n=len(asked)),
        median("late interaction, first time, median", late_first),
        median("late interaction, second time, median", late_again, at_most(400)),
        Figure("peak memory of the process", peak_megabytes(), "MB"),
    ]


def exactly(wanted: int, documents: Sequence[Document], chunk: Chunker) -> list[Document]:
    """The first documents that together have exactly so many passages; one that would pass the number is left out."""
    chosen, left = [], wanted
    for document in documents:
        passages = sum(1 for _ in chunk(document))
        if passages <= left:
            chosen.append(document)
            left -= passages
        if not left:
            break
    return chosen


def changed(pipeline: Pipeline, change: dict[str, Any], documents: list[Document], artifacts: Artifacts, question: str) -> float:
    """Milliseconds from a changed setting to the new answer, with the plan that the page shows before."""

    def run() -> Answer:
        changed = pipeline.model_copy(update=change)
        changed.plan(documents, artifacts)
        return changed.ask(question, changed.prepare(documents, artifacts))

    return timed(run)[0]


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = run()
    return 1000 * (time.perf_counter() - started), result


def median(name: str, times: Sequence[float], target: Target | None = None) -> Figure:
    note = f"{percentile(times, 25):.0f} to {percentile(times, 75):.0f} in the middle half"
    return Figure(name, statistics.median(times), "ms", target, len(times), note=note)


@contextmanager
def embedded() -> Iterator[list[str]]:
    """The texts that MiniLM embeds meanwhile."""
    texts: list[str] = []
    plain = MiniLM.__call__

    def counting(self: MiniLM, given: Sequence[str], progress: Progress = silent) -> Vectors:
        texts.extend(given)
        return plain(self, given, progress)

    with patch.object(MiniLM, "__call__", counting):
        yield texts


def peak_megabytes() -> float:
    """The most memory this process has held; Linux's own count, since `getrusage` also knows the parent's."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024 / (1024 if sys.platform == "darwin" else 1)
