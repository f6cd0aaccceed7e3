"""Compare: two to four pipelines on one question, in columns, with what differs marked."""

import streamlit as st

from pages.shared.comparison import bring_back, column_settings, differences, link, passages_found, result_column
from pages.shared.frame import stop_without_documents
from pages.shared.question import question_box
from pages.shared.sources import show_opened
from pages.shared.state import answered, pipeline_of, retrieved, state
from pages.shared.text_view import plain
from rag.errors import ModelProblem, WorkbenchError
from rag.presets import PRESETS
from rag.values import Answer

MOST = 4

st.title("Compare")
stop_without_documents()
bring_back()

if not question_box("compare", "Compare", "One question for all columns"):
    st.stop()

texts = state()["columns"]
with st.container(horizontal=True):
    if st.button("Add a column", icon=":material/add:", disabled=len(texts) >= MOST):
        state()["columns"] = [*texts, PRESETS["default"][1].to_json()]
        st.rerun()
    if st.button("Remove the last column", icon=":material/remove:", disabled=len(texts) <= 2):
        state()["columns"] = texts[:-1]
        st.rerun()
    link()

columns = st.columns(len(texts), gap="medium")
pipelines = []
for at, column in enumerate(columns):
    with column:
        pipelines.append(column_settings(at, pipeline_of(texts[at])))
if not state()["asked"].strip():
    st.info("Type a question above; every column answers it with its own settings.")
    st.stop()

answers: list[Answer | None] = []
for column, pipeline in zip(columns, pipelines, strict=True):
    with column:
        try:
            with st.spinner("Waiting for the answer…", show_time=True):
                answers.append(answered(pipeline, state()["asked"]))
        except WorkbenchError as problem:
            answers.append(None)
            st.error(plain(str(problem)))
            if isinstance(problem, ModelProblem):
                passages_found(len(answers) - 1, retrieved(pipeline, state()["asked"]))
marks = differences(answers)
for at, (column, answer) in enumerate(zip(columns, answers, strict=True)):
    if answer is not None:
        with column:
            result_column(at, answer, marks[at], answers[0])

show_opened()
