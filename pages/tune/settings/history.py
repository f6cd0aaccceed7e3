"""What was tried: the settings of the last answers, one click back, and the answer before for comparison."""

from dataclasses import asdict
from typing import Any

import streamlit as st

from pages.shared.computed import kept_answer, stop_preparing
from pages.shared.state import current_filter, open_filter, open_pipeline, pipeline_of, state
from pages.shared.text_view import plain
from pages.tune.comparing.sweep import told_apart
from rag.pipeline import UNIONS, Pipeline
from rag.pipeline.explain import difference
from rag.pipeline.presets import PRESETS
from rag.values import Answer, Filter

MOST = 12
SHOWN = 3  # In the row; the others open behind it.
LONG = 20
FIRST = "first settings"
BACK = "Press to go back to these settings."
HERE = "The settings of the answer below."
FILTERS = {"after": "from", "before": "up to", "in_force": "in force", "statuses": "report status"}


def note(pipeline: Pipeline) -> None:
    """Remembers the settings of the answer that is on the screen now, and those of the one before it.

    While a text is being edited step by step, its versions are one entry.
    """
    now = {"pipeline": pipeline.to_json(), "filter": _plain(current_filter()), "question": state()["asked"]}
    shown, history = state()["shown"], state()["history"]
    if shown == now:
        return
    asked_before = shown is not None and shown["question"] == now["question"]
    state()["before"] = shown if asked_before else None
    state()["shown"] = now
    if any(_same(entry, now) for entry in history):
        return
    text = _edited_text(shown, now) if shown else ""
    base = shown
    if text and len(history) > 1 and history[-1].get("text") == text and _same(history[-1], shown):
        history, base = history[:-1], history[-2]
    words = values(base, now) if base else FIRST
    entry = {"pipeline": now["pipeline"], "filter": now["filter"], "words": words, "text": text}
    state()["history"] = [*history, entry][-MOST:]


def told(before: dict[str, Any], now: dict[str, Any]) -> str:
    """What differs between two entries, in a few words."""
    words = difference(pipeline_of(before["pipeline"]), pipeline_of(now["pipeline"]))
    return ", ".join(part for part in (words, _filters(before, now)) if part)


def values(before: dict[str, Any], now: dict[str, Any]) -> str:
    """The values of an entry wherever it differs from another one: "Reranking top 15 · Prompt budget 4000"."""
    words = told_apart([pipeline_of(before["pipeline"]), pipeline_of(now["pipeline"])])[1]
    return " · ".join(part for part in (words, _filters(before, now)) if part)


def _filters(before: dict[str, Any], now: dict[str, Any]) -> str:
    changed = [name for name, value in now["filter"].items() if (before["filter"].get(name) or None) != (value or None)]
    return f"filter: {', '.join(FILTERS.get(name, name) for name in changed)}" if changed else ""


def _edited_text(before: dict[str, Any], now: dict[str, Any]) -> str:
    """The one setting in which two entries differ, where it is a text that somebody types; else nothing."""
    old, new = pipeline_of(before["pipeline"]), pipeline_of(now["pipeline"])
    names = [
        (stage, name)
        for stage in UNIONS
        for name, value in getattr(new, stage).model_dump().items()
        if getattr(getattr(old, stage), name, None) != value
    ]
    if len(names) != 1 or before["filter"] != now["filter"]:
        return ""
    stage, name = names[0]
    typed = type(getattr(new, stage)).model_fields[name].annotation is str
    return f"{stage}.{name}" if typed else ""


def strip(here: dict[str, Any] | None) -> None:
    """One row with a button for the last settings, those of the answer below marked; earlier ones behind one more button."""
    history = state()["history"]
    if len(history) < 2:
        return
    current = next((at for at, entry in enumerate(history) if here is not None and _same(entry, here)), None)
    row = list(range(len(history)))[-SHOWN:]
    if current is not None and current not in row:
        row = [current, *row[1:]]
    with st.container(horizontal=True, gap="xsmall", vertical_alignment="center", key="history"):
        st.caption("Tried:", width="content")
        for at in row:
            _button(at, history[at], at == current, short=True)
        rest = [at for at in range(len(history)) if at not in row]
        if rest:
            with st.popover(f"{len(rest)} more", type="tertiary", key="more-history"):
                for at in reversed(rest):
                    _button(at, history[at], at == current, short=False)


def _button(at: int, entry: dict[str, Any], here: bool, short: bool) -> None:
    words = entry["words"] if len(entry["words"]) <= LONG or not short else f"{entry['words'][: LONG - 1].rstrip()}…"
    st.button(
        f"{':material/check: ' if here else ''}{plain(words)}",
        key=f"history-{at}",
        type="secondary" if here else "tertiary",
        help=plain(f"{entry['words']}. {HERE if here else BACK} Against the default: {_against_default(entry)}."),
        on_click=back,
        args=(entry,),
    )


def _against_default(entry: dict[str, Any]) -> str:
    default = {"pipeline": PRESETS["default"][1].to_json(), "filter": _plain(Filter())}
    return values(default, entry) or "the same"


def back(entry: dict[str, Any]) -> None:
    """Puts settings and filter back in force."""
    open_pipeline(pipeline_of(entry["pipeline"]))
    state()["applied"] = state()["pipeline"]
    st.session_state.pop("last plan", None)  # It was of another change.
    open_filter(_filter(entry))


def use(pipeline: Pipeline | None, only: Filter | None = None) -> None:
    """Puts these settings, this filter, or both into the controls."""
    if pipeline is not None:
        open_pipeline(pipeline)
    if only is not None:
        open_filter(only)


def cancel() -> None:
    """Back to what the last answer was made with; where there is none yet, nothing is asked any more."""
    stop_preparing(pipeline_of(state()["applied"]))
    st.session_state.pop("last plan", None)
    shown = state()["shown"]
    if shown is None:
        state()["asked"] = ""
        return
    back(shown)
    state()["asked"] = shown["question"]


def last_answer() -> tuple[Answer | None, dict[str, Any] | None]:
    """The last good answer to the question at hand with its entry, where this process still has it."""
    shown = state()["shown"]
    if shown is None or shown["question"] != state()["asked"]:
        return None, None
    answer = kept_answer(pipeline_of(shown["pipeline"]), shown["question"], _filter(shown))
    return answer, shown if answer else None


def answer_before() -> tuple[Answer | None, str]:
    """The answer to the same question under the settings before, where this process still has it; and what differs."""
    before, shown = state()["before"], state()["shown"]
    if before is None or shown is None:
        return None, ""
    answer = kept_answer(pipeline_of(before["pipeline"]), before["question"], _filter(before))
    return answer, told(before, shown)


def _filter(entry: dict[str, Any]) -> Filter:
    return Filter(**{name: tuple(value) if isinstance(value, list) else value for name, value in entry["filter"].items()})


def _plain(only: Filter) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(only).items()}


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    set_here, set_there = ({name: value for name, value in entry["filter"].items() if value} for entry in (one, other))
    return one["pipeline"] == other["pipeline"] and set_here == set_there
