"""Dense models of fastembed's catalogue on ONNX Runtime; fastembed is an extra that the user installs."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from rag.embedding import Card, Embedding, Progress, Vectors, silent
from rag.errors import ModelProblem
from rag.extras import install
from rag.places import cache_folder
from rag.stage import Stage, fingerprint
from rag.stages.embed.remote import unit_rows
from rag.stages.hub import fetched
from rag.stages.hub import missing as absent

BATCH = 32
SEARCH = "Represent this sentence for searching relevant passages: "
STELLA = "Instruct: Given a web search query, retrieve relevant passages that answer the query.\nQuery: "
PREFIXES = {  # What the models' own pages put before a question and before a passage; fastembed itself adds nothing to these.
    r"baai/bge-(base|small|large)-en": (SEARCH, ""),
    r"mixedbread-ai/mxbai-embed": (SEARCH, ""),
    r"snowflake/snowflake-arctic-embed": (SEARCH, ""),
    r"nomic-ai/nomic-embed-text": ("search_query: ", "search_document: "),
    r"intfloat/multilingual-e5": ("query: ", "passage: "),
    r"google/embeddinggemma": ("task: search result | query: ", "title: none | text: "),
    r"qwen/qwen3-embedding": (
        "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:",
        "",
    ),
    r"qdrant/stella": (STELLA, ""),
}


class FastEmbed(Embedding):
    """A model of fastembed's catalogue, run on this machine; the set-up fetches it, or a folder holds it."""

    kind: Literal["fastembed"] = "fastembed"
    model: str = Field(default="BAAI/bge-small-en-v1.5", max_length=120, description="Its name in fastembed's catalogue")
    folder: str = Field(default="", max_length=400, description="Folder with the model's files; empty for the one fetched before")

    knows_meaning: ClassVar[bool] = True

    @property
    def dimension(self) -> int:
        return int(_described(self.model)["dim"])

    @property
    def limit(self) -> int | None:
        try:
            told = re.search(r"(?<!\d)(\d{1,9}) input tokens", str(_described(self.model)["description"]))
        except ModelProblem:
            return None
        return int(told[1]) if told else None

    def key(self) -> str:
        """As of every stage; a folder whose model was exchanged counts as another embedder."""
        return fingerprint(Stage.key(self), *(_state(Path(self.folder).expanduser()) if self.folder else ()))

    def card(self) -> Card:
        if find_spec("fastembed") is None:
            return Card(None, self.limit, 0, f"install it with: {install('fastembed')}", False)
        told = _described(self.model)
        try:
            here = bool(_place(self.model, self.folder))
        except ModelProblem:
            here = False
        return Card(self.dimension, self.limit, 1000 * float(told["size_in_GB"]), str(told["license"]), here)

    def count(self, text: str) -> int:
        try:
            found = _place(self.model, self.folder)
        except ModelProblem:
            return super().count(text)
        return len(_words(found).encode(text).ids)

    def __call__(self, texts: Sequence[str], progress: Progress = silent) -> Vectors:
        before = self._prefixes()[1]
        parts = [np.zeros((0, self.dimension), np.float32)]
        for at in range(0, len(texts), BATCH):
            parts.append(self._run([before + text for text in texts[at : at + BATCH]], "passage_embed"))
            progress(min(at + BATCH, len(texts)), len(texts))
        return np.concatenate(parts)

    def question(self, text: str) -> Vectors:
        vector: Vectors = self._run([self._prefixes()[0] + text], "query_embed")[0]
        return vector

    def _run(self, texts: list[str], way: str) -> Vectors:
        place = _place(self.model, self.folder)
        model = _loaded(self.model, place, _state(place))
        try:
            rows = list(getattr(model, way)(texts))
        except Exception as error:  # Of ONNX Runtime or the tokenizer; the kind is named, never the text.
            raise ModelProblem(f"{self.model} cannot embed ({type(error).__name__}). Is its folder complete?") from None
        found = unit_rows(rows, len(texts), self.model)
        if found.shape[1] != self.dimension:
            raise ModelProblem(
                f"{self.model} gave vectors of {found.shape[1]} numbers, not {self.dimension}. Is the folder another model's?"
            )
        return found

    def _prefixes(self) -> tuple[str, str]:
        return next((pair for name, pair in PREFIXES.items() if re.match(name, self.model.lower())), ("", ""))


def _library() -> Any:
    try:
        return import_module("fastembed").TextEmbedding
    except ImportError:
        raise ModelProblem(f"fastembed is not installed. Install it with: {install('fastembed')}") from None


@cache
def _catalogue() -> dict[str, dict[str, Any]]:
    return {str(one["model"]).lower(): one for one in _library().list_supported_models()}


def _described(model: str) -> dict[str, Any]:
    """The catalogue's entry of a model. Raises ModelProblem where there is none."""
    known = _catalogue()
    if model.lower() not in known:
        near = get_close_matches(model.lower(), known, 3, 0.3) or list(known)[:3]
        names = ", ".join(str(known[name]["model"]) for name in near)
        raise ModelProblem(f"fastembed has no dense model {model!r}. Near it: {names}. Choose one of its catalogue.")
    return known[model.lower()]


def fetch(model: str) -> bool:
    """Fetches a model, as the set-up does; False where the catalogue has none of that name. Raises ModelProblem."""
    try:
        known = model.lower() in _catalogue()
    except ModelProblem:
        return False
    if known:
        fetched(model, lambda: _snapshot(model))
    return known


def _place(model: str, given: str) -> Path:
    """The folder with a model's files. Raises ModelProblem."""
    wanted = _wanted(model)
    folder = Path(given).expanduser() if given else _snapshot_here(model)
    missing = [name for name in wanted if not (folder and (folder / name).is_file())]
    if given and missing:
        raise ModelProblem(f"The folder of {model} lacks {', '.join(missing)}. Give the folder that holds the whole model.")
    if folder is None or missing:
        raise absent(model, "Give the folder that holds it, or fetch it")
    return folder


def _wanted(model: str) -> list[str]:
    return [str(_described(model)["model_file"]), "tokenizer.json", "tokenizer_config.json"]


def _snapshot_here(model: str) -> Path | None:
    try:
        return _snapshot(model, local_files_only=True)
    except Exception:  # It is not here yet.
        return None


def _snapshot(model: str, **how: Any) -> Path:
    told = _described(model)
    others = ["config.json", "special_tokens_map.json", "preprocessor_config.json", *told["additional_files"]]
    settings = {"cache_dir": cache_folder() / "fastembed", "allow_patterns": [*_wanted(model), *others]}
    return Path(import_module("huggingface_hub").snapshot_download(told["sources"]["hf"], **settings, **how))


def _state(folder: Path) -> tuple[str, ...]:
    """Changes when a file of the model does; empty where there is no folder."""
    files = sorted(folder.glob("*")) + sorted(folder.glob("onnx/*"))
    states = [(file.name, file.stat()) for file in files if file.is_file()]
    return tuple(f"{name} {state.st_size} {state.st_mtime_ns}" for name, state in states)


@lru_cache(maxsize=2)
def _loaded(model: str, folder: Path, state: tuple[str, ...]) -> Any:
    try:
        return _library()(model, specific_model_path=str(folder), local_files_only=True, providers=["CPUExecutionProvider"])
    except ModelProblem:
        raise
    except Exception as error:
        raise ModelProblem(f"{model} cannot be loaded ({type(error).__name__}). Is its folder complete?") from None


@lru_cache(maxsize=2)
def _words(folder: Path) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
