"""Allergies and intolerances of a record that a summary does not name as such."""

import re
from collections.abc import Iterator, Sequence

from rag.clinical.facts.types import Allergy, Drug
from rag.stages.verify.omissions.base import Omission, holds, listed, span_of
from rag.stages.verify.omissions.said import Said
from rag.stages.verify.omissions.units import Unit
from rag.values import Span, Status

ENTRY = re.compile(r"[;,\n]")
NAME = re.compile(r"[^\W\d_][\w'/-]*(?: [^\W\d_][\w'/-]*){0,3}")
LEAD = re.compile(r"[\s*•\-–#_\d.]{0,8}(?:(?:and|iv|oral|topical|the) ?)?", re.IGNORECASE)
ENTRIES = re.compile(r"[\s*_]{0,4}(?:[-*•|]\s|[^\n(:]{2,40}[(:–-])")
TELLING = 6
"""Letters by which a substance is known in any form."""
REMARK = ("(", ":", "-", "–", "|")
NONE = ("nkda", "nka", "none", "no known", "nil", "denies", "not known")


def omitted_allergies(record: Sequence[Unit], said: Said) -> Iterator[Omission]:
    """The allergies of a record that its summary leaves out; what was taken off the list later is none."""
    found: dict[str, tuple[str, Unit]] = {}
    for unit in record:
        for substance, reaction in _allergies(unit):
            found[substance] = (reaction or found.get(substance, ("",))[0], unit)
    covered: list[Span] = []
    classes = {one.name: one.classes for unit in record for one in unit.facts if isinstance(one, Drug)}
    general = {name for own in found for name in classes.get(own, ()) if name != own}
    told = [unit for unit in said.units if unit.place == "Allergies" or _speaks(unit)]
    for substance, (reaction, unit) in found.items():
        if substance in general or (span_of(unit) in covered and substance in ("adhesive", "iodine")):
            continue
        covered.append(span_of(unit))
        if not _lifted(substance, record) and not _said(substance, unit, told, said):
            yield Omission(
                "allergy", substance, "high", f"reaction: {reaction}" if reaction else "allergy or intolerance", (span_of(unit),)
            )


def _allergies(unit: Unit) -> Iterator[tuple[str, str]]:
    """What is not tolerated by a statement: its facts, and under the heading of allergies every entry of a list."""
    if unit.place not in ("Allergies", "") and not _speaks(unit):
        return
    facts = [one for one in unit.facts if isinstance(one, Allergy) and not one.statuses & _denied(unit)]
    facts = [one for one in facts if one.substance not in ("none", "") and not _is_tolerated(unit, one.end)]
    if holds(unit.low, listed("allergies", "tolerated")):
        facts = [one for one in facts if one.start == unit.start or one.reaction]
    if unit.place != "Allergies":
        if holds(unit.low, listed("allergies", "asked")):
            facts = [one for one in facts if one.reaction]
        yield from ((one.substance, one.reaction) for one in facts if _speaks(unit))
        return
    taken = {one.substance: one.reaction for one in facts}
    for one in unit.facts:
        if (
            isinstance(one, Drug)
            and one.name not in taken
            and _begins_entry(unit, one.start)
            and not _is_tolerated(unit, one.end)
        ):
            taken[one.name] = ""
    yield from taken.items()
    if not taken and not holds(unit.low, NONE):
        yield from _entries(unit)


def _denied(unit: Unit) -> frozenset[Status]:
    """The statuses that make an allergy none; what somebody does not tolerate stands under a "not" of its own."""
    intolerant = holds(unit.low, ("not tolerate", "cannot tolerate", "intolerant", "not tolerated"))
    return frozenset({"family"}) if intolerant else frozenset({"negated", "family"})


def _is_tolerated(unit: Unit, end: int) -> bool:
    """Whether the words behind a substance say that it is taken without harm."""
    behind = " ".join(unit.document.text[end : min(unit.end, end + 30)].lower().split())
    return behind.startswith(("tolerated", "is tolerated", "ok", "fine", "was tolerated", "without", "- none", "none", ": none"))


def _begins_entry(unit: Unit, at: int) -> bool:
    """Whether an entry of a list begins here: behind a label, a comma or a bullet, and in no brackets."""
    before = unit.document.text[unit.start : at]
    return before.count("(") <= before.count(")") and bool(
        LEAD.fullmatch(before[max(before.rfind(sign) for sign in ",;:\n|") + 1 :])
    )


def _entries(unit: Unit) -> Iterator[tuple[str, str]]:
    inline = place_label(unit)
    text = unit.text.partition(":")[2] if inline else unit.text
    if not ENTRIES.match(unit.text) and not inline:
        return
    if text.lstrip().startswith("|"):
        text = text.lstrip(" |").split("|")[0] + "|"
    for part in ENTRY.split(text):
        if name := NAME.search(part.split("(")[0].split(":")[0].split(" - ")[0]):
            if (inline and len(part.split()) <= 4) or part.strip(" -*•")[len(name[0]) :].lstrip()[:1] in REMARK:
                yield name[0].lower(), ""


def place_label(unit: Unit) -> bool:
    return holds(unit.low[:40], ("allergies", "allergy", "all", "intolerances"))


def _speaks(unit: Unit) -> bool:
    return any(cue in unit.low for cue in listed("allergies", "cues"))


def _lifted(substance: str, record: Sequence[Unit]) -> bool:
    return any(
        substance.split()[0] in unit.low and holds(unit.low, listed("allergies", "lifted")) and not unit.place == "Medications"
        for unit in record
    )


def _said(substance: str, unit: Unit, told: Sequence[Unit], said: Said) -> bool:
    """Whether a summary names a substance where it speaks of allergies or reactions, by any of its names."""
    for one in told:
        names = {fact.substance for fact in one.facts if isinstance(fact, Allergy)}
        names |= {fact.name for fact in one.facts if isinstance(fact, Drug)}
        if substance in names or any(substance.split("/")[0] in name.split("/") for name in names):
            return True
        first = substance.split()[0]
        if holds(one.low, (first,)) or (len(first) >= TELLING and first[:TELLING] in one.low):
            return True
    words = [word for word in unit.words if word.written.lower() in substance]
    return bool(words) and said.covered(words, [(one.start, one.end) for one in told]) >= 0.5
