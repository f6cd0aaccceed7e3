"""Patterns of the rules in `rag/rules/follow.json`, and small changes of wording."""

import re
from functools import cache

from rag.rules import rules

ENDS = "?.! \t"


@cache
def _patterns(name: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(rule["pattern"], re.IGNORECASE) for rule in rules("follow")[name])


def says(name: str, text: str) -> bool:
    """Whether one of the patterns of these rules is found in a text."""
    return any(pattern.search(text.rstrip(ENDS)) for pattern in _patterns(name))


def kinds_said(text: str) -> tuple[str, ...]:
    """The kinds of things of which a question says what it does, such as "covered"; nothing where that may be any."""
    known = zip(_patterns("predicates"), rules("follow")["predicates"], strict=True)
    return next((tuple(rule["kinds"]) for pattern, rule in known if pattern.search(text)), ())


def ended(question: str, added: str = "") -> str:
    """A question with words added before its question mark."""
    return f"{question.rstrip(ENDS)}{added}?"
