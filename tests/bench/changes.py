"""What a change of settings costs with 10,000 passages, beside a plain LangChain script that is rebuilt at every change."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.stages.chunk.sections import Sections
from rag.stages.embed.minilm import MiniLM
from rag.stages.prompt import Plain
from rag.stages.rerank.diversity import Diverse
from rag.stages.rerank.keep import Keep
from rag.stages.retrieve import Convex
from rag.values import Document
from tests.bench.corpora import Settings, model_needed, rows, titled
from tests.bench.figures import Figure, at_most
from tests.bench.latency import EVERY, PASSAGES, changed, embedded, exactly, median, timed

QUESTIONS = 20
SMALLER = Sections(size=159)  # One word less: nearly every passage of more than 160 words is cut elsewhere.


def changes(settings: Settings) -> list[Figure]:
    """Milliseconds from a changed setting to the new answer, the vectors computed, and what LangChain takes for the same."""
    folder = settings.folder("medquad_liveqa")
    model_needed()
    pipeline = Pipeline(embed=MiniLM())
    documents = exactly(PASSAGES, [titled(row) for row in rows(folder / "corpus.jsonl.gz")][::EVERY], pipeline.chunk)
    questions = [row["text"] for row in rows(folder / "queries.jsonl") if row["text"]][:QUESTIONS]
    with TemporaryDirectory() as temporary:
        artifacts = Artifacts(Path(temporary))
        with embedded() as texts:
            first, index = timed(lambda: pipeline.prepare(documents, artifacts))
        built = len(texts)
        for question in questions:
            pipeline.ask(question, index)
        figures = [
            Figure("passages", len(index.chunks)),
            Figure("ours: from documents to index, the first time", first / 1000, "s", n=1, note=f"{built:,} texts embedded"),
        ]
        for name, change in (
            ("reranker", {"rerank": Diverse()}),
            ("k", {"rerank": Keep(top=12)}),
            ("threshold", {"retrieve": Convex(minimum=0.4)}),
            ("prompt", {"prompt": Plain()}),
        ):
            with embedded() as texts:
                times = [changed(pipeline, change, documents, artifacts, question) for question in questions]
            passages = sum(text in {chunk.indexed for chunk in index.chunks} for text in texts)
            figures += [
                median(f"ours: {name} changed, median", times, at_most(150)),
                Figure(f"ours: passage vectors computed for another {name}", passages, target=at_most(0), n=len(times)),
            ]
        figures += _other_chunker(pipeline, documents, artifacts, questions[0])
    plain = [_langchain(documents, question) for question in questions[:1]]
    figures.append(
        Figure("LangChain script, rebuilt at a change", plain[0] / 1000, "s", n=1, note="splitter, same MiniLM, FAISS, search")
    )
    fastest = statistics.median(changed(pipeline, {"rerank": Diverse()}, documents, artifacts, q) for q in questions)
    return [*figures, Figure("ours against the script, reranker changed", plain[0] / fastest, "x", n=len(questions))]


def _other_chunker(pipeline: Pipeline, documents: Sequence[Document], artifacts: Artifacts, question: str) -> list[Figure]:
    known = {chunk.indexed for chunk in pipeline.divide(documents, artifacts)}
    other = pipeline.model_copy(update={"chunk": SMALLER})
    wanted = {chunk.indexed for chunk in other.divide(documents, artifacts)}
    with embedded() as texts:
        taken, _ = timed(lambda: other.ask(question, other.prepare(documents, artifacts)))
    again = sum(text in known for text in texts)
    return [
        Figure("ours: chunker changed", taken / 1000, "s", n=1, note=f"{len(wanted - known):,} texts never seen before"),
        Figure("ours: texts embedded again though known", again, target=at_most(0), n=len(texts)),
    ]


def _langchain(documents: Sequence[Document], question: str) -> float:
    """Milliseconds for what such a script does at every change: split, embed and index everything, then search."""
    from langchain_community.vectorstores import FAISS
    from langchain_core.embeddings import Embeddings
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    class Same(Embeddings):
        """The same MiniLM, so that only the way of working differs."""

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return MiniLM()(texts).tolist()  # type: ignore[no-any-return]

        def embed_query(self, text: str) -> list[float]:
            return self.embed_documents([text])[0]

    def run() -> Any:
        splitter = RecursiveCharacterTextSplitter(chunk_size=900, chunk_overlap=150)
        pieces = splitter.create_documents([document.text for document in documents])
        return FAISS.from_documents(pieces, Same()).similarity_search(question, k=8)

    return timed(run)[0]
