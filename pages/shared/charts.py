"""The charts: where the time went, how long the passages are, which of them a limit cuts off."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

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


def _calm(chart: go.Figure, x_title: str, height: int) -> None:
    chart.update_layout(height=height, margin={"l": 0, "r": 60, "t": 8, "b": 8}, bargap=0.25, showlegend=False)
    chart.update_xaxes(title_text=x_title, rangemode="tozero")
