"""Typed checks of the body: which part, and which side of it."""

from collections.abc import Sequence

from rag.clinical.facts.sites import parents, within
from rag.clinical.facts.types import Fact, Side, Site
from rag.stages.verify.binding import HALF
from rag.stages.verify.checks.typed.base import Typed

SPLIT = frozenset(("finger", "toe", "lung", "spine", "colon", "brain"))
"""Wholes whose parts are told apart: who has it in one has not said that it is in another."""


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


def _is_part(part: str, whole: str) -> bool:
    """Whether a part that has a name is of a whole; a level of the spine is told by itself alone."""
    return part in parents() and within(part, whole)


def _siblings(one: str, other: str) -> bool:
    """Whether two parts are of one whole that is small enough for them to exclude each other, and neither is of the other."""
    shared = SPLIT.intersection(parents().get(one, ())).intersection(parents().get(other, ()))
    return one != other and bool(shared)


def _side(one: Fact) -> str:
    return one.side if isinstance(one, Site | Side) else ""
