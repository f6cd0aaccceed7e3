"""A pipeline as a short Python script that asks a folder of documents; it spells out what differs from the defaults."""

import textwrap
from typing import Any

from pydantic_core import PydanticUndefined

from rag.pipeline import UNIONS, Pipeline
from rag.stage import Stage

WIDTH = 100
FRAME = '''"""Answers questions from the documents in a folder, with a pipeline tuned in the Clinical RAG Workbench.

Run it where the workbench's package `rag` can be imported:  python ask.py FOLDER "A question" "Another question"
Settings that do not stand here have the defaults of that package. Documents that would wait for a person are left out.
"""

import sys
from pathlib import Path

{imports}

PIPELINE = {pipeline}


def main(folder: str, *questions: str) -> None:
    documents = documents_at([Path(folder)], screened=True)
    index = PIPELINE.prepare(documents, Artifacts())  # Artifacts(Path(".kept")) keeps vectors between runs.
    for question in questions:
        answer = PIPELINE.ask(question, index)
        print(question)
        for claim in answer.claims:
            places = ", ".join(f"{{c.span.document}}, page {{c.page}}" if c.page else c.span.document for c in claim.citations)
            print(f"  {{' '.join(claim.text.split())}} [{{places}}]")
        if answer.notice:
            print(answer.notice)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit('Usage: python ask.py FOLDER "A question" …')
    main(*sys.argv[1:])
'''


def to_script(pipeline: Pipeline) -> str:
    """The script. What has no fixed default, such as the embedder, which depends on what is installed, is always spelled out."""
    stages = {name: getattr(pipeline, name) for name in UNIONS}
    told = {name: stage for name, stage in stages.items() if stage != Pipeline.model_fields[name].default}
    classes = {(type(stage).__module__, type(stage).__name__) for stage in told.values()}
    ours = {("rag.artifacts", "Artifacts"), ("rag.commands.common", "documents_at"), ("rag.pipeline", "Pipeline")}
    modules: dict[str, list[str]] = {}
    for module, name in sorted(classes | ours):
        modules.setdefault(module, []).append(name)
    imports = "\n".join(f"from {module} import {', '.join(names)}" for module, names in modules.items())
    parts = [f"{name}={_stage(stage)}" for name, stage in told.items()]
    return FRAME.format(imports=imports, pipeline=_call("Pipeline", parts))


def _stage(stage: Stage) -> str:
    settings = stage.model_dump()
    fields = type(stage).model_fields
    return _call(
        type(stage).__name__,
        [
            f"{name}={_value(settings[name])}"
            for name, info in fields.items()
            if name != "kind" and getattr(stage, name) != _default(info)
        ],
    )


def _default(info: Any) -> Any:
    default = info.get_default(call_default_factory=True)
    return None if default is PydanticUndefined else default


def _call(name: str, arguments: list[str]) -> str:
    """A call, on one line where it fits, else an argument a line."""
    line = f"{name}({', '.join(arguments)})"
    if len(line) <= WIDTH and "\n" not in line:
        return line
    inside = textwrap.indent(",\n".join(arguments), "    ", lambda row: True)
    return f"{name}(\n{inside},\n)"


def _value(value: Any) -> str:
    """A plain value as Python writes it; a long text in pieces, none of which holds a line break."""
    if not isinstance(value, str) or len(repr(value)) <= WIDTH:
        return repr(value)
    pieces = [repr(value[at : at + WIDTH]) for at in range(0, len(value), WIDTH)]
    return "(\n" + "".join(f"    {piece}\n" for piece in pieces) + ")"
