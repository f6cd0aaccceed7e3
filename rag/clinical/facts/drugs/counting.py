"""Which of the names that mean something else too are a drug here: those with a dose, a form or a verb of taking beside them."""

import re

from rag.clinical.facts.drugs.marks import Mark
from rag.clinical.facts.drugs.owners import tight
from rag.clinical.facts.types import Dose

TAKEN = re.compile(
    r"(?:\b(?:takes?|taking|took|taken|on|starts?|started|starting|continues?|continued|continuing|give[ns]?|gave|receives?|received"
    r"|replete|repleted|prescribed?|add(?:ed)?|using|uses?|oral|iv|po|stop(?:ped)?|hold|held|resumed?|refilled|allergic to"
    r"|(?:treated|managed|replaced|supplemented) with"
    r"|increased?|decreased?|discontinued?|tolerat(?:es?|ed|ing))(?: (?:the|her|his|their|oral|iv|some|her usual|daily))? )$",
    re.IGNORECASE,
)
DONE = re.compile(r" (?:(?:was|were|is|be|been|has been) )?(?:held|stopped|started|continued|resumed|increased|decreased)\b")
GIVEN = re.compile(
    r" (?:is|was|are|were|(?:should|must|can|will|may) be|has been|have been) (?:now |also |then )?"
    r"(?:taken|given|used|started|stopped|held|continued|added|prescribed|resumed|supplemented|injected|infused)\b",
    re.IGNORECASE,
)
FORM = re.compile(
    r"[ -](?:tablets?|tabs?|pills?|supplement\w*|replacement|repletion|infusion|drip|bolus|therapy|patch(?:es)?|gum|lozenges?"
    r"|cream|gel|ointment|drops?|injections?|shots?|chloride|gluconate|oxide|citrate|sulfate|glycinate|carbonate|capsules?|inhaler"
    r"|suspension|daily|bid|tid|prn|supplementation|treatment|implant|pellets?)\b",
    re.IGNORECASE,
)


def counting(text: str, marks: list[Mark]) -> list[Mark]:
    """The marks without the names that are a drug only in company they have not got."""
    if not any(mark.kind == "drug" and mark.needs for mark in marks):
        return marks
    sure = [mark for mark in marks if mark.kind == "drug" and not mark.needs]
    doubted = [mark for mark in marks if mark.kind == "drug" and mark.needs]
    dropped = set()
    for mark in doubted:
        if _taken(text, marks, mark) or (mark.needs == "capital" and _capital_within(text, mark)):
            sure.append(mark)
        elif not any(_listed(text, mark, one) for one in sure):
            dropped.add(id(mark))
        else:
            sure.append(mark)
    for mark in doubted:
        mark.needs = ""
    gone = {mark.last for mark in doubted if id(mark) in dropped}
    return [mark for mark in marks if id(mark) not in dropped and not (_unitless(mark) and mark.start - 1 in gone)]


def _unitless(mark: Mark) -> bool:
    return isinstance(mark.fact, Dose) and not mark.fact.unit


def _taken(text: str, marks: list[Mark], mark: Mark) -> bool:
    for one in marks:
        volume = isinstance(one.fact, Dose) and one.fact.unit == "mL"
        if one.kind in ("dose", "frequency") and not _unitless(one) and not (mark.needs == "taken" and volume):
            low, high = (mark.last, one.start) if one.start >= mark.end else (one.end, mark.start)
            if 0 <= high - low <= 24 and tight(text, low, high) and "\n" not in text[low:high]:
                return True
    written = text[mark.start : mark.end]
    found = TAKEN.search(text, max(0, mark.start - 24), mark.start)
    verb = found[0].split()[0].lower() if found else ""
    if GIVEN.match(text, mark.last):
        return True
    if mark.needs == "dose" and written.isupper() and DONE.match(text, mark.end):
        return True
    if mark.needs == "dose" and written.islower():
        return bool(verb) and verb != "on"
    return bool(verb) or bool(FORM.match(text, mark.end))


def _capital_within(text: str, mark: Mark) -> bool:
    before, written = text[max(0, mark.start - 3) : mark.start].rstrip(" \t"), text[mark.start : mark.end]
    return written[0].isupper() and not written.isupper() and bool(before) and before[-1] not in ".!?\n•-*"


def _listed(text: str, one: Mark, two: Mark) -> bool:
    first, second = (one, two) if one.start < two.start else (two, one)
    return bool(re.fullmatch(r" ?(?:,|/|,? and|,? or|\+|&|with|plus) ?", text[first.last : second.start], re.IGNORECASE))
