"""For LangChain, under the name that users import: a pipeline as a retriever and as a runnable, and callbacks a stage."""

from rag.away.langchain import WorkbenchAnswer, WorkbenchRetriever, stages

__all__ = ["WorkbenchAnswer", "WorkbenchRetriever", "stages"]
