"""Lone words: what a source never says but as denied or planned is not stated plainly, nor what it only asserts denied.

`standing` compares a statement with the one sentence that holds nearly all of it; here one telling word is enough, where the
source says the same of it each time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.clinical.facts.types import Age, Clock, Day, Interval, Person, Side, Site
from rag.stages.verify.binding import SETTLED
from rag.stages.verify.checks.base import Verdict
from rag.stages.verify.checks.polarity import negators, troubles
from rag.stages.verify.checks.standing import TOLD
from rag.stages.verify.texts import Source, Statement
from rag.stages.verify.words import Word, listed
from rag.values import Status

TELLING, SHARE, DIRECT, REACH = 0.6, 0.22, 4, 3
"""The weight of a word that is compared, its share of the statement's, how many words behind a denial it is denied itself, and
how near to it the word has to stand that narrows it.
"""
BESIDE = (Site, Side, Day, Interval, Clock, Age, Person)
"""What a denial reaches without denying it: "no pain in the left knee" denies no knee."""
Found = tuple[str, Word, Word]


@dataclass(frozen=True)
class Lone:
    """The status of a telling word of a statement, and of every place where its source has that word."""

    name: str
    status: Status

    def __call__(self, said: Statement, source: Source) -> Verdict | None:
        found = [one for one in (*self._dropped(said, source), *self._added(said, source)) if self._tells(one[1], said)]
        if not found:
            return None
        detail, word, other = max(found, key=lambda one: one[1].weight)
        return Verdict(self.name, "contradicted", detail, (word.start, word.end), (other.start, other.end), SETTLED)

    def _tells(self, word: Word, said: Statement) -> bool:
        beside = any(isinstance(one, BESIDE) and one.start <= word.start < one.end for one in said.facts)
        return not beside and word.weight >= max(TELLING, SHARE * said.weight)

    def _dropped(self, said: Statement, source: Source) -> Iterator[Found]:
        """The words that the source denies, or plans, wherever it has them, and that are stated plainly."""
        spoken = {word for word, _, _ in said.every}
        if spoken & (listed("standing", "hedges") | listed("standing", "seldom")) or (spoken & self._cues()):
            return
        if self.status == "planned" and not spoken & listed("standing", "done"):
            return
        for word, places in zip(said.words, said.held, strict=True):
            there = [source.words[at] for at in places]
            if not self._is_same(word, said, places, source):
                continue
            if there and self.status not in word.statuses and all(self.status in one.statuses for one in there):
                yield f"stated here, {TOLD[self.status]} in the source", word, there[0]

    def _added(self, said: Statement, source: Source) -> Iterator[Found]:
        """The words that are denied, each right behind its denial, and that the source has and nowhere denies."""
        if self.status != "negated" or {word for word, _, _ in said.every} & listed("standing", "exclusions"):
            return
        denials = listed("standing", "denials")
        denied = {at + by for at, one in enumerate(said.every) if one[0] in denials for by in range(1, DIRECT + 1)}
        begins = {said.every[at][1] for at in denied if at < len(said.every)}
        direct = False
        for word, places in zip(said.words, said.held, strict=True):
            own = word.start in begins and self.status in word.statuses
            there = [source.words[at] for at in places]
            asserted = there and not any(self.status in one.statuses or _turned(one, source) for one in there)
            if own and not direct and asserted and not any(source.is_asked(one.start) for one in there):
                yield f"{TOLD[self.status]} here, stated in the source", word, there[0]
            direct = own  # Of two words in a row that a denial reaches, it is the first that is denied.

    def _is_same(self, word: Word, said: Statement, places: Sequence[int], source: Source) -> bool:
        """Whether the source has a word with the one that stands right before it: "back pain" is no "ear pain"."""
        before = next((one for one in said.words if word.start - 1 == one.end), None)
        if before is None or before.weight < TELLING:
            return True
        near = range(-REACH, REACH + 1)
        stems = {source.words[at + by].stem for at in places for by in near if 0 <= at + by < len(source.words)}
        return before.stem in stems

    def _cues(self) -> frozenset[str]:
        return negators() | troubles() if self.status == "negated" else listed("standing", "plans")


def _turned(there: Word, source: Source) -> bool:
    """Whether the sentence around a word of the source denies, excludes or plans something, if not that word."""
    part = source.parts[source.part_at(there.start)]
    turning = negators() | troubles() | listed("standing", "exclusions")
    return any(word in turning for word, low, _ in source.every if part.start <= low < part.end)


LONE = (Lone("negation", "negated"), Lone("time", "planned"))
