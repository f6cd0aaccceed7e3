"""After the first answer: three things to try, each one click."""

import streamlit as st

from pages.shared.state import open_pipeline, open_source, state
from rag.pipeline import Pipeline
from rag.pipeline.presets import PRESETS
from rag.stages.rerank.reader import BestSentence
from rag.values import Answer


def next_steps(answer: Answer, pipeline: Pipeline) -> None:
    """What a newcomer may try with this answer; nothing once a setting was changed, or another was answered."""
    if len(state()["history"]) > 1:
        return
    first = next((cited.span for claim in answer.claims for cited in claim.citations), None)
    with st.container(horizontal=True, vertical_alignment="center", key="next-steps"):
        st.caption("Try next:", width="content")
        if first is not None:
            st.button("Open its source", icon=":material/menu_book:", key="next-source", on_click=open_source, args=(first,))
        if not isinstance(pipeline.rerank, BestSentence):
            other = pipeline.model_copy(update={"rerank": BestSentence(top=pipeline.rerank.top)})
            st.button("Change the reranker", icon=":material/tune:", key="next-rerank", on_click=_changed, args=(other,))
        if st.button("Compare with plain word search", icon=":material/compare:", key="next-compare"):
            state()["columns"] = [PRESETS["baseline"][1].to_json(), pipeline.to_json()]
            state()["compare view"] = "One question"
            st.switch_page("pages/tune/compare.py")


def _changed(pipeline: Pipeline) -> None:
    """Opens other settings, and what they change; called before the page is drawn."""
    open_pipeline(pipeline)
    st.session_state["look"] = "What changed?"
