"""Findings for a reviewer: how many there are, as a table, and each with the passage around it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import streamlit as st

from pages.shared.layers import drawn, finding_stretch
from pages.shared.tables import table_of
from pages.shared.text_view import Block, Part, text_view
from rag.values import Document, Finding

KINDS = {"identifier": "identifier", "instruction": "instruction", "hidden": "hidden stretch"}
PLURALS = {"hidden stretch": "hidden stretches"}
AROUND = 120
SHOWN = 60
LONGEST = 300


def count(number: int, thing: str) -> str:
    """A number with its thing: "1 document", "2 documents"."""
    return f"{number:,} {thing if number == 1 else PLURALS.get(thing, f'{thing}s')}"


def middle(name: str, most: int) -> str:
    """A name with its middle left out where it is long: what tells names apart often stands at the end."""
    return name if len(name) <= most else f"{name[: most // 2]}…{name[1 + most // 2 - most :]}"


def by_kind(findings: Iterable[Finding]) -> str:
    """How many findings there are of each kind: "3 identifiers, 1 instruction"."""
    kinds = [one.kind for one in findings]
    return ", ".join(count(kinds.count(kind), thing) for kind, thing in KINDS.items() if kind in kinds)  # type: ignore[arg-type]


def holding(findings: Iterable[Finding], threshold: float) -> list[Finding]:
    """The findings that hold a document back, the surest first."""
    return sorted((one for one in findings if one.score >= threshold), key=lambda one: -one.score)


def place(document: Document, one: Finding) -> str:
    """Where a finding stands: file name, aside, page, section."""
    if one.rule.startswith("file name"):
        return "file name"
    aside = document.asides[one.aside] if one.aside is not None else None
    page = document.page_numbered(aside.page) if aside else document.page_at(one.start)
    section = aside.kind if aside else " › ".join(document.path_at(one.start))
    return " · ".join(part for part in (page.told if page else "", section) if part) or "beginning"


def source_of(document: Document, one: Finding) -> str:
    """The text that a finding points into."""
    if one.rule.startswith("file name"):
        return document.name
    return document.asides[one.aside].text if one.aside is not None else document.text


def findings_table(document: Document, findings: Sequence[Finding], threshold: float, key: str) -> None:
    """The findings of a document, a row each; the text is shown here alone."""
    rows = [
        {
            "Type": one.type,
            "Text": _shown(source_of(document, one)[one.start : one.end]) or "(the file name)",
            "Rule": one.rule,
            "Place": place(document, one),
            "Score": one.score,
            "Kind": one.kind,
            "Holds back": one.score >= threshold,
        }
        for one in findings
    ]
    columns = {
        "Type": st.column_config.Column(width=75),
        "Text": st.column_config.Column(width=145),
        "Rule": st.column_config.Column(width=150),
        "Place": st.column_config.Column(width=110),
        "Score": st.column_config.NumberColumn(format="%.2f", width=55),
        "Kind": st.column_config.Column(width=75),
        "Holds back": st.column_config.CheckboxColumn(width=85, help=f"Whether its score reaches the threshold, {threshold:.2f}"),
    }
    height = min(38 + 35 * len(rows), 290)
    st.dataframe(table_of(rows), hide_index=True, key=key, height=height, column_config=columns, placeholder="")


def _shown(text: str) -> str:
    plain = " ".join(text.split())
    visible = "".join(letter if letter.isprintable() else f"⟨U+{ord(letter):04X}⟩" for letter in plain[:LONGEST])
    return visible + ("…" if len(plain) > LONGEST else "")


def passages(document: Document, findings: Sequence[Finding], threshold: float, key: str, height: int = 420) -> None:
    """Each finding with the text around it, the finding framed."""
    blocks: list[Block] = []
    for number, one in enumerate(findings[:SHOWN], 1):
        told = f"{number}   {one.type} · {one.rule} · score {one.score:.2f} · {place(document, one)}"
        blocks.append({"parts": [{"text": told}], "look": "title"})
        blocks.append({"parts": _passage(document, one, findings, threshold)})
    text_view(blocks, key, height)
    if len(findings) > SHOWN:
        st.caption(f"The first {SHOWN} of {len(findings):,} are shown here; all stand in the table below.")


def _passage(document: Document, one: Finding, findings: Sequence[Finding], threshold: float) -> list[Part]:
    text = source_of(document, one)
    named = one.rule.startswith("file name")
    around = (
        [] if named else [other for other in findings if other.aside == one.aside and other != one and other.start < other.end]
    )
    low, high = (0, len(text)) if named else _window(text, one)
    own = replace(finding_stretch(one, threshold), start=0, end=len(text)) if named else finding_stretch(one, threshold)
    own = replace(own, look=f"{own.look} own")
    parts = drawn(text, low, high, [*(finding_stretch(other, threshold) for other in around), own])
    return [{"text": "… "} if low else {"text": ""}, *parts, {"text": " …"} if high < len(text) else {"text": ""}]


def _window(text: str, one: Finding) -> tuple[int, int]:
    """Some text on both sides, cut between words where there are any."""
    low, high = max(0, one.start - AROUND), min(len(text), one.end + AROUND)
    blank = text.find(" ", low, one.start) if low else -1
    last = text.rfind(" ", one.end, high) if high < len(text) else -1
    return (blank + 1 if blank >= 0 else low), (last if last >= 0 else high)
