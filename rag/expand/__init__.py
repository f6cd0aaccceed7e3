"""Expand: from the question as it was typed to what is searched for."""

from typing import Annotated

from pydantic import Field

from rag.expand.asked import AsAsked
from rag.expand.clinical import Clinical
from rag.expand.feedback import Feedback
from rag.expand.model import Decompose, Hyde, Queries, Rewrite

Expander = Annotated[AsAsked | Clinical | Feedback | Rewrite | Queries | Decompose | Hyde, Field(discriminator="kind")]
