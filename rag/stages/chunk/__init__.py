"""Chunk: from a document to passages, each an exact slice of its text, which together cover all that is not blank."""

from typing import Annotated

from pydantic import Field

from rag.stages.chunk.characters import Characters
from rag.stages.chunk.parents import Parents, Whole, Window
from rag.stages.chunk.parts import Criteria, Rows
from rag.stages.chunk.sections import Sections
from rag.stages.chunk.semantic import Semantic
from rag.stages.chunk.tokens import Tokens
from rag.stages.chunk.windows import Sentences, Words

Chunker = Annotated[
    Words | Sentences | Characters | Sections | Tokens | Parents | Window | Semantic | Rows | Criteria | Whole,
    Field(discriminator="kind"),
]
