"""Stand-ins for the rerankers that need a model or a package that are not installed with the workbench."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from langchain_core.documents import BaseDocumentCompressor, Document

from rag.stages.rerank import cross
from rag.stages.rerank.compressor import COMPRESSORS
from rag.stages.rerank.judge import Judge
from rag.values import Usage


class Backwards(BaseDocumentCompressor):
    """A compressor that turns the order round."""

    def compress_documents(self, documents: Sequence[Document], query: str, callbacks: Any = None) -> Sequence[Document]:
        return list(documents)[::-1]


def put_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short passages first for the cross-encoder of the catalogue, the order turned round for flashrank, grade 2 by a judge."""
    monkeypatch.setattr(
        cross, "_of_fastembed", lambda model: lambda pairs: np.array([-len(text) / 100 for _, text in pairs], np.float64)
    )
    monkeypatch.setitem(COMPRESSORS, "flashrank", lambda stage: Backwards())
    monkeypatch.setattr(Judge, "complete", lambda self, messages, schema=None: ('{"grade": 2}', Usage()))
