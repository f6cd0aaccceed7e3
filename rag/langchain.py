"""A tuned pipeline in LangChain: a retriever, and a runnable that answers with citations. Tracers see each stage as a run."""

from collections.abc import Iterator
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
from pydantic import SkipValidation

from rag.away.records import answer_row, passage
from rag.errors import SettingProblem
from rag.governance.egress import permit_tracing
from rag.index.base import Index
from rag.pipeline import Pipeline, Watch
from rag.values import Filter


class WorkbenchRetriever(BaseRetriever):
    """The passages that the pipeline would put into its prompt, best first.

    `page_content` is the exact passage; the metadata say where it stands (document, page, start, end, section) and what each
    step thought of it (score, steps). `only` says what may be found: for the retriever; in its place for one call,
    `retriever.invoke(question, only=Filter(types=("policy",)))`; or in a chain, `retriever.bind(only=Filter(…)) | …`.
    Raises WorkbenchError, also for a filter in a config, where LangChain would pass it over.
    """

    pipeline: SkipValidation[Pipeline]
    index: SkipValidation[Index]
    only: Filter = Filter()

    def invoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:
        _unfiltered(config, kwargs)
        permit_tracing()
        return super().invoke(input, config, **kwargs)

    async def ainvoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:
        _unfiltered(config, kwargs)
        permit_tracing()
        return await super().ainvoke(input, config, **kwargs)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, only: Filter | None = None
    ) -> list[Document]:
        watch = stages(self.pipeline, run_manager.get_child())
        search = self.pipeline.search(query, self.index, self.only if only is None else only, watch)
        return [Document(page_content=hit.chunk.text, metadata=passage(hit)) for hit in search.hits]

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun, only: Filter | None = None
    ) -> list[Document]:
        manager = run_manager.get_sync()
        return await run_in_executor(None, self._get_relevant_documents, query, run_manager=manager, only=only)


class WorkbenchAnswer(Runnable[str, dict[str, Any]]):
    """From a question to the whole answer: text, statements with their citations, passages and milliseconds a stage.

    `only` says what may be found: for the runnable; in its place for one call; or in a chain, with `bind(only=Filter(…))`.
    Raises WorkbenchError, also for a filter in a config, where LangChain would pass it over.
    """

    def __init__(self, pipeline: Pipeline, index: Index, only: Filter = Filter()) -> None:
        self.pipeline = pipeline
        self.index = index
        self.only = only

    def invoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> dict[str, Any]:
        _unfiltered(config, kwargs)
        permit_tracing()
        return self._call_with_config(self._answer, input, config, **kwargs)

    async def ainvoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> dict[str, Any]:
        _unfiltered(config, kwargs)
        permit_tracing()
        return await self._acall_with_config(self._aanswer, input, config, **kwargs)

    def _answer(self, question: str, run_manager: CallbackManagerForChainRun, only: Filter | None = None) -> dict[str, Any]:
        watch = stages(self.pipeline, run_manager.get_child())
        return answer_row(self.pipeline.ask(question, self.index, self.only if only is None else only, watch=watch))

    async def _aanswer(
        self, question: str, run_manager: AsyncCallbackManagerForChainRun, only: Filter | None = None
    ) -> dict[str, Any]:
        return await run_in_executor(None, self._answer, question, run_manager=run_manager.get_sync(), only=only)


def _unfiltered(config: RunnableConfig | None, arguments: dict[str, Any]) -> None:
    """Raises SettingProblem for a filter that would not be heard: one in a config, or one under another name than `only`."""
    told = {**(config or {}), **((config or {}).get("configurable") or {})}
    names = {"only", "filter", *(one.name for one in fields(Filter))}
    if misplaced := sorted(names & told.keys()):
        raise SettingProblem(
            f"{misplaced[0]} stands in a config, which does not filter. Write retriever.bind(only=Filter(…)), "
            "or invoke(question, only=Filter(…)); with_config cannot carry a filter."
        )
    if unheard := sorted((names - {"only"}) & arguments.keys()):
        raise SettingProblem(f"{unheard[0]} is not an argument. A filter is given as only=Filter(…).")
    if not isinstance(arguments.get("only"), Filter | None):
        raise SettingProblem(f"only is a {type(arguments['only']).__name__}. Give a rag.values.Filter: only=Filter(…).")


def stages(pipeline: Pipeline, manager: CallbackManager) -> Watch:
    """A watch that shows each stage to the manager's handlers as a run of its own; a model asked in it is a run below that.

    Nothing but the stage's kind stands in its run.
    """

    @contextmanager
    def watch(stage: str) -> Iterator[None]:
        run = manager.on_chain_start({}, {"kind": getattr(pipeline, stage).kind}, name=stage)
        token = var_child_runnable_config.set({**(var_child_runnable_config.get() or {}), "callbacks": run.get_child()})
        try:
            yield
        except BaseException as problem:
            run.on_chain_error(problem)
            raise
        else:
            run.on_chain_end({})
        finally:
            var_child_runnable_config.reset(token)

    return watch
