"""The queue of documents that wait for a person: what was found in each, and the decision about one or many."""

from collections.abc import Sequence

import streamlit as st

from pages.shared.findings import by_kind, count, findings_table, holding, passages
from pages.shared.state import project, state
from pages.shared.tables import table_of
from pages.shared.text_view import plain
from rag.documents.decisions import Decision
from rag.documents.entry import Entry, counted, waiting
from rag.errors import WorkbenchError
from rag.stage import fingerprint
from rag.values import Finding

TOLD = "decided"
DECIDED = "decided before"  # From the first decision on none is selected by itself: a second press would decide about it.
ABOUT: dict[Decision, tuple[str, str]] = {
    "release": ("Release", "Used as it is, identifiers included. What may be an instruction stays marked where it is cited."),
    "redact": ("Redact", "Every identifier found, dates too, becomes its type, such as [NAME]. Then screened again."),
    "surrogates": (
        "Replace with surrogates",
        "Every identifier becomes an invented one, the same everywhere; a patient's dates all move by the same number of weeks. "
        "Then screened again.",
    ),
}
DONE = {"release": "released", "redact": "redacted", "surrogates": "replaced with surrogates", "reject": "rejected and removed"}


def queue(threshold: float) -> None:
    """What waits, what was found in it, and the buttons that decide."""
    for kind, line in st.session_state.pop(TOLD, []):
        (st.success if kind == "done" else st.warning)(line)
    entries = waiting(project().shelf.entries)
    if not entries:
        st.info("Nothing waits. Documents in which something is found when they are added stand here until somebody decides.")
        return
    st.caption(
        f"Something was found in {'this document' if len(entries) == 1 else f'these {len(entries):,} documents'}, so "
        f"nothing of {'it' if len(entries) == 1 else 'them'} is indexed or retrieved until somebody decides. "
        "Select one row or several; the decision is about all that are selected."
    )
    chosen = _table(entries, threshold)
    if not chosen:
        st.caption("Select a row to see what was found.")
        return
    shown, decision = st.columns([2.3, 1], gap="large")
    with shown:
        entry, findings = _found(chosen, threshold)
    with decision, st.container(border=True):
        _decide(chosen)
    findings_table(entry.document, findings, threshold, f"waiting-findings-{fingerprint(entry.document.name)}")


def _table(entries: Sequence[Entry], threshold: float) -> list[Entry]:
    table = table_of(
        {
            "Document": [e.document.name for e in entries],
            "Waits for": [by_kind(holding(e.findings, threshold)) for e in entries],
            "Types": [", ".join(counted(holding(e.findings, threshold), threshold)) for e in entries],
            "Highest score": [max((one.score for one in e.findings), default=0.0) for e in entries],
            "Type": [e.document.type for e in entries],
            "Date": [e.document.date for e in entries],
            "Earlier decision": [f"{e.decision} by {e.who}" if e.decision else None for e in entries],
        }
    ).dropna(axis="columns", how="all")
    columns = {
        "Document": st.column_config.Column(width=260),
        "Waits for": st.column_config.Column(width=190),
        "Types": st.column_config.Column(width=150),
        "Highest score": st.column_config.NumberColumn(format="%.2f", width=95),
    }
    event = st.dataframe(
        table,
        hide_index=True,
        key=f"waiting-{fingerprint(*(e.document.name for e in entries))}",
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [] if st.session_state.get(DECIDED) else [0]}},
        height=min(38 + 35 * len(entries), 250),
        placeholder="",
        column_config=columns,
    )
    return [entries[row] for row in event.selection.rows if row < len(entries)]


def _found(chosen: Sequence[Entry], threshold: float) -> tuple[Entry, list[Finding]]:
    """The findings of one of the selected documents, with the text around each; returns both."""
    entry = chosen[0]
    if len(chosen) > 1:
        names = [e.document.name for e in chosen]
        entry = chosen[st.selectbox("Show", range(len(chosen)), format_func=lambda at: names[at], key="waiting-show")]
    else:
        st.subheader(plain(entry.document.name), anchor=False)
    held = holding(entry.findings, threshold)
    low = len(entry.findings) - len(held)
    findings = held
    label = f"Also show {count(low, 'finding')} below the threshold, such as dates of care"
    if low and st.toggle(label, key=f"waiting-low-{fingerprint(entry.document.name)}"):
        findings = [*held, *(one for one in entry.findings if one.score < threshold)]
    passages(entry.document, findings, threshold, f"waiting-passages-{fingerprint(entry.document.name)}")
    st.caption("Document text is shown here, to the reviewer, alone. The record of decisions holds types and places, no text.")
    return entry, findings


def _decide(chosen: Sequence[Entry]) -> None:
    """Who decides, and the four decisions, each with what it does."""
    st.markdown(f"**Decide about {count(len(chosen), 'document')}**")
    state()["who"] = who = st.text_input(
        "Who decides", state()["who"], placeholder="Name or initials", max_chars=60, key="decide-who"
    )
    _button(chosen, "release", who)
    _button(chosen, "redact", who)
    _button(chosen, "surrogates", who)
    st.toggle(
        "Keep the original file",
        key="decide-keep",
        help="For Redact and Replace. Off: the file as it was uploaded, with the identifiers in it, is deleted.",
    )
    with st.container(gap="xxsmall"):
        with st.popover("Reject", icon=":material/delete:", width="stretch"):
            st.write(f"{count(len(chosen), 'document')} with file and findings will be removed for good.")
            if st.button("Reject and remove", type="primary", key="decide-reject"):
                _decided(chosen, "reject", who)
        st.caption("Removed with its file, for good.")


def _button(chosen: Sequence[Entry], decision: Decision, who: str) -> None:
    """A decision with what it does, in words, close below it."""
    label, about = ABOUT[decision]
    with st.container(gap="xxsmall"):
        if st.button(label, key=f"decide-{decision}", width="stretch"):
            _decided(chosen, decision, who)
        st.caption(about)


def _decided(chosen: Sequence[Entry], decision: Decision, who: str) -> None:
    """Carries a decision out, and keeps what is to be said about it for after the rerun."""
    keep = bool(st.session_state.get("decide-keep"))
    try:
        with st.spinner(f"{count(len(chosen), 'document')}…"):
            after = project().decisions.make([entry.document.name for entry in chosen], decision, who, keep)
    except WorkbenchError as problem:
        st.error(plain(str(problem)))
        return
    still = [entry for entry in after if not entry.released]
    told = [("done", f"{count(len(chosen), 'document')} {DONE[decision]}{_free(decision, len(after) - len(still))}.")]
    told += [("waits", _why(entry)) for entry in still]
    told += [
        ("done", f"A file name held an identifier; that document is now {plain(new.document.name)}.")
        for old, new in zip(chosen, after, strict=False)
        if new.document.name != old.document.name
    ]
    st.session_state.update({TOLD: told, DECIDED: True})
    st.rerun()


def _free(decision: Decision, released: int) -> str:
    """How many can be used now, where a decision alone does not say it."""
    return f", {released:,} released now" if released and decision in {"redact", "surrogates"} else ""


def _why(entry: Entry) -> str:
    held = by_kind(holding(entry.findings, project().shelf.screen.threshold))
    return f"{plain(entry.document.name)} still waits: {held} found in what is left. Release it as it is, or reject it."
