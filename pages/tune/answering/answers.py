"""What stands behind an answer: its hits with the rank and score of every step, and the exact prompt."""

import pandas as pd
import streamlit as st

from pages.shared.findings import count
from pages.shared.flags import flagged_sources, mark_of, passage_block
from pages.shared.places import place_of
from pages.shared.state import open_source
from pages.shared.tables import ROW, begun, table_of
from pages.shared.text_view import plain, text_view
from rag.values import Hit, Prompt

BEGINNING = 68  # Characters of a passage: three lines of its column.


def hits_frame(hits: tuple[Hit, ...]) -> pd.DataFrame:
    """A row a hit: its place, how it begins, where it stands, its score, and the rank that each step but the last gave it.

    The last step's are the row's number and score.
    """
    names = earlier_steps(hits)
    rows = []
    for number, hit in enumerate(hits, 1):
        ranks = {step.name: str(step.rank) for step in hit.steps}
        row: dict[str, object] = {
            "#": number,
            "Passage": begun(hit.chunk.text, BEGINNING),
            "Document": place_of(hit.chunk.span),
            "Score": hit.score,
            "Copies": 1 + len(hit.copies) if hit.copies else None,
            "Flag": mark_of(hit.chunk.span) or None,
            " · ".join(names): " · ".join(ranks.get(name, "–") for name in names) or None,
        }
        rows.append(row)
    frame = table_of(rows)
    if "Copies" in frame:
        frame["Copies"] = frame["Copies"].astype("Int64")
    return frame.dropna(axis="columns", how="all")


def last_step(hits: tuple[Hit, ...]) -> str:
    """The step that decided the order; further down may stand passages that it did not look at."""
    return max((hit.steps for hit in hits), key=len)[-1].name if any(hit.steps for hit in hits) else ""


def earlier_steps(hits: tuple[Hit, ...]) -> tuple[str, ...]:
    """The steps before the last one, in their order."""
    last = last_step(hits)
    return tuple(dict.fromkeys(step.name for hit in hits for step in hit.steps if step.name != last))


def hits_table(hits: tuple[Hit, ...], key: str) -> Hit | None:
    """The hits as a table; the selected one is shown in full below it, the best one at first, and returned."""
    if not hits:
        st.info("No passage was found. Lower the minimum score, or widen the filter.")
        return None
    frame = hits_frame(hits)
    columns: dict[str, object] = {
        "#": st.column_config.Column(width=30),
        "Passage": st.column_config.Column(width=190, help="How it begins; select the row to read all of it below"),
        "Document": st.column_config.Column(width=164, help="And the page in the file, with the printed one where it differs"),
        "Score": st.column_config.NumberColumn(
            format="%.3f", width=56, help=f"The score of the last step, {last_step(hits)}, which decides the order"
        ),
        "Copies": st.column_config.Column(width=54, help="Passages that say the same take one place; all open below"),
        "Flag": st.column_config.Column(width=70, help="Holds text that may be an instruction, or that nobody sees"),
        " · ".join(earlier_steps(hits)): st.column_config.Column(width=96, help="The rank that each of these steps gave it"),
    }
    event = st.dataframe(
        frame,
        hide_index=True,
        key=f"{key}-table",
        on_select="rerun",
        selection_mode="single-row",
        column_config=columns,
        row_height=ROW,
        placeholder="",
    )
    selected = event.selection.rows[0] if event.selection.rows else 0
    at = min(selected, len(hits) - 1)
    span, chunk = hits[at].chunk.span, hits[at].chunk
    st.caption(f"Passage {at + 1}, as it is indexed. Select a row to read another one.")
    pressed = text_view([{"parts": [{"text": chunk.context}], "look": "quiet"}, passage_block(chunk, "open")], f"{key}-text")
    if pressed:
        open_source(span)
    if copies := hits[at].copies:
        st.caption(f"The same stands at {count(len(copies), 'further place')}:")
        with st.container(horizontal=True):
            for number, copy in enumerate(copies):
                st.button(
                    plain(place_of(copy.span)),
                    key=f"{key}-copy-{at}-{number}",
                    on_click=open_source,
                    args=(copy.span,),
                )
    return hits[at]


def prompt_view(prompt: Prompt) -> None:
    """The messages exactly as they are sent."""
    left_out = f" {prompt.left_out} passages did not fit into the budget." if prompt.left_out else ""
    st.caption(f"{prompt.tokens:,} tokens (WordPiece; a chat model's own count differs by some per cent).{left_out}")
    for warning in flagged_sources(prompt):
        st.markdown(f":orange-background[{plain(warning)}]")
    for message in prompt.messages:
        st.markdown(f"**{message.role}**")
        st.code(f"\n{message.content}\n", language=None, wrap_lines=True)  # It drops one line end at each side.
    if prompt.omitted:
        with st.expander(f"Left out: {len(prompt.omitted)}"):
            for number, omitted in enumerate(prompt.omitted, len(prompt.sources) + 1):
                place = " · ".join(filter(None, (omitted.hit.chunk.span.document, omitted.hit.chunk.section)))
                st.markdown(plain(f"Passage {number} ({place}) {omitted.reason}."))
