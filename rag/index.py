"""Index: terms and vectors of the same passages side by side, searched under the same filter."""

import logging
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeGuard

import bm25s
import faiss
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from rag.artifacts import Artifacts
from rag.embed.base import Embedding, Vectors
from rag.load.structure.provenance import in_force
from rag.stage import Stage
from rag.text import lines, sentences, terms
from rag.values import Chunk, Document, Filter, Span

logging.getLogger("bm25s").setLevel(logging.WARNING)

BACKGROUND = 3000
Scores = NDArray[np.float32]
Rows = NDArray[np.int64]


@dataclass
class Index:
    """Passages ready to be searched. `vectors` is None where no step of the pipeline reads them."""

    documents: dict[str, Document]
    chunks: Sequence[Chunk]
    bm25: bm25s.BM25 | None
    stem: bool
    vectors: Vectors | None
    nearest: faiss.Index | None
    embedder: Embedding
    artifacts: Artifacts
    _asked: dict[str, Vectors] = field(default_factory=dict)
    _sentences: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    @cached_property
    def row_of(self) -> dict[Chunk, int]:
        """The row of a passage."""
        return {chunk: row for row, chunk in enumerate(self.chunks)}

    def parent_of(self, chunk: Chunk) -> Chunk:
        """The wider passage that goes into the prompt in place of this one; the passage itself where it has none."""
        span = chunk.parent
        if span is None:
            return chunk
        document = self.documents[span.document]
        page = document.page_at(span.start)
        text = document.text[span.start : span.end]
        return replace(chunk, span=span, text=text, page=page.number if page else None, parent=None)

    def rows_of(self, chunk: Chunk) -> list[int]:
        """The row of a passage, or the rows of the passages whose parent it is."""
        return [self.row_of[chunk]] if chunk in self.row_of else self._children.get(chunk.span, [])

    @cached_property
    def _children(self) -> dict[Span, list[int]]:
        found: dict[Span, list[int]] = {}
        for row, chunk in enumerate(self.chunks):
            if chunk.parent:
                found.setdefault(chunk.parent, []).append(row)
        return found

    def allowed(self, only: Filter) -> Rows:
        """The rows that a filter lets through, in order."""
        if only == Filter():
            return np.arange(len(self.chunks), dtype=np.int64)
        names = {name for name, document in self.documents.items() if only.allows(document)}
        if only.in_force:
            names &= in_force(self.documents.values(), date.today().isoformat())
        return np.array([row for row, c in enumerate(self.chunks) if c.span.document in names], np.int64)

    def sentences(self, span: Span) -> list[tuple[int, int]]:
        """The sentences that lie whole in this stretch of a document (rows, in a table); the cut ones where none does."""
        if span.document not in self._sentences:
            document = self.documents[span.document]
            self._sentences[span.document] = (lines if document.format in {"table", "workbook"} else sentences)(document.text)
        found = self._sentences[span.document]
        first = max(bisect_right(found, (span.start, span.start)) - 1, 0)
        last = bisect_left(found, (span.end, span.end))
        whole = [(start, end) for start, end in found[first:last] if span.start <= start and end <= span.end]
        cut = ((max(start, span.start), min(end, span.end)) for start, end in found[first:last])
        return whole or [(start, end) for start, end in cut if start < end]

    def question_vector(self, question: str) -> Vectors:
        """The question's vector, shape (d,); the last ones are kept."""
        if question not in self._asked:
            if len(self._asked) > 256:
                self._asked.clear()
            self._asked[question] = self.embedder([question])[0]
        return self._asked[question]

    def term_scores(self, question: str, added: Sequence[tuple[str, float]] = ()) -> Scores:
        """The BM25 score of every passage (Robertson & Zaragoza, 2009; Lucene's variant), shape (passages,).

        `added` are further words, each with the weight that it has against a word of the question.
        """
        scores = np.zeros(len(self.chunks), np.float32)
        for weight, words in [(1.0, [question]), *_by_weight(added).items()]:
            known = [term for word in words for term in terms(word, self.stem) if self.bm25 and term in self.bm25.vocab_dict]
            if known and self.bm25 is not None:
                scores += weight * np.asarray(self.bm25.get_scores(known), np.float32)
        return scores

    def freshness(self, rows: Rows, half_life: int) -> Scores:
        """For each row 1 where its document is as new as the newest of all, half of that every `half_life` days before it.

        A document without a date counts as old as the oldest.
        """
        days = {name: date.fromisoformat(document.date) for name, document in self.documents.items() if _is_day(document.date)}
        if not days:
            return np.ones(len(rows), np.float32)
        newest, oldest = max(days.values()), min(days.values())
        ages = [(newest - days.get(self.chunks[row].span.document, oldest)).days for row in rows]
        return np.asarray(0.5 ** (np.array(ages) / half_life), np.float32)

    def rarity(self, term: str, common: float) -> float:
        """The inverse document frequency of a term as BM25 weighs it, where a share `common` of all passages would hold it.

        A background of passages of general English keeps a small corpus from calling everyday words rare.
        """
        total = len(self.chunks) + BACKGROUND
        count = self._counts.get(term, 0) + BACKGROUND * common
        return float(np.log1p((total - count + 0.5) / (count + 0.5)))

    @cached_property
    def _counts(self) -> dict[str, int]:
        if self.bm25 is None:
            return {}
        starts = self.bm25.scores["indptr"]
        return {term: int(starts[at + 1] - starts[at]) for term, at in self.bm25.vocab_dict.items() if term}

    def similar(self, vector: Vectors, top: int, rows: Rows) -> tuple[Rows, Scores]:
        """The `top` nearest of these rows with their cosine, nearest first."""
        if self.nearest is None or not len(rows):
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        search: dict[str, Any] = {}
        if len(rows) < len(self.chunks):
            graph = isinstance(self.nearest, faiss.IndexHNSW)
            kind = faiss.SearchParametersHNSW if graph else faiss.SearchParameters  # type: ignore[attr-defined]
            search["params"] = kind(sel=faiss.IDSelectorBatch(rows))  # type: ignore[call-arg]
        scores, found = self.nearest.search(vector[None, :], min(top, len(rows)), **search)
        there = found[0] >= 0
        return found[0][there].astype(np.int64), scores[0][there]

    def cosines(self, vector: Vectors, rows: Rows) -> Scores:
        """The exact cosine of each of these rows to a vector."""
        if self.vectors is None:
            raise ValueError("this index was prepared without vectors")
        return np.asarray(self.vectors[rows] @ vector, np.float32)


def _by_weight(added: Sequence[tuple[str, float]]) -> dict[float, list[str]]:
    weighed: dict[float, list[str]] = {}
    for word, weight in added:
        weighed.setdefault(weight, []).append(word)
    return weighed


def _is_day(written: str | None) -> TypeGuard[str]:
    return written is not None and len(written) == len("2024-03-14")


class Indexing(Stage):
    """What every index has: the settings of its terms."""

    k1: float = Field(default=0.9, ge=0.0, le=3.0, description="BM25: how much repeating a term counts")
    b: float = Field(default=0.4, ge=0.0, le=1.0, description="BM25: how much long passages are held back")
    stem: bool = Field(default=True, description="Terms match across endings (dose, doses, dosing)")

    def vector_index(self, dimension: int) -> faiss.Index:
        """An empty FAISS index for unit vectors of this length."""
        raise TypeError(f"{type(self).__name__} has no vector index")

    def __call__(
        self,
        documents: Sequence[Document],
        chunks: Sequence[Chunk],
        vectors: Vectors | None,
        embedder: Embedding,
        artifacts: Artifacts,
        key: str,
    ) -> Index:
        """The index of these passages; read from disk where this key was built before."""
        folder = artifacts.place("index", key, (document.name for document in documents))
        nearest = None if vectors is None else self._nearest(vectors, folder and folder / "vectors.faiss")
        return Index(
            {document.name: document for document in documents},
            chunks,
            self._bm25(chunks, folder and folder / "terms"),
            self.stem,
            vectors,
            nearest,
            embedder,
            artifacts,
        )

    def _bm25(self, chunks: Sequence[Chunk], folder: Path | None) -> bm25s.BM25 | None:
        if folder and (folder / "params.index.json").is_file():
            return bm25s.BM25.load(folder, allow_pickle=False)
        tokens = [terms(chunk.indexed, self.stem) for chunk in chunks]
        if not any(tokens):
            return None
        made = bm25s.BM25(k1=self.k1, b=self.b, method="lucene")
        made.index(tokens, show_progress=False)
        if folder:
            made.save(folder, show_progress=False, allow_pickle=False)
        return made

    def _nearest(self, vectors: Vectors, path: Path | None) -> faiss.Index:
        if path and path.is_file():
            return faiss.read_index(str(path))
        made = self.vector_index(vectors.shape[1])
        made.add(np.ascontiguousarray(vectors))
        if path:
            faiss.write_index(made, str(path))
        return made


class Exact(Indexing):
    """Compares the question with every vector: no neighbour is missed."""

    kind: Literal["exact"] = "exact"

    def vector_index(self, dimension: int) -> faiss.Index:
        return faiss.IndexFlatIP(dimension)


class Hnsw(Indexing):
    """Walks a graph of neighbours (Malkov & Yashunin, 2018): fast on very many vectors, may miss a neighbour."""

    kind: Literal["hnsw"] = "hnsw"
    links: int = Field(default=32, ge=4, le=128, description="Neighbours kept for each vector")
    effort: int = Field(default=128, ge=8, le=1024, description="Candidates looked at in a search")

    def vector_index(self, dimension: int) -> faiss.Index:
        made = faiss.IndexHNSWFlat(dimension, self.links, faiss.METRIC_INNER_PRODUCT)
        made.hnsw.efConstruction = max(200, self.effort)
        made.hnsw.efSearch = self.effort
        return made


Indexer = Annotated[Exact | Hnsw, Field(discriminator="kind")]
