"""What every way to defer shares: the call."""

from rag.stage import Stage
from rag.stages.index.base import Index
from rag.values import Answer, Deferral


class Deferring(Stage):
    """A way to decide whether a person must look at an answer."""

    def __call__(self, answer: Answer, index: Index) -> tuple[Deferral, ...]:
        """The rules by which a person must look at this answer, each with its reason; none where it states nothing."""
        raise TypeError(f"{type(self).__name__} does not defer")
