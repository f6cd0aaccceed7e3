"""Embed: from texts to vectors, float32 of shape (n, d), rows of unit length."""

from typing import Annotated

from pydantic import Field

from rag.embed.endpoint import Endpoint
from rag.embed.fastembed import FastEmbed
from rag.embed.hashing import Hashing
from rag.embed.langchain import LangChain
from rag.embed.minilm import MiniLM
from rag.embed.static import Static

Embedder = Annotated[Hashing | MiniLM | Static | FastEmbed | LangChain | Endpoint, Field(discriminator="kind")]
