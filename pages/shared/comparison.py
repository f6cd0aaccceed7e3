"""The parts of the comparison: a column's settings and results, what differs, and the link that reopens it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

import pandas as pd
import streamlit as st

from pages.shared.controls import pipeline_controls
from pages.shared.findings import count
from pages.shared.flags import mark_of, passage_block
from pages.shared.sources import answer_view
from pages.shared.state import answered, current_filter, open_pipeline, open_source, retrieved, state, workspace
from pages.shared.text_view import Block, plain, text_view
from rag.errors import ModelProblem, SettingProblem, WorkbenchError
from rag.pipeline import Pipeline, read_pipeline
from rag.presets import PRESETS
from rag.stage import fingerprint
from rag.values import Answer, Chunk, Hit, Span

LINK = "comparison"
FAILED = "compare-failures"


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


def column_settings(at: int, pipeline: Pipeline, apart: str) -> Pipeline:
    """The settings of a column: its controls, presets, saved pipelines, copies of other columns, its JSON; what sets it apart."""
    key = f"compare-{at}-{state()['revision']}"
    with st.container(border=True):
        st.markdown(f"**{letter(at)}** · {plain(apart) or 'the same settings as every column'}")
        with st.container(horizontal=True):
            with st.popover("Settings", icon=":material/tune:"):
                edited, faults = pipeline_controls(pipeline, f"compare-{at}")
            with st.popover("Open or save", icon=":material/folder_open:"):
                _exchange(at, pipeline, key)
    for fault in faults:
        st.error(plain(fault))
    if edited != pipeline:
        state()["columns"][at] = edited.to_json()
        st.rerun()
    return edited


def _exchange(at: int, pipeline: Pipeline, key: str) -> None:
    others = {f"Column {letter(other)}": text for other, text in enumerate(state()["columns"]) if other != at}
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
        _open(text, f"column {letter(at)}", at)


def _open(text: str, name: str, at: int) -> None:
    try:
        open_pipeline(read_pipeline(text, name), "columns", at)
    except SettingProblem as problem:
        st.error(plain(str(problem)))
    else:
        st.rerun()


def column_answers(
    pipelines: Sequence[Pipeline], question: str, only_different: bool
) -> tuple[list[Answer | None], list[tuple[Hit, ...]]]:
    """Draws every column's answer, with what differs marked; returns the answers and the passages of each column."""
    columns = st.columns(len(pipelines), gap="medium")
    answers: list[Answer | None] = []
    hits: list[tuple[Hit, ...]] = []
    for at, (column, pipeline) in enumerate(zip(columns, pipelines, strict=True)):
        with column:
            answer, found = column_answer(at, pipeline, question)
            answers.append(answer)
            hits.append(found)
    marks = differences(answers)
    common = common_statements(answers) if only_different else frozenset()
    for at, (column, answer) in enumerate(zip(columns, answers, strict=True)):
        if answer is not None:
            with column:
                result_column(at, answer, marks[at], common)
    return answers, hits


def column_answer(at: int, pipeline: Pipeline, question: str) -> tuple[Answer | None, tuple[Hit, ...]]:
    """A column's answer and its passages. Where there is no answer, the reason is drawn and the passages found are returned.

    A failure is kept until it is tried again: otherwise every look at the page would wait for a dead model.
    """
    failed: dict[str, list[str]] = st.session_state.setdefault(FAILED, {})
    key = fingerprint(pipeline.to_json(), question, repr(current_filter()))
    if key not in failed:
        try:
            with st.spinner("Waiting for the answer…", show_time=True):
                answer = answered(pipeline, question)
            return answer, answer.hits
        except WorkbenchError as problem:
            failed[key] = [str(problem), uuid4().hex if isinstance(problem, ModelProblem) else ""]
    why, attempt = failed[key]
    st.error(plain(why))
    st.button("Try again", key=f"compare-again-{at}", on_click=lambda: failed.pop(key, None))
    found: tuple[Hit, ...] = ()
    if attempt:
        found = workspace().artifacts.remembered(attempt, lambda: retrieved(pipeline, question), "failed", 32)
    if found:
        st.caption(f"{count(len(found), 'passage')} found; no answer was written.")
    return None, found


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


def result_column(at: int, answer: Answer, marks: Marks, common: frozenset[str]) -> None:
    """A column's answer with its citation check; statements in `common` are left out."""
    shown = replace(answer, claims=tuple(claim for claim in answer.claims if claim.text not in common))
    hidden = len(answer.claims) - len(shown.claims)
    answer_view(shown, f"compare-answer-{at}", marks.statements)
    if hidden:
        st.caption(f"{count(hidden, 'statement')} that every column makes {'is' if hidden == 1 else 'are'} hidden.")
    verified = sum(claim.supported is True for claim in answer.claims)
    st.caption(
        f"{verified} of {count(len(answer.claims), 'statement')} verified · confidence {answer.confidence:.2f} · "
        f"only here: {count(len(marks.statements), 'statement')} (tinted), {count(len(marks.passages), 'passage')} · "
        f"{sum(answer.ms.values()):.0f} ms"
    )


def common_statements(answers: Sequence[Answer | None]) -> frozenset[str]:
    """The statements that every column with an answer makes, where there are two such columns or more."""
    said = [frozenset(claim.text for claim in answer.claims) for answer in answers if answer is not None]
    return frozenset.intersection(*said) if len(said) > 1 else frozenset()


@dataclass(frozen=True)
class Found:
    """A passage with its hit in each column, or None where a column did not find it."""

    chunk: Chunk
    hits: tuple[tuple[int, Hit] | None, ...]

    @property
    def everywhere(self) -> bool:
        """Whether every column found it."""
        return None not in self.hits


def passages(columns: Sequence[Sequence[Hit]]) -> list[Found]:
    """The passages of all columns, each once, best rank first; those that overlap by half count as the same passage."""
    apart: list[Chunk] = []
    for hits in columns:
        apart += [hit.chunk for hit in hits if not any(_same(hit.chunk.span, other.span) for other in apart)]
    found = [Found(chunk, tuple(_place(chunk, hits) for hits in columns)) for chunk in apart]
    return sorted(found, key=lambda one: sorted(place[0] if place else len(apart) + 1 for place in one.hits))


def _place(chunk: Chunk, hits: Sequence[Hit]) -> tuple[int, Hit] | None:
    """The rank and hit of this very passage, else of the best one that overlaps it."""
    alike = [(rank, hit) for rank, hit in enumerate(hits, 1) if _same(hit.chunk.span, chunk.span)]
    return next((place for place in alike if place[1].chunk.span == chunk.span), alike[0] if alike else None)


def passages_table(columns: Sequence[Sequence[Hit]], only_different: bool) -> None:
    """One table for all columns: a row a passage, its rank in each column; the selected one is read below."""
    found = passages(columns)
    rows = [one for one in found if not (only_different and one.everywhere)]
    hidden = len(found) - len(rows)
    st.caption(
        "Rank of each passage in each column; empty where the column did not find it. Select a row to read the passage."
        + (f" {count(hidden, 'passage')} that every column found {'is' if hidden == 1 else 'are'} hidden." if hidden else "")
    )
    if not rows:
        st.info("Every column found the same passages." if found else "No column found a passage.")
        return
    table = pd.DataFrame([_row(one) for one in rows])
    for at in range(len(columns)):
        table[letter(at)] = table[letter(at)].astype("Int64")
    if not table["Flag"].any():
        table = table.drop(columns="Flag")
    event = st.dataframe(
        table,
        hide_index=True,
        key="compare-passages",
        on_select="rerun",
        selection_mode="single-row",
        height=420 if len(rows) > 11 else "auto",
        placeholder="",
        column_config={
            **{letter(at): st.column_config.NumberColumn(width=50) for at in range(len(columns))},
            "Found by": st.column_config.Column(width=90),
            "Document": st.column_config.Column(width=250),
            "Section": st.column_config.Column(width=200),
        },
    )
    at = event.selection.rows[0] if event.selection.rows else 0
    _read(rows[min(at, len(rows) - 1)])


def _row(one: Found) -> dict[str, object]:
    where = [letter(at) for at, place in enumerate(one.hits) if place]
    page = f", p. {one.chunk.page}" if one.chunk.page else ""
    return {
        **{letter(at): place[0] if place else None for at, place in enumerate(one.hits)},
        "Found by": "all" if one.everywhere else f"only {where[0]}" if len(where) == 1 else ", ".join(where),
        "Flag": mark_of(one.chunk.span),
        "Document": f"{one.chunk.span.document}{page}",
        "Section": one.chunk.section,
        "Begins": " ".join(one.chunk.text[:160].split()),
    }


def _read(one: Found) -> None:
    """A passage in full as each column found it; columns with the same stretch share a block."""
    held: dict[Span, list[str]] = {}
    chunks: dict[Span, Chunk] = {}
    for at, place in enumerate(one.hits):
        if place:
            span = place[1].chunk.span
            chunks[span] = place[1].chunk
            held.setdefault(span, []).append(f"{letter(at)}: rank {place[0]}, score {place[1].score:.3f}")
    blocks: list[Block] = []
    for number, (span, chunk) in enumerate(chunks.items()):
        blocks.append({"parts": [{"text": " · ".join([*held[span], span.document, chunk.section])}], "look": "title"})
        blocks.append(passage_block(chunk, str(number)))
    pressed = text_view(blocks, "compare-passage", 260)
    if pressed and int(pressed) < len(chunks):
        open_source(list(chunks)[int(pressed)])


def _same(one: Span, other: Span) -> bool:
    """Whether two passages share more than half of the shorter one."""
    shared = min(one.end, other.end) - max(one.start, other.start)
    return one.document == other.document and shared > 0.5 * min(one.end - one.start, other.end - other.start)


def letter(at: int) -> str:
    """The name of a column."""
    return "ABCD"[at]
