"""Ask: settings on the left; answer, citations, hits, prompt and time on the right."""

import streamlit as st

from pages.shared import history, prompt_versions
from pages.shared.answers import hits_table, prompt_view
from pages.shared.asking import asked_meanwhile
from pages.shared.changes import changes_view
from pages.shared.charts import time_chart
from pages.shared.controls import edited_pipeline
from pages.shared.costs import usage_line, usage_table
from pages.shared.cutoffs import cutoffs
from pages.shared.explain import explanation
from pages.shared.filters import filter_controls
from pages.shared.findings import count
from pages.shared.frame import stop_without_documents
from pages.shared.index_view import index_facts
from pages.shared.missing import missing_view
from pages.shared.question import question_box
from pages.shared.sources import answer_view, show_opened
from pages.shared.state import prepared, retrieved, state
from pages.shared.text_view import plain
from rag.errors import ModelProblem, WorkbenchError

VIEWS = ["Passages", "What changed?", "Cut-offs", "Why not there?", "Prompt", "Time"]

st.title("Ask")
stop_without_documents()
left, right = st.columns([1, 2.6], gap="large")

with left:
    st.subheader("Settings")
    settings, applying = st.container(), st.empty()
    filter_controls("ask")  # Before the settings, which take the filter along where they are taken away.
    with settings:
        pipeline, index_place = edited_pipeline()
        prompt_versions.note(pipeline.prompt)

with right:
    if not question_box("ask", "Ask", "Ask about the documents, in a clinician's words"):
        st.stop()
    if not state()["asked"].strip():
        st.info("Type a question above, for example: *What was stopped at discharge because of the kidneys?*")
        st.stop()
    tried = st.container()
    try:
        answer = asked_meanwhile(pipeline, applying)
    except WorkbenchError as problem:
        st.error(plain(str(problem)))
        hits = retrieved(pipeline, state()["asked"]) if isinstance(problem, ModelProblem) else ()
        if hits:
            st.subheader("Passages found")
            hits_table(hits, "hits")
        with tried:
            history.strip()
        show_opened()
        st.stop()
    if index_place is not None:
        index_facts(pipeline, prepared(pipeline), index_place, "ask")
    history.note(pipeline)
    with tried:
        history.strip()

    st.subheader("Answer")
    answer_view(answer, "answer")
    verified = sum(claim.supported is True for claim in answer.claims)
    st.caption(
        f"{verified} of {count(len(answer.claims), 'statement')} verified word for word · confidence {answer.confidence:.2f} · "
        f"{count(len(answer.hits), 'passage')} · {answer.prompt.tokens:,} tokens in the prompt · {sum(answer.ms.values()):.0f} ms"
    )
    usage_line(answer, pipeline)
    if answer.query.notes:
        st.caption(f":material/manage_search: Searched also for: {plain(' · '.join(answer.query.notes))}")
    view = st.segmented_control("Look into", VIEWS, default="Passages", key="look", required=True)
    if view == "Passages":
        hit = hits_table(answer.hits, "hits")
        if hit and st.toggle("Explain its rank", key="explain", help="The words, vectors and sums that put it where it stands"):
            explanation(hit, answer, pipeline, "explain")
    elif view == "What changed?":
        before, settings = history.answer_before()
        if before is None:
            st.info("Change a setting on the left: what it changes in passages, answer and prompt is shown here.")
        else:
            changes_view(before, answer, settings, "changes")
    elif view == "Cut-offs":
        cutoffs(answer, pipeline, "cutoffs")
    elif view == "Why not there?":
        missing_view(answer, pipeline, "missing")
    elif view == "Prompt":
        prompt_versions.versions_view(answer, pipeline)
        prompt_view(answer.prompt)
    else:
        time_chart(answer.ms, "time")
        usage_table(answer, pipeline)

show_opened()
