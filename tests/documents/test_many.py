"""Many files are read by several processes at once, and nothing comes out otherwise than one after the other."""

import zipfile
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

import pytest

from rag.documents import child, inbox, many
from rag.documents.inbox import UPLOAD
from rag.documents.many import Read, read_many, read_one
from rag.documents.screen import Screen
from rag.documents.workspace import Workspace, add_all
from rag.errors import FileProblem
from rag.values import File

NOTE = "PROGRESS NOTE\nDate: 2024-03-{day:02}\n\nPLAN:\nReturn in {day} days. Call Mrs. Alma Winter at 555-201-{day:04}.\n"


def archive() -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        packed.writestr("inside/note.txt", NOTE.format(day=9))
        packed.writestr("inside/odd.txt", b"\0\0\0\0\0\0")
    return target.getvalue()


FILES = [
    *(File(f"note-{day}.txt", NOTE.format(day=day).encode()) for day in range(1, 10)),
    File("empty.txt", b""),
    File("rows.csv", b"patient_id,drug,dose\nP-0001,Zalumide,5 mg\nP-0002,Peritol,7 mg\n"),
    File("lines.jsonl", b'{"id": "a", "text": "Cough since May."}\nno json\n{"id": "b", "text": "No fever."}\n'),
    File("odd \udcff.txt", "Ein Vermerk über Husten, \ufeffund\u200b mehr.".encode()),
    File("packed.zip", archive()),
    File("note.docx", b"PK\x03\x04 cut"),
]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "FEWEST", 2)
    monkeypatch.setattr(inbox, "FEWEST", 2)
    monkeypatch.setattr(many, "processors", lambda: 2)


def told(read: Read) -> tuple[object, ...]:
    return read.found, list(map(str, read.failed)), str(read.problem)


def gives(files: list[File]) -> list[Callable[[], File]]:
    return [partial(lambda file: file, file) for file in files]


@pytest.mark.parametrize("screen", [Screen(), Screen(threshold=0.99), None], ids=["screen", "high threshold", "no screen"])
@pytest.mark.usefixtures("few")
def test_several_processes_give_what_one_gives_in_the_same_order(screen: Screen | None) -> None:
    assert [told(one) for one in read_many(gives(FILES), screen)] == [told(read_one(file, screen)) for file in FILES]


@pytest.mark.usefixtures("few")
def test_what_a_process_that_ends_was_to_read_is_read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "ROOT", Path("/nowhere"))
    monkeypatch.setattr(child.sys, "path", [])
    assert [len(one.found) for one in read_many(gives(FILES[:9]), Screen())] == [1] * 9


@pytest.mark.usefixtures("few")
def test_a_file_that_cannot_be_opened_stops_no_other() -> None:
    def gone() -> File:
        raise FileProblem("gone.txt: cannot be opened.")

    reads = list(read_many([*gives(FILES[:3]), gone, *gives(FILES[3:5])], Screen()))
    assert [str(one.problem or "") for one in reads] == ["", "", "", "gone.txt: cannot be opened.", "", ""]


def test_few_files_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(many, "_Process", None)
    assert len(list(read_many(gives(FILES), Screen(), 4))) == len(FILES)


@pytest.mark.usefixtures("few")
def test_a_folder_and_an_inbox_of_many_files_come_to_the_shelf(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for file in FILES[:5]:
        (folder / file.name).write_bytes(file.data)
    project = Workspace(tmp_path / "workspace").project()
    assert add_all(project.shelf, [*sorted(folder.iterdir()), folder / "gone.txt"])[0].startswith("gone.txt: cannot be opened")
    keys = [project.inbox.put(file) for file in FILES[3:10]]
    for task in project.work.free(UPLOAD):
        assert project.work.claim(UPLOAD, task.key)
        project.work.finish(UPLOAD, task.key, project.inbox.take(task, lambda *_: None))
    left, taken = project.inbox.stand(keys)
    assert left == 0 and [(one.name, one.result) for one in taken if one.result != "added"] == [
        ("note-4.txt", "not added"), ("note-5.txt", "not added"), ("empty.txt", "failed"),
    ]  # fmt: skip
    assert len(project.shelf.entries) == 9 and not any(entry.released for entry in project.shelf.entries)
