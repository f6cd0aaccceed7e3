"""Numbers in figures and in words, as they stand before what they count: "1,000", "1 1/2", "½", "two and a half"."""

import re

from rag.clinical.facts.stream import ONES, TENS

TEENS = frozenset(word for word, number in ONES.items() if number >= 10)
PLAIN: dict[str, float] = {**ONES, **TENS, "fourty": 40, "couple": 2}
PARTS = {"half": 0.5, "quarter": 0.25, "quarters": 0.25}
BIG = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
SIGNS = {"½": 0.5, "¼": 0.25, "¾": 0.75}
FIRST = frozenset([*PLAIN, *PARTS, *SIGNS, "point"])
"""Words that a number may begin with, beside figures."""
_WORDS = "|".join(sorted([*PLAIN, *PARTS, *BIG, "point"], key=len, reverse=True))
FIGURES = (
    r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,2}(?:[ -]| and )[1-3]/[2-4](?!\d)|[1-3]/[2-4](?!\d)|\d{1,2} ?[½¼¾]|[½¼¾]"
    r"|\d{1,7}(?:\.\d{1,5})?(?: and (?:a|one)[ -]half)?|\.\d{1,5}"
)
_OF_ONE = r"(?:(?:(?<=half)|(?<=quarter)|(?<=quarters))(?: of)?(?: an?\b| one\b))?"
NUMBER = rf"(?:(?:{FIGURES})|(?:{_WORDS})\b(?:(?:[ -]|[ -]and[ -](?:an? )?)(?:{_WORDS})\b){{0,6}}{_OF_ONE})"
WORD = re.compile(r"[a-z]+")
MIXED = re.compile(r"(?:(\d+)(?:[ -]| and ))?(\d)/(\d)")


def value_of(written: str) -> float:
    """The number that a match of `NUMBER` writes."""
    written = written.lower()
    if not any(sign.isdecimal() or sign in SIGNS for sign in written):
        return _worded(WORD.findall(written))
    if mixed := MIXED.fullmatch(written):
        return float(mixed[1] or 0) + int(mixed[2]) / int(mixed[3])
    if written[-1] in SIGNS:
        return float(written[:-1].strip() or 0) + SIGNS[written[-1]]
    if written.endswith("half"):
        return float(written.split()[0].replace(",", "")) + 0.5
    return float(written.replace(",", ""))


def _worded(words: list[str]) -> float:
    """ "one twenty five" is dictated for 125; "point five" and "zero point two five" are decimals."""
    if "point" in words:
        at = words.index("point")
        after = [PLAIN.get(word, 0) for word in words[at + 1 :]]
        figures = "".join(f"{number:.0f}" for number in _summed(after))
        return _worded(words[:at]) + float(f"0.{figures or 0}")
    whole, current, before = 0.0, 0.0, ""
    for word in words:
        if word in PARTS:
            part = PARTS[word]
            return whole + (current * part if word[-1] == "s" else current + part)
        if word in BIG:
            current = max(current, 1) * BIG[word]
            if BIG[word] > 100:
                whole, current = whole + current, 0
        elif word in PLAIN:
            spoken = before in PLAIN and (PLAIN[word] >= 10 or before in TEENS)
            current = current * 100 + PLAIN[word] if spoken else current + PLAIN[word]
        before = word if word in PLAIN or word in BIG else before
    return whole + current


def _summed(numbers: list[float]) -> list[float]:
    """ "twenty five" after a point is 25, "two five" too."""
    summed: list[float] = []
    for number in numbers:
        if summed and summed[-1] >= 20 and number < 10:
            summed[-1] += number
        else:
            summed.append(number)
    return summed
