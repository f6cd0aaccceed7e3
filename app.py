"""The menu and the page frame; nothing else."""

import streamlit as st

from pages.shared import frame, state

SIDEBAR = 220  # Pixels: at 1280 the settings beside it show each line of their menus whole.

st.set_page_config(page_title="Clinical RAG Workbench", page_icon="🩺", layout="wide", initial_sidebar_state=SIDEBAR)

page = st.navigation(
    {
        "": [st.Page("pages/start/welcome.py", title="Start", icon=":material/home:", default=True)],
        "Prepare": [
            st.Page("pages/prepare/documents.py", title="Documents", icon=":material/description:"),
            st.Page("pages/prepare/chunks.py", title="Chunks", icon=":material/view_agenda:"),
        ],
        "Tune": [
            st.Page("pages/tune/ask.py", title="Ask", icon=":material/forum:"),
            st.Page("pages/tune/compare.py", title="Compare", icon=":material/compare:"),
            st.Page("pages/tune/check.py", title="Check a text", icon=":material/fact_check:"),
            st.Page("pages/tune/map.py", title="Map", icon=":material/scatter_plot:"),
        ],
        "Evaluate": [
            st.Page("pages/evaluate/safety.py", title="Safety", icon=":material/shield:"),
        ],
    }
)

own = state.restore()
frame.sidebar(page.url_path)
frame.copy_line()
try:
    page.run()
finally:
    state.keep(own)
