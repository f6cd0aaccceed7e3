"""What was tried: the settings of the last answers, one click back, and the answer before for comparison."""

from dataclasses import asdict
from typing import Any

import streamlit as st

from pages.shared.state import current_filter, kept_answer, open_filter, open_pipeline, pipeline_of, state
from pages.shared.text_view import plain
from rag.explain import difference
from rag.pipeline import Pipeline
from rag.values import Answer, Filter

MOST = 8
BACK = "Back to these settings. Each names what it changed against the one before it."
HERE = "The settings of the answer below."
FILTERS = {"after": "from", "before": "up to", "in_force": "in force"}


def note(pipeline: Pipeline) -> None:
    """Remembers the settings of the answer that is on the screen now, and those of the one before it."""
    now = {"pipeline": pipeline.to_json(), "filter": _plain(current_filter()), "question": state()["asked"]}
    shown, history = state()["shown"], state()["history"]
    if shown == now:
        return
    asked_before = shown is not None and shown["question"] == now["question"]
    state()["before"] = shown if asked_before else None
    state()["shown"] = now
    if not any(_same(entry, now) for entry in history):
        words = told(shown, now) if shown else "first settings"
        state()["history"] = [*history, {"pipeline": now["pipeline"], "filter": now["filter"], "words": words}][-MOST:]


def told(before: dict[str, Any], now: dict[str, Any]) -> str:
    """What differs between two entries, in a few words."""
    words = difference(pipeline_of(before["pipeline"]), pipeline_of(now["pipeline"]))
    changed = [name for name, value in now["filter"].items() if before["filter"].get(name) != value]
    filters = f"filter: {', '.join(FILTERS.get(name, name) for name in changed)}" if changed else ""
    return ", ".join(part for part in (words, filters) if part)


def strip() -> None:
    """A button for each of the last settings; the one in force is marked."""
    history = state()["history"]
    if len(history) < 2:
        return
    shown = state()["shown"]
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="history"):
        st.caption("Tried:", width="content")
        for at, entry in enumerate(history):
            here = shown is not None and _same(entry, shown)
            st.button(
                f"{':material/check: ' if here else ''}{plain(entry['words'])}",
                key=f"history-{at}",
                type="secondary" if here else "tertiary",
                help=HERE if here else BACK,
                on_click=back,
                args=(entry,),
            )


def back(entry: dict[str, Any]) -> None:
    """Puts settings and filter back in force."""
    open_pipeline(pipeline_of(entry["pipeline"]))
    state()["applied"] = state()["pipeline"]
    open_filter(Filter(**{name: tuple(v) if isinstance(v, list) else v for name, v in entry["filter"].items()}))


def use(pipeline: Pipeline | None, only: Filter | None = None) -> None:
    """Puts these settings, this filter, or both into the controls."""
    if pipeline is not None:
        open_pipeline(pipeline)
    if only is not None:
        open_filter(only)


def cancel() -> None:
    """Back to what the last answer was made with; where there is none yet, nothing is asked any more."""
    shown = state()["shown"]
    if shown is None:
        state()["asked"] = ""
        return
    back(shown)
    state()["asked"] = shown["question"]


def answer_before() -> tuple[Answer | None, str]:
    """The answer to the same question under the settings before, where this process still has it; and what differs."""
    before, shown = state()["before"], state()["shown"]
    if before is None or shown is None:
        return None, ""
    only = Filter(**{name: tuple(v) if isinstance(v, list) else v for name, v in before["filter"].items()})
    return kept_answer(pipeline_of(before["pipeline"]), before["question"], only), told(before, shown)


def _plain(only: Filter) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(only).items()}


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one["pipeline"] == other["pipeline"] and one["filter"] == other["filter"]
