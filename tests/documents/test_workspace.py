"""The workspace keeps what was handed over, gives it back after a restart, and leaves no trace of what was removed."""

import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from rag.documents import workspace as module
from rag.documents.shelf import Shelf
from rag.documents.workspace import Project, Workspace, add_all, open_workspace, sample_files
from rag.errors import FileProblem
from rag.governance import audit
from rag.pipeline import Pipeline
from rag.places import WORKSPACE
from rag.stages.embed.hashing import Hashing
from rag.stages.embed.minilm import MiniLM
from rag.stages.rerank.late import LateInteraction
from rag.values import File
from rag.wordpiece import installed

pytestmark = pytest.mark.usefixtures("either_database")
MARKER = "Quillemont"
NOTE = File("note.txt", f"Progress note\nDate: 2024-03-14\nSeen with {MARKER} disease. The dose of zalumide is 5 mg.\n".encode())
OTHER = File("note.txt", b"Progress note\nPeritol was stopped because of a rash.\n")


def names(project: Project) -> list[str]:
    return [document.name for document in project.shelf.documents]


def reopened(project: Project) -> Project:
    return Workspace(project.folder).project()


def holding(folder: Path, word: str) -> list[str]:
    """The files in whose name or bytes a word stands, upper or lower case, plain or as UTF-16."""
    marks = (word.lower().encode(), word.lower().encode("utf-16-le"))
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if any(mark in path.name.encode() + path.read_bytes().lower() for mark in marks)]


def test_an_added_document_is_there_with_its_file_and_after_a_restart(project: Project) -> None:
    (document,) = project.shelf.add(NOTE)
    assert (document.name, document.type, document.date, document.warnings) == ("note.txt", "note", "2024-03-14", ())
    for one in (project, reopened(project)):
        assert one.shelf.documents == (document,)
        assert one.shelf.document("note.txt") == document and one.shelf.document("gone.txt") is None
        assert one.shelf.original("note.txt") == NOTE.data and one.shelf.original("gone.txt") is None
        assert one.shelf.documents[0].key == document.key


def test_documents_stand_in_order_of_name(project: Project) -> None:
    for name in ("c.txt", "a.txt", "b.md"):
        project.shelf.add(File(name, f"The name of this file is {name}.".encode()))
    assert names(project) == ["a.txt", "b.md", "c.txt"]


def test_the_same_content_twice_is_kept_once_and_told(project: Project) -> None:
    (first,) = project.shelf.add(NOTE)
    (again,) = reopened(project).shelf.add(NOTE)
    assert again.warnings == ("already here; nothing was added",)
    assert project.shelf.documents == (first,)
    assert len(list((project.folder / "files").iterdir())) == 1


def test_other_content_under_a_taken_name_is_kept_under_a_marked_one(project: Project) -> None:
    (first,) = project.shelf.add(NOTE)
    (second,) = project.shelf.add(OTHER)
    assert second.name.startswith("note (") and second.name.endswith(").txt")
    assert second.warnings == (f"note.txt was taken by other content; kept as {second.name}",)
    assert set(project.shelf.documents) == {first, second}
    assert (project.shelf.original("note.txt"), project.shelf.original(second.name)) == (NOTE.data, OTHER.data)
    assert project.shelf.add(OTHER)[0].warnings == ("already here; nothing was added",)
    assert len(project.shelf.documents) == 2
    project.shelf.remove("note.txt")
    assert names(project) == [second.name]


def test_one_file_under_two_names_stays_until_both_are_removed(project: Project) -> None:
    project.shelf.add(NOTE)
    project.shelf.add(File("copy.txt", NOTE.data))
    project.shelf.remove("note.txt")
    assert names(project) == ["copy.txt"] and project.shelf.original("copy.txt") == NOTE.data
    project.shelf.remove("copy.txt")
    assert list((project.folder / "files").iterdir()) == []


def test_a_file_that_cannot_be_read_changes_nothing(project: Project) -> None:
    with pytest.raises(FileProblem, match=r"^note\.exe: no reader for \.exe"):
        project.shelf.add(File("note.exe", NOTE.data))
    assert project.shelf.documents == () and list((project.folder / "files").iterdir()) == []


def test_an_edit_changes_the_named_fields_alone_and_lasts(project: Project) -> None:
    (before,) = project.shelf.add(NOTE)
    changed = project.shelf.edit("note.txt", title="Visit", type="letter", date="2023-01-31", patient="P-9002")
    assert (changed.title, changed.type, changed.date, changed.patient) == ("Visit", "letter", "2023-01-31", "P-9002")
    assert (changed.text, changed.sections, changed.name) == (before.text, before.sections, before.name)
    assert reopened(project).shelf.documents == project.shelf.documents == (changed,)
    assert changed.key != before.key
    assert project.shelf.edit("note.txt", date=None, title=None).date is None
    assert project.shelf.documents[0].title == ""


def test_an_edit_leaves_no_trace_of_the_old_title(project: Project) -> None:
    project.shelf.add(NOTE)
    project.shelf.edit("note.txt", title="Marlowick letter")
    pipeline = Pipeline(embed=Hashing())
    pipeline.prepare(project.shelf.documents, project.artifacts)
    assert holding(project.folder, "Marlowick")
    project.shelf.edit("note.txt", title="Visit")
    assert holding(project.folder, "Marlowick") == []
    index = pipeline.prepare(project.shelf.documents, project.artifacts)
    assert all("Visit" in chunk.context for chunk in index.chunks)


@pytest.mark.parametrize("open_", ["the same workspace", "another one on the folder", "one after a restart"])
def test_a_removed_document_leaves_no_trace_in_any_file(open_: str, project: Project) -> None:
    remover = reopened(project) if open_.startswith("another") else project
    project.shelf.add(File(f"{MARKER}.txt", NOTE.data * 60))
    project.shelf.add(File("other.txt", OTHER.data))
    project.shelf.edit(f"{MARKER}.txt", title=f"About {MARKER}", patient="P-9009")
    pipeline = Pipeline(rerank=LateInteraction(top=4)) if installed() and isinstance(Pipeline().embed, MiniLM) else Pipeline()
    answer = pipeline.ask("What is the dose of zalumide?", pipeline.prepare(project.shelf.documents, project.artifacts))
    assert any(MARKER in hit.chunk.indexed for hit in answer.hits)
    assert holding(project.folder, MARKER)
    if open_.endswith("restart"):
        remover = reopened(project)
    remover.shelf.remove(f"{MARKER}.txt")
    for word in (MARKER, "zalumide", "P-9009"):
        assert holding(project.folder, word) == []
    assert names(reopened(project)) == ["other.txt"]
    assert holding(project.folder, "peritol")
    remover.shelf.remove(f"{MARKER}.txt")


def test_texts_are_saved_by_kind_and_name_and_come_back_after_a_restart(project: Project) -> None:
    assert project.saved.put("pipeline", "first", "mine") == "mine"
    project.saved.put("pipeline", '{"ё": 1}', "mine")
    project.saved.put("session", "of a session", "mine")
    unnamed = [project.saved.put("comparison", "body") for _ in range(3)]
    assert len({*unnamed}) == 3 and min(map(len, unnamed)) >= 12
    for one in (project, reopened(project)):
        assert one.saved.get("pipeline", "mine") == '{"ё": 1}' and one.saved.get("session", "mine") == "of a session"
        assert one.saved.get("pipeline", "other") is None and one.saved.get("other", "mine") is None
        assert one.saved.names("pipeline") == ["mine"] and one.saved.names("other") == []


def test_names_of_saved_texts_stand_newest_first_and_go_when_discarded(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for at, name in enumerate(("old", "new", "old")):
        monkeypatch.setattr(audit.time, "time", lambda at=at: 1000.0 + at)
        project.saved.put("pipeline", f"{name} {MARKER}" if name == "old" else name, name)
    assert project.saved.names("pipeline") == ["old", "new"]
    project.saved.discard("pipeline", "old")
    project.saved.discard("pipeline", "never there")
    assert project.saved.names("pipeline") == ["new"] and project.saved.get("pipeline", "old") is None
    assert holding(project.folder, MARKER) == []


def test_files_that_fail_are_named_and_the_others_are_added(project: Project, places: Path) -> None:
    (places / "broken.pdf").write_bytes(b"%PDF-1.7 nothing more")
    failed = add_all(project.shelf, sorted(places.iterdir()))
    assert len(failed) == 1 and failed[0].startswith("broken.pdf: the PDF is damaged or cut off")
    assert len(project.shelf.documents) == 4


def test_a_new_workspace_begins_with_the_samples_and_does_not_bring_them_back(
    places: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (places / "README.md").write_text("# What these are\n")
    monkeypatch.setattr(module, "SAMPLES", places)
    assert "README.md" not in [path.name for path in sample_files()]
    opened = open_workspace(tmp_path / "new").project()
    assert len(opened.shelf.documents) == 4
    for document in opened.shelf.documents:
        opened.shelf.remove(document.name)
    assert open_workspace(tmp_path / "new").project().shelf.documents == ()


def test_two_servers_that_open_a_new_workspace_at_once_read_the_samples_once(
    places: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SAMPLES", places)
    read: list[str] = []

    def slowly(shelf: Shelf, files: Iterable[Path]) -> list[str]:
        time.sleep(0.3)
        read.append(threading.current_thread().name)
        return add_all(shelf, files)

    monkeypatch.setattr(module, "add_all", slowly)
    with ThreadPoolExecutor(2) as both:
        opened = list(both.map(open_workspace, [tmp_path / "new"] * 2))
    assert len(read) == 1 and [len(one.project().shelf.documents) for one in opened] == [4, 4]


def test_a_sample_that_was_read_in_part_is_read_again_at_the_next_start(
    places: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SAMPLES", places)
    shelf = open_workspace(tmp_path / "new").project().shelf
    texts = {document.name: document.text for document in shelf.documents}
    whole = shelf.documents[0]
    with shelf.changing("edit", whole.name) as change:
        change.rewrite(
            replace(whole, text=whole.text[:20], sections=(), moments=(), assertions=(), warnings=("page 2 cannot be read",))
        )
    again = open_workspace(tmp_path / "new").project().shelf
    assert {document.name: document.text for document in again.documents} == texts


def test_the_workspace_lies_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, places: Path) -> None:
    monkeypatch.setattr(module, "SAMPLES", places)
    monkeypatch.setenv(WORKSPACE, str(tmp_path / "elsewhere"))
    assert open_workspace().folder == tmp_path / "elsewhere"
    assert len(open_workspace().project().shelf.entries) == 4
