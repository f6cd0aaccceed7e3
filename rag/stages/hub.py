"""Models of Hugging Face's hub: the set-up fetches them where that host is allowed, and everything else only finds them."""

from collections.abc import Callable

from rag.errors import ModelProblem
from rag.governance.egress import VARIABLE, permit

HOST = "huggingface.co"
SET_UP = "python -m rag setup"


def fetched(model: str, bring: Callable[[], object]) -> None:
    """Has a model brought to this machine. Raises ModelProblem where the hub is not allowed, or does not give it."""
    permit(f"https://{HOST}")
    try:
        bring()
    except Exception as error:  # Every library has its own kinds.
        raise ModelProblem(f"{model} cannot be fetched from {HOST} ({type(error).__name__}). Try again.") from None


def missing(model: str, otherwise: str = "Fetch it") -> ModelProblem:
    """The error that names the command which fetches a model."""
    command = f"{VARIABLE}={HOST} {SET_UP} --fetch {model}"
    return ModelProblem(f"{model} is not on this machine. {otherwise} and start again: {command}")
