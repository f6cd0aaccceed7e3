"""A static embedder: a vector for every piece of MiniLM's vocabulary, distilled from it once on this machine."""

from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from rag.embed.base import Embedding, Progress, Vectors, silent
from rag.embed.card import Card
from rag.embed.distil import distilled, kept, table_name
from rag.embed.minilm import MiniLM, _tokenizer, token_count
from rag.stage import Stage, fingerprint

if TYPE_CHECKING:
    from tokenizers import Tokenizer

BATCH = 128
MOST_WORDS = 300_000
_words: dict[str, list[int]] = {}  # The pieces of words seen before.


class Static(Embedding):
    """Means of token vectors distilled from MiniLM: very many passages a second, less exact; the question is read by MiniLM."""

    kind: Literal["static"] = "static"
    width: int = Field(default=384, ge=32, le=384, description="Length of a vector; fewer numbers, less memory, less exact")

    knows_meaning: ClassVar[bool] = True

    @property
    def dimension(self) -> int:
        return self.width

    @property
    def limit(self) -> None:
        return None

    def key(self) -> str:
        """As of every stage, with the table's name, which stands for the model and the texts that it was distilled with."""
        return fingerprint(Stage.key(self), table_name())

    def card(self) -> Card:
        return Card(self.width, None, 24, "Apache-2.0", kept())

    def count(self, text: str) -> int:
        return token_count(text)

    def __call__(self, texts: Sequence[str], progress: Progress = silent) -> Vectors:
        vectors = np.zeros((len(texts), self.width), np.float32)
        table = _table(self.width)
        for at in range(0, len(texts), BATCH):
            part = _pieces(texts[at : at + BATCH])
            for row, ids in enumerate(part, at):
                np.add.reduce(table[ids], axis=0, out=vectors[row])
            progress(at + len(part), len(texts))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def question(self, text: str) -> Vectors:
        turned: Vectors = MiniLM().question(text) @ distilled()[1][:, : self.width]
        return np.asarray(turned / np.linalg.norm(turned), np.float32)


@cache
def _table(width: int) -> Vectors:
    return np.ascontiguousarray(distilled()[0][:, :width])


def _pieces(texts: Sequence[str]) -> list[NDArray[np.int32]]:
    """The places of each text's pieces in the vocabulary; the mark for what is unknown where a text has none.

    WordPiece never reads across a blank, so each word is taken apart once and then remembered.
    """
    global _words
    if len(_words) > MOST_WORDS:
        _words = {}
    known, split = _words, [text.split() for text in texts]
    tokens = _tokenizer(None)
    unseen = list(set(chain.from_iterable(split)).difference(known))
    known.update(zip(unseen, (found.ids for found in tokens.encode_batch(unseen, add_special_tokens=False)), strict=True))
    none = [_unknown(tokens)]
    return [np.array(list(chain.from_iterable(map(known.__getitem__, words))) or none, np.int32) for words in split]


def _unknown(tokens: "Tokenizer") -> int:
    return int(tokens.token_to_id("[UNK]") or 0)
