"""conflicts: what the documents of a patient state differently of one thing at one time."""

import json
from pathlib import Path
from typing import Annotated

import typer

from rag.away.records import conflict_row
from rag.clinical.conflicts import conflicts as found_in
from rag.clinical.facts.kept import kept_facts
from rag.commands.answers import conflict_lines
from rag.commands.common import Keep, Released, documents_at
from rag.keep.artifacts import Artifacts
from rag.pipeline.plan import amount


def conflicts(
    files: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files and folders to read")],
    as_json: Annotated[bool, typer.Option("--json", help="Print every conflict with both passages as JSON")] = False,
    workspace: Keep = None,
    screen: Released = False,
) -> None:
    """Prints what records state differently: doses and drugs of lists, allergies and what is given, sides, sizes, code status.

    The documents of each patient are compared with one another, those of no patient each with itself. What differs between two
    days is a change and no conflict.
    """
    artifacts, documents = Artifacts(workspace), documents_at(files, screen)
    found = found_in(documents, lambda document: kept_facts(document, artifacts))
    if as_json:
        typer.echo(json.dumps([conflict_row(one) for one in found], ensure_ascii=False, indent=2))
        return
    for one in found:
        typer.echo("\n".join(conflict_lines(one)))
    typer.echo(f"{amount(len(found), 'conflict')} in {amount(len(documents), 'document')}")
