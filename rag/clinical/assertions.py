"""Assertion status: what the text denies, doubts, plans, or says of the past or of a relative, by ConText's design."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product

from rag.clinical.headings import heading_kind
from rag.rules import rules
from rag.text import BULLET, sentences, trim
from rag.values import Assertion, Section, Status

TOKEN = re.compile(r"[^\W_]+(?:['’/.\-][^\W_]+)*|\?(?=\s?[^\W\d])|;|\n(?=\s*(?:[-*•]|\d{1,2}[.)])\s)")
LIST_MARK = re.compile(r"[\s\-*•,:;.)\]]*")


@dataclass(frozen=True)
class _Cue:
    """A cue as the engine uses it. Without status and without stops it is a pseudo-cue."""

    name: str
    direction: str = ""
    status: Status | None = None
    stops: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Found:
    cue: _Cue
    first: int
    last: int


@cache
def _cues() -> dict[str, list[tuple[tuple[str, ...], _Cue]]]:
    """Every cue, pseudo-cue and terminator by its first word, the longest first."""
    known = rules("assertions")
    result: dict[str, list[tuple[tuple[str, ...], _Cue]]] = {}

    def add(written: str, cue: _Cue) -> None:
        for words in product(*(place.split("|") for place in written.split(" "))):
            tokens = tuple(token for word in words for token in (TOKEN.findall(word) if word != "?" else ["?"]))
            result.setdefault(tokens[0], []).append((tokens, cue))

    for rule in known["pseudo"]:
        add(rule["cue"], _Cue(rule["cue"]))
    for rule in known["cues"]:
        add(rule["cue"], _Cue(rule["cue"], rule["direction"], rule["status"]))
    for rule in known["terminators"]:
        add(rule["cue"], _Cue(rule["cue"], stops=tuple(rule["stops"])))
    for options in result.values():
        options.sort(key=lambda option: -len(option[0]))
    return result


def assertions(text: str, sections: tuple[Section, ...] = ()) -> tuple[Assertion, ...]:
    """The stretches that a cue or their section makes negated, uncertain, historical, planned or of the family, in order."""
    found = [*_by_section(text, sections)]
    tokens = [(at.start(), at.end(), at[0].lower()) for at in TOKEN.finditer(text)]
    starts = [start for start, _, _ in tokens]
    heads = {section.start: section.body for section in sections}
    for low, high in sentences(text):
        marker = BULLET.match(text, low, high)
        first = bisect_left(starts, max(heads.get(low, low), marker.end() if marker else low))
        last = bisect_left(starts, high)
        if first < last:
            found.extend(_in_sentence(text, tokens[first:last]))
    return tuple(sorted(set(found), key=lambda a: (a.start, a.end, a.status)))


def _by_section(text: str, sections: tuple[Section, ...]) -> Iterator[Assertion]:
    status_of: dict[str, Status] = {rule["section"]: rule["status"] for rule in rules("assertions")["sections"]}
    for section in sections:
        kind = heading_kind(section.title)
        if kind and kind.name in status_of:
            start, end = trim(text, LIST_MARK.match(text, section.body).end(), section.end)  # type: ignore[union-attr]
            if start < end <= section.end:
                yield Assertion(start, end, status_of[kind.name], f"section {kind.name}")


def _in_sentence(text: str, tokens: list[tuple[int, int, str]]) -> Iterator[Assertion]:
    words = [word for _, _, word in tokens]
    found = list(_matches(words))
    far = rules("assertions")["scope"]
    for at, here in enumerate(found):
        cue = here.cue
        if cue.status is None:
            continue
        if cue.direction == "self":
            first, last = here.first, here.last
        elif cue.direction == "forward":
            first, last = here.last, min(len(words), here.last + far["forward"])
            last = next(
                (
                    f.first
                    for f in found[at + 1 : at + 1 + far["forward"]]
                    if _ends(f.cue, cue, f.first == first) and f.first < last
                ),
                last,
            )
        else:
            first, last = max(0, here.first - far["backward"]), here.first
            first = next(
                (
                    f.last
                    for f in reversed(found[max(0, at - far["backward"]) : at])
                    if _ends(f.cue, cue, f.last == last) and f.last > first
                ),
                first,
            )
        while first < last and words[first] in ";\n?":
            first += 1
        while first < last and words[last - 1] in ";\n?":
            last -= 1
        if first < last:
            yield Assertion(tokens[first][0], tokens[last - 1][1], cue.status, " ".join(words[here.first : here.last]))


def _ends(terminator: _Cue, cue: _Cue, beside: bool) -> bool:
    """Whether a terminator, or the next cue of the same kind that looks the same way, ends the scope of a cue.

    A verb right beside the cue belongs to it ("never had"); only what ends every scope ("but") ends it there.
    """
    if terminator.status is None:
        return cue.status in terminator.stops and not (beside and "planned" not in terminator.stops)
    return terminator.status == cue.status == "negated" and terminator.direction == cue.direction == "forward"


def _matches(words: list[str]) -> Iterator[_Found]:
    """The cues of a sentence from left to right; a longer one hides those inside it."""
    known = _cues()
    at = 0
    while at < len(words):
        for tokens, cue in known.get(words[at], ()):
            if tuple(words[at : at + len(tokens)]) == tokens:
                yield _Found(cue, at, at + len(tokens))
                at += len(tokens)
                break
        else:
            at += 1
