"""Ask: settings on the left; answer, citations, hits, prompt and time on the right."""

import streamlit as st

from pages.shared.computed import prepared
from pages.shared.frame import stop_without_documents
from pages.shared.sources import show_opened
from pages.shared.state import FIRST, pipeline_of, state
from pages.tune.answering import conversation
from pages.tune.answering.asking import Failure, at_once, waited
from pages.tune.answering.looking import answered
from pages.tune.answering.unsent import failure_view
from pages.tune.question import LEANING, question_box
from pages.tune.settings import history, prompt_versions
from pages.tune.settings.controls import BESIDE, edited_pipeline
from pages.tune.settings.filters import filter_controls
from pages.tune.settings.index_view import index_facts
from rag.values import Answer

st.title("Ask")
stop_without_documents()
left, right = st.columns(BESIDE, gap="large")

with right:
    loading = st.empty()
    if state()["shown"] is None and (state()["asked"].strip() or LEANING in st.session_state):
        loading.caption(":material/hourglass_top: Looking for the answer…")

with left:
    st.subheader("Settings")
    applying, settings = st.empty(), st.container()
    filter_controls("ask")  # Before the settings, which take the filter along where they are taken away.
    with settings:
        pipeline, index_place = edited_pipeline()
        prompt_versions.note(pipeline.prompt)

with right:
    above = st.container()
    first = "ask the documents, in a clinician's words"
    further = "ask on, such as “why?” or “and in renal impairment?”, or something new"
    sent = question_box("ask", further if state()["asked"].strip() else first, "leaning")
    if sent:
        conversation.put_leaning(pipeline)
    with above:
        conversation.earlier()
    if not sent:
        st.stop()
    if not state()["asked"].strip():
        st.info("Type a question above, or begin with this one.")
        st.button(FIRST, icon=":material/play_arrow:", key="ask-first", on_click=lambda: state().update(asked=FIRST))
        st.stop()
    conversation.asked_as(pipeline)
    tried, here = st.container(), st.empty()
    loading.empty()  # From here on the answer itself tells how far it is.
    found = at_once(pipeline)
    if isinstance(found, Answer):
        if index_place is not None:
            index_facts(pipeline, prepared(pipeline), index_place, "ask")
        history.note(pipeline)
        conversation.note(found)
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

show_opened(choosing=True)
