"""Units of time: how notes write them, and their length in days."""

from functools import cache
from typing import NamedTuple

from rag.rules import rules


class Unit(NamedTuple):
    """A unit of time; `glued` where it is a letter that counts only right at its figures."""

    days: float
    glued: bool
    name: str


@cache
def units() -> dict[str, Unit]:
    found: dict[str, Unit] = {}
    for rule in rules("facts_times")["units"]:
        for word in rule["words"]:
            found |= {form: Unit(float(rule["days"]), False, rule["unit"]) for form in (word, f"{word}'s", f"{word}'")}
        found |= {word: Unit(float(rule["days"]), True, rule["unit"]) for word in rule["glued"]}
    return found
