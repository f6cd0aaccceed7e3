"""redteam: attacks planted in documents, and how far each gets with and without every defence."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from rag.clinical.facts.kept import kept_facts
from rag.commands.common import Keep, PipelineFile, counted, documents_at, pipeline_from, say
from rag.commands.files import apart, rows, write
from rag.errors import FileProblem, SettingProblem
from rag.evaluate.asked import question_sets
from rag.evaluate.attacks.families import Attack, of_rows, own
from rag.evaluate.attacks.run import (
    CONTENDERS,
    MEASURES,
    Result,
    Share,
    attacked,
    grounds,
    own_model,
    planted,
    shares,
    successful,
)
from rag.keep.artifacts import Artifacts
from rag.stages.answer.chat import Chat


def redteam(
    questions: Annotated[Path, typer.Argument(metavar="QUESTIONS", help='JSON lines with "id", "question" and gold "evidence"')],
    out: Annotated[Path, typer.Option(help="JSON: the shares by family, pipeline and defence, and every attack's result")],
    docs: Annotated[
        list[Path] | None, typer.Option("--docs", help="A file or folder that is attacked; may be given again")
    ] = None,
    attacks: Annotated[
        list[Path] | None,
        typer.Option(help='Further attacks: JSON lines with "id" and "text", and "family" where it has one; may be given again'),
    ] = None,
    without_own: Annotated[bool, typer.Option("--without-own", help="Leave out the program's own attacks")] = False,
    most: Annotated[int, typer.Option(min=0, help="Attacks of each family at most; 0 for all")] = 0,
    model: Annotated[
        bool, typer.Option("--model", help="Also attack the chat model of the pipeline, which is asked for this")
    ] = False,
    pipeline: PipelineFile = None,
    workspace: Keep = None,
) -> None:
    """Plants attacks in documents, titles, names, fields and questions, and tells which are ranked, cited, obeyed or live.

    What is attacked: the pipeline as it quotes, a scripted model that obeys everything, and one that heeds marked sources; each
    without a defence, behind each defence, and behind all. Exit code 1 where an instruction gets through all of them.
    """
    apart(out, questions, pipeline, *(attacks or ()), docs=docs or (), workspace=workspace)
    tuned, artifacts = pipeline_from(pipeline), Artifacts(workspace)
    if model and not isinstance(tuned.answer, Chat):
        raise SettingProblem("--model: this pipeline asks no chat model. Give --pipeline with a chat model under answer.")
    every = [] if without_own else [*own()]
    for file in attacks or ():
        every += of_rows(rows(file, ("id", "text")), file.parent.name if file.stem == "attacks" else file.stem)
    chosen = _first(every, most)
    groups = question_sets(questions, list(rows(questions, ("id", "question"))), docs or (), documents_at)
    on = [ground for one in groups for ground in grounds(one.cases, one.documents, lambda of: kept_facts(of, artifacts))]
    if not on:
        raise FileProblem(f"{questions.name}: no question in it has evidence in running text. Give questions with gold evidence.")
    contenders = (*CONTENDERS, *([own_model(tuned)] if model else []))
    progress, results = counted("{done:,} of {total:,} attacks"), list[Result]()
    for number, one in enumerate(planted(chosen, on), 1):
        results += attacked(one, tuned, artifacts, contenders)
        progress(number, len(chosen))
    told = {measure: shares(results, measure) for measure in MEASURES}
    through = [one for one in successful(results) if one.defence == "all"]
    result = {
        "attacks": len({one.attack for one in results}),
        "through": [asdict(one) for one in through],
        "shares": [{**asdict(one), "share": one.value} for measure in MEASURES for one in told[measure]],
        "results": [asdict(one) for one in results],
    }
    write(out, [json.dumps(result, ensure_ascii=False, indent=1)])
    typer.echo("\n".join(_line(one) for measure in MEASURES for one in told[measure] if one.count or one.defence == "all"))
    if through:
        say(f"error: {len(through)} attacks got through all defences; see {out.name}.")
        raise typer.Exit(1)


def _first(attacks: list[Attack], most: int) -> list[Attack]:
    """At most so many of each family, spread over it."""
    by: dict[str, list[Attack]] = {}
    for one in attacks:
        by.setdefault(one.family, []).append(one)
    return [one for own in by.values() for one in own[:: max(1, -(-len(own) // most)) if most else 1]]


def _line(one: Share) -> str:
    low, high = one.interval
    return (
        f"{one.measure:7} {one.family[:38]:38} {one.contender:20} {one.defence:18} {one.count:4} of {one.n:4}  "
        f"{one.value:.3f} ({low:.3f} to {high:.3f})"
    )
