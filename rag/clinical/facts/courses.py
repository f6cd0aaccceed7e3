"""Courses: how far something is in time and how it goes, the order of events, and how sure a thing is said to be."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from rag.clinical.facts.times.amounts import PLAIN
from rag.clinical.facts.times.days import MONTH
from rag.clinical.facts.times.units import units
from rag.clinical.facts.tokens import BREAK, Found, Phrases, Tokens, tokens_of
from rag.clinical.facts.types import Certainty, Course, Fact, Order
from rag.rules import rules
from rag.values import Document

APART = frozenset({BREAK, *", ; : ( ) . ! ? | which that who but".split()})
DETERMINERS = frozenset("the a an his her any this that their".split())
DATING = frozenset("in since until of by from last next".split())
TURNS = 3
"""How many words before a phrase a "not" turns it round."""
LONGEST = 4
"""Words of what is spoken of."""


class _Rule(NamedTuple):
    kind: str
    value: str
    look: str


def courses(document: Document) -> Iterator[Fact]:
    """The courses, places in an order and certainties of a document, in order, none inside another."""
    tokens = tokens_of(document.text)
    for found in _phrases().find(tokens):
        kind, value = found.rule.kind, found.rule.value
        if not kind or not _is_meant(tokens, found):
            continue
        start, end, of = tokens.starts[found.first], tokens.ends[found.last - 1], _topic(tokens, found)
        if kind == "course":
            yield Course(start=start, end=end, state=_state(tokens, found), of=of)
        elif kind == "certainty":
            yield Certainty(start=start, end=end, level=value, of=of)
        else:
            yield Order(start=start, end=end, order=value, of=of)


def _state(tokens: Tokens, found: Found[_Rule]) -> str:
    """The state of a phrase, turned round behind a "not": what "never really resolved" is ongoing."""
    turned = not _turning().isdisjoint(tokens.said[max(0, found.first - TURNS) : found.first])
    return _turned().get(found.rule.value, found.rule.value) if turned else found.rule.value


def _is_meant(tokens: Tokens, found: Found[_Rule]) -> bool:
    """Whether a phrase is none of time alone, as in "last week", "first 3 days", "for the past year", "30 second", "in May"."""
    kind, value, look = found.rule
    before, after = tokens.word(found.first - 1), tokens.word(found.last)
    number = after[:1].isdecimal() or after in PLAIN
    counted = number or after in units() or after in _times() or after in MONTH or after in _vague()
    if kind == "certainty":
        dated = after[:1].isdecimal() or before[:1].isdecimal() or before in DATING
        return tokens.said[found.first] != "may" or not (tokens.capital(found.first) and dated)
    if value == "this":
        return after in rules("facts_courses")["this"]
    if value == "since":
        return after[:1].isdecimal() or after in MONTH or tokens.written(found.last, found.last + 2).lower().startswith(_since())
    if value in ("first", "last", "next", "second", "third", "past"):
        return not (counted and (look == "after" or value == "past")) and not (
            (before in ("a", "per", "each") and after in APART) or before[:1].isdecimal()
        )
    if value == "begun" and tokens.said[found.last - 1] == "on":
        return not after[:1].isdecimal()
    if value in ("before", "after"):
        return before not in units() and not (number and tokens.word(found.last + 1) in units())
    return True


def _topic(tokens: Tokens, found: Found[_Rule]) -> str:
    """What is spoken of, in small letters: the words behind the phrase, or those that its clause begins with."""
    look, first, last = found.rule.look, found.first, found.last
    if look == "before":
        return _before(tokens, first) or _after(tokens, last)
    if look == "around":
        return _after(tokens, last, DETERMINERS) or _before(tokens, first) or _after(tokens, last)
    return _after(tokens, last)


def _after(tokens: Tokens, at: int, passed: frozenset[str] | None = None) -> str:
    """The words that begin here, behind those without a meaning of their own, or behind those that may be passed."""
    behind, passed = at + LONGEST, passed or _no_topic()
    while at < behind and tokens.word(at) in passed:
        at += 1
    return _run(tokens, at, len(tokens))


def _before(tokens: Tokens, end: int) -> str:
    begin = end
    while begin > 0 and tokens.said[begin - 1] not in APART and end - begin < 24:
        begin -= 1
    none = _no_topic()
    for at in range(begin, end):
        if tokens.said[at] not in none and tokens.said[at][:1].isalpha():
            return _run(tokens, at, end)
    led = begin - 1
    if led > 0 and tokens.said[led] in (",", "which", "that", "who", "(", ":"):
        led -= tokens.said[led - 1] == ","
        first = led
        while first > 0 and _is_word(tokens.said[first - 1]) and led - first < LONGEST:
            first -= 1
        return " ".join(tokens.said[first:led])
    return ""


def _run(tokens: Tokens, at: int, end: int) -> str:
    last = at
    while last < min(end, at + LONGEST, len(tokens)) and _is_word(tokens.said[last]):
        last += 1
    return " ".join(tokens.said[at:last])


def _is_word(word: str) -> bool:
    return word[:1].isalpha() and word not in _no_topic() and word not in APART


@cache
def _phrases() -> Phrases[_Rule]:
    known = rules("facts_courses")
    parts = (("course", "courses", "state"), ("order", "orders", "order"), ("certainty", "levels", "level"))
    found = [
        (phrase, _Rule(kind, rule[field], rule["look"]))
        for kind, part, field in parts
        for rule in known[part]
        for phrase in rule["phrases"]
    ]
    return Phrases([*((phrase, _Rule("", "", "")) for phrase in known["never"]["phrases"]), *found])


@cache
def _since() -> tuple[str, ...]:
    return tuple(rules("facts_courses")["since"])


@cache
def _turning() -> frozenset[str]:
    return frozenset(rules("facts_courses")["turned"]["words"])


@cache
def _turned() -> dict[str, str]:
    states: dict[str, str] = rules("facts_courses")["turned"]["states"]
    return states


@cache
def _times() -> frozenset[str]:
    return frozenset(rules("facts_courses")["no_order"])


@cache
def _vague() -> frozenset[str]:
    return frozenset(word for rule in rules("facts_times")["vague"] for word in rule["words"])


@cache
def _no_topic() -> frozenset[str]:
    return frozenset(rules("facts_courses")["no_topic"])
