"""Vectors in a database instead of in memory: handed over once, found there, while all text stays here."""

from copy import copy
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from rag.embedding import Vectors
from rag.keep.artifacts import Artifacts
from rag.keep.engines import Engine
from rag.keep.outside import PATIENCE, VARIABLE, Given, Outside, recorded, sweep
from rag.stages.index.base import Index
from rag.stages.index.indexing import Indexing
from rag.stages.index.vectors import Rows, Scores, closest

AT_ONCE = 1000
FEW = 1000  # As many rows are compared here faster than the database is asked.
MOST = 16_000  # What Milvus gives in one search.


class OnDisk:
    """The vectors of an index's passages, read from the artifacts when they are asked for."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.shape = (len(index.chunks), index.embedder.dimension)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any, /) -> Any:
        wanted = np.arange(len(self))[rows] if isinstance(rows, slice) else np.asarray(rows, np.int64)
        chunks = [self.index.chunks[int(row)] for row in wanted.reshape(-1)]
        return self.index.artifacts.vectors(self.index.embedder, chunks).reshape(*wanted.shape, self.shape[1])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self[:], dtype)


class InStore:
    """Finds rows by vector in a LangChain vector store whose texts are row numbers."""

    def __init__(self, store: Any, engine: Engine, index: Index, failing: Any, timeout: float) -> None:
        self.store = store
        self.engine = engine
        self.vectors = OnDisk(index)
        self.failing = failing
        self.timeout = timeout
        names = {name: at for at, name in enumerate(index.documents)}
        self.document = np.array([names[chunk.span.document] for chunk in index.chunks], np.int64)

    def nearest(self, vector: Vectors, top: int, rows: Rows | None) -> tuple[Rows, Scores]:
        if rows is not None and len(rows) <= FEW:
            return closest(vector, top, rows, self.vectors[rows])
        only = {} if rows is None else self.engine.narrowed(np.unique(self.document[rows]).tolist())
        with self.failing():
            found = self.store.similarity_search_by_vector(vector.tolist(), k=min(top, MOST), timeout=self.timeout, **only)
        at = np.unique(np.array([int(one.page_content) for one in found], np.int64))
        at = at[(at >= 0) & (at < len(self.vectors))]
        if rows is not None:
            at = at[np.isin(at, rows)]
        return closest(vector, top, at, self.vectors[at])


class Store(Indexing):
    """A database holds the vectors, for a corpus that outgrows one machine; terms and all text stay here."""

    kind: Literal["store"] = "store"
    database: Literal["pgvector", "milvus"] = Field(default="pgvector", description="PostgreSQL with pgvector, or Milvus")
    connection: str = Field(
        default="RAG_STORE",
        max_length=60,
        pattern=VARIABLE,
        description="Name of the environment variable or secret with the connection string; begins with RAG_STORE",
    )
    timeout: float = Field(default=PATIENCE, ge=1.0, le=600.0, description="Seconds until a silent database is given up")

    only_searched: ClassVar[frozenset[str]] = frozenset({"timeout"})

    @property
    def outside(self) -> Outside:
        """The database."""
        return Outside(self.database, self.connection, self.timeout)

    def keep(self, index: Index, vectors: Vectors, key: str, folder: Path | None) -> None:
        if folder:
            sweep(index.artifacts)
        collection = recorded(self.outside, key, index.artifacts) if folder else f"rag_memory_{key}"
        engine = self.outside.engine
        with self.outside.failing():
            given = Given(vectors)
            store = self.outside.open(collection, given)
            found = InStore(store, engine, index, self.outside.failing, self.timeout)
            if len(vectors) and engine.count(store) != len(vectors):
                engine.clear(store)
                for start in range(0, len(vectors), AT_ONCE):
                    part = range(start, min(start + AT_ONCE, len(vectors)))
                    about = [{"document": int(found.document[row])} for row in part]
                    store.add_texts([str(row) for row in part], about, ids=[str(row) for row in part], timeout=self.timeout)
                engine.finish(store)
            given.vectors = vectors[:0]
        index.vectors, index.nearest = found.vectors, found if len(vectors) else None

    def is_kept(self, keys: tuple[str, str], artifacts: Artifacts, with_vectors: bool) -> bool:
        return super().is_kept(keys, artifacts, False) and not with_vectors  # What a database holds, only it can tell.

    def searching(self, index: Index) -> Index:
        kept = index.nearest
        if not isinstance(kept, InStore) or kept.timeout == self.timeout:
            return index
        other, again = copy(index), getattr(kept.store, "with_timeout", None)
        store = again(self.timeout) if again else kept.store  # The others are told at each search.
        other.nearest = InStore(store, kept.engine, index, self.outside.failing, self.timeout)
        return other
