"""The filter of a session: which documents, types, patients, authors and dates a question may see."""

from datetime import date

import streamlit as st

from pages.shared.state import current_filter, keyed, state, workspace

UNDATED = "Undated documents are left out then"
IN_FORCE = "Leaves out editions that a later one replaces, and those whose effective date is still to come"


def filter_controls(key: str) -> None:
    """Controls for the filter; what is set is kept with the session."""
    documents, only = workspace().documents, current_filter()
    active = sum(
        map(bool, (only.documents, only.types, only.after, only.before, only.patients, only.authors, only.in_force)),
    )
    with st.expander(f"**Filter** · {active or 'none'}", key=f"{key}-filter"):
        types = st.multiselect("Types", sorted({d.type for d in documents}), list(only.types), key=keyed(f"{key}-types"))
        patients = _choice("Patients", {d.patient for d in documents}, only.patients, f"{key}-patients")
        authors = _choice("Written by", {d.author for d in documents}, only.authors, f"{key}-authors")
        names = st.multiselect("Documents", [d.name for d in documents], list(only.documents), key=keyed(f"{key}-names"))
        after = st.date_input("From", _date(only.after), key=keyed(f"{key}-after"), help=UNDATED)
        before = st.date_input("Up to", _date(only.before), key=keyed(f"{key}-before"), help=UNDATED)
        in_force = st.checkbox("Only editions in force", only.in_force, key=keyed(f"{key}-in-force"), help=IN_FORCE)
    state()["filter"] = {
        "documents": names,
        "types": types,
        "after": _iso(after),
        "before": _iso(before),
        "patients": patients,
        "authors": authors,
        "in_force": in_force,
    }


def _choice(label: str, there: set[str], chosen: tuple[str, ...], key: str) -> list[str]:
    """A choice among the values that documents have; nothing is drawn where no document has one."""
    options = sorted(there - {""})
    return st.multiselect(label, options, list(chosen), key=keyed(key)) if options else []


def _date(iso: str | None) -> date | None:
    return date.fromisoformat(iso) if iso else None


def _iso(chosen: object) -> str | None:
    return chosen.isoformat() if isinstance(chosen, date) else None
