"""Quotations are looked up at their place; other words are judged by numbers and terms."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from pydantic import Field

from rag.stage import Stage
from rag.stages.index.base import Index
from rag.stages.verify.withheld import Withhold
from rag.text import terms
from rag.values import Assertion, Citation, Claim, Reason

NEGATION = re.compile(r"\b(?:no|not|never|without|denie[sd]|negative for|absent|rule[sd]? out|neither|nor|cannot)\b")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
VERBATIM = "word for word in the source"
MEANT = {
    "negated": "denied",
    "uncertain": "not certain",
    "historical": "of the past",
    "planned": "planned",
    "family": "about a relative",
}


class Quotations(Stage):
    """Looks up every quotation in its cited span; a statement in other words is left unjudged."""

    kind: Literal["quotations"] = "quotations"
    withhold: Withhold = Field(
        default="not carried",
        description=(
            "What a chat model states is no part of the answer: without a source that was given; not carried: also where the "
            "sources that it names hold hardly a word of it"
        ),
    )

    def __call__(self, claims: Sequence[Claim], index: Index, sources: Sequence[Citation] = ()) -> tuple[Claim, ...]:
        """The claims with `supported` and its reason filled in where they were open.

        `sources` are the passages of the prompt, whole, each as a citation with its number.
        """
        return tuple(
            claim if claim.supported is False else _trusted(self._judged(claim, index, sources), index) for claim in claims
        )

    def _judged(self, claim: Claim, index: Index, sources: Sequence[Citation]) -> Claim:
        if not claim.citations:
            return replace(claim, supported=False, reason="cites no source")
        for cited in claim.citations:
            document = index.documents.get(cited.span.document)
            if document is None or document.text[cited.span.start : cited.span.end] != cited.quote:
                return refuted(claim, "citation", "missing", "the quotation is not at the cited place")
        verdicts = [_quoted(claim.text, cited, index) for cited in claim.citations]
        found = [verdict for verdict in verdicts if verdict is not None]
        if found:
            supported, reason = best = max(found, key=lambda verdict: {True: 2, None: 1, False: 0}[verdict[0]])
            first = verdicts.index(best)
            kept = tuple(replace(one, spare=supported is True and at != first) for at, one in enumerate(claim.citations))
            claim = replace(claim, citations=kept)
            if supported is False:
                return refuted(claim, "quotation", "contradicted", reason)
            return replace(claim, supported=supported, reason=reason)
        return _as_asserted(self.paraphrase(claim, index, sources), index)

    def paraphrase(self, claim: Claim, index: Index, sources: Sequence[Citation]) -> Claim:
        """The verdict on a statement that is not a quotation."""
        return replace(claim, supported=None, reason="in other words, not judged")


class Overlap(Quotations):
    """Quotations, and for other words: every number must stand in the cited passage, and enough of the terms."""

    kind: Literal["overlap"] = "overlap"  # type: ignore[assignment]
    share: float = Field(default=0.6, ge=0.0, le=1.0, description="Share of a statement's terms that the passage must hold")

    def paraphrase(self, claim: Claim, index: Index, sources: Sequence[Citation]) -> Claim:
        passage = "\n".join(cited.quote for cited in claim.citations)
        absent = [number for number in NUMBER.findall(claim.text) if number not in NUMBER.findall(passage)]
        if absent:
            return replace(claim, supported=False, reason=f"the number {absent[0]} is not in the cited passage")
        own = set(terms(claim.text))
        held = len(own & set(terms(passage))) / len(own) if own else 0.0
        if held < self.share:
            return replace(claim, supported=False, reason=f"{held:.0%} of its terms are in the cited passage")
        return replace(claim, supported=None, reason=f"{held:.0%} of its terms are in the cited passage; meaning not judged")


def tally(claims: Sequence[Claim]) -> str:
    """How many statements are copied from their source, in words; "" where there is none."""
    if not claims:
        return ""
    copied = sum(claim.supported is True and claim.reason.startswith(VERBATIM) for claim in claims)
    return f"{copied} of {len(claims):,} statement{'' if len(claims) == 1 else 's'} {VERBATIM}"


def refuted(claim: Claim, check: str, verdict: Literal["contradicted", "missing"], reason: str) -> Claim:
    """The claim, not supported as a whole, for a reason."""
    found = Reason(check, verdict, reason, (0, len(claim.text)))
    return replace(claim, supported=False, reason=reason, reasons=(*claim.reasons, found))


def _trusted(claim: Claim, index: Index) -> Claim:
    """The claim, but not judged where it rests on a stretch that looks like a planted instruction or is hidden."""
    for cited in claim.citations if claim.supported else ():
        flag = index.documents[cited.span.document].flag_in(cited.span)
        if flag:
            return replace(claim, supported=None, reason=f"its passage is flagged: {flag.kind}, {flag.rule}; read it")
    return claim


def _quoted(text: str, cited: Citation, index: Index) -> tuple[bool | None, str] | None:
    """The verdict on words that stand in a quotation, or None where they do not.

    Words that leave out the cue of their sentence ("no", "possible", "history of") say something else than the passage does.
    A status that comes from the section, such as a family history, is told and changes no verdict.
    """
    place = _place(text, cited.quote)
    if place is None:
        return None
    low, high = (cited.span.start + at for at in place)
    about = [a for a in index.documents[cited.span.document].assertions if a.start < high and low < a.end]
    dropped = [a for a in about if not a.cue.startswith("section ") and not _holds(text, a.cue)]
    before = re.split(r"[.;:]\s", cited.quote[: place[0]].lower())[-1]
    if NEGATION.search(before) or any(a.status == "negated" for a in dropped):
        return False, "the passage denies it: a negation stands before these words"
    if dropped:
        return None, f"{VERBATIM}, but {_meant(dropped[0])} there"
    told = next((a for a in about if a.cue.startswith("section ")), None)
    return True, f"{VERBATIM}, {_meant(told)}" if told else VERBATIM


def _as_asserted(claim: Claim, index: Index) -> Claim:
    """A statement in other words, doubted where most of what the passage has of it stands under a cue that it leaves out."""
    own = set(terms(claim.text))
    if claim.supported is False:
        return claim
    dropped: list[Assertion] = []
    under: set[str] = set()
    outside: set[str] = set()
    for cited in claim.citations:
        document, left = index.documents[cited.span.document], cited.quote
        for a in document.assertions:
            low, high = max(a.start, cited.span.start), min(a.end, cited.span.end)
            held = own & set(terms(document.text[low:high])) if low < high else set()
            if held and not _holds(claim.text, a.cue):
                dropped.append(a)
                under |= held
                low, high = low - cited.span.start, high - cited.span.start
                left = left[:low] + " " * (high - low) + left[high:]
        outside |= own & set(terms(left))
    if len(under) <= len(outside):
        return claim
    if any(a.status == "negated" for a in dropped) and not NEGATION.search(claim.text.lower()):
        return refuted(claim, "negation", "contradicted", "the passage denies what it has of this statement")
    doubted = next((a for a in dropped if a.status != "negated"), None)
    return replace(claim, supported=None, reason=f"{claim.reason}; {_meant(doubted)} there") if doubted else claim


def _meant(about: Assertion) -> str:
    cue = about.cue.removeprefix("section ")
    return f"{MEANT[about.status]} ({'section' if cue != about.cue else 'cue'} “{cue}”)"


def _holds(text: str, cue: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(cue)}(?!\w)", " ".join(text.lower().split())) is not None


def _place(text: str, quote: str) -> tuple[int, int] | None:
    """Where the words of a text stand in a quotation, or None. "5 mg" does not stand in "2.5 mg" or "15 mg"."""
    own = r"\s+".join(re.escape(word) for word in text.strip(" \t\n.\"'“”").split())
    found = re.search(rf"(?<!\w)(?<!\d[.,/–-]){own}(?!\w)(?![.,/–-]\d)", quote, re.IGNORECASE) if own else None
    return found.span() if found else None
