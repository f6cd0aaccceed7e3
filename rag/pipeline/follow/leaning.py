"""What a follow-up may lean on: the question before it, what that was about, and whose it was."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rag.pipeline.follow.frames import WHICH_NOUN as WHICH
from rag.pipeline.follow.frames import Frame, frame, plural
from rag.pipeline.follow.things import Thing, cased, in_class, noun_phrase, things
from rag.pipeline.follow.turn import Turn
from rag.stages.index.base import Index
from rag.stages.scope.ids import Id, ids

LONGEST = 400  # Characters of a question, and of a statement, in which names are looked for.
ORDER = ("drug", "class", "finding", "lab", "condition", "study", "document")
JOINED = re.compile(r",? and |, ")
OF_PATIENT = re.compile(r" (?:of|in|from|for) $")


@dataclass
class Before:
    """The question that a follow-up comes after, with the conversation up to it."""

    turns: Sequence[Turn]
    index: Index

    @property
    def turn(self) -> Turn:
        return self.turns[-1]

    @cached_property
    def asked(self) -> str:
        """The question before as it was asked; nothing where it is so long that it is not looked through."""
        return self.turn.asked if len(self.turn.asked) <= LONGEST else ""

    @cached_property
    def ids(self) -> list[Id]:
        return ids(self.asked, self.index)

    @cached_property
    def things(self) -> list[Thing]:
        return things(self.asked, [(one.start, one.end) for one in self.ids])

    @cached_property
    def frame(self) -> Frame | None:
        return frame(self.asked)

    @cached_property
    def stated(self) -> list[Thing]:
        """What the first statement names."""
        return things(self._statement)

    @cached_property
    def _statement(self) -> str:
        return self.turn.still_stated(self.index)[:LONGEST]

    def of_kind(self, kind: str) -> list[Thing]:
        """What the question before names of a kind; of several kinds where they take each other's place."""
        kinds = {"drug": {"drug"}, "class": {"drug", "class"}}.get(kind, {kind})
        return [one for one in self.things if one.kind in kinds]

    def topic(self, kinds: Sequence[str] = ORDER) -> str:
        """The one thing that was asked about, as it stands within a sentence; "" where that is none or several."""
        groups = self.of_kind("class")
        classes = [one for one in groups if one.kind == "class"]
        if len(classes) == 1 == len(groups) and "drug" in kinds and (drug := self.drug_stated(classes[0].written)):
            return drug
        for kind in kinds:
            named = {one.plain: one for one in self.things if one.kind == kind}
            if len(named) == 1:
                return self._told(next(iter(named.values())))
            if named:
                return ""
        return self.drug_stated() if "drug" in kinds else ""

    def drug_stated(self, group: str = "") -> str:
        """The one drug that the first statement names; of a class also that with which it begins, where others follow."""
        drugs = [one for one in self.stated if one.kind == "drug" and (not group or in_class(one.written, group))]
        names = list(dict.fromkeys(one.plain for one in drugs))
        begins = bool(drugs) and not any(map(str.isalpha, self._statement[: drugs[0].start]))
        if len(names) == 1 or (group and begins and not JOINED.match(self._statement, drugs[0].end)):
            return cased(drugs[0].written)
        return ""

    def several(self) -> str:
        """The things that were asked about, where they are several: drugs that the statement begins with, or "the labs"."""
        drugs = [one for one in self.stated if one.kind == "drug"]
        joined = drugs[:1]
        for one in drugs[1:]:
            if not JOINED.fullmatch(self._statement, joined[-1].end, one.start):
                break
            joined.append(one)
        if len(joined) > 1 and not any(map(str.isalpha, self._statement[: joined[0].start])):
            text = self._statement
            return cased(joined[0].written) + text[joined[0].end : joined[-1].end]
        asked = WHICH.match(self.asked)
        return plural(asked["wh"]) if asked else ""

    def phrase(self, one: Thing) -> tuple[int, int]:
        """Where a thing stands in the question before with its article and its patient: "the lung nodule of P-0733"."""
        start, end = noun_phrase(self.asked, one) if one.kind not in {"drug", "document"} else (one.start, one.end)
        patient = next((p for p in self.ids if OF_PATIENT.fullmatch(self.asked, end, p.start)), None)
        return start, patient.end if patient else end

    def _told(self, one: Thing) -> str:
        start, end = self.phrase(one)
        if one.kind in {"drug", "document"}:
            return cased(self.asked[one.start : one.end])
        told = self.asked[start:end]
        first = told.split(" ", 1)[0].lower()
        return f"the {told.split(' ', 1)[1]}" if first in {"a", "an", "any", "which", "what", "whose"} else told
