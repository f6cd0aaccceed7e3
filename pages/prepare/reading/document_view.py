"""A document to read: its text with what was understood of it drawn on it, the form that corrects it, and its removal."""

import pandas as pd
import streamlit as st

from pages.prepare.reading.fact_layer import LAYER, chosen_groups, fact_legend, fact_stretches
from pages.shared.findings import by_kind, count, findings_table, holding
from pages.shared.layers import LAYERS, drawn, legend
from pages.shared.state import project
from pages.shared.tables import table_of
from pages.shared.text_view import plain, text_view
from rag.documents.entry import Entry
from rag.errors import SettingProblem
from rag.stage import fingerprint
from rag.values import Document

SHOWN = 30_000
TYPES = ["denial", "discharge", "formulary", "guideline", "letter", "note", "other", "pathology", "policy", "radiology"]
DAY = "YYYY-MM-DD"


def reading(entry: Entry, threshold: float) -> None:
    """The text part by part with its layers, and on demand what stands beside it."""
    document = entry.document
    st.subheader(plain(document.name), anchor=False)
    st.caption(sizes(document))
    _status(entry, threshold)
    for warning in document.warnings:
        st.caption(f":material/warning: {plain(warning)}")
    key = f"read-{fingerprint(document.name)}"
    counts = {name: len(layer(document, entry.findings, threshold)) for name, layer in LAYERS.items()}
    layers = st.pills(
        "Drawn on the text",
        [*LAYERS, LAYER],
        selection_mode="multi",
        default=list(LAYERS),
        format_func=lambda name: f"{name} {counts[name]}" if name in counts else str(name),
        key=f"{key}-layers",
        help="Facts are what the text states: drugs and doses, values, times, people, advice and more",
        wrap=True,
    )
    groups = chosen_groups(document, key) if LAYER in layers else []
    goal, low, high = _part(document, key)
    stretches = [one for name in layers if name in LAYERS for one in LAYERS[name](document, entry.findings, threshold)]
    stretches += fact_stretches(document, groups, low, high) if groups else []
    legends = [legend(name for name in LAYERS if name in layers)] if set(layers) - {LAYER} else []
    if legends or groups:
        text_view([*legends, *([fact_legend(groups)] if groups else [])], f"{key}-legend")
    text_view([{"parts": drawn(document.text, low, high, stretches, goal)}], f"{key}-text", 460)
    _beside(entry, threshold, key)


def sizes(document: Document) -> str:
    """How large a document is: pages, sections, characters."""
    numbers = {"page": len(document.pages), "section": len(document.sections), "character": len(document.text)}
    return " · ".join(count(number, thing) for thing, number in numbers.items() if number)


def _status(entry: Entry, threshold: float) -> None:
    held = by_kind(holding(entry.findings, threshold))
    if not entry.released:
        st.warning(f"Waits for a decision: {held or 'something new was found'}. It cannot be retrieved until then.")
        st.page_link(
            "pages/prepare/documents.py", label="Decide", icon=":material/arrow_forward:", query_params={"view": "waiting"}
        )
    elif entry.decision:
        st.caption(f"Released by {plain(entry.who)} ({entry.decision}) on {day_of(entry.at)}. {held and f'Holds {held}.'}")


def day_of(at: float | None) -> str:
    """A moment as it is shown: "2024-03-14 09:30"."""
    return pd.Timestamp(at or 0, unit="s", tz="UTC").tz_convert(_zone()).strftime("%Y-%m-%d %H:%M")


def _zone() -> str:
    return st.context.timezone or "UTC"


def _part(document: Document, key: str) -> tuple[int | None, int, int]:
    """Where to scroll to, and which part of a long document is shown; a chosen section brings its part along."""
    parts = max(-(-len(document.text) // SHOWN), 1)
    place = f"{key}-part"

    def follow() -> None:
        chosen = st.session_state[f"{key}-section"]
        st.session_state[place] = document.sections[chosen].start // SHOWN + 1 if chosen is not None else 1

    section = None
    if document.sections:
        section = st.selectbox(
            "Go to",
            [None, *range(len(document.sections))],
            format_func=lambda at: (
                "Beginning" if at is None else f"{'– ' * (document.sections[at].level - 1)}{document.sections[at].title}"
            ),
            key=f"{key}-section",
            on_change=follow,
        )
    part = st.slider(f"Part of {parts}", 1, parts, key=place) if parts > 1 else 1
    low, high = (part - 1) * SHOWN, min(part * SHOWN, len(document.text))
    goal = document.sections[section].start if section is not None else None
    if parts > 1:
        first, last = document.page_at(low), document.page_at(max(high - 1, 0))
        pages = f", {first.told} to {last.told}" if first and last else ""
        st.caption(f"Characters {low:,} to {high:,} of {len(document.text):,}{pages}")
    return (goal if goal is not None and low <= goal < high else None), low, high


def _beside(entry: Entry, threshold: float, key: str) -> None:
    """Findings as a table, what the file holds beside the text, what was normalised: each on demand."""
    document = entry.document
    names = {
        "findings": (len(entry.findings), "Findings"),
        "asides": (len(document.asides), "Left out of the text"),
        "changes": (len(document.changes), "Changed in reading"),
    }
    offered = [name for name, (number, _) in names.items() if number]
    if not offered:
        return
    shown = st.segmented_control(
        "Look into",
        offered,
        format_func=lambda name: f"{names[name][1]} ({names[name][0]:,})" if name in names else str(name),
        key=f"{key}-beside",
        label_visibility="collapsed",
    )
    if shown == "findings":
        findings_table(document, entry.findings, threshold, f"{key}-findings")
    elif shown == "asides":
        st.caption("Stands in the file beside the running text. It is screened, but never indexed or retrieved.")
        pages = [document.page_numbered(one.page) for one in document.asides]
        rows = [
            {"Kind": one.kind, "Page": page.told if page else None, "Text": " ".join(one.text.split())[:500]}
            for one, page in zip(document.asides, pages, strict=True)
        ]
        frame = table_of(rows).dropna(axis="columns", how="all")
        st.dataframe(frame, hide_index=True, key=f"{key}-asides", height=min(38 + 35 * len(rows), 290), placeholder="")
    elif shown == "changes":
        st.markdown("\n".join(f"- {plain(change)}" for change in document.changes))


def facts(document: Document) -> None:
    """The form with what was understood of a document, and its removal."""
    st.subheader("What was understood", anchor=False)
    with st.form(f"facts-{document.key}", border=False):
        title = st.text_input("Title", document.title, max_chars=200)
        kind = st.selectbox("Type", TYPES, index=TYPES.index(document.type) if document.type in TYPES else TYPES.index("other"))
        left, right = st.columns(2)
        date = left.text_input("Date", document.date or "", placeholder=DAY)
        patient = right.text_input("Patient", document.patient, max_chars=40, help="A pseudonym, never a name")
        author = left.text_input("Author's role", document.author, max_chars=60, help="A role such as resident, never a name")
        edition = right.text_input("Edition", document.edition, max_chars=60)
        effective = left.text_input("In force from", document.effective or "", placeholder=DAY)
        status = right.text_input("Report status", document.status, max_chars=40, help="Such as final, preliminary or amended")
        if st.form_submit_button("Save"):
            values = {"title": title, "type": kind, "date": date, "patient": patient, "author": author, "edition": edition}
            _save(document, {**values, "effective": effective, "status": status})
    with st.popover("Remove", icon=":material/delete:"):
        st.write(
            "The document, its file, passages, vectors and cached answers are removed for good, and what was saved of its text: "
            "places in sessions, evidence of test cases, judged statements. Questions stay."
        )
        if st.button("Remove for good", type="primary", key=f"remove-{fingerprint(document.name)}"):
            _remove(document.name)


def _remove(name: str) -> None:
    try:
        project().shelf.remove(name)
    except SettingProblem as problem:
        st.error(plain(str(problem)))
    else:
        st.rerun()


def _save(document: Document, values: dict[str, str]) -> None:
    try:
        project().shelf.edit(document.name, **{field: value.strip() for field, value in values.items()})
    except SettingProblem as problem:
        st.error(plain(str(problem)))
    else:
        st.rerun()
