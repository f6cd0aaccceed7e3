"""Chunks: a document's text with its passages drawn on it, and two chunkers side by side."""

from typing import Any

import streamlit as st

from pages.prepare.reading.chunk_view import chunk_view
from pages.shared.frame import stop_without_documents
from pages.shared.state import open_pipeline, pipeline_of, project, state
from pages.shared.text_view import plain
from pages.tune.settings.controls import BESIDE, TITLES, stage_controls
from rag.errors import WorkbenchError
from rag.pipeline.titles import title
from rag.stage import Stage
from rag.stages.chunk.sections import Sections
from rag.stages.chunk.tokens import told, too_long
from rag.stages.chunk.windows import Words
from rag.values import Chunk

st.title("Chunks")
stop_without_documents()

documents = {document.name: document for document in project().shelf.documents}
top, switch = st.columns([3, 1], vertical_alignment="bottom")
name = top.selectbox("Document", list(documents), key="chunks-document")
two = switch.toggle("Second chunker beside it", key="chunks-two")
document = documents[name]
pipeline = pipeline_of(state()["pipeline"])


def divided(stage: Any) -> list[Chunk]:
    """The passages of the document; a bar shows how far a chunker is that asks a model."""
    bar = st.empty()

    def compared(done: int, total: int) -> None:
        bar.progress(done / max(total, 1), f"Sentences compared: {done:,} of {total:,}")

    try:
        return list(stage.divided(document, compared))
    finally:
        bar.empty()


def side(at: int, stage: Stage) -> None:
    """The controls of one chunker beside the drawing; with two chunkers they hide behind a button."""
    key = f"chunks-{at}"
    if two:
        settings = drawing = st.container()
        named = f"**{TITLES['chunk']}** · {title('chunk', stage.model_dump()['kind'])}"
        box = settings.popover(named, width="stretch", key=f"{key}-settings")
    else:
        settings, drawing = st.columns(BESIDE, gap="large")
        box = settings.container()
    with box:
        changed, fault = stage_controls("chunk", stage, key)
        if fault:
            st.error(plain(fault))
        if changed != pipeline.chunk and st.button("Use this chunker when asking", key=f"{key}-use", type="primary"):
            open_pipeline(pipeline.model_copy(update={"chunk": changed}))
            st.rerun()
    edited = pipeline.model_copy(update={"chunk": changed})
    state()["chunkers"] = [*state()["chunkers"][:at], edited.to_json(), *state()["chunkers"][at + 1 :]]
    with drawing:
        try:
            chunks = divided(changed)
        except WorkbenchError as problem:
            st.error(plain(str(problem)))
            return
        if warning := told(too_long(chunks, pipeline.embed), len(chunks), pipeline.embed.limit):
            st.warning(warning)
        chunk_view(document, chunks, f"{key}-view")


other = Words() if isinstance(pipeline.chunk, Sections) else Sections()
kept = [pipeline_of(text).chunk for text in state()["chunkers"]]
stages = [*kept, *[pipeline.chunk, other][len(kept) :]]
for at, column in enumerate(st.columns(2, gap="large") if two else [st.container()]):
    with column:
        side(at, stages[at])
