"""Scopes: which way each cue of a sentence speaks, of which words, and what it says of them."""

import re
from dataclasses import replace

from rag.clinical.assertions.clauses import PART, clauses
from rag.clinical.assertions.cues import Found, cue_name, matches
from rag.clinical.assertions.reach import backward, forward
from rag.clinical.assertions.words import COMMA, NOTHING, Word, hard_before, listed
from rag.values import Assertion, Status

LABEL_MARK = re.compile(r"[:?=|(\[\t]|\s[-–—]\s")
QUESTION = 40
"""The words before an answer that may be its question or label."""
SHORT = 5
NEAR = 4
"""The assertions before one of a relative that may be the relative's past."""
PART_OF_DENIAL = ("negated", "historical", "planned")
PARTED = re.compile(r"[:;]|\s[-–—]\s")
YEAR = re.compile(r"(?:\d{1,2}/)?((?:19|20)?\d\d)")


def in_sentence(words: list[Word], asked: list[Word], mark: str, year: int | None) -> list[Assertion]:
    """What the cues of a sentence say, which ends with this mark and may answer the question before it.

    What is said of the past, of a plan or in doubt inside a denial is denied; the past of a relative is the relative's, and
    a time inside a plan is no past ("a scan at age 50"). The note's own year and those after it are not past either.
    """
    found = _said(words)
    if not any(here.cue.status for here in found):
        return []
    told: list[Assertion] = []
    choices: list[tuple[Assertion, Status]] = []
    bounds = clauses(words)
    short = mark != ":" and len(words) <= SHORT
    until = {"negated": 0, "family": 0, "planned": 0, "condition": 0}
    for at, here in enumerate(found):
        status, looks_back = here.cue.status, here.cue.direction in ("backward", "around")
        if status is None or (here.first < until["negated"] and (not looks_back or status in PART_OF_DENIAL)):
            continue
        if status == "negated" and here.first < until["condition"] and not COMMA.search(words[here.first].gap):
            continue
        if status == "historical" and not _is_past(words, here, year, until):
            continue
        ahead, scope = _scope(words, found, at, asked, bounds, short)
        if status == "historical" and ahead and _lasts(scope):
            continue
        if ahead and status in until:
            until[status] = here.last + len(scope) + (status == "family")
        if ahead and here.cue.condition:
            until["condition"] = here.last + len(scope)
        said = [place for place, word in enumerate(scope) if word.said[0].isalnum()]
        if not said:
            continue
        if status == "family" and not ahead:
            told = _without_past(told, scope[said[0]].start)
        statuses = (status, here.cue.also) if here.cue.also else (status,)
        told += [Assertion(scope[said[0]].start, scope[said[-1]].end, one, cue_name(words, here)) for one in statuses]
        if here.cue.unless:
            choices.append((told[-1], here.cue.unless))
        if here.cue.direction == "around" and _goes_on(words, here):
            last = forward(words, found, at, bounds[0])
            told.append(Assertion(words[here.last].start, words[last - 1].end, status, cue_name(words, here)))
    return [one for one in told if not any(one is choice and _overlaps(told, one, status) for choice, status in choices)]


def _overlaps(told: list[Assertion], one: Assertion, status: Status) -> bool:
    """Whether something of this status is told of the same words: "surgery versus rest was recommended"."""
    return any(other.status == status and other.start < one.end and one.start < other.end for other in told)


def _without_past(told: list[Assertion], start: int) -> list[Assertion]:
    """What was told without the past that reaches into a stretch of a relative: "a history of gout in her father"."""
    return told[:-NEAR] + [one for one in told[-NEAR:] if one.status != "historical" or one.end <= start]


def _said(words: list[Word]) -> list[Found]:
    """The cues of a sentence without the verbs that give no order: "Use ice", "will rest and use ice", not "they use ice"."""
    found: list[Found] = []
    planned = conditional = False
    for here in matches(words):
        behind = conditional and words[here.last - 1].said in listed("behind a condition")
        if here.cue.direction == "opening" and not _orders(words, here, planned, behind):
            here = here._replace(cue=replace(here.cue, status=None))
            if not here.cue.stops:
                continue
        found.append(here)
        conditional = conditional or here.cue.condition
        if here.cue.condition or here.cue.status in ("planned", "negated"):
            planned = here.cue.status != "negated"
    return found


def _is_past(words: list[Word], here: Found, year: int | None, until: dict[str, int]) -> bool:
    """Whether a cue of the past tells of the patient's: not inside a relative's, not a time to come, not the note's year."""
    if here.first < until["family"]:
        return False
    if here.cue.direction == "around":
        ahead = any(word.said in listed("of the future") for word in words[: here.last])
        if ahead or here.first < max(until["planned"], until["condition"]):
            return False
    written = [match[1] for word in words[here.first : here.last] if (match := YEAR.fullmatch(word.said))]
    if year is None or not written:
        return True
    told = int(written[0])
    return told < year if told > 99 else told != year % 100


def _lasts(scope: list[Word]) -> bool:
    """Whether what is told goes on for days or weeks, as an illness does: "history of fever for a week"."""
    places = (at for at, word in enumerate(scope) if word.said == "for")
    return any(word.said in listed("of an illness") for at in places for word in scope[at + 1 : at + 4])


def _goes_on(words: list[Word], here: Found) -> bool:
    """Whether more of what a time tells follows it: "in 1996 with an infarction"."""
    following = words[here.last : here.last + 2]
    return len(following) == 2 and following[0].gap == " " and following[0].said in listed("of the same event")


def _scope(
    words: list[Word], found: list[Found], at: int, asked: list[Word], bounds: tuple[list[int], list[bool]], short: bool
) -> tuple[bool, list[Word]]:
    """Whether a cue speaks of what follows it, and the words that it speaks of."""
    here, opens = found[at], bounds[0]
    direction = here.cue.direction
    if direction == "opening":
        return True, words[here.last : forward(words, found, at, opens)]
    if direction == "self":
        return False, words[here.first : here.last]
    if _answers(words, here, opens, bool(asked), short):
        return False, words[_asked(words, here.first, opens) : here.first] if here.first else asked
    ahead = direction == "forward" or (direction == "either" and _goes_forward(words, here, opens))
    if direction == "label" and not (here.first == 0 and here.last < len(words) and ":" in words[here.last].gap):
        return False, []
    if direction == "through":
        return True, words[here.first : forward(words, found, at, opens)]
    if ahead or direction in ("label", "onward") or (direction == "around" and _begins(words, here.first)):
        return ahead, words[here.last - (direction == "onward") : forward(words, found, at, opens)]
    return False, words[backward(words, found, at, bounds) : here.first]


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


def _orders(words: list[Word], here: Found, planned: bool, behind: bool) -> bool:
    """Whether a cue begins its sentence, or after a plan its clause, and no verb follows: not "Repeat CT showed a clot".

    One `behind` a condition begins no clause: "if worse to call us".
    """
    if here.first and not behind and not PARTED.search(words[here.first].gap):
        joined = COMMA.search(words[here.first].gap) or words[here.first - 1].said in listed("before an order")
        if not (planned and joined) and words[here.first - 1].said != "please":
            return False
    for word in words[here.last : here.last + PART]:
        if word.said in listed("joining") or COMMA.search(word.gap):
            break
        if word.said in listed("verbs"):
            return False
    return True


def _begins(words: list[Word], first: int) -> bool:
    """Whether nothing stands before this word in its clause."""
    while first and words[first].gap == " " and (words[first - 1].said in listed("counts") or words[first - 1].said.isdigit()):
        first -= 1
    return first == 0 or words[first - 1].said == "and" or bool(COMMA.search(words[first].gap))
