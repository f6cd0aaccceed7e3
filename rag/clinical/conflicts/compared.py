"""Compared: which of what was said of one patient cannot both be true."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import date
from itertools import combinations
from operator import ne
from typing import Any

from rag.clinical.conflicts.findings import alike, is_report, lasting
from rag.clinical.conflicts.medicines import differ
from rag.clinical.conflicts.reading import ISO, Said
from rag.values import ConflictKind

Key = Callable[[Said], Hashable]
Pair = tuple[ConflictKind, str, Said, Said]
LATE = "9999"
NEAR_DAYS = 14
"""Days within which a lasting finding is taken for the same one."""
ON_ONE_DAY: tuple[ConflictKind, ...] = ("dose", "status", "size", "code status", "value")
UNLIKE: dict[str, Callable[[Any, Any], bool]] = {
    "dose": differ,
    "size": lambda one, other: not alike(one, other),
    "value": lambda one, other: abs(one - other) > 0.02 * max(abs(one), abs(other)),
}


def compared(record: Iterable[Said]) -> Iterator[Pair]:
    """The pairs that differ, each once: of a kind and subject the first two places; no sentences of which more is told."""
    told: list[tuple[Said, Said]] = []
    for pair in _pairs(record):
        one, other = pair[2:]
        if pair[0] == "statement" and any(_overlap(one, own) and _overlap(other, second) for own, second in told):
            continue
        told += [(one, other), (other, one)]
        yield pair


def _pairs(record: Iterable[Said]) -> Iterator[Pair]:
    kinds: dict[str, list[Said]] = {}
    for said in record:
        kinds.setdefault(said.kind, []).append(said)
    for kind in ON_ONE_DAY:
        yield from _each(kinds.get(kind, ()), kind, lambda one: (one.subject, one.phase), _same_day)
    yield from _each(kinds.get("side", ()), "side", lambda one: one.subject, _same_time)
    yield from _each(kinds.get("finding", ()), "finding", lambda one: one.subject, _one_report)
    yield from _in_spite(kinds)
    yield from _known(kinds.get("allergy", []))
    yield from _each(kinds.get("statement", ()), "statement", lambda one: (one.subject, one.phase), _two_notes)


def _each(said: Iterable[Said], kind: ConflictKind, key: Key, meet: Callable[[Said, Said], bool]) -> Iterator[Pair]:
    """Of all that is said of one subject the first two places that meet and differ."""
    groups: dict[Hashable, list[Said]] = {}
    for one in said:
        groups.setdefault(key(one), []).append(one)
    unlike: Callable[[Any, Any], bool] = UNLIKE.get(kind, ne)
    for group in groups.values():
        sure = _of_one_mind(group, unlike)
        for one, other in combinations(sure, 2):
            if meet(one, other) and unlike(one.value, other.value):
                yield kind, _subject(one), one, other
                break


def _of_one_mind(group: list[Said], unlike: Callable[[Any, Any], bool]) -> list[Said]:
    """One place of each part of a document that says but one thing."""
    parts: dict[tuple[str, str], list[Said]] = {}
    for one in group:
        parts.setdefault((one.document.name, one.source), []).append(one)
    return [part[0] for part in parts.values() if not any(unlike(part[0].value, other.value) for other in part[1:])]


def _same_day(one: Said, other: Said) -> bool:
    """Whether two places are of one day; without days those of one document, or of two with one title, are."""
    return one.day == other.day and (bool(one.day) or one.document.title == other.document.title)


def _two_notes(one: Said, other: Said) -> bool:
    return one.document is not other.document and _same_day(one, other)


def _same_time(one: Said, other: Said) -> bool:
    """Whether two places speak of one thing: on one day, or of a lasting finding within days."""
    if _same_day(one, other):
        return True
    finding = one.subject[0] if isinstance(one.subject, tuple) else one.subject
    days = [date.fromisoformat(at.day) for at in (one, other) if len(at.day) == ISO]
    return finding in lasting() and len(days) == 2 and abs((days[0] - days[1]).days) <= NEAR_DAYS


def _one_report(one: Said, other: Said) -> bool:
    """Whether two places are the findings and the impression of one report, or of two reports of one examination."""
    if one.document is other.document:
        return {one.source, other.source} == {"findings", "impression"} and _same_day(one, other)
    alike_titles = one.document.title == other.document.title and is_report(one.document) and is_report(other.document)
    return alike_titles and _same_day(one, other)


def _in_spite(record: dict[str, list[Said]]) -> Iterator[Pair]:
    """Drugs that are given though they, or their class, are not tolerated, and not before that was known.

    Where anything says that a substance is tolerated nothing is told: a person has looked already.
    """
    refuted = {one.subject for one in record.get("no allergy", ())}
    first: dict[Hashable, Said] = {}
    for one in record.get("allergy", ()):
        if one.subject not in first or (one.day and one.day < (first[one.subject].day or LATE)):
            first[one.subject] = one
    for substance, allergy in first.items():
        if substance == "none" or substance in refuted:
            continue
        later = (one for one in record.get("given", ()) if substance in one.value and not refuted.intersection(one.value))
        found = next((one for one in later if _not_after(allergy, one) and not _overlap(allergy, one)), None)
        if found:
            yield "allergy", str(substance), allergy, found


def _overlap(one: Said, other: Said) -> bool:
    return one.document is other.document and one.start < other.end and other.start < one.end


def _known(allergies: list[Said]) -> Iterator[Pair]:
    """A document that knows no allergy while another, of the same day or before, names one."""
    named = [one for one in allergies if one.value != "none"]
    for none in allergies:
        other = next((one for one in named if none.value == "none" and _not_after(one, none) and not _overlap(one, none)), None)
        if other:
            yield "allergy", "", other, none
            return


def _not_after(one: Said, other: Said) -> bool:
    return one.document is other.document if not one.day or not other.day else one.day <= other.day


def _subject(said: Said) -> str:
    if said.kind == "statement":
        return ""
    return " ".join(part for part in said.subject if part) if isinstance(said.subject, tuple) else str(said.subject)
