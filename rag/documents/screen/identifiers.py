"""Residual identifiers: what the rules for patterns, people and places find, overlaps joined."""

from collections.abc import Iterable
from dataclasses import replace

from rag.documents.screen.patterns import by_pattern
from rag.documents.screen.people import people
from rag.documents.screen.places import places
from rag.values import Finding


def identifiers(text: str) -> list[Finding]:
    """Residual identifiers (the 18 kinds of 45 CFR 164.514(b)(2)) in a text, in order and without overlaps."""
    return joined([*by_pattern(text), *people(text), *places(text)])


def joined(findings: Iterable[Finding]) -> list[Finding]:
    """The findings in order of place; those that overlap become one, with type, rule and score of the surest of them."""
    kept: list[Finding] = []
    for one in sorted(findings, key=lambda f: (f.start, -f.end)):
        last = kept[-1] if kept else None
        if last and one.start < last.end:
            surest = max(last, one, key=lambda f: (f.score, f.end - f.start))
            kept[-1] = replace(surest, start=last.start, end=max(last.end, one.end))
        else:
            kept.append(one)
    return kept
