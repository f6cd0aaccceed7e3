"""Negation: what the source denies is not asserted, and what it asserts is not denied."""

from rag.stages.verify.checks.base import Case, Verdict, against
from rag.stages.verify.texts import Source, Statement
from rag.stages.verify.words import listed

LEAST = 0.3


def negators() -> frozenset[str]:
    """Words that deny."""
    return listed("negators")


def troubles() -> frozenset[str]:
    """Words whose denial says that all is well: "no problems lying flat"."""
    return listed("troubles")


class Negation:
    """What is denied in the statement is denied in the source, and the other way."""

    name = "negation"

    def __call__(self, said: Statement, source: Source) -> Verdict | None:
        if not said.words:
            return None
        spoken = {word for word, _, _ in said.every}
        denying = bool(spoken & negators()) or any("negated" in word.statuses for word in said.words)
        agree = dropped = added = weight = 0.0
        own = there = None
        for word, near in zip(said.words, said.near, strict=True):
            weight += word.weight
            if not near or word.weight < LEAST:
                continue
            denied = "negated" in word.statuses
            others = ["negated" in source.words[place].statuses for place in near]
            if denied in others:
                agree += word.weight * denied
                continue
            low, high = source.parts[source.part_of[near[0]]].start, source.parts[source.part_of[near[0]]].end
            around = {one for one, start, _ in source.every if low <= start < high}
            if (denied and (around & negators() or source.is_asked(low))) or (
                not denied and (denying or (around & troubles() and not spoken & troubles()))
            ):
                agree += 0.5 * word.weight
                continue
            added, dropped = added + word.weight * denied, dropped + word.weight * (not denied)
            if own is None:
                place = source.words[near[0]]
                own, there = (word.start, word.end), (place.start, place.end)
        differ = max(added, dropped)
        if own and differ > agree:
            detail = "denied here, stated in the source" if added > dropped else "stated here, denied in the source"
            case: Case = "same" if agree else "rival"
            lead = (differ - agree) / weight
            return Verdict(self.name, "contradicted", detail, own, there, against(self.name, case, lead), case, lead)
        if agree:
            return Verdict(self.name, "supported", "denied in both", (said.start, said.end), None, 0.5)
        return None
