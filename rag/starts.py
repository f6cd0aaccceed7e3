"""Matches of a pattern, sought only where its first letters stand: most rules have nothing to say about most words of a text.

The parsed pattern tells with which one to three letters its matches begin. Where each of them begins at the start of a word or
with a sign, the words of the text are looked up by their first letters, once for all patterns, and the pattern is tried there.
Letters count in either case, all digits alike, and all blanks.
"""

import re
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

from rag.needed import PLAIN, holds, plain

LETTERS = 3
MOST = 300
"""Beginnings of a pattern at most; where there are more, shorter ones are taken."""
ONE_LETTER = 8
"""Beginnings of one letter at most: with more of them, the search that `re` makes is as fast."""
PLACE = re.compile(r"[^\W\d]+|\d+|[^\w\s]")


ANY, NO_DIGIT, NO_LETTER = "anything", "no digit", "no letter or digit"


class Start(NamedTuple):
    """How a match begins: with these letters, which may be all that was matched so far; and what does not stand before them."""

    after: str = ANY
    letters: str = ""
    whole: bool = True


NOTHING = frozenset([Start()])
ANYTHING = frozenset([Start(whole=False)])
Starts = frozenset[Start]


def matches(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """All matches of a pattern in a text, in order: what `pattern.finditer(text)` gives."""
    places = _places_of(pattern, text)
    if places is None:
        return pattern.finditer(text) if holds(pattern, text) else iter(())
    return _apart(pattern, text, places) if places else iter(())


def _apart(pattern: re.Pattern[str], text: str, places: Iterable[int]) -> Iterator[re.Match[str]]:
    end = 0
    for at in places:
        if at >= end and (match := pattern.match(text, at)):
            yield match
            end = match.end()


def has_starts(pattern: re.Pattern[str]) -> bool:
    """Whether the matches of a pattern are sought by their first letters, which costs next to nothing."""
    return _rule(pattern.pattern, pattern.flags) is not None


def first_of(patterns: dict[str, re.Pattern[str]], text: str) -> Iterator[tuple[str, re.Match[str]]]:
    """The matches of one pattern that has all these as alternatives: each with the name of the first that fits there."""
    found = [(match.start(), at, name, match) for at, (name, one) in enumerate(patterns.items()) for match in _all(one, text)]
    end = 0
    for start, _, name, match in sorted(found, key=lambda one: one[:2]):
        if start >= end:
            yield name, match
            end = match.end()


def _all(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """The match at each place where there is one, also within another match."""
    places = _places_of(pattern, text)
    if places is not None:
        yield from filter(None, (pattern.match(text, at) for at in places))
        return
    match = pattern.search(text) if holds(pattern, text) else None
    while match:
        yield match
        match = pattern.search(text, match.start() + 1)


class _Places:
    """The places of a text at which words and signs begin, by their first letters; and which rules may match there."""

    def __init__(self, text: str) -> None:
        found: dict[str, list[int]] = defaultdict(list)
        self.same = len(low := plain(text)) == len(text)
        for place in PLACE.finditer(text) if self.same else ():
            at = place.start()
            found[low[at : at + LETTERS]].append(at)
        self._places = dict(found)
        self._rules: dict[int, list[str]] = {}
        self._read = 0

    def of(self, rule: int) -> list[int]:
        """Where the matches of a rule may begin, in order."""
        if rule >= self._read:
            self._look()
        letters = self._rules.get(rule, ())
        if len(letters) == 1:
            return self._places[letters[0]]
        return sorted(at for three in letters for at in self._places[three])

    def _look(self) -> None:
        """Which rules may match at each place: once for all of them, and again where new ones were met meanwhile."""
        read, rules = len(_met), defaultdict[int, list[str]](list)
        for three in self._places:
            for size in range(1, len(three) + 1):
                for rule in _by_letters.get(three[:size], ()):
                    rules[rule].append(three)
        self._rules, self._read = dict(rules), read


_places = lru_cache(maxsize=32)(_Places)
_met: list[str] = []
"""The patterns that were met so far; a rule is the number of one of them."""
_by_letters: dict[str, list[int]] = {}
"""The rules by the letters with which their matches begin."""
_lock = threading.Lock()


def _places_of(pattern: re.Pattern[str], text: str) -> list[int] | None:
    """The places of a text at which this pattern may match, in order; None where it has to be sought everywhere."""
    rule = _rule(pattern.pattern, pattern.flags)
    places = _places(text) if rule is not None else None
    return places.of(rule) if places and places.same and rule is not None else None


@cache
def _rule(pattern: str, flags: int) -> int | None:
    """The number of a pattern, which is met now if it was not before; None where it has to be sought everywhere."""
    letters = beginnings(pattern, flags)
    if letters is None:
        return None
    with _lock:
        rule = len(_met)
        for one in letters:
            if not any(one != other and one.startswith(other) for other in letters):
                _by_letters.setdefault(one, []).append(rule)
        _met.append(pattern)  # Now it is sought: whoever looks before reads the places again.
        return rule


def beginnings(pattern: str, flags: int = 0) -> frozenset[str] | None:
    """The letters of which every match begins with some, at the start of a word or with a sign; None where that is not so."""
    if flags & re.ASCII:
        return None
    found = _sequence(parser.parse(pattern, flags))
    letters = frozenset(one.letters for one in found)
    if any(not one.strip() or one[0] == " " for one in letters) or not all(map(_is_place, found)):
        return None
    return letters if sum(len(one) == 1 and one.isalpha() for one in letters) <= ONE_LETTER else None


def _is_place(start: Start) -> bool:
    """Whether all such beginnings are among the places of a text: the start of a run of letters or of digits, or a sign."""
    first = start.letters[0]
    return start.after == NO_LETTER or (start.after == NO_DIGIT and first == "0") or not (first.isalnum() or first == "_")


def _sequence(items: Any) -> Starts:
    found = NOTHING
    for item in items:
        if all(not one.whole or len(one.letters) >= LETTERS for one in found):
            break
        found = _then(found, _item(*item))
    return found


def _then(found: Starts, following: Starts) -> Starts:
    """The beginnings with what follows those that are whole so far."""
    further = frozenset(_joined(one, two) if one.whole else one for one in found for two in following)
    return further if len(further) <= MOST else frozenset(one._replace(whole=False) for one in found)


def _joined(one: Start, two: Start) -> Start:
    after = one.after if one.letters or one.after == NO_LETTER or two.after == ANY else two.after
    return Start(after, (one.letters + two.letters)[:LETTERS], two.whole)


def _item(operation: Any, argument: Any) -> Starts:
    if operation is codes.LITERAL:
        return _letters([(operation, argument)])
    if operation is codes.IN:
        return _letters(argument)
    if operation is codes.SUBPATTERN:
        return _sequence(argument[3])
    if operation is codes.ATOMIC_GROUP:
        return _sequence(argument)
    if operation is codes.BRANCH:
        return frozenset().union(*map(_sequence, argument[1]))
    if operation in {codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT}:
        return _repeated(*argument)
    if operation is codes.AT:
        return frozenset([Start(NO_LETTER if argument is codes.AT_BOUNDARY else ANY)])
    if operation in {codes.ASSERT, codes.ASSERT_NOT}:
        behind, items = argument
        return frozenset([Start(_before(items, operation is codes.ASSERT) if behind < 0 and len(items) else ANY)])
    return ANYTHING


def _before(items: Any, there: bool) -> str:
    """What does not stand before a place where these stand, or do not stand."""
    operation, argument = items[-1]
    if there:
        return NO_LETTER if operation is codes.LITERAL and not (chr(argument).isalnum() or argument == ord("_")) else ANY
    if len(items) > 1 or operation is not codes.IN or argument[0][0] is codes.NEGATE:
        return ANY
    if (codes.CATEGORY, codes.CATEGORY_WORD) in argument:
        return NO_LETTER
    return NO_DIGIT if (codes.CATEGORY, codes.CATEGORY_DIGIT) in argument else ANY


def _letters(items: Iterable[tuple[Any, Any]]) -> Starts:
    found: set[str] = set()
    for operation, argument in items:
        if operation is codes.LITERAL and (argument < 128 or not (chr(argument).isalnum() or chr(argument).isspace())):
            found.add(chr(argument))
        elif operation is codes.RANGE and argument[1] < 128:
            found.update(map(chr, range(argument[0], argument[1] + 1)))
        elif operation is codes.CATEGORY and argument is codes.CATEGORY_DIGIT:
            found.add("0")
        elif operation is codes.CATEGORY and argument is codes.CATEGORY_SPACE:
            found.add(" ")
        else:
            return ANYTHING
    return frozenset(Start(letters=letter.lower().translate(PLAIN)) for letter in found)


def _repeated(least: int, most: int, items: Any) -> Starts:
    once = _sequence(items)
    found, last = frozenset[Start](), NOTHING
    for count in range(min(int(most), max(least, LETTERS)) + 1):
        if count >= least:
            found |= last
        last = _then(last, once)
    return found if all(one.letters for one in once) else found | ANYTHING
