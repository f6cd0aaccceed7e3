"""What is computed once is kept by key: changes recompute only what they reach, and what is removed is gone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import bm25s
import numpy as np
import pytest
from langchain_core.embeddings import FakeEmbeddings

from rag.documents.workspace import Project
from rag.embedding import Embedding, Progress, Vectors, silent
from rag.errors import Cancelled
from rag.keep.artifacts import Artifacts
from rag.keep.engines import ENGINES
from rag.keep.outside import Outside
from rag.keep.postgres import PgVector
from rag.pipeline import Pipeline
from rag.stages.chunk.sections import Sections
from rag.stages.chunk.windows import Sentences, Words
from rag.stages.embed.hashing import Hashing
from rag.stages.index.indexing import Indexing
from rag.stages.index.local import Hnsw, Ivf, IvfPq
from rag.stages.index.store import InStore, Store
from rag.stages.index.vectors import InFaiss
from rag.stages.prompt import Plain
from rag.stages.rerank.diversity import Diverse
from rag.stages.rerank.keep import Keep
from rag.stages.retrieve import Dense, Terms
from rag.values import Chunk, Document, File, Span
from tests.memory_store import MEMORY

MARKER = "Quillemont"


class Counting(Embedding):
    """Hashing that keeps a list of what it was asked to embed."""

    kind: Literal["counting"] = "counting"
    seen: ClassVar[list[str]] = []

    @property
    def dimension(self) -> int:
        return 64

    def __call__(self, texts: Sequence[str], progress: Progress = silent) -> Vectors:
        self.seen.extend(texts)
        return Hashing(width=64)(texts, progress)


@pytest.fixture
def counted() -> Pipeline:
    Counting.seen.clear()
    return Pipeline(embed=Hashing()).model_copy(update={"embed": Counting()})


def test_a_passage_is_embedded_once(counted: Pipeline, documents: tuple[Document, ...], artifacts: Artifacts) -> None:
    index = counted.prepare(documents, artifacts)
    assert sorted(Counting.seen) == sorted({chunk.indexed for chunk in index.chunks})
    Counting.seen.clear()
    assert counted.prepare(documents, artifacts) is index
    assert Counting.seen == []


@pytest.mark.parametrize(
    "changes",
    [
        {"rerank": Diverse()},
        {"rerank": Keep(top=3)},
        {"retrieve": Dense(candidates=9)},
        {"prompt": Plain()},
        {"index": Hnsw(links=8)},
    ],
    ids=["reranker", "k", "retriever", "prompt", "index"],
)
def test_a_change_after_the_embedder_computes_no_vector(
    changes: dict[str, object], counted: Pipeline, documents: tuple[Document, ...], artifacts: Artifacts
) -> None:
    counted.prepare(documents, artifacts)
    Counting.seen.clear()
    changed = counted.model_copy(update=changes)
    index = changed.prepare(documents, artifacts)
    assert Counting.seen == []
    assert changed.retrieve("torsemide 40 mg", index)


def test_a_change_of_chunker_embeds_only_new_texts(
    counted: Pipeline, documents: tuple[Document, ...], artifacts: Artifacts
) -> None:
    first = {chunk.indexed for chunk in counted.prepare(documents, artifacts).chunks}
    Counting.seen.clear()
    changed = counted.model_copy(update={"chunk": Sections(size=30, overlap=0)})
    second = {chunk.indexed for chunk in changed.prepare(documents, artifacts).chunks}
    assert first & second, "the example needs passages that both chunkers make"
    assert sorted(Counting.seen) == sorted(second - first)


def test_going_back_to_an_old_setting_computes_nothing(
    counted: Pipeline, documents: tuple[Document, ...], artifacts: Artifacts
) -> None:
    old = counted.prepare(documents, artifacts)
    counted.model_copy(update={"chunk": Words()}).prepare(documents, artifacts)
    Counting.seen.clear()
    assert counted.prepare(documents, artifacts) is old
    assert Counting.seen == []


def test_work_that_is_cancelled_is_kept_but_for_the_last_few_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.keep.artifacts.NO_TIME", 0.0)  # As if embedding took its time.
    Counting.seen.clear()
    kept, chunks = Artifacts(), [Chunk(Span("a", at, at + 1), f"word{at} " * (at % 7 + 1)) for at in range(600)]

    def until(done: int, total: int) -> None:
        assert total == 600
        if done >= 300:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        kept.vectors(Counting(), chunks, until)
    done = 600 - len(kept.unseen(Counting(), [chunk.indexed for chunk in chunks]))
    assert 300 - 64 <= done <= 300
    Counting.seen.clear()
    whole = kept.vectors(Counting(), chunks)
    assert len(Counting.seen) == 600 - done
    assert np.array_equal(whole, Counting()([chunk.indexed for chunk in chunks])), "a row a chunk, in their order"


def test_texts_that_take_no_time_are_stored_many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    monkeypatch.setattr("rag.keep.artifacts.NO_TIME", 60.0)
    monkeypatch.setattr(Counting, "__call__", lambda self, texts, progress: sizes.append(len(texts)) or Hashing(width=64)(texts))
    Artifacts().vectors(Counting(), [Chunk(Span("a", at, at + 1), f"word{at}") for at in range(1400)])
    assert sizes == [64, 128, 256, 512, 440]


def test_a_further_document_embeds_only_its_own_passages(
    counted: Pipeline, documents: tuple[Document, ...], artifacts: Artifacts
) -> None:
    counted.prepare(documents[:-1], artifacts)
    Counting.seen.clear()
    index = counted.prepare(documents, artifacts)
    assert set(Counting.seen) == {c.indexed for c in index.chunks if c.span.document == documents[-1].name}


def test_a_pipeline_that_reads_no_vector_computes_none(
    counted: Pipeline, documents: tuple[Document, ...], artifacts: Artifacts
) -> None:
    index = counted.model_copy(update={"retrieve": Terms()}).prepare(documents, artifacts)
    assert index.vectors is None
    assert Counting.seen == []


def test_a_restart_embeds_nothing_and_builds_no_index_anew(
    counted: Pipeline, documents: tuple[Document, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = counted.prepare(documents, Artifacts(tmp_path))
    Counting.seen.clear()

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("built anew")

    monkeypatch.setattr(bm25s.BM25, "index", refuse)
    monkeypatch.setattr(type(counted.index), "vector_index", refuse)
    monkeypatch.setattr(type(counted.chunk), "__call__", refuse)
    after = counted.prepare(documents, Artifacts(tmp_path))
    assert Counting.seen == []
    question = "Which dose of torsemide?"
    assert counted.retrieve(question, before) == counted.retrieve(question, after)
    assert np.array_equal(before.term_scores(question), after.term_scores(question))
    assert before.rarity("torsemid", 0.01) == after.rarity("torsemid", 0.01)


def test_passages_come_back_from_disk_as_they_were_divided(documents: tuple[Document, ...], tmp_path: Path) -> None:
    pipeline = Pipeline(embed=Hashing(), chunk=Sentences())
    assert pipeline.divide(documents, Artifacts(tmp_path)) == pipeline.divide(documents, Artifacts(tmp_path))


SEARCHED: list[tuple[Any, Any]] = [
    (Hnsw(), Hnsw(effort=900)),
    (Hnsw(effort=16), Hnsw(effort=900)),
    (Ivf(probes=9), Ivf(probes=1)),
    (IvfPq(), IvfPq(refined=9, probes=2)),
]


@pytest.mark.parametrize("kept", [True, False], ids=["on disk", "in memory"])
@pytest.mark.parametrize(("one", "other"), SEARCHED, ids=["hnsw from its default", "hnsw", "ivf", "ivfpq"])
def test_a_setting_of_the_search_alone_is_planned_as_nothing_and_builds_and_reads_nothing(
    one: Any, other: Any, kept: bool, documents: tuple[Document, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline, artifacts = Pipeline(embed=Hashing(), index=one), Artifacts(tmp_path if kept else None)
    first = pipeline.prepare(documents, artifacts)
    work: list[str] = []

    def counting(where: object, name: str) -> None:
        real = getattr(where, name)
        monkeypatch.setattr(where, name, lambda *given, **named: (work.append(name), real(*given, **named))[1])

    for where, name in ((Indexing, "_bm25"), (Indexing, "_faiss"), (type(one), "vector_index"), (Artifacts, "passages")):
        counting(where, name)
    counting(Hashing, "__call__")
    changed = pipeline.model_copy(update={"index": other})
    assert str(changed.plan(documents, artifacts)) == "Nothing to recompute: takes effect at once."
    second = changed.prepare(documents, artifacts)
    assert work == []
    assert isinstance(first.nearest, InFaiss) and isinstance(second.nearest, InFaiss)
    assert second.nearest.index is first.nearest.index and second.vectors is second.nearest
    set_to = {"effort": second.nearest.effort, "probes": second.nearest.probes, "refined": second.nearest.refined}
    assert {name: set_to[name] for name in type(other).only_searched} == {
        name: getattr(other, name) for name in type(other).only_searched
    }
    assert pipeline.prepare(documents, artifacts) is first and changed.prepare(documents, artifacts) is second
    rebuilt = changed.model_copy(update={"index": other.model_copy(update={"stem": False})})
    assert "indexes" in str(rebuilt.plan(documents, artifacts))
    rebuilt.prepare(documents, artifacts)
    assert "_bm25" in work


def test_another_time_out_of_a_database_hands_over_no_vector_again(
    documents: tuple[Document, ...], artifacts: Artifacts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_STORE", "memory")
    monkeypatch.setitem(ENGINES, "pgvector", MEMORY)
    pipeline = Pipeline(embed=Hashing(), index=Store())
    first = pipeline.prepare(documents, artifacts)
    monkeypatch.setattr(Outside, "open", lambda *_: pytest.fail("opened anew"))
    changed = pipeline.model_copy(update={"index": Store(timeout=7.0)})
    assert str(changed.plan(documents, artifacts)) == "Nothing to recompute: takes effect at once."
    second = changed.prepare(documents, artifacts)
    assert isinstance(second.nearest, InStore) and second.nearest.timeout == 7.0
    question = "Which dose of torsemide?"
    assert pipeline.retrieve(question, first) == changed.retrieve(question, second)
    table = PgVector(FakeEmbeddings(size=3), "postgresql://reader@localhost/corpus", "passages", 5.0)
    assert table.with_timeout(9.0)._told["timeout"] == 9.0 and table._told["timeout"] == 5.0


def test_a_plan_after_a_restart_says_that_the_index_is_opened_and_not_built(
    counted: Pipeline, documents: tuple[Document, ...], tmp_path: Path
) -> None:
    count = len(counted.prepare(documents, Artifacts(tmp_path)).chunks)
    for pipeline in (counted, counted.model_copy(update={"index": Hnsw(effort=9)})):
        built = pipeline is counted
        after = Artifacts(tmp_path)
        told = str(pipeline.plan(documents, after))
        assert told.startswith(f"{'opens the index of' if built else 'indexes'} {count} passages: ")
        assert built == told.endswith("time not known yet.")
        pipeline.prepare(documents, after)
        assert after.pace("open index") is not None


def test_the_plan_says_what_will_be_embedded_and_then_that_nothing_is_left(
    counted: Pipeline, documents: tuple[Document, ...], artifacts: Artifacts
) -> None:
    plan = counted.plan(documents, artifacts)
    index = counted.prepare(documents, artifacts)
    work = {part.stage: part.units for part in plan.work}
    assert work == {"chunk": 4, "embed": len({chunk.indexed for chunk in index.chunks}), "index": len(index.chunks)}
    assert str(counted.plan(documents, artifacts)) == "Nothing to recompute: takes effect at once."
    assert str(counted.model_copy(update={"rerank": Keep(top=1)}).plan(documents, artifacts)).startswith("Nothing")
    other = counted.model_copy(update={"chunk": Sections(size=30, overlap=0)})
    promised = {part.stage: part.units for part in other.plan(documents, artifacts).work}["embed"]
    Counting.seen.clear()
    other.prepare(documents, artifacts)
    assert len(Counting.seen) == promised


def test_progress_counts_up_to_all_new_passages(counted: Pipeline, documents: tuple[Document, ...], artifacts: Artifacts) -> None:
    calls: list[tuple[int, int]] = []
    counted.prepare(documents, artifacts, lambda done, total: calls.append((done, total)))
    assert calls[-1] == (len(Counting.seen), len(Counting.seen))
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)


def holding(folder: Path, word: str) -> list[str]:
    """The files of a folder in whose bytes a word stands, upper or lower case, plain or as UTF-16."""
    found = []
    for path in folder.rglob("*"):
        data = path.read_bytes().lower() if path.is_file() else b""
        if word.lower().encode() in data or word.lower().encode("utf-16-le") in data:
            found.append(path.name)
    return found


@pytest.mark.parametrize("retrieve", [Terms(), Dense()], ids=["terms", "dense"])
def test_a_removed_document_leaves_no_text_in_any_file(retrieve: Terms | Dense, project: Project) -> None:
    text = f"Seen with {MARKER} disease. The dose of zalumide is 5 mg.\n" * 40
    project.shelf.add(File("secret.txt", text.encode()))
    project.shelf.add(File("other.txt", b"The dose of peritol is 60 mg daily in this note."))
    for chunk in (Sections(), Words(size=20, overlap=0)):
        pipeline = Pipeline(embed=Hashing(), chunk=chunk, retrieve=retrieve)
        index = pipeline.prepare(project.shelf.documents, project.artifacts)
        assert pipeline.ask("zalumide dose", index).hits
    assert holding(project.folder, MARKER)
    project.shelf.remove("secret.txt")
    assert holding(project.folder, MARKER) == []
    assert holding(project.folder, "secret.txt") == []
    index = pipeline.prepare(project.shelf.documents, project.artifacts)
    assert all(hit.chunk.span.document == "other.txt" for hit in pipeline.retrieve(f"{MARKER} zalumide dose", index))


class Short(Hashing):
    """Hashing that reads eight words of a passage, and keeps a list of those that it counted."""

    limit: ClassVar[int] = 8  # type: ignore[misc]
    counted: ClassVar[list[str]] = []

    def count(self, text: str) -> int:
        self.counted.append(text)
        return len(text.split())


@pytest.fixture
def short() -> Pipeline:
    Short.counted.clear()
    return Pipeline(embed=Hashing(), chunk=Words(size=20, overlap=0, header=False)).model_copy(update={"embed": Short()})


def test_passages_beyond_the_limit_are_told_before_and_after_and_counted_once(short: Pipeline, tmp_path: Path) -> None:
    texts = {f"{at}.txt": "word " * (20 * at) + "short end" for at in range(1, 4)}
    corpus = [Document(name, text) for name, text in texts.items()]
    warning = (
        "6 of 9 passages are longer than the embedder's 8 tokens; the rest of their text is not in the vector. "
        "Smaller passages, or the chunker tokens, are read whole."
    )
    artifacts = Artifacts(tmp_path)
    assert short.plan(corpus, artifacts).warning == warning
    index = short.prepare(corpus, artifacts)
    Short.counted.clear()
    assert short.divider(artifacts).cut_off(index) == warning
    again = Artifacts(tmp_path)
    assert short.plan(corpus, again).warning == warning
    assert short.divider(again).cut_off(short.prepare(corpus, again)) == warning and Short.counted == []
    grown = [*corpus, Document("4.txt", "word " * 20)]
    assert short.divider(again).cut_off(short.prepare(grown, again)).startswith("7 of 10 ")
    assert len(Short.counted) == 1, "only the new document's passages"
    again.forget("4.txt")
    assert holding(tmp_path, "4.txt") == []
    unread = short.model_copy(update={"retrieve": Terms()})
    assert unread.plan(corpus, Artifacts()).warning == "", "no vector, so nothing is cut off"


def test_a_large_corpus_is_warned_about_from_a_sample(short: Pipeline, artifacts: Artifacts) -> None:
    corpus = [Document("long.txt", "word " * 20 * 1000)]
    assert short.plan(corpus, artifacts).warning.startswith("About 1,000 of 1,000 passages")
    assert 0 < len(Short.counted) <= 200
    index = short.prepare(corpus, artifacts)
    assert short.divider(artifacts).cut_off(index).startswith("1,000 of 1,000 passages")


def test_identical_text_in_two_documents_survives_the_removal_of_one(tmp_path: Path) -> None:
    Counting.seen.clear()
    artifacts = Artifacts(tmp_path)
    texts = {name: Document(name, "The dose of zalumide is 5 mg.") for name in ("a.txt", "b.txt")}
    chunks = {name: [Chunk(Span(name, 0, len(d.text)), d.text)] for name, d in texts.items()}
    for name in texts:
        artifacts.vectors(Counting(), chunks[name])
    assert len(Counting.seen) == 1
    artifacts.forget("a.txt")
    assert artifacts.unseen(Counting(), [chunks["b.txt"][0].indexed]) == []
    artifacts.forget("b.txt")
    assert artifacts.unseen(Counting(), [chunks["b.txt"][0].indexed]) == [chunks["b.txt"][0].indexed]


def test_forgetting_keeps_the_indexes_of_other_documents(
    counted: Pipeline, documents: tuple[Document, ...], tmp_path: Path
) -> None:
    artifacts = Artifacts(tmp_path)
    counted.prepare(documents[:1], artifacts)
    counted.prepare(documents[1:], artifacts)
    assert len(list((tmp_path / "indexes").iterdir())) == 2
    artifacts.forget(documents[0].name)
    (kept,) = (tmp_path / "indexes").iterdir()
    assert documents[0].name not in (kept / "documents.json").read_text()


def test_vectors_of_two_settings_of_an_embedder_are_kept_apart(documents: tuple[Document, ...], artifacts: Artifacts) -> None:
    chunks = list(Sections()(documents[0]))
    assert artifacts.vectors(Hashing(width=16), chunks).shape == (len(chunks), 16)
    assert artifacts.vectors(Hashing(width=32), chunks).shape == (len(chunks), 32)
    assert np.array_equal(artifacts.vectors(Hashing(width=16), chunks), Hashing(width=16)([c.indexed for c in chunks]))


def test_no_passage_has_no_vector(artifacts: Artifacts) -> None:
    assert artifacts.vectors(Hashing(width=16), []).shape == (0, 16)


def test_a_stop_keeps_what_was_embedded_before(monkeypatch: pytest.MonkeyPatch, artifacts: Artifacts) -> None:
    monkeypatch.setattr("rag.keep.artifacts.STORED_AT_ONCE", 2)
    chunks = [Chunk(Span("a.txt", at, at + 1), f"word{at}") for at in range(6)]

    def stop(done: int, total: int) -> None:
        if done > 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        artifacts.vectors(Hashing(), chunks, stop)
    assert artifacts.unseen(Hashing(), [chunk.text for chunk in chunks]) == ["word2", "word3", "word4", "word5"]


def test_only_the_last_used_objects_stay_in_memory(artifacts: Artifacts) -> None:
    for number in range(40):
        artifacts.remembered(str(number), object)
    assert artifacts.recall("39") and not artifacts.recall("0")


def test_the_pace_of_a_step_is_the_median_of_its_runs(artifacts: Artifacts) -> None:
    assert artifacts.pace("embed") is None
    for seconds in (1.0, 100.0, 3.0):
        artifacts.note("embed", 10, seconds)
    artifacts.note("embed", 0, 5.0)
    assert artifacts.pace("embed") == pytest.approx(0.3)
    for _ in range(30):
        artifacts.note_all([("embed", 1, 7.0), ("index", 2, 8.0)])
    assert (artifacts.pace("embed"), artifacts.pace("index")) == (7.0, 4.0)
    ((rows,),) = artifacts._base.read("SELECT count(*) FROM timings", ())
    assert rows == 18, "of each step those that count, and no more"
