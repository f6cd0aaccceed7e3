"""The warning on a passage that holds what may be an instruction or hidden text, wherever it is cited or shown."""

from collections.abc import Iterable
from dataclasses import replace

from pages.shared.layers import Stretch, drawn
from pages.shared.state import project
from pages.shared.text_view import Block
from rag.values import Chunk, Finding, Prompt, Span

MEANINGS = {"instruction": "text that may be an instruction", "hidden": "text that a reader does not see"}


def flags_of(span: Span) -> tuple[Finding, ...]:
    """The stretches of a passage's document that nobody should trust and that the passage holds, at least in part."""
    document = project().shelf.document(span.document)
    return tuple(one for one in document.flags if one.start < span.end and one.end > span.start) if document else ()


def warning_of(span: Span) -> str:
    """What a passage holds that nobody should trust, as one sentence; "" where there is nothing."""
    return _told(flags_of(span))


def _told(flags: Iterable[Finding]) -> str:
    told = {}
    for one in flags:
        told.setdefault(MEANINGS.get(one.kind, one.kind), []).append(one.rule)
    held = [f"{meaning}: {', '.join(dict.fromkeys(rules))}" for meaning, rules in told.items()]
    return f"⚠ holds {'; '.join(held)}" if held else ""


def mark_of(span: Span) -> str:
    """A mark for a table: the kinds of flags that a passage holds."""
    return ", ".join(dict.fromkeys(f"⚠ {one.type}" for one in flags_of(span)))


def flag_stretches(span: Span) -> list[Stretch]:
    """The flagged stretches of a passage, to be drawn on its text."""
    return [Stretch(one.start, one.end, one.kind, f"{MEANINGS.get(one.kind, one.kind)}: {one.rule}") for one in flags_of(span)]


def passage_block(chunk: Chunk, value: str) -> Block:
    """A passage with its flags drawn on it, its warning, and a button of that value that opens it in its document."""
    span = chunk.span
    own = [replace(one, start=one.start - span.start, end=one.end - span.start) for one in flag_stretches(span)]
    return {
        "parts": drawn(chunk.text, 0, len(chunk.text), own),
        "buttons": [{"label": "Open in the document", "value": value}],
        "warning": warning_of(span),
    }


def flagged_sources(prompt: Prompt) -> list[str]:
    """For each source of a prompt that holds such text, its number, document and warning."""
    told = [(number, hit.chunk.span, warning_of(hit.chunk.span)) for number, hit in enumerate(prompt.sources, 1)]
    return [f"Source {number} ({span.document}) {warning}." for number, span, warning in told if warning]
