"""Long measurements of this page: begun by a press, done in the background, their figures kept until others take their place."""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pages.shared.findings import count
from pages.shared.state import current_filter, project
from pages.shared.text_view import plain
from rag.errors import WorkbenchError
from rag.keep.jobs import Stand, Tell
from rag.keep.saved import Saved
from rag.pipeline import Pipeline
from rag.pipeline.plan import duration
from rag.stage import fingerprint
from rag.values import Case

KEPT = "safety"
"""The kind under which the figures are saved: ids and outcomes, and no text of a document."""
Rows = list[dict[str, Any]]
Work = Callable[[Tell], Rows]


def key_of(kind: str, pipeline: Pipeline, cases: Sequence[Case], *more: object) -> str:
    """What a measurement is of: settings, documents, questions, filter, and what else it was begun with."""
    documents = [document.key for document in project().shelf.documents]
    return fingerprint(kind, pipeline.key("defer", documents), repr(current_filter()), repr(list(cases)), repr(more))


def measured(kind: str, key: str, label: str, thing: str, empty: str, work: Work) -> Rows | None:
    """The rows that `work` left under this key; where there are none, or it is under way, the button and how far it is.

    `thing` is what is counted while it goes on, `empty` what the page says before it was ever pressed.
    """
    jobs, saved = project().artifacts.jobs, project().saved
    runs = jobs.stand(key) is not None  # Before the figures are read: what ends in between has left them.
    kept = json.loads(saved.get(KEPT, kind) or "{}")
    there = kept.get("key") == key
    words = "Run it again" if there else label
    look = "secondary" if there else "primary"
    begun = st.button(words, type=look, icon=":material/play_arrow:", key=f"{kind}-run", disabled=runs)
    with st.container():
        if begun or runs:
            _followed(key, thing, (lambda tell: _kept(saved, kind, key, work(tell))) if begun else None)
            st.rerun()
        if not there:
            before = " What was measured before was of other settings, documents or questions." if kept else ""
            st.info(f"{empty}{before}", icon=":material/play_arrow:")
    return kept["rows"] if there else None


def _kept(saved: Saved, kind: str, key: str, rows: Rows) -> None:
    saved.put(KEPT, json.dumps({"key": key, "rows": rows}), kind)


def _followed(key: str, thing: str, work: Callable[[Tell], None] | None) -> None:
    """Waits for the work of this key, begun now where it is given; it goes on though the page is left."""
    jobs = project().artifacts.jobs
    line, stop = st.columns([6, 1], vertical_alignment="center")
    about = "What was measured until then is lost. Without a press of Stop it goes on, also while you are on another page."
    stop.button("Stop", icon=":material/stop:", key=f"{key}-stop", width="stretch", help=about, on_click=jobs.stop, args=(key,))
    progress = line.progress(0.0, text="Preparing…")

    def show(step: str, done: int, total: int) -> None:
        stand = jobs.stand(key)
        if stand:
            progress.progress(done / max(total, 1), text=_told(stand, thing))

    try:
        jobs.followed(key, work, show, math.inf)
    except WorkbenchError as problem:
        st.error(plain(str(problem)))
        st.stop()
    progress.empty()


def _told(stand: Stand, thing: str) -> str:
    left = f" · about {duration(stand.spent / stand.done * (stand.total - stand.done))} left" if stand.done else ""
    return f"{stand.done:,} of {count(stand.total, thing)}, {duration(stand.spent)}{left}"
