"""Typed checks of persons. A word for either of two relatives ("parent") is borne out by each of them."""

from rag.clinical.facts.types import Fact, Person
from rag.rules import rules
from rag.stages.verify.checks.typed.base import Typed
from rag.stages.verify.words import listed


class Persons(Typed):
    """Who did, said or has it."""

    name, kinds = "person", (Person,)

    def told(self, one: Fact) -> bool:
        assert isinstance(one, Person)
        return one.role not in listed("people", "general")

    def same(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Person) and isinstance(other, Person)
        known = rules("checks")["people"]
        if other.role in known["either"].get(one.role, ()):
            return True
        if one.role in listed("people", "vague") and other.group == "relative":
            return not one.side or one.side == other.side or known["lines"].get(one.side) == other.role
        return one.role == other.role and (not one.name or not other.name or one.name == other.name)

    def rival(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Person) and isinstance(other, Person)
        relative = "relative" in (one.group, other.group) and "patient" in (one.group, other.group)
        return other.role not in listed("people", "vague") and (
            not one.group or not other.group or one.group == other.group or relative
        )
