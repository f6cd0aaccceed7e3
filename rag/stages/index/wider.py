"""From passages found to the sources of a prompt: wider passages in their place, joined where they overlap or touch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.stages.index.base import Index
from rag.text import trim
from rag.values import Hit, Span

GROWN = 1.5  # A budget leaves out a source whole, and a number has to point at something short; longer ones found less evidence.


@dataclass(frozen=True, slots=True)
class _Source:
    """A source in the making: its best hit, its stretch, and where the passages found in it begin, with their sections."""

    best: Hit
    span: Span
    sections: tuple[tuple[int, str], ...]


def widened(hits: Sequence[Hit], index: Index, top: int) -> list[Hit]:
    """At most `top` sources: the hits, each passage that has a wider one around it replaced by that, in order of the best.

    Wider passages of a document that overlap, or between which only blanks stand, are one source, from the first to the last
    of them, with the score and the steps of the best; the hits behind take the free places. A source grows to at most one and
    a half of the longest wider passage; what lies beyond begins the next one, so that text stands in one source only,
    and a passage that such a full source holds already adds nothing to it.
    """
    if not any(hit.chunk.parent for hit in hits):
        return list(hits[:top])
    spans = [hit.chunk.parent or hit.chunk.span for hit in hits]
    most = int(GROWN * max(map(_length, spans)))
    found: list[_Source] = []
    for hit, span in zip(hits, spans, strict=True):
        text = index.documents[span.document].text
        joined = _joined(found, _Source(hit, span, ((hit.chunk.span.start, hit.chunk.section),)), text, most)
        if len(joined) > top:
            break
        found = joined
    return [_hit(source, index) for source in found]


def _joined(found: list[_Source], new: _Source, text: str, most: int) -> list[_Source]:
    """The sources with a further one: joined with those that it touches, as far as that makes none longer than `most`."""
    near = [one for one in found if _touch(one.span, new.span, text)]
    same: list[_Source] = []
    whole, kept = new.span, new.best.chunk.span
    for one in near:
        if _length(union := _union(whole, one.span)) <= most:
            whole, kept = union, _union(kept, one.span)
            same.append(one)
    apart = [one for one in near if one not in same]
    if not same and any(one.span.holds(kept) for one in apart):
        return found
    start = max([whole.start, *(min(one.span.end, kept.start) for one in apart if one.span.start < kept.start)])
    end = min([whole.end, *(max(one.span.start, kept.end) for one in apart if one.span.end > kept.end)])
    span = whole if (start, end) == (whole.start, whole.end) else Span(whole.document, *trim(text, start, end))
    sections = tuple(sorted({*new.sections, *(part for one in same for part in one.sections)}))
    if not same:
        return [*found, _Source(new.best, span, sections)]
    grown = replace(same[0], span=span, sections=sections)
    return [grown if one is same[0] else one for one in found if one is same[0] or one not in same]


def _touch(one: Span, other: Span, text: str) -> bool:
    """Whether two stretches overlap, or only blanks stand between them."""
    return one.document == other.document and not text[min(one.end, other.end) : max(one.start, other.start)].strip()


def _union(one: Span, other: Span) -> Span:
    return Span(one.document, min(one.start, other.start), max(one.end, other.end))


def _length(span: Span) -> int:
    return span.end - span.start


def _hit(source: _Source, index: Index) -> Hit:
    chunk = source.best.chunk
    if source.span == chunk.span:
        return source.best if chunk.parent is None else replace(source.best, chunk=replace(chunk, parent=None))
    section = "; ".join(dict.fromkeys(section for _, section in source.sections if section))
    return replace(source.best, chunk=replace(index.stretched(chunk, source.span), section=section))
