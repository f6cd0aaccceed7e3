"""Whether a model says in its own words that the sources do not answer: `rag/rules/refusals.json` knows how, by language."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from rag.rules import rules
from rag.values import Claim

RULES = rules("refusals")
COMPLETE = frozenset(RULES["complete"])
CONTRAST, NOTHING_MISSING = re.compile(RULES["contrast"]), re.compile(RULES["nothing_missing"])
COURTESY = re.compile("|".join(RULES["courtesies"]))
LONGEST = 400  # Characters of a sentence that says no more than that.
AROUND = " .!?:;,()。！？：，…-–—\"'"
LABEL = re.compile(r"^[^\W\d][^:：.\n]{0,60}[:：]\s*")  # "Duration: not documented."
NEVER = re.compile(r"(?!)")
ABOUT = re.compile(r"(?:of|for) (?!this|that|these|those|the question|your|information)\w", re.I)


@dataclass(frozen=True)
class Wording:
    """How one language says it; `words` and `records` are what a sentence is about."""

    words: tuple[str, ...]
    records: tuple[str, ...]
    silent: re.Pattern[str]
    uncited: re.Pattern[str]
    alone: re.Pattern[str]
    beside: re.Pattern[str]


def sorted_out(claims: Sequence[Claim]) -> tuple[bool, tuple[Claim, ...], tuple[str, ...]]:
    """Whether a reply is a refusal as a whole; else its statements, and the sentences that say what the sources do not answer."""
    silent = [says_nothing(claim.text, bool(claim.citations)) for claim in claims]
    if not any(silent):
        return False, tuple(claims), ()
    stated = [claim for claim, nothing in zip(claims, silent, strict=True) if not nothing and not _beside(claim)]
    first = next((nothing for claim, nothing in zip(claims, silent, strict=True) if nothing or not _beside(claim)), False)
    if not stated or (first and not any(claim.citations for claim in stated)):
        return True, tuple(claims), ()
    kept = tuple(claim for claim, nothing in zip(claims, silent, strict=True) if not nothing)
    told = (claim.text.rstrip(" .。!") for claim, nothing in zip(claims, silent, strict=True) if nothing)
    return False, kept, tuple(told)


def says_nothing(text: str, cites: bool = False) -> bool:
    """Whether a sentence says that the sources do not answer. One that cites a source has to name the sources for that."""
    plain = _plain(text)
    if len(text) > LONGEST or (cites and CONTRAST.search(plain)):
        return False
    for one in _wordings():
        nothing = one.silent.search(plain) or (not cites and one.uncited.search(plain))
        if nothing and _names(plain, one.words if cites else one.words + one.records):
            return True
        if not cites and (one.alone.search(plain) or one.alone.search(LABEL.sub("", plain))):
            return True
    return False


def is_complete(missing: str) -> bool:
    """Whether a model's word for what is missing says that nothing is."""
    plain = _plain(missing).strip(" .!\"'。()")
    return plain in COMPLETE or missing.strip() in COMPLETE or bool(NOTHING_MISSING.search(plain))


def is_courtesy(text: str) -> bool:
    """Whether a sentence or line without a mark states nothing: "Here is the answer:", "I hope this helps!" """
    return len(text) <= LONGEST and bool(COURTESY.fullmatch(_plain(text).strip(AROUND)))


def _beside(claim: Claim) -> bool:
    """Whether a sentence may stand beside a refusal and states nothing: an apology, advice, what the sources are about."""
    plain = _plain(claim.text)
    return len(plain) <= LONGEST and any(one.beside.search(plain) for one in _wordings())


def _names(plain: str, words: tuple[str, ...]) -> bool:
    """Whether a sentence is about the sources; "sources of infection" are others."""
    text = f"{plain} "
    for word in words:
        at = text.find(word)
        if (
            at >= 0
            and (not word.isascii() or at == 0 or not text[at - 1].isalnum())
            and not ABOUT.match(text, at + len(word.rstrip()) + 1)
        ):
            return True
    return False


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[*`#>]", "", text.lower().replace("’", "'").replace("_", " ")).split())


@cache
def _wordings() -> tuple[Wording, ...]:
    return tuple(
        Wording(
            tuple(one["sources"]),
            tuple(one["records"]),
            *(re.compile("|".join(one[name])) if one[name] else NEVER for name in ("silent", "uncited", "alone", "beside")),
        )
        for one in RULES["languages"]
    )
