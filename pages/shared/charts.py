"""The charts: where the time went, how long passages are, which a limit cuts off, the weights of the fitted reranker."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

from rag.stages.rerank.features import LABELS

ACCENT = "#17998b"  # The theme's accent, between its light and its dark shade.
FADED = "rgba(128, 140, 150, 0.35)"
LIMIT = "#b45309"


def time_chart(ms: Mapping[str, float], key: str) -> None:
    """A bar a stage, in milliseconds, in running order."""
    names = list(ms)[::-1]
    values = [ms[name] for name in names]
    chart = go.Figure(go.Bar(x=values, y=names, orientation="h", text=[f"{value:.1f} ms" for value in values]))
    chart.update_traces(
        marker_color=ACCENT, textposition="outside", cliponaxis=False, hovertemplate="%{y}: %{x:.1f} ms<extra></extra>"
    )
    _calm(chart, "Milliseconds", 60 + 34 * len(names))
    st.plotly_chart(chart, key=key, config={"displayModeBar": False})


def size_chart(sizes: Sequence[int], key: str) -> None:
    """How many passages have how many words."""
    chart = go.Figure(
        go.Histogram(x=list(sizes), nbinsx=24, marker_color=ACCENT, hovertemplate="%{x} words: %{y} passages<extra></extra>")
    )
    _calm(chart, "Words in a passage", 220)
    chart.update_yaxes(title_text="Passages")
    st.plotly_chart(chart, key=key, config={"displayModeBar": False})


def cut_chart(scores: Sequence[float], kept: Sequence[bool], names: Sequence[str], top: int, minimum: float, key: str) -> None:
    """A bar a passage in final order, grey where it falls off, with a line for each of the two limits."""
    chart = go.Figure(
        go.Bar(
            x=list(range(1, len(scores) + 1)),
            y=list(scores),
            marker_color=[ACCENT if one else FADED for one in kept],
            hovertext=list(names),
            hovertemplate="%{x}. %{hovertext}: %{y:.3f}<extra></extra>",
        )
    )
    _calm(chart, "Place", 240)
    chart.update_layout(margin={"l": 0, "r": 8, "t": 8, "b": 8})
    chart.update_yaxes(title_text="Retriever's score", rangemode="tozero")
    chart.add_vline(x=top + 0.5, line_dash="dash", line_color=LIMIT)
    chart.add_hline(y=minimum, line_dash="dash", line_color=LIMIT)
    st.plotly_chart(chart, key=key, config={"displayModeBar": False})


def weights_chart(weights: Mapping[str, float], key: str, used: bool = True) -> None:
    """A bar for each weight of the fitted reranker, from -1 to 1; grey where they are not used."""
    names = [LABELS[name] for name in weights][::-1]
    values = list(weights.values())[::-1]
    colours = [(ACCENT if value >= 0 else LIMIT) if used else FADED for value in values]
    chart = go.Figure(go.Bar(x=values, y=names, orientation="h", text=[_signed(value) for value in values], marker_color=colours))
    chart.update_traces(textposition="none", hovertemplate="%{y}: weight %{x:.3f}<extra></extra>")
    for name, value in zip(names, values, strict=True):  # Beside the bars, where they fit however narrow the chart is.
        chart.add_annotation(x=1, xref="paper", xanchor="left", y=name, text=_signed(value), showarrow=False)
    _calm(chart, "Weight", 60 + 22 * len(names))
    chart.update_layout(margin={"l": 92, "r": 40, "t": 4, "b": 44, "autoexpand": False})
    chart.update_yaxes(automargin=False, tickfont_size=11)
    chart.update_xaxes(range=[min(0.0, *values) * 1.05, max(0.0, *values) * 1.05], nticks=5)
    st.plotly_chart(chart, key=key, config={"displayModeBar": False})


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−") if abs(value) >= 0.005 else "0"


def _calm(chart: go.Figure, x_title: str, height: int) -> None:
    chart.update_layout(height=height, margin={"l": 0, "r": 60, "t": 8, "b": 8}, bargap=0.25, showlegend=False)
    chart.update_xaxes(title_text=x_title, rangemode="tozero")
