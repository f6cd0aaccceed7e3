"""Vectors in memory: every kind and precision finds what exact search finds, under every filter, and says what it could not."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest

from rag.embedding import Vectors
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.stages.embed.hashing import Hashing
from rag.stages.index import vectors as kept_vectors
from rag.stages.index.base import Index
from rag.stages.index.indexing import Indexing, built
from rag.stages.index.local import Exact, Hnsw, Ivf, IvfPq
from rag.stages.index.recall import recall
from rag.stages.index.vectors import InFaiss
from rag.stages.retrieve import Dense
from rag.values import Chunk, Document, Filter, Span

KINDS: list[Indexing] = [
    Exact(),
    Exact(precision="float16"),
    Exact(precision="int8"),
    Hnsw(),
    Hnsw(precision="float16"),
    Hnsw(precision="int8"),
    Ivf(precision="float32"),
    Ivf(precision="float16"),
    Ivf(),
    IvfPq(),
]
EVERY = pytest.mark.parametrize("stage", KINDS, ids=lambda one: f"{one.kind} {getattr(one, 'precision', '')}")
BYTES = {"float32": 4, "float16": 2, "int8": 1}


def clustered(count: int, dimension: int = 32, seed: int = 1) -> Vectors:
    """Unit vectors around some centres, as passages lie around topics."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(40, dimension))
    made = (centres[random.integers(0, 40, count)] + 0.7 * random.normal(size=(count, dimension))).astype(np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True)


def filled(stage: Indexing, vectors: Vectors) -> InFaiss:
    return stage.searched(built(stage.vector_index(vectors.shape[1], len(vectors)), vectors))


def found(kept: InFaiss, vectors: Vectors, rows: Any = None, top: int = 10) -> float:
    """The share of the true nearest rows that are found, over fifty questions."""
    allowed = np.arange(len(vectors)) if rows is None else rows
    shares = []
    for question in clustered(50, vectors.shape[1], seed=2):
        right = allowed[np.argsort(-(vectors[allowed] @ question))[:top]]
        got, scores = kept.nearest(question, top, rows)
        assert np.isin(got, allowed).all() and len(set(got.tolist())) == len(got)
        assert (np.diff(scores) <= 1e-6).all()
        shares.append(len(set(got.tolist()) & set(right.tolist())) / len(right))
    return float(np.mean(shares))


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads that wait for each other cost more than they save on so few vectors."""
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    yield
    faiss.omp_set_num_threads(threads)


def enough(stage: Indexing) -> Vectors:
    """As many vectors as it takes for a stage to be built as it is set."""
    return clustered(10_000, 16) if isinstance(stage, IvfPq) else clustered(2_000, 16)


@pytest.fixture(scope="module", params=KINDS, ids=lambda one: f"{one.kind} {one.precision}")
def case(request: pytest.FixtureRequest) -> tuple[Indexing, Vectors, InFaiss]:
    stage = request.param
    vectors = enough(stage)
    return stage, vectors, filled(stage, vectors)


def test_most_of_the_true_neighbours_are_found(case: tuple[Indexing, Vectors, InFaiss]) -> None:
    stage, vectors, kept = case
    share = found(kept, vectors)
    assert share == 1.0 if stage == Exact() else share >= 0.9


@pytest.mark.parametrize("every", [2, 5, 60], ids=["half", "a fifth", "few"])
@pytest.mark.parametrize("few", [0, kept_vectors.FEW], ids=["searched", "compared"])
def test_a_filter_lets_only_its_rows_through_and_loses_no_more(
    case: tuple[Indexing, Vectors, InFaiss], every: int, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, vectors, kept = case
    monkeypatch.setattr(kept_vectors, "FEW", few)
    assert found(kept, vectors, np.arange(0, len(vectors), every)) >= 0.9


def test_scores_are_the_cosines_of_the_vectors_kept(case: tuple[Indexing, Vectors, InFaiss]) -> None:
    _, vectors, kept = case
    question = clustered(1, 16, seed=3)[0]
    rows, scores = kept.nearest(question, 20, None)
    assert np.allclose(kept[rows] @ question, scores, atol=1e-5)
    assert np.abs(kept[rows] - vectors[rows]).max() < 0.02
    assert np.array_equal(kept[rows[:, None]], kept[rows][:, None])
    assert np.array_equal(np.asarray(kept)[2:5], kept[2:5])
    assert np.allclose(kept @ question, kept[:] @ question)


def test_a_file_holds_all_and_comes_back_equal(case: tuple[Indexing, Vectors, InFaiss], tmp_path: Path) -> None:
    stage, vectors, kept = case
    faiss.write_index(kept.index, str(tmp_path / "vectors.faiss"))
    again = stage.searched(faiss.read_index(str(tmp_path / "vectors.faiss")))
    for question in vectors[:5]:
        for one, other in zip(kept.nearest(question, 50, None), again.nearest(question, 50, None), strict=True):
            assert np.array_equal(one, other)
    assert np.array_equal(kept[[3, 1, 2]], again[[3, 1, 2]])


@EVERY
@pytest.mark.parametrize("count", [0, 1, 2, 40, 300])
def test_few_passages_are_all_found_and_no_training_fails(stage: Indexing, count: int, capfd: pytest.CaptureFixture[str]) -> None:
    vectors = clustered(count)
    kept = filled(stage, vectors)
    rows, _ = kept.nearest(clustered(1, seed=3)[0], 5, None)
    assert len(rows) == min(count, 5)
    assert kept[:].shape == (count, 32)
    assert capfd.readouterr() == ("", ""), "FAISS warns"


@pytest.mark.parametrize("precision", BYTES)
@pytest.mark.parametrize("kind", [Exact, Ivf])
def test_lower_precision_takes_less_memory(kind: Any, precision: str, tmp_path: Path) -> None:
    large = clustered(4000, 128)
    kept = filled(kind(precision=precision), large)
    path = tmp_path / "vectors.faiss"
    faiss.write_index(kept.index, str(path))
    lists = 16 * len(large) if kind is Ivf else 0  # The row numbers in the lists, and where each row lies.
    assert path.stat().st_size - lists <= 1.2 * BYTES[precision] * large.size


def test_what_cannot_be_built_as_set_is_said() -> None:
    assert Exact().note(384, 5) == Hnsw().note(384, 5) == ""
    assert Ivf().note(384, 1_000_000) == IvfPq().note(384, 1_000_000) == ""
    assert Ivf().note(384, 3900) == "100 lists instead of 1,024: 3,900 passages are too few for more."
    assert Ivf().note(384, 20) == "No lists, every vector is compared: 20 passages are too few for 1,024 lists."
    assert IvfPq().note(384, 500).startswith("Nothing is compressed: 500 passages are too few to learn from")
    assert IvfPq(code=50, lists=10).note(384, 20_000) == "48 bytes instead of 50: 384 numbers do not divide evenly."


def test_the_effort_that_was_set_is_used_under_a_filter_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_vectors, "FEW", 0)
    vectors = clustered(4000, 48)
    kept = filled(Hnsw(links=4, care=8), vectors)
    rows = np.arange(0, len(vectors), 2)
    low, high = (found(InFaiss(kept.index, effort=effort), vectors, rows) for effort in (8, 512))
    assert low + 0.3 < high


def corpus(count: int) -> tuple[list[Document], list[Chunk]]:
    words = ["zalumide", "peritol", "ostravan", "rash", "knee", "scan", "dose", "daily", "liver", "panel"]
    documents, chunks = [], []
    for at in range(count):
        name = f"note{at:04}.txt"
        document = Document(name, f"{words[at % 10]} {words[at // 10 % 10]} {words[at // 100 % 10]} case number{at} noted.")
        documents.append(document)
        chunks.append(Chunk(Span(name, 0, len(document.text)), document.text))
    return documents, chunks


def prepared(stage: Indexing, count: int = 600) -> Index:
    documents, chunks = corpus(count)
    embedder = Hashing(width=64)
    artifacts = Artifacts()
    return stage(documents, chunks, artifacts.vectors(embedder, chunks), embedder, artifacts, ("terms", "vectors"))


def test_recall_is_one_for_exact_search_and_falls_where_neighbours_are_missed() -> None:
    assert recall(prepared(Exact())) == 1.0
    few = recall(prepared(Ivf(lists=15, probes=1, precision="float32")))
    more = recall(prepared(Ivf(lists=15, probes=8, precision="float32")))
    assert 0.1 < few < more <= 1.0
    assert recall(prepared(Ivf(lists=15, probes=15, precision="float32"))) == 1.0
    assert few == recall(prepared(Ivf(lists=15, probes=1, precision="float32"))), "the sample is the same each time"


def test_recall_is_that_of_the_rows_found_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    index = prepared(Exact(), 200)
    assert index.nearest is not None
    true = index.nearest.nearest

    class Half:
        def nearest(self, vector: Vectors, top: int, rows: Any) -> Any:
            found, scores = true(vector, top, rows)
            return found[: 1 + (top - 1) // 2], scores[: 1 + (top - 1) // 2]

    index.nearest = Half()
    assert recall(index) == pytest.approx(0.5)


def test_recall_of_an_index_without_vectors_or_with_one_passage_is_one() -> None:
    assert recall(prepared(Exact(), 1)) == 1.0
    index = prepared(Exact(), 5)
    index.vectors = index.nearest = None
    assert recall(index) == 1.0


@pytest.mark.parametrize(
    ("one", "other"),
    [(Hnsw(effort=16), Hnsw(effort=900)), (Ivf(probes=1), Ivf(probes=9)), (IvfPq(refined=1), IvfPq(refined=9, probes=2))],
    ids=["hnsw", "ivf", "ivfpq"],
)
def test_a_setting_of_the_search_alone_builds_nothing_anew(
    one: Indexing, other: Indexing, documents: Sequence[Document], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Pipeline(embed=Hashing(), index=one).prepare(documents, Artifacts(tmp_path))
    monkeypatch.setattr(type(other), "vector_index", lambda *_: pytest.fail("built anew"))
    second = Pipeline(embed=Hashing(), index=other).prepare(documents, Artifacts(tmp_path))
    assert isinstance(first.nearest, InFaiss) and isinstance(second.nearest, InFaiss)
    assert (first.nearest.effort, first.nearest.probes, first.nearest.refined) != (
        second.nearest.effort,
        second.nearest.probes,
        second.nearest.refined,
    )


def test_a_setting_of_the_terms_leaves_the_vectors_as_they_are(
    documents: Sequence[Document], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    question, stem = "torsemide doses", Pipeline(embed=Hashing(), index=Hnsw()).prepare(documents, Artifacts(tmp_path))
    monkeypatch.setattr(Hnsw, "vector_index", lambda *_: pytest.fail("built anew"))
    plain = Pipeline(embed=Hashing(), index=Hnsw(stem=False, k1=2.0)).prepare(documents, Artifacts(tmp_path))
    assert not np.array_equal(stem.term_scores(question), plain.term_scores(question))


def test_a_setting_of_the_building_builds_anew(documents: Sequence[Document], tmp_path: Path) -> None:
    for links in (8, 16):
        index = Pipeline(embed=Hashing(), index=Hnsw(links=links)).prepare(documents, Artifacts(tmp_path))
        assert isinstance(index.nearest, InFaiss) and index.nearest.index.hnsw.nb_neighbors(1) == links


@EVERY
def test_a_filtered_question_gets_its_documents_alone(stage: Indexing, documents: Sequence[Document]) -> None:
    pipeline = Pipeline(embed=Hashing(), index=stage, retrieve=Dense())
    index = pipeline.prepare(documents, Artifacts())
    hits = pipeline.retrieve("Which dose of torsemide?", index, Filter(types=("policy",)))
    assert {hit.chunk.span.document for hit in hits} == {"policy_cgm.md"}
