"""The refuser that measures the evidence against a bar."""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from rag.stages.index.base import Index
from rag.stages.refuse.base import Refusing
from rag.stages.refuse.measure import measured
from rag.values import Confidence, Hit


class Evidence(Refusing):
    """Refuses where the passages found carry no answer, before a chat model is asked, and says what is missing."""

    kind: Literal["evidence"] = "evidence"
    below: float = Field(
        default=0.34, ge=0.0, le=1.0, description="Below this confidence nothing is stated, and the reason is given"
    )
    ask_anyway: bool = Field(
        default=False, description="Ask a chat model all the same; its answer is marked as resting on weak evidence"
    )

    def __call__(self, question: str, hits: Sequence[Hit], index: Index, topic: str = "") -> Confidence:
        return measured(question, hits, index, self.below, topic)

    def withholds(self, sure: Confidence, asks_model: bool) -> bool:
        return sure.refused and not (self.ask_anyway and asks_model)
