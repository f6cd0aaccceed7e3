"""Divide: the passages of a corpus, kept document by document, and how many are longer than the embedder reads."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rag.embedding import Embedding, Progress, silent
from rag.keep.artifacts import Artifacts
from rag.stage import fingerprint
from rag.stages.chunk.base import Chunking
from rag.stages.chunk.tokens import told, too_long
from rag.stages.index.base import Index
from rag.values import Chunk, Document

COUNTED = 200  # Passages whose tokens are counted at once for a warning; of more, a sample of at most as many.


@dataclass(frozen=True)
class Divider:
    """A chunker with the embedder that reads its passages, if any does, and the place where its work is kept."""

    chunk: Chunking
    embed: Embedding | None
    artifacts: Artifacts

    def undivided(self, documents: Iterable[Document]) -> list[Document]:
        """The documents whose passages are not kept."""
        key = self.chunk.key()
        return [document for document in documents if not self.artifacts.has_passages(document, key)]

    def __call__(self, documents: Sequence[Document], progress: Progress = silent) -> list[Chunk]:
        """The passages of these documents, in order; those of a document are kept as soon as it is divided."""
        waiting = {document.name for document in self.undivided(documents)} if progress is not silent else set()
        return [chunk for _, chunks in self._each(documents, waiting, progress) for chunk in chunks]

    def measured(self, documents: Sequence[Document], progress: Progress = silent) -> list[Chunk]:
        """The same passages; what is longer than the embedder reads is counted on the way, once a document."""
        if self.limit is None:
            return self(documents, progress)
        known = self.artifacts.counts(self._key, documents)
        every: list[Chunk] = []

        def passing() -> Iterator[tuple[Document, list[Chunk]]]:
            waiting = {document.name for document in documents} - set(known)
            for document, chunks in self._each(documents, waiting, progress):
                every.extend(chunks)
                yield document, chunks

        self._count(passing(), known)
        return every

    def _each(
        self, documents: Sequence[Document], waiting: set[str], progress: Progress
    ) -> Iterator[tuple[Document, list[Chunk]]]:
        """Each document with its passages; `progress` counts the characters of those that wait to be worked on."""
        key = self.chunk.key()
        total, before = sum(len(document.text) for document in documents if document.name in waiting), 0
        for document in documents:
            length = len(document.text) if document.name in waiting else 0
            yield document, self.artifacts.passages(document, key, self._watched(progress, before, length, total))
            before += length
            if length:
                progress(before, total)

    def _watched(self, progress: Progress, before: int, length: int, total: int) -> Callable[[Document], Iterator[Chunk]]:
        def part(done: int, units: int) -> None:
            progress(before + length * done // max(units, 1), total)

        return lambda document: self.chunk.divided(document, part)

    @property
    def limit(self) -> int | None:
        """The tokens that the embedder reads; None where none reads the passages, or all are read."""
        return getattr(self.embed, "limit", None)

    @property
    def _key(self) -> str:
        return fingerprint("cut off", self.chunk.key(), self.embed.key() if self.embed else "", str(self.limit))

    def _count(self, passages: Iterable[tuple[Document, Iterable[Chunk]]], known: dict[str, int]) -> None:
        """Fills in how many passages of each document are too long where that is not known, and keeps it."""
        for document, chunks in passages:
            if document.name not in known and self.embed:
                known[document.name] = too_long(list(chunks), self.embed)
                self.artifacts.note_count(self._key, document, known[document.name])

    def cut_off(self, index: Index) -> str:
        """That passages of an index are longer than the embedder reads, with their count; empty where none is."""
        if self.limit is None:
            return ""
        known = self.artifacts.counts(self._key, index.documents.values())
        if len(known) < len(index.documents):
            self._count(groupby(index.chunks, lambda chunk: index.documents[chunk.span.document]), known)
        return told(sum(known.values()), len(index.chunks), self.limit)

    def expected(self, documents: Sequence[Document], chunks: Sequence[Chunk]) -> str:
        """The same beforehand: exact where they were counted or are few, else from a sample."""
        if self.limit is None or self.embed is None:
            return ""
        known = self.artifacts.counts(self._key, documents)
        if len(known) == len(documents):
            return told(sum(known.values()), len(chunks), self.limit)
        sample = chunks[:: -(-len(chunks) // COUNTED) or 1]
        long = round(too_long(sample, self.embed) * len(chunks) / max(len(sample), 1))
        return told(long, len(chunks), self.limit, about=len(sample) < len(chunks))
