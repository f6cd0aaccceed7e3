"""The table of all documents, with its filters."""

from collections.abc import Callable, Sequence
from datetime import date

import streamlit as st

from pages.shared.findings import count, holding
from pages.shared.tables import table_of
from rag.documents.entry import Entry
from rag.stage import fingerprint
from rag.values import Document, Filter

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
    table = table_of(
        {
            "Document": [e.document.name for e in entries],
            "Title": [e.document.title for e in entries],
            "Type": [e.document.type for e in entries],
            "Date": [e.document.date or e.document.effective for e in entries],
            "Patient": [e.document.patient or None for e in entries],
            "Version": [_version(e.document) or None for e in entries],
            "Status": ["released" if e.released else "waiting" for e in entries],
            "To look at": [_to_look_at(e, threshold) or None for e in entries],
        }
    ).dropna(axis="columns", how="all")
    columns = {
        "Document": st.column_config.Column(width=234),
        "Title": st.column_config.Column(width=170),
        "Type": st.column_config.Column(width=76),
        "Date": st.column_config.Column(width=86, help="Of the document, or from when on it is in force"),
        "Patient": st.column_config.Column(width=66),
        "Version": st.column_config.Column(width=76, help="Its edition, or how far a report stands: preliminary, final, amended"),
        "Status": st.column_config.Column(width=70, help="Only released documents can be retrieved"),
        "To look at": st.column_config.Column(
            width=100, help=f"Findings that score {threshold:.2f} or more, and warnings of the reading"
        ),
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


def _version(document: Document) -> str:
    return document.status or (f"edition {document.edition}" if document.edition else "")


def _to_look_at(entry: Entry, threshold: float) -> str:
    numbers = {"finding": len(holding(entry.findings, threshold)), "warning": len(entry.document.warnings)}
    return ", ".join(count(number, thing) for thing, number in numbers.items() if number)
