"""A question set run through all columns: a score card each, and the questions on which the columns differ."""

import contextlib
import hashlib
from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.shared.comparison import letter
from pages.shared.findings import count
from pages.shared.state import current_filter, prepared, state, workspace
from rag.errors import WorkbenchError
from rag.evaluate.card import MEASURES, MS, SAME, Figure, Row, card, differs, gain, run, unasked
from rag.pipeline import Pipeline
from rag.stage import fingerprint
from rag.values import Case, Filter

KEPT = 20_000
FAILED = "compare-failed"
COLOURS = ("#0d9488", "#d97706", "#6366f1", "#e11d48")
CELL = "✓ right, ✗ wrong; then the share of the gold evidence inside the passages found"
Rows = list[list[Row | None]]  # For each case what each column made of it; None where it was not asked yet.


def run_through(cases: Sequence[Case], pipelines: Sequence[Pipeline]) -> Rows:
    """What every column made of every case, with the button that asks what was not asked yet."""
    keys = _keys(cases, pipelines)
    rows = _kept(cases, keys)
    failed = sum(bool(row.error) for line in rows for row in line if row)
    missing = sum(row is None for line in rows for row in line) + failed
    where = f"{count(len(cases), 'question')} in {len(pipelines)} columns"
    label = f"Run {where}" if missing == len(cases) * len(pipelines) else f"Run the {count(missing, 'answer')} still missing"
    if failed and failed == missing:
        label = f"Try the {count(failed, 'failed answer')} again"
    chats = [letter(at) for at, pipeline in enumerate(pipelines) if pipeline.answer.model_dump()["kind"] != "quote"]
    if chats and missing:
        st.caption(f"Column {', '.join(chats)} asks a chat model once a question, with its passages.")
    if current_filter() != Filter():
        st.caption("The filter of the Ask page holds here too.")
    if missing and st.button(label, type="primary", icon=":material/play_arrow:", key="compare-run"):
        _ask(cases, pipelines, keys)
        st.rerun()
    if not missing:
        st.caption(f"{where}: all answered. A change to a column asks that column alone again.")
    return rows


def _ask(cases: Sequence[Case], pipelines: Sequence[Pipeline], keys: list[list[str]]) -> None:
    """Asks case by case, the columns taking turns at being first.

    So a slow moment of the machine, and what the first column computes for the others, touches all columns alike.
    """
    artifacts, only = workspace().artifacts, current_filter()
    failed: dict[str, str] = st.session_state.setdefault(FAILED, {})
    bar, stop = st.columns([6, 1], vertical_alignment="center")
    stop.button("Stop", key="compare-stop", width="stretch", help="What was answered before is kept")
    progress = bar.progress(0.0, text="Preparing the columns…")
    indexes: list[Any] = []
    for pipeline in pipelines:
        try:
            indexes.append(unasked(prepared(pipeline)))
        except WorkbenchError as problem:
            indexes.append(str(problem))
    for number, (case, line) in enumerate(zip(cases, keys, strict=True), 1):
        for turn in range(len(pipelines)):
            at = (number + turn) % len(pipelines)
            pipeline, index, key = pipelines[at], indexes[at], line[at]
            if artifacts.recall(key):
                continue
            row = Row(case, error=index) if isinstance(index, str) else run(case, pipeline, index, only)
            failed.pop(key, None)
            if row.error:
                failed[key] = row.error
            else:
                artifacts.remembered(key, lambda row=row: row, "scores", KEPT)
        progress.progress(number / len(cases), text=f"{number:,} of {count(len(cases), 'question')} asked")
    progress.empty()


def _keys(cases: Sequence[Case], pipelines: Sequence[Pipeline]) -> list[list[str]]:
    documents, only = [document.key for document in workspace().documents], repr(current_filter())
    columns = [pipeline.key("verify", documents) for pipeline in pipelines]
    return [[fingerprint("score", column, only, repr(case)) for column in columns] for case in cases]


def _kept(cases: Sequence[Case], keys: list[list[str]]) -> Rows:
    artifacts, failed = workspace().artifacts, st.session_state.get(FAILED, {})

    def gone() -> Row:
        raise LookupError

    def row(case: Case, key: str) -> Row | None:
        if artifacts.recall(key):
            with contextlib.suppress(LookupError):
                found: Row = artifacts.remembered(key, gone, "scores", KEPT)
                return found
        return Row(case, error=failed[key]) if key in failed else None

    return [[row(case, key) for key in line] for case, line in zip(cases, keys, strict=True)]


def cards(rows: Rows) -> None:
    """A score card for each column, with what it gains over column A, and a chart of all of them."""
    asked = [[line[at] for line in rows] for at in range(len(rows[0]))]
    done = [[row for row in column if row is not None] for column in asked]
    figures = [card(column) for column in done]
    for at, place in enumerate(st.columns(len(done), gap="medium")):
        with place, st.container(border=True):
            failed = sum(bool(row.error) for row in done[at])
            st.markdown(
                f"**{letter(at)}** · {count(len(done[at]) - failed, 'question')}" + (f", {failed} failed" if failed else "")
            )
            lines = [
                _line(figure, gain(done[0], done[at], figure.name) if at and figure.name != MS else None)
                for figure in figures[at]
            ]
            st.markdown("\n\n".join(lines))
    st.caption(
        "Each value with its 95 % interval and the number n of questions that it applies to. Last, the difference to column A on "
        "the same questions: ▲ better, ▼ worse (its own 95 % interval leaves out nought), ≈ not told apart on so few questions."
    )
    with st.expander("What the measures mean"):
        st.markdown("\n".join(f"- **{measure.name}**: {measure.about}." for measure in MEASURES))
        st.markdown(
            "- **median ms**: from question to verified answer, each question embedded anew; the columns take turns at being "
            "first, since one may reuse sentence vectors that another has computed.\n"
            "- **Intervals**: Wilson for shares of questions, bootstrap over questions for means and medians."
        )
    _chart(figures)


def _line(figure: Figure, more: Figure | None) -> str:
    """A figure as Markdown: value and name, below it small the interval, n, and what it gains over column A."""
    if figure.value is None or figure.interval is None:
        return f"**–** {figure.name}  \n:small[:gray[no question to judge it by]]"
    digits = 0 if figure.name == MS else 2
    low, high = (f"{bound:.{digits}f}" for bound in figure.interval)
    against = f" · {_against(more)}" if more and more.value is not None else ""
    return f"**{figure.value:.{digits}f}** {figure.name}  \n:small[:gray[{low} to {high} · n {figure.n}{against}]]"


def _against(more: Figure) -> str:
    if more.value is None or more.interval is None or max(map(abs, (more.value, *more.interval))) < SAME:
        return "= A"
    low, high = more.interval
    better = next(measure.more for measure in MEASURES if measure.name == more.name) == (more.value > 0)
    sign = "≈" if low <= 0 <= high else "▲" if better else "▼"
    return f"{sign} {more.value:+.2f}".replace("-", "−").replace("−0.00", "0.00").replace("+0.00", "0.00")


def _chart(figures: Sequence[Sequence[Figure]]) -> None:
    chart = go.Figure()
    names = [measure.name for measure in MEASURES]
    for at, column in enumerate(figures):
        held = [one for one in column if one.name in names and one.value is not None and one.interval is not None]
        chart.add_trace(
            go.Scatter(
                x=[one.value for one in held],
                y=[names.index(one.name) + (at - (len(figures) - 1) / 2) * 0.17 for one in held],
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [one.interval[1] - one.value for one in held],  # type: ignore[index, operator]
                    "arrayminus": [one.value - one.interval[0] for one in held],  # type: ignore[index, operator]
                    "thickness": 2,
                    "width": 0,
                },
                mode="markers",
                name=letter(at),
                marker={"size": 10, "color": COLOURS[at]},
                text=[
                    f"{one.name}, {letter(at)}: {one.value:.2f} ({one.interval[0]:.2f} to {one.interval[1]:.2f}), n {one.n}"
                    for one in held
                ],  # type: ignore[index]
                hovertemplate="%{text}<extra></extra>",
            )
        )
    chart.update_layout(
        height=60 + 52 * len(names), margin={"l": 0, "r": 0, "t": 8, "b": 8}, legend={"orientation": "h", "y": 1.12}
    )
    chart.update_xaxes(range=[-0.02, 1.02], title_text="Share or mean, with its 95 % interval")
    chart.update_yaxes(tickvals=list(range(len(names))), ticktext=names, range=[len(names) - 0.4, -0.6], zeroline=False)
    st.plotly_chart(chart, key="compare-card-chart", config={"displayModeBar": False})


def differing(rows: Rows) -> None:
    """The questions on which the columns differ; a click asks one in the columns. Then what failed."""
    whole = [[row for row in line if row is not None] for line in rows]
    answered = [line for line, asked in zip(whole, rows, strict=True) if len(line) == len(asked)]
    st.subheader("Where the columns differ", anchor=False)
    view = st.segmented_control(
        "Show", ["Outcome or evidence", "Any statement"], default="Outcome or evidence", required=True, key="compare-differ-view"
    )
    wanted = {"outcome", "evidence"} if view == "Outcome or evidence" else {"outcome", "evidence", "statements"}
    lines = [line for line in answered if wanted.intersection(differs(line))]
    if not lines:
        st.info(f"The columns do not differ in this on any of the {count(len(answered), 'question')}.")
    else:
        st.caption(f"{count(len(lines), 'question')} of {len(answered):,}. Select one to ask it in the columns.")
        _table(lines)
    failed = [(at, row) for line in whole for at, row in enumerate(line) if row.error]
    if failed:
        with st.expander(f"{count(len(failed), 'answer')} failed; the others count", icon=":material/error:"):
            told = [{"Column": letter(at), "Question": row.case.question, "Why": row.error} for at, row in failed]
            st.dataframe(pd.DataFrame(told), hide_index=True, placeholder="")


def _table(lines: list[list[Row]]) -> None:
    table = pd.DataFrame(
        [
            {
                "Question": line[0].case.question,
                **{letter(at): _cell(row) for at, row in enumerate(line)},
                "Differ in": ", ".join(differs(line)),
            }
            for line in lines
        ]
    )
    name = hashlib.sha256("".join(line[0].case.id for line in lines).encode("utf-8", "surrogatepass")).hexdigest()[:8]
    key = f"compare-differing-{name}-{st.session_state.get('compare-asked', 0)}"

    def ask() -> None:
        selected = st.session_state[key].selection.rows
        if selected and selected[0] < len(lines):
            ask_in_columns(lines[selected[0]][0].case.question)

    st.dataframe(
        table,
        hide_index=True,
        key=key,
        on_select=ask,
        selection_mode="single-row",
        placeholder="",
        height=460 if len(lines) > 12 else "auto",
        column_config={
            "Question": st.column_config.Column(width=260),
            **{letter(at): st.column_config.Column(width=128, help=CELL) for at in range(len(lines[0]))},
        },
    )


def _cell(row: Row) -> str:
    recall = row.scores.get("evidence recall")
    return row.outcome if recall is None else f"{row.outcome} · {recall:.0%}"


def ask_in_columns(question: str) -> None:
    """Asks a question of the set in the columns, on the page's other view; called before the page is drawn."""
    state().update(question=question, asked=question)
    st.session_state["compare-question"] = question
    st.session_state["compare-view"] = "One question"
    st.session_state["compare-asked"] = st.session_state.get("compare-asked", 0) + 1
