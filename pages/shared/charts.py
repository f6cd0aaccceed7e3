"""The charts: where the time went, how long the passages are."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

ACCENT = "#17998b"  # The theme's accent, between its light and its dark shade.


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


def _calm(chart: go.Figure, x_title: str, height: int) -> None:
    chart.update_layout(height=height, margin={"l": 0, "r": 60, "t": 8, "b": 8}, bargap=0.25, showlegend=False)
    chart.update_xaxes(title_text=x_title, rangemode="tozero")
