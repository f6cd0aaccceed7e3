"""The workspace keeps what was handed over, gives it back after a restart, and leaves no trace of what was removed."""

import sqlite3
from pathlib import Path

import pytest

from rag.documents import workspace as module
from rag.documents.shelf import DOCUMENT
from rag.documents.workspace import Workspace, add_all, open_workspace, sample_files
from rag.errors import FileProblem
from rag.pipeline import Pipeline
from rag.places import WORKSPACE
from rag.stages.embed.hashing import Hashing
from rag.stages.embed.minilm import MiniLM
from rag.stages.rerank.late import LateInteraction
from rag.values import Document, File
from rag.wordpiece import installed

MARKER = "Quillemont"
NOTE = File("note.txt", f"Progress note\nDate: 2024-03-14\nSeen with {MARKER} disease. The dose of zalumide is 5 mg.\n".encode())
OTHER = File("note.txt", b"Progress note\nPeritol was stopped because of a rash.\n")


def names(workspace: Workspace) -> list[str]:
    return [document.name for document in workspace.documents]


def reopened(workspace: Workspace) -> Workspace:
    return Workspace(workspace.folder)


def holding(folder: Path, word: str) -> list[str]:
    """The files in whose name or bytes a word stands, upper or lower case, plain or as UTF-16."""
    marks = (word.lower().encode(), word.lower().encode("utf-16-le"))
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if any(mark in path.name.encode() + path.read_bytes().lower() for mark in marks)]


def test_an_added_document_is_there_with_its_file_and_after_a_restart(workspace: Workspace) -> None:
    (document,) = workspace.add(NOTE)
    assert (document.name, document.type, document.date, document.warnings) == ("note.txt", "note", "2024-03-14", ())
    for one in (workspace, reopened(workspace)):
        assert one.documents == (document,)
        assert one.document("note.txt") == document and one.document("gone.txt") is None
        assert one.original("note.txt") == NOTE.data and one.original("gone.txt") is None
        assert one.documents[0].key == document.key


def test_documents_stand_in_order_of_name(workspace: Workspace) -> None:
    for name in ("c.txt", "a.txt", "b.md"):
        workspace.add(File(name, f"The name of this file is {name}.".encode()))
    assert names(workspace) == ["a.txt", "b.md", "c.txt"]


def test_the_same_content_twice_is_kept_once_and_told(workspace: Workspace) -> None:
    (first,) = workspace.add(NOTE)
    (again,) = reopened(workspace).add(NOTE)
    assert again.warnings == ("already here; nothing was added",)
    assert workspace.documents == (first,)
    assert len(list((workspace.folder / "files").iterdir())) == 1


def test_other_content_under_a_taken_name_is_kept_under_a_marked_one(workspace: Workspace) -> None:
    (first,) = workspace.add(NOTE)
    (second,) = workspace.add(OTHER)
    assert second.name.startswith("note (") and second.name.endswith(").txt")
    assert second.warnings == (f"note.txt was taken by other content; kept as {second.name}",)
    assert set(workspace.documents) == {first, second}
    assert (workspace.original("note.txt"), workspace.original(second.name)) == (NOTE.data, OTHER.data)
    assert workspace.add(OTHER)[0].warnings == ("already here; nothing was added",)
    assert len(workspace.documents) == 2
    workspace.remove("note.txt")
    assert names(workspace) == [second.name]


def test_one_file_under_two_names_stays_until_both_are_removed(workspace: Workspace) -> None:
    workspace.add(NOTE)
    workspace.add(File("copy.txt", NOTE.data))
    workspace.remove("note.txt")
    assert names(workspace) == ["copy.txt"] and workspace.original("copy.txt") == NOTE.data
    workspace.remove("copy.txt")
    assert list((workspace.folder / "files").iterdir()) == []


def test_a_file_that_cannot_be_read_changes_nothing(workspace: Workspace) -> None:
    with pytest.raises(FileProblem, match=r"^note\.exe: no reader for \.exe"):
        workspace.add(File("note.exe", NOTE.data))
    assert workspace.documents == () and list((workspace.folder / "files").iterdir()) == []


def test_an_edit_changes_the_named_fields_alone_and_lasts(workspace: Workspace) -> None:
    (before,) = workspace.add(NOTE)
    changed = workspace.edit("note.txt", title="Visit", type="letter", date="2023-01-31", patient="P-9002")
    assert (changed.title, changed.type, changed.date, changed.patient) == ("Visit", "letter", "2023-01-31", "P-9002")
    assert (changed.text, changed.sections, changed.name) == (before.text, before.sections, before.name)
    assert reopened(workspace).documents == workspace.documents == (changed,)
    assert changed.key != before.key
    assert workspace.edit("note.txt", date=None, title=None).date is None
    assert workspace.documents[0].title == ""


def test_an_edit_leaves_no_trace_of_the_old_title(workspace: Workspace) -> None:
    workspace.add(NOTE)
    workspace.edit("note.txt", title="Marlowick letter")
    pipeline = Pipeline(embed=Hashing())
    pipeline.prepare(workspace.documents, workspace.artifacts)
    assert holding(workspace.folder, "Marlowick")
    workspace.edit("note.txt", title="Visit")
    assert holding(workspace.folder, "Marlowick") == []
    index = pipeline.prepare(workspace.documents, workspace.artifacts)
    assert all("Visit" in chunk.context for chunk in index.chunks)


@pytest.mark.parametrize("open_", ["the same workspace", "another one on the folder", "one after a restart"])
def test_a_removed_document_leaves_no_trace_in_any_file(open_: str, workspace: Workspace) -> None:
    remover = reopened(workspace) if open_.startswith("another") else workspace
    workspace.add(File(f"{MARKER}.txt", NOTE.data * 60))
    workspace.add(File("other.txt", OTHER.data))
    workspace.edit(f"{MARKER}.txt", title=f"About {MARKER}", patient="P-9009")
    pipeline = Pipeline(rerank=LateInteraction(top=4)) if installed() and isinstance(Pipeline().embed, MiniLM) else Pipeline()
    answer = pipeline.ask("What is the dose of zalumide?", pipeline.prepare(workspace.documents, workspace.artifacts))
    assert any(MARKER in hit.chunk.indexed for hit in answer.hits)
    assert holding(workspace.folder, MARKER)
    if open_.endswith("restart"):
        remover = reopened(workspace)
    remover.remove(f"{MARKER}.txt")
    for word in (MARKER, "zalumide", "P-9009"):
        assert holding(workspace.folder, word) == []
    assert names(reopened(workspace)) == ["other.txt"]
    assert holding(workspace.folder, "peritol")
    remover.remove(f"{MARKER}.txt")


def test_texts_are_saved_by_kind_and_name_and_come_back_after_a_restart(workspace: Workspace) -> None:
    assert workspace.save("pipeline", "first", "mine") == "mine"
    workspace.save("pipeline", '{"ё": 1}', "mine")
    workspace.save("session", "of a session", "mine")
    unnamed = [workspace.save("comparison", "body") for _ in range(3)]
    assert len({*unnamed}) == 3 and min(map(len, unnamed)) >= 12
    for one in (workspace, reopened(workspace)):
        assert one.saved("pipeline", "mine") == '{"ё": 1}' and one.saved("session", "mine") == "of a session"
        assert one.saved("pipeline", "other") is None and one.saved("other", "mine") is None
        assert one.names("pipeline") == ["mine"] and one.names("other") == []


def test_names_of_saved_texts_stand_newest_first_and_go_when_discarded(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at, name in enumerate(("old", "new", "old")):
        monkeypatch.setattr(module.time, "time", lambda at=at: 1000.0 + at)
        workspace.save("pipeline", f"{name} {MARKER}" if name == "old" else name, name)
    assert workspace.names("pipeline") == ["old", "new"]
    workspace.discard("pipeline", "old")
    workspace.discard("pipeline", "never there")
    assert workspace.names("pipeline") == ["new"] and workspace.saved("pipeline", "old") is None
    assert holding(workspace.folder, MARKER) == []


def test_files_that_fail_are_named_and_the_others_are_added(workspace: Workspace, places: Path) -> None:
    (places / "broken.pdf").write_bytes(b"%PDF-1.7 nothing more")
    failed = add_all(workspace, sorted(places.iterdir()))
    assert len(failed) == 1 and failed[0].startswith("broken.pdf: the PDF is damaged or cut off")
    assert len(workspace.documents) == 4


def test_a_new_workspace_begins_with_the_samples_and_does_not_bring_them_back(
    places: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (places / "README.md").write_text("# What these are\n")
    monkeypatch.setattr(module, "SAMPLES", places)
    assert "README.md" not in [path.name for path in sample_files()]
    opened = open_workspace(tmp_path / "new")
    assert len(opened.documents) == 4
    for document in opened.documents:
        opened.remove(document.name)
    assert open_workspace(tmp_path / "new").documents == ()


def test_the_workspace_lies_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, places: Path) -> None:
    monkeypatch.setattr(module, "SAMPLES", places)
    monkeypatch.setenv(WORKSPACE, str(tmp_path / "elsewhere"))
    assert open_workspace().folder == tmp_path / "elsewhere"
    rows = sqlite3.connect(tmp_path / "elsewhere" / "workspace.sqlite").execute("SELECT body FROM documents").fetchall()
    assert len(rows) == 4 and all(isinstance(DOCUMENT.validate_json(row[0]), Document) for row in rows)
