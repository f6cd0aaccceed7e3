"""Typed checks of what is measured: values, sizes, dates, stretches of time, times of day, ages."""

from rag.clinical.facts.types import Age, Clock, Day, Fact, Interval, Size, Value
from rag.stages.verify.binding import HALF
from rag.stages.verify.checks.typed.base import Typed, close
from rag.stages.verify.quantities import ROUND_MONTHS

ROUND_TIME, MONTH = 0.035, 30.4375
LEAST_LIMIT = 0.25
"""How small a part of an upper limit a stretch of time may be that is still told by it: "eleven months" by "less than a year"."""


class Values(Typed):
    """A laboratory or vital value, of the same analyte."""

    name, kinds, settles = "value", (Value,), HALF

    def same(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Value) and isinstance(other, Value)
        seconds = one.second is None or other.second is None or close(one.second, other.second)
        return one.analyte == other.analyte and close(one.number, other.number) and seconds

    def rival(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Value) and isinstance(other, Value)
        return one.analyte == other.analyte


class Sizes(Typed):
    """A measured length."""

    name, kinds, settles = "size", (Size,), HALF

    def same(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Size) and isinstance(other, Size)
        return all(any(close(mine, theirs) for theirs in other.mm) for mine in one.mm)


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


def _is_months(days: float) -> bool:
    halves = 2 * days / MONTH
    return abs(halves - round(halves)) < 1e-6
