"""Vectors in a database: the same answers as in memory, from a stand-in, from PostgreSQL with pgvector and from Milvus."""

import importlib.util
import json
import os
import secrets
import socket
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.documents.workspace import Workspace
from rag.errors import ModelProblem
from rag.governance import egress
from rag.keep.artifacts import Artifacts
from rag.keep.engines import ENGINES
from rag.keep.outside import sweep
from rag.pipeline import Pipeline
from rag.stages.embed.hashing import Hashing
from rag.stages.index import store as module
from rag.stages.index.base import Index
from rag.stages.index.local import Exact
from rag.stages.index.recall import recall
from rag.stages.index.store import InStore, Store
from rag.stages.retrieve import Dense
from rag.values import Document, File, Filter
from tests.memory_store import MEMORY, STORES
from tests.postgres import free_port

QUESTION = "Which dose of torsemide was given at discharge?"


@pytest.fixture(scope="session")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of Milvus Lite, whose server runs in this process."""
    for package in ("langchain_milvus", "milvus_lite"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    return str(tmp_path_factory.mktemp("milvus") / "vectors.db")


@pytest.fixture(params=["stand-in", "pgvector", "milvus"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The settings of a database that is running."""
    if request.param == "stand-in":
        monkeypatch.setitem(ENGINES, "pgvector", MEMORY)
        monkeypatch.setenv("RAG_STORE", secrets.token_hex(4))
        return Store()
    monkeypatch.setenv("RAG_STORE_TEST", request.getfixturevalue({"pgvector": "postgres"}.get(request.param, request.param)))
    return Store(database=request.param, connection="RAG_STORE_TEST")


@pytest.fixture
def always_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even the fewest rows are looked for in the database."""
    monkeypatch.setattr(module, "FEW", 0)


def many(count: int = 120) -> tuple[Document, ...]:
    words = ["zalumide", "peritol", "ostravan", "rash", "knee", "scan", "liver", "panel", "sleep", "walk"]
    return tuple(
        Document(
            f"note{at:03}.txt", f"The {words[at % 10]} of the {words[at // 10 % 10]} was seen {at} times. " * 3, title="Note"
        )
        for at in range(count)
    )


def tables(store: Store, index: Index) -> int:
    assert isinstance(index.nearest, InStore)
    return ENGINES[store.database].count(index.nearest.store)


def test_a_corpus_moves_by_one_setting_and_answers_the_same(store: Store, documents: tuple[Document, ...]) -> None:
    here, there = (Pipeline(embed=Hashing(), index=index) for index in (Exact(), store))
    one, other = (pipeline.ask(QUESTION, pipeline.prepare(documents, Artifacts())) for pipeline in (here, there))
    assert (one.text, one.hits, one.found) == (other.text, other.hits, other.found)


def test_every_true_neighbour_is_found_with_its_cosine(store: Store) -> None:
    corpus = many()
    here, there = (Pipeline(embed=Hashing(), index=index).prepare(corpus, Artifacts()) for index in (Exact(), store))
    assert tables(store, there) == len(there.chunks) == 120
    vector = there.question_vector("zalumide of the knee")
    every = here.allowed(Filter())
    rows, scores = there.similar(vector, 20, every)
    assert np.allclose(scores, here.similar(vector, 20, every)[1], atol=1e-6)
    assert np.allclose(scores, here.cosines(vector, rows), atol=1e-6)
    assert recall(there, sample=30) == 1.0


def test_a_filter_lets_only_its_documents_through_and_finds_all_of_them(store: Store, always_asked: None) -> None:
    corpus = many()
    index = Pipeline(embed=Hashing(), index=store).prepare(corpus, Artifacts())
    vector = index.question_vector("peritol of the liver")
    allowed = np.arange(1, 120, 7)
    rows, scores = index.similar(vector, 10, allowed)
    right = allowed[np.argsort(-index.cosines(vector, allowed), kind="stable")[:10]]
    assert len(rows) == 10 and np.isin(rows, allowed).all()
    assert np.allclose(scores, index.cosines(vector, right), atol=1e-6)


def test_a_question_with_a_filter_reaches_the_same_hits_as_in_memory(
    store: Store, documents: tuple[Document, ...], always_asked: None
) -> None:
    hits = []
    for index in (Exact(), store):
        pipeline = Pipeline(embed=Hashing(), index=index, retrieve=Dense())
        hits.append(pipeline.retrieve(QUESTION, pipeline.prepare(documents, Artifacts()), Filter(types=("policy",))))
    assert hits[0] == hits[1]
    assert {hit.chunk.span.document for hit in hits[1]} == {"policy_cgm.md"}


def test_what_is_there_already_is_not_sent_again_and_half_of_it_is(
    store: Store, documents: tuple[Document, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = Pipeline(embed=Hashing(), index=store)
    first = pipeline.prepare(documents, Artifacts(tmp_path))
    assert isinstance(first.nearest, InStore)
    kind = type(first.nearest.store)
    sent: list[int] = []
    plain = kind.add_texts

    def counting(self: Any, texts: Any, *others: Any, **named: Any) -> Any:
        sent.append(len(texts))
        return plain(self, texts, *others, **named)

    monkeypatch.setattr(kind, "add_texts", counting)
    pipeline.prepare(documents, Artifacts(tmp_path))
    assert sent == []
    first.nearest.store.delete(["0", "1"])
    again = pipeline.prepare(documents, Artifacts(tmp_path))
    assert sent == [len(first.chunks)]
    assert tables(store, again) == len(first.chunks)


def test_nothing_but_vectors_and_numbers_is_sent(store: Store, documents: tuple[Document, ...], always_asked: None) -> None:
    index = Pipeline(embed=Hashing(), index=store).prepare(documents, Artifacts())
    assert isinstance(index.nearest, InStore)
    found = index.nearest.store.similarity_search_by_vector(index.question_vector(QUESTION).tolist(), k=100)
    assert sorted(int(one.page_content) for one in found) == list(range(len(index.chunks)))
    for one in found:
        told = {name: value for name, value in one.metadata.items() if name != "pk"}
        assert told == {"document": list(index.documents).index(index.chunks[int(one.page_content)].span.document)}


def test_what_a_removed_document_left_in_the_database_goes_with_it(store: Store, tmp_path: Path) -> None:
    project = Workspace(tmp_path / "workspace").project()
    for name in ("secret.txt", "other.txt"):
        project.shelf.add(File(name, f"The dose of zalumide in {name} is 5 mg, given daily.".encode()))
    pipeline = Pipeline(embed=Hashing(), index=store)
    both = pipeline.prepare(project.shelf.documents, project.artifacts)
    count = tables(store, both)
    assert count == len(both.chunks) > 0
    project.shelf.remove("secret.txt")
    assert tables(store, both) == 0
    rest = pipeline.prepare(project.shelf.documents, project.artifacts)
    assert tables(store, rest) == len(rest.chunks) > 0
    assert len(json.loads((tmp_path / "workspace" / "stores.json").read_text("utf-8"))["collections"]) == 1


def test_ten_users_ask_at_once(store: Store) -> None:
    index = Pipeline(embed=Hashing(), index=store).prepare(many(60), Artifacts())
    vectors = [index.question_vector(word) for word in ("zalumide", "peritol", "rash", "knee", "scan")] * 2
    right = [index.similar(vector, 5, index.allowed(Filter()))[1].tolist() for vector in vectors]
    got: dict[int, list[float]] = {}

    def ask(at: int) -> None:
        for _ in range(5):
            got[at] = index.similar(vectors[at], 5, index.allowed(Filter()))[1].tolist()

    threads = [threading.Thread(target=ask, args=(at,)) for at in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [got[at] for at in range(10)] == right


def test_the_vectors_of_a_database_are_not_held_in_memory(store: Store) -> None:
    index = Pipeline(embed=Hashing(), index=store).prepare(many(), Artifacts())
    assert index.vectors is not None and not isinstance(index.vectors, np.ndarray)
    assert np.array_equal(index.vectors[[5, 2]], index.embedder([index.chunks[at].indexed for at in (5, 2)]))
    assert np.asarray(index.vectors).shape == (120, index.embedder.dimension)


def prepare(store: Store, documents: Sequence[Document]) -> Index:
    return Pipeline(embed=Hashing(), index=store).prepare(documents, Artifacts())


def test_a_missing_address_says_what_to_set(documents: tuple[Document, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAG_STORE", raising=False)
    with pytest.raises(ModelProblem, match=r"RAG_STORE is not set.*secrets\.toml.*postgresql://user:password@localhost"):
        prepare(Store(), documents)


@pytest.mark.parametrize(
    ("database", "address"),
    [
        ("pgvector", "postgresql://rag:hush@db.example:5432/rag"),
        ("pgvector", "postgresql://rag:hush@[2001:db8::1]:5432/rag"),
        ("milvus", "https://rag:hush@milvus.example:19530"),
        ("milvus", "http://milvus.example:19530"),
    ],
)
def test_no_other_machine_is_asked_unless_it_was_allowed(
    database: Any, address: str, documents: tuple[Document, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("opened")

    monkeypatch.setenv("RAG_STORE", address)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(ModelProblem, match="is not this machine, and nobody has allowed it") as told:
        prepare(Store(database=database), documents)
    assert "hush" not in str(told.value)


def test_a_host_that_was_allowed_is_asked(documents: tuple[Document, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def look_up(host: str, *_: object, **__: object) -> None:
        asked.append(host)
        raise OSError("no such host")

    monkeypatch.setenv("RAG_STORE", "postgresql://rag:hush@db.example:5432/rag")
    monkeypatch.setenv(egress.VARIABLE, "db.example")
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(ModelProblem, match=r"The database that RAG_STORE names \(pgvector\) failed") as told:
        prepare(Store(), documents)
    assert asked == ["db.example"] and "hush" not in str(told.value)


@pytest.mark.parametrize(
    ("database", "address"),
    [
        ("pgvector", "sk-something-quite-else"),
        ("pgvector", "http://localhost:5432"),
        ("pgvector", "postgresql://localhost/rag?host=db.example"),
        ("pgvector", "postgresql://localhost/rag?hostaddr=192.0.2.1"),
        ("pgvector", "postgresql://localhost:port/rag"),
        ("milvus", "sk-something-quite-else"),
        ("milvus", "file:///etc/passwd"),
    ],
)
def test_what_is_no_address_is_refused_and_not_repeated(
    database: Any, address: str, documents: tuple[Document, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_STORE", address)
    with pytest.raises(ModelProblem, match=f"What RAG_STORE holds is no connection string for {database}") as told:
        prepare(Store(database=database), documents)
    assert address not in str(told.value)


def test_a_server_that_is_down_is_named_by_its_variable(documents: tuple[Document, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_STORE", f"postgresql://rag:hush@127.0.0.1:{free_port()}/rag")
    with pytest.raises(ModelProblem, match=r"The database that RAG_STORE names \(pgvector\) failed.*Is it running") as told:
        prepare(Store(), documents)
    assert "hush" not in str(told.value)


def test_a_wrong_password_is_told_by_its_code(postgres: str, documents: tuple[Document, ...], monkeypatch: Any) -> None:
    monkeypatch.setenv("RAG_STORE", postgres.replace("invented", "other"))
    with pytest.raises(ModelProblem, match="failed: DatabaseError 28P01") as told:
        prepare(Store(), documents)
    assert "password" not in str(told.value)


@pytest.mark.parametrize(
    ("database", "address", "package"),
    [("pgvector", "postgresql://localhost/rag", "pg8000"), ("milvus", "vectors.db", "langchain-milvus")],
)
def test_a_missing_package_is_named(
    database: Any, address: str, package: str, documents: tuple[Document, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setenv("RAG_STORE", address)
    monkeypatch.setattr("rag.keep.engines.import_module", missing)
    with pytest.raises(ModelProblem, match=f"pip install {package}"):
        prepare(Store(database=database), documents)


def test_only_variables_meant_for_it_are_read() -> None:
    with pytest.raises(ValueError, match="RAG_STORE"):
        Store(connection="OPENAI_API_KEY")


def test_a_database_that_is_away_is_swept_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENGINES, "pgvector", MEMORY)
    monkeypatch.setenv("RAG_STORE", secrets.token_hex(4))
    artifacts = Artifacts(tmp_path)
    corpus = many(3)
    index = Pipeline(embed=Hashing(), index=Store()).prepare(corpus, artifacts)
    address = os.environ["RAG_STORE"]
    monkeypatch.delenv("RAG_STORE")
    artifacts.forget(corpus[0].name)
    assert "RAG_STORE is not set" in sweep(artifacts)[0]
    assert tables(Store(), index) == 3
    monkeypatch.setenv("RAG_STORE", address)
    assert sweep(artifacts) == []
    assert tables(Store(), index) == 0
    assert STORES
