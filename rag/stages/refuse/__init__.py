"""Refuse: before a prompt is written, how far the passages carry an answer, what is missing, and whether that is too little."""

from typing import Annotated

from pydantic import Field

from rag.stages.refuse.evidence import Evidence
from rag.stages.refuse.never import Never

Refuser = Annotated[Never | Evidence, Field(discriminator="kind")]
