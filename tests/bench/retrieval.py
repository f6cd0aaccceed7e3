"""Retrieval against gold labels: ranked abstracts for scientific claims, and answer characters among the first passages."""

from pathlib import Path

from rag.evaluate.measures import evidence_recall, ndcg
from rag.pipeline import Pipeline
from rag.stages.chunk.windows import Words
from rag.stages.index.base import Index
from rag.stages.rerank.late import LateInteraction
from rag.stages.retrieve import Convex, Dense, Terms
from rag.values import Span
from tests.bench.corpora import Settings, from_texts, model_needed, prepared, rows, titled
from tests.bench.figures import Figure, at_least, mean

DEPTH = 400  # Passages ranked for a claim, as `rag retrieve --top 100` ranks them.
FIRST = 5


def scifact(settings: Settings) -> list[Figure]:
    """nDCG@10 of whole abstracts for dense, terms and both, and of the default pipeline's passages."""
    folder = settings.folder("scifact")
    model_needed()
    documents = [titled(row) for row in rows(folder / "corpus.jsonl.gz")]
    relevant = relevant_documents(folder)
    claims = {row["id"]: row["text"] for row in rows(folder / "queries.jsonl") if row["id"] in relevant}
    whole = Words(size=1000, overlap=0)
    artifacts = settings.artifacts("scifact")
    figures = []
    for name, pipeline, target in (
        ("nDCG@10, whole abstracts, vectors", Pipeline(chunk=whole, retrieve=Dense()), at_least(0.655)),
        ("nDCG@10, whole abstracts, terms", Pipeline(chunk=whole, retrieve=Terms()), at_least(0.69)),
        ("nDCG@10, whole abstracts, both", Pipeline(chunk=whole, retrieve=Convex()), at_least(0.735)),
        ("nDCG@10, default pipeline", Pipeline(), None),
    ):
        index = prepared(pipeline, documents, artifacts)
        values = [ndcg(ranked(pipeline, claim, index), relevant[name]) for name, claim in claims.items()]
        figures.append(mean(name, values, target))
    return figures


def relevant_documents(folder: Path) -> dict[str, dict[str, float]]:
    """The gain of each relevant document, by claim."""
    relevant: dict[str, dict[str, float]] = {}
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines()[1:]:
        claim, document, gain = line.split("\t")
        relevant.setdefault(claim, {})[document] = float(gain)
    return relevant


def ranked(pipeline: Pipeline, question: str, index: Index) -> list[str]:
    """The documents in the order of their best passage."""
    deep = pipeline.retrieve.model_copy(update={"candidates": DEPTH})
    whole = pipeline.rerank.model_copy(update={"top": DEPTH})
    query = pipeline.expand(question, index)
    return list(dict.fromkeys(hit.chunk.span.document for hit in whole(question, deep(query, index), index)))


def covidqa(settings: Settings) -> list[Figure]:
    """The mean share of the answer's characters inside the first five passages."""
    folder = settings.folder("covidqa")
    model_needed()
    originals = {row["id"]: row["text"] for row in rows(folder / "corpus.jsonl.gz")}
    documents = from_texts(originals)
    loaded = {document.name: document.text for document in documents}
    changed = {name for name, text in originals.items() if loaded.get(f"{name}.txt") != text}
    questions = [row for row in rows(folder / "queries.jsonl") if row["doc_id"] not in changed]
    gold = [tuple(Span(f"{row['doc_id']}.txt", span["start"], span["end"]) for span in row["spans"]) for row in questions]
    artifacts = settings.artifacts("covidqa")
    windows = Words(size=128, overlap=32)
    figures = [Figure("documents whose loaded text differs", len(changed), n=len(originals), note="their questions are left out")]
    for name, pipeline, target in (
        ("evidence in the first 5, 128 words", Pipeline(chunk=windows), at_least(0.78)),
        ("evidence in the first 5, default pipeline", Pipeline(), None),
        ("evidence in the first 5, 128 words, late", Pipeline(chunk=windows, rerank=LateInteraction()), None),
    ):
        index = prepared(pipeline, documents, artifacts)
        values = []
        for row, spans in zip(questions, gold, strict=True):
            hits = pipeline.search(row["text"], index).hits
            values.append(evidence_recall([hit.chunk.span for hit in hits[:FIRST]], spans))
        figures.append(mean(name, values, target))
    return figures
