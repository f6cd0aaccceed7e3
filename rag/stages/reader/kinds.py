"""What kind of answer a question asks for (a reason, a date, a side), and whether a statement gives one."""

import re
from functools import cache, lru_cache

from rag.rules import rules

LONGEST = 2000
"""Characters of a statement that are looked at."""


def gives(question: str, text: str) -> float:
    """How many of the kinds that a question asks for a statement gives, less those that it does not; 0 where none is asked."""
    text = text[:LONGEST]
    return float(sum(1 if given.search(text) else -1 for given in _asked(question)))


def denies(question: str, text: str) -> bool:
    """Whether a question can be answered by yes or no, and a statement denies something."""
    asked, given = _whether()
    return asked.search(question) is not None and given.search(text[:LONGEST]) is not None


@lru_cache(maxsize=256)
def _asked(question: str) -> tuple[re.Pattern[str], ...]:
    return tuple(given for asked, given in _kinds() if asked.search(question))


@cache
def _kinds() -> tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]:
    known = rules("answers")["kinds"]
    return tuple((re.compile(rule["asked"], re.IGNORECASE), re.compile(rule["given"], re.IGNORECASE)) for rule in known)


@cache
def _whether() -> tuple[re.Pattern[str], re.Pattern[str]]:
    rule = rules("answers")["whether"]
    return re.compile(rule["asked"], re.IGNORECASE), re.compile(rule["given"], re.IGNORECASE)
