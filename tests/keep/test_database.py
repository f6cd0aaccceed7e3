"""A database of what can be computed again stops nobody: damaged it is made anew, and where it takes nothing memory helps out."""

import gc
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.keep import database as module
from rag.keep.database import DAMAGED, FAULTS, LOCKED, Database, fault_of

TABLES = "CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, body TEXT);"
PUT, GET = "INSERT OR REPLACE INTO notes VALUES (?, ?)", "SELECT name, body FROM notes ORDER BY name"
ROWS = [(f"{at:03}", "an invented note " * 20) for at in range(200)]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with 200 notes in it, which nobody has open."""
    made = Database(tmp_path / "kept.sqlite", TABLES)
    made.write((PUT, ROWS))
    assert made.read(GET) == ROWS
    del made
    gc.collect()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["kept.sqlite"]
    return tmp_path / "kept.sqlite"


def test_what_is_written_is_there_after_a_restart_and_nothing_is_said(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert Database(path, TABLES).read(GET) == ROWS
    in_memory = Database(None, TABLES)
    in_memory.write((PUT, ROWS[:1]))
    assert in_memory.read(GET) == ROWS[:1] and caplog.messages == []


def test_changes_are_made_together_or_not_at_all(path: Path) -> None:
    base = Database(path, TABLES)
    with pytest.raises(sqlite3.ProgrammingError):
        base.write((PUT, [("new", "text")]), (PUT, [("too few",)]))
    assert base.read(GET) == ROWS, "and a mistake of ours is no damage"


def other_tables(path: Path) -> None:
    base = sqlite3.connect(path)
    base.execute("DROP TABLE notes")
    base.execute("CREATE TABLE notes (number INT)")
    base.commit()
    base.close()


def no_text(path: Path) -> None:
    base = sqlite3.connect(path)
    base.execute("UPDATE notes SET body = CAST(x'ff41' AS TEXT) WHERE name = '007'")
    base.commit()
    base.close()


def page_overwritten(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)


HARMS: dict[str, Callable[[Path], object]] = {
    "no database": lambda path: path.write_bytes(b"These are minutes of a meeting. " * 500),
    "cut in the middle": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "cut in its head": lambda path: path.write_bytes(path.read_bytes()[:60]),
    "its pages overwritten": page_overwritten,
    "other tables": other_tables,
    "a text that is none": no_text,
}


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("first", ["read", "write"])
def test_what_is_damaged_is_made_anew_with_one_line(harm: str, first: str, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    HARMS[harm](path)
    base = Database(path, TABLES)
    if first == "read":
        assert base.read(GET) == []
    base.write((PUT, ROWS[:2]))
    found = base.read(GET)
    assert found == ROWS[:2] or (first == "write" and harm == "a text that is none" and found == [])
    said = "kept.sqlite was damaged and is made anew; what was kept in it is computed again."
    assert caplog.messages == [said] and "invented" not in caplog.text and path.exists()
    base.write((PUT, ROWS[2:4]))
    assert {*ROWS[2:4]} <= {*Database(path, TABLES).read(GET)} and caplog.messages == [said]


@pytest.mark.parametrize("harm", ["empty", "gone"])
def test_an_empty_or_missing_file_is_a_new_one(harm: str, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_bytes(b"") if harm == "empty" else path.unlink()
    base = Database(path, TABLES)
    base.write((PUT, ROWS[:2]))
    assert Database(path, TABLES).read(GET) == base.read(GET) == ROWS[:2] and caplog.messages == []


@pytest.mark.parametrize("mode", ["to write", "altogether"])
def test_where_another_program_has_locked_it_memory_helps_out_until_it_is_free(
    mode: str, path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    if mode == "altogether":
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    other.execute("DELETE FROM notes WHERE name = 'nothing'")
    base = Database(path, TABLES)
    base.write((PUT, [("new", "text")]))
    base.write((PUT, [("newer", "text")]))
    there = [] if mode == "altogether" else ROWS
    assert base.read(GET)[-2:] == [("new", "text"), ("newer", "text")]
    assert caplog.messages == [f"kept.sqlite is not used: {LOCKED}. What is computed now is not kept."]
    with pytest.raises(sqlite3.OperationalError):
        base.erase(("DELETE FROM notes", [()]))
    other.execute("ROLLBACK")
    other.close()
    monkeypatch.setattr(base, "_rested", 0.0)
    assert base.read(GET)[: len(there)] == there
    base.write((PUT, [("last", "text")]))
    assert ("last", "text") in Database(path, TABLES).read(GET), "it is tried again"


def test_a_full_disk_is_said_once_and_everything_goes_on_in_memory(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    base = Database(path, TABLES)
    assert base._disk
    base._disk.execute("PRAGMA max_page_count=1")
    new = [(f"new {at}", "an invented note " * 20) for at in range(500)]
    for at in range(0, 500, 100):
        base.write((PUT, new[at : at + 100]))
    assert sorted(base.read(GET)[-500:]) == sorted(new)
    assert caplog.messages == ["kept.sqlite is not used: the disk is full. What is computed now is not kept."]


def test_a_folder_in_its_place_is_said_and_everything_goes_on_in_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "kept.sqlite").mkdir()
    base = Database(tmp_path / "kept.sqlite", TABLES)
    base.write((PUT, ROWS[:1]))
    assert base.read(GET) == ROWS[:1]
    assert caplog.messages == ["kept.sqlite is not used: it cannot be opened. What is computed now is not kept."]


def test_what_is_erased_leaves_no_trace_and_a_damaged_file_goes_altogether(path: Path) -> None:
    base = Database(path, TABLES)
    base.write((PUT, [("secret", "Quillemont")]))
    base.erase(("DELETE FROM notes WHERE name = ?", [("secret",)]))
    assert not any(b"Quillemont" in one.read_bytes() for one in path.parent.iterdir())
    base.write((PUT, [("secret", "Quillemont")]))
    del base
    gc.collect()
    page_overwritten(path)
    Database(path, TABLES).erase(("DELETE FROM notes WHERE name = ?", [("secret",)]))
    assert not any(b"invented" in one.read_bytes() for one in path.parent.iterdir())


def test_every_fault_is_told_in_words_and_none_by_sqlites_own() -> None:
    for name, words in FAULTS.items():
        error = sqlite3.OperationalError("near 'the invented patient': syntax error")
        if name:
            error.sqlite_errorname = name
        assert fault_of(error) == words and "invented" not in words
    error.sqlite_errorname = "SQLITE_BUSY_SNAPSHOT"
    assert fault_of(error) == LOCKED
    error.sqlite_errorname = "SQLITE_NOTADB"
    assert fault_of(error) == DAMAGED
    error.sqlite_errorname = "SQLITE_ERROR"
    assert fault_of(error) == "it fails (SQLITE_ERROR)", "a mistake of ours is no damage"
    error.sqlite_errorname = "SQLITE_TOOBIG"
    assert fault_of(error) == "it fails (SQLITE_TOOBIG)"


def test_what_was_erased_is_not_called_gone_while_somebody_reads_in_the_file(path: Path) -> None:
    base = Database(path, TABLES)
    base.write((PUT, [("one", "secretword")]))
    reader = sqlite3.connect(path)
    reader.execute("BEGIN")
    reader.execute(GET).fetchall()
    forget = ("DELETE FROM notes WHERE name = ?", [("one",)])
    with pytest.raises(sqlite3.OperationalError) as refused:
        base.erase(forget)
    assert fault_of(refused.value) == LOCKED
    reader.close()
    base.erase(forget)
    assert not any(b"secretword" in file.read_bytes() for file in path.parent.iterdir())
