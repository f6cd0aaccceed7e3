"""What stands beside a number in its row or in brackets behind it: its flag, the range it is measured by, its unit."""

from typing import NamedTuple

from rag.clinical.facts.analytes import Analyte, flags, listed
from rag.clinical.facts.readings import COMPARISONS, DASHES, counts, limited, ranged
from rag.clinical.facts.stream import Stream
from rag.clinical.facts.units import unit_at

SIGNS = frozenset("|,;()[]{}\t:=*•")
MOST = 8
"""Signs and labels that may stand before the next part of a row."""


class Beside(NamedTuple):
    """The token behind the last part that was read, and the parts."""

    last: int
    flag: str = ""
    low: float | None = None
    high: float | None = None
    unit: str = ""


def beside(words: Stream, at: int, analyte: Analyte, cell: bool = False) -> Beside:
    """Flag, range and unit behind a number that ends at a token, in the order of the row; of a `cell` the flag alone."""
    read, place, skipped, labelled = Beside(at), at, 0, False
    while place < len(words.said) and skipped < MOST:
        word = words.said[place]
        if cell and (word in "|,;\t" or words.gap(place) > 1):
            break
        unit = unit_at(words, place) if not read.unit and _apart(words, place, at) else None
        if unit and unit.name in analyte.factors and not (len(word) == 1 and word in flags() and unit.last == place + 1):
            read = read._replace(unit=unit.name, last=unit.last)
        elif not read.flag and (flag := _flag(words, place, at)):
            read = read._replace(flag=flag, last=place + 1)
        elif read.high is None and read.low is None and (found := _range(words, place, labelled)):
            read = read._replace(low=found[0], high=found[1], last=found[2])
        elif word in SIGNS or word in listed("labels"):
            labelled = labelled or word in listed("labels", "ranges")
            place, skipped = place + 1, skipped + 1
            continue
        else:
            break
        place, skipped = read.last, 0
    if words.word(read.last) in (")", "]") and any(sign in "([" for sign in words.said[at : read.last]):
        read = read._replace(last=read.last + 1)
    return read


def _apart(words: Stream, place: int, at: int) -> bool:
    """Whether a cell, bracket or label stands before a token, counted from the number."""
    return words.gap(place) > 1 or words.word(place - 1) in "|,;([\t:=" or place > at + 1


def _flag(words: Stream, place: int, at: int) -> str:
    """The flag that a word is: a letter in capitals that ends its cell or bracket, a word behind a sign or a label."""
    word = words.said[place]
    flag = flags().get(word, "")
    if not flag:
        return ""
    ends = words.word(place + 1) in ("", "\n", "\t", "|", ")", "]", ",", ";", "*", ".") or words.gap(place + 1) > 1
    if len(word) <= 2:
        figures = place + 1 in words.amounts or words.word(place + 1) in ("(", "[")
        return flag if words.text[words.starts[place]].isupper() and (ends or (figures and words.gap(place + 1))) else ""
    return flag if ends and (place > at or words.gap(place) > 1) else ""


def _range(words: Stream, place: int, labelled: bool) -> tuple[float | None, float | None, int] | None:
    """The ends of a range in brackets, a cell or behind a label, and the token behind it: "135-145", "< 0.04"."""
    sign = words.word(place)
    behind = words.word(place - 1)
    if not (labelled or behind in ("(", "[", "|", "\t") or words.gap(place) > 1 or (behind in ",;" and not words.gap(place))):
        amount = words.amounts.get(place)
        if amount is None or ranged(words, amount) is None or words.gap(amount.last):
            return None
    if sign in COMPARISONS:
        place += 1 + (words.word(place + 1) == "=")
    amount = words.amounts.get(place)
    if amount is None or amount.form:
        return None
    if sign in COMPARISONS:
        limit = limited(words, place)[1]
        below = limit.startswith("<")
        return (None, amount.number, amount.last) if below else (amount.number, None, amount.last)
    upper = ranged(words, amount)
    if upper is None or not _closes(words, upper.last) or upper.form:
        return None
    return amount.number, upper.number, upper.last


def _closes(words: Stream, at: int) -> bool:
    """Whether a range ends its bracket or cell: nothing that it counts stands behind it."""
    if (unit := unit_at(words, at)) and "/" in unit.name:
        return True
    if counts(words, at) or words.word(at) in DASHES:
        return False
    word = words.word(at)
    return not word[:1].isalpha() or words.gap(at) > 1 or unit_at(words, at) is not None or word in flags()
