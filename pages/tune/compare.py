"""Compare: two to four pipelines on one question or on a set of questions, in columns, with what differs marked."""

import streamlit as st

from pages.shared.charts import time_chart
from pages.shared.frame import stop_without_documents
from pages.shared.question_set import chosen_cases
from pages.shared.sources import show_opened
from pages.shared.state import held, keyed, pipeline_of, state
from pages.tune.comparing.column_answers import column_answers
from pages.tune.comparing.column_plans import columns_in_force
from pages.tune.comparing.comparison import (
    GAP,
    bring_back,
    column_settings,
    example,
    further,
    letter,
    link,
    passages_table,
    tell_equal,
)
from pages.tune.comparing.prompts_compared import prompts_compared
from pages.tune.comparing.scorecard import cards, differing
from pages.tune.comparing.set_run import run_through
from pages.tune.comparing.side_by_side import side_by_side
from pages.tune.comparing.sweep import MOST, sweep_controls, tell_left_out, told_apart
from pages.tune.question import question_asked, question_box

st.title("Compare")
stop_without_documents()
bring_back()

st.session_state.setdefault("compare-view", state().get("compare view", "One question"))
view = st.segmented_control(
    "Ask", ["One question", "A set of questions"], required=True, key="compare-view", label_visibility="collapsed"
)
state()["compare view"] = view  # It stays through a reload and another page.
if view == "One question":
    if not question_box("compare", "one for all columns"):
        st.stop()
    if state()["asked"].strip():
        question_asked("compare", state()["asked"])

texts = state()["columns"]
with st.container(horizontal=True):
    if st.button("Add a column", icon=":material/add:", disabled=len(texts) >= MOST):
        state()["columns"] = [*texts, further(texts)]
        st.rerun()
    if st.button("Remove the last column", icon=":material/remove:", disabled=len(texts) <= 2):
        state()["columns"] = texts[:-1]
        st.rerun()
    with st.popover("Sweep one setting", icon=":material/linear_scale:", key=f"sweep-{state()['revision']}"):
        sweep_controls([letter(at) for at in range(len(texts))])
    link()

notices = st.container()  # Above the columns, where no open menu hides it.
columns = st.columns(len(texts), gap=GAP)
read = [pipeline_of(text) for text in texts]
edited = []
for at, (column, apart) in enumerate(zip(columns, told_apart(read), strict=True)):
    with column:
        edited.append(column_settings(at, read[at], apart))
with notices:
    tell_left_out()
    tell_equal(edited)
    pipelines = columns_in_force(edited, view == "One question")
if not pipelines:
    st.stop()

if view == "A set of questions":
    cases = chosen_cases()
    if cases:
        if pipelines != edited:
            told = "A run asks the columns as they were before. *Apply to all columns* above, to ask them as they are set now."
            st.caption(f":material/hourglass_top: {told}")
        rows = run_through(cases, pipelines)
        if any(row is not None for line in rows for row in line):
            cards(rows, pipelines)
            differing(rows)
    st.stop()
if not state()["asked"].strip():
    st.info("Type a question above; every column answers it with its own settings.")
    st.button("Compare on an example", type="primary", icon=":material/play_arrow:", key="compare-example", on_click=example)
    st.stop()

about = "Hides the statements and passages that all columns have in common"
only_different = st.toggle("Only where they differ", state().get("only differing", False), key=keyed("compare-only"), help=about)
state()["only differing"] = only_different  # It stays through another page or an edit, when the switch itself is not drawn.
answers, hits = column_answers(pipelines, state()["asked"], only_different)

looks, first = ["Passages", "Side by side", "Prompts", "Times"], held("compare-look", "Passages")
look = st.segmented_control("Look into", looks, default=first, required=True, key="compare-look")
if look == "Passages":
    passages_table(hits, only_different)
elif look == "Side by side":
    side_by_side(hits, [letter(at) for at in range(len(pipelines))], only_different)
elif look == "Prompts":
    prompts_compared(answers)
else:
    for at, (column, one) in enumerate(zip(st.columns(len(pipelines), gap=GAP), answers, strict=True)):
        if one is not None:
            with column:
                st.markdown(f"**{letter(at)}**")
                time_chart(one.ms, f"compare-time-{at}")
show_opened()
