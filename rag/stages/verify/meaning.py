"""How near two words are in meaning: cosines of static vectors, where MiniLM's table lies on this machine."""

from functools import lru_cache

import numpy as np

from rag.embedding import Vectors
from rag.wordpiece import installed

WIDTH = 128


@lru_cache(maxsize=50_000)
def vector_of(word: str) -> Vectors:
    """A word's vector, shape (128,), of unit length; noughts without MiniLM."""
    if not installed():
        return np.zeros(WIDTH, np.float32)
    from rag.stages.embed.static import word_vector

    found = word_vector(word, WIDTH)
    length = float(np.linalg.norm(found))
    return found / length if length else found


def vectors_of(words: "list[str]") -> Vectors:
    """The vectors of words, shape (n, 128)."""
    return np.stack([vector_of(word) for word in words]) if words else np.zeros((0, WIDTH), np.float32)
