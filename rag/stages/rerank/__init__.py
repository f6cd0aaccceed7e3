"""Rerank: put the candidates in their final order and keep the first of them."""

from typing import Annotated

from pydantic import Field

from rag.stages.rerank.compressor import Compressor
from rag.stages.rerank.cross import CrossEncoder
from rag.stages.rerank.diversity import Diverse
from rag.stages.rerank.fitted import Fitted
from rag.stages.rerank.judge import Judge
from rag.stages.rerank.keep import Keep
from rag.stages.rerank.late import LateInteraction
from rag.stages.rerank.reader import BestSentence

Reranker = Annotated[
    Keep | Diverse | BestSentence | LateInteraction | Fitted | CrossEncoder | Compressor | Judge, Field(discriminator="kind")
]
