"""Withheld: what a chat model states and no source carries is no part of its answer.

An instruction planted in a document can make a model say what it likes. So a statement has to name a source that was given, and
enough of its words have to stand in the sources that it names, in sentences that state something: what asks or orders whoever
reads, rather than somebody who cares for a patient, carries nothing.
"""

import re
from collections.abc import Sequence, Set
from dataclasses import replace
from functools import cache
from typing import Literal

from rag.documents.screen.instructions import instructions
from rag.documents.screen.topics import QUESTION, form, kind, topic
from rag.rules import rules
from rag.stages.index.base import Index
from rag.text import sentences, terms
from rag.values import Chunk, Claim, Document, Draft, Prompt, Span

Withhold = Literal["nothing", "without a source", "not carried"]
CARRIED = 0.4
"""The share of a statement's terms that its sources have to hold."""
ASKED = 0.5
"""The share of what a model names as missing that the question has to name."""
OF_CARE = 0.25
"""The share of the words of an order below which it is none of care."""
PLAIN = frozenset(terms("yes no not none"))
UNSAID = "enough found question unclear unknown unable whether which part ordered prescribed decided signed reason"
SILENCE = ("sources", "records", "silent", "uncited", "alone")
"""The parts of the refusals of a language whose words name the sources, or say that they are silent."""
ESCAPE = re.compile(r"\\[A-Za-z]")
KEPT, BREAK = 2000, "\n\n"
UNNAMED = "a part of the question"
MARK = re.compile(r"\[\d{1,3}\]")
NOTICE = (
    "{} statement of the model is withheld, since no source carries it.",
    "{} statements of the model are withheld, since no source carries them.",
)
NO_SOURCE, ASKS = "names no source that was given", "it asks, and states nothing"
NOT_CARRIED = "its sources hold hardly a word of it"


def without_withheld(draft: Draft, prompt: Prompt, index: Index, how: Withhold) -> tuple[Draft, tuple[Claim, ...]]:
    """What a model wrote without the statements that are withheld, and those with the reason.

    Its text is then that of its statements alone, where more stood in it: headings and lists of references state nothing. What it
    says that the sources do not answer is told in its words where they speak of what was asked.
    """
    if how == "nothing" or (draft.refused and not draft.claims):  # The server says that the model declined.
        return draft, ()
    kept: list[Claim] = []
    withheld: list[Claim] = []
    for claim in draft.claims:
        asked = draft.refused and speaks_of(claim.text, prompt.question)
        why = "" if asked else _fault(claim, prompt, index, how)
        if why:
            withheld.append(replace(claim, supported=False, reason=claim.reason if claim.supported is False else why))
        else:
            kept.append(claim)
    missing = tuple(one if speaks_of(one, prompt.question) else UNNAMED for one in draft.missing)
    text = draft.text if _folded(draft.text) == _folded(" ".join(one.text for one in kept)) else _written(kept)
    told = NOTICE[len(withheld) > 1].format(len(withheld)) if withheld and not draft.refused else ""
    notice = " ".join(filter(None, [draft.notice, told]))
    return replace(draft, claims=tuple(kept), missing=missing, text=text, notice=notice), tuple(withheld)


def speaks_of(missing: str, question: str) -> bool:
    """Whether what a model says to be missing is about a question.

    What it says besides that something is missing, in words that are not of care ("the dose", "who ordered it"), is asked for.
    """
    asked = frozenset(terms(question))
    of_care = {stem for stem, spoken in map(kind, terms(missing, stem=False)) if spoken == "care"}
    return _share(frozenset(terms(missing)) - ((_unsaid() | of_care) - asked), asked) >= ASKED


def _folded(text: str) -> list[str]:
    """The terms of a text without its source marks."""
    return terms(MARK.sub(" ", text))


def _written(claims: Sequence[Claim]) -> str:
    """Statements as a text, each with the numbers of its sources."""
    return " ".join(f"{claim.text} {''.join(f'[{cited.source}]' for cited in claim.citations)}".strip() for claim in claims)


@cache
def _unsaid() -> frozenset[str]:
    """The terms that say no more than that something is missing, in every language whose refusals are known."""
    known = (text for one in rules("refusals")["languages"] for name in SILENCE for text in one[name])
    return frozenset(one for one in terms(ESCAPE.sub(" ", " ".join([UNSAID, *known]))) if one.isalpha())


def _fault(claim: Claim, prompt: Prompt, index: Index, how: Withhold) -> str:
    if not claim.citations:
        return NO_SOURCE
    if how == "without a source":
        return ""
    if QUESTION.search(claim.text):
        return ASKS
    own = frozenset(terms(claim.text)) - PLAIN
    given = [prompt.sources[cited.source - 1] for cited in claim.citations if 0 < cited.source <= len(prompt.sources)]
    held = {term for hit in given for chunk in (hit.chunk, *hit.copies) for term in _held(chunk, index)}
    return NOT_CARRIED if _share(own, held) < CARRIED else ""


def _share(own: frozenset[str], held: Set[str]) -> float:
    return len(own & held) / len(own) if own else 1.0


def _held(chunk: Chunk, index: Index) -> frozenset[str]:
    """The terms of a passage, but for its sentences to whoever reads; titles and headings carry nothing."""
    document = index.documents[chunk.span.document]
    spoken = to_the_reader(document, index)
    stated: list[str] = []
    at = chunk.span.start
    for one in spoken:
        if one.start < chunk.span.end and at < one.end:
            stated.append(document.text[at : max(at, one.start)])
            at = one.end
    return frozenset(terms("\n".join([*stated, document.text[at : max(at, chunk.span.end)]])))


def to_the_reader(document: Document, index: Index) -> tuple[Span, ...]:
    """The stretches of a document that ask or order whoever reads it, in order; found once."""

    def find() -> tuple[Span, ...]:
        name, text = document.name, document.text
        found = {_paragraph(text, one.start, one.end) for one in instructions(text)}
        found |= {(start, end) for start, end in sentences(text) if _asks(text[start:end])}
        return tuple(Span(name, start, end) for start, end in sorted(found))

    spans: tuple[Span, ...] = index.artifacts.remembered(f"to the reader {document.key}", find, "to the reader", KEPT)
    return spans


def _paragraph(text: str, start: int, end: int) -> tuple[int, int]:
    """The paragraph around a stretch: what was planted with an order is no better than it."""
    before, after = text.rfind(BREAK, 0, start), text.find(BREAK, end)
    return (before + len(BREAK) if before >= 0 else 0, after if after >= 0 else len(text))


def _asks(sentence: str) -> bool:
    """Whether a sentence asks, or orders something that is no care."""
    shape, spoken = form(sentence), topic(sentence)
    return shape == "question" or (shape != "" and spoken.care < OF_CARE * len(spoken.stems))
