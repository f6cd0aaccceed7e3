"""Stand-ins for the embedders that need a server, a package or a table that a bare machine does not have."""

from functools import cache
from typing import Any

import numpy as np
import pytest

from rag.embedding import Vectors
from rag.stages.embed import fastembed, remote, static
from rag.stages.embed.endpoint import Endpoint
from rag.stages.embed.fastembed import FastEmbed
from rag.stages.embed.hashing import Hashing
from rag.stages.embed.langchain import LangChain
from rag.stages.embed.remote import Remote

WIDTH = 16
DESCRIBED = {
    "dim": WIDTH,
    "description": "512 input tokens truncation",
    "size_in_GB": 0.067,
    "license": "mit",
    "model_file": "model.onnx",
    "sources": {"hf": "an/invented-model"},
    "additional_files": [],
}


def hashed(self: Remote, texts: list[str], question: bool) -> Any:
    """Hashed terms of the length that was set."""
    return 3 * Hashing(width=max(self.length, WIDTH))(texts)


@cache
def table() -> tuple[Vectors, Vectors]:
    """A table of random token vectors, and no turn."""
    return np.random.default_rng(7).normal(size=(30_522, 384)).astype(np.float32), np.eye(384, dtype=np.float32)


def put_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers and fastembed answer with hashed terms, and the static table is random."""
    monkeypatch.setattr(remote, "_learned", {})
    monkeypatch.setattr(remote, "permit", lambda url: None)
    monkeypatch.setattr(Endpoint, "ask", hashed)
    monkeypatch.setattr(LangChain, "ask", hashed)
    monkeypatch.setattr(fastembed, "_described", lambda model: DESCRIBED)
    monkeypatch.setattr(FastEmbed, "_run", lambda self, texts, way: Hashing(width=WIDTH)(texts))
    monkeypatch.setattr(static, "distilled", table)
    monkeypatch.setattr(static, "_table", static._table.__wrapped__)
