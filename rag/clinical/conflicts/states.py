"""States of a patient: what is done in an arrest, what is not tolerated, and values that do not change within a day."""

from collections.abc import Iterator

from rag.clinical.conflicts.reading import UNSURE, Reading, Said, mentions
from rag.clinical.facts.types import Action, Allergy, Dose, Drug, Frequency, Value
from rag.rules import rules

UNSAID = frozenset(("negated", "historical", "planned", "family", "uncertain"))
GIVEN = frozenset(("started", "continued", "resumed", "increased", "decreased"))
NOT_GIVEN = frozenset(("stopped", "avoided", "held", "switched"))


def code_status(reading: Reading) -> Iterator[Said]:
    """What the text says is done in an arrest; a talk about it, or a change of it, is none."""
    for found in mentions(reading, "code_status"):
        start, end = reading.sentence(found.start)
        day = reading.day(found.start)
        unsaid = reading.statuses(found.start, found.end) & UNSAID
        if unsaid or day == UNSURE or reading.holds("not_code_status", start, end):
            continue
        side = found.meaning["side"]
        yield Said("code status", "", side, found.meaning["says"], reading.document, start, end, day, _time_of(reading, start))


def allergies(reading: Reading) -> Iterator[Said]:
    """What is not tolerated, as the text has it; "none" where no allergy is known, kind "no allergy" where one is refuted."""
    for one in reading.of(Allergy):
        where = (reading.document, *reading.sentence(one.start))
        refuted = one.statuses & {"negated", "family", "uncertain"} or reading.holds("refuted", *where[1:])
        kind = "no allergy" if refuted and one.substance != "none" else "allergy"
        says = "no allergy known" if one.substance == "none" else f"allergic to {one.substance}"
        yield Said(kind, one.substance, one.substance, says, *where, reading.day(one.start))


def given(reading: Reading) -> Iterator[Said]:
    """The drugs that a patient is given: with a dose, a frequency or a verb, and no word that explains why it is no danger."""
    for one in reading.of(Drug):
        start, end = reading.sentence(one.start)
        if one.statuses & UNSAID or "Allergies" in reading.headings(one.start) or reading.holds("tolerated", start, end):
            continue
        done = {fact.action for fact in reading.within(Action, start, end) if fact.drug == one.name}
        told = [
            fact for fact in reading.within(Dose, start, end) + reading.within(Frequency, start, end) if fact.drug == one.name
        ]
        if done & NOT_GIVEN or not (done & GIVEN or any(not fact.statuses & UNSAID for fact in told)):
            continue
        value = (one.name, *(name for name in one.classes if name in rules("conflicts")["allergic_classes"]["classes"]))
        yield Said("given", one.name, value, f"given {one.name}", reading.document, start, end, reading.day(one.start))


def steady(reading: Reading) -> Iterator[Said]:
    """Values of what does not change within a day, each with the day that its sentence or its document tells."""
    known = rules("conflicts")["steady"]["analytes"]
    for one in reading.of(Value):
        start, end = reading.sentence(one.start)
        if one.analyte not in known or one.statuses or one.most or one.limit or reading.holds("earlier", start, end):
            continue
        day = reading.day(one.start)
        if day != UNSURE:
            says = f"{one.analyte} {one.number:g} {one.unit}".strip()
            yield Said("value", one.analyte, one.number, says, reading.document, start, end, day)


def _time_of(reading: Reading, at: int) -> str:
    """The phase of a stay of which a section is, by its title."""
    titles = " ".join(reading.sections(at)).lower()
    return next((phase for phase in ("admission", "discharge") if phase in titles), "")
