"""The passages of all columns side by side in one box: a row a rank, so that the columns scroll together."""

from collections.abc import Sequence
from itertools import zip_longest

import streamlit as st

from pages.shared.findings import count
from pages.shared.flags import passage_block
from pages.shared.places import place_of
from pages.shared.state import open_source
from pages.shared.text_view import Block, Part, text_view
from pages.tune.comparing.comparison import placed
from rag.values import Hit

ROWS = 20
HEIGHT = 620
Ranked = list[tuple[int, Hit, tuple[int, ...]]]  # Rank, hit, and its ranks in the other columns, 0 where it is not found.


def side_by_side(columns: Sequence[Sequence[Hit]], letters: Sequence[str], only_different: bool) -> None:
    """Draws each column's passages in full; those of one column alone are tinted, those at another rank say so."""
    shown = [ranked(columns, at, only_different) for at in range(len(columns))]
    rows = list(zip_longest(*shown))
    hidden = sum(map(len, columns)) - sum(map(len, shown))
    told = ["A row a rank; the columns scroll together. Tinted: no other column found it."]
    if hidden:
        told.append("Passages at the same rank in every column are hidden.")
    if len(rows) > ROWS:
        told.append(f"The first {ROWS} rows of {len(rows):,}.")
    st.caption(" ".join(told))
    if not rows:
        st.info("Every column found the same passages at the same ranks." if hidden else "No column found a passage.")
        return
    for place, letter, column, hits in zip(st.columns(len(columns)), letters, columns, shown, strict=True):
        place.markdown(f"**{letter}** · {count(len(column), 'passage')}, {sum(not any(one[2]) for one in hits):,} only here")
    with st.container(height=HEIGHT, key="compare-side-by-side"):
        for number, row in enumerate(rows[:ROWS]):
            for at, (place, one) in enumerate(zip(st.columns(len(columns)), row, strict=True)):
                if one is not None:
                    with place:
                        others = [letter for place, letter in enumerate(letters) if place != at]
                        _cell(letters[at], others, *one, f"compare-side-{at}-{number}")


def ranked(columns: Sequence[Sequence[Hit]], at: int, only_different: bool) -> Ranked:
    """A column's hits with their ranks; without those at the same rank in every column, where that is wanted."""
    found: Ranked = []
    others = [column for place, column in enumerate(columns) if place != at]
    for rank, hit in enumerate(columns[at], 1):
        places = [placed(hit.chunk, column) for column in others]
        ranks = tuple(place[0] if place else 0 for place in places)
        if not (only_different and set(ranks) == {rank}):
            found.append((rank, hit, ranks))
    return found


def _cell(letter: str, others: Sequence[str], rank: int, hit: Hit, ranks: tuple[int, ...], key: str) -> None:
    chunk = hit.chunk
    moved = " ".join(f"{other} {there}" for other, there in zip(others, ranks, strict=True) if there not in {0, rank})
    moved = f"in {moved}" if moved else ""
    title = " · ".join(filter(None, (f"{letter} {rank}", moved, f"{hit.score:.3f}", place_of(chunk.span), chunk.section)))
    block = passage_block(chunk, "open")
    if not any(ranks):
        parts: list[Part] = [{**part, "look": f"{part.get('look', '')} new".strip()} for part in block["parts"]]
        block = {**block, "parts": parts}
    blocks: list[Block] = [{"parts": [{"text": title}], "look": "title"}, block]
    if text_view(blocks, key):
        open_source(chunk.span)
