"""Changes and results: what is larger, better, the same, normal or severe, and what it is said of, by `facts_changes.json`."""

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from rag.clinical.facts.numbers import singular
from rag.clinical.facts.phrases import Match, Phrases
from rag.clinical.facts.stream import Stream, stream
from rag.clinical.facts.types import Change, Result
from rag.rules import rules
from rag.values import Document

NAME = 3
"""How many words the name of what changes has at most."""
DENIAL, HELPERS = 6, 8
"""How far before a cue a denial and its helping words stand at most."""
OTHERWISE = {"normal": "abnormal", "abnormal": "normal"}
CHANGED = frozenset(("increased", "decreased", "improved", "worsened", "resolved"))
APART = frozenset(("and", "but", "then", "which", "who", "that", "because", "since", "so"))
SIDES = {"r": "right", "right": "right", "l": "left", "left": "left"}
LEADING = frozenset(("in", "of", "the", "his", "her", "their", "a", "an", "its", "my", "your", "with", "for"))


class Cue(NamedTuple):
    """A direction or a result; `only` says what it is one with: "measured" subjects or "carried" objects."""

    name: str
    is_result: bool = False
    only: str = ""


def changes(document: Document) -> Iterator[Change | Result]:
    """The changes and results of a text, each with what it is said of."""
    words = stream(document.text)
    yield from _compared_sides(words)
    found = [match for match in _cues().all(words) if _allowed(words, match)]
    changed = {place for match in found if not match.meaning.is_result for place in (match.first - 1, match.last)}
    for match in found:
        if match.meaning.is_result and match.first in changed and words.said[match.first].endswith("ly"):
            continue  # "Slightly better" is no slight result.
        start, end = words.starts[match.first], words.ends[match.last - 1]
        cue, of = match.meaning, _of(words, match)
        denied = _denied(words, match.first)
        if cue.is_result:
            yield Result(start=start, end=end, result=OTHERWISE.get(cue.name, cue.name) if denied else cue.name, of=of)
        else:
            yield Change(start=start, end=end, direction="unchanged" if denied and cue.name in CHANGED else cue.name, of=of)


def _compared_sides(words: Stream) -> Iterator[Change]:
    """What "R > L" says: it is more on the right."""
    for place, word in enumerate(words.said):
        if word in (">", "<") and (one := SIDES.get(words.word(place - 1))) and SIDES.get(words.word(place + 1)):
            direction = "increased" if word == ">" else "decreased"
            yield Change(start=words.starts[place - 1], end=words.ends[place + 1], direction=direction, of=one)


def _allowed(words: Stream, match: Match[Cue]) -> bool:
    """Whether a cue is one among the words beside it."""
    said = " ".join(words.said[match.first : match.last])
    before, behind = words.word(match.first - 1), words.word(match.last)
    before = words.word(match.first - 2) if before == "\n" else before
    if behind == "\n" or (behind in ("-", "–") and not words.gap(match.last)):
        behind = words.word(match.last + 1)
    if match.meaning.only:
        return _is_measured(words, match) if match.meaning.only == "measured" else _carries(words, match)
    than = match.last + (words.word(match.last) == "\n")
    if words.word(than) == "than" and than + 1 + (words.word(than + 1) == "\n") in words.amounts:  # "More than 40" is a limit.
        return before in _listed("helpers")
    if said == "lower":
        known = _lower()
        return before in known["behind"] or behind in known["before"]
    rule = _unless().get(said)
    return rule is None or (before not in rule["not_after"] and behind not in rule["not_before"])


def _is_measured(words: Stream, match: Match[Cue]) -> bool:
    """Whether "fell" or "declined" speaks of a value: behind its name, or before "to", "from", "by" and a number."""
    if words.word(match.last) in ("to", "from", "by") and match.last + 1 in words.amounts:
        return words.said[match.first] not in ("up", "down")
    if words.word(match.last) in rules("facts_changes")["measured"]["objects"]:
        return True
    return words.word(_before_helpers(words, match.first)) in _subjects()


def _carries(words: Stream, match: Match[Cue]) -> bool:
    """Whether "lost" or "put on" speaks of weight and the like: one of its objects follows in a few words."""
    return any(word in _objects() for word in words.said[match.last : match.last + NAME + 1])


def _denied(words: Stream, first: int) -> bool:
    """Whether a word shortly before a cue denies it, with no sign between."""
    for place in range(first - 1, max(first - 1 - DENIAL, -1), -1):
        word = words.said[place]
        if word in _listed("denials") or word.endswith(("n't", "n’t")):
            return True
        if not word[:1].isalpha() or word in APART:
            return False
    return False


def _of(words: Stream, match: Match[Cue]) -> str:
    """What a cue is said of: its subject where a helping verb stands before it, else what it stands before, else its subject."""
    helped = words.word(match.first - 1) in _listed("helpers")
    subject, object_ = _subject(words, match.first), _object(words, match.last)
    found = (subject or object_) if helped else (object_ or subject)
    return found or next((word for word in words.said[match.first : match.last] if word in _objects()), "")


def _subject(words: Stream, first: int) -> str:
    """The words before a cue and its helping words, up to a sign or a word that ends a name."""
    place = _before_helpers(words, first)
    last = place + 1
    while place >= 0 and last - place <= NAME and _is_name(words, place):
        place -= 1
    return _name(words, place + 1, last)


def _before_helpers(words: Stream, first: int) -> int:
    """The token before the helping words and denials that stand before a cue."""
    place = first - 1
    while place >= max(0, first - HELPERS) and (
        words.said[place] in _listed("helpers") or words.said[place] in _listed("denials")
    ):
        place -= 1
    return place


def _object(words: Stream, last: int) -> str:
    """The words behind a cue: "improvement in the gait", "reduced ejection fraction"."""
    place = last
    while (words.word(place) in LEADING or words.word(place) == "\n") and place < last + 2:
        place += 1
    first = place
    while place - first < NAME and _is_name(words, place):
        place += 1
    return _name(words, first, place)


def _is_name(words: Stream, place: int) -> bool:
    word = words.word(place)
    return (
        word[:1].isalpha() and word not in _listed("stops") and word not in _listed("helpers") and word not in _listed("denials")
    )


def _name(words: Stream, first: int, last: int) -> str:
    said = words.said[first:last]
    return " ".join([*said[:-1], singular(said[-1])]) if said else ""


@cache
def _cues() -> Phrases[Cue]:
    known = rules("facts_changes")
    plain = [(cue, Cue(rule["direction"])) for rule in known["changes"] for cue in rule["cues"]]
    plain += [(cue, Cue(rule["result"], True)) for rule in known["results"] for cue in rule["cues"]]
    for only in ("measured", "carried"):
        plain += [(cue, Cue(name, only=only)) for name, cues in known[only]["cues"].items() for cue in cues]
    return Phrases([*plain, ("lower", Cue("decreased"))])


@cache
def _unless() -> dict[str, dict[str, frozenset[str]]]:
    return {
        rule["cue"]: {side: frozenset(rule.get(side, ())) for side in ("not_before", "not_after")}
        for rule in rules("facts_changes")["unless"]
    }


@cache
def _listed(name: str) -> frozenset[str]:
    return frozenset(rules("facts_changes")[name]["words"])


@cache
def _subjects() -> frozenset[str]:
    return frozenset(rules("facts_changes")["measured"]["subjects"])


@cache
def _objects() -> frozenset[str]:
    return frozenset(rules("facts_changes")["carried"]["objects"])


@cache
def _lower() -> dict[str, frozenset[str]]:
    known = rules("facts_changes")["lower"]
    return {side: frozenset(known[side]) for side in ("behind", "before")}
