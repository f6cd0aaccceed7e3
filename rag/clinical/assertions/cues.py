"""Cues: the words of the rules that say a status or end one, kept as a tree, and those that stand in a sentence."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import chain, count, product
from typing import NamedTuple

from rag.clinical.assertions.words import TOKEN, Word, hard_before
from rag.rules import rules
from rag.values import Status


@dataclass(frozen=True)
class Cue:
    """A cue as the engine uses it. Without status and without stops it is a pseudo-cue."""

    name: str
    direction: str = ""
    status: Status | None = None
    stops: tuple[str, ...] = ()
    reach: int = 0
    condition: bool = False
    also: Status | None = None
    unless: Status | None = None


class Found(NamedTuple):
    """A cue and the words that it takes: from the first up to, not with, the last."""

    cue: Cue
    first: int
    last: int


@dataclass
class _Node:
    """A place in the tree of the cues: the words and the groups that may follow, and the cue that ends here with its rank."""

    following: dict[str, "_Node"] = field(default_factory=dict)
    cue: Cue | None = None
    rank: int = 0


def matches(words: list[Word]) -> Iterator[Found]:
    """The cues of a sentence from left to right; a longer one hides those inside it."""
    at, count = 0, len(words)
    while at < count:
        said = words[at].said
        if not _may_begin(said) or not _begins_one(said, words[at + 1].said if at + 1 < count else ""):
            at += 1
            continue
        length, _, cue = _longest(words, at, _cues(), 0)
        if cue:
            yield Found(cue, at, at + length)
        at += max(1, length)


def cue_name(words: list[Word], found: Found) -> str:
    """A cue as the sentence says it."""
    return " ".join(word.said for word in words[found.first : found.last])


@lru_cache(maxsize=16384)
def _may_begin(word: str) -> bool:
    following = _cues().following
    return any(name in following for name in _names(word))


@lru_cache(maxsize=32768)
def _begins_one(word: str, following: str) -> bool:
    """Whether a word is a cue or begins one that the following word goes on with."""
    nodes = [_cues().following[name] for name in _names(word) if name in _cues().following]
    return any(node.cue or any(name in node.following for name in _names(following)) for node in nodes)


def _longest(words: list[Word], at: int, node: _Node, length: int) -> tuple[int, int, Cue | None]:
    """The length, the rank and the cue of the longest way from a place in the tree along the words."""
    best: tuple[int, int, Cue | None] = (length, -node.rank, node.cue) if node.cue else (0, 0, None)
    place = at + length
    if node.following and place < len(words) and not (length and ("," in words[place].gap or hard_before(words, place))):
        for name in _names(words[place].said):
            if name in node.following:
                other = _longest(words, at, node.following[name], length + 1)
                if other[:2] > best[:2]:
                    best = other
    return best


@cache
def _cues() -> _Node:
    """Every pseudo-cue, cue and terminator, word for word; of two that match alike the earlier counts."""
    known = rules("assertions")
    root = _Node()
    ranks = count()

    def add(written: str, cue: Cue) -> None:
        rank = next(ranks)
        for said in product(*(place.split("|") for place in written.split(" "))):
            node = root
            for token in chain.from_iterable([word] if word[:1] in ("<", "?") else TOKEN.findall(word) for word in said):
                node = node.following.setdefault(token, _Node())
            if node.cue is None:
                node.cue, node.rank = cue, rank

    for rule in known["pseudo"]:
        add(rule["cue"], Cue(rule["cue"]))
    for rule in known["cues"]:
        more = {name: rule[name] for name in ("reach", "condition", "also", "unless") if name in rule}
        add(rule["cue"], Cue(rule["cue"], rule["direction"], rule["status"], tuple(rule.get("stops", ())), **more))
    for rule in known["terminators"]:
        add(rule["cue"], Cue(rule["cue"], stops=tuple(rule["stops"])))
    return root


@lru_cache(maxsize=4096)
def _names(word: str) -> tuple[str, ...]:
    """The word and the groups that it belongs to, by a list or by a pattern."""
    named, patterns = groups()
    listed = (f"<{name}>" for name, words in named.items() if word in words)
    return (word, *dict.fromkeys((*listed, *(f"<{name}>" for name, pattern in patterns.items() if pattern.fullmatch(word)))))


@cache
def groups() -> tuple[dict[str, frozenset[str]], dict[str, re.Pattern[str]]]:
    """The words of the named groups, and the patterns of those that no list holds."""
    known = rules("assertions")
    named = {name: frozenset(words.split("|")) for name, words in known["groups"].items()}
    return named, {name: re.compile(pattern) for name, pattern in known["patterns"].items()}
