"""What a reader has to know of a statement's source: of another patient, superseded."""

from collections.abc import Sequence
from dataclasses import replace

from rag.stages.index.base import Index
from rag.values import Claim, Document, Scope

EARLIER = "earlier: "
OF_ANOTHER = "of another patient: "


def marked(claims: Sequence[Claim], scope: Scope, index: Index) -> tuple[Claim, ...]:
    """The statements with what holds of their sources, and each with its patient where several are among them or may be meant."""
    named = {document.patient for claim in claims for document in _sources(claim, index) if document.patient}
    several = len(named) > 1 or (not scope.patients and len(index.owners.patients) > 1)
    first = next((document for claim in claims for document in _sources(claim, index)), None)
    return tuple(
        replace(claim, marks=(*claim.marks, *_marks(claim, scope, several, index), *_earlier(claim, first, index)))
        for claim in claims
    )


def warns(mark: str) -> bool:
    """Whether a mark warns, rather than telling whose a statement is."""
    return mark.startswith(OF_ANOTHER) or not mark.startswith("of ")


def _marks(claim: Claim, scope: Scope, several: bool, index: Index) -> list[str]:
    found = []
    for document in _sources(claim, index):
        if document.patient and scope.patients and document.patient not in (scope.only.patients or scope.patients):
            found.append(f"{OF_ANOTHER}{document.patient}")
        elif document.patient and several:
            found.append(f"of {document.patient}")
        standing = index.standings.get(document.name)
        if standing is not None and not standing.in_force:
            found.append(standing.reason)
    return list(dict.fromkeys(found))


def _earlier(claim: Claim, first: Document | None, index: Index) -> list[str]:
    """What tells that a statement beside the answer is of an earlier document of the answer's series: one title, one patient."""
    if claim.role == "answer" or first is None or not (first.patient and first.date and first.title):
        return []
    older = [
        one.date for one in _sources(claim, index)
        if (one.patient, one.title) == (first.patient, first.title) and one.date and one.date < first.date
    ]  # fmt: skip
    return [f"{EARLIER}{older[0]}"] if older and len(older) == len(_sources(claim, index)) else []


def _sources(claim: Claim, index: Index) -> list[Document]:
    names = dict.fromkeys(cited.span.document for cited in claim.citations)
    return [index.documents[name] for name in names if name in index.documents]
