"""Support: how likely a statement is wrong, and all of a response right, from what the checks found and how much is covered."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from rag.stages.verify.checks.base import Verdict, fitted
from rag.stages.verify.meaning import vectors_of
from rag.stages.verify.model import Reading, installed
from rag.stages.verify.texts import Source, Statement

FARTHEST, MOST_PLACES, MOST_ODDS = 3, 12, 8.0
Features = dict[str, float]
READ = "unsupported"
"""The feature that is there where the model of support has read the statement."""


def of_statement(said: Statement, verdicts: Sequence[Verdict], source: Source) -> Features:
    """What speaks for and against a statement, by name."""
    found: Features = {}
    left = 1.0
    for one in verdicts:
        key = f"{one.check} {one.case or one.verdict}" if one.verdict != "supported" else f"{one.check} supported"
        found[key] = max(found.get(key, 0.0), one.sure)
        left *= 1.0 - min(0.98, one.sure) if one.verdict != "supported" else 1.0
    like, least, lack = _like(said, source)
    against = sorted((one.sure for one in verdicts if one.verdict != "supported"), reverse=True)
    return found | {
        "surest": against[0] if against else 0.0,
        "second": against[1] if len(against) > 1 else 0.0,
        "together": -math.log(left),
        "covered": said.covered,
        "covered anywhere": _held(said),
        "like": like,
        "least like": least,
        "unlike": lack,
        "words": math.log1p(len(said.words)),
    }


def with_reading(found: Features, reading: Reading) -> Features:
    """The same, and what the model of support says of the statement beside what all else together says."""
    return found | {
        "checks": _weighed(found, "statement"),
        READ: -reading.supported,
        "denied": reading.contradicted,
        "worst word": reading.worst,
    }


def wrong(found: Features) -> float:
    """The logarithm of the odds that a statement with these features is wrong."""
    return _weighed(found, "read statement" if READ in found else "statement")


def threshold(read: bool) -> float:
    """The odds, as a logarithm, from which a statement is called unsupported, with the model of support or without."""
    return float(fitted()["read threshold" if read else "threshold"])


def measured() -> str:
    """In a sentence how often the checks were right on labelled statements that nothing was fitted on, as they were measured."""
    found = fitted()["held, read" if installed() else "held"]["pairs"]
    missed, false = (found[f"{kind} called unsupported"]["all"][0] for kind in ("faulty", "faithful"))
    return (
        f"Other words are judged by checks. Of {found['n']:,} labelled statements that they were not fitted on, they called "
        f"{missed:.0%} of the faulty ones unsupported, and {false:.0%} of the faithful ones."
    )


def of_response(said: Sequence[Statement], each: Sequence[Features]) -> Features:
    """What speaks for and against a whole response, by name."""
    odds = [math.log1p(math.exp(min(MOST_ODDS, wrong(one)))) for one in each]
    weights = [one.weight for one in said]
    total = sum(weights) or 1.0
    lacking = sum(word.weight for one in said for word, places in zip(one.words, one.held, strict=True) if not places)
    read = [one[READ] for one in each if READ in one]
    denied = [one["denied"] for one in each if READ in one]
    told = {READ: max(read), "unsupported on the whole": sum(read) / len(read), "denied": max(denied)} if read else {}
    return told | {
        "wrong": sum(odds) / math.sqrt(len(odds)) if odds else 0.0,
        "covered": sum(one["covered anywhere"] * weight for one, weight in zip(each, weights, strict=True)) / total,
        "like": sum(one["like"] * weight for one, weight in zip(each, weights, strict=True)) / total,
        "side by side": _pairs(said),
        "lacking": math.log1p(lacking),
    }


def probability(found: Features) -> float:
    """The probability, 0 to 1, that all of a response with these features is supported."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, _weighed(found, "read response" if READ in found else "response")))))


def _weighed(found: Mapping[str, float], name: str) -> float:
    own = fitted()[name]
    return float(own["bias"] + sum(own["weights"].get(feature, 0.0) * value for feature, value in found.items()))


def _held(said: Statement) -> float:
    held = sum(word.weight for word, places in zip(said.words, said.held, strict=True) if places)
    return held / said.weight if said.weight else 1.0


def _like(said: Statement, source: Source) -> tuple[float, float, float]:
    """How much of a statement has its like in the aligned parts by meaning: the weighted mean, the least word, the lack."""
    near = source.between(said.part_spans(source))
    weights = np.array([word.weight for word in said.words])
    if not near or not weights.sum():
        return 0.0, 0.0, float(weights.sum()) / 3
    likeness = np.clip((vectors_of([word.written for word in said.words]) @ source.vectors[near].T).max(axis=1), 0.0, 1.0)
    likeness[[bool(places) for places in said.near]] = 1.0
    lack = (1 - likeness) * weights
    return float((likeness * weights).sum() / weights.sum()), float((1 - lack).min()), float(lack.sum()) / 3


def _pairs(said: Sequence[Statement]) -> float:
    """The share of neighbouring words of a response that stand within three words of each other in the source."""
    found = total = 0
    for one in said:
        for first, second in zip(one.held, one.held[1:], strict=False):
            total += 1
            found += any(abs(a - b) <= FARTHEST for a in first[:MOST_PLACES] for b in second[:MOST_PLACES])
    return found / total if total else 0.0
