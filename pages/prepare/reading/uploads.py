"""Uploads: the form, and taking files in, one after the other: each gets its result, and one that fails stops no other."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.shared.findings import by_kind, holding
from pages.shared.state import project
from rag.documents.entry import waiting
from rag.documents.load import FORMATS
from rag.errors import FileProblem
from rag.values import File

RESULTS = "upload results"
CHOSEN = "files chosen"


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
    """Adds the files to the workspace with a bar; the results are shown by `last_upload`."""
    if not files:
        st.warning("No file was chosen. Choose files first, then press Add.")
        return
    bar = st.progress(0.0)
    results: list[dict[str, object]] = []
    st.session_state.update({RESULTS: results, CHOSEN: len(files)})  # Kept at once: a click elsewhere ends this run.
    for number, file in enumerate(files, 1):
        bar.progress((number - 1) / len(files), text=f"Reading {number} of {len(files)}")
        parts: list[FileProblem] = []  # Members of an archive, or lines, that cannot be read.
        try:
            for document in project().shelf.add(File(file.name, file.getvalue()), parts):
                told = "; ".join(document.warnings)
                result = "not added" if "already here" in told else "with warnings" if told else "added"
                pages = len(document.pages) or None
                results.append(
                    {"File": document.name, "Result": result, "Pages": pages, "Characters": len(document.text), "": told}
                )
        except FileProblem as problem:
            reason = str(problem).removeprefix(f"{file.name}: ")
            results.append(_failed(file.name, reason))
        except Exception as error:  # Its text could quote the file; no file may stop the others.
            reason = f"cannot be read or kept ({type(error).__name__}). Save it again, or check the space on the disk."
            results.append(_failed(file.name, reason))
        results += [_failed(*str(part).split(": ", 1)) for part in parts]
    bar.empty()
    st.rerun()  # What was drawn above, such as the number of documents, is drawn anew.


def _now(result: dict[str, object], held: dict[str, str]) -> dict[str, object]:
    """A result as it stands now: a document that waits says what for."""
    name = str(result["File"])
    if result["Result"] in {"failed", "not added"} or name not in held:
        return result
    return {**result, "Result": "waits", "": "; ".join(part for part in (f"waits: {held[name]}", str(result[""])) if part)}


def _failed(name: str, reason: str) -> dict[str, object]:
    return {"File": name, "Result": "failed", "Pages": None, "Characters": None, "": reason}


def last_upload() -> None:
    """The results of the last upload, a row a file, until the next one or until they are put away."""
    kept = st.session_state.get(RESULTS)
    if not kept:
        return
    threshold = project().shelf.screen.threshold
    held = {entry.document.name: by_kind(holding(entry.findings, threshold)) for entry in waiting(project().shelf.entries)}
    results = [_now(result, held) for result in kept]
    failed = sum(result["Result"] == "failed" for result in results)
    missed = max(st.session_state.get(CHOSEN, 0) - len(results), 0)
    told = f"{len(results) - failed} of {len(results) + missed} files read. {failed} failed."
    if missed:
        told += f" {missed} were not reached, because the page was used meanwhile: add those again."
    waits = sum(result["Result"] == "waits" for result in results)
    if waits:
        told += f" {waits} {'waits' if waits == 1 else 'wait'} for a decision."
    (st.warning if failed or missed or waits else st.success)(told)
    if waits:
        st.page_link(
            "pages/prepare/documents.py", label="See what waits", icon=":material/front_hand:", query_params={"view": "waiting"}
        )
    ordered = sorted(results, key=lambda result: (result["Result"] != "failed", result["Result"] != "waits", not result[""]))
    frame = pd.DataFrame(ordered).astype({"Pages": "Int64", "Characters": "Int64"}).rename(columns={"": "What to know"})
    st.dataframe(
        frame[["File", "Result", "What to know", "Pages", "Characters"]],
        hide_index=True,
        key="upload-results",
        placeholder="",
        column_config={
            "File": st.column_config.Column(width="medium"),
            "Result": st.column_config.Column(width="small"),
            "What to know": st.column_config.Column(width=620),
        },
    )
    if st.button("Put these results away"):
        del st.session_state[RESULTS]
        st.rerun()
