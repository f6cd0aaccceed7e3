"""What every embedder shares."""

from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from rag.stage import Stage

Progress = Callable[[int, int], None]
Vectors = NDArray[np.float32]


def silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


class Embedding(Stage):
    """A way to turn texts into vectors."""

    has_tokens: ClassVar[bool] = False
    knows_meaning: ClassVar[bool] = False

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        raise TypeError(f"{type(self).__name__} does not say its dimension")

    def __call__(self, texts: Sequence[str], progress: Progress = silent) -> Vectors:
        """One row of unit length a text, in order; shape (n, dimension)."""
        raise TypeError(f"{type(self).__name__} does not embed")

    def tokens(self, texts: Sequence[str]) -> list[Vectors]:
        """For each text its token vectors, shape (tokens, dimension), rows of unit length."""
        raise TypeError(f"{type(self).__name__} has no token vectors")
