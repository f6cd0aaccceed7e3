"""Vectors in a database of somebody else: opened, written down before anything is sent, and removed."""

import json
import logging
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from rag.embedding import Vectors
from rag.errors import ModelProblem, WorkbenchError
from rag.keep.artifacts import Artifacts
from rag.keep.engines import ENGINES, Engine
from rag.keep.made import fault_of, put

RECORD = "stores.json"
OURS = re.compile(r"rag_[0-9a-f]+_[0-9a-f]+")
VARIABLE = r"^RAG_STORE[A-Z0-9_]*$"
"""What an environment variable may be called that holds a connection string."""
PATIENCE = 60.0
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


@dataclass(frozen=True)
class Outside:
    """A database by its kind, the environment variable that holds its connection string, and the seconds it may be silent."""

    database: str
    connection: str
    timeout: float = PATIENCE

    @property
    def engine(self) -> Engine:
        """How this kind of database is used."""
        return ENGINES[self.database]

    def open(self, collection: str, embedding: Any) -> Any:
        """The LangChain vector store of a collection. Raises ModelProblem."""
        connection = os.environ.get(self.connection, "").strip()
        if not connection:
            raise ModelProblem(
                f"{self.connection} is not set, so nobody knows where the database is. Set it in the environment or, as a "
                f"top-level entry, in .streamlit/secrets.toml, for example to {self.engine.example}"
            )
        try:
            return self.engine.open(connection, collection, embedding, self.timeout)
        except ValueError:
            raise ModelProblem(
                f"What {self.connection} holds is no connection string for {self.database}. Write it like {self.engine.example}"
            ) from None

    @contextmanager
    def failing(self) -> Iterator[None]:
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
        place = Outside(one["database"], one["connection"])
        try:
            with place.failing():
                place.engine.clear(place.open(one["collection"], Given(np.zeros((0, 1), np.float32))))
        except WorkbenchError as problem:
            left.append(one)
            problems.append(str(problem))
    if left != record["collections"]:
        _write({**record, "collections": left}, artifacts)
    return problems


def recorded(place: Outside, key: str, artifacts: Artifacts) -> str:
    """The name of the collection for a key, written down before anything is sent."""
    record = _record(artifacts)
    collection = f"rag_{record['workspace']}_{key}"
    one = {"database": place.database, "connection": place.connection, "collection": collection, "key": key}
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
        if one["database"] not in ENGINES or not re.fullmatch(VARIABLE, one["connection"]):
            raise ValueError("a database of another name")
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
