"""load and screen: what is read from files, and what a person has to look at before they are used."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from rag.commands.common import counted, documents_at, say, screened_at
from rag.commands.files import apart, rows, write
from rag.documents.screen import DEFAULT, Screen
from rag.errors import FileProblem
from rag.values import Document, Screened


def load(
    files: Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files and folders to read")],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything that was read as JSON, the text too")] = False,
) -> None:
    """Prints what was read: pages, sections, dates, metadata, warnings."""
    documents = documents_at(files)
    if as_json:
        typer.echo(json.dumps([_read(document) for document in documents], ensure_ascii=False, indent=2))
        return
    for document in documents:
        typer.echo(_summary(document))


def _read(document: Document) -> dict[str, Any]:
    """A document as JSON; every stretch carries what stands there."""
    found = asdict(document)
    for name in ("moments", "assertions"):
        for stretch in found[name]:
            stretch["text"] = document.text[stretch["start"] : stretch["end"]]
    return found


def _summary(document: Document) -> str:
    about = {
        "type": document.type,
        "title": document.title,
        "date": document.date,
        "patient": document.patient,
        "author": document.author,
        "edition": document.edition,
        "effective": document.effective,
        "status": document.status,
    }
    counts = {
        "characters": len(document.text),
        "pages": len(document.pages),
        "sections": len(document.sections),
        "dates": len(document.moments),
        "assertions": len(document.assertions),
        "beside the text": len(document.asides),
    }
    lines = [document.name, "  " + "; ".join(f"{name}: {value}" for name, value in about.items() if value)]
    lines.append("  " + ", ".join(f"{value:,} {name}" for name, value in counts.items() if value))
    lines += [f"  {'  ' * section.level}{section.title}" for section in document.sections]
    lines += [f"  changed: {change}" for change in document.changes]
    lines += [f"  warning: {warning}" for warning in document.warnings]
    return "\n".join(lines)


def screen(
    files: Annotated[list[Path], typer.Argument(metavar="PATH…", help='JSON lines with "id" and "text", or files and folders')],
    out: Annotated[Path | None, typer.Option(help="JSON lines, one a document; without it standard output")] = None,
    threshold: Annotated[float, typer.Option(min=0.0, max=1.0, help="A finding of this score or more holds back")] = DEFAULT,
    name_model: Annotated[str, typer.Option(help="A name model on this machine: spacy:NAME or gliner:FOLDER")] = "",
) -> None:
    """Finds identifiers, planted instructions and hidden text. Prints kinds, rules and places; never the text."""
    look = Screen(threshold=threshold, name_model=name_model)
    texts = len(files) == 1 and files[0].suffix.lower() in {".jsonl", ".ndjson", ".gz"}
    apart(out, docs=files)
    documents: Sequence[Document | Screened] = _lines(files[0]) if texts else screened_at(files, look)
    progress = counted("screened {done:,} of {total:,}")

    def lines() -> Iterator[str]:
        waiting = 0
        for number, document in enumerate(documents, 1):
            found = look(document) if isinstance(document, Document) else document
            waiting += found.status == "quarantined"
            yield json.dumps(_row(found))
            progress(number, len(documents))
        say(f"{waiting:,} of {len(documents):,} would wait for a person at threshold {threshold:g}.")

    if out:
        write(out, lines())
    else:
        for line in lines():
            typer.echo(line)


def _lines(file: Path) -> list[Document]:
    documents = [Document(name=row["id"], text=row["text"]) for row in rows(file, ("id", "text"))]
    if not documents:
        raise FileProblem(f"{file.name}: holds no line. One JSON object with id and text a line is needed.")
    return documents


def _row(found: Screened) -> dict[str, Any]:
    names = ("kind", "type", "start", "end", "rule", "score")
    findings = []
    for one in found.findings:
        row = {name: getattr(one, name) for name in names}
        findings.append(row if one.aside is None else {**row, "beside": found.document.asides[one.aside].kind})
    return {"id": found.document.name, "findings": findings, "status": found.status}
