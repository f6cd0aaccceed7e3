"""The filter of a session: which documents, types and dates a question may see."""

from datetime import date

import streamlit as st

from pages.shared.state import current_filter, state, workspace


def filter_controls(key: str) -> None:
    """Controls for the filter; what is set is kept with the session."""
    documents, only = workspace().documents, current_filter()
    active = sum(map(bool, (only.documents, only.types, only.after, only.before)))
    with st.expander(f"**Filter** · {active or 'none'}", key=f"{key}-filter"):
        types = st.multiselect("Types", sorted({d.type for d in documents}), list(only.types), key=f"{key}-types")
        names = st.multiselect("Documents", [d.name for d in documents], list(only.documents), key=f"{key}-names")
        after = st.date_input("From", _date(only.after), key=f"{key}-after", help="Undated documents are left out then")
        before = st.date_input("Up to", _date(only.before), key=f"{key}-before", help="Undated documents are left out then")
    state()["filter"] = {"documents": names, "types": types, "after": _iso(after), "before": _iso(before)}


def _date(iso: str | None) -> date | None:
    return date.fromisoformat(iso) if iso else None


def _iso(chosen: object) -> str | None:
    return chosen.isoformat() if isinstance(chosen, date) else None
