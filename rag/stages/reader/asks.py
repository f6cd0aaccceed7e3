"""What a question asks for: a list, an earlier state, several things at once; by the rules in `rag/rules/questions.json`."""

import re
from functools import cache

from rag.rules import rules
from rag.text import terms

SHORTEST_PART = 3


def asks_for_list(question: str) -> bool:
    """Whether every item that answers is asked for rather than one statement."""
    return _found("lists", question)


def asks_for_earlier(question: str) -> bool:
    """Whether an earlier state or a change is asked for, so that the latest value does not come first."""
    return _found("earlier", question)


def asks_for_latest(question: str) -> bool:
    """Whether the latest of several values is asked for, so that it comes first whichever is worded more like the question."""
    return _found("latest", question)


def asks_for_editions(question: str) -> bool:
    """Whether an edition that was replaced is asked for, or what has changed, so that the one in force does not come first."""
    return _found("editions", question)


def asks_for_rules(question: str) -> bool:
    """Whether a plan, policy or guideline is asked about, beside or instead of a patient."""
    return _found("rules", question)


def asks_for_a_plan(question: str) -> bool:
    """Whether a plan's coverage, its policy or its formulary is asked about, rather than advice."""
    return _found("plans", question)


def names_nothing(question: str) -> bool:
    """Whether a question says nothing of what it is about, so that any passage would do as well: "How much of it was that?" """
    return not set(terms(question)) - _vague()


def parts(question: str) -> tuple[str, ...]:
    """The questions that are joined in one, in order; the question alone where it asks one thing."""
    cuts = sorted({(m.start(), m.end()) for pattern in _patterns("joined") for m in pattern.finditer(question)})
    found, begin = [], 0
    for start, end in cuts:
        if start >= begin:
            found.append(question[begin:start].strip(" ,;?"))
            begin = end
    found.append(question[begin:].strip(" ,;"))
    return tuple(found) if len(found) > 1 and all(len(part.split()) >= SHORTEST_PART for part in found) else (question,)


def _found(kind: str, question: str) -> bool:
    return any(pattern.search(question) for pattern in _patterns(kind))


@cache
def _vague() -> frozenset[str]:
    return frozenset(terms(rules("questions")["vague"]["words"]))


@cache
def _patterns(kind: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(rule["pattern"], re.IGNORECASE) for rule in rules("questions")[kind])
