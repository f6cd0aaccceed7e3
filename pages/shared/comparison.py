"""The parts of the comparison: a column's settings and results, what differs, and the link that reopens it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from pages.shared.charts import time_chart
from pages.shared.controls import pipeline_controls
from pages.shared.findings import count
from pages.shared.flags import mark_of
from pages.shared.sources import answer_view
from pages.shared.state import open_pipeline, state, workspace
from pages.shared.text_view import plain
from rag.errors import SettingProblem
from rag.pipeline import Pipeline, read_pipeline
from rag.presets import PRESETS
from rag.values import Answer, Hit, Span

LINK = "comparison"


@dataclass(frozen=True)
class Marks:
    """What one column has that no other has: statements by their text, passages by their place."""

    statements: frozenset[str]
    passages: frozenset[Span]


def bring_back() -> None:
    """Opens the comparison named in the address, once."""
    name = st.query_params.get(LINK, "")
    if not name or name == state()["comparison"]:
        return
    kept = workspace().saved("comparison", name)
    state()["comparison"] = name
    if kept is None:
        st.warning("This comparison is not in this workspace. It may have been made on another machine.")
        return
    found = json.loads(kept)
    state().update(columns=found["columns"], question=found["question"], asked=found["question"], filter=found["filter"])
    state()["revision"] += 1
    st.session_state["compare-question"] = found["question"]


def link() -> None:
    """A button that keeps the comparison and puts its name into the address; no document text is kept with it."""
    if st.button("Link to this comparison", icon=":material/link:"):
        body = {name: state()[name] for name in ("columns", "question", "filter")}
        name = workspace().save("comparison", json.dumps(body))
        state()["comparison"] = name
        st.query_params[LINK] = name
    if state()["comparison"] and st.query_params.get(LINK):
        st.caption(f"Kept as `{state()['comparison']}`: the address of this page now reopens it.")


def column_settings(at: int, pipeline: Pipeline) -> Pipeline:
    """The settings of a column: its controls, presets, saved pipelines, copies of other columns, and its JSON."""
    key = f"compare-{at}-{state()['revision']}"
    with st.container(border=True):
        st.markdown(f"**{_letter(at)}** · {_summary(pipeline)}")
        with st.popover("Settings", icon=":material/tune:", width="stretch"):
            edited, faults = pipeline_controls(pipeline, f"compare-{at}")
        with st.popover("Open, copy or save", icon=":material/folder_open:", width="stretch"):
            _exchange(at, pipeline, key)
    for fault in faults:
        st.error(plain(fault))
    if edited != pipeline:
        state()["columns"][at] = edited.to_json()
        st.rerun()
    return edited


def _exchange(at: int, pipeline: Pipeline, key: str) -> None:
    others = {f"Column {_letter(other)}": text for other, text in enumerate(state()["columns"]) if other != at}
    presets = {f"Preset {name}": preset.to_json() for name, (_, preset) in PRESETS.items()}
    asked = {"The Ask page": state()["pipeline"]}
    saved = {f"Saved {name}": workspace().saved("pipeline", name) or "" for name in workspace().names("pipeline")}
    sources = {**others, **asked, **presets, **saved}
    chosen = st.selectbox("Take the settings of", list(sources), index=None, key=f"{key}-from", placeholder="Choose")
    if chosen and st.button("Take them", key=f"{key}-take"):
        _open(sources[chosen], chosen, at)
    name = st.text_input("Save these under a name", max_chars=60, key=f"{key}-name")
    if st.button("Save", key=f"{key}-save", disabled=not name.strip()):
        workspace().save("pipeline", pipeline.to_json(), name.strip())
        st.toast(f"Saved as {name.strip()}")
    text = st.text_area("As JSON", pipeline.to_json(), height=220, key=f"{key}-json")
    if st.button("Open this JSON", key=f"{key}-read"):
        _open(text, f"column {_letter(at)}", at)


def _open(text: str, name: str, at: int) -> None:
    try:
        open_pipeline(read_pipeline(text, name), "columns", at)
    except SettingProblem as problem:
        st.error(plain(str(problem)))
    else:
        st.rerun()


def differences(answers: Sequence[Answer | None]) -> list[Marks]:
    """For each answer what stands in it alone; a passage counts as the same where it overlaps one of another column."""
    marks = []
    for at, answer in enumerate(answers):
        others = [other for place, other in enumerate(answers) if other is not None and place != at]
        if answer is None or not others:
            marks.append(Marks(frozenset(), frozenset()))
            continue
        said = {claim.text for other in others for claim in other.claims}
        found = [hit.chunk.span for other in others for hit in other.hits]
        marks.append(
            Marks(
                frozenset(claim.text for claim in answer.claims) - said,
                frozenset(h.chunk.span for h in answer.hits if not any(_same(h.chunk.span, span) for span in found)),
            )
        )
    return marks


def result_column(at: int, answer: Answer, marks: Marks, first: Answer | None) -> None:
    """A column's answer, citation check, hits and times."""
    answer_view(answer, f"compare-answer-{at}", marks.statements)
    verified = sum(claim.supported is True for claim in answer.claims)
    st.caption(
        f"{verified} of {count(len(answer.claims), 'statement')} verified · confidence {answer.confidence:.2f} · "
        f"{count(len(marks.statements), 'statement')} only here (tinted) · {sum(answer.ms.values()):.0f} ms"
    )
    _hits(at, [_row(number, hit, marks, first, at) for number, hit in enumerate(answer.hits, 1)])
    time_chart(answer.ms, f"compare-time-{at}")


def passages_found(at: int, hits: Sequence[Hit]) -> None:
    """The passages of a column whose model failed."""
    if hits:
        st.caption(f"{count(len(hits), 'passage')} found; no answer was written.")
        alone = Marks(frozenset(), frozenset())
        _hits(at, [_row(number, hit, alone, None, 0) for number, hit in enumerate(hits, 1)])


def _hits(at: int, rows: list[dict[str, object]]) -> None:
    frame = pd.DataFrame(rows).replace("", None).dropna(axis="columns", how="all")
    st.dataframe(frame, hide_index=True, key=f"compare-hits-{at}", height=320, placeholder="")


def _row(number: int, hit: Hit, marks: Marks, first: Answer | None, at: int) -> dict[str, object]:
    row: dict[str, object] = {"#": number}
    moved = _moved(number, hit, first) if at else ""
    row[f"Against {_letter(0)}" if at else "Only here"] = "only here" if hit.chunk.span in marks.passages else moved
    page = f", p. {hit.chunk.page}" if hit.chunk.page else ""
    row["Flag"] = mark_of(hit.chunk.span)
    row["Passage"] = f"{hit.chunk.span.document}{page}"
    row["Score"] = round(hit.score, 3)
    row["Section"] = hit.chunk.section
    return row


def _moved(number: int, hit: Hit, first: Answer | None) -> str:
    hits = first.hits if first else ()
    rank = next((place for place, other in enumerate(hits, 1) if _same(other.chunk.span, hit.chunk.span)), None)
    if rank is None:
        return "new"
    return "=" if rank == number else f"▲ {rank - number}" if rank > number else f"▼ {number - rank}"


def _same(one: Span, other: Span) -> bool:
    """Whether two passages share more than half of the shorter one."""
    shared = min(one.end, other.end) - max(one.start, other.start)
    return one.document == other.document and shared > 0.5 * min(one.end - one.start, other.end - other.start)


def _letter(at: int) -> str:
    return "ABCD"[at]


def _summary(pipeline: Pipeline) -> str:
    return " · ".join(
        str(getattr(pipeline, name).model_dump()["kind"]) for name in ("chunk", "embed", "retrieve", "rerank", "answer")
    )
