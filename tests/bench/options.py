"""Every option that needs no model elsewhere, each put alone into the default pipeline, on both retrieval sets."""

from collections.abc import Callable, Iterator

from rag.artifacts import Artifacts
from rag.errors import WorkbenchError
from rag.evaluate.measures import evidence_recall, ndcg
from rag.pipeline import UNIONS, Pipeline
from rag.stage import options
from rag.values import Document, Span
from tests.bench.corpora import Settings, from_texts, model_needed, prepared, rows, titled
from tests.bench.figures import Figure, Skipped, mean
from tests.bench.retrieval import FIRST, ranked, relevant_documents

STAGES = ("chunk", "embed", "index", "expand", "retrieve", "rerank")
SERVERS = {"chat", "endpoint", "langchain", "store", "judge", "compressor"}  # What these show is their server's.


def offline(settings: Settings) -> list[Figure]:
    """nDCG@10 on SciFact and evidence in the first five passages on COVID-QA for every offline option."""
    model_needed()
    return [*_scifact(settings), *_covidqa(settings)]


def _pipelines() -> Iterator[tuple[str, Pipeline]]:
    yield "default", Pipeline()
    default = Pipeline().model_dump()
    for stage in STAGES:
        for kind, option in options(UNIONS[stage]).items():
            if kind not in SERVERS and kind != default[stage]["kind"]:
                try:
                    yield f"{stage}: {kind}", Pipeline.model_validate({**default, stage: option().model_dump()})
                except ValueError:  # Settings that do not go together, such as late interaction without token vectors.
                    continue


def _scifact(settings: Settings) -> Iterator[Figure]:
    folder = settings.folder("scifact")
    documents = [titled(row) for row in rows(folder / "corpus.jsonl.gz")]
    relevant = relevant_documents(folder)
    claims = {row["id"]: row["text"] for row in rows(folder / "queries.jsonl") if row["id"] in relevant}

    def measured(pipeline: Pipeline, artifacts: Artifacts) -> list[float | None]:
        index = prepared(pipeline, documents, artifacts)
        return [ndcg(ranked(pipeline, claim, index), relevant[name]) for name, claim in claims.items()]

    yield from _each("SciFact nDCG@10", measured, settings.artifacts("scifact"))


def _covidqa(settings: Settings) -> Iterator[Figure]:
    folder = settings.folder("covidqa")
    documents: list[Document] = from_texts({row["id"]: row["text"] for row in rows(folder / "corpus.jsonl.gz")})
    questions = rows(folder / "queries.jsonl")

    def measured(pipeline: Pipeline, artifacts: Artifacts) -> list[float | None]:
        index = prepared(pipeline, documents, artifacts)
        values = []
        for row in questions:
            gold = tuple(Span(f"{row['doc_id']}.txt", span["start"], span["end"]) for span in row["spans"])
            hits = pipeline.search(row["text"], index).hits
            values.append(evidence_recall([hit.chunk.span for hit in hits[:FIRST]], gold))
        return values

    yield from _each("COVID-QA evidence in 5", measured, settings.artifacts("covidqa"))


def _each(name: str, measured: Callable[[Pipeline, Artifacts], list[float | None]], artifacts: Artifacts) -> Iterator[Figure]:
    for option, pipeline in _pipelines():
        try:
            yield mean(f"{name}, {option}", measured(pipeline, artifacts))
        except (WorkbenchError, Skipped) as problem:
            yield Figure(f"{name}, {option}", float("nan"), n=0, note=str(problem)[:90])
