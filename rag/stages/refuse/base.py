"""What every refuser shares: the call, and what an answerer does with its verdict."""

from collections.abc import Sequence

from rag.stage import Stage
from rag.stages.index.base import Index
from rag.values import Confidence, Hit


class Refusing(Stage):
    """A way to decide whether a question can be answered from the passages that were found."""

    def __call__(self, question: str, hits: Sequence[Hit], index: Index, topic: str = "") -> Confidence:
        """How far these passages, best first, carry an answer; `refused` where that is too little to state anything.

        `topic` is the question without what says whose and which documents are meant.
        """
        raise TypeError(f"{type(self).__name__} does not refuse")

    def withholds(self, sure: Confidence, asks_model: bool) -> bool:
        """Whether the answerer is not asked; `asks_model` where it is a chat model."""
        return sure.refused
