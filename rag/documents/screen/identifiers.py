"""Residual identifiers: what the rules for patterns, people and places find, overlaps joined."""

from collections.abc import Iterable
from dataclasses import replace

from rag.documents.screen.patterns import by_pattern
from rag.documents.screen.people import people
from rag.documents.screen.places import places
from rag.documents.screen.words import no_person
from rag.values import Finding


def identifiers(text: str) -> list[Finding]:
    """Residual identifiers (the 18 kinds of 45 CFR 164.514(b)(2)) in a text, in order and without overlaps."""
    no_names = no_person(text)
    found = [*people(text), *places(text)]
    kept = [one for one in found if not any(start <= one.start and one.end <= end for start, end in no_names)]
    return joined([*by_pattern(text), *kept])


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
