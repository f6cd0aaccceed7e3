"""The records are brought from an older version to this one, refuse a newer one, and stand in SQLite and PostgreSQL alike."""

import logging
import shutil
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select

from rag.documents.workspace import Workspace
from rag.errors import SettingProblem
from rag.governance import audit
from rag.governance.audit import Event, acting
from rag.keep import tables, upgrade
from rag.keep.projects import DEFAULT
from rag.keep.records import DATABASE, VARIABLE, Records
from rag.pipeline import Pipeline
from rag.stages.embed.hashing import Hashing
from rag.values import File

OLD = Path(__file__).with_name("old")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A workspace as version 0.5 left it: a note in use, one redacted, one that waits, one rejected."""
    folder = tmp_path / "old"
    shutil.copytree(OLD / "files", folder / "files")
    base = sqlite3.connect(folder / DATABASE)
    base.executescript((OLD / "workspace-0.5.sql").read_text("utf-8"))
    base.close()
    return folder


def test_the_migrations_make_the_tables_that_the_code_names(tmp_path: Path, either_database: str) -> None:
    records = Records(tmp_path)
    with records._engine.connect() as base:
        assert compare_metadata(MigrationContext.configure(base), tables.records) == []
    assert ScriptDirectory(str(upgrade.PLACE)).get_current_head() == tables.VERSION


def test_a_workspace_of_version_0_5_keeps_all_that_stood_in_it(old: Path, caplog: pytest.LogCaptureFixture) -> None:
    project = Workspace(old).project()
    assert [(entry.document.name, entry.status, entry.decision, entry.who) for entry in project.shelf.entries] == [
        ("call.txt", "quarantined", "", ""),
        ("clinic note.txt", "released", "", ""),
        ("letter.txt", "released", "redact", "A. Reader"),
    ]
    assert project.shelf.original("clinic note.txt") and project.shelf.original("letter.txt") is None
    assert [(one.document, one.decision) for one in project.decisions.all()] == [("plan.md", "reject"), ("letter.txt", "redact")]
    assert project.saved.names("pipeline") == ["mine"] and project.saved.get("session", "abc")
    assert caplog.messages == ["workspace.sqlite of the workspace was made by an older version and is brought to this one."]
    (copy,) = old.glob("workspace-before-*.sqlite")
    assert sqlite3.connect(copy).execute("SELECT count(*) FROM documents").fetchone() == (3,)
    caplog.clear()
    assert len(Workspace(old).project().shelf.entries) == 3 and caplog.messages == []


def test_the_copy_from_before_goes_with_the_first_removal(old: Path) -> None:
    project = Workspace(old).project()
    project.shelf.remove("clinic note.txt")
    assert list(old.glob("workspace-before-*")) == []
    assert not [path for path in old.rglob("*") if path.is_file() and b"Quillemont" in path.read_bytes()]


def test_a_migration_that_fails_leaves_the_database_as_it_was(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(base: object, version: str) -> None:
        base.exec_driver_sql("DROP TABLE documents")  # type: ignore[attr-defined]
        raise SettingProblem("The invented disk is full.")

    monkeypatch.setattr(upgrade, "upgrade", broken)
    with pytest.raises(SettingProblem, match="invented disk"):
        Workspace(old)
    monkeypatch.undo()
    assert len(Workspace(old).project().shelf.entries) == 3


def test_a_workspace_of_a_newer_version_is_told_and_left_alone(tmp_path: Path, either_database: str) -> None:
    records = Records(tmp_path)
    with records._engine.begin() as base:
        base.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    told = r"was made by a newer version \(its tables stand at '9999', this version knows up to 0002\)\. Install that version"
    with pytest.raises(SettingProblem, match=told):
        Records(tmp_path)


@pytest.mark.parametrize("url", ["mysql://localhost/x", "postgresql://localhost:99999/x", "postgresql://h/x?host=relative"])
def test_an_address_that_is_none_is_told_without_being_quoted(url: str, tmp_path: Path) -> None:
    with pytest.raises(SettingProblem, match=f"What {VARIABLE} holds is no connection string") as told:
        Records(tmp_path, url)
    assert url not in str(told.value)


def test_a_database_at_another_host_has_to_be_allowed(tmp_path: Path) -> None:
    with pytest.raises(SettingProblem, match=r"^db\.example\.org is not this machine, and nobody has allowed it"):
        Records(tmp_path, "postgresql://rag:secret@db.example.org/records")


def test_a_server_that_does_not_run_is_told_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingProblem, match=f"^The database that {VARIABLE} names cannot be used: ") as told:
        Records(tmp_path, "postgresql://rag:hidden@127.0.0.1:9/records")
    assert "hidden" not in str(told.value)


def test_every_write_tells_who_did_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, either_database: str) -> None:
    told: list[Event] = []
    monkeypatch.setattr(audit, "note", told.append)
    project = Workspace(tmp_path).project()
    with acting("Dr. Halvorsen"):
        project.shelf.add(File("note.txt", b"The dose of zalumide is 5 mg."))
        project.saved.put("pipeline", "{}", "mine")
    project.decisions.make(["note.txt"], "reject", "A. Reader")
    acts = [(event.act, event.who, event.about) for event in told]
    assert ("upload", "Dr. Halvorsen", ()) in acts and ("save pipeline", "Dr. Halvorsen", ("mine",)) in acts
    assert ("reject", "A. Reader", ("note.txt",)) in acts
    assert all("zalumide" not in repr(event) for event in told)


def test_what_the_log_is_not_told_does_not_happen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, either_database: str) -> None:
    project = Workspace(tmp_path).project()

    def full(event: Event) -> None:
        raise SettingProblem("The invented log is full.")

    monkeypatch.setattr(audit, "note", full)
    with pytest.raises(SettingProblem):
        project.saved.put("pipeline", "{}", "mine")
    assert project.saved.names("pipeline") == []


def test_projects_have_shelves_of_their_own(tmp_path: Path, either_database: str) -> None:
    workspace = Workspace(tmp_path)
    trial = workspace.projects.create("  Falls   audit ")
    assert trial.name == "Falls audit"
    first, second = workspace.project(), workspace.project(trial.id)
    first.shelf.add(File("note.txt", b"The dose of zalumide is 5 mg."))
    second.shelf.add(File("note.txt", b"The dose of peritol is 7 mg."))
    second.saved.put("pipeline", "{}", "mine")
    assert "zalumide" in first.shelf.documents[0].text and "peritol" in second.shelf.documents[0].text
    assert first.saved.names("pipeline") == []
    second.shelf.remove("note.txt")
    assert len(first.shelf.documents) == 1 and first.shelf.original("note.txt")
    again = Workspace(tmp_path)
    assert [one.name for one in again.projects.all()] == ["default", "Falls audit"]
    assert again.project(trial.id).saved.names("pipeline") == ["mine"]


def test_projects_are_renamed_put_away_and_taken_back(tmp_path: Path, either_database: str) -> None:
    projects = Workspace(tmp_path).projects
    trial = projects.create("Trial")
    for wrong in ("", " ", "x" * 61, "a\nb\x00", "TRIAL", "default"):
        with pytest.raises(SettingProblem, match="Choose"):
            projects.create(wrong)
    assert projects.rename(trial.id, "trial").name == "trial"
    assert projects.archive(trial.id).archived and [one.id for one in projects.all()] == [DEFAULT]
    assert [one.name for one in projects.all(archived=True)] == ["trial"]
    assert not projects.archive(trial.id, away=False).archived
    with pytest.raises(SettingProblem, match="always there"):
        projects.archive(DEFAULT)
    for act in (lambda: projects.rename("gone", "x"), lambda: projects.archive("gone")):
        with pytest.raises(SettingProblem, match="There is no project 'gone'"):
            act()


def test_two_processes_see_each_others_changes(tmp_path: Path, either_database: str) -> None:
    one, other = Workspace(tmp_path).project().shelf, Workspace(tmp_path).project().shelf
    assert not other.refresh()
    one.add(File("note.txt", b"The dose of zalumide is 5 mg."))
    assert other.refresh() and [document.name for document in other.documents] == ["note.txt"]
    assert not other.refresh()
    one.edit("note.txt", title="Visit")
    assert other.refresh() and other.documents[0].title == "Visit"
    one.remove("note.txt")
    assert other.refresh() and other.documents == ()


def test_a_name_that_another_process_took_meanwhile_is_marked(tmp_path: Path, either_database: str) -> None:
    one, other = Workspace(tmp_path).project().shelf, Workspace(tmp_path).project().shelf
    one.add(File("note.txt", b"The dose of zalumide is 5 mg."))
    (marked,) = other.add(File("note.txt", b"Peritol was stopped."))
    assert marked.name != "note.txt" and marked.warnings
    one.refresh()
    assert {document.name for document in one.documents} == {"note.txt", marked.name}


def test_what_lies_in_a_workspace_is_its_owners_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "kept"
    (folder / "files").mkdir(parents=True)
    folder.chmod(0o755)
    (folder / "files" / "older.txt").write_text("left by an older version")
    (folder / DATABASE).touch()
    project = Workspace(folder).project()
    project.shelf.add(File("note.txt", b"The dose of zalumide is 5 mg."))
    project.saved.put("pipeline", "{}", "mine")
    Pipeline(embed=Hashing()).prepare(project.shelf.documents, project.artifacts)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]}
    assert all(mode == (0o700 if path.is_dir() else 0o600) for path, mode in modes.items()), modes
    assert not (folder / "files" / "older.txt").exists() and "belong to no document" in caplog.text


def test_what_a_crash_left_is_ended_at_the_next_opening_with_a_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    workspace = Workspace(tmp_path)
    shelf = workspace.project().shelf
    shelf.add(File("note.txt", b"The dose of zalumide is 5 mg."))
    with workspace.records.writing(Event("remove", DEFAULT)) as base:  # What a removal does before it was broken off.
        place = base.execute(select(tables.documents.c.file)).scalar_one()
        base.execute(tables.documents.delete())
        base.execute(tables.erasures.insert().values(project=DEFAULT, document="note.txt", file=place, who="", at=0.0))
    (tmp_path / "files" / "0a1b.part").write_bytes(b"half of it")
    assert (tmp_path / "files" / place).exists()
    with caplog.at_level(logging.WARNING):
        Workspace(tmp_path).project()
    assert caplog.messages == [
        "A removal that was broken off is ended now.",
        "Files that belong to no document, as a crash leaves them, were removed: 1.",
    ]
    assert list((tmp_path / "files").iterdir()) == []


def test_nothing_is_swept_while_somebody_writes(tmp_path: Path) -> None:
    files = Workspace(tmp_path).project().shelf._files
    with files.held():
        place = files.put(File("note.txt", b"without its record yet"))
        assert files.sweep(lambda: set()) == 0 and files.get(place)
    assert files.sweep(lambda: set()) == 1 and files.get(place) is None


def test_a_folder_with_things_of_others_in_it_stays_as_open_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "thesis.txt").write_text("of somebody")
    for path, mode in ((folder, 0o755), (folder / "thesis.txt", 0o644)):
        path.chmod(mode)
    Workspace(folder).project()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755 and stat.S_IMODE((folder / "thesis.txt").stat().st_mode) == 0o644
    assert stat.S_IMODE((folder / DATABASE).stat().st_mode) == 0o600


def test_what_two_people_decide_at_once_is_decided_once(tmp_path: Path, either_database: str) -> None:
    one, other = Workspace(tmp_path).project(), Workspace(tmp_path).project()
    one.shelf.add(File("note.txt", b"Progress note\nMr. Quillonby was seen. Phone (555) 010-2233.\n"))
    stale = other.shelf.entry("note.txt")
    one.decisions.make(["note.txt"], "reject", "A")
    other.shelf.entry = lambda name: stale  # type: ignore[method-assign]
    with pytest.raises(SettingProblem, match="somebody else changed it or decided about it meanwhile"):
        other.decisions.make(["note.txt"], "redact", "B")
    assert Workspace(tmp_path).project().shelf.entries == ()
    assert [line.decision for line in one.decisions.all()] == ["reject"]


def test_uploads_of_one_name_at_the_same_time_are_both_kept(tmp_path: Path, either_database: str) -> None:
    shelves = [Workspace(tmp_path).project().shelf for _ in range(4)]
    files = [File("note.txt", f"The dose of zalumide is {number} mg.".encode()) for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda pair: pair[0].add(pair[1]), zip(shelves, files, strict=True)))
    assert len(Workspace(tmp_path).project().shelf.entries) == 4
