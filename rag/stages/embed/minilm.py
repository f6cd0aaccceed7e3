"""all-MiniLM-L6-v2 on ONNX Runtime, its graph built on this machine from the pinned weights."""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from rag import wordpiece
from rag.embedding import Card, Embedding, Progress, Vectors, silent
from rag.errors import ModelProblem
from rag.keep.made import hash_of
from rag.stages.embed.graphs import keep_graph, opened

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BATCH_TOKENS = 2048
GRAPH = "2"  # Raised when the graph or the quantisation changes, so that a kept one is built anew.
Precision = Literal["int8", "fp32"]


class MiniLM(Embedding):
    """MiniLM (all-MiniLM-L6-v2, 384 dimensions, English) on this machine: meaning, not only words."""

    kind: Literal["minilm"] = "minilm"
    precision: Precision = Field(
        default="int8",
        description="int8: twice as fast, varies a little with the batch; fp32: the published model",
    )
    limit: int = Field(default=256, ge=16, le=512, description="Tokens read of a passage; the rest is cut off")

    has_tokens: ClassVar[bool] = True
    knows_meaning: ClassVar[bool] = True

    @property
    def dimension(self) -> int:
        return 384

    def __call__(self, texts: Sequence[str], progress: Progress = silent) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        session, done = _session(self.precision), 0
        for rows, ids, mask in _batches(self._encoded(texts)):
            vectors[rows] = session.run(["sentence"], {"ids": ids, "mask": mask})[0]
            done += len(rows)
            progress(done, len(texts))
        return vectors

    def card(self) -> Card:
        licence = "Apache-2.0" if wordpiece.installed() else f"Apache-2.0, install it with: {wordpiece.INSTALL}"
        return Card(self.dimension, self.limit, {"int8": 59, "fp32": 90}[self.precision], licence, wordpiece.installed())

    def count(self, text: str) -> int:
        return wordpiece.token_count(text) + 2  # With the marks at both ends.

    def tokens(self, texts: Sequence[str]) -> list[Vectors]:
        found: dict[int, Vectors] = {}
        session = _session(self.precision)
        for rows, ids, mask in _batches(self._encoded(texts)):
            output = np.asarray(session.run(["tokens"], {"ids": ids, "mask": mask})[0])
            output /= np.linalg.norm(output, axis=2, keepdims=True)
            for row, vectors, kept in zip(rows, output, mask, strict=True):
                found[row] = vectors[: int(kept.sum())]
        return [found[row] for row in range(len(texts))]

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        return [(int(start), int(end)) for start, end in wordpiece.tokenizer(self.limit).encode(text).offsets]

    def _encoded(self, texts: Sequence[str]) -> list[list[int]]:
        return [encoding.ids for encoding in wordpiece.tokenizer(self.limit).encode_batch(list(texts))]


def sentence_vectors(pieces: Sequence[Sequence[int]], output: Literal["sentence", "tokens"] = "sentence") -> Vectors:
    """The int8 model's vectors of sequences of pieces without marks: of each whole, or of its first piece."""
    tokens, session = wordpiece.tokenizer(None), _session("int8")
    first, last = tokens.encode("").ids
    vectors = np.zeros((len(pieces), 384), np.float32)
    for rows, ids, mask in _batches([[first, *piece[:254], last] for piece in pieces]):
        found = session.run([output], {"ids": ids, "mask": mask})[0]
        vectors[rows] = found if output == "sentence" else found[:, 1]
    return vectors


def _batches(encoded: Sequence[Sequence[int]]) -> Iterator[tuple[list[int], NDArray[np.int64], NDArray[np.int64]]]:
    """Rows of like length, at most `BATCH_TOKENS` tokens at once, padded to the longest of them."""
    order = sorted(range(len(encoded)), key=lambda row: len(encoded[row]))
    at = 0
    while at < len(order):
        stop = at + 1
        while stop < len(order) and (stop + 1 - at) * len(encoded[order[stop]]) <= BATCH_TOKENS:
            stop += 1
        rows = order[at:stop]
        ids = np.zeros((len(rows), len(encoded[rows[-1]])), np.int64)
        mask = np.zeros_like(ids)
        for place, row in enumerate(rows):
            length = len(encoded[row])
            ids[place, :length] = encoded[row]
            mask[place, :length] = 1
        yield rows, ids, mask
        at = stop


@cache
def _session(precision: str) -> "InferenceSession":
    return opened(_name(precision), _built, precision)


def keep() -> None:
    """Keeps the graph in either precision, as the set-up does. Raises ModelProblem."""
    for precision in get_args(Precision):
        keep_graph(_name(precision), _built, precision)


def _name(precision: str) -> str:
    return f"minilm-{precision}-{GRAPH}-{SHA256[:12]}"


def _built() -> Any:
    from rag.stages.embed.bert import bert_graph

    return bert_graph(weights(), json.loads((wordpiece.model_folder() / "config.json").read_text("utf-8")))


def weights() -> dict[str, NDArray[Any]]:
    """The published weights by name. Raises ModelProblem."""
    from safetensors.numpy import load_file

    path = wordpiece.model_folder() / "model.safetensors"
    if hash_of(path) != SHA256:
        raise ModelProblem(f"{path.name} is not the published all-MiniLM-L6-v2. Reinstall it with: {wordpiece.INSTALL}")
    found: dict[str, NDArray[Any]] = load_file(path)
    return found
