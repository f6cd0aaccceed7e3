"""Answer: from a prompt to text whose statements cite passages, streamed."""

from typing import Annotated

from pydantic import Field

from rag.stages.answer.chat import Chat
from rag.stages.answer.quote import Quote

Answerer = Annotated[Quote | Chat, Field(discriminator="kind")]
