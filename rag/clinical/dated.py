"""The day that stands after a label, at the start of a line or inside one."""

import re
from functools import cache

from rag.clinical.times import YEAR, stands_alone, writes_day_first, written_day
from rag.needed import holds
from rag.rules import rules

REACH = 24
"""Characters after a label in which its date begins and ends."""
WEEKDAY = r"(?:(?:on )?(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?[.,]{0,2} )?(?:the )?"
STAMP = re.compile(rf"({YEAR})(0[1-9]|1[0-2])([0-3]\d)(?!\d)")
"""A day as machines write it, which only its label tells from other numbers: 20240314."""
WORD_BEFORE = re.compile(r"[A-Za-z]['’)]?[ /-]\Z")


def labelled(head: str, labels: tuple[str, ...], inside: bool = True, months: bool = False) -> str | None:
    """The day after the first of these labels that has one, or None.

    A label at the start of a line counts before one inside a sentence ("the policy effective January 1, 2024"). A label with a
    word before it that makes it another one ("birth date", "planned discharge date") does not count. With `months` a month
    counts as its first day.
    """
    day_first = writes_day_first(head)
    for pattern in _openings(labels)[: 2 if inside else 1]:
        found: dict[str, str] = {}
        for label in pattern.finditer(head) if holds(pattern, head) else ():
            name = " ".join(label[1].lower().split())
            if name not in found and _whole(head, label.start(1), name) and (day := day_at(head, label.end(), months, day_first)):
                found[name] = day
        for name in labels:
            if name in found:
                return found[name]
    return None


def _whole(head: str, at: int, name: str) -> bool:
    """Whether the label is not the end of a longer one; one such as "date" has no word before it at all."""
    if name in rules("dates")["alone"]["labels"] and WORD_BEFORE.search(head, max(0, at - 24), at):
        return False
    return stands_alone(head, at)


def day_at(text: str, at: int, months: bool = False, day_first: bool | None = None) -> str | None:
    """The day that the text names right at this place, or None."""
    stamp = STAMP.match(text, at)
    day = written_day("-".join(stamp.groups()) if stamp else text[at : at + REACH], day_first)
    if day is None:
        return None
    if len(day) == len("2024-03") and months:
        return f"{day}-01"
    return day if len(day) == len("2024-03-14") else None


@cache
def _openings(labels: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Where a label may stand before its date: at the start of a line, or anywhere. Bold type and table bars are passed over."""
    longest = "|".join(re.escape(label) for label in sorted(labels, key=len, reverse=True))
    after = rf"({longest})[\s:.\-–*_|]{{1,8}}{WEEKDAY}(?=(?:[A-Z][a-z]+\.?,? )?\d)"
    return (
        re.compile(rf"^[^\w\n]*{after}", re.IGNORECASE | re.MULTILINE),
        re.compile(rf"\b{after}", re.IGNORECASE | re.MULTILINE),
    )
