"""Expand: from the question as it was typed to what is searched for."""

from typing import Annotated

from pydantic import Field

from rag.stages.expand.asked import AsAsked
from rag.stages.expand.clinical import Clinical
from rag.stages.expand.feedback import Feedback
from rag.stages.expand.model import Decompose, Hyde, Queries, Rewrite

Expander = Annotated[AsAsked | Clinical | Feedback | Rewrite | Queries | Decompose | Hyde, Field(discriminator="kind")]
