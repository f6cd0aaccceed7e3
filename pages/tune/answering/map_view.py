"""The map: passages and the question as points, coloured by what they belong to; what is drawn around is read below."""

import html
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from pages.shared.findings import count, middle
from pages.shared.flags import passage_block
from pages.shared.places import page_of, place_of
from pages.shared.state import open_source
from pages.shared.text_view import Block, text_view
from rag.pipeline.projection import Points
from rag.stages.index.base import Index
from rag.values import Chunk

DRAWN = 10_000  # As SVG: WebGL would have the browser make code of text, which the pages' security policy forbids.
READ = 40
GROUPS = 12
PALETTE = (
    "#0d9488", "#d97706", "#6366f1", "#e11d48", "#0284c7", "#65a30d",
    "#a21caf", "#a16207", "#14b8a6", "#f472b6", "#475569", "#7c2d12",
)  # fmt: skip
OTHERS = "#94a3b8"
STAR = "#facc15"
COLOURS = ("Document type", "Document", "Section", "Rank")


@dataclass(frozen=True)
class Drawing:
    """What the chart shows: the points of all passages, the rows of the hits in order, where the question stands."""

    index: Index
    points: Points
    hits: Sequence[int] = ()
    question: str = ""
    star: Points | None = None


def map_chart(drawing: Drawing, colour: str, key: str) -> list[int]:
    """The scatter plot; returns the rows of the passages that were selected in it, in their order."""
    rows = drawn_rows(len(drawing.points), drawing.hits)
    chart = go.Figure(list(_traces(drawing, colour, rows)))
    chart.update_layout(
        height=600,
        margin={"l": 0, "r": 0, "t": 34, "b": 0},
        dragmode="lasso",
        hovermode="closest",
        legend={"itemsizing": "constant", "tracegroupgap": 0, "font": {"size": 12}},
        uirevision=key,
        hoverlabel={"align": "left"},
    )
    for axis in (chart.update_xaxes, chart.update_yaxes):
        axis(showticklabels=False, zeroline=False, showgrid=False, title_text="")
    chart.update_yaxes(scaleanchor="x", scaleratio=1)
    event = st.plotly_chart(
        chart,
        key=key,
        on_select="rerun",
        selection_mode=("points", "box", "lasso"),
        config={
            "displaylogo": False,
            "displayModeBar": True,
            "scrollZoom": True,
            "modeBarButtonsToRemove": ["toImage", "autoScale2d"],
        },
        alt=f"{len(rows):,} passages as points, coloured by {colour.lower()}",
    )
    return selected_rows(event.selection.points, len(drawing.points))


def selected_rows(points: Sequence[dict[str, object]], most: int) -> list[int]:
    """The passages behind selected points, each once; the question's star is none."""
    found = [point.get("customdata") for point in points]
    numbers = [one[0] if isinstance(one, list | tuple) and one else one for one in found]
    return sorted({number for number in numbers if isinstance(number, int) and 0 <= number < most})


def drawn_rows(total: int, hits: Sequence[int]) -> list[int]:
    """The rows that are drawn: all, or where there are too many an even choice with every hit in it."""
    if total <= DRAWN:
        return list(range(total))
    return sorted({*np.linspace(0, total - 1, DRAWN).astype(int).tolist(), *hits})


def groups(index: Index, colour: str, rows: Sequence[int], hits: Sequence[int] = ()) -> list[tuple[str, list[int]]]:
    """The rows by document, type or section: those with hits and the largest by name, the rest together."""
    held: dict[str, list[int]] = {}
    for row in rows:
        held.setdefault(_group(index, index.chunks[row], colour), []).append(row)
    first = dict.fromkeys(_group(index, index.chunks[row], colour) for row in hits)
    largest = Counter({name: len(inside) for name, inside in held.items()}).most_common()
    names = list(dict.fromkeys([*first, *(name for name, _ in largest)]))
    most = GROUPS if len(names) <= GROUPS else GROUPS - 1
    found = [(name, held[name]) for name in names[:most]]
    rest = [row for name in names[most:] for row in held[name]]
    return [*found, (f"{len(names) - most:,} others", sorted(rest))] if rest else found


def told(passages: int, shares: tuple[float, float] | None) -> str:
    """What the map shows of how many passages; `shares` are those of the variance that PCA's two axes hold."""
    about = [count(passages, "passage")]
    if passages > DRAWN:
        about.append(f"{DRAWN:,} of them drawn, chosen evenly, with every hit")
    if shares:
        about.append(
            f"the two axes hold {shares[0]:.0%} + {shares[1]:.0%} of the variance, so points that are near each other "
            "here may still differ"
        )
    else:
        about.append("distances between groups mean little; the question stands amid its five nearest passages")
    return f"{' · '.join(about)}."


def reading(index: Index, rows: Sequence[int], hits: Sequence[int], key: str) -> None:
    """The selected passages in full, each with a button that opens it in its document."""
    rank = {row: number for number, row in enumerate(hits, 1)}
    shown = sorted(rows, key=lambda row: (rank.get(row, len(hits) + 1), row))[:READ]
    st.subheader(f"{count(len(rows), 'passage')} selected", anchor=False)
    if len(rows) > READ:
        st.caption(f"The first {READ} are shown, hits first.")
    pressed = text_view([block for row in shown for block in _blocks(index.chunks[row], row, rank.get(row))], key, 460)
    if pressed and int(pressed) < len(index.chunks):
        open_source(index.chunks[int(pressed)].span)


def _blocks(chunk: Chunk, row: int, rank: int | None) -> list[Block]:
    about = [f"hit {rank}" if rank else "", place_of(chunk.span), chunk.section]
    return [
        {"parts": [{"text": " · ".join(part for part in about if part)}], "look": "title"},
        passage_block(chunk, str(row)),
    ]


def _traces(drawing: Drawing, colour: str, rows: Sequence[int]) -> Iterator[go.Scatter]:
    size = 8 if len(rows) <= 1000 else 6 if len(rows) <= 4000 else 4
    if colour == "Rank":
        yield _trace(drawing, [row for row in rows if row not in set(drawing.hits)], "not found", OTHERS, size, 0.45)
        if drawing.hits:
            yield _ranked(drawing, size)
    else:
        named = groups(drawing.index, colour, rows, drawing.hits)
        for at, (name, inside) in enumerate(named):
            rest = at == GROUPS - 1 and len(named) == GROUPS and name.endswith(" others")
            yield _trace(drawing, inside, name, OTHERS if rest else PALETTE[at], size)
        if drawing.hits:
            yield _rings(drawing, size)
    if drawing.star is not None:
        yield go.Scatter(
            x=[drawing.star[0]],
            y=[drawing.star[1]],
            mode="markers",
            name="the question",
            marker={"symbol": "star", "size": 20, "color": STAR, "line": {"color": "#18242b", "width": 1.5}},
            customdata=[[-1]],
            text=[_short(drawing.question, 90)],
            hovertemplate="<b>The question</b><br>%{text}<extra></extra>",
        )


def _trace(drawing: Drawing, rows: Sequence[int], name: str, colour: str, size: int, opacity: float = 0.8) -> go.Scatter:
    return go.Scatter(
        **_places(drawing, rows),
        mode="markers",
        name=html.escape(middle(name, 28)),
        marker={"color": colour, "size": size, "opacity": opacity},
    )


def _rings(drawing: Drawing, size: int) -> go.Scatter:
    return _hits(drawing, {"symbol": "circle-open", "size": size + 7, "color": _ink(), "line": {"width": 2}})


def _ranked(drawing: Drawing, size: int) -> go.Scatter:
    ranks = list(range(1, len(drawing.hits) + 1))
    scale = [[0, "#0d9488"], [1, "#fbbf24"]]
    bar = {"title": {"text": "Rank"}, "len": 0.5, "thickness": 12, "y": 0, "yanchor": "bottom", "dtick": 1 + len(ranks) // 8}
    marker = {"size": size + 5, "color": ranks, "colorscale": scale, "colorbar": bar, "line": {"color": _ink(), "width": 1}}
    return _hits(drawing, marker)


def _hits(drawing: Drawing, marker: dict[str, object]) -> go.Scatter:
    return go.Scatter(
        **_places(drawing, drawing.hits),
        mode="markers+text",
        name="hits, with rank",
        texttemplate="%{customdata[1]}",
        textposition="top right",
        textfont={"size": 13, "color": _ink()},
        marker=marker,
    )


def _places(drawing: Drawing, rows: Sequence[int]) -> dict[str, object]:
    rank = {row: number for number, row in enumerate(drawing.hits, 1)}
    return {
        "x": drawing.points[list(rows), 0],
        "y": drawing.points[list(rows), 1],
        "customdata": [[row, rank.get(row, "")] for row in rows],
        "text": [_hover(drawing.index.chunks[row], rank.get(row)) for row in rows],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _hover(chunk: Chunk, rank: int | None) -> str:
    """Document, section and first words as plotly's own little markup, everything of the document escaped."""
    page = page_of(chunk.span) if chunk.page else ""
    about = "".join(f" · {part}" for part in (html.escape(page), f"hit {rank}" if rank else "") if part)
    lines = [f"<b>{_short(chunk.span.document, 60)}</b>{about}", _short(chunk.section, 70), _short(chunk.text, 90)]
    return "<br>".join(line for line in lines if line)


def _short(text: str, most: int) -> str:
    line = " ".join(text[: 2 * most].split())
    return html.escape(line if len(line) <= most else f"{line[: most - 1]}…")


def _group(index: Index, chunk: Chunk, colour: str) -> str:
    if colour == "Document":
        return chunk.span.document
    if colour == "Document type":
        return index.documents[chunk.span.document].type
    return chunk.section.split(" › ")[-1].strip(" :").capitalize() or "no section"


def _ink() -> str:
    return "#dfe8e8" if st.context.theme.type == "dark" else "#18242b"
