"""What the reader says of passages: for each of their sentences how likely it answers a question, kept by content."""

from collections.abc import Sequence
from dataclasses import dataclass

from rag.stage import fingerprint
from rag.stages.index.base import Index
from rag.stages.reader.model import Passage, logits
from rag.stages.reader.windows import header
from rag.values import Chunk

QUESTIONS_KEPT = 256


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a document, from `start` to `end`, with the reader's logit that it answers."""

    start: int
    end: int
    logit: float


def read(question: str, chunks: Sequence[Chunk], index: Index) -> list[tuple[Sentence, ...]]:
    """The sentences of each passage with their logits, in order. Raises ModelProblem.

    What was read with a question is kept for it, so that a reranker, the refusal and the answer read each passage once.
    """
    kept: dict[Passage, tuple[float, ...]] = index.artifacts.remembered(
        fingerprint("reader", question), dict, "reader", QUESTIONS_KEPT
    )
    places = [index.sentences(chunk.span) for chunk in chunks]
    passages = [_passage(chunk, spans, index) for chunk, spans in zip(chunks, places, strict=True)]
    missing = [passage for passage in dict.fromkeys(passages) if passage not in kept]
    kept.update(zip(missing, logits(question, missing), strict=True))
    return [
        tuple(Sentence(start, end, logit) for (start, end), logit in zip(spans, kept[passage], strict=True))
        for spans, passage in zip(places, passages, strict=True)
    ]


def _passage(chunk: Chunk, spans: Sequence[tuple[int, int]], index: Index) -> Passage:
    document = index.documents[chunk.span.document]
    return header(document, chunk.span.start), tuple(document.text[start:end] for start, end in spans)
