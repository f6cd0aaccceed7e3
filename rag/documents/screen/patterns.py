"""Identifiers that a pattern finds: dates, ages, numbers, addresses; the patterns stand in `rag/rules/identifiers.json`."""

import re
from dataclasses import dataclass
from functools import cache

from rag.rules import rules
from rag.values import Finding


@dataclass(frozen=True)
class Pattern:
    """A rule of `rag/rules/identifiers.json`."""

    name: str
    type: str
    score: float
    form: re.Pattern[str]


@cache
def patterns() -> tuple[Pattern, ...]:
    """All rules, in the order of the file."""
    listed = rules("identifiers")["patterns"]
    return tuple(Pattern(rule["name"], rule["type"], rule["score"], re.compile(rule["pattern"])) for rule in listed)


def by_pattern(text: str) -> list[Finding]:
    """What the patterns find in a text. Where a pattern has a group named value, only that is the identifier."""
    found = []
    for rule in patterns():
        named = "value" in rule.form.groupindex
        for match in rule.form.finditer(text):
            start, end = match.span("value") if named and match["value"] is not None else match.span()
            found.append(Finding("identifier", rule.type, start, end, rule.name, rule.score))
    return found
