"""Index: terms and vectors of the same passages side by side, searched under the same filter."""

import logging
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import TypeGuard

import bm25s
import numpy as np

from rag.clinical.owners import Owners, plain
from rag.clinical.provenance import in_force
from rag.clinical.standing import Standing, standing
from rag.embedding import Embedding, Vectors
from rag.keep.artifacts import Artifacts
from rag.stages.index.vectors import Kept, Nearest
from rag.stages.index.vectors import Rows as Rows
from rag.stages.index.vectors import Scores as Scores
from rag.text import TERM, lines, sentences, terms, terms_at
from rag.values import Chunk, Document, Filter, Span
from rag.wordpiece import commonness

logging.getLogger("bm25s").setLevel(logging.WARNING)

BACKGROUND = 3000
SEEN = 2000
"""Passages that stand for all of them where only their spread matters."""


@dataclass(repr=False)
class Index:
    """Passages ready to be searched. `vectors` is None where no step of the pipeline reads them.

    `note` says what was built otherwise than set; empty, where nothing was.
    """

    documents: dict[str, Document]
    chunks: Sequence[Chunk]
    bm25: bm25s.BM25 | None
    stem: bool
    vectors: Kept | None
    nearest: Nearest | None
    embedder: Embedding
    artifacts: Artifacts
    note: str = ""
    _asked: dict[str, Vectors] = field(default_factory=dict)
    _sentences: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def __repr__(self) -> str:
        """How much is in it: what is in it belongs in no log."""
        return f"Index({len(self.documents)} documents, {len(self.chunks)} passages)"

    @cached_property
    def row_of(self) -> dict[Chunk, int]:
        """The row of a passage."""
        return {chunk: row for row, chunk in enumerate(self.chunks)}

    def parent_of(self, chunk: Chunk) -> Chunk:
        """The wider passage that goes into the prompt in place of this one; the passage itself where it has none."""
        return self.stretched(chunk, chunk.parent) if chunk.parent else chunk

    def stretched(self, chunk: Chunk, span: Span) -> Chunk:
        """A passage with other bounds: the exact text there, and the page on which it begins."""
        document = self.documents[span.document]
        page = document.page_at(span.start)
        text = document.text[span.start : span.end]
        number, printed = (page.number, page.printed) if page else (None, "")
        return replace(chunk, span=span, text=text, page=number, printed=printed, parent=None)

    @cached_property
    def standings(self) -> dict[str, Standing]:
        """How the editions among the documents stand to each other, by the name of the document."""
        return standing(self.documents.values())

    def rows_of(self, chunk: Chunk) -> list[int]:
        """The row of a passage; for a wider one the rows of the passages that it stands for; for a cut one those around it."""
        if chunk in self.row_of:
            return [self.row_of[chunk]]
        rows = self._rows_in.get(chunk.span.document, [])
        spans = {row: self.chunks[row].span for row in rows}
        return (
            [row for row in rows if chunk.span.holds(self.chunks[row].parent or spans[row])]
            or [row for row in rows if chunk.span.holds(spans[row])]
            or [row for row in rows if spans[row].holds(chunk.span)]
        )

    @cached_property
    def _rows_in(self) -> dict[str, list[int]]:
        """The rows of each document."""
        found: dict[str, list[int]] = {}
        for row, chunk in enumerate(self.chunks):
            found.setdefault(chunk.span.document, []).append(row)
        return found

    def allowed(self, only: Filter) -> Rows:
        """The rows that a filter lets through, in order."""
        if only == Filter():
            return np.arange(len(self.chunks), dtype=np.int64)
        names = {name for name, document in self.documents.items() if only.allows(document)}
        if only.in_force:
            names &= in_force(self.documents.values(), date.today().isoformat())
        hidden = self._of_others(only.patients) if only.patients and only.nobody else frozenset()
        return np.array([row for row, c in enumerate(self.chunks) if c.span.document in names and row not in hidden], np.int64)

    @cached_property
    def owners(self) -> Owners:
        """Whose the documents are, and what in those of nobody."""
        return Owners(self.documents)

    def _of_others(self, patients: tuple[str, ...]) -> set[int]:
        """The rows in documents of nobody that are, even in part, of somebody else than these patients."""
        owners, meant = self.owners, frozenset(map(plain, patients))
        rows = (row for name in owners.regions for row in self._rows_in.get(name, ()))
        return {row for row in rows if owners.of_others(self.chunks[row].parent or self.chunks[row].span, meant)}

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
        vector = self._asked.get(question)
        if vector is None:
            if len(self._asked) > 256:
                self._asked.clear()
            vector = self._asked[question] = self.embedder.question(question)
        return vector

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
        if not self._days:
            return np.ones(len(rows), np.float32)
        newest, oldest = max(self._days.values()), min(self._days.values())
        ages = [(newest - self._days.get(self.chunks[row].span.document, oldest)).days for row in rows]
        return np.asarray(0.5 ** (np.array(ages) / half_life), np.float32)

    @cached_property
    def _days(self) -> dict[str, date]:
        return {name: date.fromisoformat(document.date) for name, document in self.documents.items() if _is_day(document.date)}

    @cached_property
    def latest(self) -> str:
        """The latest day that any document is of or tells of, as exact as it is told; "" where none does."""
        told = (day for one in self.documents.values() for day in (one.date, one.effective, *(at.day for at in one.moments)))
        return max((day for day in told if day), default="")

    def postings(self, term: str) -> tuple[Rows, Scores]:
        """The rows that hold a term, and what it adds to the BM25 score of each."""
        at = None if self.bm25 is None else self.bm25.vocab_dict.get(term)
        if self.bm25 is None or at is None:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        scores = self.bm25.scores
        here = slice(int(scores["indptr"][at]), int(scores["indptr"][at + 1]))
        return np.asarray(scores["indices"][here], np.int64), np.asarray(scores["data"][here], np.float32)

    def weights(self, question: str) -> dict[str, float]:
        """The terms of a question, each with its inverse document frequency; everyday words weigh little."""
        words = zip(terms_at(question), terms_at(question, stem=False), strict=True)
        return {term: self.rarity(term, _commonness(word, question[start:end])) for (term, _, _), (word, start, end) in words}

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
        return self.nearest.nearest(vector, top, rows if len(rows) < len(self.chunks) else None)

    def spread(self, vector: Vectors) -> tuple[float, float]:
        """The mean and the standard deviation of the cosines of all passages to a vector, from at most `SEEN` of them."""
        mean, products = self._moments
        middle = float(mean @ vector)
        return middle, float(max(float(vector @ products @ vector) - middle * middle, 0.0) ** 0.5)

    @cached_property
    def _moments(self) -> tuple[Vectors, Vectors]:
        """The mean, shape (d,), and the mean outer product, shape (d, d), of passages drawn evenly."""
        if self.vectors is None:
            raise ValueError("this index was prepared without vectors")
        count = len(self.vectors)
        drawn = np.asarray(self.vectors[np.linspace(0, count - 1, min(count, SEEN)).astype(np.int64)], np.float32)
        return np.asarray(drawn.mean(axis=0), np.float32), np.asarray(drawn.T @ drawn / max(1, len(drawn)), np.float32)

    def cosines(self, vector: Vectors, rows: Rows) -> Scores:
        """The cosine of each of these rows to a vector, at the precision of the vectors kept."""
        if self.vectors is None:
            raise ValueError("this index was prepared without vectors")
        return np.asarray(self.vectors[rows] @ vector, np.float32)


def _commonness(word: str, written: str) -> float:
    """How common a word is in English: an abbreviation that is one in small letters not at all, "x-ray" as "ray" is."""
    if word.isupper():
        return 0.0
    parts = TERM.findall(written.lower())
    together = len(parts) > 1 and word == "".join(parts)
    return max(commonness(word), min(map(commonness, parts))) if together else commonness(word)


def _by_weight(added: Sequence[tuple[str, float]]) -> dict[float, list[str]]:
    weighed: dict[float, list[str]] = {}
    for word, weight in added:
        weighed.setdefault(weight, []).append(word)
    return weighed


def _is_day(written: str | None) -> TypeGuard[str]:
    return written is not None and len(written) == len("2024-03-14")
