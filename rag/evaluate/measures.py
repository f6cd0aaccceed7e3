"""Measures of retrieval, by what the literature means with their names."""

import math
from collections.abc import Mapping, Sequence

from rag.values import Span


def ndcg(ranked: Sequence[str], relevant: Mapping[str, float], k: int = 10) -> float | None:
    """nDCG@k with linear gains (Järvelin & Kekäläinen, 2002), 0 to 1; None where nothing is relevant."""
    ideal = sum(gain / math.log2(rank + 1) for rank, gain in enumerate(sorted(relevant.values(), reverse=True)[:k], 1))
    if not ideal:
        return None
    found = sum(relevant.get(name, 0.0) / math.log2(rank + 1) for rank, name in enumerate(ranked[:k], 1))
    return found / ideal


def recall(ranked: Sequence[str], relevant: Mapping[str, float], k: int) -> float | None:
    """The share of relevant names among the first k; None where nothing is relevant."""
    wanted = {name for name, gain in relevant.items() if gain > 0}
    return len(wanted.intersection(ranked[:k])) / len(wanted) if wanted else None


def evidence_recall(found: Sequence[Span], gold: Sequence[Span]) -> float | None:
    """The share of the gold evidence's characters that lie inside any found span; None where there is no gold."""
    wanted = {(span.document, at) for span in gold for at in range(span.start, span.end)}
    if not wanted:
        return None
    held = {(span.document, at) for span in found for at in range(span.start, span.end)}
    return len(wanted & held) / len(wanted)
