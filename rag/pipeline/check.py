"""Check: a text that somebody else wrote, statement by statement, against the documents."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.errors import SettingProblem
from rag.pipeline import Pipeline
from rag.pipeline.steps import LONGEST_QUESTION
from rag.stages.answer.base import whole
from rag.stages.index.base import Index
from rag.stages.verify.judge import Judgement, judged, reason_of
from rag.stages.verify.texts import clauses
from rag.stages.verify.weighed import MOST_AGAINST, denials, fewest, nearest, reasons_of, sentence
from rag.stages.verify.words import every_word
from rag.strict import SURROGATE
from rag.text import terms
from rag.values import Citation, Claim, Filter

LONGEST_TEXT, MOST_STATEMENTS = 20_000, 80
MOST_PASSAGES, TOGETHER = 5, 3
"""Passages of a search that a statement is held against, and of those the best that may carry it together."""
LEAST = 0.35
"""The share of a statement's words that a passage has to hold before it is said to be about it."""
NOWHERE = "nothing in the documents is like it"


@dataclass(frozen=True, slots=True)
class Checked:
    """A text with the probability that all of it is supported, and its statements, each with its (start, end)."""

    text: str
    score: float
    claims: tuple[Claim, ...]
    places: tuple[tuple[int, int], ...]


def check(text: str, pipeline: Pipeline, index: Index, only: Filter = Filter()) -> Checked:
    """The statements of a text, each held against the passages that are found for it. Raises SettingProblem, ModelProblem."""
    places = stated(text)
    scope = pipeline.scope(text[:LONGEST_QUESTION], index, only).only  # Whose record it is stands once in a text.
    bare = _without(scope.patients, text)
    each = [_checked(text[start:end], bare[start:end], pipeline, index, scope) for start, end in places]
    claims = tuple(claim for claim, _ in each)
    read = dict.fromkeys(passage.quote for _, passages in each for passage in passages)
    return Checked(text, judged(text, "\n\n".join(read)).score if places else 0.0, claims, tuple(places))


def stated(text: str) -> list[tuple[int, int]]:
    """Where the statements of a text stand. Raises SettingProblem where it is empty, too long or no text."""
    if not text.isascii() and SURROGATE.search(text):
        raise SettingProblem("The text is not valid UTF-8: half of a character stands in it. Paste it again.")
    if len(text) > LONGEST_TEXT:
        raise SettingProblem(f"The text has {len(text):,} characters; at most {LONGEST_TEXT:,} are allowed. Check it in parts.")
    found = [place for place in clauses(text, tuple(every_word(text))) if terms(text[slice(*place)])]
    if not found:
        raise SettingProblem("There is no statement to check. Paste a text of at least one sentence.")
    if len(found) > MOST_STATEMENTS:
        raise SettingProblem(
            f"The text has {len(found):,} statements; at most {MOST_STATEMENTS} are checked at once. Check it in parts."
        )
    return found


def _without(names: Sequence[str], text: str) -> str:
    """A text with blanks where it names whose record it is, of the same length: no passage has to say so again."""
    for name in names:
        text = text.replace(name, " " * len(name))
    return text


def _checked(whole_text: str, text: str, pipeline: Pipeline, index: Index, only: Filter) -> tuple[Claim, list[Citation]]:
    """A statement with its verdict, and the passages by which it was judged."""
    found = pipeline.search(text[:LONGEST_QUESTION], index, only).hits
    passages = whole(found[:MOST_PASSAGES], index)
    told = [(one, judged(text, one.quote)) for one in passages]
    claim = Claim(
        whole_text, against=tuple(_denying(one, result, index) for one, result in told if denials(result))[:MOST_AGAINST]
    )
    carrying = next(([one] for one, result in told if result.supported), list(passages[:TOGETHER]))
    result = judged(text, "\n".join(one.quote for one in carrying))
    if result.supported:
        cited = tuple(nearest(text, one, index) for one in carrying)
        kept = tuple(one for one in fewest(text, cited, carrying) if not one.spare)
        reasons = reasons_of(result, carrying)
        return replace(claim, citations=kept, supported=True, reason=reason_of(result), reasons=reasons), carrying
    if not told:
        return replace(claim, supported=False, reason=NOWHERE), []
    best, result = max(told, key=lambda one: (bool(denials(one[1])), _held(one[1])))
    if _held(result) < LEAST:
        return replace(claim, supported=False, reason=NOWHERE), []
    cited = (nearest(text, best, index),) if result.supported is None else ()
    claim = replace(claim, citations=cited, supported=result.supported, reason=reason_of(result))
    return replace(claim, reasons=reasons_of(result, [best])), [best]


def _held(found: Judgement) -> float:
    """How much of a statement a passage holds, 0 to 1."""
    return sum(one.held for one in found.claims) / (len(found.claims) or 1)


def _denying(passage: Citation, found: Judgement, index: Index) -> Citation:
    """The sentence of a passage that denies a statement."""
    place = next((one.source for one in reasons_of(found, [passage]) if one.verdict == "contradicted" and one.source), None)
    return sentence(passage, place, index) if place else passage
