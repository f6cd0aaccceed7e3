"""The statements of the passages found, each with how likely it answers: by the reader and by what else speaks for it."""

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rag.clinical.statements import RowNames, Statement, asks_for, cell_matches, row_names, statements
from rag.stage import fingerprint
from rag.stages.expand.synonyms import is_class, matches
from rag.stages.index.base import Index
from rag.stages.reader.coverage import Asked
from rag.stages.reader.kinds import denies, gives
from rag.stages.reader.model import facts, installed
from rag.stages.reader.reading import Sentence, read
from rag.text import terms
from rag.values import Hit, Span

WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
LONGEST_HEAD = 40  # Characters of a line before its colon.
KEPT = 64
"""Questions whose candidates are kept, so that refusal and answer weigh them once."""
DOCUMENTS = 4096
FEATURES = ("logit", "own", "before", "pairs", "passage", "first", "long", "short", "cells", "row", "kind", "denies")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A statement of a source that may answer: the number of its passage (0 is the first), and what speaks for it.

    `score` is the weighed sum, a logit among the statements of its question; `logit` is the reader's alone.
    """

    span: Span
    statement: Statement
    hit: int
    logit: float
    features: tuple[float, ...]
    score: float = 0.0

    @property
    def is_the_row(self) -> bool:
        """Whether it is a row whose own cells hold all that the question asks of their columns."""
        return self.statement.kind == "row" and self.features[FEATURES.index("cells")] == 1.0

    @property
    def chance(self) -> float:
        """How likely it answers, 0 to 1."""
        return 1 / (1 + math.exp(-max(min(self.score, 40.0), -40.0)))


ECHO = 0.8
"""The share of a question's terms in a text with a mark of a question from which it repeats it."""
BEHIND = " \t\n*_\"'”’)]"
"""What may stand behind the mark of a question, which states nothing."""
Worded = tuple[Candidate, list[str], list[str], list[str]]
"""A candidate with the terms of its passage's heading, of the statement before it, and its own."""


def candidates(question: str, hits: Sequence[Hit], index: Index) -> list[Candidate]:
    """The statements of these passages, the likeliest first; each once, though several passages hold it."""
    key = fingerprint("candidates", question, *(f"{hit.chunk.span}{hit.score:.5f}" for hit in hits))
    found: list[Candidate] = index.artifacts.remembered(key, lambda: _weighed(question, hits, index), "candidates", KEPT)
    return found


def stated(document_name: str, index: Index) -> tuple[Statement, ...]:
    """The statements of a document, kept by its content."""
    document = index.documents[document_name]
    found: tuple[Statement, ...] = index.artifacts.remembered(
        f"statements {document.key}", lambda: statements(document), "statements", DOCUMENTS
    )
    return found


def matched(question: str, statement: Statement, document_name: str, index: Index) -> float | None:
    """The share of what a question asks of a row's columns that their own cells hold; None where it asks nothing of them."""
    if not statement.columns:
        return None
    document = index.documents[document_name]
    names = index.artifacts.remembered(
        f"rows {document.key}", lambda: row_names(document, stated(document_name, index)), "rows", DOCUMENTS
    )
    columns = "\n".join(name for name, _, _ in statement.columns)
    asked = index.artifacts.remembered(
        f"asked {document.key}\n{columns}\n{question}",
        lambda: _in_their_words(question, names, set(terms(columns))),
        "asked of rows",
        DOCUMENTS,
    )
    return cell_matches(asked, statement, document, names)


def _in_their_words(question: str, names: RowNames, columns: Collection[str]) -> str:
    """The question with what the rows of a document call otherwise in their words ("Eliquis" as apixaban), but for `columns`."""
    for match in reversed(matches(question)):
        if any(term in names or term in columns for term in terms(question[match.start : match.end])):
            continue
        known = (form for form in match.forms if (own := terms(form)) and all(term in names for term in own))
        if form := next(known, ""):
            question = f"{question[: match.start]}{form}{question[match.end :]}"
    return question


def written_out(question: str, texts: Sequence[str]) -> str:
    """The question as the reader is asked it: what it names in words of the texts, where they call or spell it otherwise.

    So it is with an abbreviation ("AAA") where no text holds a short form, and with any other name ("clot prevention") that no
    text holds: the other name that stands before a colon ("PROCEDURE:"), that most of them hold, or the only one where a class is
    named ("blood thinner"). A word that they spell in another way ("HbA1c" for A1c) is spelled so.
    """
    named = matches(question)
    words = [_in_order(text) for text in texts]
    for match in reversed(named):
        written = question[match.start : match.end]
        often = {form: sum(_in_order(form) in one for one in words) for form in (written, *match.forms)}
        held = {form: count for form, count in often.items() if count}
        if form := _long_form(held) if written.isupper() else _other_name(written, held, texts):
            question = f"{question[: match.start]}{form}{question[match.end :]}"
    return _spelled(question, texts, words)


def _spelled(question: str, texts: Sequence[str], words: Sequence[str]) -> str:
    """The question with the texts' own spelling of what they hold in another one alone."""
    there = " ".join(texts).lower()
    spellings: dict[tuple[str, ...], str] = {}

    def spelled(word: re.Match[str]) -> str:
        if word[0].lower() in there or not any((term := _in_order(word[0])).strip() and term in one for one in words):
            return word[0]
        if not spellings:
            spellings.update((tuple(terms(one, stem=False)), one) for text in texts for one in reversed(WORD.findall(text)))
        own = tuple(terms(word[0], stem=False))
        return word[0] if len(own) <= word[0].count("-") else spellings.get(own, word[0])  # "in-between" is not "between".

    return WORD.sub(spelled, question)


def _in_order(text: str) -> str:
    """The terms of a text as one string, so that those of a name can be looked for side by side."""
    return f" {' '.join(terms(text))} "


def _long_form(held: Mapping[str, int]) -> str:
    """The first form of several words, where no short one is held."""
    return next((form for form in held if " " in form), "") if all(map(str.islower, held)) else ""


def _other_name(written: str, held: Mapping[str, int], texts: Sequence[str]) -> str:
    """The form that heads a line of the texts, or that most of them hold, where none holds what is written.

    Of a class one of several forms says too little.
    """
    if not held or written in held:
        return ""
    one = len({tuple(terms(form)) for form in held}) == 1
    if not one and is_class(written):
        return ""
    heads = {_in_order(line.partition(":")[0]) for text in texts for line in text.split("\n") if ":" in line[:LONGEST_HEAD]}
    return max(held, key=lambda form: (_in_order(form) in heads, held[form]))


def _weighed(question: str, hits: Sequence[Hit], index: Index) -> list[Candidate]:
    weights = facts()["weights"] if installed() else WITHOUT_READER
    found = [
        replace(
            one, score=weights["bias"] + sum(weights[name] * value for name, value in zip(FEATURES, one.features, strict=True))
        )
        for one in measured(question, hits, index)
    ]
    return sorted(found, key=lambda one: (-one.score, one.hit, one.span.start))


def measured(question: str, hits: Sequence[Hit], index: Index) -> list[Candidate]:
    """The statements of these passages with what speaks for each, not weighed yet, in the order of the passages."""
    asked = Asked.of(question, index)
    asked_for = frozenset(terms(question))
    asks = written_out(question, [hit.chunk.text for hit in hits])
    readings = read(asks, [hit.chunk for hit in hits], index) if installed() else [()] * len(hits)
    top = max((hit.score for hit in hits), default=0.0)
    best: dict[Span, Worded] = {}
    for number, (hit, reading) in enumerate(zip(hits, readings, strict=True)):
        document = index.documents[hit.chunk.span.document]
        share = max(hit.score, 0.0) / top if top > 0 else 0.0
        about, own = terms(hit.chunk.context), list[str]()
        for statement in within(hit.chunk.span, stated(document.name, index)):
            span = Span(document.name, statement.start, statement.end)
            if document.flag_in(span) or (statement.kind == "header" and not asks_for(question, statement)):
                continue
            if _only_asks(document.text[statement.start : statement.end], asked_for):
                continue
            said = f"{statement.label} {document.text[statement.start : statement.end]}"
            before, own = own, terms(said)
            if not own:
                continue
            logit = _said(statement, reading)
            size = len(own)
            cells = matched(question, statement, document.name, index)
            rest = (
                share,
                1 / (1 + number),
                max(0, size - 30) / 30,
                max(0, 4 - size) / 4,
                cells or 0.0,
                float(statement.kind == "row"),
                gives(question, said),
                float(denies(question, said)),
            )
            made = Candidate(span, statement, number, logit, rest)
            if span not in best or best[span][0].logit < logit:
                best[span] = (made, about, before, own)
    telling = asked.among([{*about, *own} for _, about, _, own in best.values()])
    return list(_with_terms(telling, best.values()))


def _only_asks(text: str, asked_for: frozenset[str]) -> bool:
    """Whether a statement is a question, or repeats the one that is asked: either states nothing."""
    if "?" not in text:
        return False
    return text.rstrip(BEHIND).endswith("?") or len(asked_for.intersection(terms(text))) >= ECHO * len(asked_for)


def _with_terms(telling: Asked, found: Iterable[Worded]) -> Iterator[Candidate]:
    for one, about, before, own in found:
        alone, continued = telling.coverage([*about, *own]), telling.coverage([*about, *before, *own])
        yield replace(one, features=(one.logit, alone, continued, telling.together(own), *one.features))


def within(span: Span, found: Sequence[Statement]) -> Sequence[Statement]:
    """The statements that lie in a passage, or at least most of whose text does."""
    low = bisect_left(found, span.start, key=lambda one: one.end)
    high = bisect_right(found, span.end, key=lambda one: one.start)
    return [one for one in found[low:high] if 2 * (min(one.end, span.end) - max(one.start, span.start)) > one.end - one.start]


def _said(statement: Statement, reading: Sequence[Sentence]) -> float:
    """The best of the reader's logits of the sentences that lie in a statement."""
    return max((one.logit for one in reading if one.start < statement.end and statement.start < one.end), default=-6.0)


# What speaks for a statement where the reader is missing: the weights of the answerer before there was one.
WITHOUT_READER = {
    "bias": -4.0, "logit": 0.0, "own": 0.5, "before": 1.0, "pairs": 0.6, "passage": 2.3, "first": 0.5, "long": 0.0, "short": -0.5,
    "cells": 1.0, "row": 0.0, "kind": 0.2, "denies": 0.0,
}  # fmt: skip
