"""Embed: from texts to vectors, float32 of shape (n, d), rows of unit length."""

from typing import Annotated

from pydantic import Field

from rag.stages.embed.endpoint import Endpoint
from rag.stages.embed.fastembed import FastEmbed
from rag.stages.embed.hashing import Hashing
from rag.stages.embed.langchain import LangChain
from rag.stages.embed.minilm import MiniLM
from rag.stages.embed.static import Static

Embedder = Annotated[Hashing | MiniLM | Static | FastEmbed | LangChain | Endpoint, Field(discriminator="kind")]
