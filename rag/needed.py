"""What a text must hold for a pattern to match in it: sought at once, where the pattern itself is tried at every letter.

The parsed pattern tells of which strings every match holds one: "a@b" the sign, "(?:mr|dr)s? [A-Z]" one of "mr" and "dr"
(so do RE2 and Hyperscan). Letters count in either case, all digits alike, and all blanks.
"""

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from re._casefix import _EXTRA_CASES as EXTRA_CASES
from typing import Any

ALIKE = {one: min(low, *others) for low, others in EXTRA_CASES.items() for one in (low, *others)}
"""Letters that a pattern for either case takes for the same though their lower case differs: "s" and "ſ"."""
PLAIN = ALIKE | str.maketrans("123456789\t\n\r\v\f\x1c\x1d\x1e\x1f", "000000000         ")
DIGIT, BLANK = re.compile(r"\d"), re.compile(r"\s")
MOST = 64
"""Strings of a part at most; where there are more, it is taken to be anything."""
LEAST = 3
"""Letters from which on a string tells anything; with a sign in it, fewer do."""

Strings = frozenset[str]
EMPTY: Strings = frozenset([""])
Part = tuple[Strings | None, list[Strings]]
"""The few strings that a part of a pattern may be, or None; and of which strings it holds one, list by list."""


@lru_cache(maxsize=32)
def plain(text: str) -> str:
    """A text as it is compared here, sign by sign."""
    same = text if text.isascii() else BLANK.sub(" ", DIGIT.sub("0", text.replace("İ", "i")))
    return same.lower().translate(PLAIN)


def holds(pattern: re.Pattern[str], text: str) -> bool:
    """Whether a text holds all that this pattern needs."""
    wanted = _needs(pattern.pattern, pattern.flags)
    return not wanted or all(any(one in plain(text) for one in strings) for strings in wanted)


def needs(pattern: str, flags: int = 0) -> tuple[Strings, ...]:
    """The lists of strings of each of which every match holds one, the shortest first."""
    found = set(map(_shortest, _lists(_sequence(parser.parse(pattern, flags)))))
    return tuple(sorted(found, key=lambda one: (len(one), sorted(one))))


_needs = cache(needs)


def _lists(part: Part) -> list[Strings]:
    whole, inner = part
    return [one for one in (whole or EMPTY, *inner) if all(map(_tells, one))]


def _tells(string: str) -> bool:
    return len(string) >= LEAST or any(not ((sign.isalnum() and sign.isascii()) or sign == " ") for sign in string)


def _shortest(strings: Strings) -> Strings:
    """Without those that hold another."""
    return frozenset(one for one in strings if not any(other in one for other in strings if other != one))


def _sequence(items: Any) -> Part:
    """Neighbours that may be few strings are put together."""
    run, inner, whole = EMPTY, list[Strings](), True
    for operation, argument in items:
        strings, parts = _item(operation, argument)
        inner += parts
        joined = _joined(run, strings) if strings else None
        if joined is None:
            inner.append(run)
            whole = False
        run = joined or strings or EMPTY
    return (run, inner) if whole else (None, [*inner, run])


def _joined(run: Strings, following: Strings) -> Strings | None:
    if len(run) * len(following) > MOST:
        return None
    return frozenset(one + two for one in run for two in following)


def _item(operation: Any, argument: Any) -> Part:
    if operation is codes.LITERAL or operation is codes.IN:
        return _signs([(operation, argument)] if operation is codes.LITERAL else argument), []
    if operation is codes.SUBPATTERN:
        return _sequence(argument[3])
    if operation is codes.ATOMIC_GROUP:
        return _sequence(argument)
    if operation is codes.BRANCH:
        return _branches([_sequence(branch) for branch in argument[1]])
    if operation in {codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT}:
        least, most, items = argument
        return _repeated(least, int(most), _sequence(items))
    if operation is codes.ASSERT:
        return EMPTY, _lists(_sequence(argument[1]))
    return (EMPTY if operation in {codes.AT, codes.ASSERT_NOT} else None), []


def _branches(branches: list[Part]) -> Part:
    wholes = [strings for strings, _ in branches]
    if all(wholes) and sum(len(one or "") for one in wholes) <= MOST:
        return frozenset().union(*(one or "" for one in wholes)), []
    best = [max(_lists(branch), key=lambda one: (min(map(len, one)), -len(one)), default=None) for branch in branches]
    return None, [frozenset().union(*filter(None, best))] if all(best) else []


def _repeated(least: int, most: int, once: Part) -> Part:
    strings, inner = once
    if not strings:
        return None, inner if least else []
    if (least, most) == (0, 1):
        return strings | EMPTY, []
    together = strings if least else EMPTY
    for _ in range(min(least, MOST) - 1):
        together = _joined(together, strings) or together
    whole = least == most <= MOST and len(together) == len(strings) ** least
    return (together, []) if whole else (None, [together])


def _signs(items: Iterable[tuple[Any, Any]]) -> Strings | None:
    """The signs that may stand in one place, in small letters; None where these are many."""
    found: set[str] = set()
    for operation, argument in items:
        if operation is codes.LITERAL:
            found.add(chr(argument))
        elif operation is codes.RANGE and argument[1] < 128:
            found.update(map(chr, range(argument[0], argument[1] + 1)))
        elif operation is codes.CATEGORY and argument in {codes.CATEGORY_DIGIT, codes.CATEGORY_SPACE}:
            found.add("0" if argument is codes.CATEGORY_DIGIT else " ")
        else:
            return None
    return frozenset(map(plain, found)) if len(found) <= MOST else None
