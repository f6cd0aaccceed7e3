"""The key of a stage: the same in every process, and another one with other settings."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
KEYS = """from rag.pipeline import Pipeline
from rag.stages.embed.minilm import MiniLM
{}
pipeline = Pipeline(embed=MiniLM())
print(pipeline.embed.key(), pipeline.key("defer", []))
"""


def keys(first: str) -> str:
    return subprocess.run([sys.executable, "-c", KEYS.format(first)], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_a_key_is_the_same_whatever_was_imported_before() -> None:
    """Else what the set-up embeds, which builds the graphs, would be embedded once more by the app."""
    assert keys("") == keys("import rag.stages.embed.bert, rag.stages.reader.graph, rag.away.serve") != ""
