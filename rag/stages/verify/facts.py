"""Facts: an option of the verifier that compares what a statement in other words states with what its passage states."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from rag.stages.index.base import Index
from rag.stages.verify.judge import judged, reason_of
from rag.stages.verify.quotations import Quotations
from rag.values import Claim


class Facts(Quotations):
    """Quotations, and for other words: compares drugs, doses, values, sides, dates and negations with the cited passage."""

    kind: Literal["facts"] = "facts"  # type: ignore[assignment]

    def __call__(self, claims: Sequence[Claim], index: Index) -> tuple[Claim, ...]:
        return super().__call__(claims, index)

    def paraphrase(self, claim: Claim) -> Claim:
        found = judged(claim.text, "\n".join(cited.quote for cited in claim.citations))
        return replace(claim, supported=found.supported, reason=reason_of(found))
