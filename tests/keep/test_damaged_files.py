"""Whatever is damaged, cut, missing, locked or full in a workspace: what was computed is made anew, what people gave is told."""

import errno
import gc
import json
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.documents import files as files_module
from rag.documents import workspace as workspace_module
from rag.documents.workspace import Workspace
from rag.errors import FileProblem, SettingProblem
from rag.keep import records as records_module
from rag.keep.artifacts import Artifacts
from rag.keep.engines import ENGINES
from rag.keep.outside import Outside
from rag.keep.records import DATABASE
from rag.pipeline import Pipeline
from rag.stages.embed.hashing import Hashing
from rag.stages.index import indexing
from rag.stages.index.local import Exact, Hnsw, Ivf
from rag.stages.index.store import Store
from rag.values import Document, File
from tests.conftest import run_sql
from tests.memory_store import MEMORY

ROOT = Path(__file__).parents[2]
QUESTION = "Is torsemide 40 mg taken by mouth daily?"
DERIVED = [
    "artifacts.sqlite",
    "vectors.faiss",
    "vectors.sha256",
    "terms.sha256",
    "terms/data.csc.index.npy",
    "terms/indices.csc.index.npy",
    "terms/indptr.csc.index.npy",
    "terms/params.index.json",
    "terms/vocab.index.json",
]
HARMS: dict[str, Callable[[Path], object]] = {
    "cut": lambda path: os.truncate(path, path.stat().st_size // 2),
    "empty": lambda path: os.truncate(path, 0),
    "missing": lambda path: path.unlink(),
    "overwritten": lambda path: path.write_bytes(b"\xa5" * path.stat().st_size),
    "one byte changed": lambda path: path.write_bytes(changed(path.read_bytes())),
}


def changed(data: bytes) -> bytes:
    """The bytes with one in their middle changed."""
    at = len(data) // 2
    return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]


def answer_of(pipeline: Pipeline, documents: tuple[Document, ...], folder: Path | None, asked: bool = False) -> Any:
    """What a process of its own would find, by its answer where it is `asked`; nothing is left open behind it."""
    index = pipeline.prepare(documents, Artifacts(folder))
    if not asked:
        return [(hit.chunk, round(hit.score, 5)) for hit in pipeline.search(QUESTION, index).hits]
    told = [claim.text for claim in pipeline.ask(QUESTION, index).claims]
    del index
    gc.collect()  # The database is closed, and what its log holds is in it.
    return told


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("name", DERIVED)
def test_every_derived_file_is_made_anew_where_it_was_harmed(
    name: str, harm: str, documents: tuple[Document, ...], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline, asked = Pipeline(embed=Hashing()), name.endswith("sqlite")
    expected = answer_of(pipeline, documents, tmp_path, asked)
    assert caplog.messages == []
    (path,) = tmp_path.glob(name) if asked else tmp_path.glob(f"indexes/*/{name}")
    HARMS[harm](path)
    assert answer_of(pipeline, documents, tmp_path, asked) == expected
    quiet = asked and harm in {"empty", "one byte changed"}  # A byte of free space, or of what was not read.
    assert len(caplog.messages) == 1 or (quiet and len(caplog.messages) <= 2)
    assert all("made anew" in said and "\n" not in said for said in caplog.messages)
    before = len(caplog.messages)
    assert answer_of(pipeline, documents, tmp_path, asked) == expected
    assert len(caplog.messages) == before, "the next run finds all in order"


@pytest.mark.parametrize("index", [Exact(precision="int8"), Hnsw(), Ivf(), Exact(k1=1.2)], ids=["exact", "hnsw", "ivf", "terms"])
def test_every_index_is_made_anew_and_a_plan_says_so_beforehand(
    index: Any, documents: tuple[Document, ...], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline = Pipeline(embed=Hashing(), index=index)
    expected = answer_of(pipeline, documents, tmp_path)
    assert str(pipeline.plan(documents, Artifacts(tmp_path))).startswith("opens the index")
    for path in (*tmp_path.glob("indexes/*/vectors.faiss"), *tmp_path.glob("indexes/*/terms/*.npy")):
        path.write_bytes(changed(path.read_bytes()))
    assert str(pipeline.plan(documents, Artifacts(tmp_path))).startswith("indexes 10 passages")
    assert answer_of(pipeline, documents, tmp_path) == expected
    assert len(caplog.messages) == 2, "one for the vectors, one for the terms"


BODIES: dict[str, tuple[str, str]] = {
    "passages that are no JSON": ("UPDATE passages SET body = '[[1, 2'", "Passages"),
    "passages of another text": ('UPDATE passages SET body = \'[[0, 99999, "", "", null, null]]\'', "Passages"),
    "passages that are no list": ("UPDATE passages SET body = '7'", "Passages"),
    "passages without a section": ("UPDATE passages SET body = '[[0, 1, \"\", null, null, null]]'", "Passages"),
    "vectors cut": ("UPDATE vectors SET body = substr(body, 1, 100)", "Vectors"),
    "a vector cut": ("UPDATE vectors SET body = x'00' WHERE rowid IN (SELECT rowid FROM vectors LIMIT 1)", "Vectors"),
    "vectors of nought": ("UPDATE vectors SET body = zeroblob(length(body))", "Vectors"),
    "vectors that are no numbers": ("UPDATE vectors SET body = CAST(x'0000c07f' || substr(body, 5) AS BLOB)", "Vectors"),
    "vectors that are text": ("UPDATE vectors SET body = 'an invented text'", "Vectors"),
    "counts that are none": ("UPDATE counts SET number = 'many'", ""),
    "times that are none": ("UPDATE timings SET seconds = 'long'", ""),
}


@pytest.mark.parametrize("harm", BODIES)
def test_every_row_is_made_anew_where_it_was_harmed(
    harm: str, documents: tuple[Document, ...], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline = Pipeline(embed=Hashing())
    expected = answer_of(pipeline, documents, tmp_path)
    statement, what = BODIES[harm]
    base = sqlite3.connect(tmp_path / "artifacts.sqlite")
    base.execute(statement.replace("rowid", "text"))
    base.commit()
    base.close()
    for path in tmp_path.glob("indexes/*/vectors.faiss"):
        path.unlink()  # So that the vectors are read again.
    for _ in range(2):
        assert answer_of(pipeline, documents, tmp_path) == expected
    told = [said for said in caplog.messages if not said.startswith("index-")]
    assert told == ([f"{what} in artifacts.sqlite were damaged and are made anew."] if what else [])


def test_token_vectors_are_made_anew_where_they_were_harmed(
    documents: tuple[Document, ...], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Tokens(Hashing):
        def tokens(self, texts: Any) -> list[Any]:
            return [self(text.split()) for text in texts]

    chunks = Pipeline(embed=Hashing()).divide(documents, Artifacts())
    first = Artifacts(tmp_path).tokens(Tokens(), chunks)
    for harm in ("substr(body, 1, 101)", "zeroblob(length(body))", "zeroblob(0)", "'text'"):
        caplog.clear()
        gc.collect()
        base = sqlite3.connect(tmp_path / "artifacts.sqlite")
        base.execute(f"UPDATE tokens SET body = {harm}")
        base.commit()
        base.close()
        for _ in range(2):
            found = Artifacts(tmp_path).tokens(Tokens(), chunks)
            assert all(map(np.array_equal, found, first))
        assert caplog.messages == ["Token vectors in artifacts.sqlite were damaged and are made anew."]


@pytest.mark.parametrize("listing", ["", "{nothing", "7", "null", "missing"])
def test_a_removed_document_leaves_no_index_behind_whose_list_cannot_be_read(listing: str, tmp_path: Path) -> None:
    project = Workspace(tmp_path).project()
    project.shelf.add(File("secret.txt", b"Seen with Quillemont disease. The dose of zalumide is 5 mg."))
    pipeline = Pipeline(embed=Hashing())
    pipeline.prepare(project.shelf.documents, project.artifacts)
    (path,) = tmp_path.glob("indexes/*/documents.json")
    path.unlink() if listing == "missing" else path.write_text(listing)
    project.shelf.remove("secret.txt")
    assert not any(b"quillemont" in one.read_bytes().lower() for one in tmp_path.rglob("*") if one.is_file())


@pytest.mark.parametrize("record", ["", "{nothing", "[]", '{"workspace": "x; DROP", "collections": []}', '{"workspace": 7}'])
def test_a_damaged_record_of_databases_is_made_anew(
    record: str,
    documents: tuple[Document, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("RAG_STORE", "memory")
    monkeypatch.setitem(ENGINES, "pgvector", MEMORY)
    pipeline = Pipeline(embed=Hashing(), index=Store())
    expected = answer_of(pipeline, documents, tmp_path)
    (tmp_path / "stores.json").write_text(record)
    for _ in range(2):
        assert answer_of(pipeline, documents, tmp_path) == expected
    assert len(caplog.messages) == 1 and caplog.messages[0].startswith("stores.json was damaged and is made anew; ")
    assert len(json.loads((tmp_path / "stores.json").read_text("utf-8"))["collections"]) == 1


def test_a_record_that_names_what_is_none_of_ours_clears_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rag.keep.outside import sweep

    monkeypatch.setenv("RAG_STORE", "memory")
    one = {"database": "pgvector", "connection": "RAG_STORE", "collection": "patients", "key": "0"}
    (tmp_path / "stores.json").write_text(json.dumps({"workspace": "0a1b2c3d", "collections": [one]}))
    monkeypatch.setattr(Outside, "open", lambda *_: pytest.fail("opened"))
    assert sweep(Artifacts(tmp_path)) == []


def test_a_place_that_the_disk_does_not_take_is_told_once(
    documents: tuple[Document, ...], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "indexes").write_text("no folder")
    pipeline = Pipeline(embed=Hashing())
    assert answer_of(pipeline, documents, tmp_path) == answer_of(pipeline, documents, None)
    assert caplog.messages == ["The index is not kept: not a directory."]


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that takes no file of an index."""

    def no_room(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(indexing, "write", no_room)


def test_an_index_that_the_disk_does_not_take_serves_without_being_kept(
    full: None, documents: tuple[Document, ...], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline = Pipeline(embed=Hashing())
    assert answer_of(pipeline, documents, tmp_path) == answer_of(pipeline, documents, None)
    assert caplog.messages == [
        "terms of the index is not kept: no space left on device.",
        "vectors.faiss of the index is not kept: no space left on device.",
    ]


def test_a_workspace_that_a_full_disk_cannot_make_is_done_without(
    documents: tuple[Document, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def no_room(self: Path, *_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "mkdir", no_room)
        artifacts = Artifacts(tmp_path / "new")
        with pytest.raises(SettingProblem, match=r"cannot be used as a workspace: no space left on device\. Choose another"):
            Workspace(tmp_path / "new").project()
    assert artifacts.folder is None and len(caplog.messages) == 1 and "no space left on device" in caplog.messages[0]
    assert Pipeline(embed=Hashing()).prepare(documents, artifacts).chunks


def command(*told: object, limit: int = 0, **environment: str) -> "subprocess.CompletedProcess[str]":
    """The command line as a process of its own, in which no file grows beyond so many bytes."""
    return subprocess.run(
        [sys.executable, "-m", "rag", *map(str, told)],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=240,
        preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))) if limit else None,
    )


@pytest.fixture
def hashing(tmp_path: Path) -> Path:
    """A pipeline that needs no model, as a file."""
    (tmp_path / "p.json").write_text(Pipeline(embed=Hashing()).to_json())
    return tmp_path / "p.json"


def test_a_question_is_answered_where_the_disk_takes_nothing_and_a_line_says_that_nothing_is_kept(
    places: Path, hashing: Path, tmp_path: Path
) -> None:
    told = ("ask", QUESTION, "--docs", places, "--pipeline", hashing, "--workspace", tmp_path / "kept")
    done = command(*told, limit=4096)
    assert done.returncode == 0 and "Torsemide 40 mg by mouth daily." in done.stdout, done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("WARNING: ")]
    assert said and all(" is not used: " in line or " is not kept: " in line for line in said)
    assert "Traceback" not in done.stderr and "Torsemide" not in done.stderr
    after = command(*told)
    assert after.returncode == 0 and after.stdout.splitlines()[:2] == done.stdout.splitlines()[:2], "and with room it goes on"


@pytest.mark.parametrize("harm", ["cut", "overwritten", "empty"])
def test_a_damaged_workspace_is_told_on_the_command_line_in_one_line_each(
    harm: str, places: Path, hashing: Path, tmp_path: Path
) -> None:
    told = ("ask", QUESTION, "--docs", places, "--pipeline", hashing, "--workspace", tmp_path / "kept")
    first = command(*told)
    for path in (*tmp_path.glob("kept/indexes/*/vectors.faiss"), *tmp_path.glob("kept/indexes/*/terms/vocab.index.json")):
        HARMS[harm](path)
    again = command(*told)
    assert again.returncode == 0 and again.stdout.splitlines()[:2] == first.stdout.splitlines()[:2]
    said = [line for line in again.stderr.splitlines() if line.startswith("WARNING: ")]
    assert len(said) == 2 and all(line.endswith(" was damaged or incomplete and is made anew.") for line in said)


@pytest.fixture
def given(tmp_path: Path) -> Iterator[Path]:
    """A project with a document in it, which nobody has open."""
    project = Workspace(tmp_path / "given").project()
    project.shelf.add(File("note.txt", b"Progress note. The dose of zalumide is 5 mg. " * 200))
    del project
    gc.collect()
    yield tmp_path / "given"


@pytest.mark.parametrize("harm", ["cut", "overwritten"])
def test_a_damaged_database_of_what_people_gave_is_told_and_never_made_anew(
    harm: str, given: Path, hashing: Path, tmp_path: Path
) -> None:
    HARMS[harm](given / DATABASE)
    before = (given / DATABASE).read_bytes()
    with pytest.raises(SettingProblem, match=r"^workspace\.sqlite of the workspace cannot be used: it is damaged\. Restore it"):
        assert Workspace(given).project().shelf.documents
    for told in (("serve", "--workspace", given, "--pipeline", hashing), ("setup", "--workspace", given)):
        done = command(*told)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.count("\n") == 1 and done.stderr.startswith("error: workspace.sqlite of the workspace cannot be used")
    assert (given / DATABASE).read_bytes() == before


def test_a_locked_database_of_what_people_gave_is_told(given: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records_module, "PATIENCE", 0.05)
    project, other = Workspace(given).project(), sqlite3.connect(given / DATABASE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    locked = r"^workspace\.sqlite of the workspace cannot be used: another program has locked it\. Close that, then try again\.$"
    for work in (
        lambda: project.saved.put("pipeline", "body", "mine"),
        lambda: project.shelf.add(File("other.txt", b"Peritol was stopped.")),
        lambda: project.shelf.edit("note.txt", title="Visit"),
        lambda: project.shelf.remove("note.txt"),
        lambda: project.saved.discard("pipeline", "mine"),
    ):
        with pytest.raises(SettingProblem, match=locked):
            work()
    other.execute("ROLLBACK")
    assert [document.name for document in project.shelf.documents] == ["note.txt"]
    project.shelf.remove("note.txt")
    assert project.shelf.documents == ()


def test_what_was_computed_of_a_document_is_removed_with_it_or_the_removal_is_refused(given: Path) -> None:
    project = Workspace(given).project()
    Pipeline(embed=Hashing()).prepare(project.shelf.documents, project.artifacts)
    other = sqlite3.connect(given / "artifacts.sqlite", isolation_level=None)
    assert project.artifacts._base._disk
    project.artifacts._base._disk.execute("PRAGMA busy_timeout=10")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(SettingProblem, match="What was computed of a document cannot be removed: another program has locked it"):
        project.shelf.remove("note.txt")
    assert [document.name for document in project.shelf.documents] == ["note.txt"], "nothing is half removed"
    other.execute("ROLLBACK")
    project.shelf.remove("note.txt")
    assert project.shelf.documents == ()


def test_a_full_disk_refuses_an_upload_and_a_setting_in_one_line_and_keeps_what_was_there(
    given: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace(given)
    project = workspace.project()
    with workspace.records._engine.connect() as base:
        pages = base.exec_driver_sql("PRAGMA page_count").scalar()
        base.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    with pytest.raises(SettingProblem, match=r"cannot be used: the disk is full\. Make room, then try again\.$"):
        project.saved.put("pipeline", "x" * 100_000)

    def no_room(path: Path, data: bytes, synced: bool) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files_module, "put", no_room)
    with pytest.raises(
        FileProblem, match=r"^new\.txt: cannot be kept: no space left on device\. Mend that, then upload it again"
    ):
        project.shelf.add(File("new.txt", b"Peritol was stopped."))
    assert [document.name for document in project.shelf.documents] == ["note.txt"]


def test_a_file_that_was_half_kept_before_is_kept_whole_when_it_comes_again(given: Path) -> None:
    project = Workspace(given).project()
    data = project.shelf.original("note.txt")
    assert data
    (path,) = (given / "files").iterdir()
    os.truncate(path, 10)
    project.shelf.add(File("copy.txt", data))
    assert project.shelf.original("note.txt") == project.shelf.original("copy.txt") == data


def test_a_document_whose_row_is_damaged_is_left_out_with_a_line_that_holds_no_text(
    given: Path, caplog: pytest.LogCaptureFixture
) -> None:
    project = Workspace(given).project()
    project.shelf.add(File("other.txt", b"Peritol was stopped because of a rash."))
    run_sql(project, "UPDATE documents SET body = replace(body, '\"format\"', '\"zalumide') WHERE name = 'note.txt'")
    run_sql(project, "UPDATE documents SET body = substr(body, 1, 200) WHERE name = 'note.txt'")
    run_sql(project, "UPDATE screened SET screen = 'older'")
    again = Workspace(given).project()
    assert [document.name for document in again.shelf.documents] == ["other.txt"] and again.shelf.entry("note.txt") is None
    assert "damaged and left out" in caplog.text and "zalumide" not in caplog.text
    again.shelf.remove("note.txt")
    assert [entry.document.name for entry in again.shelf.entries] == ["other.txt"]


def test_rules_of_the_screen_that_are_damaged_release_nothing(given: Path) -> None:
    run_sql(Workspace(given).project(), "INSERT INTO settings VALUES ('default', 'screen', ?, '', 0)", '{"threshold": 0.')
    with pytest.raises(SettingProblem, match=r"rules of the screen in workspace\.sqlite are damaged"):
        Workspace(given).project()


def test_setup_on_a_full_disk_is_one_line(places: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace_module, "SAMPLES", places)
    done = command("setup", "--workspace", tmp_path / "kept", limit=4096)
    assert (done.returncode, done.stdout) == (1, "") and "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: workspace.sqlite of the workspace cannot be used: ")
