"""options, pipeline and setup: what can be set, and the first preparation."""

import json
from typing import Annotated, Literal

import typer

from rag.away.script import to_script
from rag.away.yaml import to_yaml
from rag.commands.common import Keep, PipelineFile, made_ready, pipeline_from, say
from rag.documents.workspace import open_workspace
from rag.errors import SettingProblem
from rag.extras import install
from rag.pipeline import UNIONS, Pipeline
from rag.pipeline.presets import PRESETS
from rag.stage import options
from rag.stages.embed import distil, fastembed, minilm
from rag.stages.reader import model as reader
from rag.stages.rerank import compressor, cross
from rag.stages.verify import model as support
from rag.wordpiece import installed


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


def print_pipeline(
    preset: Annotated[str, typer.Option(help=f"Which one to print: {', '.join(PRESETS)}; or give --pipeline")] = "default",
    pipeline: PipelineFile = None,
    form: Annotated[Literal["json", "yaml", "script"], typer.Option("--as", help="What to print")] = "json",
) -> None:
    """Prints a pipeline to edit, or as a Python script that asks a folder of documents."""
    if preset not in PRESETS:
        raise SettingProblem(f"No preset {preset!r}. Allowed: {', '.join(PRESETS)}.")
    chosen = pipeline_from(pipeline) if pipeline else PRESETS[preset][1]
    written = {"json": Pipeline.to_json, "yaml": to_yaml, "script": to_script}[form](chosen)
    typer.echo(written.rstrip("\n"))


def setup(
    workspace: Keep = None,
    fetch: Annotated[
        list[str] | None,
        typer.Option(help="A model of fastembed's catalogue or of flashrank to fetch too; may be given again"),
    ] = None,
) -> None:
    """Makes what is made once on this machine, and opens the workspace with the sample documents, so that the app starts at once.

    Nothing else writes where that is kept: .cache in a checkout, the user's cache where installed, or RAG_CACHE. Models are
    fetched only from a host that RAG_ALLOWED_HOSTS names.
    """
    for model in fetch or ():
        _fetch(model)
    keep_models()
    opened = open_workspace(workspace).project()
    chosen = PRESETS["default"][1]
    made_ready(chosen, opened.shelf.documents, opened.artifacts).question_vector("ready")
    reader.warm()


def keep_models() -> None:
    """Makes MiniLM's graphs, those of the trained models and the static table, as far as they are not kept yet."""
    if installed():
        minilm.keep()
    if reader.installed():
        reader.keep()
    if support.installed():
        support.keep()
    if installed():
        if not distil.kept():
            say("Distilling MiniLM into the static embedder's table: once, in about half a minute.")
        distil.keep()


def _fetch(model: str) -> None:
    if not (fastembed.fetch(model) or cross.fetch(model) or compressor.fetch(model)):
        raise SettingProblem(
            f"No model {model!r} is known to fastembed or flashrank, as far as they are installed. Check the name, or install "
            f"one of them: {install('fastembed')}, or pip install flashrank"
        )
    say(f"{model} is on this machine.")
