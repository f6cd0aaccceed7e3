"""The filter of a session: which documents, types, patients, authors, statuses and dates a question may see."""

from dataclasses import astuple
from datetime import date

import streamlit as st

from pages.shared.state import current_filter, keyed, project, state

UNDATED = "Undated documents are left out then"
NOBODY = "Policies, guidelines and formularies beside the documents of the patients chosen"
IN_FORCE = "Leaves out editions that a later one replaces, and those whose effective date is still to come"


def filter_controls(key: str) -> None:
    """Controls for the filter; what is set is kept with the session."""
    documents, only = project().shelf.documents, current_filter()
    active = sum(map(bool, astuple(only)))
    with st.expander(f"**Filter** · {active or 'none'}", key=f"{key}-filter"):
        types = _choice("Types", {d.type for d in documents}, only.types, f"{key}-types")
        patients = _choice("Patients", {d.patient for d in documents}, only.patients, f"{key}-patients")
        authors = _choice("Written by", {d.author for d in documents}, only.authors, f"{key}-authors")
        statuses = _choice("Report status", {d.status for d in documents}, only.statuses, f"{key}-statuses")
        names = _choice("Documents", {d.name for d in documents}, only.documents, f"{key}-names")
        after = st.date_input("From", _date(only.after), key=keyed(f"{key}-after"), help=UNDATED)
        before = st.date_input("Up to", _date(only.before), key=keyed(f"{key}-before"), help=UNDATED)
        if after and before and after > before:
            st.caption(f"“From” is later than “Up to”: read as {before} to {after}.")
        nobody = bool(patients) and st.checkbox(
            "Also documents of no patient", only.nobody, key=keyed(f"{key}-nobody"), help=NOBODY
        )
        in_force = st.checkbox("Only editions in force", only.in_force, key=keyed(f"{key}-in-force"), help=IN_FORCE)
    state()["filter"] = {
        "documents": names,
        "types": types,
        "after": _iso(after),
        "before": _iso(before),
        "patients": patients,
        "authors": authors,
        "in_force": in_force,
        "statuses": statuses,
        "nobody": nobody,
    }


def _choice(label: str, there: set[str], chosen: tuple[str, ...], key: str) -> list[str]:
    """A choice among the values that documents have, and those chosen before; nothing is drawn where there is none."""
    options = sorted((there | set(chosen)) - {""})
    return st.multiselect(label, options, list(chosen), key=keyed(key)) if options else []


def _date(iso: str | None) -> date | None:
    return date.fromisoformat(iso) if iso else None


def _iso(chosen: object) -> str | None:
    return chosen.isoformat() if isinstance(chosen, date) else None
