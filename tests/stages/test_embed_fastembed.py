"""fastembed: an extra with clear words where it or a model is missing; real runs on a tiny model that is made here."""

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from rag.errors import ModelProblem
from rag.extras import install
from rag.stages.embed import fastembed
from rag.stages.embed.fastembed import PREFIXES, FastEmbed

with_fastembed = pytest.mark.skipif(find_spec("fastembed") is None, reason=f"fastembed is an extra: {install('fastembed')}")
WORDS = ["[PAD]", "[UNK]", "[CLS]", "torsemide", "daily", "pneumonia", "no", "Represent", "searching", ":"]
WIDTH = 384


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fastembed, "cache_folder", lambda: tmp_path / "kept")
    fastembed._loaded.cache_clear()


def rows_of_words(width: int = WIDTH) -> Any:
    return np.random.default_rng(5).normal(size=(len(WORDS), width)).astype(np.float32)


def make_model(folder: Path, width: int = WIDTH, file: str = "model_optimized.onnx") -> Path:
    """A model whose every output is the mean of its tokens' rows, marks of length counted, and its tokenizer."""
    folder.mkdir(parents=True)
    ids = [helper.make_tensor_value_info(name, TensorProto.INT64, ["b", "s"]) for name in ("input_ids", "attention_mask")]
    out = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["b", "s", width])
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["weight"]),
        helper.make_node("Mul", ["rows", "weight"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "one"], ["total"], keepdims=1),
        helper.make_node("Mul", ["rows", "nought"], ["nothing"]),
        helper.make_node("Add", ["nothing", "total"], ["last_hidden_state"]),
    ]
    weights = {
        "table": rows_of_words(width),
        "last": np.array([-1], np.int64),
        "one": np.array([1], np.int64),
        "nought": np.array([0], np.float32),
    }
    tensors = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    graph = helper.make_graph(nodes, "tiny", ids, [out], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / file)
    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()  # type: ignore[assignment]
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A", special_tokens=[("[CLS]", 2)])  # type: ignore[assignment]
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 12, "pad_token": "[PAD]"}))
    (folder / "config.json").write_text(json.dumps({"pad_token_id": 0}))
    (folder / "special_tokens_map.json").write_text(json.dumps({"pad_token": "[PAD]", "cls_token": "[CLS]"}))
    return folder


def by_hand(text: str) -> Any:
    table = rows_of_words()
    total = table[2] + sum(table[WORDS.index(word) if word in WORDS else 1] for word in text.replace(":", " :").split())
    return total / np.linalg.norm(total)


@with_fastembed
def test_the_model_of_a_folder_gives_its_vectors_and_the_question_carries_the_models_prefix(tmp_path: Path) -> None:
    embedder = FastEmbed(folder=str(make_model(tmp_path / "model")))
    told: list[tuple[int, int]] = []
    texts = ["torsemide daily", "no pneumonia"] * 20
    rows = embedder(texts, lambda done, total: told.append((done, total)))
    assert rows.shape == (40, WIDTH) and rows.dtype == np.float32 and told == [(32, 40), (40, 40)]
    assert np.allclose(rows[:2], [by_hand(text) for text in texts[:2]], atol=1e-5)
    prefix = "Represent this sentence for searching relevant passages: "
    assert np.allclose(embedder.question("pneumonia"), by_hand(prefix + "pneumonia"), atol=1e-5)
    assert embedder.count("no pneumonia " * 20) == 41 and embedder.dimension == WIDTH and embedder.limit == 512
    assert str(embedder.card()) == "384 numbers a text · reads 512 tokens · 67 MB · mit · on this machine, text stays here"


@with_fastembed
def test_a_model_that_is_exchanged_in_its_folder_is_another_embedder(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model")
    before = FastEmbed(folder=str(folder)).key()
    assert FastEmbed(folder=str(folder)).key() == before
    (folder / "model_optimized.onnx").write_bytes(b"another")
    assert FastEmbed(folder=str(folder)).key() != before
    with pytest.raises(ModelProblem, match=r"cannot be loaded \(\w+\)\. Is its folder complete\?"):
        FastEmbed(folder=str(folder))(["no"])


@with_fastembed
def test_a_folder_that_lacks_files_or_holds_another_model_is_refused(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "model", width=8)
    with pytest.raises(ModelProblem, match=r"gave vectors of 8 numbers, not 384\. Is the folder another model's\?"):
        FastEmbed(folder=str(folder))(["no"])
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelProblem, match=r"lacks tokenizer\.json\. Give the folder that holds the whole model"):
        FastEmbed(folder=str(folder))(["no"])


@with_fastembed
def test_nothing_is_fetched_where_the_hub_is_not_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    asked: list[bool] = []

    def nothing_here(source: str, local_files_only: bool = False, **settings: Any) -> str:
        asked.append(local_files_only)
        raise OSError

    monkeypatch.setattr(huggingface_hub, "snapshot_download", nothing_here)
    with pytest.raises(
        ModelProblem,
        match=r"not on this machine\. Give the folder.*RAG_ALLOWED_HOSTS=huggingface\.co .* --fetch BAAI/",
    ):
        FastEmbed()(["no"])
    assert asked == [True] and not FastEmbed().card().here
    with pytest.raises(ModelProblem, match=r"huggingface\.co is not this machine"):
        fastembed.fetch(FastEmbed().model)
    monkeypatch.setenv("RAG_ALLOWED_HOSTS", "huggingface.co")
    with pytest.raises(ModelProblem, match=r"not on this machine\. Give the folder"):
        FastEmbed()(["no"])
    assert False not in asked
    with pytest.raises(ModelProblem, match=r"cannot be fetched from huggingface\.co \(OSError\)"):
        fastembed.fetch(FastEmbed().model)
    assert asked[-1] is False and not fastembed.fetch("an/unknown-model")


@with_fastembed
def test_a_fetched_model_is_found_again_without_a_connection(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import huggingface_hub

    folder = make_model(tmp_path / "kept" / "fastembed" / "snapshot")
    monkeypatch.setattr(huggingface_hub, "snapshot_download", lambda source, local_files_only=False, **_: str(folder))
    assert np.allclose(FastEmbed()(["no"])[0], by_hand("no"), atol=1e-5)


@with_fastembed
def test_a_model_outside_the_catalogue_is_named_with_its_neighbours() -> None:
    with pytest.raises(ModelProblem, match=r"no dense model 'bge-smal-en'\. Near it: .*bge-small-en"):
        FastEmbed(model="bge-smal-en")(["no"])


@with_fastembed
def test_every_model_that_the_catalogue_says_needs_prefixes_has_them() -> None:
    import re

    for name, told in fastembed._catalogue().items():
        words = told["description"].partition("Prefixes for queries/documents: ")[2]
        if words and not words.startswith("not"):
            assert any(re.match(pattern, name) for pattern in PREFIXES), name


def test_without_the_package_its_install_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    fastembed._catalogue.cache_clear()
    monkeypatch.setattr(fastembed, "import_module", missing)
    monkeypatch.setattr(fastembed, "find_spec", lambda name: None)
    told = f"fastembed is not installed. Install it with: {install('fastembed')}"
    for call in (lambda: FastEmbed()(["no"]), lambda: FastEmbed().question("no"), lambda: FastEmbed().dimension):
        with pytest.raises(ModelProblem, match=re.escape(told)):
            call()
    assert FastEmbed().limit is None and install("fastembed") in str(FastEmbed().card())
