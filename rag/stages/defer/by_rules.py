"""The way that defers by rules, each of which can be switched off."""

from typing import Literal

from pydantic import Field

from rag.rules import rules
from rag.stages.defer.base import Deferring
from rag.stages.defer.risks import risks
from rag.stages.index.base import Index
from rag.values import Answer, Deferral


class ByRules(Deferring):
    """Marks an answer that a person must look at, with the rule that says so: a conflict, a high-risk subject, weak evidence."""

    kind: Literal["rules"] = "rules"
    conflict: bool = Field(default=True, description="Where documents differ")
    unsupported: bool = Field(default=True, description="Where a statement is not supported by what it cites")
    below: float = Field(default=0.55, ge=0.0, le=1.0, description="Where the confidence is below this; 0 never")
    dose: bool = Field(default=True, description="Where a dose is asked for")
    anticoagulant: bool = Field(default=True, description="Where it is about an anticoagulant")
    insulin: bool = Field(default=True, description="Where it is about insulin")
    opioid: bool = Field(default=True, description="Where it is about an opioid")
    pediatric: bool = Field(default=True, description="Where it is about a child")
    pregnancy: bool = Field(default=True, description="Where it is about pregnancy or nursing")
    allergy: bool = Field(default=True, description="Where it is about an allergy")

    def __call__(self, answer: Answer, index: Index) -> tuple[Deferral, ...]:
        if answer.refused:
            return ()
        held = {
            "conflict": self.conflict and answer.outcome == "conflict",
            "unsupported": self.unsupported and any(claim.supported is False for claim in (*answer.claims, *answer.withheld)),
            "below": answer.confidence < self.below,
        }
        found = [Deferral(rule["rule"], rule["reason"]) for rule in rules("deferral")["found"] if held[rule["rule"]]]
        return (*found, *(one for one in risks(answer, index) if getattr(self, one.rule)))
