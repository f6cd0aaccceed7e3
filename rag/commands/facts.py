"""facts: what documents state, typed and normalised, with its place."""

import json
from pathlib import Path
from typing import Annotated

import typer

from rag.clinical.facts.kept import kept_facts
from rag.clinical.facts.types import KINDS, Fact, row_of, words_of
from rag.commands.common import Keep, documents_at
from rag.errors import SettingProblem
from rag.keep.artifacts import Artifacts
from rag.values import Document

NAMES = [kind.kind for kind in KINDS]


def facts(
    files: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files and folders to read")],
    kinds: Annotated[
        list[str] | None, typer.Option("--kind", help=f"Only facts of this kind; may be given again: {', '.join(NAMES)}")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print every fact with all its fields as JSON")] = False,
    workspace: Keep = None,
) -> None:
    """Prints what documents state: drugs and doses, values, times, people, advice and more, each with its place and status."""
    chosen = _chosen(kinds or [])
    artifacts = Artifacts(workspace)
    found = [(document, _of(document, artifacts, chosen)) for document in documents_at(files)]
    if as_json:
        rows = [{"document": one.name, "facts": [row_of(fact, one.text) for fact in told]} for one, told in found]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for document, told in found:
        typer.echo("\n".join([document.name, *(_line(fact, document.text) for fact in told)]))


def _chosen(kinds: list[str]) -> frozenset[str]:
    """The kinds asked for, all where none is. Raises SettingProblem where one is none."""
    for kind in kinds:
        if kind not in NAMES:
            raise SettingProblem(f"--kind {kind!r} is no kind of facts. Allowed: {', '.join(NAMES)}.")
    return frozenset(kinds or NAMES)


def _of(document: Document, artifacts: Artifacts, chosen: frozenset[str]) -> list[Fact]:
    return [one for one in kept_facts(document, artifacts) if one.kind in chosen]


def _line(fact: Fact, text: str) -> str:
    """A fact in one line: its kind, place and words, then what they say."""
    return f"  {fact.kind:9} {fact.start}-{fact.end} {' '.join(text[fact.start : fact.end].split())!r}: {words_of(fact)}"
