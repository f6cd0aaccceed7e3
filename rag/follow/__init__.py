"""Follow: a question that leans on the ones before it, as a question that stands alone."""

from rag.follow.model import rewritten_by
from rag.follow.rewriting import rewritten
from rag.follow.turn import Rewriting, Turn, turn_of

__all__ = ["Rewriting", "Turn", "rewritten", "rewritten_by", "turn_of"]
