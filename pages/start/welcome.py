"""Start: what this is, in one screen, and one click to the first question."""

import streamlit as st

from pages.shared.findings import count
from pages.shared.frame import waiting_link
from pages.shared.state import FIRST, project, state
from rag.documents.entry import waiting

st.title("Clinical RAG Workbench")
st.markdown(
    "Tune retrieval-augmented generation on clinical documents: every statement cites its passage, "
    "every setting shows what it changes. Runs on this machine alone."
)

documents = project().shelf.documents
with st.container(border=True):
    st.markdown("**Try it on the sample documents** (invented notes, reports, policies and guidelines):")
    st.markdown(f"> {FIRST}")
    if st.button("Ask the first question", type="primary", icon=":material/arrow_forward:", disabled=not documents):
        state().update(asked=FIRST)
        st.switch_page("pages/tune/ask.py")
    if not project().shelf.entries:
        st.caption("There are no documents yet: upload some first.")

held = waiting(project().shelf.entries)
if held:
    with st.container(border=True):
        st.markdown(
            f"**{count(len(held), 'document')} {'waits' if len(held) == 1 else 'wait'} for a person.** Something was found, such "
            "as an identifier or a planted instruction. Nothing of what waits can be retrieved until somebody decides."
        )
        waiting_link(len(held), "See what was found, and decide")

STEPS = [
    (
        "pages/prepare/documents.py",
        "Documents",
        "Upload files; see what was understood and found in each; decide about what waits.",
    ),
    ("pages/prepare/chunks.py", "Chunks", "See the passages drawn on the text, and two chunkers side by side."),
    ("pages/tune/ask.py", "Ask", "Change any step; see answer, citations, hits, prompt and time at once."),
    ("pages/tune/compare.py", "Compare", "Put two to four settings side by side, on one question or a set."),
]
for column, (page, title, about) in zip(st.columns(len(STEPS)), STEPS, strict=True):
    with column, st.container(border=True, height="stretch"):
        st.page_link(page, label=f"**{title}**", icon=":material/arrow_forward:")
        st.caption(about)

types = ", ".join(sorted({document.type for document in documents}))
named = f" ({types})" if types else ""
st.caption(
    f"Released in the workspace: {count(len(documents), 'document')}{named}. "
    "Answers are quotations; a person decides. The samples are invented and are not clinical advice."
)
