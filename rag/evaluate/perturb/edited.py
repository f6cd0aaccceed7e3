"""A document with other words in some places: offsets move along, and what was read off the text is read anew."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

from rag.clinical.assertions import assertions
from rag.clinical.times import moments
from rag.values import Document, Span


@dataclass(frozen=True, slots=True)
class Edit:
    """Other words in the place of characters `start` to `end` of a document."""

    document: str
    start: int
    end: int
    text: str = field(repr=False)


class Moved:
    """Where the characters of a text stand after edits, which do not overlap. What an edit holds moves to its ends."""

    def __init__(self, edits: Sequence[Edit]) -> None:
        self._edits = sorted(edits, key=lambda one: (one.start, one.end))
        self._starts = [one.start for one in self._edits]
        self._gained = [0, *accumulate(len(one.text) - (one.end - one.start) for one in self._edits)]

    def __call__(self, at: int, end: bool = False) -> int:
        """The place of the character at `at`; of an offset that ends a stretch where `end` is set."""
        place = bisect_right(self._starts, at - end)
        if not place:
            return at
        edit, before = self._edits[place - 1], self._gained[place - 1]
        if at < edit.end or (end and at == edit.end):
            return edit.start + before + (len(edit.text) if end else min(at - edit.start, len(edit.text)))
        return at + self._gained[place]

    def span(self, span: Span) -> Span:
        """The stretch that a stretch has become."""
        return Span(span.document, self(span.start), self(span.end, end=True))


def apart(edits: Sequence[Edit]) -> list[Edit]:
    """The edits in order of place, without those that overlap an earlier one."""
    kept: list[Edit] = []
    for one in sorted(edits, key=lambda one: (one.start, -one.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def edited(document: Document, edits: Sequence[Edit], **facts: Any) -> Document:
    """The document after these edits, with other `facts` (such as its name or date) where they are given."""
    own, moved = apart(edits), Moved(apart(edits))
    pieces, at = [], 0
    for one in own:
        pieces += [document.text[at : one.start], one.text]
        at = one.end
    text = "".join([*pieces, document.text[at:]])

    def within(records: Sequence[Any], *names: str) -> tuple[Any, ...]:
        there = (replace(one, **{name: moved(getattr(one, name), name == "end") for name in names}) for one in records)
        return tuple(one for one in there if one.start < one.end)

    changed = replace(
        document,
        text=text,
        pages=within(document.pages, "start", "end"),
        sections=within(document.sections, "start", "body", "end"),
        asides=tuple(replace(one, at=moved(one.at)) for one in document.asides),
        hidden=(*within([one for one in document.hidden if one.aside is None], "start", "end"),),
        flags=within(document.flags, "start", "end"),
        **facts,
    )
    day = changed.date
    return replace(changed, moments=moments(text, changed.sections, day), assertions=assertions(text, changed.sections, day))
