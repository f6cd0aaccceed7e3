"""Defer: which answers a person must look at before they are relied on, by which rule."""

from typing import Annotated

from pydantic import Field

from rag.stages.defer.by_rules import ByRules
from rag.stages.defer.never import Never

Deferrer = Annotated[Never | ByRules, Field(discriminator="kind")]
