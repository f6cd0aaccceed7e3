"""Identifiers that a pattern finds: dates, ages, numbers, addresses; the patterns stand in `rag/rules/identifiers.json`."""

import re
from dataclasses import dataclass
from functools import cache

from rag.rules import rules
from rag.starts import matches
from rag.values import Finding

BEFORE = 40
"""How far before a match what excludes it may begin, in characters."""


@dataclass(frozen=True)
class Pattern:
    """A rule of `rag/rules/identifiers.json`."""

    name: str
    type: str
    score: float
    form: re.Pattern[str]
    unless_before: re.Pattern[str] | None


@cache
def patterns() -> tuple[Pattern, ...]:
    """All rules, in the order of the file."""
    listed = rules("identifiers")["patterns"]
    return tuple(
        Pattern(
            rule["name"],
            rule["type"],
            rule["score"],
            re.compile(rule["pattern"]),
            re.compile(rule["unless_before"]) if "unless_before" in rule else None,
        )
        for rule in listed
    )


def by_pattern(text: str) -> list[Finding]:
    """What the patterns find in a text. Where a pattern has named groups, only the one that matched is the identifier."""
    found = []
    for rule in patterns():
        for match in matches(rule.form, text):
            start, end = next((match.span(name) for name, value in match.groupdict().items() if value is not None), match.span())
            if rule.unless_before and rule.unless_before.search(text, max(0, start - BEFORE), start):
                continue
            found.append(Finding("identifier", rule.type, start, end, rule.name, rule.score))
    return found
