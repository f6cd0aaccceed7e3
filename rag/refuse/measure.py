"""How far passages carry an answer to a question, measured once for every refuser: a number, what is missing, what is nearest."""

import re
from collections.abc import Sequence

from rag.embed.minilm import commonness
from rag.index.base import Index
from rag.refuse.coverage import Asked, confidence, is_statement
from rag.text import terms
from rag.values import Confidence, Hit, Span

WORDS = re.compile(r"[^\W\d_]{3,}")
EVERYDAY = 0.004  # Words in more English passages than this share are not worth naming as missing.
MOST_NAMED = 8
LOOKED_AT = 5  # Passages in which the nearest sentence is looked for.
TOO_WEAK = "The evidence is too weak to answer from."
NOTHING = "No passage was found."


def measured(question: str, hits: Sequence[Hit], index: Index, below: float = 0.0) -> Confidence:
    """The confidence of these passages, best first; refused where it is below the bar."""
    asked = Asked.of(question, index)
    value = confidence(asked, hits, index, question)
    refused = value < below
    missing = lacking(question, hits, asked, most=1.0 if refused else EVERYDAY)
    reason = "" if not refused else TOO_WEAK if hits else NOTHING
    return Confidence(value, refused, missing, reason, nearest_sentence(asked, hits, index))


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


def nearest_sentence(asked: Asked, hits: Sequence[Hit], index: Index) -> Span | None:
    """The sentence of the first passages that holds most of the question, the first of equals; None where none holds any."""
    best, found = 0.0, None
    for hit in hits[:LOOKED_AT]:
        document = index.documents[hit.chunk.span.document]
        for start, end in index.sentences(hit.chunk.span):
            own = terms(document.text[start:end])
            held = asked.coverage(own)
            if held > best and is_statement(document, start, end, own):
                best, found = held, Span(document.name, start, end)
    return found
