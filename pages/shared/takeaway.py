"""Take it away: the pipeline at hand as YAML, as a script, in LangChain, as a service."""

from functools import partial

import streamlit as st

from rag.away.script import to_script
from rag.away.yaml import to_yaml
from rag.pipeline import Pipeline

IN_LANGCHAIN = """from pathlib import Path

from rag.away.yaml import from_file
from rag.langchain import WorkbenchRetriever
from rag.workspace import Workspace

workspace = Workspace(Path(".workspace"))
pipeline = from_file(Path("pipeline.yaml").read_text("utf-8"), "pipeline.yaml")
index = pipeline.prepare(workspace.documents, workspace.artifacts)
retriever = WorkbenchRetriever(pipeline=pipeline, index=index)"""
AS_SERVICE = "python -m rag serve --workspace .workspace --pipeline pipeline.yaml"


def take_away(pipeline: Pipeline, key: str) -> None:
    """Downloads, made when they are clicked, and what to write where the pipeline is to run without this app."""
    download = partial(st.download_button, on_click="ignore")
    download("Download as YAML", partial(to_yaml, pipeline), "pipeline.yaml", "application/yaml", key=f"{key}-yaml")
    download("Download as a script", partial(to_script, pipeline), "ask.py", "text/x-python", key=f"{key}-script")
    with st.expander("In LangChain, or as a service"):
        st.caption("A LangChain retriever over the released documents; `WorkbenchAnswer` beside it gives the whole answer:")
        st.code(IN_LANGCHAIN, "python")
        st.caption("An HTTP service on this machine, with `/retrieve`, `/ask` and `/openapi.json`:")
        st.code(AS_SERVICE, "shell")
