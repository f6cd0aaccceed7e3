"""What a handler of LangChain, such as a tracer, is shown of a run: names, times, counts and places, no text of a document."""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler, CallbackManager
from langchain_core.documents import Document
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, LLMResult

from rag.away.records import place
from rag.errors import WorkbenchError
from rag.values import Answer, Hit

KEPT = frozenset({"run_id", "parent_run_id", "tags", "metadata", "name", "run_type"})
SHOWN: dict[str, Callable[..., tuple[Any, ...]]] = {
    "on_llm_start": lambda *told: ({}, [""]),
    "on_chat_model_start": lambda *told: ({}, [[]]),
    "on_llm_end": lambda result: (_counts(result),),
    "on_chain_start": lambda *told: ({}, {}),
    "on_chain_end": lambda *told: ({},),
    "on_tool_start": lambda *told: ({}, ""),
    "on_tool_end": lambda *told: ("",),
    "on_retriever_start": lambda *told: ({}, ""),
    "on_retriever_end": lambda *told: ([],),
    **{f"on_{what}_error": lambda problem: (unforeseen(problem),) for what in ("llm", "chain", "tool", "retriever")},
}
"""Of each event what is shown; events that are not here hold nothing but text."""


class Unforeseen(WorkbenchError):
    """An error that nobody foresaw, by its kind and place: its own message could hold document text."""


class Found(list[Document]):
    """Passages as handlers are shown them, by their places; `whole` are those that the caller gets."""

    def __init__(self, hits: tuple[Hit, ...], whole: list[Document]) -> None:
        super().__init__(Document(page_content="", metadata={**place(hit.chunk), "score": round(hit.score, 6)}) for hit in hits)
        self.whole = whole


class Told(dict[str, Any]):
    """An answer as handlers are shown it: how it went and what it cites; `whole` is what the caller gets."""

    def __init__(self, answer: Answer, whole: dict[str, Any]) -> None:
        cited = [[{"document": c.span.document, "page": c.page} for c in claim.citations] for claim in answer.claims]
        shown = {"outcome": answer.outcome, "refused": answer.refused, "confidence": round(answer.confidence, 4)}
        super().__init__(shown, citations=cited, hits=[place(hit.chunk) for hit in answer.hits], ms=whole["ms"])
        self.whole = whole


class Quiet:
    """A handler as it is, but for what a model was sent and what it said."""

    def __init__(self, handler: BaseCallbackHandler) -> None:
        self._handler = handler

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._handler, name)
        return partial(_quietly, found, SHOWN.get(name)) if name.startswith("on_") else found


def quiet(manager: CallbackManager) -> CallbackManager:
    """The same manager, whose handlers are shown no text."""
    other: Any = manager.copy()
    other.handlers = [Quiet(one) for one in manager.handlers]
    other.inheritable_handlers = [Quiet(one) for one in manager.inheritable_handlers]
    return other  # type: ignore[no-any-return]


@contextmanager
def untold() -> Iterator[None]:
    """Lets out an unforeseen error by its kind and place alone."""
    try:
        yield
    except WorkbenchError:
        raise
    except Exception as problem:
        raise unforeseen(problem).with_traceback(problem.__traceback__) from None


def unforeseen(problem: BaseException) -> BaseException:
    """The problem as it can be shown."""
    if isinstance(problem, WorkbenchError) or not isinstance(problem, Exception):
        return problem
    last = (traceback.extract_tb(problem.__traceback__) or [None])[-1]
    where = f" in {last.name}, line {last.lineno}" if last else ""
    return Unforeseen(f"{type(problem).__name__}{where}, which nobody foresaw. Tell whoever maintains this.")


def _quietly(handle: Callable[..., Any], shown: Callable[..., tuple[Any, ...]] | None, *told: Any, **about: Any) -> Any:
    kept = {name: value for name, value in about.items() if name in KEPT}
    return handle(*shown(*told), **kept) if shown else None


def _counts(result: LLMResult) -> LLMResult:
    """How many tokens a model took, without what it said."""
    found = [getattr(getattr(one, "message", None), "usage_metadata", None) for many in result.generations for one in many]
    return LLMResult(generations=[[ChatGeneration(message=AIMessage("", usage_metadata=usage)) for usage in found]])
