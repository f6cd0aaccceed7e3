"""options, pipeline and setup: what can be set, and the first preparation."""

import json
from typing import Annotated, Literal

import typer

from rag.away.script import to_script
from rag.away.yaml import to_yaml
from rag.commands.common import Keep, PipelineFile, made_ready, pipeline_from, say
from rag.documents.workspace import open_workspace
from rag.errors import SettingProblem
from rag.pipeline import UNIONS, Pipeline
from rag.pipeline.presets import PRESETS
from rag.stage import options
from rag.stages.embed.distil import distilled, kept
from rag.stages.reader import model as reader
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


def setup(workspace: Keep = None) -> None:
    """Builds the model and opens the workspace with the sample documents, so that the app starts at once."""
    opened = open_workspace(workspace)
    chosen = PRESETS["default"][1]
    made_ready(chosen, opened.documents, opened.artifacts).question_vector("ready")
    reader.warm()
    if installed() and not kept():
        say("Distilling MiniLM into the static embedder's table: once, in about half a minute.")
        distilled()
