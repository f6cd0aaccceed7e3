"""A tuned pipeline in LangChain: a retriever, and a runnable that answers with citations. Tracers see each stage as a run."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForChainRun,
    AsyncCallbackManagerForRetrieverRun,
    CallbackManager,
    CallbackManagerForChainRun,
    CallbackManagerForRetrieverRun,
)
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import run_in_executor, var_child_runnable_config
from pydantic import ConfigDict, Field, SkipValidation, model_validator

from rag.away.quiet import Found, Told, quiet, unforeseen, untold
from rag.away.records import answer_row, passage
from rag.away.scope import FIELDS
from rag.errors import SettingProblem
from rag.governance.egress import permit_tracing
from rag.pipeline import Pipeline
from rag.pipeline.steps import Watch
from rag.stages.index.base import Index
from rag.strict import short
from rag.values import Filter

OTHERS = {"only", "filter", "filters", "where", "search_kwargs", "document"}
FILTERS = {*OTHERS, *(one.name for one in fields(Filter)), *FIELDS.values()} - {"name"}
"""Under these names people give a filter."""


class WorkbenchRetriever(BaseRetriever):
    """The passages that the pipeline would put into its prompt, best first.

    `page_content` is the exact passage; the metadata say where it stands (document, page, start, end, section) and what each
    step thought of it (score, steps). `only` says what may be found: for the retriever; in its place for one call,
    `retriever.invoke(question, only=Filter(types=("policy",)))`; or in a chain, `retriever.bind(only=Filter(…)) | …`.
    Handlers, such as tracers, are shown places and no text, unless `trace_text`. Raises WorkbenchError, also for an argument
    that there is not, and for a filter in a config, where LangChain would pass it over.
    """

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    pipeline: SkipValidation[Pipeline] = Field(exclude=True, repr=False)
    index: SkipValidation[Index] = Field(exclude=True)
    only: SkipValidation[Filter] = Field(default=Filter(), exclude=True, repr=False)
    trace_text: bool = False

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:
        _heard(dict(given), cls.model_fields)
        return given

    def invoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:
        _unfiltered(config, kwargs)
        permit_tracing()
        found = super().invoke(input, config, **kwargs)
        return found.whole if isinstance(found, Found) else found

    async def ainvoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:
        _unfiltered(config, kwargs)
        permit_tracing()
        found = await super().ainvoke(input, config, **kwargs)
        return found.whole if isinstance(found, Found) else found

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, only: Filter | None = None
    ) -> list[Document]:
        watch = stages(self.pipeline, run_manager.get_child(), self.trace_text)
        with untold():
            hits = self.pipeline.search(query, self.index, self.only if only is None else only, watch).hits
        found = [Document(page_content=hit.chunk.text, metadata=passage(hit)) for hit in hits]
        return found if self.trace_text else Found(hits, found)

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, only: Filter | None = None
    ) -> list[Document]:
        manager = run_manager.get_sync()
        return await run_in_executor(None, self._get_relevant_documents, query, run_manager=manager, only=only)


class WorkbenchAnswer(Runnable[str, dict[str, Any]]):
    """From a question to the whole answer: text, statements with their citations, passages and milliseconds a stage.

    `only` says what may be found: for the runnable; in its place for one call; or in a chain, with `bind(only=Filter(…))`.
    Handlers, such as tracers, are shown how it went and what is cited, and no text, unless `trace_text`. Raises
    WorkbenchError, also for an argument that there is not, and for a filter in a config, where LangChain would pass it over.
    """

    def __init__(
        self, pipeline: Pipeline, index: Index, only: Filter = Filter(), *, trace_text: bool = False, **others: Any
    ) -> None:
        _heard({**others, "only": only}, ("pipeline", "index", "only", "trace_text"))
        self.pipeline = pipeline
        self.index = index
        self.only = only
        self.trace_text = trace_text

    def __repr__(self) -> str:
        return f"WorkbenchAnswer(index={self.index!r})"

    def invoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> dict[str, Any]:
        _unfiltered(config, kwargs)
        permit_tracing()
        row = self._call_with_config(self._answer, input, config, **kwargs)
        return row.whole if isinstance(row, Told) else row

    async def ainvoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> dict[str, Any]:
        _unfiltered(config, kwargs)
        permit_tracing()
        row = await self._acall_with_config(self._aanswer, input, config, **kwargs)
        return row.whole if isinstance(row, Told) else row

    def _answer(self, question: str, run_manager: CallbackManagerForChainRun, only: Filter | None = None) -> dict[str, Any]:
        watch = stages(self.pipeline, run_manager.get_child(), self.trace_text)
        with untold():
            answer = self.pipeline.ask(question, self.index, self.only if only is None else only, watch=watch)
        row = answer_row(answer)
        return row if self.trace_text else Told(answer, row)

    async def _aanswer(
        self, question: str, run_manager: AsyncCallbackManagerForChainRun, only: Filter | None = None
    ) -> dict[str, Any]:
        return await run_in_executor(None, self._answer, question, run_manager=run_manager.get_sync(), only=only)


def _heard(given: dict[str, Any], known: Iterable[str]) -> None:
    """Raises SettingProblem for an argument that would not be heard, and for a filter that is none."""
    if unheard := sorted(given.keys() - set(known)):
        raise SettingProblem(
            f"{short(unheard[0])} is not an argument. Allowed: {', '.join(known)}. A filter is given as only=Filter(…)."
        )
    if not isinstance(given.get("only", Filter()), Filter):
        raise SettingProblem(f"only is a {type(given['only']).__name__}. Give a rag.values.Filter: only=Filter(…).")


def _unfiltered(config: RunnableConfig | None, arguments: dict[str, Any]) -> None:
    """Raises SettingProblem for a filter that would not be heard: one in a config, or under another name than `only`."""
    told = {**(config or {}), **((config or {}).get("configurable") or {})}
    if misplaced := sorted(FILTERS & told.keys()):
        raise SettingProblem(
            f"{misplaced[0]} stands in a config, which does not filter. Write retriever.bind(only=Filter(…)), "
            "or invoke(question, only=Filter(…)); with_config cannot carry a filter."
        )
    _heard({name: value for name, value in arguments.items() if name != "run_id" and value is not None}, ("only",))


def stages(pipeline: Pipeline, manager: CallbackManager, trace_text: bool = False) -> Watch:
    """A watch that shows each stage to the manager's handlers as a run of its own; a model asked in it is a run below that.

    Nothing but the stage's kind stands in its run, and no text in a model's, unless `trace_text`.
    """

    @contextmanager
    def watch(stage: str) -> Iterator[None]:
        run = manager.on_chain_start({}, {"kind": getattr(pipeline, stage).kind}, name=stage)
        below = run.get_child() if trace_text else quiet(run.get_child())
        token = var_child_runnable_config.set({**(var_child_runnable_config.get() or {}), "callbacks": below})
        try:
            yield
        except BaseException as problem:
            run.on_chain_error(unforeseen(problem))
            raise
        else:
            run.on_chain_end({})
        finally:
            var_child_runnable_config.reset(token)

    return watch
