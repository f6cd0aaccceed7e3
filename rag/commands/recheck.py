"""verify-citations: whether the quotations of an answer still stand in its documents."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from rag.away.recheck import recheck
from rag.commands.common import Docs, documents_at, say
from rag.commands.files import content
from rag.documents.load.encoding import plain_text
from rag.errors import FileProblem, SettingProblem
from rag.strict import read_json

WHAT = "an answer as `rag ask --json` prints it, or answers as `rag batch` writes them"


def verify_citations(
    answer: Annotated[Path, typer.Argument(metavar="ANSWER", help="The JSON of an answer, or JSON lines of several")],
    docs: Docs,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON")] = False,
) -> None:
    """Looks up every quotation of an answer again: document, hash of its text, offsets, words and page.

    Each damage is named; the exit code is 1 where there is any.
    """
    rows = _answers(answer)
    documents = {one.name: one for one in documents_at(docs)}
    found = [(str(row.get("id", number)), recheck(row, documents)) for number, row in enumerate(rows, 1)]
    if as_json:
        typer.echo(json.dumps([{"id": name, **asdict(one)} for name, one in found], ensure_ascii=False, indent=2))
    for name, one in found if not as_json else ():
        about = f"{one.looked_up} quotation{'' if one.looked_up == 1 else 's'}"
        typer.echo(f"{name}: {about}, {len(one.faults) or 'no'} fault{'' if len(one.faults) == 1 else 's'}")
        for fault in one.faults:
            typer.echo(f"  {fault.place}: {fault.damage}: {fault.detail}")
        for document in one.unhashed:
            typer.echo(f"  {document}: the answer tells no hash of it, so only its quotations were looked up")
    damaged = sum(bool(one.faults) for _, one in found)
    if damaged:
        say(f"error: {damaged} of {len(found)} answers do not hold any more. Ask again, or find the documents as they were.")
        raise typer.Exit(1)


def _answers(file: Path) -> list[Mapping[str, Any]]:
    """The answers in a file: one object, a list of them, or one a line. Raises FileProblem."""
    text = plain_text(file.name, content(file), WHAT).strip("\ufeff \n\t")
    try:
        value = read_json(text, file.name, f"Give {WHAT}.")
    except SettingProblem as problem:
        lines = [line for line in text.split("\n") if line.strip()]
        if len(lines) < 2 or not lines[0].rstrip().endswith("}"):
            raise FileProblem(str(problem)) from None
        value = [_line(line, f"{file.name}, line {number}") for number, line in enumerate(lines, 1)]
    rows = value if isinstance(value, list) else [value]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise FileProblem(f"{file.name}: holds no answer. Give {WHAT}.")
    return rows


def _line(line: str, place: str) -> Any:
    try:
        return read_json(line, place, f"Give {WHAT}.")
    except SettingProblem as problem:
        raise FileProblem(str(problem)) from None
