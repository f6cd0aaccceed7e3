"""Advice: what is to be done, when, under which condition and how strongly, and what is not to be done or not needed."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from rag.clinical.facts.times import times
from rag.clinical.facts.times.amounts import PLAIN
from rag.clinical.facts.times.units import units
from rag.clinical.facts.tokens import BREAK, Found, Phrases, Tokens, tokens_of
from rag.clinical.facts.types import Advice, Day, Fact, Interval
from rag.rules import rules
from rag.values import Document

STOPS = frozenset({BREAK, ";", "!", "?", "|"})
ENDS = frozenset("and but or because since as so which who that then he she they it we you i".split())
"""Words behind a comma that begin something else."""
LEADS = frozenset({BREAK, ".", ":", ";", "-", "*", "•", ")", "]", "!", "?", "|", "+", "→"})
NEGATORS = frozenset({"not", "never", "no", "n't"})
LONGEST = 40
"""Tokens of one piece of advice."""


class _Cue(NamedTuple):
    """A phrase or a verb that advises, its tokens from the first up to, not with, the last.

    So many as `keeps` of them, from the last, belong to what is advised.
    """

    first: int
    last: int
    look: str
    strength: str
    negated: bool
    keeps: int = 0


def times_and_advice(document: Document) -> Iterator[Fact]:
    """The times of a document, then its recommendations, each with the time that is told within it."""
    told = times(document)
    yield from told
    yield from advice(tokens_of(document.text), told)


def advice(tokens: Tokens, told: Sequence[Fact]) -> Iterator[Advice]:
    """The recommendations of a text, in order, none inside another; `told` are its times, in order."""
    behind = 0
    for cue in sorted(_cues(tokens), key=lambda found: (found.first, -found.last)):
        if cue.first >= behind and not _is_supposed(tokens, cue):
            found = _read(tokens, cue, behind, told)
            if found is None and cue.look == "after" and tokens.word(cue.last - 1) in rules("facts_advice")["behind"]["words"]:
                found = _read(tokens, cue._replace(look="before"), behind, told)
            if found:
                behind = bisect_left(tokens.starts, found.end)
                yield found


def _cues(tokens: Tokens) -> Iterator[_Cue]:
    for found in _phrases().find(tokens):
        rule = found.rule
        if rule:
            none = _is_none(tokens, found) if rule["look"] == "before" else tokens.word(found.first - 1) == "longer"
            negated = rule["negated"] or none
            yield _Cue(found.first, found.last, rule["look"], rule["strength"], negated, rule["keeps"])
    verbs = _verbs()
    for at in [at for at, word in enumerate(tokens.said) if word in verbs]:
        if _is_imperative(tokens, at):
            first = 2 if tokens.said[at : at + 2] == ["do", "not"] else int(tokens.said[at] in ("never", "don't"))
            none = first > 0 or tokens.word(at - 1) == "no"
            yield _Cue(at, at + first, "after", "required" if first else "recommended", none)


def _is_supposed(tokens: Tokens, cue: _Cue) -> bool:
    """Whether a cue stands in a condition: "should it rain", "if he needs to"."""
    begin, _ = tokens.sentence(cue.first)
    if tokens.said[cue.first] == "should" and (cue.first == begin or tokens.word(cue.first - 1) == ","):
        return True
    for at in range(cue.first - 1, max(begin, cue.first - LONGEST) - 1, -1):
        if tokens.said[at] in (",", ":"):
            return False
        if tokens.said[at] in ("if", "unless", "whether"):
            return True
    return False


def _is_none(tokens: Tokens, found: Found[dict[str, Any]]) -> bool:
    """Whether what is spoken of is none: "no further imaging is needed"."""
    first, _ = tokens.sentence(found.first)
    begin = max(first, found.first - 8)
    return not {"no", "neither", "nothing", "none"}.isdisjoint(tokens.said[begin : found.first])


def _is_imperative(tokens: Tokens, at: int) -> bool:
    """Whether a verb begins a sentence or an item of a list, or stands behind an opening condition."""
    if not _begins(tokens, at) or tokens.word(at + 1) in rules("facts_advice")["no_imperative"]:
        return False
    word, after = tokens.said[at], tokens.word(at + 1)
    if after in STOPS or after in (".", "|"):
        return word in rules("facts_advice")["alone"]
    known = rules("facts_advice")
    if word == "do" and after == "not":
        return True
    if word == "never":
        return after in _verbs() or after in known["after_never"]
    if word in known["amounts"]["verbs"] and after in known["amounts"]["not"]:
        return False
    if word in _needing():
        return after in _objects() or (word in ("follow", "return", "f", "rtc") and after in ("/", "-"))
    if word not in _nouns_too():
        return True
    rest = tokens.said[at + 1 : min(at + 7, tokens.sentence(at)[1])]
    return _finite().isdisjoint(rest) and after not in STOPS and after not in "(,." and not after[:1].isdecimal()


def _begins(tokens: Tokens, at: int) -> bool:
    """Whether a verb stands where a piece of advice may begin."""
    before, further = tokens.word(at - 1), tokens.word(at - 2)
    if before in ("and", "then", "or"):
        return tokens.word(tokens.sentence(at)[0]) in _verbs() and tokens.said[at] not in _nouns_too()
    if before == ",":
        return tokens.glued(at) or tokens.word(tokens.sentence(at)[0]) in ("if", "when", "for", "unless", "after", "in")
    if before == ".":
        return tokens.capital(at) or further.isdecimal()
    if before == "-":
        return not tokens.glued(at) or not tokens.glued(at - 1)
    return before in LEADS or before == "please" or (before.isdecimal() and further in LEADS)


def _clause(tokens: Tokens, cue: _Cue, behind: int) -> tuple[int, int]:
    """The first token of what a cue speaks of, and the one behind its last."""
    begin, end = tokens.sentence(cue.first)
    last = cue.last
    while last < min(end, cue.first + LONGEST) and tokens.said[last] not in STOPS and not _is_next(tokens, last):
        last += 1
    if cue.look == "after":
        return cue.first, max(last, cue.first + 1)
    first = cue.first
    while (
        first > max(begin, behind, cue.first - LONGEST)
        and tokens.said[first - 1] not in (";", BREAK, ":", "|")
        and not _is_join(tokens, first - 1)
    ):
        first -= 1
    return first, last


def _is_next(tokens: Tokens, at: int) -> bool:
    """Whether something else begins behind this comma or "and", or another cell of a table behind a comma without a blank."""
    word, after = tokens.said[at], tokens.word(at + 1)
    if word == ",":
        return after in ENDS or (tokens.glued(at + 1) and not after[:1].isdecimal())
    return word in ("and", "then") and after in _verbs() and after not in _nouns_too()


def _is_join(tokens: Tokens, at: int) -> bool:
    return tokens.said[at] in ("and", "but", "that", "which") and tokens.word(at + 1) in (
        "no",
        "it",
        "he",
        "she",
        "we",
        "i",
        "a",
        "the",
    )


def _read(tokens: Tokens, cue: _Cue, behind: int, told: Sequence[Fact]) -> Advice | None:
    first, last = _clause(tokens, cue, behind)
    condition_at = _condition(tokens, cue, first, last)
    low, high = (cue.last - cue.keeps, condition_at) if cue.look == "after" else (first, cue.first)
    opening = _opening(tokens, cue, first)
    when = _when(tokens, told, first, min(last, condition_at))
    what = _text(tokens, low, high, when)
    condition = _plain(tokens, condition_at, last) or opening
    if not what and not when:
        return None
    negated = cue.negated or (cue.look == "after" and tokens.word(cue.last) in NEGATORS)
    return Advice(
        start=tokens.starts[first], end=tokens.ends[last - 1], what=what, when=_plain(tokens, *when) if when else "",
        condition=condition, strength=cue.strength, negated=negated,
    )  # fmt: skip


def _condition(tokens: Tokens, cue: _Cue, first: int, last: int) -> int:
    """The token at which a condition begins behind a cue, or the end of its clause."""
    found = (one for at in range(cue.last + (cue.last == cue.first), last) if (one := _conditions().at(tokens, at)))
    return next((one.first for one in found if _is_condition(tokens, one, last)), last)


def _is_condition(tokens: Tokens, found: Found[str], last: int) -> bool:
    after = tokens.word(found.last)
    if found.last >= last or after in rules("facts_advice")["no_condition"].get(found.rule, ()):
        return False
    counted = after[:1].isdecimal() or after in PLAIN or (after in ("a", "an") and tokens.word(found.last + 1) in units())
    return not (found.rule in ("after", "before", "until") and counted)


def _opening(tokens: Tokens, cue: _Cue, first: int) -> str:
    """The condition that a sentence opens with: "If it rains, wear a hat"."""
    begin, _ = tokens.sentence(first)
    if begin >= first or not _conditions().at(tokens, begin):
        return ""
    end = next((at for at in range(begin, first) if tokens.said[at] in (",", ":")), begin)
    return _plain(tokens, begin, end)


def _when(tokens: Tokens, told: Sequence[Fact], first: int, last: int) -> tuple[int, int] | None:
    """The tokens of the time that is told within a clause, with the word that leads it."""
    if last <= first:
        return None
    low, high = tokens.starts[first], tokens.ends[last - 1]
    at = bisect_left(told, low, key=lambda one: one.start)
    for one in told[at:]:
        if one.start >= high:
            return None
        if isinstance(one, Interval | Day) and one.end <= high and not (isinstance(one, Interval) and one.way == "ago"):
            begin = bisect_left(tokens.starts, one.start)
            end = bisect_left(tokens.starts, one.end)
            begin -= tokens.word(begin - 1) == "the"
            return begin - (tokens.word(begin - 1) in _leading() and begin > first), end
    return None


def _text(tokens: Tokens, low: int, high: int, when: tuple[int, int] | None) -> str:
    """What is advised, without the time that is told within it."""
    parts = [(low, high)]
    if when and low <= when[0] and when[1] <= high:
        parts = [(low, when[0]), (when[1], high)]
    elif when and when[0] < low < when[1]:
        parts = [(when[1], high)]
    return " ".join(filter(None, (_plain(tokens, *_trimmed(tokens, *part)) for part in parts)))


def _trimmed(tokens: Tokens, low: int, high: int) -> tuple[int, int]:
    while high > low and tokens.said[high - 1] in _spare():
        high -= 1
    while low < high and tokens.said[low] in _spare():
        low += 1
    return low, high


def _plain(tokens: Tokens, low: int, high: int) -> str:
    return " ".join(tokens.written(low, high).replace("**", "").split())


@cache
def _phrases() -> Phrases[dict[str, Any]]:
    known = rules("facts_advice")
    found = [(phrase, rule) for rule in known["rules"] for phrase in rule["phrases"]]
    return Phrases([*((phrase, {}) for phrase in known["never"]["phrases"]), *found])


@cache
def _conditions() -> Phrases[str]:
    return Phrases((phrase, phrase) for phrase in rules("facts_advice")["conditions"])


@cache
def _verbs() -> frozenset[str]:
    return frozenset(rules("facts_advice")["imperatives"]["verbs"])


@cache
def _nouns_too() -> frozenset[str]:
    return frozenset(rules("facts_advice")["nouns_too"]["words"])


@cache
def _needing() -> frozenset[str]:
    return frozenset(rules("facts_advice")["objects"]["verbs"])


@cache
def _objects() -> frozenset[str]:
    return frozenset(rules("facts_advice")["objects"]["before"])


@cache
def _finite() -> frozenset[str]:
    return frozenset(rules("facts_advice")["finite"])


@cache
def _spare() -> frozenset[str]:
    return frozenset(
        ", . : - • * ( and to that the is are was were has have had would be been therefore also then still remains not".split()
    )


@cache
def _leading() -> frozenset[str]:
    return frozenset("in within on by for at after every until from over during".split())
