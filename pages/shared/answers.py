"""What stands behind an answer: its hits with the rank and score of every step, and the exact prompt."""

import pandas as pd
import streamlit as st

from pages.shared.state import open_source
from pages.shared.text_view import text_view
from rag.values import Answer, Hit, Prompt


def hits_frame(hits: tuple[Hit, ...]) -> pd.DataFrame:
    """A row a hit: its place, and for each step the rank and the score that it gave."""
    rows = []
    for number, hit in enumerate(hits, 1):
        row: dict[str, object] = {
            "#": number,
            "Document": hit.chunk.span.document,
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


def hits_table(answer: Answer, key: str) -> None:
    """The hits as a table; the selected one is shown in full below it, the best one at first."""
    if not answer.hits:
        st.info("No passage was found. Lower the minimum score, or widen the filter.")
        return
    frame = hits_frame(answer.hits)
    scores = {name: st.column_config.NumberColumn(format="%.3f") for name in frame if str(name).endswith("score")}
    event = st.dataframe(
        frame,
        hide_index=True,
        key=f"{key}-table",
        on_select="rerun",
        selection_mode="single-row",
        column_config=scores,
        placeholder="",
    )
    selected = event.selection.rows[0] if event.selection.rows else 0
    hit = answer.hits[min(selected, len(answer.hits) - 1)]
    st.caption(f"Passage {min(selected, len(answer.hits) - 1) + 1}, as it is indexed. Select a row to read another one.")
    pressed = text_view(
        [
            {"parts": [{"text": hit.chunk.context}], "look": "quiet"},
            {"parts": [{"text": hit.chunk.text}], "buttons": [{"label": "Open in the document", "value": "open"}]},
        ],
        f"{key}-text",
    )
    if pressed:
        open_source(hit.chunk.span)


def prompt_view(prompt: Prompt) -> None:
    """The messages exactly as they are sent."""
    left_out = f" {prompt.left_out} passages did not fit into the budget." if prompt.left_out else ""
    st.caption(f"{prompt.tokens:,} tokens (WordPiece; a chat model's own count differs by some per cent).{left_out}")
    for message in prompt.messages:
        st.markdown(f"**{message.role}**")
        st.code(message.content, language=None, wrap_lines=True)
