"""Vectors in a database instead of in memory: handed over once, found there, while all text stays here."""

import json
import logging
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from rag.artifacts import Artifacts
from rag.embed.base import Vectors
from rag.errors import ModelProblem, WorkbenchError
from rag.index.base import Index
from rag.index.engines import ENGINES, Engine
from rag.index.indexing import Indexing
from rag.index.vectors import Rows, Scores, closest
from rag.made import fault_of, put

AT_ONCE = 1000
FEW = 1000  # As many rows are compared here faster than the database is asked.
MOST = 16_000  # What Milvus gives in one search.
RECORD = "stores.json"
OURS = re.compile(r"rag_[0-9a-f]+_[0-9a-f]+")
LOGGER = logging.getLogger(__name__)


class Given:
    """A LangChain embedder for texts that are row numbers: gives the vectors that are there already."""

    def __init__(self, vectors: Vectors) -> None:
        self.vectors = vectors

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        rows: list[list[float]] = self.vectors[[int(text) for text in texts]].tolist()
        return rows

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


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
        pattern=r"^RAG_STORE[A-Z0-9_]*$",
        description="Name of the environment variable or secret with the connection string; begins with RAG_STORE",
    )
    timeout: float = Field(default=60.0, ge=1.0, le=600.0, description="Seconds until a silent database is given up")

    only_searched: ClassVar[frozenset[str]] = frozenset({"timeout"})

    def keep(self, index: Index, vectors: Vectors, key: str, folder: Path | None) -> None:
        if folder:
            sweep(index.artifacts)
        collection = _recorded(self, key, index.artifacts) if folder else f"rag_memory_{key}"
        engine = ENGINES[self.database]
        with self._failing():
            given = Given(vectors)
            store = self._open(collection, given)
            found = InStore(store, engine, index, self._failing, self.timeout)
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
        other.nearest = InStore(store, kept.engine, index, self._failing, self.timeout)
        return other

    def _open(self, collection: str, embedding: Any) -> Any:
        engine = ENGINES[self.database]
        connection = os.environ.get(self.connection, "").strip()
        if not connection:
            raise ModelProblem(
                f"{self.connection} is not set, so nobody knows where the database is. Set it in the environment or, as a "
                f"top-level entry, in .streamlit/secrets.toml, for example to {engine.example}"
            )
        try:
            return engine.open(connection, collection, embedding, self.timeout)
        except ValueError:
            raise ModelProblem(
                f"What {self.connection} holds is no connection string for {self.database}. Write it like {engine.example}"
            ) from None

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Turns what goes wrong in a database into a message that holds neither its address nor what was sent."""
        try:
            yield
        except WorkbenchError:
            raise
        except Exception as error:
            state = error.args[0].get("C", "") if error.args and isinstance(error.args[0], dict) else getattr(error, "code", "")
            raise ModelProblem(
                f"The database that {self.connection} names ({self.database}) failed: {type(error).__name__} {state}".rstrip()
                + ". Is it running, and may this user make tables there?"
            ) from None


def sweep(artifacts: Artifacts) -> list[str]:
    """Removes from the databases what this workspace no longer has, as after a document was removed.

    Returns why something is still there; it is tried again the next time.
    """
    record = _record(artifacts)
    left, problems = [], []
    for one in record["collections"]:
        if artifacts.folder and (artifacts.folder / "indexes" / f"index-{one['key']}").is_dir():
            left.append(one)
            continue
        stage = Store(database=one["database"], connection=one["connection"])
        try:
            with stage._failing():
                ENGINES[stage.database].clear(stage._open(one["collection"], Given(np.zeros((0, 1), np.float32))))
        except WorkbenchError as problem:
            left.append(one)
            problems.append(str(problem))
    if left != record["collections"]:
        _write({**record, "collections": left}, artifacts)
    return problems


def _recorded(stage: Store, key: str, artifacts: Artifacts) -> str:
    """The name of the collection for a key, written down before anything is sent."""
    record = _record(artifacts)
    collection = f"rag_{record['workspace']}_{key}"
    one = {"database": stage.database, "connection": stage.connection, "collection": collection, "key": key}
    if one not in record["collections"]:
        _write({**record, "collections": [*record["collections"], one]}, artifacts)
    return collection


def _record(artifacts: Artifacts) -> dict[str, Any]:
    path = artifacts.folder / RECORD if artifacts.folder else None
    record: dict[str, Any] = {"workspace": secrets.token_hex(4), "collections": []}
    if not path or not path.exists():
        return record
    try:
        return _understood(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError, LookupError, RecursionError):
        LOGGER.warning("%s was damaged and is made anew; what databases hold from before is no longer removed by itself.", RECORD)
        _write(record, artifacts)
        return record


def _understood(found: Any) -> dict[str, Any]:
    """The record as it was written down. Raises ValueError, TypeError or LookupError where it cannot be ours."""
    record = {"workspace": str(found["workspace"]), "collections": list(found["collections"])}
    for one in found["collections"]:
        Store(database=one["database"], connection=one["connection"])
        if one["collection"] != f"rag_{record['workspace']}_{one['key']}" or not OURS.fullmatch(one["collection"]):
            raise ValueError("a collection of another name")
    return record


def _write(record: dict[str, Any], artifacts: Artifacts) -> None:
    """Raises ModelProblem where the disk does not take it: nothing is handed to a database that could not be removed again."""
    try:
        if artifacts.folder:
            put(artifacts.folder / RECORD, json.dumps(record, indent=1).encode())
    except OSError as error:
        raise ModelProblem(f"{RECORD} cannot be written: {fault_of(error)}. Make room, or choose another index.") from None
