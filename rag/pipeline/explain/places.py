"""Where words stand in documents: one after the other, or most of them close together in any order."""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from rag.text import terms, terms_at
from rag.values import Document, Span

MOST, MOST_NEAR = 50, 10
MOST_OF = 0.6  # Share of the words that have to stand together.
NEAR = 600  # Characters within which they do.
ALIKE = 0.75  # How alike a word must be to one that is known to be taken for a slip (difflib's ratio).


def places_of(text: str, documents: Iterable[Document]) -> list[Span]:
    """Where these words stand one after the other, whatever the case and the blanks between them; at most 50 places."""
    words = text.split()
    if not words:
        return []
    wanted = re.compile(r"\s+".join(map(re.escape, words)), re.I)
    found = (Span(document.name, *place.span()) for document in documents for place in wanted.finditer(document.text))
    return [span for span, _ in zip(found, range(MOST), strict=False)]


def places_near(text: str, documents: Sequence[Document]) -> list[Span]:
    """Where most of these words stand close together in any order, the most first; at most 10 places, one a document.

    A word that stands nowhere is taken for a slip of the one most like it.
    """
    asked = set(terms(text))
    held = {document.name: terms_at(document.text) for document in documents} if asked else {}
    known = {term for found in held.values() for term, _, _ in found}
    wanted = {term if term in known else next(iter(get_close_matches(term, known, 1, ALIKE)), term) for term in asked}
    places = [(count, span) for name, found in held.items() for count, span in _best(name, found, wanted)]
    return [span for _, span in sorted(places, key=lambda one: -one[0])[:MOST_NEAR]]


def _best(name: str, found: Iterable[tuple[str, int, int]], wanted: set[str]) -> list[tuple[int, Span]]:
    """The shortest stretch of a document that holds most of the words, with how many; nothing where that is too few."""
    hits = [one for one in found if one[0] in wanted]
    best: list[tuple[int, Span]] = []
    for at, (_, start, _) in enumerate(hits):
        there: dict[str, int] = {}
        for term, _, end in hits[at : at + NEAR]:
            if end - start > NEAR:
                break
            there.setdefault(term, end)
        last = max(there.values(), default=start)
        enough = len(there) >= MOST_OF * len(wanted)
        if enough and (not best or (len(there), start - last) > (best[0][0], best[0][1].start - best[0][1].end)):
            best = [(len(there), Span(name, start, last))]
    return best
