"""What every index shares: the settings of its terms, what is built from passages and vectors, and where that is kept."""

import logging
from collections.abc import Callable, Sequence
from copy import copy
from pathlib import Path
from typing import Any, ClassVar, Self

import bm25s
import faiss
import numpy as np
from pydantic import Field

from rag.embedding import Embedding, Vectors
from rag.keep.artifacts import Artifacts
from rag.keep.made import fault_of, kept, write
from rag.stage import Stage
from rag.stages.index.base import Index
from rag.stages.index.vectors import FAISS, InFaiss
from rag.text import terms
from rag.values import Chunk, Document

TERMS, VECTORS = "terms", "vectors.faiss"
BLOCK = 1 << 20
LOGGER = logging.getLogger(__name__)


class Indexing(Stage):
    """What every index has: the settings of its terms."""

    k1: float = Field(default=0.9, ge=0.0, le=3.0, description="BM25: how much repeating a term counts")
    b: float = Field(default=0.4, ge=0.0, le=1.0, description="BM25: how much long passages are held back")
    stem: bool = Field(default=True, description="Terms match across endings (dose, doses, dosing)")

    only_searched: ClassVar[frozenset[str]] = frozenset()

    def as_built(self, without: frozenset[str] = frozenset()) -> Self:
        """The same index with the settings that count only in a search, and those named, at their defaults."""
        fields = type(self).model_fields
        return self.model_copy(update={name: fields[name].default for name in self.only_searched | without})

    def keys(self, key: Callable[[Self], str]) -> tuple[str, str]:
        """The keys under which the terms and the vectors are kept, where `key` names all up to an index of such settings.

        Equal keys share their files: what counts only in a search is in neither, what concerns terms not in the vectors'.
        """
        return key(self.as_built()), key(self.as_built(frozenset(Indexing.model_fields)))

    def is_kept(self, keys: tuple[str, str], artifacts: Artifacts, with_vectors: bool) -> bool:
        """Whether terms and vectors of these keys were built before and need only be read from disk."""
        terms = artifacts.holds("index", keys[0], TERMS)
        return terms and (not with_vectors or artifacts.holds("index", keys[1], VECTORS))

    def searching(self, index: Index) -> Index:
        """The index as it was built, searched with these settings: shares everything with it and builds nothing."""
        kept = index.nearest
        if not isinstance(kept, InFaiss):
            return index
        other = copy(index)
        other.vectors = other.nearest = self.searched(kept.index)
        return other

    def vector_index(self, dimension: int, count: int) -> Any:
        """An empty FAISS index for so many unit vectors of this length."""
        raise TypeError(f"{type(self).__name__} has no vector index")

    def note(self, dimension: int, count: int) -> str:
        """What is built otherwise than set, because there are too few passages or the vectors do not divide; mostly nothing."""
        return ""

    def searched(self, index: Any) -> InFaiss:
        """A FAISS index with the settings of its search."""
        return InFaiss(index)

    def __call__(
        self,
        documents: Sequence[Document],
        chunks: Sequence[Chunk],
        vectors: Vectors | None,
        embedder: Embedding,
        artifacts: Artifacts,
        keys: tuple[str, str],
    ) -> Index:
        """The index of these passages; terms and vectors are read from disk where their keys were built before."""
        names = [document.name for document in documents]
        folder = artifacts.place("index", keys[0], names)
        index = Index(
            {document.name: document for document in documents},
            chunks,
            self._bm25(chunks, folder and folder / TERMS),
            self.stem,
            None,
            None,
            embedder,
            artifacts,
        )
        if vectors is not None:
            self.keep(index, vectors, keys[1], artifacts.place("index", keys[1], names))
        return index

    def keep(self, index: Index, vectors: Vectors, key: str, folder: Path | None) -> None:
        """Gives the index its vectors; `key` names them, `folder` is where files of theirs may lie."""
        kept = self.searched(self._faiss(vectors, folder and folder / VECTORS))
        index.vectors = index.nearest = kept
        index.note = self.note(vectors.shape[1], len(vectors))

    def _bm25(self, chunks: Sequence[Chunk], path: Path | None) -> bm25s.BM25 | None:
        found = kept(path, lambda path: bm25s.BM25.load(path, allow_pickle=False)) if path else None
        if found is not None:
            return found
        tokens = [terms(chunk.indexed, self.stem) for chunk in chunks]
        if not any(tokens):
            return None
        made = bm25s.BM25(k1=self.k1, b=self.b, method="lucene")
        made.index(tokens, show_progress=False)
        _keep(path, lambda path: _save(made, path))
        return made

    def _faiss(self, vectors: Vectors, path: Path | None) -> Any:
        found = kept(path, lambda path: faiss.read_index(str(path))) if path else None
        if found is not None:
            return found
        made = built(self.vector_index(vectors.shape[1], len(vectors)), vectors)
        _keep(path, lambda path: _written(made, path))
        return made


def _keep(path: Path | None, into: Callable[[Path], object]) -> None:
    """Writes a part of an index; where the disk does not take it that is said, and the index serves without."""
    try:
        if path:
            write(path, into)
    except OSError as error:
        LOGGER.warning("%s of the index is not kept: %s.", path and path.name, fault_of(error))


def _save(made: bm25s.BM25, folder: Path) -> None:
    """Writes terms. Raises OSError, also where NumPy does not see that the disk took only the beginning of an array."""
    made.save(folder, show_progress=False, allow_pickle=False)
    try:
        for array in folder.glob("*.npy"):
            np.load(array, mmap_mode="r", allow_pickle=False)
    except ValueError:
        raise OSError("an array was cut off") from None


def _written(made: Any, path: Path) -> None:
    with path.open("wb") as file:
        FAISS.write_index(made, FAISS.PyCallbackIOWriter(file.write, BLOCK))  # Its own writer hides some faults of a disk.


def built(index: Any, vectors: Vectors) -> Any:
    """The index, trained on these vectors where it must be, and filled with them."""
    rows = np.ascontiguousarray(vectors)
    if len(rows):
        index.train(rows)
        index.add(rows)
    return index
