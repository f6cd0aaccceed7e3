"""A cross-encoder: question and passage are read together, one pair at a time, on ONNX Runtime."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from rag.errors import ModelProblem, SettingProblem
from rag.extras import install
from rag.keep.artifacts import text_key
from rag.places import cache_folder
from rag.stage import fingerprint
from rag.stages.embed.graphs import session
from rag.stages.hub import fetched, missing
from rag.stages.index.base import Index
from rag.stages.rerank.keep import Reranking
from rag.values import Hit

QUESTIONS_KEPT = 512
INPUTS = {"input_ids", "attention_mask", "token_type_ids"}
Pairs = Sequence[tuple[str, str]]
Logits = NDArray[np.float64]


class CrossEncoder(Reranking):
    """A cross-encoder (Nogueira & Cho, 2019) reads question and passage together: better than vectors, and slower."""

    kind: Literal["cross"] = "cross"
    model: str = Field(
        default="Xenova/ms-marco-MiniLM-L-6-v2",
        max_length=300,
        description="A folder with model.onnx and tokenizer.json, or the name of a cross-encoder of fastembed",
    )
    depth: int = Field(default=20, ge=1, le=200, description="Candidates read with the question; the rest keep their order")
    limit: int = Field(default=512, ge=32, le=8192, description="Tokens of question and passage together; the rest is cut off")
    batch: int = Field(default=16, ge=1, le=128, description="Pairs read at once: more is faster and takes more memory")

    def __call__(self, question: str, hits: list[Hit], index: Index) -> list[Hit]:
        near, far = hits[: self.depth], hits[self.depth :]
        if not near:
            return []
        logits = self._scored(question, [hit.chunk.indexed for hit in near], index)
        scores = 1 / (1 + np.exp(-logits))
        order = np.argsort(-logits, kind="stable")
        ranked = [near[at].after("cross", float(scores[at]), rank) for rank, at in enumerate(order, 1)]
        return self.followed(ranked, far)

    def _scored(self, question: str, texts: Sequence[str], index: Index) -> Logits:
        """The logit of every passage. Those of the last questions are kept, so that going back costs nothing."""
        folder = _folder(self.model)
        key = fingerprint("cross", self.model, str(folder and _state(folder)), str(self.limit), question)
        kept: dict[str, float] = index.artifacts.remembered(key, dict, "cross", QUESTIONS_KEPT)
        keys = [text_key(text) for text in texts]
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in kept}
        if missing:
            read = _local(folder, _state(folder), self.limit) if folder else _of_fastembed(self.model)
            pairs = sorted(((key, text) for key, text in missing.items()), key=lambda pair: len(pair[1]))
            for at in range(0, len(pairs), self.batch):
                part = pairs[at : at + self.batch]
                kept.update(zip((key for key, _ in part), read([(question, text) for _, text in part]).tolist(), strict=True))
        return np.array([kept[key] for key in keys], np.float64)


def _folder(model: str) -> Path | None:
    """The folder with the model's files, or None where the name is one of a catalogue's. Raises SettingProblem."""
    if not model.strip():
        raise SettingProblem("No cross-encoder is named. Give a folder with model.onnx and tokenizer.json.")
    folder = Path(model).expanduser()
    if folder.is_dir():
        missing = [name for name, there in (("model.onnx", _graph(folder)), ("tokenizer.json", _words(folder))) if not there]
        if missing:
            raise SettingProblem(f"{model}: {' and '.join(missing)} not found there. Export the cross-encoder to ONNX first.")
        return folder
    if folder.is_absolute() or model.startswith((".", "~")):
        raise SettingProblem(f"{model}: no such folder. Give one with model.onnx and tokenizer.json.")
    return None


def _graph(folder: Path) -> Path | None:
    return next((path for path in (folder / "model.onnx", folder / "onnx" / "model.onnx") if path.is_file()), None)


def _words(folder: Path) -> Path | None:
    path = folder / "tokenizer.json"
    return path if path.is_file() else None


def _state(folder: Path) -> tuple[int, ...]:
    """Changes when the files of a model do."""
    files = [path.stat() for path in (_graph(folder), _words(folder)) if path]
    return tuple(number for file in files for number in (file.st_mtime_ns, file.st_size))


@lru_cache(maxsize=2)
def _local(folder: Path, state: tuple[int, ...], limit: int) -> Callable[[Pairs], Logits]:
    """Reads pairs with the model of a folder. Raises ModelProblem where it cannot be used as a cross-encoder."""
    from tokenizers import Tokenizer

    try:
        opened = session(_graph(folder) or folder)
        tokenizer = Tokenizer.from_file(str(_words(folder)))
    except Exception as error:  # Both libraries raise kinds of their own.
        raise ModelProblem(
            f"{folder.name}: model.onnx or tokenizer.json cannot be read ({type(error).__name__}). Export the model again."
        ) from None
    wanted = [one.name for one in opened.get_inputs()]
    if not set(wanted) <= INPUTS:
        raise ModelProblem(f"{folder.name}: its inputs are {', '.join(wanted)}; allowed: {', '.join(sorted(INPUTS))}.")
    padding = (tokenizer.padding or {}).get("pad_id", tokenizer.token_to_id("[PAD]") or tokenizer.token_to_id("<pad>") or 0)
    tokenizer.no_padding()
    tokenizer.enable_truncation(limit, strategy="longest_first")

    def read(pairs: Pairs) -> Logits:
        encoded = tokenizer.encode_batch(list(pairs))
        shape = (len(encoded), max(len(one.ids) for one in encoded))
        feed: dict[str, Any] = {name: np.zeros(shape, np.int64) for name in INPUTS}
        feed["input_ids"] += padding
        for row, one in enumerate(encoded):
            length = len(one.ids)
            feed["input_ids"][row, :length] = one.ids
            feed["attention_mask"][row, :length] = 1
            feed["token_type_ids"][row, :length] = one.type_ids
        try:
            output = np.asarray(opened.run(None, {name: feed[name] for name in wanted})[0], np.float64)
        except Exception as error:
            raise ModelProblem(
                f"{folder.name} fails on {shape[1]} tokens ({type(error).__name__}). Lower the limit, or export it again."
            ) from None
        return _relevance(output, folder.name)

    return read


def _relevance(output: Logits, name: str) -> Logits:
    """One logit a pair, from the relevance itself or from the two classes (irrelevant, relevant)."""
    if output.ndim == 2 and output.shape[1] == 2:
        return np.asarray(output[:, 1] - output[:, 0])
    if output.ndim == 1 or (output.ndim == 2 and output.shape[1] == 1):
        return output.reshape(-1)
    raise ModelProblem(
        f"{name} gives numbers of shape {output.shape[1:]} for a pair; a cross-encoder gives one or two. Choose another model."
    )


@lru_cache(maxsize=2)
def _of_fastembed(model: str) -> Callable[[Pairs], Logits]:
    """Reads pairs with a cross-encoder of fastembed, which the set-up has fetched."""
    try:
        encoders = _encoders()
    except ImportError:
        raise ModelProblem(
            f"{model} is no folder here, and fastembed is not installed. Give a folder with model.onnx and tokenizer.json, "
            f"or install it with: {install('fastembed')}"
        ) from None
    known = {one["model"] for one in encoders.list_supported_models()}
    if model not in known:
        raise SettingProblem(f"fastembed has no cross-encoder {model!r}. Allowed: {', '.join(sorted(known))}, or a folder.")
    if not _home().is_dir():  # fastembed would make it.
        raise missing(model)
    try:
        encoder = encoders(model, cache_dir=str(_home()), local_files_only=True)
    except Exception:  # It is not here yet.
        raise missing(model) from None

    def read(pairs: Pairs) -> Logits:
        question = pairs[0][0]
        return np.array(list(encoder.rerank(question, [text for _, text in pairs], batch_size=len(pairs))), np.float64)

    return read


def fetch(model: str) -> bool:
    """Fetches a cross-encoder, as the set-up does; False where fastembed has none of that name. Raises ModelProblem."""
    try:
        encoders = _encoders()
    except ImportError:
        return False
    known = any(one["model"] == model for one in encoders.list_supported_models())
    if known:
        fetched(model, lambda: encoders(model, cache_dir=str(_home())))
    return known


def _home() -> Path:
    return cache_folder() / "fastembed"


def _encoders() -> Any:
    return import_module("fastembed.rerank.cross_encoder").TextCrossEncoder
