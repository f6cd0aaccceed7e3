"""Scope: from the question as it was typed to whose documents, and which, it is about."""

from typing import Annotated

from pydantic import Field

from rag.stages.scope.base import Everything
from rag.stages.scope.named import Named

Scoper = Annotated[Everything | Named, Field(discriminator="kind")]
