"""A response beside a source: its statements, each supported, contradicted or open with reasons, and one score for all."""

from dataclasses import dataclass

from rag.stages.verify.checks import CHECKS
from rag.stages.verify.checks.base import Verdict, fitted, worst
from rag.stages.verify.support import of_response, of_statement, probability, wrong
from rag.stages.verify.texts import Source, Statement, source_of, statements

SURE, SHOWN = 0.75, 0.4
"""How sure a check has to be before it alone calls a statement unsupported, and before its objection is shown."""
COUNTED = ("dose", "frequency", "duration", "size", "value", "number")
ENOUGH = 0.7
"""Share of a statement's weight that has to stand in the source before it is called supported."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A statement of a response at `start` to `end`, whether it is supported (None: open), and what each check found."""

    text: str
    start: int
    end: int
    supported: bool | None
    reasons: tuple[Verdict, ...]


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
    claims = tuple(_claim(one, found, wrong(told)) for one, found, told in zip(said, verdicts, each, strict=True))
    return Judgement(probability(of_response(said, each)), claims)


def reason_of(judgement: Judgement) -> str:
    """In words why a response is judged as it is: the first check that objects, or how much of it the source holds."""
    order = {"contradicted": 0, "missing": 1, "supported": 2}
    found = sorted((one for claim in judgement.claims for one in claim.reasons), key=lambda one: (order[one.verdict], -one.sure))
    against = [one for one in found if one.verdict != "supported"]
    if against and judgement.supported is not True:
        return f"{against[0].check}: {against[0].detail}"
    if judgement.supported:
        return f"in other words; {found[0].check} as in the passage" if found else "in other words; the passage holds all of it"
    return "in other words, not judged: little of it is in the passage"


def _verdicts(said: Statement, source: Source) -> list[Verdict]:
    return [verdict for check in CHECKS if (verdict := check(said, source))]


def _claim(said: Statement, verdicts: tuple[Verdict, ...], odds: float) -> Judged:
    supported = _supported(said, verdicts, odds)
    against = [one for one in verdicts if one.verdict != "supported"]
    least = SHOWN if supported is not False else min(SHOWN, max((one.sure for one in against), default=0.0))
    kept = [one for one in verdicts if one.verdict == "supported" or one.sure >= least]
    named = dict.fromkeys(one.check for one in kept)  # Two readings of a dose give one reason.
    shown = tuple(filter(None, (worst(one for one in kept if one.check == name) for name in named)))
    return Judged(said.text, said.start, said.end, supported, shown)


def _supported(said: Statement, verdicts: tuple[Verdict, ...], odds: float) -> bool | None:
    against = [one for one in verdicts if one.verdict != "supported"]
    if against and (odds >= fitted()["threshold"] or any(one.sure >= SURE for one in against)):
        return False
    if any(one.sure >= SHOWN or one.check in COUNTED for one in against):
        return None
    return True if said.covered >= ENOUGH else None
