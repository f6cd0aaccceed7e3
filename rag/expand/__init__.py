"""Expand: from the question as it was typed to what is searched for."""

from typing import Annotated

from pydantic import Field

from rag.expand.asked import AsAsked
from rag.expand.feedback import Feedback

Expander = Annotated[AsAsked | Feedback, Field(discriminator="kind")]
