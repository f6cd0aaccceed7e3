"""The frame around every page: what the sidebar says, and the empty state."""

import streamlit as st

from pages.shared.findings import count
from pages.shared.state import workspace
from pages.shared.text_view import plain
from rag.embed.minilm import INSTALL, installed
from rag.governance.egress import allowed_hosts
from rag.shelf import waiting


def sidebar() -> None:
    """The state of the workspace in a few words, under the menu."""
    with st.sidebar:
        shelf = workspace().shelf
        hosts = ", ".join(sorted(allowed_hosts()))
        reach = f"May be sent to: {plain(hosts)}, by settings that name it." if hosts else "Nothing leaves this machine."
        st.caption(f"{count(len(shelf), 'document')} in the workspace. {reach}")
        waiting_link(len(waiting(shelf)))
        if not installed():
            st.warning("The MiniLM model is missing, so the baseline embedder is used. Install it, then restart:")
            st.code(INSTALL, language="bash")


def waiting_link(number: int, label: str = "") -> None:
    """A link to the documents that wait for a person, where there are any."""
    if number:
        label = label or f"{count(number, 'document')} {'waits' if number == 1 else 'wait'} for a decision"
        st.page_link("pages/prepare/documents.py", label=label, icon=":material/front_hand:", query_params={"view": "waiting"})


def stop_without_documents() -> None:
    """On a page that needs documents: says what to do next, and ends the page, where there are none."""
    if workspace().documents:
        return
    held = len(waiting(workspace().shelf))
    if held:
        st.info("No document is released yet, so there is nothing to ask.", icon=":material/front_hand:")
        waiting_link(held)
        st.stop()
    st.info("There are no documents yet. Upload some, or bring the samples back.", icon=":material/description:")
    st.page_link("pages/prepare/documents.py", label="Go to Documents", icon=":material/arrow_forward:")
    st.stop()
