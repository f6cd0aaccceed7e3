"""A pipeline as a short Python script that asks a folder of documents; it spells out what differs from the defaults."""

import textwrap
from typing import Any

from pydantic_core import PydanticUndefined

from rag.away.scope import literal
from rag.pipeline import UNIONS, Pipeline
from rag.stage import Stage
from rag.values import Filter

WIDTH = 100
FRAME = '''"""Answers questions from the documents in a folder, with a pipeline tuned in the Clinical RAG Workbench.

Run it anywhere with a Python in which the workbench is installed (pip install HOME, its folder), or with its own after make run:
    python ask.py FOLDER "A question" "Another question"
    PYTHONPATH=HOME HOME/.venv/bin/python ask.py FOLDER "A question" "Another question"
Settings that do not stand here have the defaults of that package. ONLY is the filter that was set.
Documents that would wait for a person are left out.
"""

import sys
from pathlib import Path

try:
{imports}
except ImportError as missing:
    sys.exit(
        f"error: {{missing.name}} is not installed here. Install the Clinical RAG Workbench (pip install HOME, its folder), or "
        f"set it up there (make run) and then: PYTHONPATH=HOME HOME/.venv/bin/python {{sys.argv[0]}} FOLDER 'A question'"
    )

PIPELINE = {pipeline}
ONLY = {only}  # What a question may see.


def main(folder: str, *questions: str) -> None:
    documents = documents_at([Path(folder)], screened=True)
    known(ONLY, documents)
    index = PIPELINE.prepare(documents, Artifacts())  # Artifacts(Path(".kept")) keeps vectors between runs.
    for question in questions:
        answer = PIPELINE.ask(question, index, ONLY)
        print(question)
        for claim in () if answer.refused else answer.claims:
            places = ", ".join(place_words(c) for c in claim.citations)
            marks = "".join(f" ({{mark}})" for mark in claim.marks)
            print(f"  {{'Also: ' * (claim.role == 'also')}}{{' '.join(claim.text.split())}} [{{places}}]{{marks}}")
        print(told(answer))
        if answer.nearest:
            print(f"  Possibly, not an answer: {{' '.join(answer.nearest.quote.split())}} [{{answer.nearest.span.document}}]")
        if answer.notice and not answer.refused:
            print(answer.notice)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit('Usage: python ask.py FOLDER "A question" …')
    try:
        main(*sys.argv[1:])
    except WorkbenchError as problem:
        sys.exit(f"error: {{problem}}")
'''


OURS = {
    ("rag.stages.answer.outcome", "told"),
    ("rag.keep.artifacts", "Artifacts"),
    ("rag.away.scope", "known"),
    ("rag.commands.common", "documents_at"),
    ("rag.errors", "WorkbenchError"),
    ("rag.pipeline", "Pipeline"),
    ("rag.values", "Filter"),
    ("rag.values", "place_words"),
}


def to_script(pipeline: Pipeline, only: Filter = Filter()) -> str:
    """The script, with the filter through which its questions see the documents.

    What has no fixed default, such as the embedder, which depends on what is installed, is always spelled out.
    """
    stages = {name: getattr(pipeline, name) for name in UNIONS}
    told = {name: stage for name, stage in stages.items() if stage != Pipeline.model_fields[name].default}
    classes = {(type(stage).__module__, type(stage).__name__) for stage in told.values()}
    modules: dict[str, list[str]] = {}
    for module, name in sorted(classes | OURS):
        modules.setdefault(module, []).append(name)
    imports = "\n".join(f"    from {module} import {', '.join(names)}" for module, names in modules.items())
    parts = [f"{name}={_stage(stage)}" for name, stage in told.items()]
    return FRAME.format(imports=imports, pipeline=_call("Pipeline", parts), only=_call("Filter", literal(only)))


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
