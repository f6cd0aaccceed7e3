"""The drugs that a question asks about: whether a statement names one of them, another one, or a change of its dose."""

import re
from collections.abc import Collection
from functools import cache, lru_cache

from rag.clinical.medicines import drug_classes, drug_groups
from rag.rules import rules
from rag.stages.expand.synonyms import Match, matches
from rag.text import terms

LONGEST = 2000
"""Characters of a statement that are looked at."""


@lru_cache(maxsize=256)
def asked(question: str) -> tuple[frozenset[str], ...]:
    """The terms of each name, and of each other name, of the drugs that a question names; of a class with its members."""
    found = [match for match in matches(question) if _name(question, match) in _drugs() | _classes()]
    forms = (form for match in found for form in (question[match.start : match.end], *match.forms))
    return tuple(dict.fromkeys(own for form in forms if (own := frozenset(terms(form)))))


def holds(names: Collection[frozenset[str]], text: str) -> bool:
    """Whether a text names one of these drugs, by any of its names."""
    there = set(terms(text))
    return any(name <= there for name in names)


def names_another(names: Collection[frozenset[str]], text: str) -> bool:
    """Whether a text names a drug, and none of these."""
    text = text[:LONGEST]
    return not holds(names, text) and bool(_named(text))


def changes_dose(names: Collection[frozenset[str]], text: str) -> bool:
    """Whether a text says to which dose one of these drugs is changed, without a condition before it."""
    text = text[:LONGEST]
    told = _change().search(text)
    if told is None or _condition().search(text, max(told.start() - 60, 0), told.start()):
        return False
    before = [match for match in matches(text) if match.start < told.end() and _name(text, match) in _drugs()]
    return bool(before) and holds(names, text[before[-1].start : before[-1].end])


def asks_for_dose(question: str) -> bool:
    """Whether a question asks how much of a drug is taken."""
    return any(pattern.search(question) for pattern in _patterns("asked"))


@lru_cache(maxsize=4096)
def _named(text: str) -> tuple[str, ...]:
    return tuple(name for match in matches(text) if (name := _name(text, match)) in _drugs())


def _name(text: str, match: Match) -> str:
    return " ".join(text[match.start : match.end].lower().split())


@cache
def _drugs() -> frozenset[str]:
    return frozenset(name.lower() for group in drug_groups() for name in group)


@cache
def _classes() -> frozenset[str]:
    return frozenset(name.lower() for names, _ in drug_classes() for name in names)


@cache
def _patterns(kind: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(rule["pattern"], re.IGNORECASE) for rule in rules("answers")["doses"][kind])


def _change() -> re.Pattern[str]:
    return _patterns("changed")[0]


def _condition() -> re.Pattern[str]:
    return _patterns("unless")[0]
