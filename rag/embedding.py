"""What every way to turn texts into vectors shares, and what a reader should know of it before choosing it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from rag.stage import Stage

Progress = Callable[[int, int], None]
Vectors = NDArray[np.float32]


def silent(done: int, total: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class Card:
    """`dimension` and `limit` (tokens) are None where not known yet; `host` is where text would go, empty where it stays."""

    dimension: int | None
    limit: int | None
    megabytes: float
    licence: str
    here: bool
    host: str = ""

    def __str__(self) -> str:
        parts = [
            f"{self.dimension} numbers a text" if self.dimension else "dimension learned at the first call",
            f"reads {self.limit:,} tokens" if self.limit else "",
            f"{self.megabytes:,.0f} MB" if self.megabytes else "",
            self.licence,
        ]
        place = "on this machine" if self.here else "not on this machine yet"
        parts.append(f"text would go to {self.host}" if self.host else f"{place}, text stays here")
        return " · ".join(part for part in parts if part)


class Embedding(Stage):
    """A way to turn texts into vectors."""

    has_tokens: ClassVar[bool] = False
    knows_meaning: ClassVar[bool] = False

    if TYPE_CHECKING:  # Every option has it, as a field or as a property; pydantic lets no field stand for a property.

        @property
        def limit(self) -> int | None:
            """The tokens that are read of a text, its marks included; None where all are read, or it is not known."""

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        raise TypeError(f"{type(self).__name__} does not say its dimension")

    def recall(self, dimension: int) -> None:
        """Hears how long the vectors are that are kept of it, before it is asked for its dimension."""

    def card(self) -> Card:
        """What a reader should know before choosing it. Neither loads a model nor asks a server."""
        return Card(self.dimension, self.limit, 0, "", True)

    def __call__(self, texts: Sequence[str], progress: Progress = silent) -> Vectors:
        """One row of unit length a text, in order; shape (n, dimension)."""
        raise TypeError(f"{type(self).__name__} does not embed")

    def question(self, text: str) -> Vectors:
        """The vector of a question, shape (dimension,); differs from a passage's where a model wants a prefix."""
        vector: Vectors = self([text])[0]
        return vector

    def count(self, text: str) -> int:
        """The tokens of a text as `limit` counts them; about a token every four characters where that is not known."""
        return -(-len(text) // 4)

    def tokens(self, texts: Sequence[str]) -> list[Vectors]:
        """For each text its token vectors, shape (tokens, dimension), rows of unit length."""
        raise TypeError(f"{type(self).__name__} has no token vectors")

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Where each of the tokens of a text stands in it, as `tokens` orders them; (0, 0) for a mark at an end."""
        raise TypeError(f"{type(self).__name__} has no token vectors")
