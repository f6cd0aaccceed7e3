"""Amounts: numbers as figures, words, fractions and ranges, read backwards from what they count or forwards from a place."""

from typing import NamedTuple

from rag.clinical.facts.tokens import Tokens

ONES = dict(zip("one two three four five six seven eight nine".split(), range(1, 10), strict=True))
TEENS = dict(
    zip("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split(), range(10, 20), strict=True)
)
TENS = dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True))
PLAIN = ONES | TEENS | TENS | {"zero": 0, "fourty": 40, "ninty": 90}
SIGNS = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3}
BETWEEN = frozenset({"-", "to", "or"})
HALVES = frozenset({2, 3, 4, 7})
LONGEST = 9
"""Figures of a number that counts something."""


class Amount(NamedTuple):
    """A number or a range, in the tokens from the first up to, not with, the last."""

    first: int
    last: int
    number: float
    most: float | None = None


def amount_before(tokens: Tokens, end: int) -> Amount | None:
    """The number or range whose last token stands right before `end`."""
    high = number_before(tokens, end)
    if high is None:
        return None
    between = high.first - 1
    joined = tokens.word(between) in BETWEEN or (tokens.word(between) == "and" and "between" in _near(tokens, between))
    low = number_before(tokens, between) if joined else None
    if low and low.number < high.number:
        return Amount(low.first, end, low.number, high.number)
    return high


def _near(tokens: Tokens, at: int) -> list[str]:
    return tokens.said[max(0, at - 4) : at]


def number_before(tokens: Tokens, end: int) -> Amount | None:
    """The one number whose last token stands right before `end`: "3", "2.5", "twenty-five", "1 1/2", "two and a half"."""
    at = end - 1
    word = tokens.word(at)
    if word[:1].isdecimal():
        return _figures_before(tokens, at) if len(word) <= LONGEST else None
    if word in SIGNS:
        whole = number_before(tokens, at) if tokens.word(at - 1).isdecimal() else None
        return Amount(whole.first if whole else at, end, (whole.number if whole else 0) + SIGNS[word])
    if word == "half":
        return _half_before(tokens, at)
    if word not in PLAIN:
        return None
    first, number = at, PLAIN[word]
    if word in ONES:
        tens = at - 2 if tokens.word(at - 1) == "-" else at - 1
        if tokens.word(tens) in TENS:
            first, number = tens, TENS[tokens.word(tens)] + number
    if (
        tokens.word(first - 1) == "-"
        and tokens.glued(first)
        and tokens.word(first - 2).isalpha()
        and tokens.word(first - 2) not in PLAIN
    ):
        return None  # "forty-one" is a number, "one-to-one" or "bat-eight" none.
    return Amount(first, end, float(number))


def _half_before(tokens: Tokens, at: int) -> Amount | None:
    """ "two and a half", "one and half", or a half alone."""
    joint = at - 1 if tokens.word(at - 1) != "a" else at - 2
    if tokens.word(joint) == "and" and (whole := number_before(tokens, joint)):
        return Amount(whole.first, at + 1, whole.number + 0.5)
    return Amount(joint + 1 if tokens.word(at - 1) == "a" else at, at + 1, 0.5)


def _figures_before(tokens: Tokens, at: int) -> Amount | None:
    before = tokens.word(at - 1)
    number = value_of(tokens.word(at))
    if tokens.glued(at) and before in "./:$#":
        if before == "." and not (tokens.glued(at - 1) and tokens.word(at - 2)[:1].isalnum()):
            return Amount(at - 1, at + 1, number / 10 ** len(tokens.word(at)))
        if before == "/" and number in HALVES and tokens.glued(at - 1) and tokens.word(at - 2).isdecimal():
            part = value_of(tokens.word(at - 2)) / number
            whole = tokens.word(at - 3)
            if part < 1 and whole.isdecimal() and not tokens.glued(at - 2):
                return Amount(at - 3, at + 1, value_of(whole) + part)
            return Amount(at - 2, at + 1, part) if part < 1 and number < 7 else None
        return None
    return Amount(at, at + 1, number)


def number_at(tokens: Tokens, at: int) -> Amount | None:
    """The one number that begins with this token."""
    word = tokens.word(at)
    if word[:1].isdecimal():
        return Amount(at, at + 1, value_of(word)) if len(word) <= LONGEST else None
    if word not in PLAIN:
        return None
    if word in TENS:
        ones = at + 2 if tokens.word(at + 1) == "-" else at + 1
        if tokens.word(ones) in ONES:
            return Amount(at, ones + 1, float(TENS[word] + ONES[tokens.word(ones)]))
    return Amount(at, at + 1, float(PLAIN[word]))


def value_of(figures: str) -> float:
    """The number that figures write, with their commas."""
    return float(figures.replace(",", ""))
