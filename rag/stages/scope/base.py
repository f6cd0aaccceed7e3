"""The baseline, and what every way of reading a question's scope has."""

from typing import Literal

from rag.stage import Stage
from rag.stages.index.base import Index
from rag.values import Filter, Scope


class Scoping(Stage):
    """A way to read whose documents a question is about."""

    def __call__(self, question: str, index: Index, only: Filter = Filter()) -> Scope:
        """The scope of a question among what the filter `only` allows; what it allows can only become less."""
        raise TypeError(f"{type(self).__name__} does not read a scope")


class Everything(Scoping):
    """Asks all documents that the filter allows; nothing is read from the question: the baseline."""

    kind: Literal["everything"] = "everything"

    def __call__(self, question: str, index: Index, only: Filter = Filter()) -> Scope:
        return Scope(only, topic=question)
