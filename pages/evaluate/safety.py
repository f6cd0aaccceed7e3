"""Safety: how often the checks are right, how far the confidence carries, which attacks and what bad evidence get through."""

import streamlit as st

from pages.evaluate.checking.coverage_view import coverage_view
from pages.evaluate.checking.faults_view import faults_view
from pages.evaluate.checking.perturbed_view import perturbed_view
from pages.evaluate.checking.redteam_view import redteam_view
from pages.shared.frame import stop_without_documents
from pages.shared.question_set import chosen_cases
from pages.shared.state import pipeline_of, state

VIEWS = ["Planted faults", "Risk and coverage", "Red team", "Perturbations"]

st.title("Safety")
stop_without_documents()
st.session_state.setdefault("safety-view", state().get("safety view", VIEWS[0]))
view = st.segmented_control("Look at", VIEWS, required=True, key="safety-view", label_visibility="collapsed")
state()["safety view"] = view  # It stays through a reload and another page.
if view == "Planted faults":
    faults_view()
    st.stop()
pipeline = pipeline_of(state()["applied"])
st.caption("Settings are those of the Ask page; what is measured is kept until something else is.")
cases = chosen_cases()
if not cases:
    st.stop()
if view == "Risk and coverage":
    coverage_view(cases, pipeline)
elif view == "Red team":
    redteam_view(cases, pipeline)
else:
    perturbed_view(cases, pipeline)
