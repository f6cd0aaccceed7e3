"""The command line: the same code as the pages, for scripts. Progress goes to standard error, results to standard output."""

import gzip
import json
import logging
import re
import sqlite3
import sys
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from rag.artifacts import Artifacts
from rag.embed.base import Progress
from rag.errors import FileProblem, SettingProblem, WorkbenchError
from rag.index import Index
from rag.load import FORMATS, read
from rag.load.files import marked, paths
from rag.pipeline import UNIONS, Pipeline, read_pipeline
from rag.presets import PRESETS
from rag.stage import options
from rag.values import Answer, Document, Filter
from rag.workspace import open_workspace

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Clinical RAG Workbench, without its screen.")

Docs = Annotated[list[Path], typer.Option("--docs", help="Files and folders to read")]
PipelineFile = Annotated[Path | None, typer.Option("--pipeline", help="A pipeline's JSON; without it the default")]
Keep = Annotated[Path | None, typer.Option("--workspace", envvar="RAG_WORKSPACE", help="Folder that keeps vectors between runs")]

SURROGATE = re.compile("[\ud800-\udfff]")
EMBEDDING = "embedding {done:,} of {total:,} passages"


def _say(text: str, end: str = "\n") -> None:
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
        _say(f"\r{text}" if terminal else text, end="" if terminal and done < total else "\n")

    return show


def _documents(places: Iterable[Path]) -> list[Document]:
    """The documents at these paths; a file that cannot be read is named, and the others go on."""
    found: dict[str, Document] = {}
    for path in paths(places, FORMATS):  # type: ignore[arg-type]
        try:
            loaded = read(path)
        except FileProblem as problem:
            _say(f"skipped: {problem}")
            continue
        for document in loaded:
            name = document.name if document.name not in found else marked(document.name, str(path))
            found[name] = replace(document, name=name)
            for warning in document.warnings:
                _say(f"{name}: {warning}")
    if not found:
        raise FileProblem("No document could be read. Give files or folders with text, Markdown, CSV or PDF after --docs.")
    return list(found.values())


def _pipeline(file: Path | None) -> Pipeline:
    if file is None:
        return PRESETS["default"][1]
    try:
        return read_pipeline(file.read_text("utf-8"), file.name)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingProblem(f"{file}: cannot be read ({type(error).__name__}). Give a pipeline's JSON file.") from None


def _rows(file: Path, needed: tuple[str, ...]) -> Iterator[dict[str, Any]]:
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
                if "\\ud" in line.lower() and any(map(SURROGATE.search, (row[name] for name in needed))):
                    raise FileProblem(
                        f"{file.name}, line {number}: half of a surrogate pair (\\ud800 to \\udfff). Write it whole."
                    )
                yield row
    except (ValueError, RecursionError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise FileProblem(f"{file.name}: not JSON lines ({type(error).__name__}). One JSON object a line is needed.") from None
    except OSError as error:
        raise FileProblem(f"{file}: cannot be read ({error.strerror}). Check the path.") from None


def _write(file: Path, lines: Iterable[str]) -> None:
    try:
        with file.open("w", encoding="utf-8") as out:
            out.writelines(line + "\n" for line in lines)
    except OSError as error:
        raise FileProblem(f"{file}: cannot be written ({error.strerror}). Choose another place.") from None


def _prepared(pipeline: Pipeline, documents: list[Document], workspace: Path | None) -> Index:
    with _usable(workspace):
        artifacts = Artifacts(workspace)
    _say(f"{len(documents):,} documents. {pipeline.plan(documents, artifacts)}")
    return pipeline.prepare(documents, artifacts, counted(EMBEDDING))


@contextmanager
def _usable(workspace: Path | None) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise SettingProblem(
            f"{workspace or '.workspace'}: cannot be used as a workspace ({type(error).__name__}). Choose another folder."
        ) from None


def _day(option: str, written: str | None) -> str | None:
    """The day as it was written. Raises SettingProblem where it is not an ISO day."""
    try:
        if written is None or date.fromisoformat(written).isoformat() == written:
            return written
    except ValueError:
        pass
    raise SettingProblem(f"{option} {written!r} is not a day written like 2024-03-14. Write it so.")


def answer_row(name: str, answer: Answer) -> dict[str, Any]:
    """An answer as the JSON object that `batch` writes."""
    return {
        "id": name,
        "question": answer.question,
        "answer": answer.text,
        "refused": answer.refused,
        "confidence": round(answer.confidence, 4),
        "notice": answer.notice,
        "claims": [
            {
                "text": claim.text,
                "supported": claim.supported,
                "reason": claim.reason,
                "citations": [
                    {
                        "document": cited.span.document,
                        "page": cited.page,
                        "start": cited.span.start,
                        "end": cited.span.end,
                        "quote": cited.quote,
                    }
                    for cited in claim.citations
                ],
            }
            for claim in answer.claims
        ],
        "hits": [
            {
                "document": hit.chunk.span.document,
                "page": hit.chunk.page,
                "start": hit.chunk.span.start,
                "end": hit.chunk.span.end,
                "score": round(hit.score, 6),
                "text": hit.chunk.text,
            }
            for hit in answer.hits
        ],
        "ms": {stage: round(value, 2) for stage, value in answer.ms.items()},
    }


def _shown(answer: Answer) -> str:
    lines = [] if answer.refused else [f"  {_cited(claim)}" for claim in answer.claims]
    if answer.notice:
        lines.append(answer.notice)
    lines.append(f"\nconfidence {answer.confidence:.2f}; {sum(answer.ms.values()):.0f} ms")
    for at, hit in enumerate(answer.hits, 1):
        lines.append(f"[{at}] {_place(hit.chunk.span.document, hit.chunk.page)}  {hit.score:.3f}")
    return "\n".join(lines)


def _cited(claim: Any) -> str:
    marks = "".join(f"[{cited.source}]" for cited in claim.citations)
    verdict = {True: "", False: f"  (not supported: {claim.reason})", None: f"  ({claim.reason})"}[claim.supported]
    return f"{' '.join(claim.text.split())} {marks}{verdict}"


def _place(document: str, page: int | None) -> str:
    return f"{document}, page {page}" if page else document


def _known(option: str, given: Iterable[str], there: set[str]) -> None:
    for value in given:
        if value not in there:
            raise SettingProblem(f"{option} {value!r} is not among the documents. Allowed: {', '.join(sorted(there)[:20])}.")


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question")],
    docs: Docs,
    pipeline: PipelineFile = None,
    workspace: Keep = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole answer as JSON")] = False,
    document: Annotated[list[str] | None, typer.Option(help="Only the document of this name")] = None,
    type_: Annotated[list[str] | None, typer.Option("--type", help="Only documents of this type")] = None,
    after: Annotated[str | None, typer.Option(help="Only documents from this date (2024-03-14)")] = None,
    before: Annotated[str | None, typer.Option(help="Only documents up to this date")] = None,
) -> None:
    """Answers one question from documents."""
    chosen = _pipeline(pipeline)
    only = Filter(tuple(document or ()), tuple(type_ or ()), _day("--after", after), _day("--before", before))
    documents = _documents(docs)
    _known("--document", only.documents, {found.name for found in documents})
    _known("--type", only.types, {found.type for found in documents})
    answer = chosen.ask(question, _prepared(chosen, documents, workspace), only)
    typer.echo(json.dumps(answer_row("1", answer), ensure_ascii=False, indent=2) if as_json else _shown(answer))


@app.command()
def batch(
    docs: Docs,
    questions: Annotated[Path, typer.Option(help='JSON lines with "id" and "question"')],
    out: Annotated[Path, typer.Option(help="JSON lines, one answer a question")],
    pipeline: PipelineFile = None,
    workspace: Keep = None,
) -> None:
    """Answers every question of a file. A question that fails yields a line that says so, and the run goes on."""
    chosen = _pipeline(pipeline)
    rows = list(_rows(questions, ("id", "question")))
    index = _prepared(chosen, _documents(docs), workspace)

    progress = counted("{done:,} of {total:,} questions")

    def lines() -> Iterator[str]:
        for number, row in enumerate(rows, 1):
            try:
                result = answer_row(row["id"], chosen.ask(row["question"], index))
            except WorkbenchError as problem:
                result = {
                    "id": row["id"],
                    "question": row["question"],
                    "answer": "",
                    "refused": True,
                    "confidence": 0.0,
                    "notice": "",
                    "error": str(problem),
                    "claims": [],
                    "hits": [],
                    "ms": {},
                }
            yield json.dumps(result, ensure_ascii=False)
            progress(number, len(rows))

    _write(out, lines())


@app.command()
def retrieve(
    corpus: Annotated[Path, typer.Option(help='JSON lines with "id", "title", "text"; may be gzipped')],
    queries: Annotated[Path, typer.Option(help='JSON lines with "id" and "text"')],
    out: Annotated[Path, typer.Option(help="A TREC run over document ids; a document's best passage counts")],
    pipeline: PipelineFile = None,
    top: Annotated[int, typer.Option(min=1, max=1000, help="Documents a query")] = 100,
    workspace: Keep = None,
) -> None:
    """Ranks the documents of a corpus for every query."""
    chosen = _pipeline(pipeline)
    asked = list(_rows(queries, ("id", "text")))
    documents = [
        Document(name=row["id"], text=row["text"] or str(row.get("title") or ""), title=str(row.get("title") or ""))
        for row in _rows(corpus, ("id", "text"))
    ]
    if len({document.name for document in documents}) != len(documents):
        raise FileProblem(f"{corpus.name}: an id stands there twice. Give every document its own id.")
    index = _prepared(chosen, documents, workspace)
    deep = chosen.retrieve.model_copy(update={"candidates": max(chosen.retrieve.candidates, min(4 * top, 1000))})
    whole = chosen.rerank.model_copy(update={"top": deep.candidates})

    progress = counted("{done:,} of {total:,} queries")

    def lines() -> Iterator[str]:
        for number, row in enumerate(asked, 1):
            best: dict[str, float] = {}
            for hit in whole(row["text"], deep(row["text"], index), index):
                best.setdefault(hit.chunk.span.document, hit.score)
            for rank, name in enumerate(list(best)[:top], 1):
                yield f"{row['id']} Q0 {name} {rank} {1.0 / rank:.6f} rag"
            progress(number, len(asked))

    _write(out, lines())


@app.command(name="options")
def print_options(as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON schemas")] = False) -> None:
    """Prints every stage with its options, their settings, defaults and help."""
    if as_json:
        schemas = {
            name: {kind: stage.model_json_schema() for kind, stage in options(union).items()} for name, union in UNIONS.items()
        }
        typer.echo(json.dumps(schemas, indent=2))
        return
    for name, union in UNIONS.items():
        typer.echo(f"\n{name}")
        for kind, stage in options(union).items():
            typer.echo(f"  {kind}: {stage.help()}")
            for field, info in stage.model_fields.items():
                if field != "kind":
                    default = json.dumps(info.default)
                    typer.echo(f"    {field} = {default if len(default) < 60 else default[:57] + '…'}  {info.description}")


@app.command(name="pipeline")
def print_pipeline(preset: Annotated[str, typer.Option(help=f"One of {', '.join(PRESETS)}")] = "default") -> None:
    """Prints a pipeline's JSON to edit."""
    if preset not in PRESETS:
        raise SettingProblem(f"No preset {preset!r}. Allowed: {', '.join(PRESETS)}.")
    typer.echo(PRESETS[preset][1].to_json())


@app.command()
def setup(workspace: Keep = None) -> None:
    """Builds the model and opens the workspace with the sample documents, so that the app starts at once."""
    with _usable(workspace):
        opened = open_workspace(workspace)
    chosen = PRESETS["default"][1]
    _say(f"{len(opened.documents):,} documents. {chosen.plan(opened.documents, opened.artifacts)}")
    chosen.prepare(opened.documents, opened.artifacts, counted(EMBEDDING)).question_vector("ready")


def main() -> None:
    """Runs the command line. Exit codes: 0 done, 1 a mistake to mend (one line says which), 2 wrong usage, 130 stopped."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    try:
        app()
    except WorkbenchError as problem:
        _say(f"error: {problem}")
        sys.exit(1)
    except KeyboardInterrupt:
        _say("stopped")
        sys.exit(130)


if __name__ == "__main__":
    main()
