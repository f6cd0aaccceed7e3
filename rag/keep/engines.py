"""The databases that may hold the vectors of a corpus, each through its LangChain vector store."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from rag.errors import ModelProblem
from rag.extras import install
from rag.governance.egress import permit

NEAR = "localhost,127.0.0.1,[::1]"


@dataclass(frozen=True)
class Engine:
    """How a kind of database is opened, filled, narrowed to some documents, counted and cleared.

    Its modules are loaded by name when it is opened, so that nobody waits for, or needs, a database that is not used.
    """

    extra: str
    example: str
    host: Callable[[str], str | None]
    opened: Callable[[str, str, Any, float], Any]
    narrowed: Callable[[Sequence[int]], dict[str, Any]]
    finish: Callable[[Any], None]
    count: Callable[[Any], int]
    clear: Callable[[Any], object]

    def open(self, connection: str, collection: str, embedding: Any, timeout: float) -> Any:
        """The LangChain vector store. Raises ModelProblem where the host is not allowed or the package is missing."""
        self.permit(connection)
        try:
            return self.opened(connection, collection, embedding, timeout)
        except ImportError:
            raise ModelProblem(f"This database needs a package. Install it with: {install(self.extra)}") from None

    def permit(self, connection: str) -> None:
        """Passes where the host of a connection string is this machine or was allowed. Raises ModelProblem or ValueError."""
        host = self.host(connection)
        if host is not None:
            permit(f"https://{f'[{host}]' if ':' in host else host}")


def _postgres_host(connection: str) -> str | None:
    parts = urlsplit(connection)
    asked = parse_qs(parts.query)
    folder = asked.get("host", [""])[0]
    if parts.scheme not in {"postgresql", "postgres"} or set(asked) - {"host", "sslmode"} or (folder and folder[0] != "/"):
        raise ValueError("not a connection string")
    return None if folder else parts.hostname or "localhost"


def _postgres(connection: str, collection: str, embedding: Any, timeout: float) -> Any:
    import_module("pg8000.native")
    return import_module("rag.keep.postgres").PgVector(embedding, connection, collection, timeout)


def _milvus_host(connection: str) -> str | None:
    if "://" not in connection and connection.endswith(".db"):
        return None
    parts = urlsplit(connection)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("not a connection string")
    return parts.hostname


def _milvus(connection: str, collection: str, embedding: Any, timeout: float) -> Any:
    told: dict[str, Any] = {"uri": connection, "timeout": timeout}
    parts = urlsplit(connection)
    if parts.username:
        told["token"] = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        told["uri"] = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    told_before = os.environ.get("no_grpc_proxy") or os.environ.get("no_proxy") or ""
    if NEAR not in told_before:  # What stays on this machine goes through no proxy.
        os.environ["no_grpc_proxy"] = f"{told_before},{NEAR}".strip(",")
    return import_module("langchain_milvus").Milvus(
        embedding,
        collection_name=collection,
        connection_args=told,
        consistency_level="Strong",
        index_params={"metric_type": "IP", "index_type": "AUTOINDEX", "params": {}},
    )


def _milvus_count(store: Any) -> int:
    if not store.client.has_collection(store.collection_name):
        return 0
    return int(store.client.query(store.collection_name, output_fields=["count(*)"])[0]["count(*)"])


ENGINES = {
    "pgvector": Engine(
        "pgvector",
        "postgresql://user:password@localhost:5432/database",
        _postgres_host,
        _postgres,
        lambda documents: {"documents": documents},
        lambda store: store.finish(),
        lambda store: store.count(),
        lambda store: store.delete(),
    ),
    "milvus": Engine(
        "milvus",
        "http://localhost:19530, or a path that ends in .db",
        _milvus_host,
        _milvus,
        lambda documents: {"expr": f"document in {list(documents)}"},
        lambda store: None,
        _milvus_count,
        lambda store: store.drop(),
    ),
}
