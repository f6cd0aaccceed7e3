"""Files that were handed over are read whatever becomes of the page; what came of each is told."""

import io
import zipfile
from pathlib import Path

import pytest

from rag.documents.inbox import UPLOAD, Taken
from rag.documents.workspace import Project, Workspace
from rag.keep.projects import DEFAULT
from rag.keep.work import GIVEN_UP, Work, Worker
from rag.values import File
from tests.keep.test_work import eventually

NOTE = File("note.txt", b"Progress note\nDate: 2024-03-14\nThe dose of zalumide is 5 mg.\n")
HELD = File("held.txt", b"Progress note\nMr. Quillonby was seen. Phone (555) 010-2233.\n")


def inbox_files(project: Project) -> list[Path]:
    return list((project.folder / "inbox").iterdir())


def read_all(project: Project, keys: list[str]) -> list[Taken]:
    """What comes of the files, read by a worker."""
    Worker(project.work, {UPLOAD: project.inbox.take}).wake()
    assert eventually(lambda: project.inbox.stand(keys)[0] == 0)
    return project.inbox.stand(keys)[1]


def test_each_file_gets_its_result_and_one_that_fails_stops_no_other(project: Project) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inner.txt", "Peritol was stopped because of a rash.")
        archive.writestr("broken.pdf", b"no PDF at all")
    files = [
        File("broken.pdf", b"no PDF at all"),
        NOTE,
        HELD,
        File("all.zip", packed.getvalue()),
        File("copy/note.txt", NOTE.data),
    ]
    keys = [project.inbox.put(file) for file in files]
    assert project.inbox.stand(keys) == (5, []) and len(inbox_files(project)) == 4
    taken = {one.name: one.result for one in read_all(project, keys)}
    assert taken.pop("broken.pdf") == "failed" and taken.pop("all.zip/broken.pdf", "failed") == "failed"
    assert taken["note.txt"] == "added" and taken["held.txt"] == "added" and "failed" not in taken.values()
    assert {"note.txt", "held.txt"} <= {entry.document.name for entry in project.shelf.entries}
    assert inbox_files(project) == []
    project.inbox.put_away(keys)
    assert project.inbox.stand(keys) == (0, [])


def test_the_same_file_once_more_is_read_once_more(project: Project) -> None:
    (first,) = read_all(project, [project.inbox.put(NOTE)])
    (again,) = read_all(project, [project.inbox.put(NOTE)])
    assert (first.result, again.result) == ("added", "not added") and len(project.shelf.entries) == 1


def test_files_that_a_dead_server_left_are_read_by_the_next(tmp_path: Path, either_database: str) -> None:
    dead = Workspace(tmp_path).project()
    keys = [dead.inbox.put(NOTE), dead.inbox.put(HELD)]
    alive = Workspace(tmp_path).project()
    assert [one.result for one in read_all(alive, keys)] == ["added", "added"]
    dead.shelf.refresh()
    assert len(dead.shelf.entries) == 2


def test_a_file_that_is_given_up_leaves_nothing_behind(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(read: object, failed: object) -> None:
        raise RuntimeError("zalumide")

    monkeypatch.setattr(project.shelf, "take", broken)
    (one,) = read_all(project, [project.inbox.put(NOTE)])
    assert one.result == "failed" and one.about.startswith("cannot be read or kept") and inbox_files(project) == []
    assert GIVEN_UP == ""


def test_files_without_work_are_swept_from_the_inbox(tmp_path: Path) -> None:
    project = Workspace(tmp_path).project()
    project.inbox.put(NOTE)
    Work(Workspace(tmp_path).records, DEFAULT).drop(UPLOAD, *(task.key for task in project.work.tasks(UPLOAD)))
    assert inbox_files(project) and inbox_files(Workspace(tmp_path).project()) == []
