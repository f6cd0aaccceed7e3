"""Documents: upload, see what was understood of each, read, correct, remove."""

import pandas as pd
import streamlit as st

from pages.shared.sources import marked_text
from pages.shared.state import workspace
from pages.shared.text_view import plain
from pages.shared.uploads import last_upload, take_in
from rag.errors import SettingProblem
from rag.load import FORMATS
from rag.values import Span
from rag.workspace import add_all, sample_files

TYPES = ["denial", "discharge", "formulary", "guideline", "letter", "note", "other", "pathology", "policy", "radiology"]

st.title("Documents")
endings = sorted({ending.removeprefix(".") for kind in FORMATS.values() for ending in kind.suffixes})
with st.form("upload", clear_on_submit=True):
    files = st.file_uploader(
        "Add de-identified documents",
        type=endings,
        accept_multiple_files=True,
        help="Text, Markdown, CSV and PDF with a text layer",
    )
    if st.form_submit_button("Add", type="primary", icon=":material/upload:"):
        take_in(files or [])
last_upload()

documents = workspace().documents
if not documents:
    st.info("There are no documents yet. Add some above, or begin with the samples.", icon=":material/description:")
    if st.button("Bring the sample documents back"):
        add_all(workspace(), sample_files())
        st.rerun()
    st.stop()

st.subheader(f"{len(documents):,} documents")
table = pd.DataFrame(
    {
        "Document": [d.name for d in documents],
        "Type": [d.type for d in documents],
        "Date": [d.date for d in documents],
        "Patient": [d.patient for d in documents],
        "Title": [d.title for d in documents],
        "Pages": pd.array([len(d.pages) or None for d in documents], dtype="Int64"),
        "Sections": [len(d.sections) for d in documents],
        "Characters": [len(d.text) for d in documents],
        "Warnings": ["; ".join(d.warnings) for d in documents],
    }
)
event = st.dataframe(
    table,
    hide_index=True,
    key="documents",
    on_select="rerun",
    selection_mode="single-row",
    height=340,
    placeholder="",
    column_config={"Title": st.column_config.Column(width="medium")},
)
if not event.selection.rows or event.selection.rows[0] >= len(documents):
    st.caption("Select a row to read the document, correct what was understood of it, or remove it.")
    st.stop()

document = documents[event.selection.rows[0]]
reading, facts = st.columns([2.2, 1], gap="large")
with reading:
    st.subheader(plain(document.name), anchor=False)
    part = st.selectbox(
        "Go to",
        [Span(document.name, 0, 0), *(Span(document.name, s.start, s.body) for s in document.sections)],
        format_func=lambda span: document.text[span.start : span.end].strip() or "Beginning",
        key=f"part-{document.name}",
    )
    marked_text(document, part, f"read-{document.name}", 460)
with facts:
    st.subheader("What was understood", anchor=False)
    with st.form(f"facts-{document.key}", border=False):
        kind = st.selectbox("Type", TYPES, index=TYPES.index(document.type) if document.type in TYPES else TYPES.index("other"))
        title = st.text_input("Title", document.title, max_chars=200)
        date = st.text_input("Date", document.date or "", placeholder="2024-03-14")
        patient = st.text_input("Patient (pseudonym)", document.patient, max_chars=40)
        if st.form_submit_button("Save"):
            try:
                workspace().edit(document.name, type=kind, title=title, date=date.strip() or None, patient=patient.strip())
            except SettingProblem as problem:
                st.error(plain(str(problem)))
            else:
                st.rerun()
    with st.popover("Remove", icon=":material/delete:"):
        st.write("The document, its passages, vectors and cached answers are removed for good.")
        if st.button("Remove for good", type="primary", key=f"remove-{document.name}"):
            workspace().remove(document.name)
            st.rerun()
