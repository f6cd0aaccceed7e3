"""Typed checks of words that exclude each other: how it went, what was found, in what order, how sure, how far in time."""

from rag.clinical.facts.types import Certainty, Change, Course, Fact, Order, Result
from rag.stages.verify.checks.typed.base import Typed

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


def _together(families: tuple[Family, ...], one: str, other: str) -> bool:
    return any(one in group and other in group for family in families for group in family)


def _apart(families: tuple[Family, ...], one: str, other: str) -> bool:
    """Whether two words of a family exclude each other."""
    known = [family for family in families if all(any(word in group for group in family) for word in (one, other))]
    return bool(known) and not _together(families, one, other)
