"""What an index that may miss neighbours finds, beside exact search on the corpus at hand, and the memory it takes."""

from typing import Any

import streamlit as st

from pages.shared.state import project
from pages.shared.text_view import plain
from rag.errors import WorkbenchError
from rag.pipeline import Pipeline
from rag.stage import fingerprint
from rag.stages.index.base import Index
from rag.stages.index.local import Exact
from rag.stages.index.recall import Recall, measured, size_of
from rag.stages.index.store import Store

UNASKED = 20_000  # Passages up to which the recall is measured without being asked for.
KEPT = 64


def index_facts(pipeline: Pipeline, index: Index | None, place: Any, key: str) -> None:
    """Into this place: recall, memory and what was built otherwise than set; nothing for exact search at full precision."""
    stage = pipeline.index
    if not pipeline.reads_vectors or (isinstance(stage, Exact) and stage.precision == "float32"):
        return
    if index is None:
        place.caption("Its recall against exact search is measured here as soon as it is built.")
        return
    with place.container():
        _facts(pipeline, index, key)


def _facts(pipeline: Pipeline, index: Index, key: str) -> None:
    if index.note:
        st.caption(f":material/info: {plain(index.note)}")
    artifacts = project().artifacts
    name = fingerprint("recall", pipeline.key("index", [document.key for document in project().shelf.documents]))
    large = len(index.chunks) > UNASKED or isinstance(pipeline.index, Store)
    place = st.empty()
    if large and not artifacts.recall(name):
        label = f"Measure its recall on {len(index.chunks):,} passages"
        if not place.button(label, key=f"{key}-recall", width="stretch", help="Compares it with exact search; takes a while"):
            return
        place.empty()
    try:
        with st.spinner("Measuring recall…"):
            found, size = artifacts.remembered(name, lambda: (measured(index), size_of(index)), "recall", KEPT)
    except WorkbenchError as problem:
        st.caption(plain(f"The recall could not be measured. {problem}"))
        return
    st.caption(told(found, size, len(index.chunks)), help="Passages are asked by their own vector, which is a little easier.")


def told(found: Recall, size: int | None, count: int) -> str:
    """Recall and memory in a line."""
    memory = "" if size is None else f" · vectors take {_megabytes(size)}"
    if not found.n:
        return f"Too few passages to measure its recall{memory}"
    return (
        f":material/my_location: **Recall@{found.top} {found.value:.3f}** against exact search on these {count:,} passages, "
        f"n = {found.n} asked{memory}"
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:,.0f} kB"
