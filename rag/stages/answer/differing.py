"""Where the documents of an answer differ: two editions of one work, or two places of one patient's record."""

import re
from collections.abc import Iterator, Sequence

from rag.clinical.conflicts import conflicts, position
from rag.clinical.facts import facts_in
from rag.clinical.facts.kept import kept_facts
from rag.clinical.facts.types import Drug
from rag.clinical.owners import plain
from rag.stage import fingerprint, version
from rag.stages.index.base import Index
from rag.text import terms
from rag.values import Claim, Conflict, Document, Hit, Position, Span

FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
RECORD = ("note", "discharge", "radiology", "pathology", "letter", "denial")
"""The types of documents of nobody that are a patient's all the same, and are compared with themselves."""
MOST, LONGEST, KEPT = 60, 200_000, 64
"""Documents and characters of a record that are compared while a question waits; and records whose conflicts are kept."""
OF_DRUGS = ("dose", "status", "allergy")
OF_THINGS = ("side", "size", "finding", "value")


def differing(question: str, claims: Sequence[Claim], found: Sequence[Hit], index: Index) -> tuple[Conflict, ...]:
    """The passages that answer a question differently: with each a statement that answers, or its other edition.

    Of a patient's record those documents are compared of which the search `found` a passage, so that a filter holds here too.
    """
    told = [*_editions(claims, index)]
    seen = {hit.chunk.span.document for hit in found} | {cited.span.document for one in claims for cited in one.citations}
    seen &= index.documents.keys()
    shown = [(claim.role, one.span) for claim in claims for one in claim.citations if one.span.document in seen]
    cited = [span for role, span in shown if role == "answer"]
    every = [span for _, span in shown]
    records = {document.name: document for span in every for document in _record(index.documents[span.document], seen, index)}
    told_drugs = (one for one in facts_in(question) if isinstance(one, Drug) and one.written != "class") if records else ()
    asked = {one.name for one in told_drugs}
    for one in _of_record(list(records.values()), index):
        of = every if one.kind == "statement" else cited
        if any(_touch(place.span, span) for place in one.positions for span in of) and _asked_about(one, question, asked):
            told.append(one)
    return tuple(told)


def _editions(claims: Sequence[Claim], index: Index) -> Iterator[Conflict]:
    """The first statement, and those of the edition that its own one replaces whose figures differ."""
    first = claims[0] if claims else None
    if first is None or not first.citations:
        return
    names = {cited.span.document for cited in first.citations}
    for other in claims[1:]:
        for cited in other.citations:
            replaced = index.standings.get(cited.span.document)
            if replaced is not None and replaced.by in names and _figures(other.text) != _figures(first.text):
                new = next(one for one in first.citations if one.span.document == replaced.by)
                one, two = (_edition(index, span) for span in (cited.span, new.span))
                yield Conflict("edition", "", (one, two))


def _edition(index: Index, span: Span) -> Position:
    """A passage of an edition as one side of a conflict, called by what the edition is called."""
    own = index.standings.get(span.document)
    return position(index.documents[span.document], span, own.label if own and own.label else span.document, index.standings)


def _record(document: Document, seen: set[str], index: Index) -> list[Document]:
    """The documents that are compared with this one: those found of its patient, or of its title where it is nobody's."""
    if document.patient:
        owner = plain(document.patient)
        together = [one for name in seen if (one := index.documents[name]).patient and plain(one.patient) == owner]
    else:
        together = [one for name in seen if (one := index.documents[name]).title == document.title and not one.patient]
        if len(together) < 2 and document.type not in RECORD:
            return []
    within = sum(len(one.text) for one in together) <= LONGEST
    return together if within and len(together) <= MOST else []


def _of_record(documents: Sequence[Document], index: Index) -> tuple[Conflict, ...]:
    """The conflicts of these documents, kept in memory for the next question about them."""
    if not documents:
        return ()
    key = fingerprint("conflicts", version("rag.clinical.conflicts"), *sorted(one.key for one in documents))

    def compare() -> tuple[Conflict, ...]:
        return conflicts(documents, lambda document: kept_facts(document, index.artifacts))

    found: tuple[Conflict, ...] = index.artifacts.remembered(key, compare, "conflicts", KEPT)
    return found


def _asked_about(one: Conflict, question: str, drugs: set[str]) -> bool:
    """Whether a conflict is about what is asked: about the drug where one is named, else about a thing that the words name."""
    if one.kind in OF_DRUGS:
        return not drugs or one.subject in drugs or any(drug in place.says for drug in drugs for place in one.positions)
    if one.kind in OF_THINGS:
        about = {*terms(one.subject), *(term for place in one.positions for term in terms(place.says))}
        return bool(about & set(terms(question)))
    return True


def _touch(one: Span, other: Span) -> bool:
    return one.document == other.document and one.start < other.end and other.start < one.end


def _figures(text: str) -> set[str]:
    return set(FIGURE.findall(text))
