"""Passages drawn on a document's text: alternating tints, overlaps hatched, numbers where a passage begins."""

from collections.abc import Sequence
from itertools import pairwise

import streamlit as st

from pages.shared.charts import size_chart
from pages.shared.text_view import Part, text_view
from rag.values import Chunk, Document

SHOWN = 30_000


def chunk_view(document: Document, chunks: Sequence[Chunk], key: str) -> None:
    """The text with its passages, and how long they are; a long document is shown part by part."""
    sizes = [len(chunk.text.split()) for chunk in chunks]
    total = sum(len(chunk.text) for chunk in chunks)
    covered = sum(high - low for low, high in _union(chunks))
    st.caption(
        f"{len(chunks):,} passages · {min(sizes):,} to {max(sizes):,} words · "
        f"{(total - covered) / max(covered, 1):.0%} of the text stands in two or more"
    )
    parts = -(-len(document.text) // SHOWN)
    part = 1
    if parts > 1:
        part = st.slider("Part of the document", 1, parts, 1, key=f"{key}-part")
    low, high = (part - 1) * SHOWN, min(part * SHOWN, len(document.text))
    text_view([{"parts": _parts(document, chunks, low, high)}], f"{key}-text", 420)
    size_chart(sizes, f"{key}-sizes")


def _parts(document: Document, chunks: Sequence[Chunk], low: int, high: int) -> list[Part]:
    """The text from `low` to `high`, cut wherever a passage begins or ends."""
    here = [(at, c) for at, c in enumerate(chunks) if c.span.start < high and c.span.end > low]
    edges = {low, high} | {edge for _, c in here for edge in (c.span.start, c.span.end) if low < edge < high}
    cuts = sorted(edges)
    starts: dict[int, list[int]] = {}
    for at, chunk in here:
        starts.setdefault(chunk.span.start, []).append(at)
    parts: list[Part] = []
    active: list[int] = []
    waiting = iter(here)
    upcoming = next(waiting, None)
    for begin, end in pairwise(cuts):
        while upcoming is not None and upcoming[1].span.start <= begin:
            active.append(upcoming[0])
            upcoming = next(waiting, None)
        active = [at for at in active if chunks[at].span.end > begin]
        parts += [{"text": f"{at + 1}", "look": "label"} for at in starts.get(begin, [])]
        look = "" if not active else "both" if len(active) > 1 else ("even" if active[0] % 2 else "odd")
        hint = f"Passage {' and '.join(str(at + 1) for at in active)}" if active else "In no passage"
        parts.append({"text": document.text[begin:end], "look": look, "hint": hint})
    return parts


def _union(chunks: Sequence[Chunk]) -> list[tuple[int, int]]:
    """The stretches that the passages cover together."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted((chunk.span.start, chunk.span.end) for chunk in chunks):
        if merged and low <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged
