"""Which doses are said to be those of a whole day: "500 mg twice daily (1 g a day)", "15 mg a day in all"."""

import re
from collections.abc import Sequence
from dataclasses import replace

from rag.clinical.facts.drugs.marks import Dose, Frequency, Mark
from rag.clinical.facts.drugs.reaches import Reach

SUM = re.compile(
    r"\b(?:totals?|totall?ing|in all|altogether|add(?:s|ed|ing)? up to|com(?:es|ing) to|came to|amount(?:s|ed|ing)? to"
    r"|sums? (?:up )?to|combined)\b",
    re.IGNORECASE,
)
A_DAY = re.compile(
    r"\b(?:(?:a|per|each|every|whole|the|one|full|entire|in) (?:whole |full |entire |one )?day|daily|day's|24[ -]?(?:hours|h)\b)"
    r"|/ ?(?:d|day|24 ?h)\b",
    re.IGNORECASE,
)
OF_ONE_DOSE = re.compile(r"\([^()]{0,30}\btotal(?: dose)?\)", re.IGNORECASE)
"""What "2 tablets (10 mg total)" adds up is one dose."""
NEAR = 160
CLAUSE = re.compile(r"[;.](?=\s)|\bbut\b|, (?:and|which|then)\b")
FORMS = frozenset({"tablet", "capsule", "puff", "spray", "drop"})


def totals(text: str, reach: Reach, marks: Sequence[Mark]) -> list[Mark]:
    """The marks of a stretch with the totals told apart; the "a day" of a total is no frequency."""
    dropped: set[int] = set()
    result = list(marks)
    for at, mark in enumerate(result):
        if not isinstance(mark.fact, Dose) or mark.fact.unit == "%":
            continue
        place = next((one for one in range(at + 1, len(result)) if result[one].kind not in ("drug", "route")), at)
        daily = result[place] if place > at and _is_daily(mark, result[place]) else None
        if _said(text, reach, result, mark) or (daily and _reckoned(text, result, at, daily)):
            mark.fact = replace(mark.fact, total=True)
            if daily:
                dropped.add(place)
    return [mark for at, mark in enumerate(result) if at not in dropped]


def _is_daily(dose: Mark, one: Mark) -> bool:
    return isinstance(one.fact, Frequency) and one.fact.per_day == 1.0 and not one.fact.when and one.start - dose.end <= 40


def _said(text: str, reach: Reach, marks: Sequence[Mark], dose: Mark) -> bool:
    """Whether the clause of a dose speaks of a sum and of a day."""
    start, end = max(reach.start, dose.start - NEAR), min(reach.end, dose.end + NEAR)
    start = max((found.end() for found in CLAUSE.finditer(text, start, dose.start)), default=start)
    ends = CLAUSE.search(text, dose.end, end)
    end = ends.start() if ends else end
    clause = OF_ONE_DOSE.sub("", text[start:end])
    if not SUM.search(clause) or not A_DAY.search(clause):
        return False
    return not any(
        isinstance(one.fact, Frequency) and (one.fact.per_day or 0) > 1 and one.start >= dose.end and one.end <= end
        for one in marks
    )


def _reckoned(text: str, marks: Sequence[Mark], at: int, daily: Mark) -> bool:
    """Whether a dose a day is what an earlier dose comes to, or counts several tablets a day."""
    own = marks[at]
    assert isinstance(own.fact, Dose)
    written = text[daily.start : daily.end].lower()
    if own.fact.unit in FORMS and own.fact.amount > 1 and re.match(r"(?:a|per|each|in a) day|/ ?d", written):
        return True
    if "once" in written or own.fact.per:
        return False
    for place, one in enumerate(marks[:at]):
        after = marks[place + 1].fact
        if isinstance(one.fact, Dose) and one.drug is own.drug and isinstance(after, Frequency) and (after.per_day or 0) > 1:
            comes_to = one.fact.amount * (after.per_day or 0)
            if one.fact.unit == own.fact.unit and abs(comes_to - own.fact.amount) < 1e-6 * own.fact.amount:
                return True
    return False
