"""A question set run through all columns: a score card each, and the questions on which the columns differ."""

import hashlib
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from pages.shared.findings import count
from pages.shared.state import held, state
from pages.shared.tables import ROW, table_of
from pages.shared.text_view import plain
from pages.tune.comparing.comparison import GAP, letter
from pages.tune.comparing.set_run import Rows
from pages.tune.settings.costs import WHERE, money
from rag.evaluate.card import COST, MEASURES, MS, SAME, TOKENS, Figure, Row, card, differs, expense, gain
from rag.harmless import cell
from rag.pipeline import Pipeline
from rag.pipeline.explain.expense import model_of
from rag.values import Usage

COLOURS = ("#0d9488", "#d97706", "#6366f1", "#e11d48")
ALIKE = ("one value, no interval", "all alike, no interval")
FEWEST = 6  # With fewer pairs no sign test reaches 5 %, and the bootstrap's intervals are too narrow.
CELL = "✓ right, ✗ wrong; then the share of the gold evidence inside the passages found"


def cards(rows: Rows, pipelines: Sequence[Pipeline]) -> None:
    """A score card for each column, with what it gains over one of them, and a chart of all of them."""
    asked = [[line[at] for line in rows] for at in range(len(rows[0]))]
    base = 0
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="bottom"):
        if len(asked) > 1:
            names = range(len(asked))
            first = min(held("compare-base", 0), len(asked) - 1)
            base = st.segmented_control(
                "Differences to", names, default=first, format_func=letter, required=True, key="compare-base"
            )
        st.download_button(
            "Results as CSV", results(rows), "results.csv", "text/csv", on_click="ignore", icon=":material/download:"
        )
    done = [[row for row in column if row is not None] for column in asked]
    figures = [card(column) for column in done]
    spent = [expense(column) for column in done]
    for at, place in enumerate(st.columns(len(done), gap=GAP)):
        with place, st.container(border=True):
            failed = sum(bool(row.error) for row in done[at])
            st.markdown(
                f"**{letter(at)}** · {count(len(done[at]) - failed, 'question')}" + (f", {failed} failed" if failed else "")
            )
            if not done[at]:
                st.caption("Not asked yet.")
                continue
            gains = [gain(done[base], done[at], one.name) if at != base and one.name != MS else None for one in figures[at]]
            lines = [_line(one, more, letter(base)) for one, more in zip(figures[at], gains, strict=True)]
            st.markdown("\n\n".join([*lines, *_spent(spent, at, done[at], pipelines[at])]))
    st.caption(
        "Each value with its 95 % interval and the number n of questions that it applies to. Last, the difference to column "
        f"{letter(base)} on the same questions: ▲ better, ▼ worse (its own 95 % interval leaves out nought, on {FEWEST} "
        "questions or more), ≈ not told apart."
    )
    with st.expander("What the measures mean"):
        st.markdown("\n".join(f"- **{measure.name}**: {measure.about}." for measure in MEASURES))
        st.markdown(
            "- **median ms**: from question to checked answer, each question embedded anew; the columns take turns at being "
            "first, since one may reuse sentence vectors that another has computed.\n"
            "- **Intervals**: Wilson for shares of questions, bootstrap over questions for means and medians."
        )
    _chart(figures)


def results(rows: Rows) -> str:
    """What became of every question in every column, as CSV: outcome, scores, milliseconds and statements."""
    lines = [
        {
            "id": row.case.id,
            "question": row.case.question,
            "column": letter(at),
            "outcome": row.outcome.removeprefix("✓ ").removeprefix("✗ "),
            "right": {"✓": "yes", "✗": "no"}.get(row.outcome[:1], ""),
            **{name: score for name, score in row.scores.items()},
            "ms": row.ms,
            "statements": "\n".join(row.statements),
            "error": row.error,
        }
        for line in rows
        for at, row in enumerate(line)
        if row is not None
    ]
    return pd.DataFrame(lines).map(cell).to_csv(index=False)


def _line(figure: Figure, more: Figure | None = None, base: str = "A") -> str:
    """A figure as Markdown: value and name, below it small the interval, n, and what it gains over another column."""
    if figure.value is None or figure.interval is None:
        return f"**–** {figure.name}  \n:small[:gray[no question to judge it by]]"
    digits = {MS: 0, TOKENS: 0, COST: 4}.get(figure.name, 2)
    low, high = (f"{bound:,.{digits}f}" for bound in figure.interval)
    against = f" · {_against(more, base)}" if more and more.value is not None else ""
    spread = f"{low} to {high}" if figure.interval[0] < figure.interval[1] else ALIKE[figure.n > 1]
    return f"**{figure.value:,.{digits}f}** {figure.name}  \n:small[:gray[{spread} · n {figure.n}{against}]]"


def _spent(spent: Sequence[Sequence[Figure]], at: int, rows: Sequence[Row], pipeline: Pipeline) -> list[str]:
    """What a column's models took, as Markdown; nothing where no column asked one."""
    if not any(spent):
        return []
    if not spent[at]:
        return ["**0** tokens a question  \n:small[:gray[no model was asked]]"]
    used = sum((row.usage for row in rows), Usage())
    about = "" if used.counted else "about "
    tokens = f"{count(used.calls, 'call')}, {about}{used.sent:,} tokens in, {used.received:,} out"
    lines = [f"{_line(spent[at][0])}  \n:small[:gray[{tokens}]]"]
    lines += [f"{_line(figure)}  \n:small[:gray[in all {about}{used.cost:.4f} by the prices set]]" for figure in spent[at][1:]]
    models = {stage: model.price for stage in WHERE if (model := model_of(getattr(pipeline, stage)))}
    words = dict.fromkeys(money(0.0, price, stage, False) for stage, price in models.items() if price != "set")
    return [*lines, *(f":small[:gray[{plain(text)}]]" for text in words)]


def _against(more: Figure, base: str) -> str:
    if more.value is None or more.interval is None or max(map(abs, (more.value, *more.interval))) < SAME:
        return f"= {base}"
    low, high = more.interval
    better = next(measure.more for measure in MEASURES if measure.name == more.name) == (more.value > 0)
    sign = "≈" if more.n < FEWEST or low <= 0 <= high else "▲" if better else "▼"
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
    first = held("compare-differ-view", "Outcome or evidence")
    view = st.segmented_control(
        "Show", ["Outcome or evidence", "Any statement"], default=first, required=True, key="compare-differ-view"
    )
    wanted = {"outcome", "evidence"} if view == "Outcome or evidence" else {"outcome", "evidence", "statements"}
    lines = [line for line in answered if wanted.intersection(differs(line))]
    if not answered:
        st.info("No question was answered in every column yet.")
    elif not lines:
        st.info(f"The columns do not differ in this on any of the {count(len(answered), 'question')}.")
    else:
        st.caption(f"{count(len(lines), 'question')} of {len(answered):,}. Select one to ask it in the columns.")
        _table(lines, view == "Any statement")
    failed = [(at, row) for line in whole for at, row in enumerate(line) if row.error]
    if failed:
        with st.expander(f"{count(len(failed), 'answer')} failed; the others count", icon=":material/error:"):
            told = [{"Column": letter(at), "Question": row.case.question, "Why": row.error} for at, row in failed]
            st.dataframe(table_of(told), hide_index=True, placeholder="")


def _table(lines: list[list[Row]], told: bool) -> None:
    table = table_of(
        [
            {
                "Question": line[0].case.question,
                **{letter(at): _cell(row) for at, row in enumerate(line)},
                **({"Differ in": ", ".join(differs(line))} if told else {}),
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
        height=460 if len(lines) > 6 else "auto",
        row_height=ROW,
        column_config={
            "Question": st.column_config.Column(width=280),
            **{letter(at): st.column_config.Column(width=130, help=CELL) for at in range(len(lines[0]))},
        },
    )


def _cell(row: Row) -> str:
    recall = row.scores.get("evidence recall")
    return row.outcome if recall is None else f"{row.outcome} · {recall:.0%}"


def ask_in_columns(question: str) -> None:
    """Asks a question of the set in the columns, on the page's other view; called before the page is drawn."""
    state().update(asked=question)
    st.session_state["compare-view"] = "One question"
    st.session_state["compare-asked"] = st.session_state.get("compare-asked", 0) + 1
