"""Hits of the documents that a question points at, or of the patient whom it names, come before equally good ones of others."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from rag.stages.index.base import Index
from rag.values import Filter, Hit, Scope

GAIN = 0.5
"""What a hit of a preferred document gains, as a share of the best hit's score."""


def found_for(scope: Scope, retrieve: Callable[[Filter], list[Hit]], index: Index, rules: bool) -> list[Hit]:
    """What `retrieve` finds within the scope, preferred hits ahead.

    The preferred documents are searched alone as well, for none of their passages might be among the first of all.
    """
    hits = retrieve(scope.only)
    if scope.prefer:
        nearer = replace(scope.only, documents=scope.prefer)
    elif scope.patients and scope.only.nobody and not rules:
        nearer = replace(scope.only, nobody=False)
    else:
        return preferred(hits, scope, index, rules)
    most, there = len(hits), {hit.chunk for hit in hits}
    hits += [hit for hit in retrieve(nearer) if hit.chunk not in there]
    return preferred(sorted(hits, key=lambda hit: -hit.score), scope, index, rules)[:most]


def preferred(hits: Sequence[Hit], scope: Scope, index: Index, rules: bool) -> list[Hit]:
    """The hits in their order with the preferred documents' moved ahead; as they are where none is preferred.

    Preferred are the documents that the question points at; where it points at none and names a patient, that patient's,
    unless it asks about `rules` such as those of a plan.
    """
    names = set(scope.prefer)
    if not names and scope.patients and not rules:
        names = {name for name, document in index.documents.items() if document.patient}
    if not any(hit.chunk.span.document in names for hit in hits):
        return list(hits)
    top = max(hit.score for hit in hits)
    scores = [hit.score + GAIN * abs(top) * (hit.chunk.span.document in names) for hit in hits]
    order = sorted(range(len(hits)), key=lambda at: -scores[at])
    return [hits[at].after("scope", scores[at], rank) for rank, at in enumerate(order, 1)]
