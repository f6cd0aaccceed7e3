"""Drugs of a record that a patient leaves with, is to resume or no longer takes, and that a summary does not name."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rag.clinical.facts.types import Action, Allergy, Course, Dose, Drug, Frequency, Interval, Person, Route
from rag.stages.verify.omissions.base import Omission, Severity, first_of, holds, listed, span_of
from rag.stages.verify.omissions.said import Said
from rag.stages.verify.omissions.units import Unit

CLAUSE = re.compile(r";\s")
ON = {"started", "resumed", "increased", "decreased", "continued", "switched"}
OFF = {"stopped", "avoided"}
INTO = ("intravenous", "epidural", "intrathecal", "intraosseous")
PASSING = ("min", "h")
LAST_DAYS, BRIEF, FEWEST, LEAD = 4, 2, 3, 160
WHY = {
    "taken": "taken before, and not said to be stopped",
    "begun": "begun or changed, and not said to be stopped",
    "held": "held, and the record does not say that it was resumed",
    "stopped": "taken before and stopped",
}


@dataclass
class _Taken:
    """What a record says of one drug, in order: where it is listed, given, and what was done with it last."""

    name: str
    classes: tuple[str, ...]
    listed: list[Unit] = field(default_factory=list)
    begun: list[Unit] = field(default_factory=list)
    dosed: list[Unit] = field(default_factory=list)
    last: str = ""
    at: Unit | None = None


def omitted_drugs(record: Sequence[Unit], said: Said) -> Iterator[Omission]:
    """The drugs of a record that are owed to the reader of its summary, and are not in it."""
    everything = holds(said.low, listed("drugs", "all unchanged", "phrases"))
    for taken in _taken(record).values():
        state = _state(taken, record, said)
        aside = state == "taken" and _only_in_course(taken.name, said)
        if not state or (_named(taken, said) and not aside):
            continue
        unit = (taken.at if state in ("held", "stopped") else None) or [*taken.listed, *taken.begun, *taken.dosed][-1]
        slight = (everything and state == "taken") or aside
        why = f"{WHY[state]}; the summary names it outside of its medicines only" if aside else WHY[state]
        yield Omission("drug", taken.name, "low" if slight else _severity(taken), why, (span_of(unit),))


def _only_in_course(name: str, said: Said) -> bool:
    """Whether a summary that lists medicines names a drug elsewhere only, and not what was done with it."""
    places = [unit for unit, _ in said.drugs.get(name, ())]
    listed_ = {fact.name for found in said.drugs.values() for unit, fact in found if unit.place == "Medications"}
    if len(listed_) < FEWEST or not places:
        return False
    acted = any(isinstance(one, Action) and one.drug == name for unit in places for one in unit.facts)
    return not acted and all(unit.place in ("Hospital course", "History of present illness") for unit in places)


def _taken(record: Sequence[Unit]) -> dict[str, _Taken]:
    found: dict[str, _Taken] = {}
    for unit in record:
        if unit.place == "Allergies":
            continue
        spoken = holds(unit.low, ("allergy", "allergic"))
        sensitive = {one.start for one in unit.facts if spoken and isinstance(one, Allergy)}
        for clause in [unit] if unit.place == "Medications" else unit.parts(CLAUSE):
            for fact in clause.facts:
                if isinstance(fact, Drug) and fact.written != "class" and fact.start not in sensitive:
                    if not _of_relative(unit, fact):
                        _read(found.setdefault(fact.name, _Taken(fact.name, fact.classes)), fact, clause)
    return found


def _of_relative(unit: Unit, drug: Drug) -> bool:
    """Whether a drug is a relative's: "her sister takes warfarin"."""
    before = [one for one in unit.facts if isinstance(one, Person) and one.start < drug.start]
    of_one = bool(before) and before[-1].group == "relative" and holds(unit.low, ("takes", "took", "on"))
    return "family" in drug.statuses or of_one


def _read(taken: _Taken, fact: Drug, unit: Unit) -> None:
    own = [one for one in unit.facts if getattr(one, "drug", None) == fact.name]
    acts = [one.action for one in own if isinstance(one, Action)]
    before = unit.document.text[max(unit.start, fact.start - 60) : fact.start].lower()
    behind = " ".join(unit.document.text[fact.end : min(unit.end, fact.end + 120)].lower().split())[:60]
    if behind.startswith(("drip", "infusion", "gtt", "?")):  # "Start propranolol?" asks what is not told to be done.
        return
    if holds(behind, listed("drugs", "not taken", "phrases")):
        taken.last, taken.at, taken.listed = "stopped", unit, []
        return
    if before.rstrip().endswith(tuple(listed("drugs", "replaced", "phrases"))):
        taken.last, taken.at = "stopped", unit
        return
    if acts:
        taken.last, taken.at = acts[-1], unit
        if acts[-1] in ON and not holds(unit.low, listed("drugs", "not begun", "phrases")) and not _passing(own, unit):
            taken.begun.append(unit)
        return
    doses = [one for one in own if isinstance(one, Dose)]
    measured = not doses and holds(unit.low, ("level", "levels", "trough"))
    if "negated" in fact.statuses or measured or any(one.limit for one in doses):
        return
    ahead = unit.document.text[unit.start : fact.start].lower()[-LEAD:]
    if (unit.place == "Medications" and _is_of_list(unit)) or holds(ahead, listed("drugs", "takes")) or _said_after(unit, fact):
        if unit.place == "Medications" or not _passing(own, unit):
            taken.listed.append(unit)
            if taken.last in ("stopped", "held") and taken.at and unit.entry != taken.at.entry:
                taken.last = ""
    elif _is_in_form(behind, unit, fact):
        taken.listed.append(unit)
    elif not _passing(own, unit) and _is_of_list(unit) and any(isinstance(one, Frequency) for one in own):
        taken.dosed.append(unit)


def _is_in_form(behind: str, unit: Unit, fact: Drug) -> bool:
    """Whether a statement is a drug and its form and no more, as in a list: "Latanoprost drops."."""
    alone = not unit.document.text[unit.start : fact.start].strip(" -*•")
    return alone and behind.rstrip(" .") in listed("drugs", "forms")


def _is_of_list(unit: Unit) -> bool:
    return not holds(unit.low, listed("drugs", "weighed"))


def _said_after(unit: Unit, fact: Drug) -> bool:
    behind = unit.document.text[fact.end : min(unit.end, fact.end + 60)].lower()
    return holds(behind, ("at home", "unchanged", "home dose", "at discharge", "on discharge"))


def _passing(own: Sequence[object], unit: Unit) -> bool:
    """Whether a drug is given for the moment: into a vein, by the minute, once."""
    if any(isinstance(one, Route) and one.route in INTO for one in own):
        return True
    if any(isinstance(one, Dose) and set(one.per) & set(PASSING) for one in own):
        return True
    return holds(unit.low, listed("drugs", "once"))


def _late(units: Sequence[Unit], said: Said) -> bool:
    """Whether the last of these was written in the last days of a stay."""
    day = units[-1].day if units else None
    return day is None or said.last is None or said.last - day <= LAST_DAYS


def _state(taken: _Taken, record: Sequence[Unit], said: Said) -> str:
    """Why a drug is owed: "taken", "begun", "held", "stopped"; "" where it is not."""
    hospital = _is(taken, "in hospital")
    if taken.last == "held":
        return "held" if taken.listed or (taken.begun and not hospital) else ""
    if taken.last in OFF:
        return "stopped" if taken.listed else ""
    if taken.listed:
        return "taken"
    if hospital or ({"antibiotic", "antiviral"} & set(taken.classes) and not _late([*taken.begun, *taken.dosed], said)):
        return ""
    ends = [unit for unit in (*taken.begun, *taken.dosed) if not _over(unit)]
    if not ends or (not taken.begun and ends[-1].document is not record[-1].document):
        return ""
    latest = max(one.entry for one in record if one.document is ends[-1].document)
    return "begun" if taken.begun or ends[-1].entry >= latest - 1 else ""


def _over(unit: Unit) -> bool:
    """Whether what a unit says of a drug is a course that has ended."""
    ended = any(isinstance(one, Course) and one.state in ("ended", "not done") for one in unit.facts)
    brief = any(isinstance(one, Interval) and one.way == "for" and one.days <= BRIEF for one in unit.facts)
    return ended or brief or holds(unit.low, ("completed", "finished", "course done"))


def _named(taken: _Taken, said: Said) -> bool:
    """Whether a summary names a drug, all parts of a combination, or a class that stands for it."""
    parts = taken.name.split("/")
    if taken.name in said.drugs or all(part in said.drugs for part in parts):
        return True
    named = {fact.name for found in said.drugs.values() for _, fact in found if fact.written == "class"}
    if set(taken.classes) & named or taken.name in {fact.name.split()[0] for found in said.drugs.values() for _, fact in found}:
        return True
    return first_of(said.low, (taken.name,)) is not None


def _severity(taken: _Taken) -> Severity:
    return "high" if _is(taken, "grave") else "low" if _is(taken, "slight") else "moderate"


def _is(taken: _Taken, rule: str) -> bool:
    """Whether a drug is one of a rule, by its name or a class."""
    return taken.name in listed("drugs", rule, "names") or not set(taken.classes).isdisjoint(listed("drugs", rule, "classes"))
