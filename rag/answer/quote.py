"""The extractive answerer: it chooses sentences, cites each, and never writes a word that is not the source's."""

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import Field

from rag.answer.base import Answering, citation
from rag.answer.evidence import Asked, confidence
from rag.embed.minilm import commonness
from rag.index.base import Index
from rag.text import terms
from rag.values import Chunk, Claim, Document, Draft, Hit, Prompt, Span

YEAR = re.compile(r"\b(?:19|20)\d\d\b")
WORDS = re.compile(r"[^\W\d_]{3,}")
SHORTEST = 2  # Terms a sentence needs to be a statement.
WEAK = 0.55  # Confidence below which an answer says that its evidence is weak.
EVERYDAY = 0.004  # Words in more English passages than this share are not worth naming as missing.
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
    """Quotes the sentences that answer, word for word; says so where the evidence is weak. Needs no model."""

    kind: Literal["quote"] = "quote"
    most: int = Field(default=5, ge=1, le=20, description="Statements at most")
    closeness: float = Field(default=0.7, ge=0.0, le=1.0, description="How near to the best statement the others must score")
    refuse_below: float = Field(
        default=0.38, ge=0.0, le=1.0, description="Below this confidence nothing is stated, and the reason is given"
    )

    def __call__(self, prompt: Prompt, index: Index) -> Generator[str, None, Draft]:
        asked = Asked.of(prompt.question, index)
        sure = confidence(asked, prompt.sources, index, prompt.question)
        if sure < self.refuse_below:
            missing = _missing(prompt, asked, 1.0)
            closest = " The closest passages are listed below." if prompt.sources else ""
            return Draft("", (), True, sure, f"The evidence is too weak to answer from.{missing}{closest}")
        missing = _missing(prompt, asked, EVERYDAY)
        claims: dict[str, Claim] = {}
        for found in self._chosen(prompt, asked, index):
            quoted = citation(found.hit, found.number, index, found.chunk.span.start, found.chunk.span.end)
            same = _same(quoted.quote)
            before = claims.get(same, Claim(quoted.quote))
            claims[same] = replace(before, citations=(*before.citations, quoted))
            if not before.citations:
                yield quoted.quote + "\n"
        if not claims:
            return Draft("", (), True, sure, f"The passages hold no sentence that answers.{missing}")
        text = "\n".join(claim.text for claim in claims.values())
        weak = f"The evidence is weak: read the passages before you rely on this.{missing}" if sure < WEAK else missing.strip()
        return Draft(text, tuple(claims.values()), False, sure, weak)

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
            if len(own) < SHORTEST or text.endswith("?") or document.flag_in(span) or _is_heading(document, start, end):
                continue
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


def _is_heading(document: Document, start: int, end: int) -> bool:
    return any(section.start <= start and end <= section.body for section in document.sections)


def _missing(prompt: Prompt, asked: Asked, most: float) -> str:
    """Which words of the question, at `most` so common in English, stand in none of the passages, in its own spelling."""
    there = {term for hit in prompt.sources for term in terms(hit.chunk.indexed)}
    absent = [
        word
        for word in dict.fromkeys(WORDS.findall(prompt.question))
        if commonness(word.lower()) <= most
        and (own := terms(word))
        and not there.intersection(own)
        and not asked.holds_instead(own[0], there)
    ]
    return f" Not found in the passages: {', '.join(absent[:8])}." if absent else ""
