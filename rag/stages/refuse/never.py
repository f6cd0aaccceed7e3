"""The refuser that never refuses."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from rag.stages.index.base import Index
from rag.stages.refuse.base import Refusing
from rag.stages.refuse.measure import measured
from rag.values import Confidence, Hit


class Never(Refusing):
    """Never refuses. The confidence is measured and shown all the same."""

    kind: Literal["never"] = "never"

    def __call__(self, question: str, hits: Sequence[Hit], index: Index, topic: str = "") -> Confidence:
        return replace(measured(question, hits, index, topic=topic), refused=False, reason="")
