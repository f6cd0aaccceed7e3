"""Doses that have no unit of their own: "Lasix 40 BID", "two senna tablets", a number under "Dose (mg)", "from 10 to 20"."""

import re
from collections.abc import Iterator
from dataclasses import replace

from rag.clinical.facts.drugs.amounts import column_dose, counted, halves
from rag.clinical.facts.drugs.marks import Mark
from rag.clinical.facts.drugs.names import table
from rag.clinical.facts.drugs.numerals import NUMBER
from rag.clinical.facts.drugs.reaches import Reach
from rag.clinical.facts.types import Action, Dose, Drug

UNIT_OF_COLUMN = re.compile(r"[(\[ ]([a-zµμ%]{1,6})[)\]]?\s*$", re.IGNORECASE)
STRENGTHS = re.compile(r"[ ]{0,2}(\d{1,3}(?:\.\d{1,2})?)[/-](\d{1,3}(?:\.\d{1,2})?)(?![\w.,/%:-]?\d)")
BARE = re.compile(r"[ ]{0,2}(\d{1,4}(?:\.\d{1,3})?)(?![\w.,/%:-]?\d|[ -]?[A-Za-z%/:°]|\))")
BARE_BEFORE = re.compile(
    r"[ ]{0,2}(?:up to |at )?(\d{1,4}(?:\.\d{1,3})?)(?= (?:daily|po|iv|bid|tid|qd|qid|q\d|q[ahp]\w|nightly|bd|od|tds|once|twice"
    r"|mane|nocte|prn|every|at (?:bedtime|night)|weekly|in the (?:morning|evening)|with (?:meals|food))\b)",
    re.IGNORECASE,
)
TO = re.compile(
    r"[ ]{0,2}(?:dose )?(?:(?:was |is |be )?(?:increased |decreased |reduced |raised |lowered |changed )?)?(?:back |up |down )?"
    r"to (\d{1,4}(?:\.\d{1,2})?)(?![\w.,/%:-]?\d|[ -]?[A-Za-z%/:°])",
    re.IGNORECASE,
)
WAS = re.compile(r"(?:[(,] ?(?:was|previously|formerly|before)|\bfrom) $", re.IGNORECASE)
WAS_BARE = re.compile(r"[^()\n]{0,20}\((?:was|previously|formerly|down from|up from) (\d{1,4}(?:\.\d{1,2})?)\)", re.IGNORECASE)
MOST = re.compile(
    r"\b(?:max(?:imum)?|at most|not (?:to )?exceed(?:ing)?|not? more than|limit(?:ed to| of| is)?)\b[^\d.;,]{0,12}\Z",
    re.IGNORECASE,
)
YEARS = range(1900, 2100)
COUNT = re.compile(
    rf"\b(?:takes?|took|taken|taking|gave|given|give|of) (?:up to |about )?({NUMBER})"
    r"(?: (?:extra|regular|double)[ -]strength| baby| more| small)? \Z",
    re.IGNORECASE,
)
COUNTED = re.compile(r" (tablets?|tabs?|pills?|capsules?|caps?|puffs?|sprays?|patch(?:es)?|drops?)\b", re.IGNORECASE)


def bare(text: str, marks: list[Mark]) -> Iterator[Mark]:
    """Doses without a unit: "Lasix 40 BID", "increase metoprolol to 50"."""
    taken = {at for mark in marks if mark.kind == "dose" for at in (mark.start, mark.end)}
    for mark in marks:
        if isinstance(mark.fact, Dose) and mark.fact.unit != "%" and (was := WAS_BARE.match(text, mark.end)):
            yield _unitless(was.start(1), was.end(1), was[1], unit=mark.fact.unit)
        if not isinstance(mark.fact, Drug) or mark.needs == "taken" or "vaccine" in mark.fact.classes:
            continue
        both = STRENGTHS.match(text, mark.last) if "/" in mark.name else None
        if both and both.start(1) not in taken:
            yield _unitless(both.start(1), both.end(), both[1], (float(both[2]),))
            continue
        if count := COUNT.search(text, max(0, mark.start - 48), mark.start):
            unit = COUNTED.match(text, mark.last)
            dose = counted(count.start(1), count.end(1), count[1], unit[1] if unit else "tablet")
            if dose.start not in taken:
                yield dose
                continue
        found = BARE_BEFORE.match(text, mark.last) or TO.match(text, mark.last)
        found = found or (None if mark.name in table().levels else BARE.match(text, mark.last))
        if found and found.start(1) not in taken and int(float(found[1])) not in YEARS and float(found[1]):
            yield _unitless(found.start(1), found.end(1), found[1])


def _unitless(start: int, end: int, written: str, parts: tuple[float, ...] = (), unit: str = "") -> Mark:
    return Mark(
        "dose", start, end, Dose(start=start, end=end, amount=float(written), unit=unit, parts=parts), needs="drug", last=end
    )


def in_cells(text: str, reach: Reach, here: list[Mark]) -> Iterator[Mark]:
    """Bare numbers under a column such as "Dose (mg)"."""
    for name, start, end in reach.cells:
        unit = UNIT_OF_COLUMN.search(name)
        if unit and re.search(r"dose|strength|amount", name, re.IGNORECASE) and not any(start <= one.start < end for one in here):
            if mark := column_dose(text, start, end, unit[1]):
                yield mark


def stepping(text: str, marks: list[Mark]) -> list[Mark]:
    """The marks with "from 10 to 20 mg" as two doses, the former one told, instead of a range."""
    for mark in marks:
        if isinstance(mark.fact, Dose) and MOST.search(text, max(0, mark.start - 32), mark.start):
            mark.fact = replace(mark.fact, limit="<=")
        mark.former = mark.former or (mark.kind == "dose" and bool(WAS.search(text, max(0, mark.start - 16), mark.start)))
    if not any(mark.notes.get("joined") == "to" for mark in marks):
        return marks
    result: list[Mark] = []
    changed = False
    for mark in marks:
        changed = changed or (isinstance(mark.fact, Action) and mark.fact.action in ("increased", "decreased", "switched"))
        before = text[max(0, mark.start - 9) : mark.start].lower()
        stepped = before.endswith("from ") or (changed and not before.endswith((" to ", "by ")))
        if stepped and mark.notes.get("joined") == "to" and isinstance(mark.fact, Dose) and mark.fact.most is not None:
            result += halves(text, mark)
        else:
            result.append(mark)
    return result
