"""The scope that a question states itself: patients whom it names or describes, and documents that it points at."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Literal
from weakref import WeakKeyDictionary

import numpy as np
from pydantic import Field

from rag.clinical.owners import Owners, plain
from rag.clinical.standing import WORKS
from rag.stages.index.base import Index
from rag.stages.scope.base import Scoping
from rag.stages.scope.described import description, resolved
from rag.stages.scope.ids import Id, ids
from rag.stages.scope.people import People
from rag.stages.scope.sources import STATED, Shelf, Source, sources
from rag.stages.scope.topic import around, topic
from rag.values import Filter, Scope

NOTED, SHORT = 6, 60  # Most names in a note, and most characters of the question that it repeats.
FILTERS_KEPT = 64
Cut = tuple[int, int]
PRONOUNS = {"F": "she", "M": "he", "": "they"}


class Named(Scoping):
    """Reads from the question which patient it names or describes, and in which documents it is to be looked up."""

    kind: Literal["named"] = "named"
    described: bool = Field(default=True, description="Narrow to a patient who is only described, where documents tell who it is")
    nobody: bool = Field(default=True, description="Beside a patient's documents also those of no patient, such as policies")

    def __call__(self, question: str, index: Index, only: Filter = Filter()) -> Scope:
        known = _known(index)
        found = ids(question, index)
        if found:
            scope, cuts = self._by_id(question, found, index, known, only)
        else:
            scope, cuts = self._by_description(question, index, known, only)
        pointed = sources(_blanked(question, found), known.shelf)
        scope = _looked_up(question, pointed, scope, index, known)
        sexes = {sex_of(patient, index) for patient in scope.patients}
        subject = PRONOUNS["" if len(scope.patients) > 1 else sexes.pop()] if sexes else ""
        return replace(scope, topic=topic(question, [*cuts, *(cut for source in pointed for cut in source.cuts)], subject))

    def _by_id(self, question: str, found: Sequence[Id], index: Index, known: "_Known", only: Filter) -> tuple[Scope, list[Cut]]:
        """The scope of the ids that a question names, and where they stand."""
        there = known.patients(only, index)
        named = list(dict.fromkeys(one.patient for one in found if one.patient in there))
        unknown = tuple(dict.fromkeys(one.written for one in found if one.patient not in there))
        forms = tuple(index.owners.forms(one)[0] for one in named)
        notes = [f"{_listed(forms)}, from your question"] if named else []
        if unknown:
            notes.append(f"no document of {_listed(unknown)}{'' if only == Filter() else ' that the filter allows'}")
        narrowed = self._narrowed(only, named, index) if named else self._without_others(only, unknown, index, known)
        cuts = [around(question, one.start, one.end) for one in found]
        return Scope(narrowed, forms, "named", unknown=unknown, notes=tuple(notes)), cuts

    def _by_description(self, question: str, index: Index, known: "_Known", only: Filter) -> tuple[Scope, list[Cut]]:
        """The scope of a patient whom a question describes, and the stretches that say no more than that."""
        told = description(question)
        there = known.patients(only, index) if told else frozenset()
        if told is None or len(there) < 2:
            return Scope(only), [around(question, *head) for head in told.heads] if told else []
        heads = [around(question, *head) for head in told.heads]
        people = known.people(index)
        who = resolved(question, told, index, people, np.array([patient in there for patient in people.patients], np.bool_))
        forms = [
            index.owners.forms(people.patients[at])[0] for at in ((who.patient,) if who.patient is not None else ()) + who.choices
        ]
        words = f"“{_short(question[slice(*told.spans[0])])}”" if told.spans else ""
        if not forms:
            return Scope(only, how="described"), heads
        if who.patient is None or not self.described:
            note = f"{words or 'your question'} may be about {_listed(forms)}"
            return Scope(only, how="described", choices=tuple(forms), notes=(note,)), heads
        note = f"{forms[0]}, from {words}" if words else f"{forms[0]}, whose documents your question fits"
        narrowed = self._narrowed(only, [people.patients[who.patient]], index)
        return Scope(narrowed, (forms[0],), "described", tuple(forms[1:]), notes=(note,)), [
            around(question, *span) for span in told.spans
        ]

    def _narrowed(self, only: Filter, patients: Iterable[str], index: Index) -> Filter:
        """The filter narrowed to these patients, in all ways in which documents write them."""
        forms = tuple(form for patient in patients for form in index.owners.forms(patient))
        if only.patients:
            return replace(only, patients=tuple(form for form in forms if form in only.patients))
        return replace(only, patients=forms, nobody=self.nobody)

    def _without_others(self, only: Filter, unknown: tuple[str, ...], index: Index, known: "_Known") -> Filter:
        """The filter without the documents of any patient, where a question names none that it allows."""
        if not only.patients:
            return replace(only, patients=unknown, nobody=self.nobody)
        allowed = known.allowed(only, index)
        return replace(only, patients=unknown, documents=tuple(sorted(allowed))) if allowed else only


class _Known:
    """What the scope of any question of an index is read with, made when it is first needed."""

    def __init__(self, index: Index) -> None:
        self._documents = index.documents
        self._allowed: dict[Filter, frozenset[str]] = {}
        self._people: People | None = None

    @cached_property
    def shelf(self) -> Shelf:
        return Shelf(self._documents)

    def people(self, index: Index) -> People:
        if self._people is None:
            self._people = People(index)
        return self._people

    def allowed(self, only: Filter, index: Index) -> frozenset[str]:
        """The names of the documents that a filter lets through."""
        if only not in self._allowed:
            if len(self._allowed) >= FILTERS_KEPT:
                self._allowed.clear()
            self._allowed[only] = frozenset(name for name, document in index.documents.items() if only.allows(document))
        return self._allowed[only]

    def patients(self, only: Filter, index: Index) -> frozenset[str]:
        """The plain ids of the patients of whom a filter lets something through."""
        owners, allowed = index.owners, self.allowed(only, index)
        own = {one for one, forms in owners.patients.items() if any(allowed & set(owners.documents_of[form]) for form in forms)}
        parts = {
            one for name, regions in owners.regions.items() if name in allowed for region in regions for one in region.patients
        }
        return frozenset(own | (parts & owners.mentioned.keys()))


_KNOWN: WeakKeyDictionary[Owners, _Known] = WeakKeyDictionary()


def _known(index: Index) -> _Known:
    known = _KNOWN.get(index.owners)
    if known is None:
        known = _KNOWN[index.owners] = _Known(index)
    return known


def _looked_up(question: str, pointed: Sequence[Source], scope: Scope, index: Index, known: _Known) -> Scope:
    """The scope with the documents that fit where a question says that it is to be looked up: preferred, or asked alone."""
    allowed = known.allowed(scope.only, index)
    fitting = [(source, source.documents & allowed) for source in pointed if source.documents & allowed]
    if not fitting:
        return scope
    both = frozenset.intersection(*(documents for _, documents in fitting))
    prefer = both or frozenset().union(*(documents for _, documents in fitting))
    notes = tuple(f"“{_short(question[one.start : one.end])}”: {_listed(sorted(names), 'document')}" for one, names in fitting)
    return replace(
        scope,
        only=_alone(fitting, pointed, scope, index, known),
        prefer=tuple(name for name in index.documents if name in prefer) if prefer != allowed else (),
        notes=(*scope.notes, *notes),
    )


def _alone(
    fitting: Sequence[tuple[Source, frozenset[str]]], pointed: Sequence[Source], scope: Scope, index: Index, known: _Known
) -> Filter:
    """The filter narrowed to a type of document and its year, where a question looks there alone and all that fits has them."""
    kinds = [source for source in pointed if source.kind == "documents"]
    source, documents = next((one for one in fitting if one[0].kind == "documents"), fitting[0])
    stated = source.type in STATED and documents <= known.shelf.of_type(source.type)
    beside = source.type in WORKS and (scope.patients or scope.unknown or scope.choices)
    if not source.claimed or len(kinds) != 1 or not stated or beside:
        return scope.only
    narrowed = replace(scope.only, types=(source.type,))
    year = str(source.year)
    if source.year and not (narrowed.after or narrowed.before):
        dated = replace(narrowed, after=year, before=year)
        narrowed = dated if all(dated.allows(index.documents[name]) for name in documents) else narrowed
    return narrowed


def _blanked(question: str, found: Sequence[Id]) -> str:
    """The question with blanks in place of ids, so that none is read as an edition."""
    for one in found:
        question = question[: one.start] + " " * (one.end - one.start) + question[one.end :]
    return question


def _listed(names: Iterable[str], what: str = "") -> str:
    """The first names in words, and how many more."""
    every = list(names)
    if what and len(every) > 2:
        return f"{len(every):,} {what}s"
    first, more = every[:NOTED], len(every) - NOTED
    return f"{', '.join(first)} and {more:,} more" if more > 0 else " and ".join(filter(None, (", ".join(first[:-1]), first[-1])))


def _short(text: str) -> str:
    return text if len(text) <= SHORT else f"{text[:SHORT]}…"


def sex_of(patient: str, index: Index) -> str:
    """The sex of a patient, "F", "M" or "", as the documents of an index tell it."""
    people, wanted = _known(index).people(index), plain(patient)
    return people.looks[people.patients.index(wanted)][0] if wanted in people.patients else ""
