"""Embed: from texts to vectors, float32 of shape (n, d), rows of unit length."""

from typing import Annotated

from pydantic import Field

from rag.embed.hashing import Hashing
from rag.embed.minilm import MiniLM

Embedder = Annotated[Hashing | MiniLM, Field(discriminator="kind")]
