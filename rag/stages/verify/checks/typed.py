"""Typed checks: the facts of a statement stand in its source, in whatever words, and of the same thing."""

import math
from collections.abc import Sequence
from difflib import SequenceMatcher

from rag.clinical.facts.sites import parents, within
from rag.clinical.facts.types import (
    Action,
    Age,
    Certainty,
    Change,
    Clock,
    Code,
    Course,
    Day,
    Dose,
    Drug,
    Fact,
    Frequency,
    Interval,
    Order,
    Person,
    Result,
    Route,
    Side,
    Site,
    Size,
    Value,
)
from rag.stages.verify.binding import HALF
from rag.stages.verify.checks.typed_base import Typed

LOOK_ALIKE = 0.7
CLOSE, ROUND_TIME, ROUND_MONTHS, MONTH = 0.012, 0.035, 0.09, 30.4375
Family = tuple[tuple[str, ...], ...]
CHANGES: tuple[Family, ...] = (
    (("increased", "new"), ("decreased", "resolved"), ("unchanged",)),
    (("improved", "resolved"), ("worsened",), ("unchanged",)),
)
RESULTS: tuple[Family, ...] = ((("normal", "negative"), ("abnormal", "positive")), (("mild",), ("moderate",), ("severe",)))
ORDERS: tuple[Family, ...] = ((("before",), ("after",)), (("first",), ("second", "next"), ("last",)))
LEVELS: tuple[Family, ...] = ((("certain",), ("likely", "possible", "unknown"), ("unlikely", "excluded")),)
STATES: tuple[Family, ...] = (
    (("planned", "pending"), ("begun", "ongoing"), ("done", "ended", "past"), ("declined",)),
    (("sudden",), ("gradual",)),
    (("constant",), ("intermittent",)),
    (("lasting",), ("temporary",)),
)
"""What excludes what: within a family those of one group may stand for each other, those of two may not."""
AHEAD, BEHIND = frozenset(("planned", "pending")), frozenset(("done", "ended", "past"))
INJECTED = {"injection", "intravenous", "intramuscular", "subcutaneous", "intradermal"}
VAGUE = frozenset(("relative", "family"))
EITHER = {
    "sibling": frozenset(("brother", "sister", "twin")),
    "parent": frozenset(("mother", "father")),
    "child": frozenset(("son", "daughter", "baby")),
    "spouse": frozenset(("wife", "husband", "partner")),
    "grandparent": frozenset(("grandmother", "grandfather")),
    "grandchild": frozenset(("grandson", "granddaughter")),
}
"""What a word for either of two relatives is borne out by."""
ONCE, ASLEEP = 1.5, frozenset(("bedtime", "night"))
"""Times a day up to which "at bedtime" tells all of them, and the parts of the day that a list of several does not begin with."""
LINES = {"maternal": "mother", "paternal": "father"}
SPLIT = frozenset(("finger", "toe", "lung", "spine", "colon", "brain"))
"""Wholes whose parts are told apart: who has it in one has not said that it is in another."""
LEAST_LIMIT = 0.25
"""How small a part of an upper limit a stretch of time may be that is still told by it: "eleven months" by "less than a year"."""
GENERIC = frozenset(("patient", "man", "woman", "doctor", "provider"))


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
        return one.unit == other.unit and any(_close(one.amount, end) for end in ends) and _of_one(one.drug, other.drug)

    def rival(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Dose) and isinstance(other, Dose)
        return not one.drug or not other.drug or one.drug == other.drug


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
        return _close(one.per_day, other.per_day) or other.per_day * 0.99 <= one.per_day <= high * 1.01

    def rival(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Frequency) and isinstance(other, Frequency)
        return not one.drug or not other.drug or one.drug == other.drug


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


class Values(Typed):
    """A laboratory or vital value, of the same analyte."""

    name, kinds, settles = "value", (Value,), HALF

    def same(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Value) and isinstance(other, Value)
        seconds = one.second is None or other.second is None or _close(one.second, other.second)
        return one.analyte == other.analyte and _close(one.number, other.number) and seconds

    def rival(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Value) and isinstance(other, Value)
        return one.analyte == other.analyte


class Sizes(Typed):
    """A measured length."""

    name, kinds, settles = "size", (Size,), HALF

    def same(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Size) and isinstance(other, Size)
        return all(any(_close(mine, theirs) for theirs in other.mm) for mine in one.mm)


class Days(Typed):
    """A date, as exact as both tell it."""

    name, kinds = "date", (Day,)

    def same(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Day) and isinstance(other, Day)
        mine, theirs = one.day.lower(), other.day.lower()
        return mine in theirs or theirs in mine or mine.lstrip("-") in theirs or theirs.lstrip("-") in mine


class Intervals(Typed):
    """A stretch of time; "14 days" are two weeks."""

    name, kinds, settles = "duration", (Interval,), HALF

    def same(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Interval) and isinstance(other, Interval)
        high = other.most or other.days
        months = _is_months(one.days) is not _is_months(other.days)
        near = ROUND_MONTHS if months and min(one.days, other.days) >= MONTH else ROUND_TIME
        if other.limit.startswith("<") and not one.limit and LEAST_LIMIT * other.days <= one.days <= other.days:
            return True
        if one.vague or other.vague:
            unit, days = (one.days, other.days) if one.vague else (other.days, one.days)
            return unit <= days <= 12 * unit
        return other.days * (1 - near) <= one.days <= high * (1 + near)


class Clocks(Typed):
    """A time of day."""

    name, kinds = "time", (Clock,)

    def same(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Clock) and isinstance(other, Clock)
        return one.part == other.part if one.minute is None or other.minute is None else one.minute == other.minute


class Ages(Typed):
    """An age."""

    name, kinds = "age", (Age,)

    def same(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Age) and isinstance(other, Age)
        return other.years <= one.years <= (other.most or other.years)


class Sites(Typed):
    """A part of the body."""

    name, kinds, settles = "site", (Site,), None

    def same(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Site) and isinstance(other, Site)
        return one.site == other.site or _is_part(other.site, one.site)

    def surely(self, one: Fact, rivals: Sequence[Fact]) -> Fact | None:
        """A part beside this one of the same whole, such as another finger, lobe or stretch of the spine or the bowel."""
        assert isinstance(one, Site)
        beside = (other for other in rivals if isinstance(other, Site) and _siblings(one.site, other.site))
        return next(beside, None)


class Sides(Typed):
    """The side of a part of the body."""

    name, kinds, absent_tells, settles = "side", (Site, Side), False, HALF

    def told(self, one: Fact) -> bool:
        return bool(_side(one))

    def same(self, one: Fact, other: Fact) -> bool:
        return (_side(one) == _side(other) or "both" in (_side(one), _side(other))) and self._one_site(one, other)

    def rival(self, one: Fact, other: Fact) -> bool:
        return bool(_side(other)) and _side(other) != _side(one) and self._one_site(one, other)

    def _one_site(self, one: Fact, other: Fact) -> bool:
        return not isinstance(one, Site) or not isinstance(other, Site) or one.site == other.site


class Changes(Typed):
    """How something went: better, worse, as it was."""

    name, kinds, absent_tells, settles, topical = "comparison", (Change,), False, None, True

    def same(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Change) and isinstance(other, Change)
        return one.direction == other.direction

    def rival(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Change) and isinstance(other, Change)
        return _apart(CHANGES, one.direction, other.direction)


class Results(Typed):
    """What was found, without a number: normal or not, positive or not, mild or severe."""

    name, kinds, absent_tells, topical = "result", (Result,), False, True

    def same(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Result) and isinstance(other, Result)
        return one.result == other.result or _together(RESULTS, one.result, other.result)

    def rival(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Result) and isinstance(other, Result)
        return _apart(RESULTS, one.result, other.result)


class Orders(Typed):
    """Before, after, first, last."""

    name, kinds, absent_tells, settles = "order", (Order,), False, None

    def same(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Order) and isinstance(other, Order)
        return one.order == other.order

    def rival(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Order) and isinstance(other, Order)
        return _apart(ORDERS, one.order, other.order)


class Certainties(Typed):
    """How sure something is."""

    name, kinds, absent_tells, settles, topical = "certainty", (Certainty,), False, None, True

    def same(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Certainty) and isinstance(other, Certainty)
        return one.level == other.level or _together(LEVELS, one.level, other.level)

    def rival(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Certainty) and isinstance(other, Certainty)
        return _apart(LEVELS, one.level, other.level)


class Courses(Typed):
    """How far something is in time: planned, going on, done, ended."""

    name, kinds, absent_tells, settles, topical = "course", (Course,), False, None, True

    def same(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Course) and isinstance(other, Course)
        return one.state == other.state or _together(STATES, one.state, other.state)

    def rival(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Course) and isinstance(other, Course)
        return _apart(STATES, one.state, other.state)

    def weaker(self, one: Fact, other: Fact) -> Fact:
        assert isinstance(one, Course)
        return other if one.state in AHEAD else one

    def decides(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Course) and isinstance(other, Course)
        return {one.state in AHEAD, other.state in AHEAD} == {True, False} and bool({one.state, other.state} & BEHIND)


class Persons(Typed):
    """Who did, said or has it."""

    name, kinds = "person", (Person,)

    def told(self, one: Fact) -> bool:
        assert isinstance(one, Person)
        return one.role not in GENERIC

    def same(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Person) and isinstance(other, Person)
        if one.role in EITHER and other.role in EITHER[one.role]:
            return True
        if one.role in VAGUE and other.group == "relative":
            return not one.side or one.side == other.side or LINES.get(one.side) == other.role
        return one.role == other.role and (not one.name or not other.name or one.name == other.name)

    def rival(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Person) and isinstance(other, Person)
        relative = "relative" in (one.group, other.group) and "patient" in (one.group, other.group)
        return other.role not in VAGUE and (not one.group or not other.group or one.group == other.group or relative)


class Codes(Typed):
    """A code of a system."""

    name, kinds = "code", (Code,)

    def same(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Code) and isinstance(other, Code)
        return (one.system, one.code) == (other.system, other.code)


TYPED: tuple[Typed, ...] = (
    Drugs(), Doses(), Frequencies(), Routes(), Actions(), Values(), Sizes(), Days(), Intervals(), Clocks(), Ages(), Sites(),
    Sides(), Changes(), Results(), Orders(), Certainties(), Courses(), Persons(), Codes(),
)  # fmt: skip


def _is_months(days: float) -> bool:
    halves = 2 * days / MONTH
    return abs(halves - round(halves)) < 1e-6


def _is_part(part: str, whole: str) -> bool:
    """Whether a part that has a name is of a whole; a level of the spine is told by itself alone."""
    return part in parents() and within(part, whole)


def _siblings(one: str, other: str) -> bool:
    """Whether two parts are of one whole that is small enough for them to exclude each other, and neither is of the other."""
    shared = SPLIT.intersection(parents().get(one, ())).intersection(parents().get(other, ()))
    return one != other and bool(shared)


def _together(families: tuple[Family, ...], one: str, other: str) -> bool:
    return any(one in group and other in group for family in families for group in family)


def _apart(families: tuple[Family, ...], one: str, other: str) -> bool:
    """Whether two words of a family exclude each other."""
    known = [family for family in families if all(any(word in group for group in family) for word in (one, other))]
    return bool(known) and not _together(families, one, other)


def _of_one(one: str, other: str) -> bool:
    """Whether two facts may be of the same drug: one of them does not tell, or both name it."""
    return not one or not other or one == other


def _side(one: Fact) -> str:
    return one.side if isinstance(one, Site | Side) else ""


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=CLOSE)
