"""Rows of tables that hold what a question asks of their columns are found by their cells, where words alone mislead."""

from collections.abc import Iterator, Sequence

from rag.stages.index.base import Index
from rag.stages.reader.candidates import matched, stated
from rag.values import Chunk, Filter, Hit

TABLES = ("table", "workbook")
MOST = 40
"""Rows that are brought forward at most; a question that so many hold asks for no row."""


def with_rows(question: str, hits: Sequence[Hit], index: Index, only: Filter) -> list[Hit]:
    """The hits with the rows whose own cells hold all that is asked of their columns ahead of the others ("tier 5").

    They take the best hit's score, and stand among themselves as they were found, or in the order of the table.
    """
    asked = {chunk: 0 for chunk in _rows(question, index, only)}
    if not 0 < len(asked) <= MOST:
        return list(hits)
    top = max((hit.score for hit in hits), default=1.0)
    found = [hit for hit in hits if hit.chunk in asked]
    there = {hit.chunk for hit in found}
    found += [Hit(chunk, top) for chunk in asked if chunk not in there]
    ahead = [hit.after("cells", top, rank) for rank, hit in enumerate(found, 1)]
    rest = [hit for hit in hits if hit.chunk not in asked]
    return [*ahead, *(hit.after("cells", hit.score, rank) for rank, hit in enumerate(rest, len(ahead) + 1))]


def _rows(question: str, index: Index, only: Filter) -> Iterator[Chunk]:
    """The passages in which a row stands that holds all that is asked of its columns, in order."""
    tables = {name: document for name, document in index.documents.items() if document.format in TABLES}
    if not tables:
        return
    for row in index.allowed(only):
        chunk = index.chunks[row]
        document = tables.get(chunk.span.document)
        if document is None:
            continue
        for statement in stated(document.name, index):
            inside = chunk.span.start <= statement.start and statement.end <= chunk.span.end
            if inside and matched(question, statement, document.name, index) == 1.0:
                yield chunk
                break
