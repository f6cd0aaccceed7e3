"""omissions: what a summary leaves out of the record that it summarises."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from rag.commands.common import documents_at, say
from rag.errors import FileProblem
from rag.stages.verify.omissions import Omission, Omissions, omissions
from rag.values import Document, Span

Budget = Annotated[
    int | None,
    typer.Option(
        min=0, help="The most that may be left out, where a high omission weighs 3, a moderate 2, a low 1; exit code 1 above it"
    ),
]


def print_omissions(
    summary: Annotated[Path, typer.Argument(metavar="SUMMARY", help="The summary, any file that can be read")],
    record: Annotated[list[Path], typer.Option("--record", help="A file or folder of the record; may be given again")],
    as_json: Annotated[bool, typer.Option("--json", help="Print every omission with its place as JSON")] = False,
    budget: Budget = None,
) -> None:
    """Prints what a summary leaves out of its record: drugs, allergies, pending results, follow-ups, diagnoses and devices."""
    told = documents_at([summary])
    if len(told) != 1:
        raise FileProblem(f"{summary.name}: holds {len(told)} documents. Give one summary.")
    documents = documents_at(record)
    found = omissions(told[0], documents)
    by_name = {one.name: one for one in documents}
    if as_json:
        typer.echo(json.dumps({"summary": told[0].name, **omissions_row(found, by_name, budget)}, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join([*(_line(one, by_name) for one in found.found), _total(found, budget)]))
    if not found.within(budget):
        say(f"error: what is left out weighs {found.weight}, the budget is {budget}. Add it to the summary, or raise --budget.")
        raise typer.Exit(1)


def omissions_row(found: Omissions, documents: Mapping[str, Document], budget: int | None) -> dict[str, Any]:
    """What is left out as JSON takes it."""
    return {
        "weight": found.weight,
        "budget": budget,
        "within": found.within(budget),
        "omissions": [_row(one, documents) for one in found.found],
    }


def _row(one: Omission, documents: Mapping[str, Document]) -> dict[str, Any]:
    about = {"kind": one.kind, "text": one.text, "severity": one.severity, "why": one.why}
    return {**about, "citations": [_cited(span, documents[span.document]) for span in one.spans]}


def _cited(span: Span, document: Document) -> dict[str, Any]:
    page, path = document.page_at(span.start), document.path_at(span.start)
    return {
        "document": span.document,
        "page": page.number if page else None,
        "printed": page.printed if page else "",
        "start": span.start,
        "end": span.end,
        "quote": document.text[span.start : span.end],
        "section": path[-1] if path else None,
    }


def _line(one: Omission, documents: Mapping[str, Document]) -> str:
    return f"{one.severity:8} {one.kind:9} {one.text}: {one.why}  ({_places(one.spans, documents)})"


def _places(spans: Sequence[Span], documents: Mapping[str, Document]) -> str:
    pages = [(span.document, documents[span.document].page_at(span.start)) for span in spans]
    return "; ".join(f"{name}, {page.told}" if page else name for name, page in pages)


def _total(found: Omissions, budget: int | None) -> str:
    count = len(found.found)
    allowed = "" if budget is None else f" of {budget} allowed"
    return f"{count or 'no'} omission{'' if count == 1 else 's'}, weight {found.weight}{allowed}"
