"""Conflicts: what the documents of one patient state differently of one thing at one time.

    reading     a document with its facts, and the day that each place is of
    medicines   lists of drugs: doses, and what is taken or stopped
    findings    what is found in the body: there or not, its side, its size
    states      code status, allergies and what is given all the same, values that do not change in a day
    twins       sentences that are the same but for a number, a side or a denial
    compared    which of what was said cannot both be true
    versions    two documents of which most is the same: what is not, was changed

What differs between two days is a change and no conflict, but for the side of what cannot change sides, and for a drug that is
given in spite of an allergy.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from rag.clinical.conflicts.compared import compared
from rag.clinical.conflicts.findings import findings
from rag.clinical.conflicts.medicines import medicines
from rag.clinical.conflicts.reading import Reading, Said
from rag.clinical.conflicts.states import allergies, code_status, given, steady
from rag.clinical.conflicts.twins import twins
from rag.clinical.conflicts.versions import versions
from rag.clinical.facts.types import Fact
from rag.clinical.owners import UNKNOWN, Owners, plain
from rag.clinical.standing import TABLES, Standing, is_rule, standing
from rag.values import Conflict, Document, Position, Span

READERS = (medicines, findings, code_status, allergies, given, steady, twins)


def conflicts(documents: Iterable[Document], facts_of: Callable[[Document], Sequence[Fact]]) -> tuple[Conflict, ...]:
    """What these documents state differently of one patient, patient by patient.

    A document of no patient is compared with itself alone, a policy with others of its title. What is superseded, cancelled or
    entered in error says nothing.
    """
    every = {one.name: one for one in documents}
    owners, standings = Owners(every), standing(every.values())
    records: dict[str, list[Said]] = {}
    whole: dict[str, list[Reading]] = {}
    for document in every.values():
        if not _counts(standings.get(document.name)):
            continue
        of_all = not document.patient and is_rule(document)
        read = Reading(document, () if document.format in TABLES else facts_of(document))
        whole.setdefault(plain(document.patient), []).append(read)
        if document.format in TABLES:
            continue
        for said in twins(read) if of_all else _said(read):
            owner = f"rules {document.title}" if of_all else _owner(said, owners)
            if owner:
                records.setdefault(owner, []).append(said)
    found = [
        Conflict(kind, subject, (_side(one, standings), _side(other, standings)))
        for record in records.values()
        for kind, subject, one, other in compared(record)
    ]
    told = {_sides(one) for one in found}
    changed = [
        Conflict("statement", "", (_side(one, standings), _side(other, standings)))
        for record in whole.values()
        for one, other in versions(record)
    ]
    return (*found, *(one for one in changed if _sides(one) not in told))


def _sides(one: Conflict) -> frozenset[Span]:
    return frozenset(place.span for place in one.positions)


def _said(reading: Reading) -> Iterator[Said]:
    for reader in READERS:
        yield from reader(reading)


def _owner(said: Said, owners: Owners) -> str:
    """The patient whose a statement is, the document where it is nobody's, "" where it cannot be told."""
    if said.document.patient:
        return plain(said.document.patient)
    found = owners.of(Span(said.document.name, said.start, said.end))
    if not found:
        return "" if said.document.name in owners.regions else f"document {said.document.name}"
    return next(iter(found)) if len(found) == 1 and UNKNOWN not in found else ""


def _counts(found: Standing | None) -> bool:
    return found is None or found.in_force or found.reason == "draft"


def _side(said: Said, standings: Mapping[str, Standing]) -> Position:
    return position(said.document, Span(said.document.name, said.start, said.end), said.says, standings, said.day)


def position(document: Document, span: Span, says: str, standings: Mapping[str, Standing], day: str = "") -> Position:
    """A stretch of a document, without blanks around it, as one side of a conflict."""
    text, own = document.text[span.start : span.end], standings.get(document.name)
    start = span.start + len(text) - len(text.lstrip())
    end = max(start, span.end - (len(text) - len(text.rstrip())))
    page = document.page_at(start)
    told = own.reason if own else document.status
    when = day or document.date or document.effective or ""
    number, printed = (page.number, page.printed) if page else (None, "")
    counts = own is None or own.in_force
    at = Span(document.name, start, end)
    return Position(at, document.text[start:end], says, number, when, document.author, told, counts, printed)
