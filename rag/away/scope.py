"""A filter that goes along: checked against the documents, narrowed by a request, written as Python and as options."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import MISSING, fields, replace
from datetime import date
from typing import Any

from rag.clinical.provenance import in_force
from rag.documents.load.files import looks
from rag.errors import SettingProblem
from rag.strict import short
from rag.values import Document, Filter

LISTED = 20
FIELDS = {"documents": "name", "types": "type", "patients": "patient", "authors": "author", "statuses": "status"}
OPTIONS = {name: f"--{option}" for name, option in {**FIELDS, "documents": "document"}.items()}
DATES = {"after": "--after", "before": "--before"}


def known(only: Filter, documents: Iterable[Document], label: Callable[[str], str] = str) -> None:
    """Raises SettingProblem for a value that no document has: a slip would look like "nothing found".

    `label` gives the name under which a field of the filter is known to whoever set it.
    """
    documents = list(documents)
    for name, attribute in FIELDS.items():
        there = {str(getattr(document, attribute)) for document in documents} - {""}
        for value in getattr(only, name):
            if value not in there:
                alike = " One of them looks the same and is written with other signs: copy it." * (
                    looks(value) in map(looks, there)
                )
                raise SettingProblem(
                    f"{label(name)} {short(value)!r} is not among the documents. Allowed: {_listed(there)}.{alike}"
                )


def within(scope: Filter, documents: Sequence[Document]) -> list[Document]:
    """The documents that a filter lets through."""
    now = in_force(documents, date.today().isoformat()) if scope.in_force else {document.name for document in documents}
    return [document for document in documents if document.name in now and scope.allows(document)]


def narrowed(scope: Filter, only: Filter) -> Filter:
    """What both filters let through. Raises SettingProblem where a field of theirs has no value in common."""
    both: dict[str, Any] = {}
    for name in FIELDS:
        outer, inner = getattr(scope, name), getattr(only, name)
        both[name] = tuple(value for value in inner if value in outer) if outer and inner else outer or inner
        if inner and not both[name]:
            raise SettingProblem(f"filter.{name}: none of these may be seen here. Allowed: {_listed(set(outer))}.")
    after = max(filter(None, (scope.after, only.after)), default=None)
    before = min(filter(None, (scope.before, only.before)), key=_last, default=None)
    if after and before and after > _last(before):
        raise SettingProblem(f"filter: no day lies from {after} to {before}, with what may be seen here. Choose other dates.")
    nobody = all(one.nobody for one in (scope, only) if one.patients) and (scope.nobody or only.nobody)
    return replace(scope, **both, after=after, before=before, in_force=scope.in_force or only.in_force, nobody=nobody)


def _last(day: str) -> str:
    """A day, or for a month or a year what sorts behind its days."""
    return day + "-99-99"[len(day) - 10 :] if len(day) < 10 else day


def literal(only: Filter) -> list[str]:
    """The arguments of a filter as Python writes them, those that are set."""
    told = {one.name: getattr(only, one.name) for one in fields(only) if one.default is not MISSING}
    return [f"{name}={value!r}" for name, value in told.items() if value]


def command_line(only: Filter) -> list[str]:
    """The options that set this filter on the command line."""
    told = [part for name, option in OPTIONS.items() for value in getattr(only, name) for part in (option, value)]
    told += [part for name, option in DATES.items() if getattr(only, name) for part in (option, getattr(only, name))]
    return [*told, *(["--in-force"] if only.in_force else []), *(["--nobody"] if only.nobody else [])]


def _listed(values: set[str]) -> str:
    first = ", ".join(short(value) for value in sorted(values)[:LISTED])
    more = f" and {len(values) - LISTED:,} more" if len(values) > LISTED else ""
    return f"{first}{more}" if first else "none, since no document has one"
