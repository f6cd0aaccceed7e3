"""Words that mean the same in clinical text: abbreviations and lay words of `rules/synonyms.json`, and the names of drugs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, zip_longest
from typing import Literal

from rag.clinical.medicines import drug_classes, drug_groups
from rag.rules import rules
from rag.text import terms, terms_at
from rag.wordpiece import commonness

KINDS = ("abbreviations", "lay")
EVERYDAY = 0.002  # An abbreviation that is a word more common than this must stand in capitals ("US", "ALL", "MS").
SHORTEST = 3
ENDINGS = {"ies": "y", "ied": "y", "ing": "", "ed": "", "ss": "ss", "es": "", "s": ""}
DOUBLED = re.compile(r"([bdgmnprt])\1$")
HYPHENS = "-\u2010\u2011\u2012\u2013\u2212"


@dataclass(frozen=True, slots=True)
class Match:
    """A stretch of a question that names something, and the other forms of it; `wider` are those that name its class alone."""

    start: int
    end: int
    forms: tuple[str, ...]
    wider: frozenset[str] = frozenset()
    narrower: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Form:
    """A form as it is written, its words, and the forms that it leads to, which may be its class or the members of it."""

    written: str
    words: tuple[str, ...]
    others: tuple[str, ...]
    leads: Literal["same", "wider", "narrower"]


Word = tuple[str, int, int]


def matches(text: str) -> list[Match]:
    """What a text names, from left to right, each with its other forms; a longer form hides the shorter ones inside it.

    Written forms meet (`rag.spelling`). An abbreviation of two letters, or one that is an everyday word, has to stand in
    capitals; in a text that is all in capitals an everyday word is none. One that means several things leads to all of them.
    """
    words = _words(text)
    capitals = text.isupper() and len(words) > 1
    found: list[Match] = []
    at = 0
    while at < len(words):
        fitting = [form for form in _known().get(words[at][0], ()) if _stands(form, words, at, text, capitals)]
        longest = max((len(form.words) for form in fitting), default=0)
        whole = [form for form in fitting if len(form.words) == longest]
        meanings = zip_longest(*(form.others for form in whole))
        others = dict.fromkeys(filter(None, chain.from_iterable(meanings)))  # Of every meaning the first, then the second.
        if others:
            same, wider, narrower = (_leading(whole, way) for way in ("same", "wider", "narrower"))
            found.append(Match(words[at][1], words[at + longest - 1][2], tuple(others), wider - same, narrower - same))
        at += max(longest, 1)
    return found


def _leading(forms: list[_Form], way: str) -> frozenset[str]:
    return frozenset(chain.from_iterable(form.others for form in forms if form.leads == way))


def is_class(name: str) -> bool:
    """Whether a name stands for several things ("blood thinner")."""
    return name.lower() in _classes()


@cache
def groups() -> tuple[tuple[str, ...], ...]:
    """The forms that mean the same, group by group."""
    listed = chain.from_iterable(rules("synonyms")[kind] for kind in KINDS)
    return (*map(tuple, listed), *drug_groups())


@cache
def classes() -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    """The names of each class with its members."""
    listed = ((tuple(one["class"]), tuple(one["members"])) for one in rules("synonyms")["classes"])
    return (*listed, *drug_classes())


@cache
def _classes() -> frozenset[str]:
    return frozenset(name.lower() for names, _ in classes() for name in names)


@cache
def _known() -> dict[str, tuple[_Form, ...]]:
    """The forms by their first word."""
    found: dict[str, list[_Form]] = {}
    for written, others, leads in _forms():
        sought = tuple(other for other in others if _can_be_sought(other))
        form = _Form(written, _words_of(written), sought, leads)
        found.setdefault(form.words[0], []).append(form)
    return {first: tuple(forms) for first, forms in found.items()}


def _forms() -> Iterator[tuple[str, tuple[str, ...], Literal["same", "wider", "narrower"]]]:
    """Every form with the others that it leads to: a group's to each other, a class to its members, a member to its class alone.

    One anticoagulant never stands for another one.
    """
    for group in (*groups(), *(names for names, _ in classes())):
        for form in group:
            yield form, tuple(other for other in group if other != form), "same"
    for names, members in classes():
        yield from ((form, members, "narrower") for form in names)
        yield from ((member, names, "wider") for member in members)


def _words(text: str) -> list[Word]:
    """The words of a text in one written form, without the endings of number and tense, with start and end of each.

    A stemmer takes more: to it "hepatitis" is "hepatic", "lactate" is "lactation".
    """
    return [(_uninflected(word), start, end) for word, start, end in terms_at(text, stem=False, every=True)]


@cache
def _words_of(form: str) -> tuple[str, ...]:
    return tuple(word for word, _, _ in _words(form))


def _uninflected(word: str) -> str:
    if len(word) <= SHORTEST or not word.islower():
        return word
    for ending, instead in ENDINGS.items():
        if word.endswith(ending) and len(word) - len(ending) + len(instead) > SHORTEST - (ending == "s"):
            word = word.removesuffix(ending) + instead
            break
    return DOUBLED.sub(r"\1", word.removesuffix("e") if len(word) > SHORTEST + 1 else word)


@cache
def _can_be_sought(form: str) -> bool:
    """Whether more of a form is a term than a letter that stands for much else, as in "s/p"."""
    return len("".join(terms(form))) > 1 or form in _listed("in_any_case")


@cache
def _listed(name: str) -> frozenset[str]:
    return frozenset(rules("synonyms")[name])


def _stands(form: _Form, words: list[Word], at: int, text: str, capitals: bool) -> bool:
    """Whether a form stands there whole, and is meant."""
    end = at + len(form.words)
    if tuple(word for word, _, _ in words[at:end]) != form.words:
        return False
    start, stop = words[at][1], words[end - 1][2]
    short = len(form.written) <= SHORTEST and form.written.isupper()
    before = at > 0 and _grown(text, words[at - 1], words[at], short)
    behind = end < len(words) and _grown(text, words[end - 1], words[end], short)
    return not before and not behind and _is_meant(form.written, text[start:stop], capitals)


def _grown(text: str, one: Word, other: Word, short: bool) -> bool:
    """Whether two words are written as one, as "K12" is and "nonoperative"; with a short form also "K-wire"."""
    if one[1:] == other[1:]:
        return short or text[one[1] : one[2]].isalnum()
    between = text[one[2] : other[1]]
    return not between or (short and between in HYPHENS)


def _is_meant(form: str, written: str, capitals: bool) -> bool:
    """Whether a stretch means this form: an abbreviation that is short or an everyday word has to be written as it is."""
    name, there = _letters(form), _letters(written)
    if " " in form or name.islower() or (len(name) >= SHORTEST and not name.isupper()):
        return True
    if name.lower() not in {there.lower(), there.lower().removesuffix("s")}:  # "Am" has the stem of "AMS".
        return False
    everyday = commonness(name.lower()) > EVERYDAY
    if name in {there, there.removesuffix("s")}:
        return not (capitals and everyday)
    if form in _listed("in_any_case") or ("." in written and there.upper() == name):
        return True
    return len(name) >= SHORTEST and there.islower() and not everyday and form not in _listed("only_in_capitals")


def _letters(written: str) -> str:
    return "".join(filter(str.isalnum, written))
