"""Recheck: whether the citations of an answer that was written as JSON still stand in the documents; each damage is named."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rag.stages.verify import VERBATIM
from rag.values import Document

Damage = Literal["form", "document", "hash", "offsets", "quotation", "page", "statement"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is damaged, where in the answer ("claims[0].citations[1]"), and what was found instead; never document text."""

    place: str
    damage: Damage
    detail: str


@dataclass(frozen=True, slots=True)
class Recheck:
    """How many quotations of an answer were looked up, its faults, and the documents of which it tells no hash."""

    looked_up: int
    faults: tuple[Fault, ...]
    unhashed: tuple[str, ...] = ()


def recheck(row: Mapping[str, Any], documents: Mapping[str, Document]) -> Recheck:
    """Looks every citation, passage and nearest sentence of an answer (`records.answer_row`) up in these documents, by name.

    `document`: none has that name. `hash`: its text is not the one that was cited. `offsets`: no stretch of its text.
    `quotation`: that stretch says something else. `page`: it stands on another page. `statement`: what is called word for word
    in the source does not stand in its quotations. `form`: a part of the answer that this needs is missing or of another kind.
    """
    told = list(_quoted(row))
    faults = [fault for place, one, words in told for fault in _looked_up(place, one, words, documents)]
    faults += list(_statements(row))
    named = {str(one.get("document")) for _, one, _ in told if isinstance(one, Mapping)}
    known = _digests(row)
    faults += [
        Fault("documents", "hash", f"{name}: the text given here is not the one that was cited")
        for name, digest in sorted(known.items())
        if name in documents and documents[name].digest != digest
    ]
    return Recheck(len(told), tuple(faults), tuple(sorted(name for name in named if name in documents and name not in known)))


def _digests(row: Mapping[str, Any]) -> dict[str, str]:
    listed = row.get("documents")
    rows = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    return {str(one.get("document")): str(one.get("sha256")) for one in rows if one.get("sha256")}


def _quoted(row: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    """Every part of an answer that quotes a document: its place, itself, and the name of the field with the quotation."""
    for at, claim in enumerate(_list(row, "claims")):
        for number, cited in enumerate(_list(claim, "citations")):
            yield f"claims[{at}].citations[{number}]", cited, "quote"
    for at, hit in enumerate(_list(row, "hits")):
        yield f"hits[{at}]", hit, "text"
    if row.get("nearest") is not None:
        yield "nearest", row["nearest"], "quote"


def _list(row: Any, name: str) -> list[Any]:
    value = row.get(name) if isinstance(row, Mapping) else None
    return value if isinstance(value, list) else []


def _looked_up(place: str, one: Any, words: str, documents: Mapping[str, Document]) -> Iterator[Fault]:
    if not isinstance(one, Mapping):
        yield Fault(place, "form", "not an object with document, page, start, end and quotation")
        return
    wrong = [
        name for name, kind in (("document", str), ("start", int), ("end", int), (words, str)) if not _is(one.get(name), kind)
    ]
    page = one.get("page")
    if wrong or not (page is None or _is(page, int)):
        yield Fault(place, "form", f"{', '.join(wrong) or 'page'}: missing or of another kind")
        return
    document, start, end = documents.get(one["document"]), one["start"], one["end"]
    if document is None:
        yield Fault(place, "document", f"no document here has the name {one['document']!r}")
        return
    if not 0 <= start < end <= len(document.text):
        yield Fault(place, "offsets", f"{start} to {end} is no stretch of its {len(document.text):,} characters")
        return
    if document.text[start:end] != one[words]:
        yield Fault(place, "quotation", _elsewhere(document.text, one[words], start, end))
    there = document.page_at(start)
    if page != (there.number if there else None):
        yield Fault(
            place, "page", f"page {page} was cited; character {start} stands on {f'page {there.number}' if there else 'no page'}"
        )


def _is(value: object, kind: type[object]) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _elsewhere(text: str, quote: str, start: int, end: int) -> str:
    """That a quotation does not stand at its place, and where else it does."""
    at = text.find(quote) if quote else -1
    return f"other words stand at {start} to {end}; " + (
        f"it stands at {at} to {at + len(quote)}" if at >= 0 else "it stands nowhere"
    )


def _statements(row: Mapping[str, Any]) -> Iterator[Fault]:
    """The statements that are said to be word for word in their source, and are not in their own quotations."""
    if not isinstance(row.get("claims"), list):
        yield Fault("claims", "form", "no list of statements: not an answer that rag ask, rag batch or the app wrote")
    for at, claim in enumerate(_list(row, "claims")):
        if not isinstance(claim, Mapping) or not isinstance(claim.get("text"), str):
            yield Fault(f"claims[{at}]", "form", "no statement with a text")
        elif claim.get("supported") is True and str(claim.get("reason")).startswith(VERBATIM):
            quotes = [_plain(str(one.get("quote"))) for one in _list(claim, "citations") if isinstance(one, Mapping)]
            if not any(_plain(claim["text"]) in quote for quote in quotes):
                yield Fault(f"claims[{at}]", "statement", "called word for word in the source, and in none of its quotations")


def _plain(text: str) -> str:
    return " ".join(text.split()).strip(" .\"'“”").lower()
