"""Prompt: the exact messages, their numbered sources and their size in tokens."""

from typing import Annotated

from pydantic import Field

from rag.stages.prompt.cited import Cited, Plain

__all__ = ["Cited", "Plain", "Prompter"]

Prompter = Annotated[Plain | Cited, Field(discriminator="kind")]
