"""Reads a document for drugs, and for what is said of each: dose, frequency, route, course, change, allergy."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from rag.clinical.facts.drugs import owners
from rag.clinical.facts.drugs.actions import acted
from rag.clinical.facts.drugs.allergies import allergies
from rag.clinical.facts.drugs.bare import in_cells, stepping
from rag.clinical.facts.drugs.counting import counting
from rag.clinical.facts.drugs.marks import Mark
from rag.clinical.facts.drugs.reaches import Reach, reaches
from rag.clinical.facts.drugs.scanning import scanned
from rag.clinical.facts.drugs.totals import totals
from rag.clinical.facts.drugs.words import words_of
from rag.clinical.facts.types import Action, Fact
from rag.values import Document

LONGEST = 100
"""Marks that are read together; no sentence has more."""


def prescriptions(document: Document) -> Iterator[Fact]:
    """The drugs of a document, and the doses, frequencies, routes, courses, actions and allergies, each with its drug."""
    text = document.text
    marks = scanned(words_of(text))
    starts = [mark.start for mark in marks]
    carried = _Carried()
    kept: list[Mark] = []
    every = reaches(document)
    for reach in every:
        here = marks[bisect_left(starts, reach.start) : bisect_left(starts, reach.end)]
        if reach.cells:
            here = sorted([*here, *in_cells(text, reach, here)], key=lambda mark: (mark.start, mark.end))
        if not here and not carried.drug and not carried.action:
            continue
        for at in range(0, max(len(here), 1), LONGEST):
            kept += _read(text, reach, here[at : at + LONGEST], carried)
    yield from (mark.stated() for mark in kept if mark.kind != "action" or isinstance(mark.fact, Action))
    yield from allergies(document, [mark for mark in kept if mark.kind == "drug"], [reach for reach in every if reach.cells])


@dataclass
class _Carried:
    """What a lead-in, the sentence before or the head of a list hands on: a drug, and what is done with those that follow."""

    drug: Mark | None = None
    listed: bool = False
    action: str = ""


def _read(text: str, reach: Reach, here: list[Mark], carried: _Carried) -> list[Mark]:
    here = stepping(text, counting(text, here))
    drugs = [mark for mark in here if mark.kind == "drug"]
    lead = None if drugs else carried.drug if carried.listed or owners.goes_on(text, reach) else None
    if reach.cells:
        owners.row_own(text, here, reach.cells)
    else:
        owners.own(text, here, lead)
    here = totals(text, reach, owners.settle(text, here))
    heading = carried.action if drugs and not any(mark.kind == "action" for mark in here) else ""
    verbs = {mark.fact.action for mark in here if isinstance(mark.fact, Action)}
    if reach.leads and not drugs:
        carried.action = verbs.pop() if len(verbs) == 1 else ""
    elif reach.gap and not reach.item and not drugs:
        carried.action = ""
    here = acted(text, reach, here, heading, carried.drug)
    if reach.gap and not drugs:
        carried.drug, carried.listed = None, False
    if drugs:
        carried.drug = drugs[0] if len({mark.name for mark in drugs}) == 1 else None
        carried.listed = reach.leads and carried.drug is not None
    elif not carried.listed and not reach.leads:
        carried.drug = None if lead is None else carried.drug
    return here
