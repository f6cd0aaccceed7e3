"""The extractive answerer: it chooses sentences, cites each, and never writes a word that is not the source's."""

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import Field

from rag.answer.base import Answering, citation
from rag.index.base import Index
from rag.refuse.coverage import Asked, is_statement
from rag.text import terms
from rag.values import Chunk, Claim, Draft, Hit, Prompt, Span

YEAR = re.compile(r"\b(?:19|20)\d\d\b")
COMPARED = 8  # Sentences whose meaning is compared with the question's.
OTHER_EDITION = 0.25  # What a sentence of another edition than the asked one loses.

# Logistic weights, scaled to a sum of 1, of what speaks for a sentence among those of its question: the share of the question
# that it holds under its passage's heading, that it holds with the sentence before as well, that it holds in neighbouring
# pairs; the score of its passage; its cosine. Fitted on the half of COVID-QA (Moeller et al., 2020) kept for development.
OWN, WITH_BEFORE, PAIRS, PASSAGE, MEANING = 0.08, 0.16, 0.09, 0.36, 0.31


@dataclass(frozen=True)
class Sentence:
    """A sentence of a source that may answer."""

    score: float
    number: int
    hit: Hit
    chunk: Chunk


class Quote(Answering):
    """Quotes the sentences that answer, word for word. Needs no model."""

    kind: Literal["quote"] = "quote"
    most: int = Field(default=5, ge=1, le=20, description="Statements at most")
    closeness: float = Field(default=0.7, ge=0.0, le=1.0, description="How near to the best statement the others must score")

    def __call__(self, prompt: Prompt, index: Index) -> Generator[str, None, Draft]:
        asked = Asked.of(prompt.question, index)
        claims: dict[str, Claim] = {}
        for found in self._chosen(prompt, asked, index):
            quoted = citation(found.hit, found.number, index, found.chunk.span.start, found.chunk.span.end)
            same = _same(quoted.quote)
            before = claims.get(same, Claim(quoted.quote))
            claims[same] = replace(before, citations=(*before.citations, quoted))
            if not before.citations:
                yield quoted.quote + "\n"
        if not claims:
            return Draft(notice="The passages hold no sentence that answers.")
        return Draft("\n".join(claim.text for claim in claims.values()), tuple(claims.values()))

    def _chosen(self, prompt: Prompt, asked: Asked, index: Index) -> list[Sentence]:
        """The best sentences, best first; each stretch of text once."""
        nearest = sorted(_candidates(prompt, asked, index), key=lambda found: -found.score)[:COMPARED]
        if index.vectors is not None and index.embedder.knows_meaning and nearest:
            vectors = index.artifacts.vectors(index.embedder, [found.chunk for found in nearest])
            cosines = vectors @ index.question_vector(prompt.question)
            nearest = [
                replace(found, score=found.score + MEANING * float(cosine))
                for found, cosine in zip(nearest, cosines, strict=True)
            ]
            nearest.sort(key=lambda found: -found.score)
        chosen: list[Sentence] = []
        said: set[str] = set()
        for found in nearest:
            if len(said) == self.most or found.score < self.closeness * nearest[0].score:
                break
            if not any(_overlap(found.chunk.span, other.chunk.span) for other in chosen):
                chosen.append(found)
                said.add(_same(found.chunk.text))
        return chosen


def _candidates(prompt: Prompt, asked: Asked, index: Index) -> Iterator[Sentence]:
    """The statements of the sources, scored by the question's terms in and around them and by the score of their passage."""
    found = list(_statements(prompt, index))
    telling = asked.among({sentence.chunk.span: {*about, *own} for sentence, about, _, own in found}.values())
    for sentence, about, before, own in found:
        alone = telling.coverage([*about, *own])
        continued = telling.coverage([*about, *before, *own])
        held = OWN * alone + WITH_BEFORE * continued + PAIRS * telling.together(own)
        yield replace(sentence, score=sentence.score + held)


def _statements(prompt: Prompt, index: Index) -> Iterator[tuple[Sentence, list[str], list[str], list[str]]]:
    """The sentences that may be quoted, scored by their passage; the terms of its heading, the sentence before, their own."""
    top = max((hit.score for hit in prompt.sources), default=0.0)
    others = _other_editions(prompt, index)
    for number, hit in enumerate(prompt.sources, 1):
        document = index.documents[hit.chunk.span.document]
        score = PASSAGE * (max(hit.score, 0.0) / top if top > 0 else 0.0) - OTHER_EDITION * (number in others)
        about, own = terms(hit.chunk.context), list[str]()
        for start, end in index.sentences(hit.chunk.span):
            span, text = Span(document.name, start, end), document.text[start:end]
            before, own = own, terms(text)
            if is_statement(document, start, end, own):
                yield Sentence(score, number, hit, Chunk(span, text)), about, before, own


def _other_editions(prompt: Prompt, index: Index) -> set[int]:
    """The sources of another edition than the one that the question names, where one of that edition is among them."""
    named = set(YEAR.findall(prompt.question))
    editions = {number: index.documents[hit.chunk.span.document].edition for number, hit in enumerate(prompt.sources, 1)}
    if not named.intersection(editions.values()):
        return set()
    return {number for number, edition in editions.items() if edition and edition not in named}


def _same(text: str) -> str:
    """What two sentences have in common that say the same in the same words."""
    return " ".join(text.lower().split())


def _overlap(one: Span, other: Span) -> bool:
    return one.document == other.document and one.start < other.end and other.start < one.end
