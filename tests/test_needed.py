"""A text in which a pattern matches holds what the pattern is said to need."""

import re
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rag.needed import holds, needs, plain
from tests.test_starts import PATTERNS, TEXTS

AROUND = 400  # characters in which what looks ahead or back sees all it has to


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_match_of_a_rule_holds_what_the_rule_needs(text: str) -> None:
    for pattern in PATTERNS:
        for match in islice(pattern.finditer(text), 40):
            assert holds(pattern, text[max(0, match.start() - AROUND) : match.end() + AROUND]), pattern.pattern[:80]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"\w+@\w+", [{"@"}]),
        (r"\b(?:mister|doctor)s?\b", [{"mister", "doctor"}]),
        (r"(?:reply|answer)(?: only)? with", [{"reply with", "reply only with", "answer with", "answer only with"}]),
        (r"(?:reply|answer)\w* with", [{"reply", "answer"}, {" with"}]),
        (r"\d{5,12}[A-Z]", [{"00000"}]),
        (r"[Dd]ear\s\w", [{"dear "}]),
        (r"(?<=the )end(?= of)", [{" of"}, {"end"}, {"the "}]),
        (r"authori[sz]e", [{"authorise", "authorize"}]),
        (r"(?i:забуд)\w+", [{"забуд"}]),
        (r"指示[^\n]{0,8}忘", [{"忘"}, {"指示"}]),
        (r"(?:abc|\w+)x", []),
        (r"(?:abc)?x|[a-z]{3}", []),
        (r"(?!abc)\w", []),
        (r"no", []),
    ],
)
def test_what_a_pattern_needs(pattern: str, expected: list[set[str]]) -> None:
    assert sorted(map(sorted, needs(pattern))) == sorted(map(sorted, expected))


ODD = [
    r"a\s{1,3}b+c", r"(?:ab|ac){2}d?", r"(?i)ſis", r"(?i)kelvin|istanbul", r"(?<=ab)c", r"(?=.{0,3}@)\w+", r"x{0}abc",
    r"(?:a{2,3}b){2}", r"[abc]{3}", r"(?:abc)*d{3}", r"(a)\1bc", r"(a)?(?(1)b|c)abc", r"[^a]bcd", r"(?i)σας", r"\d\d/\d\d",
    r"(?>abc|ab)c", r"abc++d",
]  # fmt: skip


@given(some.text(alphabet="abcdefiklnotuvxsſKıİσςΣ\u212a 019١/@\n\u00a0éÉ", max_size=40))
def test_any_match_holds_what_is_needed(text: str) -> None:
    for pattern in ODD:
        for flags in (0, re.IGNORECASE):
            form = re.compile(pattern, flags)
            assert holds(form, text) or not form.search(text)


def test_the_plain_form_has_a_sign_for_each_sign() -> None:
    text = "İſ ΣΑΣ \u212a\u00a0ß ١9\t"
    assert plain(text) == "is ςας k ß 00 "
    assert len(plain(text)) == len(text)
