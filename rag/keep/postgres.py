"""PostgreSQL with pgvector as a LangChain vector store, over pg8000."""

import json
import ssl
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from queue import Empty, LifoQueue
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore

from rag.governance.egress import is_local

AT_ONCE = 500
MOST_CANDIDATES = 1000  # What pgvector allows as ef_search.
LONGEST_INDEXED = 2000  # Numbers in a vector that pgvector can put into a graph; longer ones are compared one by one.


class PgVector(VectorStore):
    """A table of texts with vectors of unit length, metadata and, once `finish` is called, a graph of neighbours."""

    def __init__(self, embedding: Embeddings, connection: str, table: str, timeout: float = 60.0) -> None:
        """`connection` is postgresql://user:password@host:port/database; `?host=/folder` for a socket of this machine."""
        if not table.isidentifier() or not table.isascii():
            raise ValueError("a table's name has letters, digits and underscores")
        self._embedding = embedding
        self._table = table
        self._told = told(connection, timeout)
        self._free: LifoQueue[Any] = LifoQueue()

    def with_timeout(self, timeout: float) -> Self:
        """The same table, over connections of its own that wait as long."""
        other = copy(self)
        other._told = {**self._told, "timeout": timeout}
        other._free = LifoQueue()
        return other

    @property
    def embeddings(self) -> Embeddings:
        return self._embedding

    @contextmanager
    def _connected(self, patient: bool = False) -> Iterator[Any]:
        """A connection inside a transaction: of those that are free the one last used, or one that waits without end."""
        from pg8000.native import Connection

        try:
            if patient:
                raise Empty
            connection = self._free.get_nowait()
        except Empty:
            connection = Connection(**{**self._told, "timeout": None if patient else self._told["timeout"]})
        try:
            connection.run("START TRANSACTION")
            yield connection
            connection.run("COMMIT")
        except BaseException:
            with suppress(Exception):
                connection.close()
            raise
        if patient:
            connection.close()
        else:
            self._free.put(connection)

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Embeds and adds texts; a text whose id is there already replaces it. The table is made where it is missing."""
        held = list(texts)
        names = ids or [str(at) for at in range(len(held))]
        about = metadatas or [{}] * len(held)
        for start in range(0, len(held), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            vectors = [_written(row) for row in self._embedding.embed_documents(held[part])]
            rows = {
                "ids": names[part],
                "texts": held[part],
                "about": [json.dumps(one) for one in about[part]],
                "vectors": vectors,
            }
            with self._connected() as base:
                if not start:
                    base.run("CREATE EXTENSION IF NOT EXISTS vector")
                    base.run(
                        f"CREATE TABLE IF NOT EXISTS {self._table} "
                        f"(id TEXT PRIMARY KEY, text TEXT, about JSONB, vector VECTOR({vectors[0].count(',') + 1}))"
                    )
                base.run(
                    f"INSERT INTO {self._table} SELECT i, t, a::jsonb, v::vector FROM "
                    "unnest(CAST(:ids AS text[]), CAST(:texts AS text[]), CAST(:about AS text[]), CAST(:vectors AS text[])) "
                    "AS given (i, t, a, v) "
                    "ON CONFLICT (id) DO UPDATE SET text = excluded.text, about = excluded.about, vector = excluded.vector",
                    **rows,
                )
        return names

    def finish(self) -> None:
        """Builds the graph of neighbours, which searches over all rows then walk, and the index of documents."""
        with self._connected(patient=True) as base:
            base.run(f"CREATE INDEX IF NOT EXISTS {self._table}_document ON {self._table} (CAST(about->>'document' AS integer))")
            ((length,),) = base.run(f"SELECT vector_dims(vector) FROM {self._table} LIMIT 1") or ((LONGEST_INDEXED + 1,),)
            if length <= LONGEST_INDEXED:
                base.run(f"CREATE INDEX IF NOT EXISTS {self._table}_near ON {self._table} USING hnsw (vector vector_ip_ops)")
        with self._connected(patient=True) as base:
            base.run(f"ANALYZE {self._table}")

    def similarity_search_by_vector(
        self, embedding: Sequence[float], k: int = 4, documents: Sequence[int] | None = None, **kwargs: Any
    ) -> list[Document]:
        """The `k` nearest texts; with `documents`, of those alone (metadata `document`), each of their rows compared."""
        near = "vector <#> CAST(:near AS vector)"
        given: dict[str, Any] = {"near": _written(embedding), "k": k}
        where = ""
        if documents is not None:
            where = "WHERE CAST(about->>'document' AS integer) = ANY(CAST(:documents AS integer[]))"
            near = f"({near}) + 0"  # No longer what the graph was built for, which would lose most of the allowed rows.
            given["documents"] = list(documents)
        with self._connected() as base:
            base.run(f"SET LOCAL hnsw.ef_search = {min(max(k, 100), MOST_CANDIDATES)}")
            found = base.run(f"SELECT id, text, about FROM {self._table} {where} ORDER BY {near} LIMIT :k", **given)
        return [Document(id=name, page_content=text, metadata=about) for name, text, about in found]

    def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """The `k` texts nearest to a question."""
        return self.similarity_search_by_vector(self._embedding.embed_query(query), k, **kwargs)

    def count(self) -> int:
        """The rows of the table; 0 where there is none."""
        with self._connected() as base:
            if base.run("SELECT to_regclass(:table)", table=self._table)[0][0] is None:
                return 0
            return int(base.run(f"SELECT count(*) FROM {self._table}")[0][0])

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool | None:
        """Removes the rows of these ids; without ids the whole table."""
        with self._connected() as base:
            if ids is None:
                base.run(f"DROP TABLE IF EXISTS {self._table}")
            else:
                base.run(f"DELETE FROM {self._table} WHERE id = ANY(CAST(:ids AS text[]))", ids=ids)
        return True

    @classmethod
    def from_texts(
        cls, texts: list[str], embedding: Embeddings, metadatas: list[dict[str, Any]] | None = None, **kwargs: Any
    ) -> Self:
        """A store with these texts; `connection` and `table` say where."""
        ids = kwargs.pop("ids", None)
        store = cls(embedding, **kwargs)
        store.add_texts(texts, metadatas, ids=ids)
        return store


def _written(vector: Sequence[float]) -> str:
    return "[" + ",".join(f"{number:.9g}" for number in vector) + "]"


def told(connection: str, timeout: float) -> dict[str, Any]:
    """What pg8000 is told. Another machine is spoken to over TLS with its certificate checked, unless sslmode=disable."""
    parts = urlsplit(connection)
    asked = parse_qs(parts.query)
    found: dict[str, Any] = {
        "user": unquote(parts.username or "postgres"),
        "password": unquote(parts.password) if parts.password else None,
        "database": unquote(parts.path.strip("/")) or "postgres",
        "timeout": timeout,
        "application_name": "rag",
    }
    folder = asked.get("host", [""])[0]
    if folder:
        return {**found, "unix_sock": f"{folder}/.s.PGSQL.{parts.port or 5432}"}
    host = parts.hostname or "localhost"
    secure = not is_local(host) and asked.get("sslmode") != ["disable"]
    return {**found, "host": host, "port": parts.port or 5432, "ssl_context": ssl.create_default_context() if secure else False}
