"""A vector store inside the process that stands for a database, so that the path to one is tested without a server."""

from typing import Any

from langchain_core.documents import Document
from langchain_core.vectorstores import InMemoryVectorStore

from rag.keep.engines import Engine

STORES: dict[tuple[str, str], InMemoryVectorStore] = {}


def opened(connection: str, collection: str, embedding: Any, timeout: float) -> InMemoryVectorStore:
    store = STORES.setdefault((connection, collection), InMemoryVectorStore(embedding))
    store.embedding = embedding
    return store


def narrowed(documents: Any) -> dict[str, Any]:
    allowed = set(documents)

    def among(document: Document) -> bool:
        return document.metadata["document"] in allowed

    return {"filter": among}


MEMORY = Engine(
    extra="pgvector",
    example="anything",
    host=lambda connection: None,
    opened=opened,
    narrowed=narrowed,
    finish=lambda store: None,
    count=lambda store: len(store.store),
    clear=lambda store: store.store.clear(),
)
