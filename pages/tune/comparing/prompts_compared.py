"""The prompts of the columns: what differs line by line, then each in full."""

from collections.abc import Sequence

import streamlit as st

from pages.shared.text_view import plain, text_view
from pages.tune.answering.answers import prompt_view
from pages.tune.answering.changes import AROUND, line_blocks
from pages.tune.comparing.comparison import GAP, letter
from rag.stages.prompt.changes import changed_messages, told
from rag.values import Answer


def prompts_compared(answers: Sequence[Answer | None]) -> None:
    """Draws the prompt of every column; of two columns the lines that differ first."""
    there = [(at, answer.prompt) for at, answer in enumerate(answers) if answer is not None]
    if len(there) == 2:
        (first, before), (second, after) = there
        changed = changed_messages(before, after, AROUND)
        st.caption(
            f"{letter(first)} → {letter(second)}: {plain(told(changed)) or 'the same prompt'}. "
            f"Green is in {letter(second)} alone, red in {letter(first)} alone."
        )
        if changed:
            text_view(line_blocks(changed), "compare-prompt-lines", 420)
    for at, place in enumerate(st.columns(len(answers), gap=GAP)):
        with place:
            st.markdown(f"**{letter(at)}**")
            answer = answers[at]
            if answer is None:
                st.caption("No answer, so no prompt.")
                continue
            if len(there) > 2 and at != there[0][0]:
                against = told(changed_messages(there[0][1], answer.prompt, AROUND))
                st.caption(f"Against {letter(there[0][0])}: {plain(against) or 'the same prompt'}.")
            prompt_view(answer.prompt)
