"""The extractive answerer: it chooses statements, cites each, and never writes a word that is not the source's."""

import re
from bisect import bisect_right
from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Literal

from pydantic import Field

from rag.clinical.statements import cells_asked
from rag.stages.answer.base import Answering, citation
from rag.stages.answer.order import ordered, replaced
from rag.stages.index.base import Index
from rag.stages.reader.asks import asks_for_list, parts
from rag.stages.reader.candidates import Candidate, candidates, stated, within
from rag.values import Citation, Claim, Draft, Hit, Prompt, Span

LEAST = 0.25
"""The chance of answering that an item of a list needs at least."""
MARK = re.compile(r"[\s#*_•–.)(-]*(?:\d{1,2}[.)]?\s*)?[*_]*")
LONGEST_MARK = 12
TITLE = re.compile(
    r"[*_]{0,3}(?:#?\d{1,2}[.)]? )?(?!(?:no|not|none|never)\b)[A-Za-z][\w/-]*(?: [\w/-]+){0,3}\.[*_]{0,3}", re.IGNORECASE
)
"""A title of up to four words that ends with a full stop."""
MOST_ITEMS = 20
LONGEST_LIST = 1200
"""Characters of a lead-in with its items at most."""


class Quote(Answering):
    """Quotes the statements that answer, word for word, the likeliest first. Needs no model."""

    kind: Literal["quote"] = "quote"
    most: int = Field(default=3, ge=1, le=20, description="Statements at most; a question for a list gets every item")
    closeness: float = Field(
        default=0.35, ge=0.0, le=1.0, description="How near to the best statement's chance of answering the others must come"
    )

    def __call__(self, prompt: Prompt, index: Index) -> Generator[str, None, Draft]:
        claims: dict[str, Claim] = {}
        for found, role in self._chosen(prompt, index):
            hit = prompt.sources[found.hit]
            quoted = citation(hit, found.hit + 1, index, found.span.start, found.span.end)
            same = folded(quoted.quote)
            before = claims.get(same, Claim(quoted.quote, role=role, label=_label(found, prompt, index)))
            copies = _copies(hit, found.hit + 1, same, index)
            claims[same] = replace(before, citations=(*before.citations, quoted, *copies))
            if not before.citations:
                yield quoted.quote + "\n"
        if not claims:
            return Draft(notice="The passages hold no statement that answers.")
        return Draft("\n".join(claim.text for claim in claims.values()), tuple(claims.values()))

    def _chosen(self, prompt: Prompt, index: Index) -> list[tuple[Candidate, Literal["answer", "also"]]]:
        """The statements to quote with their role, the answer first; none lies inside another."""
        topic = prompt.topic or prompt.question
        found = ordered(prompt.question, candidates(topic, prompt.sources, index), index)
        if not found:
            return []
        found = [_with_items(one, index) for one in found]
        if found[0].is_the_row:  # Rows about something else than what was asked for only mislead beside it.
            found = [one for one in found if one.is_the_row or one.statement.kind != "row"]
        many = asks_for_list(prompt.question)
        bar = max(self.closeness * found[0].chance, LEAST if many else 0.0)
        chosen = list(_apart([found[0], *(one for one in found[1:] if one.chance >= bar)], MOST_ITEMS if many else self.most))
        answers = chosen if many else [found[0], *(() if found[0].is_the_row else _of_parts(prompt, index, found[0]))]
        older = replaced(found[0], found, index)
        rest = [one for one in ([older] if older else []) + chosen if one.span not in {answer.span for answer in answers}]
        rest = _apart(rest, max(self.most - len(answers), int(older is not None)))
        return [*((one, "answer") for one in answers), *((one, "also") for one in rest)]


def _with_items(one: Candidate, index: Index) -> Candidate:
    """A statement that only leads in ("approved when all of these hold:") with the items that follow on it.

    So it is with a title at the start of its line ("Blood pressure.") and the sentence that follows on the line.
    """
    text = index.documents[one.span.document].text
    if _is_title(text, one.span):
        after = next((own for own in stated(one.span.document, index) if own.start >= one.span.end), None)
        joined = after is not None and not text[one.span.end : after.start].strip(" *_")
        return replace(one, span=replace(one.span, end=after.end)) if after is not None and joined else one
    if not text[one.span.start : one.span.end].rstrip("*_ ").endswith(":"):
        return one
    every = stated(one.span.document, index)
    at = bisect_right(every, one.span.start, key=lambda statement: statement.start)
    end, most = one.span.end, 0
    while at < len(every) and every[at].kind == "item" and every[at].end - one.span.start <= LONGEST_LIST:
        gap = text.count("\n", end, every[at].start)
        most = most or max(gap, 1)
        if gap > most:
            break  # A greater gap than before the first item: something else begins.
        end, at = every[at].end, at + 1
    return replace(one, span=replace(one.span, end=end)) if end > one.span.end else one


def _is_title(text: str, span: Span) -> bool:
    """Whether a sentence of a few words, with no figure or denial, begins its line, as a title does."""
    line = text.rfind("\n", 0, span.start) + 1
    return span.start - line <= LONGEST_MARK and bool(
        MARK.fullmatch(text[line : span.start]) and TITLE.fullmatch(text[span.start : span.end])
    )


def folded(text: str) -> str:
    """What two statements have in common that say the same in the same words."""
    return " ".join(text.lower().split())


def _copies(hit: Hit, number: int, same: str, index: Index) -> list[Citation]:
    """The same words in the passages that are copies of the source."""
    found = []
    for chunk in hit.copies:
        text = index.documents[chunk.span.document].text
        for one in within(chunk.span, stated(chunk.span.document, index)):
            if folded(text[one.start : one.end]) == same:
                found.append(citation(replace(hit, chunk=chunk), number, index, one.start, one.end))
    return found


def _of_parts(prompt: Prompt, index: Index, first: Candidate) -> list[Candidate]:
    """Where several things are asked at once, what answers each of the others best, if not the first answer itself."""
    asked = parts(prompt.topic or prompt.question)
    best = (candidates(part, prompt.sources, index)[:1] for part in (asked if len(asked) > 1 else ()))
    likely = [one for found in best for one in found if one.chance >= LEAST]
    return [one for one in _apart([first, *likely], len(likely) + 1) if one.span != first.span]


def _apart(found: Sequence[Candidate], most: int) -> list[Candidate]:
    """The first of these that do not overlap; the same words at another place count once."""
    kept: list[Candidate] = []
    for one in found:
        if len(kept) < most and not any(_overlap(one.span, other.span) for other in kept):
            kept.append(one)
    return kept


def _label(found: Candidate, prompt: Prompt, index: Index) -> str:
    """Where a statement stands, to be shown before it: of a row the columns asked for, with their cells; else its lead-in."""
    text = index.documents[found.span.document].text
    cells = cells_asked(prompt.question, found.statement)
    return "; ".join(f"{name}: {text[start:end].strip()}" for name, start, end in cells) or found.statement.label


def _overlap(one: Span, other: Span) -> bool:
    return one.document == other.document and one.start < other.end and other.start < one.end
