"""Standing: what a source denies, doubts, plans or says of a relative is not stated as a fact of the patient, nor the reverse."""

from dataclasses import dataclass

from rag.stages.verify.binding import MOST, SETTLED, likest
from rag.stages.verify.checks.base import Verdict
from rag.stages.verify.checks.polarity import negators
from rag.stages.verify.texts import Part, Source, Statement
from rag.stages.verify.words import Word, listed
from rag.values import Status

LEAST, UNDER, NEARLY_ALL = 0.3, 0.8, 0.7
"""The weight of a word that is compared, the share of the words that have to stand under a cue, and the share that a sentence has
to hold of a statement about what is doubted or planned."""


@dataclass(frozen=True)
class Standing:
    """The status of the words of a statement and of the one sentence of its source that holds nearly all of them.

    `cue` names the words of `standing` in the rules that tell the status where no reader of assertions does.
    """

    name: str
    status: Status
    cue: str

    def __call__(self, said: Statement, source: Source) -> Verdict | None:
        part = likest(said, source, (-1, -1), MOST if self.status in ("negated", "family") else NEARLY_ALL)
        if part is None:
            return None
        pairs = list(self._pairs(said, source, part))
        total = sum(word.weight for word, _ in pairs)
        if not total:
            return None
        here = sum(word.weight for word, _ in pairs if self.status in word.statuses) / total
        there = sum(word.weight for word, other in pairs if self.status in other.statuses) / total
        spoken = {word for word, _, _ in said.every}
        written = {word for word, low, _ in source.every if part.start <= low < part.end}
        if there >= UNDER and not here and not spoken & self._cues() and self._asserts(spoken):
            detail = f"stated here, {TOLD[self.status]} in the source"
        elif (
            here >= UNDER
            and not (there or written & self._cues() or self.status == "planned")
            and not (self.status == "negated" and source.is_asked(part.start))
        ):
            detail = f"{TOLD[self.status]} here, stated in the source"
        else:
            return None
        word, other = max(pairs, key=lambda pair: pair[0].weight)
        if self.status == "family" and there and not here and not self._is_theirs(other, source, part):
            return None
        return Verdict(self.name, "contradicted", detail, (word.start, word.end), (other.start, other.end), SETTLED)

    def _pairs(self, said: Statement, source: Source, part: Part) -> list[tuple[Word, Word]]:
        found = []
        for word, places in zip(said.words, said.held, strict=True):
            there = next((source.words[at] for at in places if part.first <= at < part.last), None)
            if there and word.weight >= LEAST:
                found.append((word, there))
        return found

    def _is_theirs(self, word: Word, source: Source, part: Part) -> bool:
        """Whether a relative is spoken of before a word, who has it and did not only tell it: not "brought by his sister"."""
        ahead = [one for one, low, _ in source.every if part.start <= low < word.start]
        led = [ahead[max(0, at - 2) : at] for at, one in enumerate(ahead) if one in listed("standing", "relatives")]
        return any(not listed("standing", "telling") & set(before) for before in led)

    def _cues(self) -> frozenset[str]:
        return negators() if self.status == "negated" else listed("standing", self.cue)

    def _asserts(self, spoken: set[str]) -> bool:
        """Whether a statement says that something is so, where to leave that open would be no fault."""
        return self.status != "planned" or bool(spoken & listed("standing", "done"))


TOLD = {"negated": "denied", "uncertain": "not certain", "planned": "planned", "family": "of a relative"}
STANDINGS = (
    Standing("negation", "negated", ""),
    Standing("certainty", "uncertain", "hedges"),
    Standing("time", "planned", "plans"),
    Standing("person", "family", "relatives"),
)
