"""Assertion status: what the text denies, doubts, plans, or says of the past or of a relative, by ConText's design.

A scope never leaves its clause: it ends at its line or cell, at the next label, at a semicolon, at a terminator, and where a
part of the sentence behind a comma or an "and" has a subject and a verb of its own. A cue with nothing behind it speaks of the
label, question or bracket before it ("Smoking: no"); one that ends a line with a colon speaks of the list below.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import chain, count, pairwise, product
from typing import NamedTuple

from rag.clinical.headings import heading_kind
from rag.rules import rules
from rag.text import BULLET, LABELLED, abbreviations, sentences, trim
from rag.values import Assertion, Section, Status

TOKEN = re.compile(
    r"(?<=: )[-–−+](?=[ \t]*(?:[,;|\n]|\Z))|\([-–−+]\)|(?<!\w)[-–−+]ve\b|\b[Nn][Oo][Nn](?=-[^\W_])"
    r"|[^\W_]+(?:['’/\-][^\W_]+|\.(?![A-Z][a-z]|(?:no|not|denies|has|neg|without)\b)[^\W_]+)*"
    r"|(?<![^\s(\[,;:\-])\?+(?=\s?[^\W\d])",
)
LIST_MARK = re.compile(r"[\s\-*•,:;.)\]]*")
HARD = re.compile(r"[;|\t]|\n *[-*•]|[^\s] {4}")
STOPPED = re.compile(r"[.!?](?:\s|$)")
COMMA = re.compile(r"[,;:|()\t]|\s[-–—]+\s")
LABEL_MARK = re.compile(r"[:?=|(\[\t]|\s[-–—]\s")
NOTHING = re.compile(r"[.,;!?)\]|\t\n]|\s[-–—]\s")
QUESTION = 40
"""The words before an answer that may be its question or label."""
LABEL_WORDS, SHORT = 4, 5
PART = 8
"""The words of a part of a sentence in which its verb is looked for."""


class _Word(NamedTuple):
    start: int
    end: int
    said: str
    gap: str
    written: str


@dataclass(frozen=True)
class _Cue:
    """A cue as the engine uses it. Without status and without stops it is a pseudo-cue."""

    name: str
    direction: str = ""
    status: Status | None = None
    stops: tuple[str, ...] = ()
    reach: int = 0


class _Found(NamedTuple):
    cue: _Cue
    first: int
    last: int


@dataclass
class _Node:
    """A place in the tree of the cues: the words and the groups that may follow, and the cue that ends here with its rank."""

    following: dict[str, "_Node"] = field(default_factory=dict)
    cue: _Cue | None = None
    rank: int = 0


@cache
def _cues() -> _Node:
    """Every pseudo-cue, cue and terminator, word for word; of two that match alike the earlier counts."""
    known = rules("assertions")
    root = _Node()
    ranks = count()

    def add(written: str, cue: _Cue) -> None:
        rank = next(ranks)
        for said in product(*(place.split("|") for place in written.split(" "))):
            node = root
            for token in chain.from_iterable([word] if word[:1] in ("<", "?") else TOKEN.findall(word) for word in said):
                node = node.following.setdefault(token, _Node())
            if node.cue is None:
                node.cue, node.rank = cue, rank

    for rule in known["pseudo"]:
        add(rule["cue"], _Cue(rule["cue"]))
    for rule in known["cues"]:
        stops, reach = tuple(rule.get("stops", ())), rule.get("reach", 0)
        add(rule["cue"], _Cue(rule["cue"], rule["direction"], rule["status"], stops, reach))
    for rule in known["terminators"]:
        add(rule["cue"], _Cue(rule["cue"], stops=tuple(rule["stops"])))
    return root


@lru_cache(maxsize=4096)
def _names(word: str) -> tuple[str, ...]:
    """The word and the groups that it belongs to, by a list or by a pattern."""
    groups, patterns = _groups()
    listed = (f"<{name}>" for name, words in groups.items() if word in words)
    return (word, *dict.fromkeys((*listed, *(f"<{name}>" for name, pattern in patterns.items() if pattern.fullmatch(word)))))


@cache
def _groups() -> tuple[dict[str, frozenset[str]], dict[str, re.Pattern[str]]]:
    known = rules("assertions")
    groups = {name: frozenset(words.split("|")) for name, words in known["groups"].items()}
    return groups, {name: re.compile(pattern) for name, pattern in known["patterns"].items()}


@cache
def _said(name: str) -> frozenset[str]:
    return frozenset(rules("assertions")["words"][name])


def assertions(text: str, sections: tuple[Section, ...] = ()) -> tuple[Assertion, ...]:
    """The stretches that a cue or their section makes negated, uncertain, historical, planned or of the family, in order."""
    found = [*_by_section(text, sections)]
    words = _words(text)
    starts = [word.start for word in words]
    heads = {section.start: section.body for section in sections if not _is_cue(section.title)}
    asked: list[_Word] = []
    above: tuple[Status, str] | None = None
    behind = 0
    for low, high in _stretches(text, sections):
        marker = BULLET.match(text, low, high)
        body = max(heads.get(low, low), marker.end() if marker else low)
        inside = words[bisect_left(starts, body) : bisect_left(starts, high)]
        gap = text[behind:low]
        if above and (gap.count("\n") > 1 or not _is_item(text, low, high, marker is not None)):
            above = None
        behind = high
        if not inside:
            asked = []
            continue
        inside[0] = inside[0]._replace(gap="")
        if above and not _values(inside):
            found.append(Assertion(inside[0].start, inside[-1].end, *above))
        said = list(_in_sentence(inside, asked, text[high - 1] if high else ""))
        found.extend(said)
        lead = _lead(inside) if text[low:high].endswith(":") else None
        above = lead or above
        asked = inside[-QUESTION:] if text[high - 1] == "?" else []
    kin = [one for one in found if one.cue.startswith("section ") and one.status == "family"]
    found = [one for one in found if one.status != "historical" or not any(k.start <= one.start < k.end for k in kin)]
    return tuple(sorted(set(found), key=lambda a: (a.start, a.end, a.status)))


@lru_cache(maxsize=1024)
def _is_cue(title: str) -> bool:
    """Whether a heading is a cue of doubt or of a plan and nothing else: "Differential diagnosis"."""
    words = _words(title)
    return any(
        found.cue.status in ("uncertain", "planned") and found.last - found.first == len(words) for found in _matches(words)
    )


def _words(text: str) -> list[_Word]:
    """The tokens of a text, each with what stands between it and the one before."""
    found = []
    before = 0
    for at in TOKEN.finditer(text):
        start, end = at.span()
        written = text[start:end]
        said = written.lower() if written.isascii() else written.lower().replace("’", "'").replace("–", "-").replace("−", "-")
        said = "?" if said[0] == "?" else f"({said})" if said in "-+" else said
        found.append(_Word._make((start, end, said, text[before:start], written)))
        before = end
    return found


def _stretches(text: str, sections: tuple[Section, ...]) -> Iterator[tuple[int, int]]:
    """The sentences, cut where a section begins inside one."""
    cuts = sorted({section.start for section in sections})
    for low, high in sentences(text):
        inside = cuts[bisect_left(cuts, low + 1) : bisect_left(cuts, high)]
        for pair in pairwise((low, *inside, high)):
            start, end = trim(text, *pair)
            if start < end:
                yield start, end


def _by_section(text: str, sections: tuple[Section, ...]) -> Iterator[Assertion]:
    status_of: dict[str, Status] = {rule["section"]: rule["status"] for rule in rules("assertions")["sections"]}
    for section in sections:
        kind = heading_kind(section.title)
        if kind and kind.name in status_of:
            start, end = trim(text, LIST_MARK.match(text, section.body).end(), section.end)  # type: ignore[union-attr]
            if start < end <= section.end:
                yield Assertion(start, end, status_of[kind.name], f"section {kind.name}")


# Lists below a lead-in


def _lead(words: list[_Word]) -> tuple[Status, str] | None:
    """The status of a list, and its cue, where the line above it ends with a cue and words such as "the following"."""
    last = len(words)
    while last and words[last - 1].said in _said("lead-in"):
        last -= 1
    cue = next((found for found in _matches(words) if found.last >= last and found.cue.status), None)
    if cue is None or cue.cue.status is None or cue.cue.direction not in ("forward", "either", "label"):
        return None
    return cue.cue.status, _name(words, cue)


def _is_item(text: str, low: int, high: int, marked: bool) -> bool:
    """Whether a line is an item of the list above it: with a list mark, or short and without a label."""
    line = text[low:high]
    return marked or (len(line) <= 60 and not LABELLED.match(line) and line[-1] not in ".:")


def _values(words: list[_Word]) -> bool:
    """Whether an item says by itself that something is there or not."""
    return any(word.said in _said("values") for word in words) or any(f.cue.status == "negated" for f in _matches(words))


# Clauses


def _clauses(words: list[_Word]) -> tuple[list[int], list[bool]]:
    """For each word whether a scope from before it ends there (1: at a clause, 2: in any case), and whether one from behind does.

    Both end at cells, semicolons and labels. A part behind a comma or an "and" bounds the scope on the other side of that comma
    or "and" where it has a verb, a value ("positive") or a subject of its own. What an "or" joins is one part.
    """
    opens, closes = [0] * len(words), [False] * len(words)
    parts = [0, *(at for at in range(1, len(words)) if _parts(words, at)), len(words)]
    stated = [_states(words, *pair) for pair in pairwise(parts)]
    for at, first in enumerate(parts[1:-1], 1):
        hard = _hard(words, first) or words[first].said == "(+)"
        opens[first] = 2 if hard else int(stated[at] and _is_free(words, first))
        closes[first] = hard or stated[at - 1]
    for at in range(1, len(words)):
        if ":" in words[at].gap:
            closes[at] = True
            if (label := _label(words, at)) is not None:
                opens[label], closes[label] = 2, True
    return opens, closes


def _parts(words: list[_Word], at: int) -> bool:
    word = words[at]
    if word.gap == " ":
        return word.said in ("and", "(+)", "(-)")
    if word.said in ("and", "(+)", "(-)") or COMMA.search(word.gap):
        return True
    return _hard(words, at) or ("\n" in word.gap and word.written[0].isupper())


def _hard(words: list[_Word], at: int) -> bool:
    """Whether a cell, a semicolon or a stop that no capital follows stands before a word; the stop of an abbreviation is none."""
    gap, before = words[at].gap, words[at - 1].said
    if gap == " ":
        return False
    stopped = STOPPED.search(gap) and len(before) > 1 and before not in abbreviations()
    return bool(stopped) or bool(HARD.search(gap))


def _states(words: list[_Word], first: int, last: int) -> bool:
    """Whether a part of a sentence has a verb or a value of its own, before which no "or" and no "that" stands."""
    for at in range(first, min(last, first + PART)):
        said = words[at].said
        if said in _said("joining") and at > first:
            return False
        if said in _said("verbs") or said in _said("values"):
            return True
    return False


def _is_free(words: list[_Word], first: int) -> bool:
    """Whether a part with a verb is a clause of its own and not the end of a list ("and a bruise is", not "and chills were")."""
    if words[first].said in _said("joining"):
        return False
    if words[first].said == "and":
        following = words[first + 1].said if first + 1 < len(words) else ""
        return following in _said("openers") or following in _said("verbs")
    return True


def _label(words: list[_Word], colon: int) -> int | None:
    """The first word of the label that ends before this word: a few words, the first with a capital; None where none is."""
    first = colon - 1
    while first > max(0, colon - LABEL_WORDS) and not words[first].gap.strip():
        if words[first].written[0].isupper() and words[first - 1].written[0].islower():
            break
        first -= 1
    while first < colon and not words[first].written[0].isupper() and not (words[first].gap.strip() and first > 0):
        first += 1
    return first if 0 < first < colon else None


# Scopes


def _in_sentence(words: list[_Word], asked: list[_Word], mark: str) -> Iterator[Assertion]:
    """What the cues of a sentence say, which ends with this mark and may answer the question before it.

    What is said of the past, of a plan or in doubt inside a denial is denied; the past of a relative is the relative's.
    """
    found = list(_matches(words))
    if not any(here.cue.status for here in found):
        return
    bounds = _clauses(words)
    short = mark != ":" and len(words) <= SHORT
    denied = of_kin = 0
    for at, here in enumerate(found):
        status, looks_back = here.cue.status, here.cue.direction in ("backward", "around")
        if status is None or (here.first < denied and (not looks_back or status in ("negated", "historical"))):
            continue
        if status == "historical" and here.first < of_kin:
            continue
        ahead, scope = _scope(words, found, at, asked, bounds, short)
        if ahead and status in ("negated", "family"):
            until = here.last + len(scope)
            denied, of_kin = (until, of_kin) if status == "negated" else (denied, until + 1)
        said = [place for place, word in enumerate(scope) if word.said[0].isalnum()]
        if said:
            yield Assertion(scope[said[0]].start, scope[said[-1]].end, status, _name(words, here))


def _scope(
    words: list[_Word], found: list[_Found], at: int, asked: list[_Word], bounds: tuple[list[int], list[bool]], short: bool
) -> tuple[bool, list[_Word]]:
    """Whether a cue speaks of what follows it, and the words that it speaks of."""
    here, (opens, closes) = found[at], bounds
    direction = here.cue.direction
    if direction == "self":
        return False, words[here.first : here.last]
    if _answers(words, here, opens, bool(asked), short):
        return False, words[_asked(words, here.first, opens) : here.first] if here.first else asked
    ahead = direction == "forward" or (direction == "either" and _goes_forward(words, here, opens))
    if direction == "label" and not (here.first == 0 and here.last < len(words) and ":" in words[here.last].gap):
        return False, []
    if ahead or direction in ("label", "onward") or (direction == "around" and _begins(words, here.first)):
        return ahead, words[here.last - (direction == "onward") : _forward(words, found, at, opens)]
    return False, words[_backward(words, found, at, closes) : here.first]


def _name(words: list[_Word], found: _Found) -> str:
    return " ".join(word.said for word in words[found.first : found.last])


def _ended(words: list[_Word], here: _Found, opens: list[int]) -> bool:
    """Whether nothing that a cue could speak of stands right behind it."""
    last = here.last
    return last >= len(words) or bool(opens[last]) or bool(NOTHING.search(words[last].gap))


def _answers(words: list[_Word], here: _Found, opens: list[int], asked: bool, short: bool) -> bool:
    """Whether a cue is all that stands behind a label, an equals sign, a bracket, a cell's edge or a question."""
    if here.cue.direction not in ("forward", "either", "backward"):
        return False
    closing = here.cue.direction == "forward" and here.last == len(words) and short  # "Fever no"
    before = asked if here.first == 0 else closing or bool(LABEL_MARK.search(words[here.first].gap))
    if not before or here.cue.status not in ("negated", "uncertain"):
        return False
    spoken = here.cue.status == "negated" and here.last < len(words) and words[here.last].said in _said("subjects")
    return _ended(words, here, opens) or spoken


def _asked(words: list[_Word], first: int, opens: list[int]) -> int:
    """Where the label begins that ends before this word: behind the last value, cell or stop."""
    low = max(0, first - QUESTION)
    opened = words[first].gap.strip().startswith(("(", "["))
    before = next((at for at in range(first - 1, low, -1) if ":" in words[at].gap or "=" in words[at].gap), low)
    behind = [at for at in range(before + 1, first) if opens[at] or COMMA.search(words[at].gap)] if before > low else []
    if behind:
        return behind[0]
    hard = [at for at in range(low + 1, first) if _hard(words, at) or (opened and COMMA.search(words[at].gap))]
    return hard[-1] if hard else before


def _goes_forward(words: list[_Word], here: _Found, opens: list[int]) -> bool:
    """Whether a cue that may stand on either side of its finding stands before it."""
    return not _ended(words, here, opens) and words[here.last].said not in _said("behind a finding")


def _begins(words: list[_Word], first: int) -> bool:
    """Whether nothing stands before this word in its clause."""
    while first and words[first].gap == " " and (words[first - 1].said in _said("counts") or words[first - 1].said.isdigit()):
        first -= 1
    return first == 0 or words[first - 1].said == "and" or bool(COMMA.search(words[first].gap))


def _forward(words: list[_Word], found: list[_Found], at: int, opens: list[int]) -> int:
    """The word before which the scope of a cue ends that speaks of what follows it."""
    here = found[at]
    far = here.cue.reach or rules("assertions")["scope"]["forward"]
    last = min(len(words), here.last + far)
    if here.last < len(words) and here.cue.status == "negated" and NOTHING.match(words[here.last].gap.lstrip(" ")):
        if words[here.last].gap.lstrip(" ")[0] not in ":(":
            return here.last
    if here.first == 0 and words[0].said == "without":
        last = next((place for place in range(here.last + 1, last) if _starts_anew(words, place)), last)
    linked = here.last
    while linked < last and words[linked].said in _said("links"):
        linked += 1
    last = next(
        (place for place in range(max(here.last + 1, linked), last) if _stopped(words[place], opens[place], here.cue)), last
    )
    for other in found[at + 1 : at + 1 + far]:
        if other.first < last and _ends(other.cue, here.cue, other.first <= linked):
            return other.first
    return last


def _starts_anew(words: list[_Word], at: int) -> bool:
    """Whether a noun begins at a word that no preposition leads to: "without antibiotics the abscess will grow"."""
    return words[at].said in _said("openers") and words[at - 1].said not in ("of", "in", "to", "on", "for", "from", "and", "or")


def _stopped(word: _Word, opened: int, cue: _Cue) -> bool:
    """Whether what begins at a word ends the scope: any clause, but for a plan, and "he" or "she" for a relative."""
    return opened > 1 or (
        opened == 1 and cue.status != "planned" and not (cue.status == "family" and word.said in _said("subjects"))
    )


def _backward(words: list[_Word], found: list[_Found], at: int, closes: list[bool]) -> int:
    """The first word of the scope of a cue that speaks of what stands before it."""
    here = found[at]
    far = here.cue.reach or rules("assertions")["scope"]["backward"]
    first = max(0, here.first - far)
    past = here.cue.status == "historical"
    places = range(here.first - 1, first, -1)
    first = next((place for place in places if closes[place] or (past and COMMA.search(words[place].gap))), first)
    if past and any(word.said in _said("onset") for word in words[first : here.first]):
        return here.first  # What began a while ago may go on.
    for other in reversed(found[max(0, at - far) : at]):
        if other.last > first and _ends(other.cue, here.cue, other.last == here.first):
            return other.last
    return first


def _ends(terminator: _Cue, cue: _Cue, beside: bool) -> bool:
    """Whether a terminator, or the next cue of the same kind that looks the same way, ends the scope of a cue.

    A verb right beside the cue belongs to it ("never had"); only what ends every scope ("but") ends it there.
    """
    if cue.status in terminator.stops:
        return not (beside and "planned" not in terminator.stops)
    ahead = ("forward", "either")
    return terminator.status == cue.status == "negated" and terminator.direction in ahead and cue.direction in ahead


def _matches(words: list[_Word]) -> Iterator[_Found]:
    """The cues of a sentence from left to right; a longer one hides those inside it."""
    at = 0
    while at < len(words):
        if not _begins_one(words[at].said):
            at += 1
            continue
        length, _, cue = _longest(words, at, _cues(), 0)
        if cue:
            yield _Found(cue, at, at + length)
        at += max(1, length)


@lru_cache(maxsize=16384)
def _begins_one(word: str) -> bool:
    following = _cues().following
    return any(name in following for name in _names(word))


def _longest(words: list[_Word], at: int, node: _Node, length: int) -> tuple[int, int, _Cue | None]:
    """The length, the rank and the cue of the longest way from a place in the tree along the words."""
    best: tuple[int, int, _Cue | None] = (length, -node.rank, node.cue) if node.cue else (0, 0, None)
    place = at + length
    if place < len(words) and not (length and ("," in words[place].gap or _hard(words, place))):
        for name in _names(words[place].said):
            if name in node.following:
                other = _longest(words, at, node.following[name], length + 1)
                if other[:2] > best[:2]:
                    best = other
    return best
