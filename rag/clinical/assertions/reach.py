"""Reach: where the scope of a cue ends that speaks forward, and where that of one begins that speaks backward."""

from rag.clinical.assertions.cues import Cue, Found
from rag.clinical.assertions.words import COMMA, NOTHING, Word, listed
from rag.rules import rules


def forward(words: list[Word], found: list[Found], at: int, opens: list[int]) -> int:
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
    while linked < last and words[linked].said in listed("links"):
        linked += 1
    last = next(
        (place for place in range(max(here.last + 1, linked), last) if _stopped(words, place, opens[place], here.cue)), last
    )
    if here.cue.condition:
        last = _condition_ends(words, here.last, last)
    for other in found[at + 1 : at + 1 + far]:
        if other.first < last and _ends(other.cue, here.cue, other.first <= linked):
            return other.first
    return last


def _starts_anew(words: list[Word], at: int) -> bool:
    """Whether a noun begins at a word that no preposition leads to: "without antibiotics the abscess will grow"."""
    return words[at].said in listed("openers") and words[at - 1].said not in ("of", "in", "to", "on", "for", "from", "and", "or")


def _condition_ends(words: list[Word], first: int, last: int) -> int:
    """Where what follows a condition begins: behind a comma, with an order ("if dizzy, stop") or a complete clause."""
    happened = False
    for at in range(first, last):
        if at > first and COMMA.search(words[at].gap) and (happened or words[at].said in listed("conditional")):
            return at
        if at > first and words[at].said in listed("behind a condition") and not _can(words, at):
            return at - (words[at - 1].said == "to")
        happened = happened or words[at].said in listed("happening")
    return last


def _can(words: list[Word], at: int) -> bool:
    """Whether an order is one that somebody can, must or wants to follow: "if unable to call"."""
    return words[at - 1].said == "to" and words[at - 2].said in listed("able")


def _stopped(words: list[Word], at: int, opened: int, cue: Cue) -> bool:
    """Whether what begins at a word ends the scope: any clause, but for a plan, and "she", "has", "and had" for a relative."""
    if opened != 1 or cue.status != "family":
        return opened > 1 or (opened == 1 and cue.status != "planned")
    said = words[at].said
    if said == "and" and at + 1 < len(words):
        said = words[at + 1].said
        return said not in listed("verbs") or said not in listed("of a relative")
    return said not in listed("of a relative")


def backward(words: list[Word], found: list[Found], at: int, bounds: tuple[list[int], list[bool]]) -> int:
    """The first word of the scope of a cue that speaks of what stands before it."""
    here = found[at]
    far = here.cue.reach or rules("assertions")["scope"]["backward"]
    first = max(0, here.first - far)
    past, kin = here.cue.status == "historical", here.cue.status == "family"
    ends = bounds[0] if kin else bounds[1]  # "There was a history of gout, lupus and asthma in the family."
    places = range(here.first - 1, first, -1)
    first = next((place for place in places if ends[place] or (past and COMMA.search(words[place].gap))), first)
    if past and _began(words, first, here.first):
        return here.first
    for other in reversed(found[max(0, at - far) : at]):
        if other.last > first and _ends(other.cue, here.cue, other.last == here.first):
            return other.last
    return first


def _began(words: list[Word], first: int, last: int) -> bool:
    """Whether what is told began a while ago, so that it may go on; "noticed since the fall ten years ago" tells of the fall."""
    for at in range(last - 1, first - 1, -1):
        if words[at].said in ("since", "after", "following"):
            return False
        if words[at].said in listed("onset"):
            return True
    return False


def _ends(terminator: Cue, cue: Cue, beside: bool) -> bool:
    """Whether a terminator, or the next cue of the same kind that looks the same way, ends the scope of a cue.

    A verb right beside the cue belongs to it ("never had"); only what ends every scope ("but") ends it there.
    """
    if terminator.direction == "opening" and not terminator.stops:
        return cue.status != "planned"
    if cue.status in terminator.stops:
        return not (beside and "planned" not in terminator.stops)
    ahead = ("forward", "either")
    denies = terminator.status == "negated" and terminator.direction in ahead
    return denies and (cue.status == "planned" or (cue.status == "negated" and cue.direction in ahead))
