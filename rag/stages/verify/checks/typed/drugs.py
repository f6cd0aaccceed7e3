"""Typed checks of medication: drug, dose, frequency, route, and what was done with it."""

from difflib import SequenceMatcher

from rag.clinical.facts.types import Action, Dose, Drug, Fact, Frequency, Route
from rag.stages.verify.binding import HALF
from rag.stages.verify.checks.typed.base import Typed, close

LOOK_ALIKE = 0.7
INJECTED = {"injection", "intravenous", "intramuscular", "subcutaneous", "intradermal"}
ONCE, ASLEEP = 1.5, frozenset(("bedtime", "night"))
"""Times a day up to which "at bedtime" tells all of them, and the parts of the day that a list of several does not begin with."""


class Drugs(Typed):
    """A drug by its generic name; a class is borne out by any of its members."""

    name, kinds = "drug", (Drug,)

    def same(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Drug) and isinstance(other, Drug)
        parts = set(one.name.split("/"))
        named = one.name == other.name or parts <= set(other.name.split("/"))
        return named or (one.written == "class" and one.name in other.classes)

    def rival(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Drug) and isinstance(other, Drug)
        return "class" not in (one.written, other.written)

    def aside(self, one: Fact, other: Fact) -> str:
        assert isinstance(one, Drug) and isinstance(other, Drug)
        alike = SequenceMatcher(None, one.name, other.name).ratio() >= LOOK_ALIKE or one.name[:4] == other.name[:4]
        return ": a look-alike" if alike else ""


class Doses(Typed):
    """A dose of a drug, in whatever unit; that of another drug does not bear it out."""

    name, kinds, settles = "dose", (Dose,), HALF

    def told(self, one: Fact) -> bool:
        assert isinstance(one, Dose)
        return one.amount != 1.0 or one.unit in ("mg", "mL", "units")

    def same(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Dose) and isinstance(other, Dose)
        ends = {other.amount, other.most if other.most is not None else other.amount}
        return one.unit == other.unit and any(close(one.amount, end) for end in ends) and _of_one(one.drug, other.drug)

    def rival(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Dose) and isinstance(other, Dose)
        return _of_one(one.drug, other.drug)


class Frequencies(Typed):
    """How often a drug is given; "b.i.d." is every 12 hours."""

    name, kinds = "frequency", (Frequency,)

    def same(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Frequency) and isinstance(other, Frequency)
        if not _of_one(one.drug, other.drug):
            return False
        if one.per_day is None and other.per_day and not other.when and one.drug and len(one.when) == 1:
            return other.per_day <= ONCE or one.when[0] not in ASLEEP
        if one.per_day is None or other.per_day is None:
            return not one.when or not other.when or bool(set(one.when) & set(other.when))
        high = other.most or other.per_day
        return close(one.per_day, other.per_day) or other.per_day * 0.99 <= one.per_day <= high * 1.01

    def rival(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Frequency) and isinstance(other, Frequency)
        return _of_one(one.drug, other.drug)


class Routes(Typed):
    """The way in which a drug is given."""

    name, kinds = "route", (Route,)

    def same(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Route) and isinstance(other, Route)
        injected = "injection" in (one.route, other.route) and {one.route, other.route} <= INJECTED
        return (one.route == other.route or injected) and _of_one(one.drug, other.drug)


class Actions(Typed):
    """What was done with a drug."""

    name, kinds, settles = "action", (Action,), None

    def same(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Action) and isinstance(other, Action)
        return one.action == other.action and _of_one(one.drug, other.drug)

    def rival(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Action) and isinstance(other, Action)
        return _of_one(one.drug, other.drug)


def _of_one(one: str, other: str) -> bool:
    """Whether two facts may be of the same drug: one of them does not tell, or both name it."""
    return not one or not other or one == other
