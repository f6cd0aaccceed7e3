"""Rewriting by rules: a follow-up as a question that stands alone, or left as it is where that is not sure."""

import re
from collections.abc import Sequence
from functools import cache

from rag.pipeline.follow.fragments import fragment
from rag.pipeline.follow.frames import AUX
from rag.pipeline.follow.leaning import LONGEST, Before
from rag.pipeline.follow.sentences import sentence
from rag.pipeline.follow.told import ENDS, any_of, same, says
from rag.pipeline.follow.turn import Rewriting, Turn
from rag.pipeline.steps import LONGEST_QUESTION
from rag.stages.index.base import Index

VERB = re.compile(
    r"\b(?:is|are|was|were|do|does|did|has|have|had|can|could|should|would|will|may|might|must|isn't|aren't|wasn't|weren't|don't"
    r"|doesn't|didn't|hasn't|haven't|can't|won't|(?:what|who|how|where|when|it|that|there|he|she)['’]s)\b",
    re.IGNORECASE,
)
WHOLE = re.compile(r"(?:who|(?:which|what) \S+) \S+ \S+", re.IGNORECASE)  # "Who ordered it", "which drug replaced it"
TOLD = re.compile(r"(?:please )?(?:list|show|tell|give|name|find|explain|describe|summarize|compare)\b", re.IGNORECASE)
IF = re.compile(rf"(?:if|unless|(?:when|once) (?!(?:{AUX}|to)\b)) ?(?!.*,)", re.IGNORECASE)  # Behind a comma stands the question.
TOO = re.compile(r",? (?:too|also|as well|either)$", re.IGNORECASE)
OF_IT = re.compile(r"(?:who|what|which)\b.* (?:it|them)$", re.IGNORECASE)
MOST_WORDS = 8


def rewritten(question: str, turns: Sequence[Turn], index: Index) -> Rewriting:
    """A question that comes after these turns, the newest last, as it is to be asked.

    One that stands alone is left exactly as it is, and so is one whose meaning is not sure, with the reason.
    """
    question = question.strip()
    if not turns or not question or len(question) > LONGEST:
        return Rewriting(question)
    led, core = _without_lead(question)
    words = core.strip(ENDS)
    if says("open", words):
        return Rewriting(question, "unsure", ("it does not say what of the question before it means.",))
    about = _about().match(words)
    words = TOO.sub("", words[about.end() :]) if about else words
    words = same(words)
    before = Before(turns, index)
    short = about is not None or IF.match(words) is not None or _is_fragment(words)
    found = fragment(words, before, led or about is not None) if short else sentence(core, before)
    if found.how != "rules":
        return Rewriting(question, found.how, found.notes)
    told = found.question[:1].upper() + found.question[1:]
    if told.strip(ENDS).lower() == question.strip(ENDS).lower() or len(told) > LONGEST_QUESTION:
        return Rewriting(question)
    return Rewriting(told, "rules", found.notes)


def _is_fragment(words: str) -> bool:
    """Whether words are no whole question: few, and without a verb that asks."""
    return len(words.split()) <= MOST_WORDS and not (
        VERB.search(words) or WHOLE.match(words) or OF_IT.match(words) or TOLD.match(words)
    )


def _without_lead(question: str) -> tuple[bool, str]:
    """Whether a question begins with words that only lead on ("and", "ok"), and what follows them."""
    led = False
    while (found := _lead().match(question)) and found.end() < len(question):
        led, question = True, question[found.end() :]
    return led, question


@cache
def _lead() -> re.Pattern[str]:
    return any_of("leads", behind=r"\b(?:,? +|, *)")


@cache
def _about() -> re.Pattern[str]:
    return any_of("about", behind=" +")
