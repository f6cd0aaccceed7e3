"""Ask: settings on the left; answer, citations, hits, prompt and time on the right."""

import streamlit as st

from pages.shared.answer.answers import hits_table, prompt_view
from pages.shared.answer.asking import Failure, at_once, waited
from pages.shared.answer.changes import changes_view
from pages.shared.answer.cutoffs import cutoffs
from pages.shared.answer.explain import explained
from pages.shared.answer.missing import missing_view
from pages.shared.answer.unsent import failure_view
from pages.shared.charts import time_chart
from pages.shared.findings import count
from pages.shared.frame import stop_without_documents
from pages.shared.question import question_box
from pages.shared.settings import history, prompt_versions
from pages.shared.settings.controls import edited_pipeline
from pages.shared.settings.costs import usage_line, usage_table
from pages.shared.settings.filters import filter_controls
from pages.shared.settings.index_view import index_facts
from pages.shared.sources import answer_view, show_opened
from pages.shared.state import pipeline_of, prepared, state
from pages.shared.text_view import plain
from rag.pipeline import Pipeline
from rag.values import Answer

VIEWS = ["Passages", "What changed?", "Cut-offs", "Why not there?", "Prompt", "Time"]


def answered(answer: Answer, pipeline: Pipeline, before: bool) -> None:
    """An answer and what can be looked into; `before` where it is by the settings before."""
    st.subheader("Answer by the settings before" if before else "Answer")
    answer_view(answer, "answer")
    verified = sum(claim.supported is True for claim in answer.claims)
    st.caption(
        f"{verified} of {count(len(answer.claims), 'statement')} verified word for word · confidence {answer.confidence:.2f} · "
        f"{count(len(answer.hits), 'passage')}, {len(answer.prompt.sources)} of them in the prompt · "
        f"{answer.prompt.tokens:,} tokens in the prompt · {sum(answer.ms.values()):.0f} ms"
    )
    usage_line(answer, pipeline)
    if answer.query.notes:
        st.caption(f":material/manage_search: Searched also for: {plain(' · '.join(answer.query.notes))}")
    view = st.segmented_control("Look into", VIEWS, default="Passages", key="look", required=True)
    if view == "Passages":
        explained(hits_table(answer.hits, "hits"), answer, pipeline, "explain")
    elif view == "What changed?":
        earlier, settings = history.answer_before()
        if earlier is None:
            st.info("Change a setting on the left: what it changes in passages, answer and prompt is shown here.")
        else:
            changes_view(earlier, answer, settings, "changes")
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


st.title("Ask")
stop_without_documents()
left, right = st.columns([1, 2.6], gap="large")

with left:
    st.subheader("Settings")
    applying, settings = st.empty(), st.container()
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
    tried, here = st.container(), st.empty()
    found = at_once(pipeline)
    if isinstance(found, Answer):
        if index_place is not None:
            index_facts(pipeline, prepared(pipeline), index_place, "ask")
        history.note(pipeline)
    answer, entry = (found, state()["shown"]) if isinstance(found, Answer) else history.last_answer()
    if isinstance(found, Failure):
        with here.container():
            failure_view(found, pipeline, alone=answer is None)
    with tried:
        history.strip(entry)
    if answer and entry:
        answered(answer, pipeline_of(entry["pipeline"]), before=answer is not found)
    if found is None:
        waited(pipeline, here, applying)

show_opened()
