"""The parts of the comparison: a column's settings and results, what differs, and the link that reopens it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages.shared.findings import count
from pages.shared.flags import mark_of, passage_block
from pages.shared.places import place_of
from pages.shared.state import FIRST, open_pipeline, open_source, pipeline_of, project, state
from pages.shared.tables import ROW, begun, table_of
from pages.shared.text_view import Block, plain, text_view
from pages.tune.answering.changes import same
from pages.tune.settings.controls import mends, pipeline_controls, save_box
from rag.errors import SettingProblem
from rag.pipeline import Pipeline, read_pipeline
from rag.pipeline.presets import PRESETS
from rag.stages.rerank.diversity import Diverse
from rag.stages.rerank.reader import BestSentence
from rag.values import Chunk, Hit, Span

GAP = "small"
BEGINNING, SECTION = 84, 56  # Characters: three lines of their columns.
HIGHEST = 5  # Rows that are seen without scrolling in the table.
LINK = "comparison"


def bring_back() -> None:
    """Opens the comparison named in the address, once."""
    name = st.query_params.get(LINK, "")
    if not name or name == state()["comparison"]:
        return
    kept = project().saved.get("comparison", name)
    state()["comparison"] = name
    if kept is None:
        st.warning("This comparison is not in this workspace. It may have been made on another machine.")
        return
    found = json.loads(kept)
    state().update(columns=found["columns"], asked=found["question"], filter=found["filter"])
    state()["revision"] += 1
    state()["compare view"] = st.session_state["compare-view"] = "One question"


def example() -> None:
    """Asks the first question of these columns; called before the page is drawn."""
    state()["asked"] = FIRST


def further(texts: Sequence[str]) -> str:
    """The settings, as JSON, of a further column, which no column has: those of Ask, a preset, or Ask's with another reranker.

    None of them needs other passages or vectors than Ask and the presets do, so that it can be run at once.
    """
    asked = pipeline_of(state()["pipeline"])
    others = [asked.model_copy(update={"rerank": rerank(top=asked.rerank.top)}) for rerank in (BestSentence, Diverse)]
    offered = [asked, PRESETS["default"][1], PRESETS["baseline"][1], *others]
    return next((text for text in (one.to_json() for one in offered) if text not in texts), texts[-1])


def link() -> None:
    """A button that keeps the comparison and puts its name into the address; no document text is kept with it."""
    if st.button("Link to this comparison", icon=":material/link:"):
        body = {"columns": state()["columns"], "question": state()["asked"], "filter": state()["filter"]}
        name = project().saved.put("comparison", json.dumps(body))
        state()["comparison"] = name
        st.query_params[LINK] = name
    if state()["comparison"] and st.query_params.get(LINK):
        st.caption(f"Kept as `{state()['comparison']}`: the address of this page now reopens it.")


def column_settings(at: int, pipeline: Pipeline, apart: str) -> Pipeline:
    """The settings of a column: its controls, presets, saved pipelines, copies of other columns, its JSON; what sets it apart."""
    key = f"compare-{at}-{state()['revision']}"
    with st.container(border=True):
        first = state()["columns"].index(state()["columns"][at])
        as_well = f" (the same as {letter(first)})" if first < at and apart else ""
        st.markdown(f"**{letter(at)}** · {plain(apart) or 'the same settings as every column'}{as_well}")
        with st.container(horizontal=True):
            with st.popover("Settings", icon=":material/tune:"):
                edited, faults, drawn = pipeline_controls(pipeline, f"compare-{at}")
            with st.popover("Open or save", icon=":material/folder_open:"):
                _exchange(at, pipeline, key)
        if edited != pipeline:
            state()["columns"][at] = edited.to_json()
            st.rerun()
        for fault in faults:
            st.error(plain(fault))
        documents, artifacts = project().shelf.documents, project().artifacts
        plan = edited.plan(documents, artifacts)
        if plan.work or plan.asking:
            st.caption(f":material/update: {plain(str(plan))}")
        ready = not faults and not plan.work
        mends(drawn, edited.prepare(documents, artifacts) if ready else None, bool(faults), key, "columns", at)
    return edited


def tell_equal(pipelines: Sequence[Pipeline]) -> None:
    """Warns of columns with the same settings, whose results are the same."""
    alike: dict[str, list[str]] = {}
    for at, pipeline in enumerate(pipelines):
        alike.setdefault(pipeline.to_json(), []).append(letter(at))
    for letters in alike.values():
        if len(letters) > 1:
            named = f"{', '.join(letters[:-1])} and {letters[-1]}"
            st.warning(f"Columns {named} have the same settings, so their results are the same. Change one under *Settings*.")


def _exchange(at: int, pipeline: Pipeline, key: str) -> None:
    others = {f"Column {letter(other)}": text for other, text in enumerate(state()["columns"]) if other != at}
    presets = {f"Preset {name}": preset.to_json() for name, (_, preset) in PRESETS.items()}
    asked = {"The Ask page": state()["pipeline"]}
    saved = {f"Saved {name}": project().saved.get("pipeline", name) or "" for name in project().saved.names("pipeline")}
    sources = {**others, **asked, **presets, **saved}
    chosen = st.selectbox("Take the settings of", list(sources), index=None, key=f"{key}-from", placeholder="Choose")
    if chosen and st.button("Take them", key=f"{key}-take"):
        _open(sources[chosen], chosen, at)
    save_box(pipeline.to_json(), key)
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


@dataclass(frozen=True)
class Found:
    """A passage with its hit in each column, or None where a column did not find it."""

    chunk: Chunk
    hits: tuple[tuple[int, Hit] | None, ...]

    @property
    def everywhere(self) -> bool:
        """Whether every column found it."""
        return None not in self.hits

    @property
    def alike(self) -> bool:
        """Whether every column found it at the same rank."""
        return self.everywhere and len({place[0] for place in self.hits if place}) == 1


def passages(columns: Sequence[Sequence[Hit]]) -> list[Found]:
    """The passages of all columns, each once, best rank first; those that overlap by half count as the same passage."""
    apart: list[Chunk] = []
    for hits in columns:
        apart += [hit.chunk for hit in hits if not any(same(hit.chunk.span, other.span) for other in apart)]
    found = [Found(chunk, tuple(placed(chunk, hits) for hits in columns)) for chunk in apart]
    return sorted(found, key=lambda one: sorted(place[0] if place else len(apart) + 1 for place in one.hits))


def placed(chunk: Chunk, hits: Sequence[Hit]) -> tuple[int, Hit] | None:
    """The rank and hit of this very passage, else of the best one that overlaps it."""
    alike = [(rank, hit) for rank, hit in enumerate(hits, 1) if same(hit.chunk.span, chunk.span)]
    return next((place for place in alike if place[1].chunk.span == chunk.span), alike[0] if alike else None)


def passages_table(columns: Sequence[Sequence[Hit]], only_different: bool) -> None:
    """One table for all columns: a row a passage, its rank in each column; the selected one is read below."""
    found = passages(columns)
    rows = [one for one in found if not (only_different and one.alike)]
    hidden = len(found) - len(rows)
    st.caption(
        "Rank of each passage in each column; empty where the column did not find it. Select a row to read the passage."
        + (f" {count(hidden, 'passage')} at the same rank everywhere {'is' if hidden == 1 else 'are'} hidden." if hidden else "")
    )
    if not rows:
        st.info("Every column found the same passages at the same ranks." if found else "No column found a passage.")
        return
    table = table_of([_row(one) for one in rows])
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
        height=420 if len(rows) > HIGHEST else "auto",
        row_height=ROW,
        placeholder="",
        column_config={
            **{letter(at): st.column_config.NumberColumn(width=40) for at in range(len(columns))},
            "Found by": st.column_config.Column(width=76),
            "Flag": st.column_config.Column(width=70),
            "Document": st.column_config.Column(width=164),
            "Section": st.column_config.Column(width=140),
            "Begins": st.column_config.Column(width=230, help="Select the row to read all of it below"),
        },
    )
    at = event.selection.rows[0] if event.selection.rows else 0
    _read(rows[min(at, len(rows) - 1)])


def _row(one: Found) -> dict[str, object]:
    where = [letter(at) for at, place in enumerate(one.hits) if place]
    return {
        **{letter(at): place[0] if place else None for at, place in enumerate(one.hits)},
        "Found by": "all"
        if one.alike
        else "all, moved"
        if one.everywhere
        else f"only {where[0]}"
        if len(where) == 1
        else ", ".join(where),
        "Flag": mark_of(one.chunk.span),
        "Document": place_of(one.chunk.span),
        "Section": begun(one.chunk.section, SECTION),
        "Begins": begun(one.chunk.text, BEGINNING),
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


def letter(at: int) -> str:
    """The name of a column."""
    return "ABCD"[at]
