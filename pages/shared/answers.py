"""What stands behind an answer: its hits with the rank and score of every step, and the exact prompt."""

import pandas as pd
import streamlit as st

from pages.shared.flags import flagged_sources, mark_of, passage_block
from pages.shared.state import open_source
from pages.shared.text_view import plain, text_view
from rag.values import Hit, Prompt


def hits_frame(hits: tuple[Hit, ...]) -> pd.DataFrame:
    """A row a hit: its place, and for each step the rank and the score that it gave."""
    rows = []
    for number, hit in enumerate(hits, 1):
        row: dict[str, object] = {
            "#": number,
            "Document": hit.chunk.span.document,
            "Score": hit.score,
            "Flag": mark_of(hit.chunk.span) or None,
            "Page": hit.chunk.page,
        }
        for step in hit.steps:
            row[f"{step.name} rank"] = step.rank
            row[f"{step.name} score"] = step.score
        rows.append({**row, "Section": hit.chunk.section})
    frame = pd.DataFrame(rows)
    if "Page" in frame:
        frame["Page"] = frame["Page"].astype("Int64")
    return frame.dropna(axis="columns", how="all")


def hits_table(hits: tuple[Hit, ...], key: str) -> Hit | None:
    """The hits as a table; the selected one is shown in full below it, the best one at first, and returned."""
    if not hits:
        st.info("No passage was found. Lower the minimum score, or widen the filter.")
        return None
    frame = hits_frame(hits)
    columns: dict[str, object] = {
        name: st.column_config.NumberColumn(format="%.3f") for name in frame if str(name).lower().endswith("score")
    }
    columns["Document"] = st.column_config.Column(width=240)
    columns["Score"] = st.column_config.NumberColumn(
        format="%.3f", width=70, help="The last step's score, which decides the order"
    )
    columns["Flag"] = st.column_config.Column(width=95, help="Holds text that may be an instruction, or that nobody sees")
    columns["Page"] = st.column_config.Column(width=60)
    event = st.dataframe(
        frame,
        hide_index=True,
        key=f"{key}-table",
        on_select="rerun",
        selection_mode="single-row",
        column_config=columns,
        placeholder="",
    )
    selected = event.selection.rows[0] if event.selection.rows else 0
    at = min(selected, len(hits) - 1)
    span, chunk = hits[at].chunk.span, hits[at].chunk
    st.caption(f"Passage {at + 1}, as it is indexed. Select a row to read another one.")
    pressed = text_view([{"parts": [{"text": chunk.context}], "look": "quiet"}, passage_block(chunk, "open")], f"{key}-text")
    if pressed:
        open_source(span)
    return hits[at]


def prompt_view(prompt: Prompt) -> None:
    """The messages exactly as they are sent."""
    left_out = f" {prompt.left_out} passages did not fit into the budget." if prompt.left_out else ""
    st.caption(f"{prompt.tokens:,} tokens (WordPiece; a chat model's own count differs by some per cent).{left_out}")
    for warning in flagged_sources(prompt):
        st.markdown(f":orange-background[{plain(warning)}]")
    for message in prompt.messages:
        st.markdown(f"**{message.role}**")
        st.code(message.content, language=None, wrap_lines=True)
    if prompt.omitted:
        with st.expander(f"Left out: {len(prompt.omitted)}"):
            for number, omitted in enumerate(prompt.omitted, len(prompt.sources) + 1):
                place = " · ".join(filter(None, (omitted.hit.chunk.span.document, omitted.hit.chunk.section)))
                st.markdown(plain(f"Passage {number} ({place}) {omitted.reason}."))
