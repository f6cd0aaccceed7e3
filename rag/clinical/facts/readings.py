"""Readings: what is written at one place as the number of an analyte, in each of the forms that numbers have."""

from typing import NamedTuple

from rag.clinical.facts.analytes import Analyte, listed
from rag.clinical.facts.stream import Amount, Stream
from rag.clinical.facts.units import Unit, unit_at

COMPARISONS = {"<": "<", "≤": "<=", ">": ">", "≥": ">="}
UNDER = {"under": "<", "below": "<", "over": ">", "above": ">", "exceeding": ">", "exceeds": ">"}
THAN = {"less": "<", "lower": "<", "fewer": "<", "smaller": "<", "greater": ">", "more": ">", "higher": ">", "larger": ">"}
ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10, "xi": 11, "xii": 12}
DASHES = ("-", "–", "—", "‑")
RESULT_UNITS = frozenset(("breaths/min", "mmHg", "fL", "pg", "kPa", "cmH2O"))
NOT_OF_RESULTS = frozenset(("kg", "h", "day", "week", "month"))
AFTER_A_SCORE = frozenset("at now on today currently with after before to and or when in then".split())
SLACK = 2
"""How many times outside of its plausible size a number with unit may be."""
FLAG_LETTERS = ("h", "l", "k", "m", "s", "u")
CLASSES = ("class", "type", "stage", "grade", "category", "score", "level")


class Reading(NamedTuple):
    """A number as it is written: tokens `first` up to, not with, `last`."""

    first: int
    last: int
    number: float
    unit: str = ""
    most: float | None = None
    second: float | None = None
    limit: str = ""


def reading_at(words: Stream, at: int, analyte: Analyte) -> Reading | None:
    """The number of an analyte that begins at a token, None where none does or the number cannot be one of it."""
    read = _FORMS.get(analyte.form, _plain)
    return read(words, at, analyte)


def limited(words: Stream, first: int) -> tuple[int, str]:
    """Where a comparison begins that stands right before a number, and its sign; the number's own place and "" without one."""
    one, two = words.word(first - 1), words.word(first - 2)
    if one == "=" and two in COMPARISONS:
        return first - 2, f"{COMPARISONS[two][0]}="
    if one in COMPARISONS and two not in DASHES and not two[:1].isdigit():  # "16 > 11" is a fall.
        return first - 1, COMPARISONS[one]
    if one in UNDER:
        return first - 1, UNDER[one]
    if one == "than" and two in THAN:
        denied = words.word(first - 3) in ("no", "not")
        return first - 2 - denied, {"<": ">=", ">": "<="}[THAN[two]] if denied else THAN[two]
    if one == "to" and two == "equal" and words.word(first - 3) == "or" and words.word(first - 4) == "than":
        return first - 5, f"{THAN.get(words.word(first - 5), '<')}="
    if one in ("least", "most") and two == "at":
        return first - 2, ">=" if one == "least" else "<="
    return first, ""


def limited_after(words: Stream, at: int) -> tuple[int, str]:
    """The token behind "or more", "or below", "and above" that follows a number, and its sign; the same token and "" without."""
    if words.word(at) in ("or", "and"):
        word = words.word(at + 1)
        sign = THAN.get(word) or UNDER.get(word)
        if sign and words.word(at + 2) != "than":
            return at + 2, f"{sign}="
    return at, ""


def ranged(words: Stream, amount: Amount) -> Amount | None:
    """The upper end of a range that begins with a number: "30-35", "30 to 35", "between 30 and 35"; None where there is none."""
    sign, upper = words.word(amount.last), words.amounts.get(amount.last + 1)
    if upper is None or upper.number <= amount.number or upper.form == "ordinal":
        return None
    if sign in DASHES:
        return upper if bool(words.gap(amount.last)) == bool(words.gap(amount.last + 1)) else None
    before = words.word(amount.first - 1)
    if sign in ("to", "through", "thru"):
        moved = before == "from" and not words.word(amount.first - 2).startswith("rang")
        return None if moved else upper
    return upper if sign == "and" and before == "between" else None


def unit_behind(words: Stream, at: int) -> Unit | None:
    """The unit right behind a number, with at most a blank or a hyphen between ("5-mm")."""
    if words.word(at) in DASHES and not words.gap(at) and at + 1 < len(words.said) and not words.gap(at + 1):
        unit = unit_at(words, at + 1)
        return unit if unit and len(words.said[at + 1]) > 1 else None
    if words.gap(at) > 1 or (words.gap(at) and words.word(at) in ("/", "#")):
        return None
    return unit_at(words, at)


def _plain(words: Stream, at: int, analyte: Analyte) -> Reading | None:
    """A number, or a range, with a unit of the analyte or with none and a plausible size."""
    amount = words.amounts.get(at)
    if amount is None or amount.form == "ordinal" or (amount.form == "fraction" and not amount.worded):
        return None
    first, number = _signed(words, amount, analyte)
    if first == at and words.word(at - 1) in DASHES and not words.gap(at) and words.gap(at - 1) and not analyte.signed:
        return None  # "Height below -2.25 SD".
    unit = unit_behind(words, amount.last)
    upper = ranged(words, amount) if number >= 0 else None
    if unit and not upper and (further := words.amounts.get(unit.last + 1)) and words.word(unit.last) in (*DASHES, "to"):
        if further.number > number and unit_behind(words, further.last) == Unit(
            unit.name, further.last + unit.last - amount.last
        ):
            upper = further if words.word(at - 1) != "from" else None
    last = upper.last if upper else amount.last
    if upper:
        unit = unit_behind(words, last) or unit
    return _with_unit(words, Reading(first, last, number, most=upper.number if upper else None), unit, analyte)


def _signed(words: Stream, amount: Amount, analyte: Analyte) -> tuple[int, float]:
    """Where a number begins, and the number, below nought where a minus stands before it and the analyte can be so."""
    at = amount.first
    sign = words.word(at - 1)
    if analyte.signed and (sign == "minus" or (sign in (*DASHES, "−") and not words.gap(at) and words.gap(at - 1))):
        return at - 1, -amount.number
    if analyte.signed and sign == "+" and not words.gap(at):
        return at - 1, amount.number
    return at, amount.number


def _with_unit(words: Stream, read: Reading, unit: Unit | None, analyte: Analyte) -> Reading | None:
    """A reading with its unit: a given one if it is one of results, else the one that a number of that size has."""
    if unit and unit.name == "degree" and "F" in analyte.factors:
        read, unit = read._replace(last=unit.last), None
    if unit and not _is_flag(words, unit, read.last, analyte):
        if unit.name in analyte.factors or (not analyte.needs_unit and _can_be_a_result(unit.name)):
            if not _is_plausible(read.number, unit.name, analyte):
                return None
            return read._replace(unit=unit.name, last=unit.last)
        return None
    bare = analyte.bare_unit(read.number)
    shared = words.amounts[read.first].form == "fraction" if read.first in words.amounts else False
    if analyte.needs_unit or shared or bare is None or counts(words, read.last):
        return None
    return read._replace(unit=bare)


def _is_plausible(number: float, unit: str, analyte: Analyte) -> bool:
    """Whether a number with its unit is not far outside of what the analyte can have in that unit: no saturation of 5 %."""
    low, high = next(((low, high) for own, low, high in analyte.bare if own == unit), (number, number))
    return low / SLACK <= number <= high * SLACK or number < 0


def _is_flag(words: Stream, unit: Unit, at: int, analyte: Analyte) -> bool:
    """Whether a lone letter behind a number is "H" or "L", a name or a word and no unit: "134 L", "88 T 98"."""
    alone = unit.last == at + 1 and words.said[at] in FLAG_LETTERS
    return alone and unit.name not in analyte.factors and bool(words.gap(at))


def _can_be_a_result(unit: str) -> bool:
    """Whether a unit is one of results though not of this one, and no rate at which something is given."""
    below = unit.split("/")[1:]
    return unit in RESULT_UNITS or (bool(below) and below[-1] != "min" and not set(below) & NOT_OF_RESULTS)


def counts(words: Stream, at: int) -> bool:
    """Whether a bare number counts what stands behind it: "3 times a day", "2 weeks ago", "45-year-old"."""
    word = words.word(at)
    if word in DASHES and not words.gap(at):
        word = words.word(at + 1)
    if (len(word) == 1 and words.text[words.starts[at]].isupper()) or (word == "may" and words.written(at) == "may"):
        return False
    multiplied = word == "x" and words.gap(at) <= 1 and words.gap(at + 1) > 0
    return word in listed("counted") or multiplied or (word == ":" and not words.gap(at) and not words.gap(at + 1))


def _pair(words: Stream, at: int, analyte: Analyte) -> Reading | None:
    """Systolic over diastolic pressure, each maybe a range or a decade; or the systolic one alone."""
    amount = words.amounts.get(at)
    if amount is None or amount.form in ("ordinal", "fraction"):
        return None
    upper = ranged(words, amount)
    last = upper.last if upper else amount.last
    lower = words.amounts.get(last + 1) if words.word(last) in ("/", "over", "\\", "|") else None
    if words.word(last) == "|" and lower and words.word(lower.last) in ("/", "over"):
        lower = None
    read = Reading(amount.first, last, amount.number, most=upper.number if upper else None)
    if lower is None:
        return _with_unit(words, read, unit_behind(words, last), analyte)
    if not (40 <= amount.number <= 300 and 10 <= lower.number <= 200 and lower.number <= amount.number):
        return None
    further = ranged(words, lower) if lower.form == "decade" or words.word(lower.last) in DASHES else None
    end = further.last if further else lower.last
    unit = unit_behind(words, end)
    if unit is None and words.gap(end) == 0 and words.word(end) == "/":
        return None
    own = unit is not None and unit.name == "mmHg"
    return read._replace(second=lower.number, unit="mmHg", last=unit.last if unit and own else end)


def _score(words: Stream, at: int, analyte: Analyte) -> Reading | None:
    """Points out of so many: "8/10", "3 out of 6", "II/VI"; "pain 8" where nothing else can be meant."""
    amount = words.amounts.get(at)
    if amount is None:
        number = float(ROMAN.get(words.word(at), 0))
        end = _out_of(words, at + 1, analyte.out_of) if number and words.word(at + 1) == "/" else 0
        return Reading(at, end, number, analyte.unit) if end and number <= analyte.out_of else None
    if amount.form:
        return None
    upper = ranged(words, amount)
    number, last = amount.number, upper.last if upper else amount.last
    if words.word(last) in ("-", "+") and words.word(last + 1) == "/" and not words.gap(last):  # "4-/5" of muscle strength.
        number, last = number + (1 / 3 if words.word(last) == "+" else -1 / 3), last + 1
    end = _out_of(words, last, analyte.out_of)
    most = upper.number if upper else None
    if end and number <= analyte.out_of:
        return Reading(at, end, number, analyte.unit, most)
    alone = (
        analyte.name == "pain"
        and number <= 10
        and number == int(number)
        and words.word(at - 1) != "/"
        and _ends_a_score(words, last)
    )
    return Reading(at, last, number, analyte.unit, most) if alone else None


def _ends_a_score(words: Stream, at: int) -> bool:
    """Whether a bare number is a score by what stands behind it: a stop, a bracket, a small word; no unit and no date."""
    word = words.word(at)
    if word in ("or", "and", "to") and at + 1 in words.amounts and counts(words, words.amounts[at + 1].last):
        return False  # "For three or four days".
    if (
        counts(words, at)
        or word in ("/", "%", "°")
        or (word in (*DASHES, ".", "'", '"') and not words.gap(at) + words.gap(at + 1))
    ):
        return False
    return words.gap(at) > 1 or not word[:1].isalnum() or word in AFTER_A_SCORE


def _out_of(words: Stream, at: int, whole: int) -> int:
    """The token behind "/10", "out of 10", "of 10"; 0 where something else stands there or a date goes on."""
    sign = words.word(at)
    place = at + 1 if sign in ("/", "of") else at + 2 if sign == "out" and words.word(at + 1) == "of" else 0
    if not place:
        return 0
    amount = words.amounts.get(place)
    number, last = (amount.number, amount.last) if amount else (ROMAN.get(words.word(place), 0), place + 1)
    if number != whole or (words.word(last) in ("/", "-") and not words.gap(last) and last + 1 in words.amounts):
        return 0
    return last


def _plus(words: Stream, at: int, analyte: Analyte) -> Reading | None:
    """A number of plus signs: "2+", "1-2+", "+2", "two plus"."""
    amount = words.amounts.get(at)
    if amount is None or amount.form or amount.number > 4:
        return None
    upper = ranged(words, amount)
    last = upper.last if upper else amount.last
    most = upper.number if upper else None
    if words.word(last) in ("+", "plus") and (words.word(last) == "plus" or not words.gap(last)):
        end = last + 3 if words.word(last + 1) == "/" and words.word(last + 2) in ("4", "3") else last + 1
        return Reading(at, end + (words.word(end) == "+" and not words.gap(end)), amount.number, "+", most)
    if words.word(at - 1) == "+" and not words.gap(at):
        return Reading(at - 1, last, amount.number, "+", most)
    if words.word(last) == "/" and words.word(last + 1) == "4" and not words.gap(last):
        return Reading(at, last + 2, amount.number, "+", most)
    return None


def _scale(words: Stream, at: int, analyte: Analyte) -> Reading | None:
    """Points of a scale or a class, in Arabic or Roman figures, with or without what they are out of."""
    place = at + 1 if words.word(at) in CLASSES else at
    amount = words.amounts.get(place)
    if amount is None:
        return _roman(words, at, place, analyte)
    if amount.form:
        return None
    first, number = _signed(words, amount, analyte)
    second = words.amounts.get(amount.last + 1) if words.word(amount.last) == "+" else None
    if second and not second.form:  # "Gleason 3+4 = 7".
        whole = words.amounts.get(second.last + 1) if words.word(second.last) == "=" else None
        both = number + second.number
        last = whole.last if whole and whole.number == both else second.last
        return Reading(first, last, both, analyte.unit) if analyte.bare_unit(both) is not None else None
    if analyte.bare_unit(number) is None or counts(words, amount.last) or _glued_word(words, amount.last):
        return None
    upper = ranged(words, amount)
    last = upper.last if upper else amount.last
    out = words.said[last : last + 2] == ["out", "of"]
    whole = words.amounts.get(last + 1 + out) if out or words.word(last) == "/" else None
    if whole and whole.number >= number and (whole.number > 10 or analyte.out_of in (0, whole.number)):
        last = whole.last
    last += words.word(last) == "%"
    return Reading(min(first, at), last, number, analyte.unit, upper.number if upper else None)


def _roman(words: Stream, at: int, place: int, analyte: Analyte) -> Reading | None:
    """A class in Roman figures in capitals: "III", "IIb", "II-III"."""
    figure = words.word(place)
    number = ROMAN.get(figure) or ROMAN.get(figure.rstrip("abc")) or 0
    if not number or analyte.bare_unit(number) is None or not words.text[words.starts[place]].isupper():
        return None
    upper = ROMAN.get(words.word(place + 2)) if words.word(place + 1) in (*DASHES, "to", "/") else None
    return Reading(at, place + 3 if upper else place + 1, number, "", upper)


def _glued_word(words: Stream, at: int) -> bool:
    return words.gap(at) == 0 and words.word(at)[:1].isalpha() and len(words.word(at)) > 1


def _snellen(words: Stream, at: int, analyte: Analyte) -> Reading | None:
    """Visual acuity at twenty feet: "20/40"."""
    lower = words.amounts.get(at + 2)
    if words.word(at) not in ("20", "twenty") or words.word(at + 1) not in ("/", "over") or lower is None:
        return None
    return Reading(at, lower.last, lower.number, "20/")


def _titer(words: Stream, at: int, analyte: Analyte) -> Reading | None:
    """A titre: "1:160"."""
    lower = words.amounts.get(at + 2)
    if words.word(at) != "1" or words.word(at + 1) not in (":", "to", "/") or lower is None or lower.number < 2:
        return None
    return Reading(at, lower.last, lower.number, "")


def _height(words: Stream, at: int, analyte: Analyte) -> Reading | None:
    """A height in feet and inches ("5'10\"", "five foot ten") or in one unit."""
    feet = words.amounts.get(at)
    if feet is None:
        return None
    mark = words.word(feet.last)
    if mark in ("'", "’", "′", "ft", "foot", "feet") and 1 <= feet.number <= 8:
        place = feet.last + 1 + (words.word(feet.last + 1) in (",", ".", "and"))
        inches = words.amounts.get(place)
        if inches is None or inches.number >= 12 or (mark in ("'", "’", "′") and words.gap(place) > 1):
            return Reading(at, feet.last + 1, feet.number, "ft") if mark not in ("'", "’", "′") else None
        end = inches.last
        if words.word(end) in ('"', "”", "″", "in", "inch", "inches"):
            end += 1 + (words.word(end) == "in" and words.word(end + 1) == "." and not words.gap(end + 1))
        elif words.word(end) in ("'", "’") and words.word(end + 1) in ("'", "’"):
            end += 2
        return Reading(at, end, feet.number * 12 + inches.number, "in")
    return _plain(words, at, analyte)


_FORMS = {
    "pair": _pair, "score": _score, "plus": _plus, "scale": _scale, "snellen": _snellen, "titer": _titer, "height": _height,
}  # fmt: skip
