"""perturb and perturbed: question sets as tests of refusal and conflict, and what a pipeline makes of them."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from rag.clinical.facts.kept import kept_facts
from rag.commands.common import Keep, PipelineFile, counted, documents_at, pipeline_from, say
from rag.commands.files import apart, rows, write
from rag.errors import FileProblem
from rag.evaluate.asked import question_sets
from rag.evaluate.perturb import perturb
from rag.evaluate.perturb.change import Perturbed, perturbed, row_of
from rag.evaluate.perturb.scored import Outcome, Share, over_cells, scored, shares
from rag.keep.artifacts import Artifacts
from rag.values import Document


def perturb_questions(
    questions: Annotated[
        Path,
        typer.Argument(metavar="QUESTIONS", help='JSON lines with "id", "question", "evidence"; "docs" where each names its own'),
    ],
    out: Annotated[Path, typer.Option(help="JSON lines: one perturbed question each, with what is edited and what is right")],
    docs: Annotated[list[Path] | None, typer.Option("--docs", help="A file or folder that is asked; may be given again")] = None,
    each: Annotated[int, typer.Option(min=0, help="Questions of each cell at most, drawn by the seed; 0 for all")] = 20,
    seed: Annotated[int, typer.Option(help="The same seed gives the same questions")] = 0,
    workspace: Keep = None,
) -> None:
    """Makes a test of refusal and conflict from a question set: 18 cells, each with the outcomes that are right.

    Evidence is missing, contradictory, ambiguous, outdated, another patient's or poisoned, in three strengths; and every question
    that is drawn unchanged stands first, to compare with.
    """
    apart(out, questions, docs=docs or (), workspace=workspace)
    artifacts, told = Artifacts(workspace), list(rows(questions, ("id", "question")))
    found: list[tuple[dict[str, Any], Perturbed]] = []
    for group in question_sets(questions, told, docs or (), documents_at):
        if group.left_out:
            every = group.left_out + len(group.cases)
            say(f"left out: {group.left_out} of {every}, whose evidence does not stand in the documents")
        by_name = {one.name: one for one in group.documents}
        places = [os.path.relpath(path, out.parent) for path in group.paths]
        made = perturb(group.cases, group.documents, 0, seed, lambda one: kept_facts(one, artifacts))
        found += [({**row_of(one, by_name), "docs": places}, one) for one in made]
    kept = _drawn(found, each)
    if not kept:
        raise FileProblem(f"{questions.name}: no question in it has evidence. Give questions with gold evidence.")
    write(out, (json.dumps(row, ensure_ascii=False) for row in kept))
    say(f"{len(kept):,} perturbed questions of {len({row['of'] for row in kept}):,}, in {out.name}")


def ask_perturbed(
    questions: Annotated[Path, typer.Argument(metavar="FILE", help="What `rag perturb` wrote")],
    out: Annotated[Path, typer.Option(help="JSON: the share of right outcomes by cell, and every outcome")],
    pipeline: PipelineFile = None,
    workspace: Keep = None,
) -> None:
    """Asks perturbed questions and prints the share of right outcomes by cell, with its count and 95 % interval."""
    apart(out, questions, pipeline, workspace=workspace)
    tuned, artifacts, outcomes = pipeline_from(pipeline), Artifacts(workspace), list[Outcome]()
    told = list(rows(questions, ("id", "question", "of", "kind")))
    progress = counted("{done:,} of {total:,} questions")
    for one, documents in _read(questions, told):
        outcomes.append(scored(one, tuned, documents, artifacts))
        progress(len(outcomes), len(told))
    found = shares(outcomes)
    result = {
        "right over the cells": over_cells(found),
        "cells": [{**asdict(one), "share": one.value} for one in found],
        "failed": sum(bool(one.error) for one in outcomes),
        "outcomes": [asdict(one) for one in outcomes],
    }
    write(out, [json.dumps(result, ensure_ascii=False, indent=1)])
    typer.echo("\n".join(_line(one) for one in found))
    mean = over_cells(found)
    typer.echo("no cell was asked" if mean is None else f"right over the cells: {mean:.3f}")


def _drawn(found: Sequence[tuple[dict[str, Any], Perturbed]], each: int) -> list[dict[str, Any]]:
    """At most so many of each cell; taken in turns from the folders, which come one after the other."""
    by: dict[tuple[str, int], dict[tuple[str, ...], list[dict[str, Any]]]] = {}
    for row, one in found:
        by.setdefault((one.kind, one.strength), {}).setdefault(tuple(row["docs"]), []).append(row)
    kept = []
    for folders in by.values():
        longest = max(map(len, folders.values()))
        turns = [row for turn in range(longest) for own in folders.values() for row in own[turn : turn + 1]]
        kept += turns[: each or None]
    return kept


def _read(file: Path, told: Sequence[dict[str, Any]]) -> Iterator[tuple[Perturbed, list[Document]]]:
    """Every perturbed question with its documents, which are read once."""
    known: dict[tuple[str, ...], list[Document]] = {}
    for number, row in enumerate(told, 1):
        places = row.get("docs")
        if not isinstance(places, list):
            raise FileProblem(f"{file.name}, line {number}: names no documents. Give the file that `rag perturb` wrote.")
        names = tuple(map(str, places))
        if names not in known:
            known[names] = documents_at([file.parent / name for name in names])
        yield perturbed(row, {one.name: one for one in known[names]}, f"{file.name}, line {number}"), known[names]


def _line(one: Share) -> str:
    low, high = one.interval
    came = ", ".join(f"{name} {count}" for name, count in sorted(one.outcomes.items()))
    cell = f"{one.kind} {one.strength}" if one.strength else one.kind
    return f"{cell:16} {one.right:4} of {one.n:4} right  {one.value:.3f} ({low:.3f} to {high:.3f})  {came}"
