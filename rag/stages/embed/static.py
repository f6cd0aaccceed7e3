"""A static embedder: a vector for every piece of MiniLM's vocabulary, distilled from it once on this machine."""

import re
from collections.abc import Sequence
from functools import cache
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from rag.embedding import Card, Embedding, Progress, Vectors, silent
from rag.stage import Stage, fingerprint
from rag.stages.embed.distil import distilled, kept, table_name
from rag.stages.embed.minilm import MiniLM
from rag.wordpiece import token_count, tokenizer

BATCH = 128
MOST_WORDS, LONGEST_WORD = 300_000, 100
PLAIN = re.compile(r"[!-Z\\-~]+")  # Without "[", which may open a mark such as [SEP].
CORES = re.compile(r"[a-z0-9]+|[^a-z0-9]")


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
        for row, text in enumerate(texts):
            np.add.reduce(table.take(_pieces(text), axis=0), axis=0, out=vectors[row])
            if (row + 1) % BATCH == 0 or row + 1 == len(texts):
                progress(row + 1, len(texts))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def question(self, text: str) -> Vectors:
        turned: Vectors = MiniLM().question(text) @ distilled()[1][:, : self.width]
        return np.asarray(turned / np.linalg.norm(turned), np.float32)


@cache
def _table(width: int) -> Vectors:
    return np.ascontiguousarray(distilled()[0][:, :width])


class _Words(dict[str, bytes]):
    """The places of a word's pieces in the vocabulary (int32), found when a word is first asked for and then remembered.

    WordPiece parts a word in ASCII at whatever is no letter or digit, and reads each part in lower case by itself; what
    else there is goes through the whole tokenizer. A word that another thread has forgotten meanwhile is found again.
    """

    def __missing__(self, word: str) -> bytes:
        if not PLAIN.fullmatch(word):
            found = _joined(tokenizer(None).encode(word, add_special_tokens=False).ids)
        elif (cores := CORES.findall(word.lower())) == [word]:
            found = _joined([piece.id for piece in tokenizer(None).model.tokenize(word)])
        else:
            found = b"".join(map(self.__getitem__, cores))
        if len(self) >= MOST_WORDS:
            self.clear()
        if len(word) <= LONGEST_WORD:
            self[word] = found
        return found


_words = _Words()


def _joined(ids: list[int]) -> bytes:
    return np.array(ids, np.int32).tobytes()


def _pieces(text: str) -> NDArray[np.int32]:
    """The places of a text's pieces in the vocabulary; that of the mark for what is unknown where it has none."""
    found = b"".join(map(_words.__getitem__, text.split()))
    return np.frombuffer(found or _words["[UNK]"], np.int32)


def word_vector(word: str, width: int) -> Vectors:
    """The mean of the vectors of a word's pieces, shape (width,), not of unit length. Raises ModelProblem."""
    found: Vectors = _table(width).take(np.frombuffer(_words[word], np.int32), axis=0).mean(axis=0)
    return found
