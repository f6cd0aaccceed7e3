"""A response beside a source: its statements, each supported, contradicted or open with reasons, and one score for all."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rag.stages.verify.checks import CHECKS
from rag.stages.verify.checks.base import Verdict, worst
from rag.stages.verify.model import Reading, installed, readings
from rag.stages.verify.support import Features, of_response, of_statement, probability, threshold, with_reading, wrong
from rag.stages.verify.texts import Source, Statement, source_of, statements

SURE, SHOWN = 0.75, 0.4
"""How sure a check has to be before it alone calls a statement unsupported, and before its objection is shown."""
COUNTED = ("dose", "frequency", "duration", "size", "value", "number")
SURELY_WRONG, SURELY_RIGHT = 0.5, 0.7
"""How far beyond the threshold the odds of a statement, and how likely a response, settle it without the model of support."""
ENOUGH = 0.7
"""Share of a statement's weight that has to stand in the source before it is called supported."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A statement of a response at `start` to `end`, whether it is supported (None: open), and what each check found.

    `held` is the share, 0 to 1, of what its words tell that the likest sentences of the source hold, but for those objected to.
    """

    text: str
    start: int
    end: int
    supported: bool | None
    reasons: tuple[Verdict, ...]
    held: float = 0.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """A response: the probability that all of it is supported, and its statements."""

    score: float
    claims: tuple[Judged, ...]

    @property
    def supported(self) -> bool | None:
        """False where a statement is contradicted, True where all are supported, else None."""
        found = {claim.supported for claim in self.claims}
        return False if False in found else None if None in found or not found else True


def judged(response: str, source: str, day: str | None = None) -> Judgement:
    """A response judged against a source, whose date may be told for what it says of "today"."""
    read = source_of(source, day)
    said = statements(response, read)
    verdicts = [tuple(_verdicts(one, read)) for one in said]
    each = [of_statement(one, found, read) for one, found in zip(said, verdicts, strict=True)]
    score = probability(of_response(said, each))
    unread = score >= SURELY_RIGHT or not installed()
    asked = [] if unread else [at for at, one in enumerate(each) if not _surely_wrong(one)]
    found = dict(zip(asked, readings([(said[at], read) for at in asked]), strict=True)) if asked else {}
    told = [with_reading(one, found[at]) if at in found else one for at, one in enumerate(each)]
    if found and len(found) == len(said):
        score = probability(of_response(said, told))
    claims = (_claim(one, verdicts[at], wrong(told[at]), found.get(at)) for at, one in enumerate(said))
    return Judgement(score, tuple(claims))


def settled(said: Sequence[Statement], each: Sequence[Features]) -> bool:
    """Whether the checks alone have settled how likely a response is supported: the model of support, which takes longer, then
    reads at most those of its statements that they do not call wrong."""
    return any(map(_surely_wrong, each)) or probability(of_response(said, each)) >= SURELY_RIGHT


def _surely_wrong(found: Features) -> bool:
    return found["surest"] >= SURE or wrong(found) >= threshold(read=False) + SURELY_WRONG


def reason_of(judgement: Judgement) -> str:
    """In words why a response is judged as it is: the first check that objects, or how much of it the source holds."""
    order = {"contradicted": 0, "missing": 1, "supported": 2}
    found = sorted((one for claim in judgement.claims for one in claim.reasons), key=lambda one: (order[one.verdict], -one.sure))
    against = [one for one in found if one.verdict != "supported"]
    if against and judgement.supported is not True:
        return f"{against[0].check}: {against[0].detail}"
    if judgement.supported:
        borne = list(dict.fromkeys(one.check for one in found if one.verdict == "supported"))
        return f"in other words; {_listed(borne)} as in the passage" if borne else "in other words; the passage holds all of it"
    return "in other words, not judged: little of it is in the passage"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _verdicts(said: Statement, source: Source) -> list[Verdict]:
    return [verdict for check in CHECKS if (verdict := check(said, source))]


def _claim(said: Statement, verdicts: tuple[Verdict, ...], odds: float, reading: Reading | None) -> Judged:
    return _read_claim(said, verdicts, odds, reading) if reading else _shown(said, verdicts, _supported(said, verdicts, odds))


def _read_claim(said: Statement, verdicts: tuple[Verdict, ...], odds: float, reading: Reading) -> Judged:
    """A statement that the model of support has read: its odds decide, and it names the words where they are against it."""
    if odds >= threshold(read=True):
        return _shown(said, (*verdicts, _objection(said, odds, reading)), False)
    counted = any(one.verdict != "supported" and one.check in COUNTED for one in verdicts)
    return _shown(said, verdicts, None if reading.supported < 0 or counted else True)


def _objection(said: Statement, odds: float, reading: Reading) -> Verdict:
    """What the model of support has against a statement: the words that it takes for wrong, or the most suspected one."""
    bad = [(start, end) for start, end, logit in reading.words if logit >= min(0.0, reading.worst)]
    start, end = (bad[0][0], max(end for _, end in bad)) if bad else (said.start, said.end)
    written = said.text[start - said.start : end - said.start].strip(" .,;:")
    denied = reading.contradicted >= 0
    detail = f"the passage says otherwise of “{written}”" if denied else f"the passage does not carry “{written}”"
    sure = 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))
    return Verdict("reading", "contradicted" if denied else "missing", detail, (start, end), None, sure)


def _shown(said: Statement, verdicts: tuple[Verdict, ...], supported: bool | None) -> Judged:
    against = [one for one in verdicts if one.verdict != "supported"]
    least = SHOWN if supported is not False else min(SHOWN, max((one.sure for one in against), default=0.0))
    kept = [one for one in verdicts if one.verdict == "supported" or one.sure >= least]
    named = dict.fromkeys(one.check for one in kept)  # Two readings of a dose give one reason.
    shown = tuple(filter(None, (worst(one for one in kept if one.check == name) for name in named)))
    return Judged(said.text, said.start, said.end, supported, shown, _held(said, against))


def _held(said: Statement, against: Sequence[Verdict]) -> float:
    objected = [one.said for one in against if one.check != "addition"]
    left = [at for at, word in enumerate(said.words) if not any(low < word.end and word.start < high for low, high in objected)]
    total = sum(said.words[at].weight for at in left)
    return sum(said.words[at].weight for at in left if said.near[at]) / total if total else 0.0


def _supported(said: Statement, verdicts: tuple[Verdict, ...], odds: float) -> bool | None:
    against = [one for one in verdicts if one.verdict != "supported"]
    if against and (odds >= threshold(read=False) or any(one.sure >= SURE for one in against)):
        return False
    if any(one.sure >= SHOWN or one.check in COUNTED for one in against):
        return None
    return True if said.covered >= ENOUGH else None
