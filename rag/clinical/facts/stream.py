"""The words, numbers and signs of a text with their places, read once for all finders that need them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.text import lowered

TOKEN = re.compile(
    r"(?<![\d,.])[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?(?![,.]?\d)|0,\d{1,3}(?![,\d])|\d+(?:\.\d+)*|(?<![\w.)])\.\d+"
    r"|(?<=\d)[x×](?=[ ]?\.?\d)|[^\W\d_]+(?:\d(?!\d|[.,]\d)[^\W_]*)?(?:['’](?:s|t|re|ve|ll|d|m)\b)?"
    r"|[^\w\s]|[\n\t]"
)
ONES = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
        " eighteen nineteen".split()
    )
}
TENS = {word: 10 * number for number, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
DECADES = {f"{word.removesuffix('y')}ies": number for word, number in TENS.items()}
SIGNS = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅓": 1 / 3, "⅔": 2 / 3, "⅛": 0.125}
PARTS = {"half": 0.5, "quarter": 0.25, "third": 1 / 3, "fifth": 0.2, "eighth": 0.125, "tenth": 0.1}
SHARES = {**PARTS, **{f"{word}s": part for word, part in PARTS.items()}}
BIG = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "dozen": 12}
FRACTIONS = {("1", "2"): 0.5, ("1", "4"): 0.25, ("3", "4"): 0.75, ("1", "3"): 1 / 3, ("2", "3"): 2 / 3}
ORDINALS = {
    word: number
    for number, word in enumerate(
        "third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth"
        " seventeenth eighteenth nineteenth".split(), 3
    )
} | {f"{word.removesuffix('y')}ieth": number for word, number in TENS.items()}  # fmt: skip
WHOLE = frozenset(
    "pound kilogram kilo stone gram milligram microgram ounce litre liter millilitre milliliter inch mile kilometre kilometer"
    " centimetre centimeter millimetre millimeter mg kg lb pint full whole entire quarter tenth third fifth eighth".split()
)
"""What "a" makes one of: "about a pound"; or, of the parts, a part: "a quarter"."""
WORDS = frozenset([*ONES, *TENS, *DECADES, *SIGNS, *ORDINALS, "half", "couple", "hundred", "thousand", "dozen"])
LONGEST = 18
"""Signs of a number; a longer one is a serial number."""
FIRST = frozenset("0123456789.")


@dataclass(slots=True)
class Amount:
    """A number in digits or words: the tokens `first` up to, not with, `last`.

    `form` is "ordinal" for "3rd", "decade" for "the 120s" and "the seventies", "fraction" for "1/2", else "".
    """

    first: int
    last: int
    number: float
    form: str = ""
    worded: bool = False


@dataclass(slots=True)
class Stream:
    """The tokens of a text in lower case, where each begins and ends, and its numbers by the token that they begin at."""

    text: str
    said: list[str]
    starts: list[int]
    ends: list[int]
    amounts: dict[int, Amount]

    def word(self, at: int) -> str:
        """A token, or "" beyond either end."""
        return self.said[at] if 0 <= at < len(self.said) else ""

    def written(self, first: int, last: int | None = None) -> str:
        """Tokens `first` up to, not with, `last` as the text has them; one where `last` is left out."""
        return self.text[self.starts[first] : self.ends[first if last is None else last - 1]]

    def gap(self, at: int) -> int:
        """How many blanks stand before a token; many at the start of the text."""
        return self.starts[at] - self.ends[at - 1] if 0 < at < len(self.said) else 99


@lru_cache(maxsize=4)
def stream(text: str) -> Stream:
    """The tokens and numbers of a text."""
    lower = lowered(text)
    spans = [match.span() for match in TOKEN.finditer(lower)]
    said = [lower[start:end] for start, end in spans]
    starts, ends = [start for start, _ in spans], [end for _, end in spans]
    return Stream(text, said, starts, ends, _amounts(said, starts, ends))


def _amounts(said: list[str], starts: list[int], ends: list[int]) -> dict[int, Amount]:
    found: dict[int, Amount] = {}
    behind = 0
    halves: set[int] = set()
    said_after = [*said[1:], ""]
    for at in [
        at
        for at, word in enumerate(said)
        if word[0] in FIRST or word in WORDS or (word in ("a", "an") and said_after[at].isalpha())
    ]:
        if at < behind or at in halves:
            continue
        if said[at] in ("a", "an"):
            one = _article(said, at)
        else:
            one = _worded(said, at) if said[at] in WORDS else _figured(said, at, starts, ends)
        if one:
            found[at] = one
            behind = one.last
            if said[behind + 1 : behind + 4] == ["and", "a", "half"] and not one.form:  # "A pack and a half".
                one.number += 0.5
                halves.add(behind + 3)
    return found


def _article(said: Sequence[str], at: int) -> Amount | None:
    """What "a" counts before a unit or a part: "a pound", "a full milligram", "a tenth of"; none in "3 a litre"."""
    after = said[at + 1]
    if said[at + 2 : at + 5] == ["and", "a", "half"]:
        return Amount(at, at + 1, 1, "", True)
    if after not in WHOLE:
        return None
    if after in PARTS:
        further = said[at + 2] if at + 2 < len(said) else ""
        return Amount(at, at + 2, PARTS[after], "fraction", True) if further == "of" or further in WHOLE else None
    if at and (said[at - 1] in WORDS or said[at - 1][0] in FIRST or said[at - 1] in ("per", "half")):
        return None
    if after in ("full", "whole", "entire"):
        return Amount(at, at + 2, 1, "", True) if at + 2 < len(said) and said[at + 2] in WHOLE else None
    return Amount(at, at + 1, 1, "", True)


def _figured(said: list[str], at: int, starts: list[int], ends: list[int]) -> Amount | None:
    """A number that begins with digits: "1,200", "2 1/2", "2 and a half", "120s", "3rd"."""
    written = said[at]
    if written == "." or written.count(".") > 1 or len(written) > LONGEST:  # "4.2.1" is a place in a list.
        return None
    number = float(written.replace(",", "." if written[0] == "0" and len(written) < 6 else ""))
    after = said[at + 1] if at + 1 < len(said) else ""
    glued = after and starts[at + 1] == ends[at]
    if glued and after in ("st", "nd", "rd", "th"):
        return Amount(at, at + 2, number, "ordinal")
    if glued and after == "s" and number >= 10:
        return Amount(at, at + 2, number, "decade")
    if glued and after in ("'", "’") and said[at + 2 : at + 3] == ["s"] and number >= 10:
        return Amount(at, at + 3, number, "decade")
    if part := _fraction(said, at, starts, ends):
        return Amount(at, at + 3, part, "fraction")
    joined = at + 2 if glued and after == "-" else at + 1
    if number == int(number) and (part := _fraction(said, joined, starts, ends)):
        return Amount(at, joined + 3, number + part)
    last = at + 1
    if after in SIGNS:
        number, last = number + SIGNS[after], at + 2
    elif after in BIG:
        number, last = number * BIG[after], at + 2
    part, last = _and_part(said, last)
    return Amount(at, last, number + part)


def _fraction(said: Sequence[str], at: int, starts: list[int], ends: list[int]) -> float:
    """What "1/2" stands for, 0 where no such fraction stands at this place or it goes on as a date or another score."""
    if tuple(said[at + 1 : at + 2]) != ("/",) or at + 2 >= len(said):
        return 0
    whole = starts[at + 1] == ends[at] and starts[at + 2] == ends[at + 1]
    further = said[at + 3] if at + 3 < len(said) and starts[at + 3] == ends[at + 2] else ""
    goes_on = further in ("/", "+") or (further == "-" and said[at + 4 : at + 5] and said[at + 4][0] in FIRST)
    behind = at > 0 and starts[at] == ends[at - 1] and said[at - 1] == "/"
    return FRACTIONS.get((said[at], said[at + 2]), 0) if whole and not goes_on and not behind else 0


def _and_part(said: Sequence[str], at: int) -> tuple[float, int]:
    """The part in "and a half", "and three quarters", and the token behind it; 0 and the same token where there is none."""
    if tuple(said[at : at + 1]) != ("and",):
        return 0, at
    after = at + 1
    many = {"a": 1, "one": 1, "two": 2, "three": 3}.get(said[after] if after < len(said) else "", 0)
    part = SHARES.get(said[after + bool(many)] if after + bool(many) < len(said) else "", 0)
    return (max(many, 1) * part, after + bool(many) + 1) if part else (0, at)


def _worded(said: Sequence[str], at: int) -> Amount | None:
    """A number in words, also as it is dictated: "one hundred and six", "one thirty-six", "one oh five", "seven point two"."""
    word = said[at]
    after = said[at + 1] if at + 1 < len(said) else ""
    if word in SIGNS:
        return Amount(at, at + 1, SIGNS[word], "fraction", True)
    if word == "half":
        return None if after == "past" else Amount(at, at + 1 + (after in ("a", "an")), 0.5, "fraction", True)
    if word == "couple":
        return Amount(at, at + 1 + (after == "of"), 2, "", True)
    if word in DECADES:
        return Amount(at, at + 1, DECADES[word], "decade", True)
    if word in ORDINALS:
        return Amount(at, at + 1, ORDINALS[word], "ordinal", True)
    if after in SHARES and ONES.get(word, 99) < 10 and (word == "one" or after not in PARTS):
        place = at + 2
        place += said[place : place + 1] == ["of"] and said[place + 1 : place + 2] in (["a"], ["an"]) and 2
        return Amount(at, place, ONES[word] * SHARES[after], "fraction", True)
    number, last, decade = _counted(said, at)
    joined = last + (said[last : last + 1] == ["-"])
    if word in TENS and last == at + 1 and joined < len(said) and (ordinal := _ordinal(said[joined])):
        return Amount(at, joined + 1, number + ordinal, "ordinal", True)
    if decade:
        return Amount(at, last, number, "decade", True)
    part, behind = _and_part(said, last)
    if part:
        return Amount(at, behind, number + part, "", True)
    decimals, last = _decimals(said, last)
    return Amount(at, last, float(f"{int(number)}.{decimals}") if decimals else number, "", True)


def _counted(said: Sequence[str], at: int) -> tuple[float, int, bool]:
    """The whole number that the words from a place on make, the token behind it, and whether it is a decade ("one thirties")."""
    total, group, place = 0, -1, at
    while place < len(said):
        word = said[place]
        after = said[place + 1] if place + 1 < len(said) else ""
        if word == "hundreds" and 0 < group < 20:
            return total + group * 100, place + 1, True
        if word in BIG and (group >= 100 if BIG[word] < 1000 else group >= 1000 or total >= BIG[word]):
            break
        if word in BIG:
            many, group = max(group, 1) * BIG[word], 0 if BIG[word] >= 1000 else -1
            if group:
                group = many
            else:
                total += many
        elif word in DECADES and 0 < group < 10:
            return total + group * 100 + DECADES[word], place + 1, True
        elif (value := TENS.get(word, ONES.get(word))) is not None:
            joined = _joined(group, value)
            if joined is None:
                break
            group = joined
        elif word == "oh" and 0 < group < 10 and 0 < ONES.get(after, 0) < 10:
            group, place = group * 100 + ONES[after], place + 1
        elif not (word == "-" and group >= 20 and 0 < ONES.get(after, 0) < 10 and group % 10 == 0) and not (
            word == "and" and (total or group >= 100) and (after in TENS or 0 < ONES.get(after, 0)) and group % 100 <= 0
        ):
            break
        place += 1
    return total + max(group, 0), place, False


def _ordinal(word: str) -> int:
    """The number of a small ordinal, 0 where a word is none."""
    return {"first": 1, "second": 2}.get(word, ORDINALS.get(word, 0) if ORDINALS.get(word, 99) < 10 else 0)


def _joined(group: int, value: int) -> int | None:
    """A group of words with one more: 20 and 3 are 23, 1 and 30 are 130 as it is dictated; None where they do not go together."""
    if group < 0:
        return value
    if group == 0:
        return value or None
    if 0 < value < 10 and group % 10 == 0 and group % 100 != 10:
        return group + value
    if value >= 10 and (group % 100 == 0 or group < 10):
        return group * (100 if group < 10 else 1) + value
    return None


def _decimals(said: Sequence[str], at: int) -> tuple[str, int]:
    """The digits behind a spoken "point", and the token behind them."""
    if tuple(said[at : at + 1]) != ("point",):
        return "", at
    digits, place = "", at + 1
    while place < len(said) and said[place] in ONES and ONES[said[place]] < 10:
        digits, place = digits + str(ONES[said[place]]), place + 1
    if not digits and place < len(said) and said[place] in TENS | ONES:
        number, place, _ = _counted(said, place)
        digits = str(int(number))
    return (digits, place) if digits else ("", at)
