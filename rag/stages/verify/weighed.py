"""Weighed: a statement in other words against the passages that it cites, and against those beside them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from rag.stages.index.base import Index
from rag.stages.verify.checks.base import Verdict
from rag.stages.verify.judge import SURE, Judgement, judged, reason_of
from rag.text import terms
from rag.values import Citation, Claim, Reason, Span

SHARED = 0.5
"""Share of a statement's terms that a passage must hold before it is read for what it says of the statement."""
MOST_AGAINST, ALIKE = 2, 0.75
"""Passages against a statement that are told, and the share of its other words that such a passage has to hold."""
DENYING = ("dose", "frequency", "route", "action", "value", "unit", "size", "side", "negation", "comparison", "result", "reading")
"""The checks whose objection says that a passage speaks of the same thing and says something else of it."""


def weighed(claim: Claim, sources: Sequence[Citation], index: Index) -> tuple[Claim, Judgement]:
    """The claim with its verdict, the reasons for it and the citations that carry it marked; and how it was judged.

    `sources` are the passages of the prompt, whole and with their numbers. A statement is judged against those of the numbers
    that it cites; where they do not carry it, the others are looked through.
    """
    cited = _passages(claim.citations, sources)
    found = judged(claim.text, "\n".join(one.quote for one in cited))
    claim = replace(claim, supported=found.supported, reason=reason_of(found), reasons=reasons_of(found, cited))
    if found.supported:
        return replace(claim, citations=fewest(claim.text, claim.citations, cited)), found
    elsewhere = next((one for one in beside(claim, sources, index) if judged(claim.text, one.quote).supported), None)
    return (_found_elsewhere(claim, elsewhere, index) if elsewhere else claim), found


def reasons_of(found: Judgement, cited: Sequence[Citation]) -> tuple[Reason, ...]:
    """What the checks found, with the places in the documents behind passages that were judged one behind the other."""
    return tuple(
        Reason(one.check, one.verdict, one.detail, one.said, _placed(one, cited))
        for claim in found.claims
        for one in claim.reasons
    )


def fewest(text: str, citations: Sequence[Citation], passages: Sequence[Citation]) -> tuple[Citation, ...]:
    """The citations of a statement that all together carry it, those that it can do without marked as spare.

    They are taken away one by one, the last one first, as long as the others carry it.
    """
    kept = list(passages)
    for one in reversed(passages):
        left = [other for other in kept if other is not one]
        if left and judged(text, "\n".join(other.quote for other in left)).supported:
            kept = left
    numbers = {one.source for one in kept}
    return tuple(replace(one, spare=one.source not in numbers) for one in citations)


def beside(claim: Claim, sources: Sequence[Citation], index: Index) -> Iterator[Citation]:
    """The passages that a claim does not cite, of the same person and in force, that share words enough with it."""
    own = set(terms(claim.text))
    numbers = {one.source for one in claim.citations}
    people = {there.patient for one in claim.citations if (there := index.documents.get(one.span.document))}
    for one in sources:
        standing = index.standings.get(one.span.document)
        if (
            one.source in numbers
            or index.documents[one.span.document].patient not in people
            or (standing and not standing.in_force)
        ):
            continue
        if len(own & set(terms(one.quote))) >= SHARED * len(own):
            yield one


def opposed(claim: Claim, sources: Sequence[Citation], index: Index) -> Claim:
    """The claim with the passages beside its own that say the opposite, each cut to the sentence that does."""
    against: list[Citation] = []
    reasons: list[Reason] = []
    for one in beside(claim, sources, index):
        found = judged(claim.text, one.quote)
        denying = [bad for bad in denials(found) if bad.source]
        if denying and len(against) < MOST_AGAINST:
            place = _placed(denying[0], [one])
            against.append(sentence(one, place, index) if place else one)
            reasons += [Reason(bad.check, bad.verdict, bad.detail, bad.said, _placed(bad, [one])) for bad in denying[:1]]
    return replace(claim, against=tuple(against), reasons=(*claim.reasons, *reasons)) if against else claim


def denials(found: Judgement) -> list[Verdict]:
    """What in a passage surely says the opposite of a statement."""
    told = [one for claim in found.claims if claim.supported is False and claim.held >= ALIKE for one in claim.reasons]
    return [one for one in told if one.verdict == "contradicted" and one.sure >= SURE and one.check in DENYING]


def sentence(passage: Citation, place: Span, index: Index) -> Citation:
    """The sentence of a passage around a place, as a citation."""
    each = index.sentences(passage.span)
    start, end = next(((low, high) for low, high in each if low <= place.start < high), (passage.span.start, passage.span.end))
    document = index.documents[passage.span.document]
    page = document.page_at(start)
    span = Span(document.name, start, end)
    return Citation(span, document.text[start:end], page.number if page else None, passage.source)


def nearest(statement: str, passage: Citation, index: Index) -> Citation:
    """The sentence of a passage that shares most terms with a statement."""
    own = set(terms(statement))
    text = index.documents[passage.span.document].text
    places = index.sentences(passage.span) or [(passage.span.start, passage.span.end)]
    start, _ = max(places, key=lambda place: len(own.intersection(terms(text[slice(*place)]))))
    return sentence(passage, Span(passage.span.document, start, start), index)


def _passages(citations: Sequence[Citation], sources: Sequence[Citation]) -> list[Citation]:
    """The whole sources behind citations, each once; the citation itself where its source is not told."""
    numbered = {one.source: one for one in sources}
    found = (numbered.get(one.source, one) for one in citations)
    return list({one.span: one for one in found}.values())


def _placed(one: Verdict, cited: Sequence[Citation]) -> Span | None:
    """Where the source's words of a verdict stand in their document."""
    if one.source is None:
        return None
    start, end = one.source
    for passage in cited:
        if start <= len(passage.quote):
            low = passage.span.start + start
            return Span(passage.span.document, low, min(low + end - one.source[0], passage.span.end))
        start -= len(passage.quote) + 1
    return None


def _found_elsewhere(claim: Claim, passage: Citation, index: Index) -> Claim:
    """A claim whose citation is wrong: another passage carries it."""
    reason = f"source {passage.source} carries it; in what is cited: {claim.reason}"
    return replace(claim, supported=False, reason=reason, elsewhere=(nearest(claim.text, passage, index),))
