"""Ask: settings on the left; answer, citations, hits, prompt and time on the right."""

import streamlit as st

from pages.shared.answers import hits_table, prompt_view
from pages.shared.charts import time_chart
from pages.shared.controls import edited_pipeline
from pages.shared.filters import filter_controls
from pages.shared.findings import count
from pages.shared.frame import stop_without_documents
from pages.shared.question import question_box
from pages.shared.sources import answer_view, show_opened
from pages.shared.state import answered, retrieved, state
from pages.shared.text_view import plain
from rag.errors import ModelProblem, WorkbenchError

st.title("Ask")
stop_without_documents()
left, right = st.columns([1, 2.6], gap="large")

with left:
    st.subheader("Settings")
    pipeline = edited_pipeline()
    filter_controls("ask")

with right:
    if not question_box("ask", "Ask", "Ask about the documents, in a clinician's words"):
        st.stop()
    if not state()["asked"].strip():
        st.info("Type a question above, for example: *What was stopped at discharge because of the kidneys?*")
        st.stop()
    live = st.empty()
    try:
        written: list[str] = []
        with st.spinner("Waiting for the answer…", show_time=True):
            answer = answered(pipeline, state()["asked"], lambda text: (written.append(text), live.text("".join(written))))
    except WorkbenchError as problem:
        live.empty()
        st.error(plain(str(problem)))
        hits = retrieved(pipeline, state()["asked"]) if isinstance(problem, ModelProblem) else ()
        if hits:
            st.subheader("Passages found")
            hits_table(hits, "hits")
        show_opened()
        st.stop()
    live.empty()

    st.subheader("Answer")
    answer_view(answer, "answer")
    verified = sum(claim.supported is True for claim in answer.claims)
    st.caption(
        f"{verified} of {count(len(answer.claims), 'statement')} verified word for word · confidence {answer.confidence:.2f} · "
        f"{count(len(answer.hits), 'passage')} · {answer.prompt.tokens:,} tokens in the prompt · {sum(answer.ms.values()):.0f} ms"
    )
    view = st.segmented_control("Look into", ["Passages", "Prompt", "Time"], default="Passages", key="look", required=True)
    if view == "Passages":
        hits_table(answer.hits, "hits")
    elif view == "Prompt":
        prompt_view(answer.prompt)
    else:
        time_chart(answer.ms, "time")

show_opened()
