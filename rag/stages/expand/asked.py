"""The baseline, and what every expansion has."""

from typing import Literal

from rag.stage import Stage
from rag.stages.index.base import Index
from rag.values import Filter, Query


class Expanding(Stage):
    """A way to make a query from a question."""

    def __call__(self, question: str, index: Index, only: Filter = Filter()) -> Query:
        """What is searched for. Raises ModelProblem where a model fails.

        Nothing of a document that the filter `only` leaves out may enter the query.
        """
        raise TypeError(f"{type(self).__name__} does not expand")


class AsAsked(Expanding):
    """Searches for the question as it was typed: the baseline."""

    kind: Literal["asked"] = "asked"

    def __call__(self, question: str, index: Index, only: Filter = Filter()) -> Query:
        return Query(question)
