"""Documents: upload, read what was understood of each, correct, decide about what waits, see what was decided, set the screen."""

import streamlit as st

from pages.prepare.reading.decisions import decisions_table
from pages.prepare.reading.document_view import facts, reading
from pages.prepare.reading.screening import screening
from pages.prepare.reading.shelf_table import filtered, shelf_table
from pages.prepare.reading.uploads import last_upload, upload_form
from pages.prepare.reading.waiting import queue
from pages.shared.findings import count
from pages.shared.state import project
from rag.documents.entry import waiting
from rag.documents.workspace import add_all, sample_files

VIEW = "documents-view"
VIEWS = {"documents": "Documents", "waiting": "Waiting", "decisions": "Decisions", "rules": "Rules"}

st.title("Documents")
shelf = project().shelf.entries
threshold = project().shelf.screen.threshold
wanted = st.query_params.pop("view", "")  # A link to one of the views.
st.session_state[VIEW] = VIEWS.get(wanted) or st.session_state.get(VIEW) or "Documents"
number = len(waiting(shelf))
view = st.segmented_control(
    "View",
    list(VIEWS.values()),
    format_func=lambda name: f"{name} ({number:,})" if name == "Waiting" else str(name),
    key=VIEW,
    label_visibility="collapsed",
    required=True,
)
if view == "Waiting":
    queue(threshold)
elif view == "Decisions":
    decisions_table(project().decisions.all())
elif view == "Rules":
    screening()
if view != "Documents":
    st.stop()

upload_form()
last_upload()
if not shelf:
    st.info("There are no documents yet. Add some above, or begin with the samples.", icon=":material/description:")
    if st.button("Bring the sample documents back"):
        add_all(project().shelf, sample_files())
        st.rerun()
    st.stop()

shown = filtered(shelf, threshold)
st.caption(count(len(shelf), "document") if len(shown) == len(shelf) else f"{len(shown):,} of {count(len(shelf), 'document')}")
chosen = shelf_table(shown, threshold)
if chosen is None:
    st.caption("Select a row to read the document, correct what was understood of it, or remove it.")
    st.stop()
text, form = st.columns([2.2, 1], gap="large")
with text:
    reading(chosen, threshold)
with form:
    facts(chosen.document)
