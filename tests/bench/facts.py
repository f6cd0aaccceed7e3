"""How fast the facts of notes are read, family by family, and how many of each kind there are."""

import time
from collections import Counter
from collections.abc import Callable, Iterable

from rag.clinical.facts import FINDERS, facts, reading
from rag.clinical.facts.stream import stream
from rag.clinical.facts.tokens import tokens_of
from rag.clinical.facts.types import Fact
from rag.values import Document
from tests.bench.corpora import Settings, rows
from tests.bench.figures import Figure, at_least

ROUNDS = 3
LEAST = 1.0
"""Megabytes of notes a second of one processor that a family should reach."""


def facts_speed(settings: Settings) -> list[Figure]:
    """Megabytes of notes a second by CPU time, for each family of facts and for all with their statuses; facts of each kind."""
    text = "\n\n".join(row["note"] for row in rows(settings.folder("aci_bench") / "aci_bench.jsonl"))
    document = reading(text)
    size = len(text.encode()) / 1e6
    figures = [_speed(f"{_name(finder)}, with its tokens", finder, document, size) for finder in FINDERS]
    figures.append(_speed("all, with statuses", facts, document, size, least=None))
    counts = Counter(one.kind for one in facts(document))
    words = len(text.split())
    return [*figures, *(Figure(f"{kind} in 1,000 words", 1000 * count / words, n=count) for kind, count in counts.most_common())]


def _speed(
    name: str, read: Callable[[Document], Iterable[Fact]], document: Document, size: float, least: float | None = LEAST
) -> Figure:
    """The best of some rounds; the tokens that families share are made anew in each."""
    spent = []
    for _ in range(ROUNDS):
        for shared in (tokens_of, stream):
            shared.cache_clear()
        started = time.process_time()
        count = sum(1 for _ in read(document))
        spent.append(time.process_time() - started)
    return Figure(name, size / min(spent), "MB/s", at_least(least) if least else None, count, note="CPU time of one process")


def _name(finder: Callable[..., object]) -> str:
    return finder.__name__.replace("_", " ")
