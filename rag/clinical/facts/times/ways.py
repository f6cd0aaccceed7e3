"""Ways: what the words around a stretch of time say that it counts, how far, and from which event."""

from functools import cache
from typing import Any

from rag.clinical.facts.times.units import units
from rag.clinical.facts.tokens import BREAK, Phrases, Tokens
from rag.clinical.facts.types import Way
from rag.rules import rules

OPEN = frozenset(
    {BREAK, *". , ; : ) ] - and but or when while if as is was were are has had in on at to for with of not".split()}
)
LEADING = frozenset(
    "the a an his her their your our my this that initial last first its each any he she they it we you i patient".split()
)
AHEAD = frozenset({"next", "coming", "following", "first", "initial"})
FURTHEST = 8
"""How many tokens before a number may say in which direction it counts."""


def way_before(tokens: Tokens, first: int) -> tuple[Way, str, int]:
    """The way and the limit that the words before a number tell, and where the fact begins with its limit or "every"."""
    way: Way = ""
    limit, begins, at = "", first, first
    while at > max(0, first - FURTHEST):
        found = _backward().before(tokens, at)
        if found is None:
            if tokens.word(at - 1) not in _about():
                break
            at -= 1
            continue
        kind, value = found.rule
        word, at = tokens.word(found.first), found.first
        if kind == "limit" and (word not in ("over", "past") or _is_counted(tokens, at)):
            limit, begins = limit or value, at
        elif word in AHEAD and not way:
            way = "for"  # Unless another leads it: "in the next 3 days".
        else:
            way = "for" if kind == "limit" else value  # type: ignore[assignment]
            return way, limit, at if way == "every" else begins
    return way, limit, begins


def _is_counted(tokens: Tokens, over: int) -> bool:
    """Whether "over" before a number means "more than": "for over 3 years", "over 3 years ago"."""
    before = tokens.word(over - 1)
    if before in ("for", "been", "lasted", "lasting", "is", "of", "by", "well", "just", "has", "had", "since", "every"):
        return True
    for at in range(over + 1, min(over + 6, len(tokens))):
        if tokens.word(at) in units():
            return tokens.word(at + 1) in ("ago", "old", "earlier", "later")
    return False


def from_event(tokens: Tokens, at: int) -> tuple[Way, str, int] | None:
    """ "before surgery", "after the injury", "postop", "status post repair": the way, the event, and the token behind."""
    if worded := _linked().at(tokens, at):
        return worded.rule["way"], worded.rule["of"], worded.last
    link = _links().at(tokens, at)
    if link is None:
        return None
    way: Way = link.rule["way"]
    if tokens.word(link.last) in OPEN:
        return (way, "", link.last) if link.rule["any"] else None
    if event := event_at(tokens, link.last):
        return way, *event
    place = _behind_leading(tokens, link.last)
    return (way, tokens.word(place), link.last) if link.rule["any"] and tokens.word(place) not in OPEN else None


def event_at(tokens: Tokens, at: int) -> tuple[str, int] | None:
    """The event that is named here ("the hip surgery"), by its one name, and the token behind it."""
    place = _behind_leading(tokens, at)
    return next(((name, last + 1) for last in (place, place + 1) if (name := _events().get(tokens.word(last)))), None)


def _behind_leading(tokens: Tokens, at: int) -> int:
    while tokens.word(at) in LEADING:
        at += 1
    return at


def of_gestation(tokens: Tokens, first: int, last: int) -> bool:
    """Whether weeks are those of a pregnancy."""
    words = _gestation()
    behind = last + (tokens.word(last) in ("of", "'"))
    led = tokens.said[max(0, first - 3) : first]
    born = tokens.word(first - 1) == "at" and tokens.word(first - 2) in ("born", "delivered", "delivery")
    return born or tokens.word(behind) in words or not words.isdisjoint(led)


@cache
def _about() -> frozenset[str]:
    return frozenset(rules("facts_times")["about"])


@cache
def _backward() -> Phrases[tuple[str, str]]:
    known = rules("facts_times")
    limits = [(phrase, ("limit", rule["limit"])) for rule in known["limits"] for phrase in rule["before"]]
    ways = [(phrase, ("way", rule["way"])) for rule in known["ways"] for phrase in rule["before"]]
    return Phrases([*limits, *ways])


@cache
def opens() -> frozenset[str]:
    """The words that may stand before "a week" where it is a stretch."""
    known = rules("facts_times")
    every = (phrase for rule in (*known["ways"], *known["limits"]) for phrase in rule["before"])
    spare = {"a", "an", "the", ".", "(", "of", "at", "to", "c"}
    return frozenset({phrase.rsplit(" ", 1)[-1] for phrase in every} | (set(known["about"]) - spare) | {BREAK})


@cache
def ways_after() -> Phrases[Way]:
    return Phrases((phrase, rule["way"]) for rule in rules("facts_times")["ways"] for phrase in rule["after"])


@cache
def afters() -> frozenset[str]:
    return frozenset(phrase for rule in rules("facts_times")["ways"] for phrase in rule["after"] if " " not in phrase)


@cache
def limits_after() -> Phrases[str]:
    return Phrases((phrase, rule["limit"]) for rule in rules("facts_times")["limits"] for phrase in rule["after"])


@cache
def _events() -> dict[str, str]:
    return {word: rule["of"] for rule in rules("facts_times")["events"] for word in rule["words"]}


@cache
def _gestation() -> frozenset[str]:
    return frozenset(rules("facts_times")["gestation"]["words"])


@cache
def _links() -> Phrases[dict[str, Any]]:
    return Phrases((phrase, rule) for rule in rules("facts_times")["links"] for phrase in rule["phrases"])


@cache
def _linked() -> Phrases[dict[str, Any]]:
    return Phrases((phrase, rule) for rule in rules("facts_times")["linked"] for phrase in rule["phrases"])
