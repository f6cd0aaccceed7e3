"""People: who is named by a role, a title with a name, or as the patient; relatives, staff and services."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from rag.clinical.facts.tokens import BREAK, Found, Phrases, Tokens, tokens_of
from rag.clinical.facts.types import Person
from rag.rules import rules
from rag.values import Document

SOFT = frozenset("this the pleasant white black old elderly young year yo o hispanic asian african american caucasian".split())
LONGEST_NAME = 4
"""Words and stops of a name behind its title."""


def people(document: Document) -> Iterator[Person]:
    """The people of a document, in order, none inside another."""
    tokens = tokens_of(document.text)
    behind = 0
    for one in sorted(_all(tokens), key=lambda person: (person.start, -person.end)):
        if one.start >= behind:
            behind = one.end
            if one.role:
                yield one


def _all(tokens: Tokens) -> Iterator[Person]:
    for found in _roles().find(tokens):
        yield _of_role(tokens, found)
    short, soft = _short(), frozenset(rules("facts_people")["people"]["words"])
    titles = _titles()
    for at in [at for at, word in enumerate(tokens.said) if word in short or word in soft or word in titles]:
        word = tokens.said[at]
        if word in titles and (named := _titled(tokens, at, titles[word])):
            yield named
        elif word in short and (rule := _abbreviated(tokens, at, short[word])):
            yield _person(tokens, at, at + 1, rule)
        elif word in soft and not SOFT.isdisjoint(tokens.said[max(0, at - 3) : at]):
            yield _person(tokens, at, at + 1, rules("facts_people")["people"])


def _person(tokens: Tokens, first: int, last: int, rule: dict[str, Any], name: str = "", side: str = "") -> Person:
    return Person(
        start=tokens.starts[first], end=tokens.ends[last - 1], role=rule["role"], group=rule["group"], name=name, side=side
    )


def _of_role(tokens: Tokens, found: Found[dict[str, Any]]) -> Person:
    """Somebody by a role, with the side of the family before a relative."""
    rule = found.rule
    if rule.get("side"):
        relative = _roles().at(tokens, found.last)
        if relative and relative.rule.get("group") == "relative" and "side" not in relative.rule:
            return _person(tokens, found.first, relative.last, relative.rule, side=rule["side"])
        return _person(tokens, found.first, found.last, {"role": "family", "group": "relative"}, side=rule["side"])
    titled = rule["role"] in _named() and found.last == found.first + 1 and tokens.word(found.last) != "."
    name, last = _name(tokens, found.last) if titled else ("", found.last)
    return _person(tokens, found.first, last, rule, name)


def _titled(tokens: Tokens, at: int, rule: dict[str, Any]) -> Person | None:
    """ "Dr. Vexby", "RN Vexby", "Mrs. Q. Vexby"; a role right before "Ms. Vexby" says who she is."""
    name, last = _name(tokens, at + 1)
    if not name or not tokens.capital(at):
        return None
    if rule["role"] == "patient":
        led = at - 1 - (tokens.word(at - 1) == ",")
        before = _roles().before(tokens, led + 1)
        if before and before.rule.get("role") not in ("", "patient", None):
            rule = before.rule
    return _person(tokens, at, last, rule, name)


def _name(tokens: Tokens, at: int) -> tuple[str, int]:
    """The surname that begins behind a title, in small letters, and the token behind it."""
    begin = at + (tokens.word(at) == ".")
    name, last = "", at
    for place in range(begin, min(begin + LONGEST_NAME, len(tokens))):
        word = tokens.said[place]
        if word == "." and len(tokens.word(place - 1)) == 1 and tokens.glued(place) and tokens.capital(place + 1):
            continue
        if not (word[:1].isalpha() and tokens.capital(place)) or word in _no_names():
            break
        name, last = word.removesuffix("'s"), place + 1
    return name, last


def _abbreviated(tokens: Tokens, at: int, known: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """The role of an abbreviation as it is written: "PT" is physical therapy, "pt" the patient."""
    written = tokens.text[tokens.starts[at] : tokens.ends[at]].removesuffix("'s")
    rule = known.get(written) or (known.get("") if not (written.isupper() and len(written) > 1) else None)
    if rule is None:
        return None
    before, after = tokens.word(at - 1), tokens.word(at + 1)
    if "never_before" in rule:
        cell = before in ("/", "-", ":") and after == BREAK
        return None if cell or after in rule["never_before"] or after[:1].isdecimal() else rule
    cues = rules("facts_people")
    return rule if not rule.get("led") or before in cues["leads"] or after in cues["follows"] else None


@cache
def _roles() -> Phrases[dict[str, Any]]:
    known = rules("facts_people")
    found = [(form, rule) for rule in (*known["roles"], *known["sides"]) for phrase in rule["phrases"] for form in _forms(phrase)]
    return Phrases([*((phrase, {"role": "", "group": ""}) for phrase in known["never"]["phrases"]), *found])


def _forms(phrase: str) -> tuple[str, ...]:
    return (phrase, f"{phrase}'s") if "'" not in phrase.rsplit(" ", 1)[-1] else (phrase,)


@cache
def _short() -> dict[str, dict[str, dict[str, Any]]]:
    """The rules of abbreviations by small letters, then as they are written; "" for one in any but capitals."""
    known = rules("facts_people")
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for rule in (*known["capitals"], *({**rule, "led": True} for rule in known["led"])):
        for word in rule["words"]:
            found.setdefault(word.lower(), {})[word] = rule
    for word in known["small"]["words"]:
        found.setdefault(word, {})[""] = known["small"]
        found.setdefault(f"{word}'s", {})[""] = known["small"]
    return found


@cache
def _titles() -> dict[str, dict[str, Any]]:
    return {word: rule for rule in rules("facts_people")["titles"] for word in rule["words"]}


@cache
def _named() -> frozenset[str]:
    return frozenset(rule["role"] for rule in rules("facts_people")["titles"] if rule["role"] != "patient")


@cache
def _no_names() -> frozenset[str]:
    return frozenset("the a an he she his her in on at of to and or who is was will has had saw i we it this that".split())
