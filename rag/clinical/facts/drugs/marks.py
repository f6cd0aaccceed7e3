"""What was found in a text, before it is known whose it is."""

from dataclasses import dataclass, field, replace
from typing import Literal

from rag.clinical.facts.types import Action, Dose, Drug, Fact, Frequency, Interval, Route

Kind = Literal["drug", "dose", "frequency", "route", "action", "course"]


@dataclass(slots=True)
class Mark:
    """A drug, or what may belong to one: `fact` says what, `needs` what has to stand with it to count ("drug", "beside", "dose").

    `last` is where what belongs to the name ends ("succinate ER"). `former` marks the dose that another one took the place of.
    """

    kind: Kind
    start: int
    end: int
    fact: Fact
    needs: str = ""
    last: int = 0
    drug: "Mark | None" = None
    bound: bool = False
    former: bool = False
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The generic name of a drug."""
        return self.fact.name if isinstance(self.fact, Drug) else ""

    def stated(self) -> Fact:
        """The fact, with the name of the drug that it belongs to."""
        own = self.drug.name if self.drug else ""
        fact: Fact = self.fact
        if self.former and isinstance(fact, Dose):
            fact = replace(fact, former=True)
        return replace(fact, drug=own) if own and isinstance(fact, Dose | Frequency | Route | Action) else fact


__all__ = ["Action", "Dose", "Drug", "Fact", "Frequency", "Interval", "Kind", "Mark", "Route"]
