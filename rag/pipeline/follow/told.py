"""The words and patterns of `rag/rules/follow.json`, and small changes of wording."""

import re
from functools import cache
from itertools import chain

from rag.rules import rules

ENDS = "?.! \t"


@cache
def listed(name: str) -> frozenset[str]:
    """The words of a list of these rules."""
    return frozenset(rules("follow")[name])


def any_of(*names: str, before: str = "", behind: str = "") -> re.Pattern[str]:
    """A pattern for any words of these lists with what stands around them; the case is nothing to it."""
    words = "|".join(chain.from_iterable(rules("follow")[name] for name in names))
    return re.compile(f"{before}(?:{words}){behind}", re.IGNORECASE)


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


def same(words: str) -> str:
    """Words as these rules put them where they know others for the same."""
    return next((rule["as"] for rule in rules("follow")["same"] if rule["phrase"] == words.lower()), words)


def ended(question: str, added: str = "") -> str:
    """A question with words added before its question mark."""
    return f"{question.rstrip(ENDS)}{added}?"
