"""An answer with what can be looked into: passages, changes, cut-offs, what is missing, prompt, times."""

import streamlit as st

from pages.shared.charts import time_chart
from pages.shared.findings import count
from pages.shared.sources import answer_view
from pages.shared.state import held
from pages.shared.text_view import plain
from pages.tune.answering.answers import hits_table, prompt_view
from pages.tune.answering.changes import changes_view
from pages.tune.answering.cutoffs import cutoffs
from pages.tune.answering.explain import explained
from pages.tune.answering.judging import judging
from pages.tune.answering.missing import missing_view
from pages.tune.answering.next_steps import next_steps
from pages.tune.answering.scope_line import scope_line
from pages.tune.settings import history, prompt_versions
from pages.tune.settings.costs import usage_line, usage_table
from rag.pipeline import Pipeline
from rag.stages.verify import tally
from rag.values import Answer

VIEWS = ["Passages", "What changed?", "Cut-offs", "Why not there?", "Prompt", "Time"]


def answered(answer: Answer, pipeline: Pipeline, before: bool) -> None:
    """An answer and what can be looked into; `before` where it is by the settings before."""
    st.subheader("Answer by the settings before" if before else "Answer")
    scope_line(answer, pipeline)
    answer_view(answer, "answer")
    about = [
        "" if answer.refused else tally(answer.claims),
        f"confidence {answer.confidence:.2f}",
        count(len(answer.hits), "passage"),
        f"{len(answer.prompt.sources)} of them and {answer.prompt.tokens:,} tokens in the prompt"
        if pipeline.answer.asks_model
        else "",
        f"{sum(answer.ms.values()):.0f} ms",
    ]
    st.caption(" · ".join(filter(None, about)))
    usage_line(answer, pipeline)
    if answer.query.notes:
        st.caption(f":material/manage_search: Searched also for: {plain(' · '.join(answer.query.notes))}")
    if not before:
        judging(answer, pipeline)
        next_steps(answer, pipeline)
    view = st.segmented_control("Look into", VIEWS, default=held("look", "Passages"), key="look", required=True)
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
        if not pipeline.answer.asks_model:
            st.caption(
                "No model reads this: the answer is quoted from the passages. A chat model (under Answer) would be sent this."
            )
        prompt_versions.versions_view(answer, pipeline)
        if pipeline.answer.asks_model and not answer.asked:
            st.caption("Not sent: the question was refused before. Choose *Never* under Refusal, or *Ask anyway*, to send it.")
        prompt_view(answer.prompt)
    else:
        time_chart(answer.ms, "time")
        usage_table(answer, pipeline)
