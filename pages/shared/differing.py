"""What a reader must not miss above the statements: why a person must look, and passages that differ, side by side."""

import streamlit as st

from pages.shared.places import place_of
from pages.shared.state import open_source
from pages.shared.text_view import Block, Part, plain, text_view
from rag.clinical.statements import shown
from rag.values import Answer, Position

LOOK = "A person must look"
SHOWN = 4
"""Conflicts that are drawn; of more it is said how many there are."""


def deferral_line(answer: Answer) -> None:
    """The mark that a person must look, with the reason of every rule; nothing where no rule says so."""
    if answer.deferred:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.badge(LOOK, icon=":material/person_search:", color="orange")
            st.caption(plain("; ".join(one.reason for one in answer.deferred)), width="content")


def conflicts_view(answer: Answer, key: str) -> None:
    """The passages that differ, two by two, each with its date, who wrote it and what is in force, and a button to open it."""
    for at, one in enumerate(answer.conflicts[:SHOWN]):
        with st.container(border=True):
            st.caption(plain(one.words[0].upper() + one.words[1:]))
            for number, (column, place) in enumerate(zip(st.columns(2, gap="small"), one.positions, strict=True)):
                with column:
                    if text_view([_block(place)], f"{key}-conflict-{at}-{number}"):
                        open_source(place.span)
    if len(answer.conflicts) > SHOWN:
        st.caption(f"{len(answer.conflicts) - SHOWN} more differ; `rag conflicts` lists all of a record.")


def _block(place: Position) -> Block:
    about = " · ".join(filter(None, [place.date or "no date", place.author, place.standing]))
    parts: list[Part] = [{"text": f"{about}: ", "look": "label"}, {"text": shown(place.quote)}]
    look = "statement" if place.counts else "quiet"
    return {
        "parts": parts,
        "look": look,
        "buttons": [{"label": place_of(place.span), "value": "open", "hint": "Open this passage"}],
    }
