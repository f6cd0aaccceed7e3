"""Facts drawn on the text of a document: the groups that it has, each with its tint, and what is told under the pointer."""

from collections import Counter

import streamlit as st

from pages.shared.layers import Stretch
from pages.shared.state import project
from pages.shared.text_view import Block, Part
from rag.clinical.facts.kept import kept_facts
from rag.clinical.facts.types import Fact, words_of
from rag.values import Document

LAYER = "Facts"
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Medication": ("drug", ("drug", "dose", "frequency", "route", "action", "allergy")),
    "Values": ("value", ("value", "result", "size", "number", "code")),
    "Time": ("time", ("day", "interval", "clock", "age")),
    "Body": ("body", ("site", "side")),
    "Course": ("course", ("change", "course", "order", "certainty")),
    "People": ("person", ("person",)),
    "Advice": ("advice", ("advice", "criterion")),
}
"""What a reader chooses among: a name, its look, and the kinds of facts in it."""
LOOKS = {kind: look for look, kinds in GROUPS.values() for kind in kinds}
KEPT = 8


def document_facts(document: Document) -> tuple[Fact, ...]:
    """All that a document states, read once for it as it is."""
    artifacts = project().artifacts
    found: tuple[Fact, ...] = artifacts.remembered(
        f"facts {document.key}", lambda: kept_facts(document, artifacts), "facts", KEPT
    )
    return found


def chosen_groups(document: Document, key: str) -> list[str]:
    """The groups of facts that a reader wants to see; those without a fact are not offered."""
    counts = Counter(LOOKS[one.kind] for one in document_facts(document))
    offered = [name for name, (look, _) in GROUPS.items() if counts[look]]
    if not offered:
        st.caption("No facts are read in this document.")
        return []
    return st.pills(
        "Kinds of facts",
        offered,
        selection_mode="multi",
        default=offered,
        format_func=lambda name: f"{name} {counts[GROUPS[name][0]]:,}" if name in GROUPS else str(name),
        key=f"{key}-facts",
        wrap=True,
    )


def fact_stretches(document: Document, groups: list[str], low: int, high: int) -> list[Stretch]:
    """How the facts of these groups are drawn that touch the text from `low` to `high`."""
    looks = {GROUPS[name][0] for name in groups}
    return [
        Stretch(one.start, one.end, f"fact {LOOKS[one.kind]}", f"{one.kind}: {words_of(one)}")
        for one in document_facts(document)
        if LOOKS[one.kind] in looks and one.start < high and one.end > low
    ]


def fact_legend(groups: list[str]) -> Block:
    """A line that says what each tint means."""
    parts: list[Part] = []
    for name, (look, kinds) in GROUPS.items():
        if name in groups:
            meaning = ", ".join(kinds).replace(" ", "\N{NO-BREAK SPACE}")
            parts += [
                {"text": f"\N{NO-BREAK SPACE}{name.lower()}\N{NO-BREAK SPACE}", "look": f"fact {look}", "hint": meaning},
                {"text": " ", "look": "gap"},
            ]
    return {"parts": parts, "look": "legend"}
