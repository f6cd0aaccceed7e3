"""The options that set a filter, the same for every command that asks."""

from collections.abc import Sequence
from typing import Annotated

import typer

from rag.away.scope import OPTIONS, known
from rag.commands.common import day
from rag.errors import SettingProblem
from rag.values import Document, Filter

Several = list[str] | None
Names = Annotated[Several, typer.Option("--document", help="Only the document of this name; may be given again")]
Types = Annotated[Several, typer.Option("--type", help="Only documents of this type, such as policy; may be given again")]
After = Annotated[str | None, typer.Option("--after", help="Only documents dated on this day or later (2024-03-14)")]
Before = Annotated[str | None, typer.Option("--before", help="Only documents dated on this day or earlier")]
Patients = Annotated[Several, typer.Option("--patient", help="Only documents of this patient (pseudonym); may be given again")]
Authors = Annotated[Several, typer.Option("--author", help="Only documents by this author's role; may be given again")]
Statuses = Annotated[Several, typer.Option("--status", help="Only reports of this status, such as final; may be given again")]
InForce = Annotated[bool, typer.Option("--in-force", help="Without editions that a later one replaces, or not yet in force")]

Nobody = Annotated[bool, typer.Option("--nobody", help="Beside a --patient's documents those of nobody, such as policies")]


def chosen(
    documents: Several,
    types: Several,
    after: str | None,
    before: str | None,
    patients: Several,
    authors: Several,
    statuses: Several,
    in_force: bool,
    nobody: bool = False,
) -> Filter:
    """The filter that the options set. Raises SettingProblem."""
    first, last = day("--after", after), day("--before", before)
    if first and last and first > last:
        raise SettingProblem(f"--after {first} is later than --before {last}. Exchange the two.")
    lists = [tuple(values or ()) for values in (documents, types, patients, authors, statuses)]
    return Filter(lists[0], lists[1], first, last, lists[2], lists[3], in_force, lists[4], nobody)


def among(only: Filter, documents: Sequence[Document]) -> Filter:
    """The same filter. Raises SettingProblem for a value that no document has."""
    known(only, documents, lambda name: OPTIONS[name])
    return only
