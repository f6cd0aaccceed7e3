"""Taking uploaded files in, one after the other: each gets its result, and one that fails stops no other."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.shared.state import workspace
from rag.errors import FileProblem
from rag.values import File

RESULTS = "upload results"


def take_in(files: Sequence[UploadedFile]) -> None:
    """Adds the files to the workspace with a bar; the results are shown by `last_upload`."""
    if not files:
        st.warning("No file was chosen. Choose files first, then press Add.")
        return
    bar = st.progress(0.0)
    results: list[dict[str, object]] = []
    for number, file in enumerate(files, 1):
        bar.progress((number - 1) / len(files), text=f"Reading {number} of {len(files)}")
        try:
            for document in workspace().add(File(file.name, file.getvalue())):
                told = "; ".join(document.warnings)
                result = "not added" if "already here" in told else "added, see the warnings" if told else "added"
                pages = len(document.pages) or None
                results.append(
                    {"File": document.name, "Result": result, "Pages": pages, "Characters": len(document.text), "": told}
                )
        except FileProblem as problem:
            reason = str(problem).removeprefix(f"{file.name}: ")
            results.append({"File": file.name, "Result": "failed", "Pages": None, "Characters": None, "": reason})
    bar.empty()
    st.session_state[RESULTS] = results


def last_upload() -> None:
    """The results of the last upload, a row a file, until the next one or until they are put away."""
    results = st.session_state.get(RESULTS)
    if not results:
        return
    failed = sum(result["Result"] == "failed" for result in results)
    (st.warning if failed else st.success)(f"{len(results) - failed} of {len(results)} files read. {failed} failed.")
    frame = pd.DataFrame(results).astype({"Pages": "Int64", "Characters": "Int64"}).rename(columns={"": "Reason or warning"})
    st.dataframe(frame, hide_index=True, key="upload-results")
    if st.button("Put these results away"):
        del st.session_state[RESULTS]
        st.rerun()
