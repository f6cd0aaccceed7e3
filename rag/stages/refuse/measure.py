"""How far passages carry an answer to a question, measured once for every refuser: a number, what is missing, what is nearest."""

import math
import re
from collections.abc import Sequence

from rag.stages.index.base import Index
from rag.stages.reader.asks import names_nothing, parts
from rag.stages.reader.candidates import Candidate, candidates
from rag.stages.reader.coverage import Asked, confidence, nearness
from rag.stages.reader.model import facts, installed
from rag.stages.reader.whose import of_the_patient
from rag.stages.scope.dates import dates
from rag.text import terms
from rag.values import Confidence, Hit
from rag.wordpiece import commonness

WORDS = re.compile(r"[^\W\d_]{3,}")
EVERYDAY = 0.005  # Words in more English passages than this share are not worth naming as missing.
THINGS = 0.0006  # Those in fewer name things: an answered question that names one which no passage holds is answered in part.
MOST_NAMED = 8
SURE = 0.75  # Confidence from which words that stand nowhere are other words for what does.
UNLIKELY = 0.1  # A part of a question with no likelier statement is missing.
OF_ITS_OWN = 5  # Words of a part that can be read without the others; "with what aid" cannot.
LOWEST = -8.0
OF_THE_CROWD = 2.0  # Standard deviations above all passages up to which the nearest one does not stand out.
FEW, MANY = math.log(33), math.log(245)  # Among few passages each is about the matter; among many the words of a question tell.
LEAST_SPREAD = 0.05  # Of cosines: a handful of passages may lie side by side.
TOO_WEAK = "The evidence is too weak to answer from."
NOTHING = "No passage was found."
VAGUE = f"{TOO_WEAK} The question does not say what it is about."


def measured(question: str, hits: Sequence[Hit], index: Index, below: float = 0.0, topic: str = "") -> Confidence:
    """The confidence of these passages, best first; refused where it is below the bar.

    `topic` is the question without what says whose and which documents are meant: words of that are never missing.
    """
    if below > 0 and names_nothing(question):
        return Confidence(0.0, True, reason=VAGUE)
    topic = topic or question
    asked = Asked.of(topic, index)
    found = of_the_patient(question, candidates(topic, hits, index), index)
    value = 0.0
    if hits:
        value = sureness(topic, asked, found, hits, index) if _calibrated(index) else confidence(asked, hits, index, topic)
    refused = value < below or not found
    missing = lacking(topic, hits, asked, most=EVERYDAY if refused else THINGS)
    if refused and not missing:
        missing = lacking(topic, hits, asked, most=1.0)
    if not refused:
        missing = () if value >= SURE else missing
        missing = (*missing, *unanswered(topic, hits, index), *too_late(question, index))
    reason = "" if not refused else TOO_WEAK if hits else NOTHING
    return Confidence(value, refused, missing, reason, found[0].span if found else None)


def _calibrated(index: Index) -> bool:
    """Whether the calibration holds here: it was made with the reader, and with the cosines of an embedder that knows meaning."""
    return installed() and index.vectors is not None and index.embedder.knows_meaning


def sureness(question: str, asked: Asked, found: Sequence[Candidate], hits: Sequence[Hit], index: Index) -> float:
    """The chance, 0 to 1, that the likeliest statements answer, calibrated over several sets at once."""
    weights = facts()["confidence"]
    total = weights["bias"] + sum(weights[name] * value for name, value in evidence(question, asked, found, hits, index).items())
    return 1 / (1 + math.exp(-max(min(total, 40.0), -40.0)))


def evidence(question: str, asked: Asked, found: Sequence[Candidate], hits: Sequence[Hit], index: Index) -> dict[str, float]:
    """What speaks for an answer, by name.

    "statements" is the logarithm of the summed odds, by the reader, that each statement answers; "best" the best one's score,
    where it speaks for it; "apart" by how many standard deviations the nearest passage is nearer than all on the whole, where
    that is more than chance would do; "many" whether these are many, 0 to 1; "covered" the share of the question that the best
    statement holds with its heading, as far as they are many.
    """
    near = nearness(hits, index, question) or 0.0
    middle, spread = index.spread(index.question_vector(question))
    many = min(max((math.log(max(1, len(index.chunks))) - FEW) / (MANY - FEW), 0.0), 1.0)
    return {
        "statements": _summed([one.logit for one in found]),
        "best": max(found[0].score, 0.0) if found else 0.0,
        "apart": max((near - middle) / (spread + LEAST_SPREAD), OF_THE_CROWD),
        "covered": many * _held(asked, found[0], hits, index) if found and many else 0.0,
        "many": many,
    }


def _held(asked: Asked, one: Candidate, hits: Sequence[Hit], index: Index) -> float:
    """The share of a question's weighted terms that a statement holds with the heading of its passage."""
    text = index.documents[one.span.document].text[one.span.start : one.span.end]
    return asked.coverage([*terms(hits[one.hit].chunk.context), *terms(text)])


def _summed(logits: Sequence[float]) -> float:
    """The logarithm of the sum of odds given as logits."""
    if not logits:
        return LOWEST
    top = max(logits)
    return max(top + math.log(sum(math.exp(one - top) for one in logits)), LOWEST)


def unanswered(question: str, hits: Sequence[Hit], index: Index) -> tuple[str, ...]:
    """The parts of a question for several things at once that no statement answers, in its own words."""
    asked = parts(question)
    if len(asked) < 2 or not installed():
        return ()
    whole = [part for part in asked if len(part.split()) >= OF_ITS_OWN]
    lost = (part for part in whole if max((one.chance for one in candidates(part, hits, index)), default=0.0) < UNLIKELY)
    return tuple(part.strip(" ?.") for part in lost)


def too_late(question: str, index: Index) -> tuple[str, ...]:
    """The times that a question names and that lie behind every day of which the documents tell, in its own words."""
    named = [one for one in dates(question) if one.parts[0]]
    if not named or not index.latest:
        return ()
    year, month, *_ = (int(part) for part in f"{index.latest}-12".split("-"))
    late = (one for one in named if (one.parts[0], one.parts[1] or 0) > (year, month))
    return tuple(question[one.start : one.end].strip() for one in late)


def lacking(question: str, hits: Sequence[Hit], asked: Asked, most: float) -> tuple[str, ...]:
    """The words of a question, at `most` so common in English, that stand in none of the passages, in its own spelling."""
    there = {term for hit in hits for term in terms(hit.chunk.indexed)}
    absent = [
        word
        for word in dict.fromkeys(WORDS.findall(question))
        if commonness(word.lower()) <= most
        and (own := terms(word))
        and not there.intersection(own)
        and not asked.holds_instead(own[0], there)
    ]
    return tuple(absent[:MOST_NAMED])
