"""ask, batch and retrieve: questions to documents."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from rag.away.records import answer_row, failed_row
from rag.clinical.statements import shown
from rag.commands.common import (
    Docs,
    Keep,
    PipelineFile,
    Released,
    counted,
    documents_at,
    pipeline_from,
    prepared,
)
from rag.commands.files import apart, rows, write
from rag.commands.scope import After, Authors, Before, InForce, Names, Nobody, Patients, Statuses, Types, among, chosen
from rag.commands.workers import Ready, Row, Scheduler, asking
from rag.errors import FileProblem, WorkbenchError
from rag.keep.cluster import Lost
from rag.pipeline.follow import By, follow_row, put, read_conversation, turn_of, write_conversation
from rag.pipeline.steps import checked
from rag.stages.answer.outcome import looked_at, told
from rag.stages.verify import tally
from rag.values import Answer, Claim, Conflict, Document, Position, place_words


def _shown(answer: Answer) -> str:
    lines = [*answer.scope.notes, *filter(None, [told(answer), looked_at(answer)])]
    lines += [line for one in answer.conflicts for line in conflict_lines(one)]
    claims = () if answer.refused else answer.claims
    lines += [f"  {_cited(claim)}" for claim in claims if claim.role == "answer"]
    also = [f"  {_cited(claim)}" for claim in claims if claim.role == "also"]
    lines += ["Also:", *also] if also else []
    if answer.nearest:
        quote, where = shown(answer.nearest.quote), place_words(answer.nearest)
        lines.append(f"Possibly, not an answer: {quote}  ({where})")
    if answer.notice and not answer.refused:
        lines.append(answer.notice)
    about = [f"confidence {answer.confidence:.2f}", tally(claims), f"{sum(answer.ms.values()):.0f} ms"]
    lines.append("\n" + "; ".join(filter(None, about)))
    for at, hit in enumerate(answer.hits, 1):
        lines.append(f"[{at}] {place_words(hit.chunk)}  {hit.score:.3f}")
    return "\n".join(lines)


def _cited(claim: Claim) -> str:
    sources = "".join(f"[{cited.source}]" for cited in claim.citations)
    verdict = {True: "", False: f"not supported: {claim.reason}", None: claim.reason}[claim.supported]
    beside = "; ".join(filter(None, [*claim.marks, verdict]))
    return f"{claim.lead}{shown(claim.text)} {sources}" + (f"  ({beside})" if beside else "")


def conflict_lines(one: Conflict) -> list[str]:
    """A conflict, and below it both passages with date, author's role and what is in force."""
    return [one.words, *(f"  {_stands(place)}: {' '.join(place.quote.split())}" for place in one.positions)]


def _stands(place: Position) -> str:
    return ", ".join(filter(None, [place_words(place), place.date, place.author, place.standing]))


def ask(
    question: Annotated[str, typer.Argument(help="The question")],
    docs: Docs,
    pipeline: PipelineFile = None,
    workspace: Keep = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole answer as JSON")] = False,
    document: Names = None,
    type_: Types = None,
    after: After = None,
    before: Before = None,
    patient: Patients = None,
    author: Authors = None,
    status: Statuses = None,
    in_force: InForce = False,
    nobody: Nobody = False,
    screen: Released = False,
    follow: Annotated[
        Path | None,
        typer.Option(
            help="A conversation's JSON file, made if it is missing: the question may lean on those in it, and joins them"
        ),
    ] = None,
    rewrite: Annotated[
        By, typer.Option(help="Who puts a follow-up so that it stands alone; model is the chat model that answers")
    ] = "rules",
) -> None:
    """Answers one question from documents, with the passages that it was found in. The filter says which may be used."""
    apart(follow, pipeline, docs=docs, workspace=workspace, option="--follow")
    turns = read_conversation(follow) if follow else ()
    tuned = pipeline_from(pipeline)
    only = chosen(document, type_, after, before, patient, author, status, in_force, nobody)
    documents = documents_at(docs, screen)
    among(only, documents)
    typed, index = checked(question), prepared(tuned, documents, workspace)
    put_so = put(typed, turns, index, tuned, rewrite)
    answer = tuned.ask(put_so.question, index, only)
    if follow:
        write_conversation(follow, [*turns, turn_of(answer, typed)])
    if as_json:
        leaning = {"follow": follow_row(typed, put_so)} if follow else {}
        typer.echo(json.dumps({"id": "1", **answer_row(answer), **leaning}, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(filter(None, [put_so.told, _shown(answer)])))


def batch(
    docs: Docs,
    questions: Annotated[Path, typer.Option(help='JSON lines with "id" and "question"')],
    out: Annotated[Path, typer.Option(help="JSON lines, one answer a question")],
    pipeline: PipelineFile = None,
    workspace: Keep = None,
    document: Names = None,
    type_: Types = None,
    after: After = None,
    before: Before = None,
    patient: Patients = None,
    author: Authors = None,
    status: Statuses = None,
    in_force: InForce = False,
    nobody: Nobody = False,
    screen: Released = False,
    scheduler: Scheduler = None,
) -> None:
    """Answers every question of a file, each on its own. One that fails yields a line that says so, and the run goes on."""
    apart(out, questions, pipeline, docs=docs, workspace=workspace)
    tuned = pipeline_from(pipeline)
    only = chosen(document, type_, after, before, patient, author, status, in_force, nobody)
    asked = list(rows(questions, ("id", "question")))
    documents = documents_at(docs, screen)
    among(only, documents)
    progress = counted("{done:,} of {total:,} questions")

    with asking(scheduler, tuned, documents, workspace, only) as ask_each:

        def lines() -> Iterator[str]:
            for number, (row, line) in enumerate(zip(asked, ask_each(_answered, asked), strict=True), 1):
                try:
                    yield line.result()
                except Lost as problem:
                    yield _row(row, failed_row(row["question"], str(problem)))
                progress(number, len(asked))

        write(out, lines())


def _answered(ready: Ready, row: Row) -> str:
    try:
        return _row(row, answer_row(ready.pipeline.ask(row["question"], ready.index, ready.only)))
    except WorkbenchError as problem:
        return _row(row, failed_row(row["question"], str(problem)))


def _row(row: Row, answer: Row) -> str:
    return json.dumps({"id": row["id"], **answer}, ensure_ascii=False)


def retrieve(
    corpus: Annotated[Path, typer.Option(help='JSON lines with "id", "title", "text"; may be gzipped')],
    queries: Annotated[Path, typer.Option(help='JSON lines with "id" and "text"')],
    out: Annotated[Path, typer.Option(help="A TREC run over document ids; a document's best passage counts")],
    pipeline: PipelineFile = None,
    top: Annotated[int, typer.Option(min=1, max=1000, help="Documents a query")] = 100,
    workspace: Keep = None,
    scheduler: Scheduler = None,
) -> None:
    """Ranks the documents of a corpus for every query, for tools that score runs (trec_eval, ir_measures)."""
    apart(out, corpus, queries, pipeline, workspace=workspace)
    tuned = pipeline_from(pipeline)
    asked = list(rows(queries, ("id", "text")))
    documents = [
        Document(name=row["id"], text=row["text"] or str(row.get("title") or ""), title=str(row.get("title") or ""))
        for row in rows(corpus, ("id", "text"))
    ]
    if len({document.name for document in documents}) != len(documents):
        raise FileProblem(f"{corpus.name}: an id stands there twice. Give every document its own id.")
    progress = counted("{done:,} of {total:,} queries")

    with asking(scheduler, tuned, documents, workspace) as ask_each:

        def lines() -> Iterator[str]:
            for number, ranked in enumerate(ask_each(partial(_ranked, top), asked), 1):
                if run := ranked.result():
                    yield run
                progress(number, len(asked))

        write(out, lines())


def _ranked(top: int, ready: Ready, row: Row) -> str:
    """The lines of a run for a query."""
    tuned, best = ready.pipeline, dict[str, float]()
    deep = tuned.retrieve.model_copy(update={"candidates": max(tuned.retrieve.candidates, min(4 * top, 1000))})
    whole = tuned.rerank.model_copy(update={"top": deep.candidates})
    for hit in whole(row["text"], deep(row["text"], ready.index), ready.index):
        best.setdefault(hit.chunk.span.document, hit.score)
    return "\n".join(f"{row['id']} Q0 {name} {rank} {1.0 / rank:.6f} rag" for rank, name in enumerate(list(best)[:top], 1))
