"""The table of all documents, with its filters."""

from collections.abc import Callable, Sequence
from datetime import date

import pandas as pd
import streamlit as st

from pages.shared.findings import holding
from rag.documents.entry import Entry
from rag.stage import fingerprint
from rag.values import Filter

STATES = ("All", "Released", "Waiting")
FOUND: dict[str, Callable[[set[str]], bool]] = {
    "Any": lambda kinds: True,
    "Some": bool,
    "None": lambda kinds: not kinds,
    "Identifiers": lambda kinds: "identifier" in kinds,
    "Instructions": lambda kinds: "instruction" in kinds,
    "Hidden text": lambda kinds: "hidden" in kinds,
}


def filtered(entries: Sequence[Entry], threshold: float) -> list[Entry]:
    """The filters in a row; returns the entries that pass all of them."""
    status, types, patients, dates, found = st.columns([0.85, 1, 1, 1.35, 0.95])
    state = status.selectbox("Status", STATES, key="shelf-status")
    kinds = types.multiselect("Type", sorted({e.document.type for e in entries}), key="shelf-types", placeholder="All")
    persons = sorted({e.document.patient for e in entries if e.document.patient})
    whose = patients.multiselect("Patient", persons, key="shelf-patients", placeholder="All")
    days = dates.date_input("Dated from – to", value=(), key="shelf-dates", help="Undated documents are left out then")
    what = found.selectbox("Findings", list(FOUND), key="shelf-found", help=f"Those that score {threshold:.2f} or more")
    dated = Filter(**_range(days))
    return [
        entry
        for entry in entries
        if (state == "All" or entry.released == (state == "Released"))
        and (not kinds or entry.document.type in kinds)
        and (not whose or entry.document.patient in whose)
        and dated.allows(entry.document)
        and FOUND[what]({one.kind for one in holding(entry.findings, threshold)})
    ]


def _range(days: object) -> dict[str, str]:
    chosen = [day.isoformat() for day in days if isinstance(day, date)] if isinstance(days, tuple) else []
    return dict(zip(("after", "before"), chosen, strict=False))


def shelf_table(entries: Sequence[Entry], threshold: float) -> Entry | None:
    """The documents as a table; returns the selected one, or None."""
    table = pd.DataFrame(
        {
            "Document": [e.document.name for e in entries],
            "Status": [e.status if e.released else "waiting" for e in entries],
            "Findings": [len(holding(e.findings, threshold)) for e in entries],
            "Warnings": ["; ".join(e.document.warnings) or None for e in entries],
            "Type": [e.document.type for e in entries],
            "Date": [e.document.date for e in entries],
            "Patient": [e.document.patient for e in entries],
            "Author": [e.document.author for e in entries],
            "Edition": [e.document.edition or None for e in entries],
            "Report status": [e.document.status or None for e in entries],
            "Effective": [e.document.effective for e in entries],
            "Title": [e.document.title for e in entries],
            "Pages": pd.array([len(e.document.pages) or None for e in entries], dtype="Int64"),
            "Sections": [len(e.document.sections) for e in entries],
            "Characters": [len(e.document.text) for e in entries],
        }
    ).dropna(axis="columns", how="all")
    columns = {
        "Document": st.column_config.Column(width=235),
        "Status": st.column_config.Column(width=70, help="Only released documents can be retrieved"),
        "Findings": st.column_config.NumberColumn(width=70, help=f"Those that score {threshold:.2f} or more"),
        "Warnings": st.column_config.Column(width=110),
        "Title": st.column_config.Column(width="medium"),
    }
    event = st.dataframe(
        table,
        hide_index=True,
        key=f"shelf-{fingerprint(*(e.document.name for e in entries))}",
        on_select="rerun",
        selection_mode="single-row",
        height=min(38 + 35 * max(len(table), 1), 340),
        placeholder="",
        column_config=columns,
    )
    rows = [row for row in event.selection.rows if row < len(entries)]
    return entries[rows[0]] if rows else None
