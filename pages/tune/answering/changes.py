"""What changed against the answer before: passages that entered, left or moved, statements, and the prompt line by line."""

from collections.abc import Sequence

import streamlit as st

from pages.shared.places import place_of
from pages.shared.tables import ROW, begun, table_of
from pages.shared.text_view import Block, Part, plain, text_view
from rag.stages.prompt.changes import Line, Stretches, changed_messages, in_words, told
from rag.values import Answer, Hit, Prompt, Span

LINES = 400
SECTION = 48  # Characters: three lines of its column.
AROUND = 1  # Lines shown before and after a change.


def changes_view(before: Answer, now: Answer, settings: str, key: str) -> None:
    """Everything that differs between two answers to the same question."""
    rows = moves(before.hits, now.hits)
    added, removed = statements(before, now)
    lines, words = prompt_lines(before.prompt, now.prompt)
    kinds = [str(row["Change"]) for row in rows]
    moved = sum(kind[0] in "▲▼" for kind in kinds)
    passages = [f"{kinds.count('entered')} entered", f"{kinds.count('left')} left", f"{moved} moved"]
    st.caption(
        f"Against the settings before ({plain(settings)}): passages {', '.join(passages)} · "
        f"statements {len(added)} added, {len(removed)} removed · "
        f"sent prompt: {words or 'the same'}, {before.prompt.tokens:,} → {now.prompt.tokens:,} tokens"
    )
    if not words and not moved + len(added) + len(removed) and len(before.hits) == len(now.hits):
        st.info("The new settings led to the same passages, the same answer and the same prompt.")
        return
    st.dataframe(
        table_of(rows).dropna(axis="columns", how="all"),
        hide_index=True,
        key=f"{key}-hits",
        placeholder="",
        column_config={
            "Change": st.column_config.Column(width=70, help="▲ 2 stands two places higher than before, ▼ 2 two lower"),
            "Now": st.column_config.NumberColumn(width=46, help="Rank now"),
            "Before": st.column_config.NumberColumn(width=58, help="Rank under the settings before"),
            "Document": st.column_config.Column(width=164, help="And the page in the file"),
            "Section": st.column_config.Column(width=120),
            "Score": st.column_config.Column(width=92, help="Before and now, each of the last step of its settings"),
        },
        row_height=ROW,
    )
    blocks: list[Block] = []
    if added or removed:
        blocks.append({"parts": [{"text": "Statements"}], "look": "title"})
        blocks += [{"parts": [{"text": "+ "}, {"text": text, "look": "new"}]} for text in added]
        blocks += [{"parts": [{"text": "− "}, {"text": text, "look": "gone"}]} for text in removed]
    if lines:
        blocks += lines
    if blocks:
        text_view(blocks, f"{key}-text", 420)


def moves(before: Sequence[Hit], now: Sequence[Hit]) -> list[dict[str, object]]:
    """A row a passage of either list: its ranks and scores, and whether it entered, left, moved or stayed."""
    partner: dict[int, int] = {}
    for at, hit in enumerate(now):
        free = (place for place, other in enumerate(before) if place not in partner.values())
        match = next((place for place in free if same(before[place].chunk.span, hit.chunk.span)), None)
        if match is not None:
            partner[at] = match
    rows = []
    for at, hit in enumerate(now):
        was = partner.get(at)
        step = 0 if was is None else was - at
        change = "entered" if was is None else f"▲ {step}" if step > 0 else f"▼ {-step}" if step else "="
        rows.append(_row(change, hit, at, was, None if was is None else before[was].score, hit.score))
    gone = [place for place in range(len(before)) if place not in partner.values()]
    return [*rows, *(_row("left", before[place], None, place, before[place].score, None) for place in gone)]


def _row(
    change: str, hit: Hit, now: int | None, before: int | None, score_before: float | None, score: float | None
) -> dict[str, object]:
    return {
        "Change": change,
        "Now": None if now is None else now + 1,
        "Before": None if before is None else before + 1,
        "Document": place_of(hit.chunk.span),
        "Section": begun(hit.chunk.section, SECTION) or None,
        "Score": " → ".join("–" if one is None else f"{one:.3f}" for one in (score_before, score)),
    }


def same(one: Span, other: Span) -> bool:
    """Whether two passages share more than half of the shorter one."""
    shared = min(one.end, other.end) - max(one.start, other.start)
    return one.document == other.document and shared > 0.5 * min(one.end - one.start, other.end - other.start)


def statements(before: Answer, now: Answer) -> tuple[list[str], list[str]]:
    """The statements that are new, and those that are gone, each on one line."""
    old, new = ([" ".join(claim.text.split()) for claim in answer.claims] for answer in (before, now))
    return [text for text in new if text not in old], [text for text in old if text not in new]


def prompt_lines(before: Prompt, now: Prompt) -> tuple[list[Block], str]:
    """The lines of the messages that differ, with a line around each; and in a few words what was added and removed."""
    changed = [(f"{role} message", lines) for role, lines in changed_messages(before, now, AROUND)]
    return line_blocks(changed), told(changed)


def line_blocks(changed: Sequence[tuple[str, Sequence[Line]]]) -> list[Block]:
    """What differs, drawn: each text under its name, the words that differ within a line marked."""
    blocks: list[Block] = []
    for name, lines in changed:
        blocks.append({"parts": [{"text": name.capitalize()}], "look": "title"})
        blocks += [_line(line, stretches) for line, stretches in in_words(lines)]
    if len(blocks) > LINES:
        rest = f"⋯ {len(blocks) - LINES:,} further lines differ; the view Prompt shows all of it."
        blocks = [*blocks[:LINES], {"parts": [{"text": rest}], "look": "quiet"}]
    return blocks


def _line(line: Line, stretches: Stretches) -> Block:
    if line.mark in " …":
        return {"parts": [{"text": "⋯" if line.mark == "…" else f"  {line.text}"}], "look": "quiet"}
    look = "new" if line.mark == "+" else "gone"
    parts: list[Part] = [{"text": text, "look": look if differs else ""} for text, differs in stretches]
    return {"parts": [{"text": "+" if line.mark == "+" else "−", "look": look}, {"text": " "}, *parts]}
