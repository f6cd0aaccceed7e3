"""Numbers: every number that nothing else has read, with the word that it counts, by `rules/facts_numbers.json`."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from rag.clinical.facts.readings import DASHES, ROMAN, limited, limited_after, ranged, unit_behind
from rag.clinical.facts.stream import Amount, Stream, stream
from rag.clinical.facts.types import Number
from rag.clinical.facts.units import Unit
from rag.rules import rules
from rag.values import Document

RUN = 4
"""How many words behind a number the one that it counts is sought among."""
NUMBERS = 3
"""How many further numbers may stand between a number and that word."""
DETERMINERS = ("the", "these", "those", "her", "his", "their", "my", "our")
STATES = {"g": "gravida", "p": "para"}


def numbers(document: Document) -> Iterator[Number]:
    """The numbers of a text in digits and words, those of its classes in Roman figures, and "twice"."""
    words = stream(document.text)
    found = [one for amount in words.amounts.values() if (one := _counted(words, amount))]
    yield from sorted([*found, *_in_words(words)], key=lambda one: one.start)


def _counted(words: Stream, amount: Amount) -> Number | None:
    """A number with what it counts; None for the mark of a list item, a part of a name ("P-0412") and a "one" that is none."""
    if _is_mark(words, amount) or _in_a_name(words, amount.first) or _is_no_one(words, amount):
        return None
    label = _label(words, amount.first)
    upper = ranged(words, amount)
    unit = unit_behind(words, amount.last) or (unit_behind(words, upper.last) if upper else None)
    start = words.starts[amount.first]
    limit = limited(words, amount.first)[1] or limited_after(words, _counted_behind(words, amount, unit))[1]
    whole = Number(start=start, end=words.ends[amount.last - 1], number=amount.number, limit=limit)
    if label:
        return replace(whole, of=label + _suffix(words, amount.last))
    if unit and _is_unit(words, unit, upper.last if upper else amount.last):
        head, sign, below = unit.name.partition("/")
        own, factor = _own_units().get(head, (head, 1))
        end = whole.end if upper else words.ends[unit.last - 1]
        return replace(whole, end=end, number=float(f"{amount.number * factor:.9g}"), of=own + sign + below)
    return replace(
        whole,
        of=_noun(words, limited_after(words, _counted_last(words, amount.last))[0], amount.number != 1)
        or _noun_before(words, amount.first),
    )


def _counted_behind(words: Stream, amount: Amount, unit: Unit | None) -> int:
    """The token behind a number, its unit and one word that it counts, if "or" or "and" comes then: "5 nodes or more"."""
    last = unit.last if unit else amount.last
    return last if words.word(last) in ("or", "and") else last + 1


def _is_unit(words: Stream, unit: Unit, at: int) -> bool:
    """Whether a unit behind a number is surely one: a lone letter only glued, or as "L" and "g"."""
    alone = len(words.said[at]) == 1 and unit.last == at + 1 and words.said[at].isalpha()
    return not alone or not words.gap(at) or words.written(at) in ("L", "g")


def _is_mark(words: Stream, amount: Amount) -> bool:
    """Whether a number stands before a list item: "1. ", "2)", "(3)"."""
    at, sign = amount.first, words.word(amount.last)
    if amount.last > at + 1 or amount.number > 99 or amount.worded:
        return False
    begins = words.word(at - 1) in ("", "\n", "|") or (
        words.word(at - 1) in ("-", "*", "(", "#") and words.word(at - 2) in ("", "\n")
    )
    if sign == ")" and (begins or words.word(at - 1) == "("):
        return words.word(at - 1) != "(" or words.word(amount.last + 1)[:1].isalpha() or begins
    return begins and sign == "." and (words.gap(amount.last + 1) > 0 or words.word(amount.last + 1)[:1].isalpha())


def _in_a_name(words: Stream, at: int) -> bool:
    """Whether a number is a part of a name: glued to letters, maybe by a hyphen: "P-0412", "COVID-19", "B12"."""
    before = words.word(at - 1)
    if words.gap(at):
        return False
    if before[:1].isalpha():
        return before not in ("x", "×")
    joined = before in DASHES and not words.gap(at - 1) and words.word(at - 2)[:1].isalpha()
    return (joined and words.word(at - 2) not in _labels()) or before in ("^", "_")


def _is_no_one(words: Stream, amount: Amount) -> bool:
    """Whether a "one" is a pronoun: "this one", "one can see"."""
    if amount.last != amount.first + 1 or words.said[amount.first] != "one":
        return False
    known = rules("facts_numbers")["not_one"]
    behind = words.word(amount.last)
    return (
        words.word(amount.first - 1) in known["before"] or behind in known["behind"] or not (behind.isalpha() or behind in DASHES)
    )


def _label(words: Stream, at: int) -> str:
    """The word before a number of a class: "grade 3", "type-2"; "" where none stands there."""
    place = at - 1
    if words.word(place) in (*DASHES, ".", ":", "#", "of") and (words.word(place) != "of" or words.word(place - 1) == "score"):
        place -= 1
    before = words.word(place)
    return before if before in _labels() and words.gap(at) <= 1 else ""


def _suffix(words: Stream, at: int) -> str:
    """The letter of a subclass that is glued to its number: "3a"."""
    word = words.word(at)
    return f" {word}" if not words.gap(at) and len(word) == 1 and word in "abc" else ""


def _counted_last(words: Stream, at: int) -> int:
    """The token behind the last of the numbers that count one thing: "two of the three tests", "3 or 4 pints", "2-3 beans"."""
    for _ in range(NUMBERS):
        sign = words.word(at)
        place = at + 1 + (sign == "out" or (sign == "of" and words.word(at + 1) in DETERMINERS))
        if sign not in ("of", "out", "/", "to", "or", "and", *DASHES) or place not in words.amounts:
            break
        at = words.amounts[place].last
    return at


def _noun(words: Stream, at: int, many: bool = True) -> str:
    """The word that a number counts: the first plural of a few words behind it where it is of `many`, else the first word."""
    place = at + (words.word(at) in DASHES and not words.gap(at))
    run: list[str] = []
    while len(run) < RUN and words.word(place).isalpha() and words.word(place) not in _not_counted() and words.gap(place) <= 1:
        run.append(words.said[place])
        place += 1 + (words.word(place + 1) in DASHES and not words.gap(place + 1))
    return singular(next((word for word in run if _is_plural(word) and many), run[0] if run else ""))


def _noun_before(words: Stream, at: int) -> str:
    """The word before a number that counts none: "tier 3", "CIN 1"."""
    before = words.word(at - 1)
    return singular(before) if before.isalpha() and before not in _not_counted() and words.gap(at) <= 1 else ""


def _is_plural(word: str) -> bool:
    return len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) and word not in _singulars()


def singular(word: str) -> str:
    """A word without the ending of its plural: "stools" is "stool", "biopsies" "biopsy"."""
    if not _is_plural(word):
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    return word[:-2] if word.endswith(("sses", "shes", "ches", "xes")) else word[:-1]


def _in_words(words: Stream) -> Iterator[Number]:
    """Classes in Roman figures behind their label, "twice", "x3", and what stands in "G4P3"."""
    times = _times()
    for at, word in enumerate(words.said):
        if word in times:
            yield Number(start=words.starts[at], end=words.ends[at], number=times[word], of="time")
        elif word[0] in "ivx" and (label := _label(words, at)) and (found := _roman(word)):
            if words.text[words.starts[at]].isupper():
                yield Number(start=words.starts[at], end=words.ends[at], number=found[0], of=label + found[1])
        elif word[0] in "gpx" and len(word) > 1 and word[1].isdigit():
            yield from _glued(words, at, word)


def _roman(word: str) -> tuple[int, str] | None:
    """A Roman figure, maybe with the letter of a subclass: "IIIA"."""
    if word in ROMAN:
        return ROMAN[word], ""
    return (ROMAN[word[:-1]], f" {word[-1]}") if word[:-1] in ROMAN and word[-1] in "abc" else None


def _glued(words: Stream, at: int, word: str) -> Iterator[Number]:
    """The numbers of "G4P3" and "G4, P3", and of "x3"."""
    start = words.starts[at]
    if word[0] == "x":
        if word[1:].isdigit():
            yield Number(start=start, end=words.ends[at], number=float(word[1:]), of="time")
        return
    together = word[0] == "g" and len(word) > 3 and word[2] == "p" and word[3].isdigit()
    other = any(
        words.word(place)[:1] == "gp"[word[0] == "g"] and words.word(place)[1:2].isdigit() for place in range(at - 3, at + 4)
    )
    if words.text[start].isupper() and (together or (other and len(word) == 2)):
        yield Number(start=start, end=start + 2, number=float(word[1]), of=STATES[word[0]])
        if together:
            yield Number(start=start + 2, end=start + 4, number=float(word[3]), of="para")


@cache
def _labels() -> frozenset[str]:
    return frozenset(rule["label"] for rule in rules("facts_numbers")["labels"])


@cache
def _own_units() -> dict[str, tuple[str, float]]:
    return {rule["unit"]: (rule["own"], rule["factor"]) for rule in rules("facts_numbers")["own_units"]}


@cache
def _times() -> dict[str, float]:
    return {rule["word"]: float(rule["number"]) for rule in rules("facts_numbers")["times"]}


@cache
def _singulars() -> frozenset[str]:
    return frozenset(rules("facts_numbers")["singulars"]["words"])


@cache
def _not_counted() -> frozenset[str]:
    return frozenset(rules("facts_numbers")["not_counted"]["words"])
