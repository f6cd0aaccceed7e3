"""Risk and coverage: how many questions a bar lets through and how many of these go wrong, with the bar that is set."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from pages.evaluate.checking.runs import Rows, key_of, measured
from pages.shared.charts import ACCENT, LIMIT
from pages.shared.computed import index_made
from pages.shared.findings import count
from pages.shared.state import current_filter, project
from rag.evaluate.coverage import Point, Sure, asked, chosen, curve, fits
from rag.keep.jobs import Tell
from rag.pipeline import Pipeline
from rag.stages.verify.risk import shipped
from rag.values import Case

ALPHAS = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
EMPTY = (
    "Press *Ask without a bar*: every question is asked with refusal switched off, and the curve shows which bar would have let "
    "through how many, and how many of these wrong."
)


def coverage_view(cases: Sequence[Case], pipeline: Pipeline) -> None:
    """The curve of answers over the question set, and that of statements over the program's labelled cases."""
    usable = [case for case in cases if fits(case)]
    if usable:
        key = key_of("coverage", pipeline, usable)
        rows = measured("coverage", key, "Ask without a bar", "question", EMPTY, _work(usable, pipeline))
        if rows:
            _answers([Sure(**row) for row in rows], pipeline)
    else:
        st.info("No question of this set says what is right: none has gold evidence, and none is marked as unanswerable.")
    _statements(pipeline)


def _work(cases: Sequence[Case], pipeline: Pipeline):  # type: ignore[no-untyped-def]
    found, only = project(), current_filter()

    def work(tell: Tell) -> Rows:
        index = index_made(pipeline, found.shelf.documents, found.artifacts, tell)
        rows: Rows = []
        for number, case in enumerate(cases):
            tell("ask", number, len(cases))
            one = asked(case, pipeline, index, only)
            rows.append({"id": one.id, "confidence": one.confidence, "right": one.right})
        return rows

    return work


def _answers(sure: Sequence[Sure], pipeline: Pipeline) -> None:
    points, here = curve(sure), chosen(sure, pipeline)
    st.markdown(f"**Answers** · {count(len(sure), 'question')}")
    low, high = here.interval
    wrong = f"**{here.risk:.0%}** of these are wrong ({low:.0%} to {high:.0%})" if here.n else "none is wrong"
    st.caption(
        f"The bar is {here.bar:.2f}: **{here.coverage:.0%}** of the questions are answered ({here.n:,}), {wrong}. Wrong is an "
        "answer whose first statement does not cite the gold evidence, and any to a question that the documents do not answer. "
        "The bar is set under *Refusal* on the Ask page."
    )
    chart = go.Figure()
    chart.add_trace(_line(points))
    chart.add_trace(
        go.Scatter(
            x=[here.coverage],
            y=[here.risk],
            mode="markers",
            marker={"size": 13, "color": LIMIT, "symbol": "diamond"},
            text=[_hover(here)],
            hovertemplate="%{text}<extra></extra>",
            name=f"bar {here.bar:.2f}",
        )
    )
    _drawn(chart, "Share of questions answered", "Share of answers wrong", "safety-coverage")


def _line(points: Sequence[Point]) -> go.Scatter:
    return go.Scatter(
        x=[one.coverage for one in points],
        y=[one.risk for one in points],
        mode="lines",
        line={"color": ACCENT, "shape": "hv"},
        text=[_hover(one) for one in points],
        hovertemplate="%{text}<extra></extra>",
        name="other bars",
    )


def _hover(one: Point) -> str:
    low, high = one.interval
    wrong = f"{one.wrong:,} wrong, {one.risk:.0%} ({low:.0%} to {high:.0%})"
    return f"bar {one.bar:.2f}: {one.coverage:.0%} answered ({one.n:,}), {wrong}"


def _statements(pipeline: Pipeline) -> None:
    """Of a chat model's statements: what a chosen risk costs, by the labelled cases that are kept with the program."""
    promised = [one for one in map(shipped, ALPHAS) if one.threshold is not None]
    risk = getattr(pipeline.verify, "risk", 0.0)
    here = shipped(risk) if risk else None
    st.markdown(f"**Statements of a chat model** · {promised[0].wrong:,} wrong and {promised[0].right:,} right labelled cases")
    st.caption(
        f"The risk is set to {risk:g}: {here.cost:.0%} of right statements are flagged."
        if here
        else "No risk is set: flagged is what the checks find. *facts* under *Checking* on the Ask page takes one."
    )
    chart = go.Figure(
        go.Scatter(
            x=[one.cost for one in promised],
            y=[one.alpha for one in promised],
            mode="lines+markers",
            line={"color": ACCENT},
            text=[f"risk {one.alpha:g}: {one.cost:.0%} of right statements are flagged" for one in promised],
            hovertemplate="%{text}<extra></extra>",
            name="other risks",
        )
    )
    if here and here.threshold is not None:
        marker = {"size": 13, "color": LIMIT, "symbol": "diamond"}
        chart.add_trace(go.Scatter(x=[here.cost], y=[here.alpha], mode="markers", marker=marker, name=f"risk {risk:g}"))
    _drawn(chart, "Share of right statements flagged", "Share of wrong ones that pass", "safety-statements")


def _drawn(chart: go.Figure, x: str, y: str, key: str) -> None:
    chart.update_layout(height=320, margin={"l": 0, "r": 8, "t": 8, "b": 8}, legend={"orientation": "h", "y": 1.12})
    chart.update_xaxes(title_text=x, range=[-0.02, 1.02], tickformat=".0%")
    chart.update_yaxes(title_text=y, rangemode="tozero", tickformat=".0%")
    st.plotly_chart(chart, key=key, config={"displayModeBar": False})
