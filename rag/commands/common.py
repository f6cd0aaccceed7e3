"""What the commands share: paths to documents, files of JSON lines, pipelines, progress on standard error."""

import gzip
import json
import sqlite3
import sys
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from rag.artifacts import Artifacts
from rag.away.yaml import from_file
from rag.embed import minilm
from rag.embed.base import Progress
from rag.errors import FileProblem, SettingProblem
from rag.index.base import Index
from rag.load import FORMATS, read
from rag.load.files import marked, paths
from rag.pipeline import Pipeline
from rag.plan import amount
from rag.presets import PRESETS
from rag.reader import model as reader
from rag.screen import Screen
from rag.strict import SURROGATE
from rag.values import Document

Docs = Annotated[list[Path], typer.Option("--docs", help="A file or folder to read; may be given again")]
PipelineFile = Annotated[
    Path | None, typer.Option("--pipeline", help="A pipeline's JSON or YAML, as `pipeline` prints it or the app saves it")
]
Keep = Annotated[
    Path | None, typer.Option("--workspace", envvar="RAG_WORKSPACE", help="Folder that keeps what was computed between runs")
]

Screened = Annotated[bool, typer.Option("--screen", help="Leave out documents in which an identifier or instruction is found")]

DIVIDING = "divided {done:,} of {total:,} characters"
EMBEDDING = "embedding {done:,} of {total:,} passages"


def say(text: str, end: str = "\n") -> None:
    sys.stderr.write(text + end)
    sys.stderr.flush()


def counted(what: str) -> Progress:
    """Progress as a line that counts up: in place on a terminal, elsewhere a line now and then."""
    last = 0.0

    def show(done: int, total: int) -> None:
        nonlocal last
        terminal = sys.stderr.isatty()
        if done < total and time.monotonic() - last < (0.2 if terminal else 10.0):
            return
        last = time.monotonic()
        text = what.format(done=done, total=total)
        say(f"\r{text}" if terminal else text, end="" if terminal and done < total else "\n")

    return show


def documents_at(places: Iterable[Path], screened: bool = False) -> list[Document]:
    """The documents at these paths; a file that cannot be read is named, and the others go on.

    Whoever names a file here has decided to use it; `screened` leaves out what the workspace would hold back.
    """
    found: dict[str, Document] = {}
    screen = Screen()
    for path in paths(places, FORMATS):
        failed: list[FileProblem] = []
        try:
            loaded = read(path, failed)
        except FileProblem as problem:
            loaded = ()
            failed.append(problem)
        for reason in failed:
            say(f"skipped: {reason}")
        for document in loaded:
            if screened and screen(document).status != "released":
                say(f"left out: {document.name} would wait for a person; see: rag screen {path.name}")
                continue
            name = document.name if document.name not in found else marked(document.name, str(path))
            found[name] = replace(document, name=name)
            for warning in document.warnings:
                say(f"{name}: {warning}")
    if not found:
        raise FileProblem("No document could be read. Give files or folders such as text, PDF, Word or FHIR after --docs.")
    return list(found.values())


def pipeline_from(file: Path | None) -> Pipeline:
    if file is None:
        return PRESETS["default"][1]
    try:
        return from_file(file.read_text("utf-8"), file.name)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingProblem(f"{file}: cannot be read ({type(error).__name__}). Give a pipeline's JSON or YAML file.") from None


def rows(file: Path, needed: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The objects of a JSON-lines file, gzipped or not. Raises FileProblem, which names line and field."""
    try:
        with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                row = json.loads(line)
                missing = [name for name in needed if not isinstance(row, dict) or not isinstance(row.get(name), str)]
                if missing:
                    raise FileProblem(f"{file.name}, line {number}: no text under {missing[0]!r}. Every line needs {needed}.")
                if "\\ud" in line.lower() and any(SURROGATE.search(told) for told in row.values() if isinstance(told, str)):
                    raise FileProblem(
                        f"{file.name}, line {number}: half of a surrogate pair (\\ud800 to \\udfff). Write it whole."
                    )
                yield row
    except (ValueError, RecursionError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise FileProblem(f"{file.name}: not JSON lines ({type(error).__name__}). One JSON object a line is needed.") from None
    except OSError as error:
        raise FileProblem(f"{file}: cannot be read ({error.strerror}). Check the path.") from None


def write(file: Path, lines: Iterable[str]) -> None:
    try:
        with file.open("w", encoding="utf-8") as out:
            out.writelines(line + "\n" for line in lines)
    except OSError as error:
        raise FileProblem(f"{file}: cannot be written ({error.strerror}). Choose another place.") from None


def prepared(pipeline: Pipeline, documents: list[Document], workspace: Path | None) -> Index:
    with usable(workspace):
        artifacts = Artifacts(workspace)
    return made_ready(pipeline, documents, artifacts)


def made_ready(pipeline: Pipeline, documents: Sequence[Document], artifacts: Artifacts, what: str = "document") -> Index:
    """The index, with what it takes said before, how far it is meanwhile, and what is cut off after."""
    say(f"{amount(len(documents), what)}. {pipeline.plan(documents, artifacts)}")
    index = pipeline.prepare(documents, artifacts, counted(EMBEDDING), counted(DIVIDING))
    if warning := pipeline.divider(artifacts).cut_off(index):
        say(warning)
    if not reader.installed() and minilm.installed():
        say(reader.MISSING)
    return index


@contextmanager
def usable(workspace: Path | None) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise SettingProblem(
            f"{workspace or '.workspace'}: cannot be used as a workspace ({type(error).__name__}). Choose another folder."
        ) from None


def day(option: str, written: str | None) -> str | None:
    """The day as it was written. Raises SettingProblem where it is not an ISO day."""
    try:
        if written is None or date.fromisoformat(written).isoformat() == written:
            return written
    except ValueError:
        pass
    raise SettingProblem(f"{option} {written!r} is not a day written like 2024-03-14. Write it so.")
