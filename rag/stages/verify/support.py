"""Support: how likely all of a response is supported by its source, from what the checks found and how much is covered."""

import math
from collections.abc import Sequence

import numpy as np

from rag.stages.verify.checks.base import Verdict, fitted
from rag.stages.verify.meaning import vectors_of
from rag.stages.verify.texts import Source, Statement

COUNTED = (
    "drug", "dose", "unit", "frequency", "route", "duration", "size", "value", "number", "side", "site", "negation", "certainty",
    "time", "person", "comparison", "action", "severity", "code", "attribution", "addition",
)  # fmt: skip


def features(said: Sequence[Statement], verdicts: Sequence[Sequence[Verdict]], source: Source) -> dict[str, float]:
    """What speaks for and against a response, by name."""
    found = {f"{name} {way}": 0.0 for name in COUNTED for way in ("contradicted", "missing", "supported")}
    for one in (one for own in verdicts for one in own):
        key = f"{one.check} {one.verdict}"
        found[key] = max(found[key], one.sure)
    shares = [one.covered for one in said if one.weight > 0] or [0.0]
    soft = [_soft(one, source) for one in said if one.words] or [(0.0, 0.0, 1.0)]
    words = [word for one in said for word in one.words]
    held = [bool(places) for one in said for places in one.held]
    rare = [word.weight * (not there) for word, there in zip(words, held, strict=True) if word.weight > 0.7]
    total = sum(word.weight for word in words) or 1.0
    found |= {
        "least covered": min(shares),
        "covered": sum(one.covered * one.weight for one in said) / total,
        "covered anywhere": sum(word.weight for word, there in zip(words, held, strict=True) if there) / total,
        "like": sum(one[0] for one in soft) / len(soft),
        "least like": min(one[0] for one in soft),
        "least like word": min(one[1] for one in soft),
        "unlike": sum(one[2] for one in soft) / 3,
        "rare lacking": math.log1p(sum(rare)),
        "lacking": math.log1p(sum(word.weight for word, there in zip(words, held, strict=True) if not there)),
        "words": math.log1p(len(words)),
        "statements": math.log1p(len(said)),
        "source words": math.log1p(len(source.words)) / 3,
        "side by side": _pairs(said, source),
        "contradicted": sum(one.sure for own in verdicts for one in own if one.verdict == "contradicted"),
        "missing": sum(one.sure for own in verdicts for one in own if one.verdict == "missing"),
    }
    return found


def probability(said: Sequence[Statement], verdicts: Sequence[Sequence[Verdict]], source: Source) -> float:
    """The probability, 0 to 1, that all of a response is supported."""
    weights = fitted()["weights"]
    logit = fitted()["bias"] + sum(weights.get(name, 0.0) * value for name, value in features(said, verdicts, source).items())
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def _soft(said: Statement, source: Source) -> tuple[float, float, float]:
    """How much of a statement has its like in the aligned parts by meaning: the weighted mean, the least word, the lack."""
    near = source.between(said.part_spans(source))
    words = [word.written for word in said.words]
    weights = np.array([word.weight for word in said.words])
    if not near or not weights.sum():
        return 0.0, 0.0, float(weights.sum())
    likeness = np.clip((vectors_of(words) @ source.vectors[near].T).max(axis=1), 0.0, 1.0)
    likeness[[bool(places) for places in said.near]] = 1.0
    return (
        float((likeness * weights).sum() / weights.sum()),
        float((1 - (1 - likeness) * weights).min()),
        float(((1 - likeness) * weights).sum()),
    )


def _pairs(said: Sequence[Statement], source: Source) -> float:
    """The share of neighbouring words of a response that stand within three words of each other in the source."""
    found = total = 0
    for one in said:
        for first, second in zip(one.held, one.held[1:], strict=False):
            total += 1
            found += any(abs(a - b) <= 3 for a in first[:12] for b in second[:12])
    return found / total if total else 0.0
