"""A cross-encoder from a folder reads pairs as they should be read, keeps their scores, and says what is wrong with a folder."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from rag.errors import ModelProblem, SettingProblem
from rag.governance import egress
from rag.keep.artifacts import Artifacts
from rag.stages.embed.hashing import Hashing
from rag.stages.index.base import Index
from rag.stages.rerank import cross
from rag.stages.rerank.cross import CrossEncoder
from rag.values import Chunk, Hit, Span, Step

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "dose", "rash", "zalumide", "peritol", "raised", "clear"]
WORTH = {"dose": 1.0, "rash": 3.0, "zalumide": -1.0}


def write_model(folder: Path, outputs: int = 1, token_types: bool = True) -> Path:
    """A cross-encoder that adds up the worth of the passage's words: those of token type 1 that are not padding."""
    folder.mkdir(parents=True, exist_ok=True)
    table = np.zeros((len(WORDS), outputs), np.float32)
    for word, worth in WORTH.items():
        table[WORDS.index(word), -1] = worth
    table[0] = 1000.0  # Padding that is read by mistake would show.
    names = ["input_ids", "attention_mask", *(["token_type_ids"] if token_types else [])]
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["each"]),
        helper.make_node("Mul", ["attention_mask", names[-1]], ["counted"]),
        helper.make_node("Cast", ["counted"], ["weight"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["weight", "last"], ["wide"]),
        helper.make_node("Mul", ["each", "wide"], ["weighed"]),
        helper.make_node("ReduceSum", ["weighed", "length"], ["logits"], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "cross",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"]) for name in names],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", outputs])],
        initializer=[
            numpy_helper.from_array(table, "table"),
            numpy_helper.from_array(np.array([-1], np.int64), "last"),
            numpy_helper.from_array(np.array([1], np.int64), "length"),
        ],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "model.onnx")
    tokenizer: dict[str, Any] = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [
                {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "[SEP]", "type_id": 0}},
                {"Sequence": {"id": "B", "type_id": 1}},
            ],
            "special_tokens": {name: {"id": name, "ids": [WORDS.index(name)], "tokens": [name]} for name in ("[CLS]", "[SEP]")},
        },
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": {word: at for at, word in enumerate(WORDS)}, "unk_token": "[UNK]"},
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer), "utf-8")
    return folder


TEXTS = ["zalumide raised", "dose raised", "clear", "peritol rash dose"]
LOGITS = [-1.0, 1.0, 0.0, 4.0]


def index_of(texts: Sequence[str] = TEXTS) -> Index:
    chunks = [Chunk(Span(f"{at}.txt", 0, len(text)), text) for at, text in enumerate(texts)]
    return Index({}, chunks, None, True, None, None, Hashing(), Artifacts())


def hits_of(index: Index) -> list[Hit]:
    return [Hit(chunk, 9.0 - at, (Step("terms", 9.0 - at, at + 1),)) for at, chunk in enumerate(index.chunks)]


def names(hits: Sequence[Hit]) -> list[int]:
    return [int(hit.chunk.span.document.removesuffix(".txt")) for hit in hits]


@pytest.mark.parametrize("batch", [1, 2, 16])
def test_passages_stand_in_the_order_of_their_logits(tmp_path: Path, batch: int) -> None:
    index, stage = index_of(), CrossEncoder(model=str(write_model(tmp_path / "model")), batch=batch)
    ranked = stage("rash dose", hits_of(index), index)
    assert names(ranked) == [3, 1, 2, 0]
    assert [hit.score for hit in ranked] == pytest.approx([1 / (1 + math.exp(-logit)) for logit in sorted(LOGITS)[::-1]])
    assert [hit.steps[-1] for hit in ranked] == [Step("cross", hit.score, rank) for rank, hit in enumerate(ranked, 1)]
    assert [hit.steps[0].name for hit in ranked] == ["terms"] * 4


def test_two_classes_count_by_their_difference(tmp_path: Path) -> None:
    index, stage = index_of(), CrossEncoder(model=str(write_model(tmp_path / "model", outputs=2)))
    assert names(stage("rash", hits_of(index), index)) == [3, 1, 2, 0]


def test_a_model_without_token_types_reads_the_question_too(tmp_path: Path) -> None:
    index, stage = index_of(), CrossEncoder(model=str(write_model(tmp_path / "model", token_types=False)))
    ranked = stage("rash", hits_of(index), index)
    assert ranked[-1].score == pytest.approx(1 / (1 + math.exp(-(3.0 - 1.0))))


def test_hits_beyond_the_depth_keep_their_order_behind_the_others(tmp_path: Path) -> None:
    index, stage = index_of(), CrossEncoder(model=str(write_model(tmp_path / "model")), depth=2)
    ranked = stage("rash", hits_of(index), index)
    assert names(ranked) == [1, 0, 2, 3]
    assert ranked[2].score <= ranked[1].score


def test_the_passage_is_cut_and_not_the_question(tmp_path: Path) -> None:
    index = index_of([f"{'clear ' * 60}rash", "dose"])
    folder = str(write_model(tmp_path / "model"))
    assert names(CrossEncoder(model=folder, limit=32)("peritol raised", hits_of(index), index)) == [1, 0]
    assert names(CrossEncoder(model=folder, limit=128)("peritol raised", hits_of(index), index)) == [0, 1]


def test_scores_of_a_pair_are_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    made = cross._local

    def counted(*arguments: Any) -> Any:
        one = made(*arguments)

        def reading(pairs: Any) -> Any:
            read.append(len(pairs))
            return one(pairs)

        return reading

    monkeypatch.setattr(cross, "_local", counted)
    index, folder = index_of(), write_model(tmp_path / "model")
    stage = CrossEncoder(model=str(folder), depth=2)
    first = stage("rash", hits_of(index), index)
    assert sum(read) == 2
    assert stage("rash", hits_of(index), index) == first
    assert sum(read) == 2, "going back costs nothing"
    CrossEncoder(model=str(folder), depth=4, top=1)("rash", hits_of(index), index)
    assert sum(read) == 4, "only what is new is read"
    stage("dose", hits_of(index), index)
    assert sum(read) == 6, "another question is another pair"
    WORTH["clear"] = 9.0
    try:
        write_model(folder)
    finally:
        del WORTH["clear"]
    assert names(CrossEncoder(model=str(folder))("rash", hits_of(index), index))[0] == 2, "another model, other scores"


def test_a_folder_that_holds_no_cross_encoder_is_named_with_what_is_missing(tmp_path: Path) -> None:
    index = index_of()

    def ask(model: Path | str) -> None:
        CrossEncoder(model=str(model))("rash", hits_of(index), index)

    with pytest.raises(SettingProblem, match="no such folder"):
        ask(tmp_path / "nowhere")
    with pytest.raises(SettingProblem, match=r"model\.onnx and tokenizer\.json not found"):
        ask(tmp_path)
    with pytest.raises(SettingProblem, match="No cross-encoder is named"):
        ask("")
    folder = write_model(tmp_path / "classes", outputs=3)
    with pytest.raises(ModelProblem, match="one or two"):
        ask(folder)
    (folder / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(ModelProblem, match="cannot be read"):
        ask(folder)


def test_a_model_of_the_catalogue_is_fetched_by_the_set_up_alone_from_a_host_that_somebody_allowed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Encoder:
        """Stands for fastembed's: a model is here once it was fetched into the folder."""

        def __init__(self, model: str, cache_dir: str, local_files_only: bool = False) -> None:
            if local_files_only and not Path(cache_dir, "here").exists():
                raise ValueError("not here")
            Path(cache_dir).mkdir(parents=True, exist_ok=True)
            Path(cache_dir, "here").touch()

        @staticmethod
        def list_supported_models() -> list[dict[str, str]]:
            return [{"model": "Xenova/ms-marco-MiniLM-L-6-v2"}]

        def rerank(self, question: str, texts: Sequence[str], batch_size: int) -> list[float]:
            return [float(len(text)) for text in texts]

    class Module:
        TextCrossEncoder = Encoder

    monkeypatch.setattr(cross, "import_module", lambda name: Module)
    monkeypatch.setenv("RAG_CACHE", str(tmp_path / "kept"))
    cross._of_fastembed.cache_clear()
    index, model = index_of(), "Xenova/ms-marco-MiniLM-L-6-v2"
    monkeypatch.setenv(egress.VARIABLE, "huggingface.co")
    with pytest.raises(ModelProblem, match=rf"not on this machine\. .*RAG_ALLOWED_HOSTS=huggingface\.co .* --fetch {model}$"):
        CrossEncoder()("rash", hits_of(index), index)
    assert not (tmp_path / "kept").exists()
    with pytest.raises(SettingProblem, match="no cross-encoder 'other/model'"):
        CrossEncoder(model="other/model")("rash", hits_of(index), index)
    monkeypatch.delenv(egress.VARIABLE)
    with pytest.raises(ModelProblem, match=r"huggingface\.co is not this machine"):
        cross.fetch(model)
    monkeypatch.setenv(egress.VARIABLE, "huggingface.co")
    assert cross.fetch(model) and not cross.fetch("other/model")
    assert names(CrossEncoder()("rash", hits_of(index), index)) == [3, 0, 1, 2]
    cross._of_fastembed.cache_clear()


def test_without_fastembed_a_name_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(cross, "import_module", missing)
    cross._of_fastembed.cache_clear()
    with pytest.raises(ModelProblem, match=r"Give a folder with model\.onnx"):
        CrossEncoder()("rash", hits_of(index_of()), index_of())
