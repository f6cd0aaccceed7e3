"""Uploads: the form, and what came of each file; they are read one after the other, and one that fails stops no other."""

import time
from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.shared.findings import by_kind, holding
from pages.shared.state import project, work_on
from pages.shared.tables import ROW, table_of
from rag.documents.entry import waiting
from rag.documents.inbox import Taken
from rag.documents.load import FORMATS
from rag.errors import FileProblem
from rag.values import File

KEYS, FAILED = "upload keys", "upload failed"  # The work that the last upload is, and what could not even be handed over.
PAUSE = 0.15
LINE = 64  # Characters of what is to be known of a file that stand on one line.


def upload_form() -> None:
    """The form that takes files; what was added is told by `last_upload`."""
    endings = sorted({ending.removeprefix(".") for kind in FORMATS.values() for ending in kind.suffixes})
    with st.form("upload", clear_on_submit=True):
        files = st.file_uploader(
            "Add de-identified documents",
            type=endings,
            accept_multiple_files=True,
            help="Each is screened for identifiers, instructions and hidden text before anything of it is indexed",
        )
        if st.form_submit_button("Add", type="primary", icon=":material/upload:"):
            take_in(files or [])


def take_in(files: Sequence[UploadedFile]) -> None:
    """Hands the files to the workspace, which reads them whatever becomes of this page; `last_upload` tells what came of them."""
    if not files:
        st.warning("No file was chosen. Choose files first, then press Add.")
        return
    put_away()
    problems: list[Taken] = []
    keys: list[str] = []
    for file in files:
        try:
            keys.append(project().inbox.put(File(file.name, file.getvalue())))
        except FileProblem as problem:
            problems.append(Taken(file.name, "failed", str(problem).removeprefix(f"{file.name}: ")))
    st.session_state.update({KEYS: list(dict.fromkeys(keys)), FAILED: problems})
    work_on()


def put_away() -> None:
    """Forgets the results of the last upload."""
    project().inbox.put_away(st.session_state.pop(KEYS, []))
    st.session_state.pop(FAILED, None)


def _read() -> list[Taken]:
    """What came of the last upload, once all of it was read; a bar shows how far that is."""
    keys = st.session_state.get(KEYS, [])
    left, taken = project().inbox.stand(keys)
    if left:
        with st.container(key="upload-bar"):
            bar = st.progress(0.0)
            st.caption("This goes on while you are on other pages, and after the tab was closed.")
            while left:
                bar.progress((len(keys) - left) / len(keys), text=f"Reading {len(keys) - left + 1} of {len(keys)}")
                time.sleep(PAUSE)
                work_on()
                left, taken = project().inbox.stand(keys)
        st.rerun()  # What was drawn above, such as the number of documents, is drawn anew.
    return [*st.session_state.get(FAILED, []), *taken]


def _now(one: Taken, held: dict[str, str]) -> dict[str, object]:
    """A result as it stands now: a document that waits says what for."""
    row = {"File": one.name, "Result": one.result, "": one.about, "Pages": one.pages, "Characters": one.characters}
    if one.result in {"failed", "not added"} or one.name not in held:
        return row
    return {**row, "Result": "waits", "": "; ".join(part for part in (f"waits: {held[one.name]}", one.about) if part)}


def last_upload() -> None:
    """The results of the last upload, a row a file, until the next one or until they are put away."""
    taken = _read() if KEYS in st.session_state else []
    if not taken:
        return
    threshold = project().shelf.screen.threshold
    held = {entry.document.name: by_kind(holding(entry.findings, threshold)) for entry in waiting(project().shelf.entries)}
    results = [_now(one, held) for one in taken]
    failed = sum(result["Result"] == "failed" for result in results)
    told = f"{len(results) - failed} of {len(results)} files read. {failed} failed."
    waits = sum(result["Result"] == "waits" for result in results)
    if waits:
        told += f" {waits} {'waits' if waits == 1 else 'wait'} for a decision."
    (st.warning if failed or waits else st.success)(told)
    if waits:
        st.page_link(
            "pages/prepare/documents.py", label="See what waits", icon=":material/front_hand:", query_params={"view": "waiting"}
        )
    ordered = sorted(results, key=lambda result: (result["Result"] != "failed", result["Result"] != "waits", not result[""]))
    frame = table_of(ordered).astype({"Pages": "Int64", "Characters": "Int64"}).rename(columns={"": "What to know"})
    st.dataframe(
        frame[["File", "Result", "What to know", "Pages", "Characters"]],
        hide_index=True,
        key="upload-results",
        placeholder="",
        column_config={
            "File": st.column_config.Column(width=220),
            "Result": st.column_config.Column(width=76),
            "What to know": st.column_config.Column(width=420),
            "Pages": st.column_config.Column(width=64),
            "Characters": st.column_config.Column(width=90),
        },
        row_height=ROW if any(len(str(result[""])) > LINE for result in results) else None,
    )
    st.button("Put these results away", on_click=put_away)
