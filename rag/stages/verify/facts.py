"""Facts: an option of the verifier that compares what a statement in other words states with what its passage states."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from pydantic import Field

from rag.stages.index.base import Index
from rag.stages.verify.quotations import Quotations
from rag.stages.verify.risk import shipped
from rag.stages.verify.weighed import opposed, weighed
from rag.values import Citation, Claim


class Facts(Quotations):
    """Quotations, and for other words: compares drugs, doses, values, sides, dates and negations with the cited passage."""

    kind: Literal["facts"] = "facts"  # type: ignore[assignment]
    risk: float = Field(
        default=0.0, ge=0.0, le=0.5, description="Share of wrong statements that may pass unflagged (0: the checks alone decide)"
    )

    def __call__(self, claims: Sequence[Claim], index: Index, sources: Sequence[Citation] = ()) -> tuple[Claim, ...]:
        found = super().__call__(claims, index, sources)
        return tuple(opposed(claim, sources, index) if claim.citations else claim for claim in found)

    def paraphrase(self, claim: Claim, index: Index, sources: Sequence[Citation]) -> Claim:
        judged_so, found = weighed(claim, sources, index)
        return self._flagged(judged_so, found.score) if self.risk else judged_so

    def _flagged(self, claim: Claim, score: float) -> Claim:
        """The statement, which is not called supported where its score is one that wrong statements have too often."""
        promised = shipped(self.risk)
        if not promised.flags(score):
            return claim
        bar = "every statement" if promised.threshold is None else f"up to {promised.threshold:.2f}"
        reason = f"{claim.reason}; flagged: score {score:.2f}, for a risk of {self.risk:g} {bar}"
        return replace(claim, supported=False if claim.supported is False else None, reason=reason)
