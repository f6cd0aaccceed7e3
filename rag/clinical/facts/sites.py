"""Sites: the parts of the body that a text names, with side and aspect, and sides that stand alone, by `facts_sites.json`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from rag.clinical.facts.phrases import Match, Phrases
from rag.clinical.facts.stream import Stream, stream
from rag.clinical.facts.types import Side, Site
from rag.rules import rules
from rag.values import Document

BACK, AHEAD = 7, 8
"""How far before a part of the body its side is sought, and behind it, in tokens."""
JOINTS = frozenset(("and", "or", "/", "&", ","))
COMPARED = frozenset("worse greater more better less larger smaller stronger weaker than > < =".split())
GENERIC = frozenset(("joint", "bone", "muscle", "skin", "body"))
LEVEL = re.compile(r"c[1-8]|t(?:1[0-2]|[1-9])|[ls][1-5]")
REGIONS = {"c": "cervical spine", "t": "thoracic spine", "l": "lumbar spine", "s": "sacral spine"}
BEFORE_A_SIDE = frozenset(("on", "the", "is", "was", "are", "were", "-", "–", "(", ",", ":", "to", "side"))
SHORT = frozenset(("rt", "lt", "bilat", "r", "l"))
ENDS = frozenset(".;\n")


_ORDINALS = frozenset("12345")


class Named(NamedTuple):
    """A part of the body as a name stands for it; `side` where the name holds it ("RUE")."""

    site: str
    side: str = ""


@dataclass(slots=True)
class _Found:
    first: int
    last: int
    site: str
    side: str = ""
    own: bool = False
    start: int = -1
    aspects: list[str] = field(default_factory=list)


def sites(document: Document) -> Iterator[Site | Side]:
    """The parts of the body in a text, and the sides in it that belong to none."""
    words = stream(document.text)
    used: set[int] = set()
    found = _placed(words)
    for at in range(len(found)):
        _look_back(words, found, at, used)
    for at, one in enumerate(found):
        if not one.side and _paired(one.site):
            _look_ahead(words, found, at, used)
    for at, one in enumerate(found):
        if one.site in GENERIC and at and found[at - 1].last == one.first:
            continue
        start = words.starts[one.first if one.start < 0 else one.start]
        end = words.ends[one.last - 1]
        yield Site(start=start, end=end, site=one.site, side=one.side, aspects=tuple(dict.fromkeys(reversed(one.aspects))))
    yield from _alone(words, found, used)


def within(part: str, whole: str) -> bool:
    """Whether a part of the body is another one or a part of it: "forearm" is within "arm"."""
    known, places, seen = parents(), [part], set()
    while places:
        place = places.pop()
        if place == whole:
            return True
        if place not in seen:
            seen.add(place)
            level = place not in known and LEVEL.match(place.lower())
            places += [REGIONS[place[0].lower()]] if level else known.get(place, ())
    return False


def _placed(words: Stream) -> list[_Found]:
    """The names of parts of the body and of levels of the spine, in order."""
    named = [_Found(match.first, match.last, *match.meaning) for match in _names().all(words) if _allowed(words, match)]
    for one in named:
        one.own = bool(one.side)
    taken = {at for one in named for at in range(one.first, one.last)}
    return sorted([*named, *_levels(words, taken)], key=lambda one: one.first)


def _allowed(words: Stream, match: Match[Named]) -> bool:
    """Whether a name is one among the words beside it: "her back", not "came back"."""
    if not match.meaning.site:
        return False
    rule = _unless().get(" ".join(words.said[match.first : match.last]))
    if rule is None:
        return True
    before, behind = words.word(match.first - 1), words.word(match.last)
    if before in ("-", "–"):
        before = words.word(match.first - 2)
    if behind in ("-", "–") and not words.gap(match.last):
        behind = words.word(match.last + 1)
    if "only_after" in rule and before not in rule["only_after"]:
        return False
    if "only_before" in rule and behind not in rule["only_before"]:
        return False
    return before not in rule.get("not_after", ()) and behind not in rule.get("not_before", ())


def _levels(words: Stream, taken: set[int]) -> Iterator[_Found]:
    """Levels of the spine: "L3-4", "C5/C6", "L5-S1"; a single one where the words around it speak of the spine."""
    near = rules("facts_sites")["levels"]["words"]
    behind = 0
    for at, word in enumerate(words.said):
        if at < behind or word[0] not in REGIONS or at in taken or not words.text[words.starts[at]].isupper():
            continue
        level, last = _level(words, at)
        if not level:
            continue
        lower, end = ("", last)
        if words.word(last) in ("-", "–", "/", "to") and words.gap(last) <= 1:
            lower, end = _level(words, last + 1, level[0])
        told = level[0] == "l" or any(word in near for word in words.said[max(0, at - 5) : end + 4])
        if lower and (told or level[0] != "t"):  # "T3/4" are hormones of the thyroid.
            behind = end
            yield _Found(at, end, f"{level.upper()}-{lower.upper()}")
        elif told and not lower:
            behind = last
            yield _Found(at, last, level.upper())


def _level(words: Stream, at: int, region: str = "") -> tuple[str, int]:
    """The level at a token and the token behind it, "" where none is: "l4", "t" and "12" as two tokens, "5" after "l4-"."""
    word, after = words.word(at), words.word(at + 1)
    if LEVEL.fullmatch(word):
        return word, at + 1
    if word in REGIONS and after.isdigit() and not words.gap(at + 1) and LEVEL.fullmatch(word + after):
        return word + after, at + 2
    if region and word.isdigit() and LEVEL.fullmatch(region + word):
        return region + word, at + 1
    return "", at


def _look_back(words: Stream, found: list[_Found], at: int, used: set[int]) -> None:
    """Give a part of the body the side and the aspects that stand before it."""
    one = found[at]
    previous = found[at - 1] if at else None
    place, steps = one.first - 1, 0
    while place >= 0 and steps < BACK:
        word = words.said[place]
        side = "" if one.side else _side(words, place, sited=True)
        if side:
            one.side, one.start, one.own = side, place, True
            used.add(place)
            place = _joined_side(words, one, place, used)
        elif previous and place == previous.last - 1:
            if previous.side and not one.side and steps == 0:
                one.side = previous.side
            return
        elif word in _aspects():
            one.aspects.append(_aspects()[word])
            one.start = place
        elif word in JOINTS and steps == 0 and previous and _listed(words, previous, one):
            if previous.side and previous.own and not one.side and _paired(one.site) and _paired(previous.site):
                one.side, one.own = previous.side, True
            return
        elif word == "." and words.word(place - 1) in SHORT and not words.gap(place):
            pass  # "Rt. hip".
        elif word in ("st", "nd", "rd", "th") and words.word(place - 1) in _ORDINALS:
            one.aspects.append(words.said[place - 1])
            place = one.start = place - 1
        elif word in JOINTS and words.word(place - 1) in _aspects() and one.aspects and one.aspects[-1].isdigit():
            pass  # "The second, third and fourth fingers".
        elif word not in _between() or (word in ("a", "an") and not one.side):
            return
        place, steps = place - 1, steps + 1


def _listed(words: Stream, previous: _Found, one: _Found) -> bool:
    """Whether two parts of the body stand in one list: "right hip and knee", "hip, and knee"."""
    return all(word in JOINTS for word in words.said[previous.last : one.first])


def _joined_side(words: Stream, one: _Found, place: int, used: set[int]) -> int:
    """Where a side begins; with another one joined to it ("right and left knees") the part has both."""
    if words.word(place - 1) in ("and", "or", "/", "&") and (other := _side(words, place - 2)) and other != one.side:
        one.side, one.start = "both", place - 2
        used.add(place - 2)
        return place - 2
    return place - 1 if words.word(place) == "l" and words.word(place - 1) == "/" else place


def _side(words: Stream, at: int, sited: bool = False) -> str:
    """The side that a token names: a word, or "R", "L", "B/L" in capitals; `sited` where a part of the body follows."""
    word = words.word(at)
    if word in ("r", "l"):
        if word == "l" and words.word(at - 1) == "/" and words.word(at - 2) == "b":
            return "both"
        before = words.word(at - 1 - (words.word(at - 1) == "\n"))
        letter = words.text[words.starts[at]].isupper() and not before[:1].isdigit() and before not in ("/", "-")
        return ("right" if word == "r" else "left") if letter and not words.word(at + 1)[:1].isdigit() else ""
    side = _sides().get(word, "")
    return side if side and not _is_no_side(words, at, word, sited) else ""


def _is_no_side(words: Stream, at: int, word: str, sited: bool) -> bool:
    """Whether "left" is a verb here, or "right" means "at once" or "correct"."""
    known = _no_side()
    if word not in ("left", "right"):
        return False
    before, behind = words.word(at - 1), words.word(at + 1)
    if before in ("the", "on", "his", "her"):
        return behind in ("to",) and word == "right"
    if word == "left" and words.word(at + 2) == ":" and not words.gap(at + 2):  # "Left 10:40".
        return True
    if behind == "-":
        return False
    if word == "right":
        return behind in known["behind_right"] or before in known["before_right"]
    return behind in known["behind_left"] or (not sited and before in known["before_left"] and behind not in ("sided", "side"))


def _look_ahead(words: Stream, found: list[_Found], at: int, used: set[int]) -> None:
    """Give a part of the body the side that stands behind it: "the toe on the left", "knee (R)", "hands bilaterally"."""
    one = found[at]
    following = found[at + 1] if at + 1 < len(found) else None
    for place in range(one.last, min(one.last + AHEAD, len(words.said))):
        word = words.said[place]
        if following and place >= following.first:
            if following.own and following.side and words.said[one.last : one.last + 1] == ["of"]:
                one.side = following.side
            return
        if word in ENDS or (word == "," and words.word(place + 1) not in _sides()):
            return
        side = _side(words, place)
        if not side or place in used:
            continue
        after = words.word(place + 1)
        if after in COMPARED or words.word(place - 1) in COMPARED or (after in ("and", "or") and _side(words, place + 2)):
            return
        if following and following.first - place <= 3 and not _stops(words, place + 1, following.first):
            continue
        if words.word(place - 1) == "," and after.isalpha():  # "Ureter 5 mm, left duplex".
            return
        direct = place == one.last or words.word(place - 1) in BEFORE_A_SIDE or words.said[place] in ("bilaterally", "bilat")
        if direct and (len(word) > 1 or not after.isalpha()):
            one.side, one.own = side, True
            used.add(place)
            return


def _stops(words: Stream, first: int, last: int) -> bool:
    return any(not word[:1].isalnum() and word != "-" for word in words.said[first:last])


def _alone(words: Stream, found: Iterable[_Found], used: set[int]) -> Iterator[Site | Side]:
    """The sides that belong to no part of the body, and the hand that somebody writes with."""
    inside = {at for one in found for at in range(one.first, one.last)}
    for at, word in enumerate(words.said):
        if (word not in _sides() and word not in ("r", "l")) or at in used or at in inside:
            continue
        side = _side(words, at)
        start, end = words.starts[at], words.ends[at]
        if side and (last := _handed(words, at + 1)):
            yield Site(start=start, end=words.ends[last], site="dominant hand", side=side)
        elif side and word not in ("both", "either") and (len(word) > 2 or _letter_alone(words, at)):
            yield Side(start=start, end=end, side=side)


def _handed(words: Stream, at: int) -> int:
    """The last token of "-handed" or "hand dominant" behind a side, 0 where none stands there."""
    said = [(place, words.word(place)) for place in range(at, at + 5) if words.word(place) != "-"]
    if said[0][1] in ("handed", "handedness", "hander"):
        return said[0][0]
    return said[1][0] if said[0][1] == "hand" and said[1][1] in ("dominant", "dominance") else 0


def _letter_alone(words: Stream, at: int) -> bool:
    """Whether a lone "R" or "L" is a side: in brackets, beside a sign of comparison, behind "on the", or before a word."""
    before, behind = words.word(at - 1), words.word(at + 1)
    written = words.written(at + 1) if behind else ""
    if (len(behind) > 2 and (written.islower() or written.isupper()) and behind not in ("and", "the")) or behind == "-":
        return before not in ("vitamin", "hepatitis", "type", "factor", "group", "class", "dr", "mr", "mrs", "ms", ".", "-")
    return (before in ("(", ">", "<", "the") and before != behind) or behind in (">", "<")


def _paired(site: str) -> bool:
    return site in _pairs()


@cache
def _names() -> Phrases[Named]:
    """Every name of a part of the body, its plurals, and the short forms that hold a side."""
    known = rules("facts_sites")
    exact = known["exact"]["names"]
    small = {name.lower() for name in exact}
    plain = [(form, Named(rule["site"])) for rule in known["sites"] for name in rule["names"] if name not in small
             for form in (_forms(name) if not rule.get("singular") else [name])]  # fmt: skip
    plain += [(phrase, Named("")) for phrase in known["never"]["phrases"]]
    site_of = {name: rule["site"] for rule in known["sites"] for name in rule["names"]}
    letters = [(name, Named(site_of[name.lower()])) for name in exact]
    return Phrases(plain, [*letters, *((rule["name"], Named(rule["site"], rule["side"])) for rule in known["short"])])


def _forms(name: str) -> Iterator[str]:
    """A name and its plural."""
    yield name
    if name.endswith("y") and name[-2] not in "aeiou":
        yield f"{name[:-1]}ies"
    elif not name.endswith("s"):
        yield f"{name}{'es' if name.endswith(('x', 'ch')) else 's'}"


@cache
def parents() -> dict[str, tuple[str, ...]]:
    """The parts of the body by name, each with what it is directly part of."""
    return {rule["site"]: tuple(rule["part_of"]) for rule in rules("facts_sites")["sites"]}


@cache
def _pairs() -> frozenset[str]:
    return frozenset(rule["site"] for rule in rules("facts_sites")["sites"] if rule.get("paired"))


@cache
def _unless() -> dict[str, dict[str, frozenset[str]]]:
    keys = ("not_after", "not_before", "only_after", "only_before")
    return {rule["name"]: {key: frozenset(rule[key]) for key in keys if key in rule} for rule in rules("facts_sites")["unless"]}


@cache
def _aspects() -> dict[str, str]:
    return {word: rule["aspect"] for rule in rules("facts_sites")["aspects"] for word in rule["words"]}


@cache
def _sides() -> dict[str, str]:
    return {word: rule["side"] for rule in rules("facts_sites")["sides"] for word in rule["words"] if "-" not in word}


@cache
def _between() -> frozenset[str]:
    return frozenset(rules("facts_sites")["between"]["words"])


@cache
def _no_side() -> dict[str, frozenset[str]]:
    return {key: frozenset(words) for key, words in rules("facts_sites")["no_side"].items()}
