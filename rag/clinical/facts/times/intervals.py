"""Intervals and ages: stretches of time with what they count, in which direction and from what, and how old somebody is."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from rag.clinical.facts.times.ages import age_of, ages
from rag.clinical.facts.times.amounts import number_at, number_before
from rag.clinical.facts.times.days import MONTH
from rag.clinical.facts.times.stretches import RATES, Stretch, stretches
from rag.clinical.facts.times.units import Unit, units
from rag.clinical.facts.times.ways import event_at, from_event, limits_after, of_gestation, way_before, ways_after
from rag.clinical.facts.tokens import BREAK, Phrases, Tokens, tokens_of
from rag.clinical.facts.types import Age, Interval, Way
from rag.rules import rules
from rag.values import Document, Moment

BARE = frozenset({"since"})
BARE_BEFORE = frozenset({BREAK, ".", ",", ";", "(", ":", "the", "and", "-"})
"""What stands before "day after" where that is the next one."""
NO_COUNT = frozenset("every each per a one / another same next".split())
"""What stands before a "day" that is none of a row: "each day 2 tablets"."""
NO_COUNTED = frozenset("times x % mg ml g tablets tablet units".split())


def intervals(document: Document) -> Iterator[Interval | Age]:
    """The stretches of time and the ages of a document, in order, none inside another."""
    tokens = tokens_of(document.text)
    relative = [one for one in document.moments if one.rule in _relative()]
    behind = 0
    for one in sorted([*_all(tokens), *_anchored(document)], key=lambda found: (found.start, -found.end)):
        if one.start >= behind:
            behind = one.end
            yield _dated(one, relative) if isinstance(one, Interval) else one


def _all(tokens: Tokens) -> Iterator[Interval | Age]:
    for stretch in stretches(tokens):
        yield age_of(tokens, stretch) or _interval(tokens, stretch)
    yield from ages(tokens)
    yield from _named(tokens)
    yield from _turns(tokens)
    yield from _counted(tokens)
    yield from _bare(tokens)


def _interval(tokens: Tokens, stretch: Stretch) -> Interval:
    way, limit, first = way_before(tokens, stretch.first)
    last, of = stretch.last, ""
    after = limits_after().at(tokens, last)
    if after:
        limit, last = after.rule, after.last
    told = ways_after().at(tokens, last)
    if told:
        way = told.rule
        last = told.last if way in ("ago", "after", "in") else last
    elif found := from_event(tokens, last):
        way, of, last = found
    if stretch.unit == "fraction" and not way:
        way = "for"
    if stretch.unit == "gestation" or (stretch.unit == "week" and of_gestation(tokens, first, last)):
        of = "gestation"
        last += tokens.word(last) in ("gestation", "gestational")
    return Interval(
        start=tokens.starts[first], end=tokens.ends[last - 1], days=stretch.days, most=stretch.most,
        way=way, limit=limit, vague=stretch.vague, of=of,
    )  # fmt: skip


def _named(tokens: Tokens) -> Iterator[Interval]:
    """ "yesterday", "this morning", "overnight", "weekly", "4-weekly"."""
    for found in _names().find(tokens):
        rule, first, days = found.rule, found.first, found.rule["days"]
        if tokens.said[first] == "day" and tokens.word(first - 1) not in BARE_BEFORE:
            continue
        if rule.get("times"):
            number = number_before(tokens, first - (tokens.word(first - 1) == "-"))
            first, days = (number.first, days * number.number) if number else (first, days)
        yield Interval(
            start=tokens.starts[first], end=tokens.ends[found.last - 1], days=float(days), way=rule.get("way", "every"),
            of=rule.get("of", ""), part=rule.get("part", ""),
        )  # fmt: skip


def _turns(tokens: Tokens) -> Iterator[Interval]:
    """ "last week", "over the past year", "next month", "this week", "the week before", "every year", "the day of surgery"."""
    known, said = units(), tokens.said
    for at in [at for at, word in enumerate(said) if word in known and not known[word].glued and len(word) > 2]:
        unit, before, after = known[said[at]], said[at - 1], said[at + 1]
        if before in ("every", "each") and said[at - 2] not in RATES:
            yield Interval(start=tokens.starts[at - 1], end=tokens.ends[at], days=unit.days, way="every")
        elif said[at] == "day" and after == "of" and (event := event_at(tokens, at + 2)):
            yield Interval(start=tokens.starts[at], end=tokens.ends[event[1] - 1], days=0.0, of=event[0])
        elif unit.days < 7 or said[at].endswith("s") or (after == "of" and before in ("last", "past", "previous")):
            continue
        elif found := _turn_words().before(tokens, at):
            yield _turn(tokens, found.first, at, found.rule, unit)
        elif before in ("the", "that") and (linked := from_event(tokens, at + 1)):
            way, of, last = linked
            yield Interval(start=tokens.starts[at - 1], end=tokens.ends[last - 1], days=unit.days, way=way, of=of)


def _turn(tokens: Tokens, first: int, at: int, rule: dict[str, Any], unit: Unit) -> Interval:
    told, _, _ = way_before(tokens, first)
    way: Way = rule["way"]
    if way == "ago":
        way = "for" if told in ("for", "in", "since") else "ago"
    elif way == "in" and told in ("for", "until", "since", "every"):
        way = told
    days = unit.days * rule["count"]
    return Interval(start=tokens.starts[first], end=tokens.ends[at], days=days, way=way, vague="" if days else unit.name)


def _counted(tokens: Tokens) -> Iterator[Interval]:
    """ "POD 2", "hospital day 3", "day 14", "week 12"."""
    for found in _counters().find(tokens):
        at = found.last + (tokens.word(found.last) in ("#", "-", "number", "no", ":"))
        number = number_at(tokens, at)
        before = tokens.word(found.first - 1)
        if number is None or number.number > 400 or number.number % 1 or before in NO_COUNT or before[:1].isdecimal():
            continue
        after = tokens.word(number.last)
        longer = after in ("/", ".", ":") and tokens.glued(number.last) and tokens.word(number.last + 1)[:1].isdecimal()
        if longer or after in NO_COUNTED or after in MONTH:
            continue
        days = float((number.number - found.rule["first"]) * found.rule["days"])
        yield Interval(
            start=tokens.starts[found.first], end=tokens.ends[number.last - 1], days=days, way="after", of=found.rule["of"]
        )


def _bare(tokens: Tokens) -> Iterator[Interval]:
    """ "for years", "weeks ago", "months later", "since the operation"."""
    known, said = units(), tokens.said
    for at in [at for at, word in enumerate(said) if word in BARE or (word.endswith("s") and word in known and len(word) > 3)]:
        before = said[at - 1]
        told = ways_after().at(tokens, at + 1)
        if said[at] in BARE:
            if event := event_at(tokens, at + 1):
                yield Interval(start=tokens.starts[at], end=tokens.ends[event[1] - 1], days=0.0, way="since", of=event[0])
        elif told and told.rule in ("ago", "after") and before not in known and not before[:1].isdecimal():
            yield _some(tokens, at, told.last, told.rule)
        elif before in ("in", "within") and said[at + 1] not in ("of", "to", "-"):
            yield _some(tokens, at, at + 1, "in")
        elif before in ("for", "over", "lasted", "lasts", "took", "takes") and said[at + 1] not in ("of", "to", "-"):
            yield _some(tokens, at, at + 1, "for")


def _some(tokens: Tokens, first: int, last: int, way: Way) -> Interval:
    days = units()[tokens.said[first]].days
    return Interval(start=tokens.starts[first], end=tokens.ends[last - 1], days=days, way=way, vague="some")


def _dated(one: Interval, relative: list[Moment]) -> Interval:
    """The interval with the day that the document's times give it."""
    place = bisect_left(relative, one.end, key=lambda moment: moment.start)
    for moment in reversed(relative[max(0, place - 2) : place]):
        if moment.end > one.start and moment.day:
            return replace(one, day=moment.day)
    return one


def _anchored(document: Document) -> Iterator[Interval]:
    """What the document's times count from a day that a word names: "on admission"."""
    for moment in document.moments:
        rule = _relative().get(moment.rule)
        if rule and rule.get("days") == 0 and "from" in rule:
            yield Interval(start=moment.start, end=moment.end, days=0.0, of=rule["from"], day=moment.day or "")


@cache
def _names() -> Phrases[dict[str, Any]]:
    known = rules("facts_times")
    return Phrases((phrase, rule) for rule in (*known["named"], *known["regular"]) for phrase in rule["phrases"])


@cache
def _turn_words() -> Phrases[dict[str, Any]]:
    return Phrases((phrase, rule) for rule in rules("facts_times")["turns"] for phrase in rule["phrases"])


@cache
def _counters() -> Phrases[dict[str, Any]]:
    return Phrases((phrase, rule) for rule in rules("facts_times")["counted"] for phrase in rule["phrases"])


@cache
def _relative() -> dict[str, dict[str, Any]]:
    return {rule["rule"]: rule for rule in rules("times")["relative"]}
