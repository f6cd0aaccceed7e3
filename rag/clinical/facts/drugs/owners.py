"""Whose each dose, frequency and route is: the drug's that it stands beside, in its clause, row or list, never a neighbour's."""

import re
from collections.abc import Sequence
from functools import cache

from rag.clinical.facts.drugs.marks import Mark
from rag.clinical.facts.drugs.reaches import Reach
from rag.rules import rules

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
SIGNS = re.compile(r"[\w\s'’()\[\],:=@~+.*|–—-]*")
TIGHT = re.compile(r"[\w\s'’,:()\[\]=@~*–—-]*")
BREAK = re.compile(r"[;|•]|\.\s")
TURN = re.compile(r"\b(?:because|since|although|though|while|whereas|which|who|whose|but|until|unless|despite)\b", re.IGNORECASE)
OTHER = re.compile(
    r"(?:\band|,|;)\s+(?:the |his |her |your |an? )?(?:[a-z]+ ){0,2}(?:medicines?|medications?|tablets?|pills?"
    r"|drugs?|inhalers?|creams?)\b",
    re.IGNORECASE,
)
"""A medicine that is not named: "and the fever medicine every six hours"."""
TIMES = frozenset("then for after before until days day weeks week hours from in at if when maximum max up may".split())
NEAR = 40
FAR = 90
"""Characters from a drug to a frequency or route of its own without a dose between."""


@cache
def _set(name: str) -> frozenset[str]:
    return frozenset(rules("facts_drugs")[name])


def only(text: str, start: int, end: int, allowed: frozenset[str], signs: re.Pattern[str] = SIGNS) -> bool:
    """Whether a stretch holds nothing but these words and signs."""
    if start >= end:
        return True
    return signs.fullmatch(text, start, end) is not None and all(
        word.lower() in allowed or word.lower().isdecimal() for word in WORD.findall(text, start, end)
    )


def tight(text: str, start: int, end: int) -> bool:
    """Whether two marks stand side by side, but for forms ("tablets") and signs."""
    return end - start <= FAR and only(text, start, end, _set("forms"), TIGHT)


def own(text: str, marks: Sequence[Mark], carried: Mark | None) -> None:
    """Says of each dose, frequency, route and course of a stretch whose it is; `carried` is the drug of the lead-in before it."""
    drugs = [at for at, mark in enumerate(marks) if mark.kind == "drug"]
    for at, mark in enumerate(marks):
        if mark.kind not in ("dose", "frequency", "route", "course"):
            continue
        before = next((place for place in reversed(drugs) if place < at), None)
        after = next((place for place in drugs if place > at), None)
        mark.drug = _inside(marks, at) or _whose(text, marks, at, before, after) or (carried if not drugs else None)
        mark.bound = mark.drug is not None


def _inside(marks: Sequence[Mark], at: int) -> Mark | None:
    """The drug whose very name holds the mark: "nicotine patch"."""
    mark = marks[at]
    return next((one for one in marks if one.kind == "drug" and one.start <= mark.start and mark.end <= one.end), None)


def _whose(text: str, marks: Sequence[Mark], at: int, before: int | None, after: int | None) -> Mark | None:
    following = marks[after] if after is not None and _leads_on(text, marks, at, after) else None
    if before is None:
        beside = marks[at - 1] if at else None
        if beside and beside.drug and tight(text, beside.end, marks[at].start):
            return beside.drug
        return following or _later(text, marks, at, after)
    previous = marks[before]
    if following and _rather_following(text, marks, at, before, following):
        return following
    return previous if _reaches(text, marks, at, before) else following


def _leads_on(text: str, marks: Sequence[Mark], at: int, after: int) -> bool:
    """Whether nothing but forms, routes and frequencies stands between a mark and the drug behind it: "40 mg of oral Lasix"."""
    end = marks[at].end
    for mark in marks[at + 1 : after + 1]:
        if not only(text, end, mark.start, _set("forms"), re.compile(r"[\w\s'’-]*")):
            return False
        if mark.kind not in ("route", "drug") and not (mark.kind == "frequency" and marks[at].kind in ("dose", "route")):
            return False
        end = max(end, mark.end)
    return "\n" not in text[marks[at].end : marks[after].start] or text[marks[at].end : marks[after].start].count("\n") == 0


def _rather_following(text: str, marks: Sequence[Mark], at: int, before: int, following: Mark) -> bool:
    mark, previous = marks[at], marks[before]
    if re.match(r"\s+of\s", text[mark.end : mark.end + 6], re.IGNORECASE):
        return True
    between = [one for one in marks[before + 1 : at] if one.kind in ("dose", "frequency", "route")]
    if mark.kind != "dose":
        last = between[-1] if between else previous
        return not (tight(text, last.end if between else previous.last, mark.start) and "," not in text[last.end : mark.start])
    if any(one.kind == "frequency" and one.start > mark.end for one in marks[at + 1 :] if one.end <= following.start):
        return not tight(text, previous.last, mark.start) and not between
    if any(one.kind == "dose" and one.drug is previous for one in marks[:at]):
        return True
    return not tight(text, previous.last, mark.start)


def _reaches(text: str, marks: Sequence[Mark], at: int, before: int) -> bool:
    """Whether a drug that stands before a mark has it."""
    mark, drug = marks[at], marks[before]
    stretch = text[drug.last : mark.start]
    alone = sum(one.kind == "drug" for one in marks) == 1
    if BREAK.search(stretch) and not alone:
        return False
    between = [one for one in marks[before + 1 : at] if one.kind in ("dose", "frequency", "route") and one.end > drug.last]
    if mark.kind == "dose":
        return not _another(text, marks, at, between, drug)
    if between and between[-1].drug is drug and tight(text, between[-1].end, mark.start):
        return True
    if OTHER.search(text, between[-1].end if between else drug.last, mark.start):
        return False
    if TURN.search(stretch) and not any(one.kind == "dose" for one in between):
        return False
    near = between[-1].end if between else drug.last
    return mark.start - near <= FAR


def _another(text: str, marks: Sequence[Mark], at: int, between: list[Mark], drug: Mark) -> bool:
    """Whether a second dose stands behind a name that the table does not know: "metformin 500 mg, Foozol 20 mg"."""
    verbs = any(one.kind == "action" and one.start >= between[-1].end for one in marks[:at]) if between else False
    if verbs or not any(one.kind == "dose" for one in between) or tight(text, between[-1].end, marks[at].start):
        return False
    stretch = re.split(r"[,;\n(]|\band\b", text[between[-1].end : marks[at].start])
    words = WORD.findall(stretch[-1]) if len(stretch) > 1 else []
    return (
        bool(words) and words[0][0].isalpha() and words[0].lower() not in _set("light") | _set("forms") | _set("goes_on") | TIMES
    )


def _later(text: str, marks: Sequence[Mark], at: int, after: int | None) -> Mark | None:
    """The one drug behind a dose that nothing else stands before: "his dose of 20 mg is too low, so lisinopril ..."."""
    if after is None or sum(one.kind == "drug" for one in marks) != 1:
        return None
    if re.search(r"[,;|•(]|\.\s", text[marks[at].end : marks[after].start]):
        return None
    mark = marks[at]
    return marks[after] if mark.kind == "dose" and marks[after].start - mark.end <= FAR else None


def row_own(text: str, marks: Sequence[Mark], cells: Sequence[tuple[str, int, int]]) -> None:
    """The same for a row of a table: what stands in a cell without a drug of its own is that of the row's drug."""
    drugs = [mark for mark in marks if mark.kind == "drug"]
    named = [
        mark
        for name, start, end in cells
        if re.search(r"\b(?:drug|medication|medicine|agent|name|generic|product|item|order)", name, re.IGNORECASE)
        for mark in drugs
        if start <= mark.start < end
    ]
    row = next(iter(named or drugs), None)
    for _, start, end in cells or (("", 0, len(text)),):
        inside = [mark for mark in marks if start <= mark.start < end]
        own(text, inside, row)


def goes_on(text: str, reach: Reach) -> bool:
    """Whether a stretch reads as directions for what stands before it: "Take one tablet", "The dose is 5 mg"."""
    first, *rest = [word.lower() for word in WORD.findall(text, reach.start, min(reach.end, reach.start + 40))] or [""]
    if first in ("the", "this", "his", "her", "their", "your", "each"):
        return bool(rest) and rest[0] in _set("goes_on_behind_the")
    return first in _set("goes_on") or first.isdecimal()


def settle(text: str, marks: Sequence[Mark]) -> list[Mark]:
    """The marks that count: a dose in litres or a word such as "cream" only where it has what it needs."""
    kept = []
    for at, mark in enumerate(marks):
        if mark.needs == "drug" and mark.drug is None:
            continue
        if mark.needs == "beside" and not (mark.drug and _beside(text, mark, mark.drug)):
            continue
        if mark.needs == "tight" and not _behind_a_dose(text, marks, at):
            continue
        if mark.needs == "dose" and not _with_dose(text, marks, at):
            continue
        if mark.needs == "unit" and mark.drug is None and ALCOHOL.search(text, max(0, mark.start - 80), mark.end + 40):
            continue
        kept.append(mark)
    return kept


def _behind_a_dose(text: str, marks: Sequence[Mark], at: int) -> bool:
    """Whether a course stands right behind a drug or what belongs to it, and is not a time past."""
    before = marks[at - 1] if at else None
    if not before or before.kind == "action" or re.match(r" ?ago\b", text[marks[at].end : marks[at].end + 5]):
        return False
    return tight(text, max(before.last, before.end), marks[at].start)


STRENGTH = re.compile(r"\b(?:strength|concentration|cream|ointment|solution|gel|lotion|drops|shampoo|foam)\b", re.IGNORECASE)
ALCOHOL = re.compile(
    r"\b(?:alcohol|drinks?|drinking|etoh|wine|beer|vodka|blood|prbcs?|cells|platelets|ffp|housing|care)\b", re.IGNORECASE
)


def _beside(text: str, mark: Mark, drug: Mark) -> bool:
    if STRENGTH.search(text[max(0, mark.start - 30) : mark.end + 12]):
        return True
    if mark.start >= drug.start:
        return tight(text, drug.last, mark.start)
    return tight(text, mark.end, drug.start)


def _with_dose(text: str, marks: Sequence[Mark], at: int) -> bool:
    """Whether a word such as "OD" or "at bedtime" stands with a dose or near its drug."""
    mark = marks[at]
    if mark.drug and mark.drug.start <= mark.start and mark.end <= mark.drug.end:
        return True
    if mark.drug is None:
        near = [one for one in marks[:at] if one.kind in ("dose", "frequency", "route") and not one.needs]
        return bool(near) and tight(text, near[-1].end, mark.start)
    if mark.kind == "route":
        edges = [
            (one.end if one.kind != "drug" else one.last, one.start) for one in marks if one is not mark and _same(one, mark)
        ]
        return any(_close(text, end, mark.start) or _close(text, mark.end, start) for end, start in edges)
    low, high = min(mark.start, mark.drug.start), max(mark.start, mark.drug.start)
    return high - low <= FAR and not TURN.search(text, low, high)


def _same(one: Mark, mark: Mark) -> bool:
    return one is mark.drug or one.drug is mark.drug


def _close(text: str, start: int, end: int) -> bool:
    return start <= end <= start + NEAR and not re.search(r"[.,;:()\n|](?!\d)", text[start:end].strip(" ,:(|\t"))
