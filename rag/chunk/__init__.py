"""Chunk: from a document to passages, each an exact slice of its text, which together cover all that is not blank."""

from typing import Annotated

from pydantic import Field

from rag.chunk.characters import Characters
from rag.chunk.parents import Parents, Whole, Window
from rag.chunk.parts import Criteria, Rows
from rag.chunk.sections import Sections
from rag.chunk.semantic import Semantic
from rag.chunk.tokens import Tokens
from rag.chunk.windows import Sentences, Words

Chunker = Annotated[
    Words | Sentences | Characters | Sections | Tokens | Parents | Window | Semantic | Rows | Criteria | Whole,
    Field(discriminator="kind"),
]
