"""Every option that needs no model elsewhere, each put alone into the default pipeline, on both retrieval sets."""

from collections.abc import Callable, Iterator

from rag.commands.common import say
from rag.errors import WorkbenchError
from rag.evaluate.measures import evidence_recall, ndcg
from rag.keep.artifacts import Artifacts
from rag.pipeline import UNIONS, Pipeline
from rag.stage import options
from rag.values import Document, Span
from tests.bench.corpora import Settings, from_texts, model_needed, prepared, rows, titled
from tests.bench.figures import Figure, Skipped, mean
from tests.bench.retrieval import FIRST, ranked, relevant_documents

STAGES = ("chunk", "embed", "index", "expand", "retrieve", "rerank")
SERVERS = {  # What these show is their server's.
    "chat",
    "endpoint",
    "langchain",
    "store",
    "judge",
    "compressor",
    "rewrite",
    "queries",
    "decompose",
    "hyde",
}


def offline(settings: Settings) -> list[Figure]:
    """nDCG@10 on SciFact and evidence in the first five passages on COVID-QA for every offline option."""
    model_needed()
    figures = [*_scifact(settings), *_covidqa(settings)]
    say(readme_table(figures))
    return figures


def readme_table(figures: list[Figure]) -> str:
    """A row an option, a column a set: the value with its interval, and below it the change against the default."""
    held: dict[str, dict[str, str]] = {}
    for one in figures:
        measure, option = one.name.split(", ", 1)
        shown = f"{one.value:.3f} ({one.interval[0]:.3f} to {one.interval[1]:.3f})" if one.interval else "none"
        held.setdefault(option, {})[measure] = f"{shown}<br>{one.note}" if one.note else shown
    measures = list(dict.fromkeys(one.name.split(", ", 1)[0] for one in figures))
    lines = [f"| option | {' | '.join(measures)} |", f"|---|{'---|' * len(measures)}"]
    lines += [f"| {option} | {' | '.join(row.get(measure, '') for measure in measures)} |" for option, row in held.items()]
    return "\n".join(lines)


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
    default: list[float | None] = []
    for option, pipeline in _pipelines():
        try:
            values = measured(pipeline, artifacts)
        except (WorkbenchError, Skipped) as problem:
            yield Figure(f"{name}, {option}", float("nan"), n=0, note=str(problem)[:90])
            continue
        default = default or values
        note = "" if values is default else _against(values, default)
        yield mean(f"{name}, {option}", values, note=note)


def _against(values: list[float | None], default: list[float | None]) -> str:
    """The paired change against the default, with its interval; both score the same questions."""
    pairs = zip(values, default, strict=True)
    change = mean("", [None if None in (one, other) else one - other for one, other in pairs])  # type: ignore[operator]
    low, high = change.interval or (float("nan"),) * 2
    return f"{change.value:+.3f} ({low:+.3f} to {high:+.3f})"
