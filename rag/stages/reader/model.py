"""The trained reader on ONNX Runtime, its graph built on this machine from the weights that lie beside this module."""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rag import wordpiece
from rag.errors import ModelProblem
from rag.keep.made import hash_of
from rag.stages.embed import minilm
from rag.stages.embed.graphs import keep_graph, opened
from rag.stages.reader.windows import Window, windows

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

WEIGHTS = Path(__file__).with_name("reader.safetensors")
FACTS = Path(__file__).with_name("reader.json")
BATCH_TOKENS = 2048
MISSING = (
    "The reader is not here, so statements are chosen by shared words. It needs MiniLM, and "
    "rag/stages/reader/reader.safetensors, which belongs to the repository."
)

Passage = tuple[str, tuple[str, ...]]
"""Where a passage stands, in words, and its sentences in order."""


def installed() -> bool:
    """Whether the reader can be used: its own weights are here, and MiniLM's, whose word embeddings it reads with."""
    return WEIGHTS.is_file() and wordpiece.installed()


@cache
def facts() -> dict[str, Any]:
    """What was written down when the reader was made: checksum, calibration, measured figures."""
    found: dict[str, Any] = json.loads(FACTS.read_text("utf-8"))
    return found


def operating() -> str:
    """In a sentence what was measured at the bar that the refusal has by default; empty where that is not known."""
    known = facts().get("operating") if installed() else None
    if not known:
        return ""
    sets = known["sets"].values()
    total = sum(one["questions"] for one in sets)
    lost, spared = ([one[f"{kind} refused"] for one in sets] for kind in ("answerable", "unanswerable"))
    return (
        f"Measured at {known['below']:g} on {total:,} questions of {len(known['sets'])} sets: {min(lost):.0%} to {max(lost):.0%} "
        f"of the answerable are refused, and {min(spared):.0%} to {max(spared):.0%} of those that the documents do not answer."
    )


def logits(question: str, passages: Sequence[Passage]) -> list[tuple[float, ...]]:
    """For each passage the logit of each of its sentences that it answers the question. Raises ModelProblem."""
    every = [(at, window) for at, (about, sentences) in enumerate(passages) for window in windows(question, about, sentences)]
    found = [[0.0] * len(sentences) for _, sentences in passages]
    for group in _batches(every):
        answers = _session().run(["answers"], _inputs([window for _, window in group]))[0]
        for row, (at, window) in enumerate(group):
            found[at][window.first : window.first + len(window.places)] = map(float, answers[row, : len(window.places)])
    return [tuple(one) for one in found]


def warm() -> None:
    """Makes the graph and opens it, where the reader is here, so that the first question does not wait for it."""
    if installed():
        logits("ready", [("", ("ready",))])


def _batches(every: list[tuple[int, Window]]) -> Iterator[list[tuple[int, Window]]]:
    """Windows of like length, at most `BATCH_TOKENS` tokens at once with their padding."""
    order = sorted(every, key=lambda one: len(one[1].ids))
    group: list[tuple[int, Window]] = []
    for one in order:
        if group and (len(group) + 1) * len(one[1].ids) > BATCH_TOKENS:
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _inputs(group: Sequence[Window]) -> dict[str, NDArray[Any]]:
    length, most = max(len(one.ids) for one in group), max(len(one.places) for one in group)
    whole = {name: np.zeros((len(group), length), np.int64) for name in ("ids", "types", "mask")}
    parts = {name: np.zeros((len(group), most, length), np.float32) for name in ("pool", "first")}
    for row, one in enumerate(group):
        size = len(one.ids)
        whole["ids"][row, :size] = one.ids
        whole["types"][row, one.asked : size] = 1
        whole["mask"][row, :size] = 1
        for at, (start, end) in enumerate(one.places):
            parts["pool"][row, at, start:end] = 1 / (end - start)
            parts["first"][row, at, start] = 1
    return {**whole, **parts}


@cache
def _session() -> "InferenceSession":
    return opened(_name(), _built, "int8")


def keep() -> None:
    """Keeps the graph, as the set-up does. Raises ModelProblem."""
    keep_graph(_name(), _built, "int8")


def _name() -> str:
    return f"reader-{facts()['sha256'][:12]}"


def _built() -> Any:
    from rag.stages.reader.graph import reader_graph

    return reader_graph(_weights())


def _weights() -> dict[str, NDArray[Any]]:
    """The trained weights in single precision, with MiniLM's word embeddings. Raises ModelProblem."""
    from safetensors.numpy import load_file

    if not WEIGHTS.is_file():
        raise ModelProblem(MISSING)
    if hash_of(WEIGHTS) != facts()["sha256"]:
        raise ModelProblem(f"{WEIGHTS.name} is not the file that was trained. Restore it from the repository.")
    name = "embeddings.word_embeddings.weight"
    trained = {key: np.asarray(value, np.float32) for key, value in load_file(WEIGHTS).items()}
    return {**trained, name: minilm.weights()[name]}
