"""Verify: is each statement carried by the passage that it cites?"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from rag.index import Index
from rag.stage import Stage
from rag.text import terms
from rag.values import Claim

NEGATION = re.compile(r"\b(?:no|not|never|without|denie[sd]|negative for|absent|rule[sd]? out|neither|nor|cannot)\b")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


class Quotations(Stage):
    """Looks up every quotation in its cited span; a statement in other words is left unjudged."""

    kind: Literal["quotations"] = "quotations"

    def __call__(self, claims: Sequence[Claim], index: Index) -> tuple[Claim, ...]:
        """The claims with `supported` and its reason filled in where they were open."""
        return tuple(claim if claim.supported is False else _trusted(self._judged(claim, index), index) for claim in claims)

    def _judged(self, claim: Claim, index: Index) -> Claim:
        if not claim.citations:
            return replace(claim, supported=False, reason="cites no source")
        for cited in claim.citations:
            document = index.documents.get(cited.span.document)
            if document is None or document.text[cited.span.start : cited.span.end] != cited.quote:
                return replace(claim, supported=False, reason="the quotation is not at the cited place")
        found = [before for cited in claim.citations if (before := _before(claim.text, cited.quote)) is not None]
        if any(not NEGATION.search(before) for before in found):
            return replace(claim, supported=True, reason="word for word in the cited passage")
        if found:
            return replace(claim, supported=False, reason="the passage denies it: a negation stands before these words")
        return self.paraphrase(claim)

    def paraphrase(self, claim: Claim) -> Claim:
        """The verdict on a statement that is not a quotation."""
        return replace(claim, supported=None, reason="in other words than the passage; not judged")


class Overlap(Quotations):
    """Quotations, and for other words: every number must stand in the cited passage, and enough of the terms."""

    kind: Literal["overlap"] = "overlap"  # type: ignore[assignment]
    share: float = Field(default=0.6, ge=0.0, le=1.0, description="Share of a statement's terms that the passage must hold")

    def paraphrase(self, claim: Claim) -> Claim:
        passage = "\n".join(cited.quote for cited in claim.citations)
        absent = [number for number in NUMBER.findall(claim.text) if number not in NUMBER.findall(passage)]
        if absent:
            return replace(claim, supported=False, reason=f"the number {absent[0]} is not in the cited passage")
        own = set(terms(claim.text))
        held = len(own & set(terms(passage))) / len(own) if own else 0.0
        if held < self.share:
            return replace(claim, supported=False, reason=f"{held:.0%} of its terms are in the cited passage")
        return replace(claim, supported=None, reason=f"{held:.0%} of its terms are in the cited passage; meaning not judged")


Verifier = Annotated[Quotations | Overlap, Field(discriminator="kind")]


def _trusted(claim: Claim, index: Index) -> Claim:
    """The claim, but not judged where it rests on a stretch that looks like a planted instruction or is hidden."""
    for cited in claim.citations if claim.supported else ():
        flag = index.documents[cited.span.document].flag_in(cited.span)
        if flag:
            return replace(claim, supported=None, reason=f"its passage is flagged: {flag.kind}, {flag.rule}; read it")
    return claim


def _before(text: str, quote: str) -> str | None:
    """What stands before the words of a text in their sentence of a quotation, or None where they do not stand in it.

    "5 mg" does not stand in "2.5 mg" or "15 mg".
    """
    own = re.escape(_plain(text))
    found = re.search(rf"(?<!\w)(?<!\d[.,/–-]){own}(?!\w)(?![.,/–-]\d)", _plain(quote)) if own else None
    return re.split(r"[.;:]\s", found.string[: found.start()])[-1] if found else None


def _plain(text: str) -> str:
    return " ".join(text.split()).strip(" .\"'“”").lower()
