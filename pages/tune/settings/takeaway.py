"""Take it away: the pipeline at hand as YAML, as a script, in LangChain, as a service."""

import shlex
from dataclasses import asdict
from functools import partial

import streamlit as st

from pages.shared.state import current_filter
from pages.shared.text_view import plain
from rag.away.scope import command_line, literal
from rag.away.script import to_script
from rag.away.yaml import to_yaml
from rag.pipeline import Pipeline
from rag.strict import short
from rag.values import Filter

IN_LANGCHAIN = """from pathlib import Path

from rag.away.yaml import from_file
from rag.away.langchain import WorkbenchRetriever
from rag.documents.workspace import Workspace
from rag.places import workspace_folder

project = Workspace(workspace_folder()).project()
pipeline = from_file(Path("pipeline.yaml").read_text("utf-8"), "pipeline.yaml")
index = pipeline.prepare(project.shelf.documents, project.artifacts)
retriever = WorkbenchRetriever(pipeline=pipeline, index=index)"""
AS_SERVICE = "python -m rag serve --pipeline pipeline.yaml"
BESIDE = "RAG_API_KEY=… RAG_API_PIPELINE='the name it was saved under' python -m rag app"


FILTERED = (
    "The filter ({filter}) goes along in the script and in what stands below. JSON and YAML hold the pipeline's settings only."
)


def told(only: Filter) -> str:
    """A filter in words."""
    fields = [(name, value) for name, value in asdict(only).items() if value]
    return "; ".join(
        name.replace("_", " ") if value is True else f"{name}: {short(value if isinstance(value, str) else ', '.join(value))}"
        for name, value in fields
    )


def in_langchain(only: Filter) -> str:
    """What to write for LangChain, with the filter."""
    if only == Filter():
        return IN_LANGCHAIN
    imported = IN_LANGCHAIN.replace("\n\nproject", "\nfrom rag.values import Filter\n\nproject")
    return imported.replace("index=index)", f"index=index, only=Filter({', '.join(literal(only))}))")


def as_service(only: Filter) -> str:
    """The command that serves the pipeline, with the filter."""
    return " ".join([AS_SERVICE, *map(shlex.quote, command_line(only))])


def take_away(pipeline: Pipeline, key: str) -> None:
    """Downloads, made when they are clicked, and what to write where the pipeline is to run without this app."""
    only = current_filter()
    download = partial(st.download_button, on_click="ignore")
    download("Download as YAML", partial(to_yaml, pipeline), "pipeline.yaml", "application/yaml", key=f"{key}-yaml")
    download("Download as a script", partial(to_script, pipeline, only), "ask.py", "text/x-python", key=f"{key}-script")
    if only != Filter():
        st.caption(FILTERED.format(filter=plain(told(only))))
    with st.expander("In LangChain, or as a service"):
        st.caption("A LangChain retriever over the released documents; `WorkbenchAnswer` beside it gives the whole answer:")
        st.code(in_langchain(only), "python")
        st.caption("An HTTP service on this machine, with `/retrieve`, `/ask` and `/openapi.json`:")
        st.code(as_service(only), "shell")
        st.caption("This app serves a saved pipeline itself, under `/api`, when it is started with these:")
        st.code(BESIDE, "shell")
