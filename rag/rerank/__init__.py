"""Rerank: put the candidates in their final order and keep the first of them."""

from typing import Annotated

from pydantic import Field

from rag.rerank.compressor import Compressor
from rag.rerank.cross import CrossEncoder
from rag.rerank.diversity import Diverse
from rag.rerank.fitted import Fitted
from rag.rerank.judge import Judge
from rag.rerank.keep import Keep
from rag.rerank.late import LateInteraction
from rag.rerank.reader import BestSentence

Reranker = Annotated[
    Keep | Diverse | BestSentence | LateInteraction | Fitted | CrossEncoder | Compressor | Judge, Field(discriminator="kind")
]
