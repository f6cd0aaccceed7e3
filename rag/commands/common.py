"""What the commands share: paths to documents, pipelines, indexes made ready, progress on standard error."""

import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from rag import wordpiece
from rag.away.yaml import from_file
from rag.commands.files import content
from rag.documents.load import FORMATS, file_at
from rag.documents.load.encoding import plain_text
from rag.documents.load.files import looks, marked, paths
from rag.documents.many import read_many
from rag.documents.screen import Screen
from rag.embedding import Progress
from rag.errors import FileProblem, SettingProblem
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.pipeline.plan import amount, duration
from rag.pipeline.presets import PRESETS
from rag.stages.index.base import Index
from rag.stages.reader import model as reader
from rag.values import Document, Screened

Docs = Annotated[list[Path], typer.Option("--docs", help="A file or folder to read; may be given again")]
PipelineFile = Annotated[
    Path | None, typer.Option("--pipeline", help="A pipeline's JSON or YAML, as `pipeline` prints it or the app saves it")
]
Keep = Annotated[
    Path | None, typer.Option("--workspace", envvar="RAG_WORKSPACE", help="Folder that keeps what was computed between runs")
]

Released = Annotated[bool, typer.Option("--screen", help="Leave out documents in which an identifier or instruction is found")]

DIVIDING = "divided {done:,} of {total:,} characters"
EMBEDDING = "embedding {done:,} of {total:,} passages"
NOT_KEPT = "That took {time} and is not kept: the next run embeds anew. Give --workspace FOLDER to keep it."


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
    return [one.document for one in _read(places, Screen() if screened else None, screened)]


def screened_at(places: Iterable[Path], screen: Screen) -> list[Screened]:
    """The documents at these paths as a screen finds them, those too that would be held back."""
    return _read(places, screen, False)


def _read(places: Iterable[Path], screen: Screen | None, released: bool) -> list[Screened]:
    found: dict[str, Screened] = {}
    seen: set[str] = set()
    files = list(paths(places, FORMATS))
    for path, read in zip(files, read_many([partial(file_at, path) for path in files], screen), strict=True):
        for reason in (*read.failed, *filter(None, [read.problem])):
            say(f"skipped: {reason}")
        for _, one in read.found:
            document = one.document
            if released and one.status != "released":
                say(f"left out: {document.name} would wait for a person; see: rag screen {path.name}")
                continue
            name = document.name if looks(document.name) not in seen else marked(document.name, str(path))
            seen.add(looks(name))
            found[name] = replace(one, document=replace(document, name=name))
            for warning in document.warnings:
                say(f"{name}: {warning}")
    if not found:
        raise FileProblem("No document could be read. Give files or folders such as text, PDF, Word or FHIR after --docs.")
    return list(found.values())


def pipeline_from(file: Path | None) -> Pipeline:
    if file is None:
        return PRESETS["default"][1]
    return from_file(plain_text(file.name, content(file), "a pipeline's JSON or YAML"), file.name)


def prepared(pipeline: Pipeline, documents: list[Document], workspace: Path | None) -> Index:
    return made_ready(pipeline, documents, Artifacts(workspace))


def made_ready(pipeline: Pipeline, documents: Sequence[Document], artifacts: Artifacts, what: str = "document") -> Index:
    """The index, with what it takes said before, how far it is meanwhile, and what is cut off or not kept after."""
    plan = pipeline.plan(documents, artifacts)
    say(f"{amount(len(documents), what)}. {plan}")
    started = time.monotonic()
    index = pipeline.prepare(documents, artifacts, counted(EMBEDDING), counted(DIVIDING))
    if artifacts.folder is None and any(part.stage == "embed" for part in plan.work):
        say(NOT_KEPT.format(time=duration(time.monotonic() - started)))
    if warning := pipeline.divider(artifacts).cut_off(index):
        say(warning)
    if not reader.installed() and wordpiece.installed():
        say(reader.MISSING)
    return index


def day(option: str, written: str | None) -> str | None:
    """The day as it was written. Raises SettingProblem where it is not an ISO day."""
    try:
        if written is None or date.fromisoformat(written).isoformat() == written:
            return written
    except ValueError:
        pass
    raise SettingProblem(f"{option} {written!r} is not a day written like 2024-03-14. Write it so.")
