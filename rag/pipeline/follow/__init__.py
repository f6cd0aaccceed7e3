"""Follow: a question that leans on the ones before it, as a question that stands alone."""

from rag.pipeline.follow.asking import By, follow_row, put
from rag.pipeline.follow.file import read_conversation, write_conversation
from rag.pipeline.follow.turn import Rewriting, Turn, turn_of

__all__ = ["By", "Rewriting", "Turn", "follow_row", "put", "read_conversation", "turn_of", "write_conversation"]
