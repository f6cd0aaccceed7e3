"""Clauses: where a part of a sentence is one of its own, so that no scope runs into it or out of it."""

from itertools import pairwise

from rag.clinical.assertions.cues import groups
from rag.clinical.assertions.words import COMMA, Word, hard_before, listed

LABEL_WORDS = 4
PART = 8
"""The words of a part of a sentence in which its verb is looked for."""


def clauses(words: list[Word]) -> tuple[list[int], list[bool]]:
    """For each word whether a scope from before it ends there (1: at a clause, 2: in any case), and whether one from behind does.

    Both end at cells, semicolons and labels. A part behind a comma or an "and" bounds the scope on the other side of that comma
    or "and" where it has a verb, a value ("positive") or a subject of its own. What an "or" joins is one part.
    """
    opens, closes = [0] * len(words), [False] * len(words)
    parts = [0, *(at for at in range(1, len(words)) if _parts(words, at)), len(words)]
    stated = [_states(words, *pair) for pair in pairwise(parts)]
    for at, first in enumerate(parts[1:-1], 1):
        hard = hard_before(words, first) or words[first].said == "(+)"
        opens[first] = 2 if hard else int(stated[at] and _is_free(words, first))
        closes[first] = hard or stated[at - 1]
    for at in range(1, len(words)):
        if ":" in words[at].gap:
            closes[at] = True
            if (label := _label(words, at)) is not None:
                opens[label], closes[label] = 2, True
    return opens, closes


def _parts(words: list[Word], at: int) -> bool:
    word = words[at]
    if word.gap == " ":
        return word.said in ("and", "(+)", "(-)")
    if word.said in ("and", "(+)", "(-)") or COMMA.search(word.gap):
        return True
    return hard_before(words, at) or ("\n" in word.gap and word.written[0].isupper())


def _states(words: list[Word], first: int, last: int) -> bool:
    """Whether a part of a sentence has a verb or a value of its own, before which no "or" and no "that" stands."""
    for at in range(first, min(last, first + PART)):
        said = words[at].said
        if said in listed("joining") and at > first:
            return False
        if said in listed("verbs") or (said in listed("values") and words[at - 1].said != "as"):
            return True
    return _counts(words, first, last)


def _counts(words: list[Word], first: int, last: int) -> bool:
    """Whether a part begins with a number of things: "no drugs, 3 beers a week", but not "no fever, 3 days"."""
    return first + 1 < last and words[first].said.isdigit() and words[first + 1].said not in groups()[0]["unit"]


def _is_free(words: list[Word], first: int) -> bool:
    """Whether a part with a verb is a clause of its own and not the end of a list ("and a bruise is", not "and chills were")."""
    if words[first].said in listed("joining"):
        return False
    if words[first].said == "and":
        following = words[first + 1].said if first + 1 < len(words) else ""
        return following in listed("openers") or following in listed("verbs")
    return True


def _label(words: list[Word], colon: int) -> int | None:
    """The first word of the label that ends before this word: a few words, the first with a capital; None where none is."""
    first = colon - 1
    while first > max(0, colon - LABEL_WORDS) and not words[first].gap.strip():
        if words[first].written[0].isupper() and words[first - 1].written[0].islower():
            break
        first -= 1
    while first < colon and not words[first].written[0].isupper() and not (words[first].gap.strip() and first > 0):
        first += 1
    return first if 0 < first < colon else None
