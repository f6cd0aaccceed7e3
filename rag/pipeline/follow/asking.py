"""A follow-up put as the caller wants it: by the rules, by the chat model that answers, or not at all."""

from collections.abc import Sequence
from typing import Any, Literal

from rag.errors import SettingProblem
from rag.pipeline import Pipeline
from rag.pipeline.follow.model import rewritten_by
from rag.pipeline.follow.rewriting import rewritten
from rag.pipeline.follow.turn import Rewriting, Turn
from rag.pipeline.steps import checked
from rag.stages.index.base import Index
from rag.stages.models.chat import ChatModel

By = Literal["rules", "model", "never"]


def put(question: str, turns: Sequence[Turn], index: Index, pipeline: Pipeline, by: By = "rules") -> Rewriting:
    """A question that comes after these turns as it is to be asked.

    Raises SettingProblem for a question that cannot be asked, and where a model is to put it and none answers; ModelProblem
    where that fails.
    """
    question = checked(question)
    if by == "never":
        return Rewriting(question)
    if by == "rules":
        return rewritten(question, turns, index)
    if not isinstance(pipeline.answer, ChatModel):
        raise SettingProblem(
            f"A model is to put the question anew, but the answerer is {pipeline.answer.kind}. Choose chat, or rewrite by rules."
        )
    return rewritten_by(pipeline.answer, question, turns, index)


def follow_row(typed: str, rewriting: Rewriting) -> dict[str, Any]:
    """How a question was put, as JSON."""
    return {"typed": typed, "asked": rewriting.question, "how": rewriting.how, "notes": list(rewriting.notes)}
