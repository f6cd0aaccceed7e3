"""What every check of typed facts does: the facts of a kind that a statement has are sought in its source."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from rag.clinical.facts.types import Dose, Drug, Fact, Frequency, Route
from rag.stages.verify.binding import MOST, SETTLED, Bound, Place, bound, settled
from rag.stages.verify.checks.amounts import follows, stands
from rag.stages.verify.checks.base import Case, Verdict, against, worst
from rag.stages.verify.quantities import CLOSE
from rag.stages.verify.texts import Source, Statement
from rag.stages.verify.words import stem_of, weight_of

TELLING, BESIDE = 0.6, 2
"""The weight of a word by which two facts are said of the same, and how near one word is that qualifies another."""


class Typed(ABC):
    """Facts of one kind: every one of a statement is sought in the source; another one of the same thing speaks against it."""

    name: ClassVar[str] = ""
    kinds: ClassVar[tuple[type[Fact], ...]] = ()
    absent_tells: ClassVar[bool] = True
    settles: ClassVar[float | None] = MOST
    """The share of a statement's words that one sentence has to hold to settle, by saying another one, that it is wrong."""

    topical: ClassVar[bool] = False
    """Whether a fact names what it is said of, so that it is settled by what the source says of that alone."""

    def __call__(self, said: Statement, source: Source) -> Verdict | None:
        own = list(self._own(said.facts))
        if self.topical:
            beside = [(one, other) for one in own for other in own if 0 <= other.start - one.end <= BESIDE]
            dropped = [self.weaker(*pair) for pair in beside]
            own = [one for one in own if not any(one is other for other in dropped)]
        return worst(self._judged(_of_its_drug(one, said, source), said, source) for one in own)

    @abstractmethod
    def same(self, one: Fact, other: Fact) -> bool:
        """Whether two facts state the same."""

    def rival(self, one: Fact, other: Fact) -> bool:
        """Whether the other, which states something else, may be what the source has instead."""
        return type(one) is type(other)

    def told(self, one: Fact) -> bool:
        """Whether a fact of a statement says something that a source would have to say."""
        return True

    def surely(self, one: Fact, rivals: Sequence[Fact]) -> Fact | None:
        """The rival that excludes a fact by itself, where the source nowhere says the same."""
        return None

    def weaker(self, one: Fact, other: Fact) -> Fact:
        """Of two facts that stand side by side the one that the other qualifies: "is thought" of "is thought unlikely"."""
        return one

    def decides(self, one: Fact, other: Fact) -> bool:
        """Whether a rival that is said of the same leaves no doubt."""
        return True

    def aside(self, one: Fact, other: Fact) -> str:
        """What else a person should know of the two."""
        return ""

    def _counted(self, one: Fact, said: Statement, source: Source, rivals: list[Fact]) -> bool:
        """Whether the numbers of a fact stand in the source, though not as such a fact, or follow from what stands there."""
        inside = [number for number in said.quantities if number.start < one.end and one.start < number.end]
        if self._named(one, rivals):
            return bool(inside) and all(follows(number, said, source) for number in inside)
        return bool(inside) and all(stands(number, source) or follows(number, said, source) for number in inside)

    def _settled(self, one: Fact, said: Statement, source: Source, same: list[Fact], rivals: list[Fact]) -> Place | None:
        """The rival in the one sentence about the same; what a statement says besides is none."""
        if not self.settles:
            return None
        beside = [other for other in self._own(said.facts) if other is not one]
        left = [rival for rival in rivals if not any(self.same(other, rival) for other in beside)]
        return settled(said, source, _place(one), map(_place, same), map(_place, left), self.settles)

    def _on_topic(self, one: Fact, said: Statement, same: list[Fact], rivals: list[Fact]) -> Place | None:
        """The rival that is said of the same, where nothing else is said of it."""
        topic = _topic(one)
        if not topic or any(_shared(topic, _topic(other)) for other in same):
            return None
        beside = [other for other in self._own(said.facts) if not 0 <= other.start - one.end <= BESIDE and other is not one]
        left = [rival for rival in rivals if not any(self.same(other, rival) for other in beside)]
        return next((_place(rival) for rival in left if self.decides(one, rival) and _shared(topic, _topic(rival))), None)

    def _others(self, one: Fact, source: Source) -> list[Fact]:
        """The facts of this kind in a source; of one about a drug, those of that drug where there are any."""
        others = list(self._own(source.facts))
        named = [other for other in others if self._named(one, [other])]
        return named or others

    def _named(self, one: Fact, others: list[Fact]) -> bool:
        """Whether a fact names its drug, and others are of the same one."""
        drug = getattr(one, "drug", "")
        return bool(drug and others) and all(getattr(other, "drug", "") == drug for other in others)

    def _own(self, found: tuple[Fact, ...]) -> Iterator[Fact]:
        return (one for one in found if isinstance(one, self.kinds))

    def _judged(self, one: Fact, said: Statement, source: Source) -> Verdict | None:
        if not self.told(one):
            return None
        others = self._others(one, source)
        same = [other for other in others if self.same(one, other)]
        rivals = [other for other in others if not self.same(one, other) and self.rival(one, other)]
        place = (one.start, one.end)
        found = bound(said, source, place, map(_place, same), map(_place, rivals))
        written_there = _in_words(one, said) and not self._named(one, rivals)  # A dose written of another drug is not this one's.
        if not same and (written_there or self._counted(one, said, source, rivals)):
            return None
        case: Case = "fact same" if same else "fact rival" if rivals else "fact missing"
        lead = found.lead if rivals else 0.0
        sure = against(self.name, case, lead)
        surely = self._settled(one, said, source, same, rivals)
        if surely is None and not same and self._named(one, others):
            surely = found.rival_at
        if surely is None and not same and found.rival_at:
            near = [other for other in rivals if any(low <= other.start < high for low, high in said.part_spans(source))]
            excluding = self.surely(one, near)
            surely = _place(excluding) if excluding else None
        if surely is None and self.topical:
            surely = self._on_topic(one, said, same, rivals)
        if surely:
            found, sure, case = Bound(rival_at=surely), max(sure, SETTLED), ""
        written = said.text[one.start - said.start : one.end - said.start]
        if not found.rival_at or (same and sure < 0.5 and case):
            if same:
                return Verdict(self.name, "supported", "as in the source", place, found.same_at, 1.0 - sure, case, lead)
            if not self.absent_tells:
                return None
            return Verdict(self.name, "missing", f"“{written}” is not in the source", place, None, sure, "fact missing")
        there = next(other for other in rivals if _place(other) == found.rival_at)
        detail = f"“{written}”, where the source has “{source.text[there.start : there.end]}”{self.aside(one, there)}"
        return Verdict(self.name, "contradicted", detail, place, found.rival_at, sure, case, lead)


def close(one: float, other: float) -> bool:
    """Whether two numbers are the same but for rounding."""
    return math.isclose(one, other, rel_tol=CLOSE)


def _of_its_drug(one: Fact, said: Statement, source: Source) -> Fact:
    """A dose, frequency or route that names no drug, as of the only one in the statement, if the source gives it to none."""
    drugs = {other.name for other in said.facts if isinstance(other, Drug) and other.written != "class"}
    if getattr(one, "drug", None) != "" or len(drugs) != 1 or not isinstance(one, Dose | Frequency | Route):
        return one
    loose = any(type(other) is type(one) and not getattr(other, "drug", "") for other in source.facts)
    return one if loose else replace(one, drug=next(iter(drugs)))


def _topic(one: Fact) -> frozenset[str]:
    """The telling words of what a fact is said of, as stems."""
    return frozenset(stem_of(word) for word in getattr(one, "of", "").split() if weight_of(word) >= TELLING)


def _shared(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one and other) and (one <= other or other <= one)


def _place(one: Fact) -> tuple[int, int]:
    return one.start, one.end


def _in_words(one: Fact, said: Statement) -> bool:
    """Whether the source has the words of a fact, though no such fact was read there."""
    inside = [at for at, word in enumerate(said.words) if one.start <= word.start < one.end]
    return bool(inside) and all(said.near[at] for at in inside)
