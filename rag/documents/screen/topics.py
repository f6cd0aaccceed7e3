"""What a sentence speaks of (care, or something foreign to its document) and whether it asks or orders."""

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache, lru_cache

from rag.rules import rules
from rag.text import terms

LABEL = re.compile(r"[\W_]*[A-Za-z][\w /-]{0,40}:\s+")
LEAD = re.compile(
    r"[\W_]*(?:(?:please|kindly|also|now|then|next|finally|instead|important|just|simply|first|ok|okay|hey|hi|hello|and|but|so),?\s+)*",
    re.IGNORECASE,
)
ASKED = re.compile(
    r"\b(?:can|could|would|will) you\b|\bi(?:['’]d| would)? (?:want|need|like|expect|ask) you to\b"
    r"|\byou (?:must|should|have to|need to|are to)\b|\bhow (?:do|can|could|would|should|to) (?:i|we|you|one)\b"
    r"|(?:^|[.,:;!?]\s*|\b(?:please|you|and)\s+)(?:tell|show|give|help|teach|send|write|make|find) (?:me|us)\b",
    re.IGNORECASE,
)
QUESTION = re.compile(r"\?[\"'”’)\]\s]*$")
FIRST_WORD = re.compile(r"[A-Za-z]+")
NOUN_BEFORE = re.compile(r"\s*(?:[-:;,.=/|]|(?:of|in|is|was|are|were|has|had|as|per|by|on|from|and|or)\b|$)", re.IGNORECASE)
OBJECT_NEXT = re.compile(
    r"\s+(?:[\"'“‘]|(?:an?|the|your|my|our|its|their|this|that|these|those|each|every|all|any|some|me|us|it|them|how|why|what|which"
    r"|who|whether|if|only|no|one|two|three|four|five|ten|\d+)\b)",
    re.IGNORECASE,
)
FRESH = 2


@dataclass(frozen=True, slots=True)
class Topic:
    """How many content words of a text belong to care and to other topics, and the stems of them all."""

    care: int = 0
    other: int = 0
    stems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Stems of care, of other topics and of neither, endings of words of care, and words that only look like those."""

    care: frozenset[str]
    other: frozenset[str]
    neutral: frozenset[str]
    endings: tuple[str, ...]
    not_care: frozenset[str]


@cache
def _vocabulary() -> Vocabulary:
    content = rules("topics")
    care = frozenset(stem for group in content["care"] for stem in terms(" ".join(group["words"])))
    other = frozenset(stem for group in content["other"] for stem in terms(" ".join(group["words"])))
    endings = content["care_endings"]
    neutral = frozenset(terms(" ".join(content["neutral"])))
    return Vocabulary(care, other - care - neutral, neutral - care, tuple(endings["endings"]), frozenset(endings["not"]))


@cache
def _verbs(kind: str) -> frozenset[str]:
    return frozenset(rules("topics")["task_verbs"][kind])


@lru_cache(maxsize=100_000)
def kind(word: str) -> tuple[str, str]:
    """The stem of a lower-case word, and "care", "other" or "" for what it speaks of."""
    known = _vocabulary()
    stem = next(iter(terms(word)), "")
    if stem in known.other:
        return stem, "other"
    singular = word.removesuffix("s")
    coined = len(word) > 5 and (word.endswith(known.endings) or singular.endswith(known.endings))
    return stem, "care" if stem in known.care or (coined and not {word, singular} & known.not_care) else ""


def topic(text: str) -> Topic:
    """What the content words of a text speak of; numbers and single letters are left out."""
    kinds = [kind(word) for word in terms(text, stem=False) if word.isalpha() and len(word) > 1]
    spoken = [spoken_of for _, spoken_of in kinds]
    return Topic(spoken.count("care"), spoken.count("other"), tuple([stem for stem, _ in kinds]))


def form(text: str) -> str:
    """ "request", "question" or "order" where a sentence asks or orders, else an empty text."""
    if ASKED.search(text):
        return "request"
    if QUESTION.search(text):
        return "question"
    label = LABEL.match(text)
    starts = {LEAD.match(text, at).end() for at in (0, label.end() if label else 0)}  # type: ignore[union-attr]
    return "order" if any(_orders(text, at) for at in starts) else ""


def _orders(text: str, start: int) -> bool:
    """Whether the word there orders a task; one that is also a noun does where an object follows."""
    first = FIRST_WORD.match(text, start)
    if not first or (first.group().isupper() and not text.isupper()):  # "DESIGN A retrospective study" is a heading.
        return False
    word = first.group().lower()
    if word in _verbs("also_nouns"):
        return bool(OBJECT_NEXT.match(text, first.end()))
    return word in _verbs("only_verbs") and not NOUN_BEFORE.match(text, first.end())


def foreign(spoken: Topic, document: Counter[str]) -> float:
    """How foreign a sentence is to care and to the rest of its document (stems with their counts), 0 to 1."""
    if spoken.other > spoken.care:
        least = 0.3 if spoken.care else 0.5
        return min(0.8, least + 0.1 * (spoken.other - spoken.care - 1))
    own = Counter(spoken.stems)
    neutral = _vocabulary().neutral
    fresh = sum(document[stem] <= count and stem not in neutral for stem, count in own.items())
    if spoken.care or fresh < FRESH:
        return 0.0
    return 0.4 if fresh >= 2 * FRESH else 0.3
