"""Scopes: which way each cue of a sentence speaks, of which words, and what it says of them."""

import re
from collections.abc import Iterator

from rag.clinical.assertions.clauses import clauses
from rag.clinical.assertions.cues import Found, cue_name, matches
from rag.clinical.assertions.reach import backward, forward
from rag.clinical.assertions.words import COMMA, NOTHING, Word, hard_before, listed
from rag.values import Assertion

LABEL_MARK = re.compile(r"[:?=|(\[\t]|\s[-–—]\s")
QUESTION = 40
"""The words before an answer that may be its question or label."""
SHORT = 5


def in_sentence(words: list[Word], asked: list[Word], mark: str) -> Iterator[Assertion]:
    """What the cues of a sentence say, which ends with this mark and may answer the question before it.

    What is said of the past, of a plan or in doubt inside a denial is denied; the past of a relative is the relative's.
    """
    found = list(matches(words))
    if not any(here.cue.status for here in found):
        return
    bounds = clauses(words)
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
            yield Assertion(scope[said[0]].start, scope[said[-1]].end, status, cue_name(words, here))


def _scope(
    words: list[Word], found: list[Found], at: int, asked: list[Word], bounds: tuple[list[int], list[bool]], short: bool
) -> tuple[bool, list[Word]]:
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
        return ahead, words[here.last - (direction == "onward") : forward(words, found, at, opens)]
    return False, words[backward(words, found, at, closes) : here.first]


def _answers(words: list[Word], here: Found, opens: list[int], asked: bool, short: bool) -> bool:
    """Whether a cue is all that stands behind a label, an equals sign, a bracket, a cell's edge or a question."""
    if here.cue.direction not in ("forward", "either", "backward"):
        return False
    closing = here.cue.direction == "forward" and here.last == len(words) and short  # "Fever no"
    before = asked if here.first == 0 else closing or bool(LABEL_MARK.search(words[here.first].gap))
    if not before or here.cue.status not in ("negated", "uncertain"):
        return False
    spoken = here.cue.status == "negated" and here.last < len(words) and words[here.last].said in listed("subjects")
    return _ended(words, here, opens) or spoken


def _ended(words: list[Word], here: Found, opens: list[int]) -> bool:
    """Whether nothing that a cue could speak of stands right behind it."""
    last = here.last
    return last >= len(words) or bool(opens[last]) or bool(NOTHING.search(words[last].gap))


def _asked(words: list[Word], first: int, opens: list[int]) -> int:
    """Where the label begins that ends before this word: behind the last value, cell or stop."""
    low = max(0, first - QUESTION)
    opened = words[first].gap.strip().startswith(("(", "["))
    before = next((at for at in range(first - 1, low, -1) if ":" in words[at].gap or "=" in words[at].gap), low)
    behind = [at for at in range(before + 1, first) if opens[at] or COMMA.search(words[at].gap)] if before > low else []
    if behind:
        return behind[0]
    hard = [at for at in range(low + 1, first) if hard_before(words, at) or (opened and COMMA.search(words[at].gap))]
    return hard[-1] if hard else before


def _goes_forward(words: list[Word], here: Found, opens: list[int]) -> bool:
    """Whether a cue that may stand on either side of its finding stands before it."""
    return not _ended(words, here, opens) and words[here.last].said not in listed("behind a finding")


def _begins(words: list[Word], first: int) -> bool:
    """Whether nothing stands before this word in its clause."""
    while first and words[first].gap == " " and (words[first - 1].said in listed("counts") or words[first - 1].said.isdigit()):
        first -= 1
    return first == 0 or words[first - 1].said == "and" or bool(COMMA.search(words[first].gap))
