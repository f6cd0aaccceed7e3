"""Hits of the documents that a question points at come before equally good ones of others."""

from collections.abc import Sequence

from rag.values import Hit, Scope

GAIN = 0.25
"""What a hit of a preferred document gains, as a share of the best hit's score."""


def preferred(hits: Sequence[Hit], scope: Scope) -> list[Hit]:
    """The hits in their order with the preferred documents' moved ahead; as they are where none is preferred."""
    names = set(scope.prefer)
    if not any(hit.chunk.span.document in names for hit in hits):
        return list(hits)
    top = max(hit.score for hit in hits)
    scores = [hit.score + GAIN * abs(top) * (hit.chunk.span.document in names) for hit in hits]
    order = sorted(range(len(hits)), key=lambda at: -scores[at])
    return [hits[at].after("scope", scores[at], rank) for rank, at in enumerate(order, 1)]
