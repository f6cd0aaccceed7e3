"""Taking uploaded files in, one after the other: each gets its result, and one that fails stops no other."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.shared.state import workspace
from rag.errors import FileProblem
from rag.values import File

RESULTS = "upload results"
CHOSEN = "files chosen"


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
        try:
            for document in workspace().add(File(file.name, file.getvalue())):
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
    bar.empty()
    st.rerun()  # What was drawn above, such as the number of documents, is drawn anew.


def _failed(name: str, reason: str) -> dict[str, object]:
    return {"File": name, "Result": "failed", "Pages": None, "Characters": None, "": reason}


def last_upload() -> None:
    """The results of the last upload, a row a file, until the next one or until they are put away."""
    results = st.session_state.get(RESULTS)
    if not results:
        return
    failed = sum(result["Result"] == "failed" for result in results)
    missed = max(st.session_state.get(CHOSEN, 0) - len(results), 0)
    told = f"{len(results) - failed} of {len(results) + missed} files read. {failed} failed."
    if missed:
        told += f" {missed} were not reached, because the page was used meanwhile: add those again."
    (st.warning if failed or missed else st.success)(told)
    ordered = sorted(results, key=lambda result: (result["Result"] != "failed", not result[""]))
    frame = pd.DataFrame(ordered).astype({"Pages": "Int64", "Characters": "Int64"}).rename(columns={"": "Reason or warning"})
    st.dataframe(
        frame[["File", "Result", "Reason or warning", "Pages", "Characters"]],
        hide_index=True,
        key="upload-results",
        placeholder="",
        column_config={
            "File": st.column_config.Column(width="medium"),
            "Result": st.column_config.Column(width="small"),
            "Reason or warning": st.column_config.Column(width=620),
        },
    )
    if st.button("Put these results away"):
        del st.session_state[RESULTS]
        st.rerun()
