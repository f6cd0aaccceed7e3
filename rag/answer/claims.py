"""From a model's words to statements with citations: a source number that was not given is a wrong citation."""

import re
from collections.abc import Iterator, Sequence

from rag.answer.base import citation
from rag.index.base import Index
from rag.text import sentences, terms, trim
from rag.values import Citation, Claim, Hit, Prompt

MARK = re.compile(r"\s*[\[【](?:sources?\s+)?(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)[\]】]", re.I)


def claims_of(text: str, prompt: Prompt, index: Index) -> Iterator[Claim]:
    """The sentences of a model's answer with their citations."""
    for start, end in _statements(text):
        plain, numbers = unmarked(text[start:end])
        if any(map(str.isalnum, plain)):
            yield claim_of(plain, numbers, prompt, index)


def unmarked(text: str) -> tuple[str, list[int]]:
    """A text without its source marks, and the numbers in them, in order."""
    numbers = [int(number) for marks in MARK.findall(text) for number in re.findall(r"\d+", marks)]
    return MARK.sub("", text).strip(), numbers


def claim_of(plain: str, numbers: Sequence[int], prompt: Prompt, index: Index) -> Claim:
    """A statement that cites the sources of these numbers."""
    each = list(dict.fromkeys(numbers))
    given = [number for number in each if 1 <= number <= len(prompt.sources)]
    wrong = [number for number in each if number not in given]
    citations = tuple(_nearest(plain, prompt.sources[number - 1], number, index) for number in given)
    if wrong:
        cited = ", ".join(str(number)[:8] for number in wrong[:5])
        return Claim(plain, citations, False, f"cites source {cited}, but {len(prompt.sources)} were given")
    return Claim(plain, citations) if citations else Claim(plain, (), False, "cites no source")


def _statements(text: str) -> Iterator[tuple[int, int]]:
    """Sentences, where marks after a full stop belong to the sentence before them."""
    spans: list[list[int]] = []
    for start, end in sentences(text):
        lead = MARK.match(text, start)
        while spans and lead and lead.end() <= end:
            spans[-1][1] = start = lead.end()
            lead = MARK.match(text, start)
        start, end = trim(text, start, end)
        if start < end:
            spans.append([start, end])
    return ((start, end) for start, end in spans)


def _nearest(statement: str, hit: Hit, number: int, index: Index) -> Citation:
    """The sentence of a source that shares most terms with a statement, as its citation."""
    document = index.documents[hit.chunk.span.document]
    wanted = set(terms(statement))
    places = index.sentences(hit.chunk.span) or [(hit.chunk.span.start, hit.chunk.span.end)]
    start, end = max(places, key=lambda place: len(wanted.intersection(terms(document.text[slice(*place)]))))
    return citation(hit, number, index, start, end)
