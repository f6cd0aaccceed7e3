"""Seeking a pattern by its first letters finds what seeking it everywhere finds."""

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rag.clinical import times
from rag.places import SAMPLES
from rag.rules import rules
from rag.starts import beginnings, first_of, has_starts, matches

NAMES = ("hidden", "people", "places", "recognisers", "fields", "instructions", "patterns", "words")
MODULES: list[Any] = [import_module(f"rag.documents.screen.{name}") for name in NAMES]  # A function may hide one.
hidden, people, places, _, _, instructions, patterns, words = MODULES


def every_pattern() -> Iterator[re.Pattern[str]]:
    yield from (rule.form for rule in patterns.patterns())
    yield from (rule.pattern for rule in instructions.wordings())
    yield from (pattern for pattern, _ in people._placed_rules())
    yield from times.SINGLE.values()
    yield times._cues()[0]
    yield from (people._title(), people._label(), people._sure_label(), people._credentials(), words._not_people())
    yield from (places._nouns(), places._known_facilities(), places._state())
    for module in MODULES:
        yield from (value for value in vars(module).values() if isinstance(value, re.Pattern))


PATTERNS = list(dict.fromkeys(every_pattern()))


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from strings(one)


def examples() -> str:
    names = ("identifiers", "instructions", "people", "places", "times", "fields")
    return "\n".join(text for name in names for text in strings(rules(name)) if len(text) < 300)


TEXTS = {
    "rules": examples(),
    "shouted": examples().upper(),
    "joined": re.sub(r"[ .,]", "x", examples()),
    "foreign": examples().translate(str.maketrans({"s": "ſ", "i": "ı", "I": "İ", "K": "\u212a", "1": "١", " ": "\u00a0"})),
    "samples": "\n".join(path.read_text("utf-8") for path in sorted(SAMPLES.glob("*.txt"))),
}


def same(pattern: re.Pattern[str], text: str) -> None:
    assert [match.span() for match in matches(pattern, text)] == [match.span() for match in pattern.finditer(text)]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_rule_finds_by_its_first_letters_what_it_finds_everywhere(text: str) -> None:
    for pattern in PATTERNS:
        same(pattern, text)


def test_most_rules_are_sought_by_their_first_letters() -> None:
    rules_ = [*(rule.form for rule in patterns.patterns()), *(rule.pattern for rule in instructions.wordings())]
    assert sum(map(has_starts, rules_)) > 0.6 * len(rules_)


ODD = [
    r"\bpt(?:'s)? name", r"(?<!\w)@\w+", r"#\d+", r"(?<=\bon )\d/\d", r"(?<![\d/])\d{1,2}/\d", r"(?i:\b(?:kin|sick)\b)",
    r"\b\d{3}-\d{4}", r"\b(?:ab?){2,5}c", r"(?i)\bis", r"\b(?:a|bc)(?:d|e)?f", r"x*", r"(?<!x)ab", r"\bı|\bſ", r"\b_a",
    r"\b[^a]b",
    r"(?m:^)ab", r"(?:\bab|cd)", r"\b\s?ab", r"\b(?=ab)a", r"(?<![\w-])(?:\+1 )?\d{2}", r"\b(a)\1", r"(?>\bab)c", r"\bab++",
]  # fmt: skip


@given(some.text(alphabet="abcdefkxsſKıİ\u212a 019١/#@'_-+\n\u00a0é\x1c", max_size=60))
def test_any_text_is_searched_alike(text: str) -> None:
    for pattern in ODD:
        for flags in (0, re.IGNORECASE):
            same(re.compile(pattern, flags), text)


FORMS = {
    "long": re.compile(r"\bab cd\b"),
    "short": re.compile(r"\bab\b"),
    "later": re.compile(r"\bcd ab\b"),
    "any": re.compile("d ?a"),
}


@given(some.lists(some.sampled_from(["ab", "cd", "d", "a", "x"]), max_size=12).map(" ".join))
def test_several_patterns_find_what_one_of_them_all_finds(text: str) -> None:
    together = re.compile("|".join(f"(?P<{name}>{form.pattern})" for name, form in FORMS.items()))
    expected = [(match.lastgroup, match.span()) for match in together.finditer(text)]
    assert [(name, match.span()) for name, match in first_of(FORMS, text)] == expected


def test_a_pattern_that_may_begin_inside_a_word_is_sought_everywhere() -> None:
    assert (
        beginnings("ab") is None
        and beginnings(r"\bab") == {"ab"}
        and beginnings(r"(?<![\w.])(?:ab|cde?)f") == {"abf", "cde", "cdf"}
    )
    assert hidden.STYLED.pattern and not has_starts(hidden.STYLED)
