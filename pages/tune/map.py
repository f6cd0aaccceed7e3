"""Map: the passages and the question in two dimensions; draw around points to read them."""

from typing import get_args

import numpy as np
import streamlit as st

from pages.shared.computed import prepared
from pages.shared.findings import count
from pages.shared.frame import stop_without_documents
from pages.shared.sources import show_opened
from pages.shared.state import current_filter, pipeline_of, project, state
from pages.shared.text_view import plain
from pages.tune.answering.map_view import COLOURS, Drawing, map_chart, reading, told
from pages.tune.question import question_asked, question_box
from rag.errors import WorkbenchError
from rag.extras import install
from rag.pipeline.projection import NEAREST, Method, has_umap, projected

SEARCHES = 64

st.title("Map")
stop_without_documents()
st.caption(
    "Every point is a passage; passages that say similar things stand near each other. Drag around points, or click one, to "
    "read them below. Settings and hits are those of the Ask page."
)
pipeline = pipeline_of(state()["applied"])
if not pipeline.reads_vectors:
    st.info(
        "These settings find passages by their words alone, so no passage has a vector that could be drawn. On the Ask page "
        "choose *Meaning* or *Words + meaning* under Retrieval, or open the preset *default*.",
        icon=":material/scatter_plot:",
    )
    st.page_link("pages/tune/ask.py", label="Go to Ask", icon=":material/arrow_forward:")
    st.stop()
if not question_box("map", "see where it stands and what it finds"):
    st.stop()

documents, artifacts = project().shelf.documents, project().artifacts
question = state()["asked"].strip()
if question:
    question_asked("map", question)
missing = "" if has_umap() else f"; not installed: {install('umap')}"
layout, colouring = st.columns([1, 2.4], vertical_alignment="bottom")
methods = [method for method in get_args(Method) if method != "UMAP" or has_umap()]
method = layout.segmented_control(
    "Layout",
    methods,
    default="PCA",
    required=True,
    key="map-method",
    help="PCA: the two directions in which the passages differ most, at once. UMAP: keeps near neighbours together, shows "
    f"groups better, takes longer{missing}.",
)
colour = colouring.segmented_control("Colour by", COLOURS, default=COLOURS[0], required=True, key="map-colour")

inputs = [document.key for document in documents]
key = pipeline.key("embed", inputs)
try:
    index = prepared(pipeline)
    folder = artifacts.place("umap", key, (document.name for document in documents)) if method == "UMAP" else None
    with st.spinner(f"{method} places {count(len(index.chunks), 'passage')}…", show_time=True):
        plane = artifacts.remembered(
            f"{method} {key}",
            lambda: projected(method, artifacts.vectors(index.embedder, index.chunks), folder),
            "maps",
        )
except WorkbenchError as problem:
    st.error(plain(str(problem)))
    st.stop()

drawing = Drawing(index, plane.points)
if question:
    try:
        only = current_filter()
        searched = pipeline.key("rerank", [*inputs, question, repr(only)])
        hits = artifacts.remembered(searched, lambda: pipeline.search(question, index, only), "searches", SEARCHES).hits
        rows = list(dict.fromkeys(row for hit in hits for row in index.rows_of(hit.chunk)))
        vector = index.question_vector(question)
        nearest, _ = index.similar(vector, NEAREST, np.arange(len(index.chunks)))
        drawing = Drawing(index, plane.points, rows, question, plane.place(vector, nearest))
    except WorkbenchError as problem:
        st.error(plain(f"The question cannot be placed. {problem}"))
elif colour == "Rank":
    st.info("Type a question above; its hits are then coloured by their rank.")

chosen = map_chart(drawing, colour, f"map-{method}-{key}")
st.caption(told(len(index.chunks), plane.shares))
if chosen:
    reading(index, chosen, drawing.hits, "map-reading")
show_opened()
