"""Files that can be made again are written whole or not at all, and believed only as they were written."""

import errno
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from rag.keep.made import erase, hash_of, is_whole, kept, put, removed, write


def as_file(path: Path) -> None:
    path.write_bytes(b"an invented table " * 50)


def as_folder(path: Path) -> None:
    path.mkdir()
    for name in ("one.npy", "two.json"):
        (path / name).write_bytes(name.encode() * 50)


def content(path: Path) -> list[bytes]:
    return [one.read_bytes() for one in (sorted(path.iterdir()) if path.is_dir() else [path])]


def first_file(path: Path) -> Path:
    return path / "one.npy" if path.is_dir() else path


HARMS: dict[str, Callable[[Path], object]] = {
    "cut": lambda path: os.truncate(first_file(path), 20),
    "empty": lambda path: first_file(path).write_bytes(b""),
    "one byte changed": lambda path: first_file(path).write_bytes(first_file(path).read_bytes()[:-1] + b"!"),
    "longer": lambda path: first_file(path).write_bytes(first_file(path).read_bytes() + b"!"),
    "missing": lambda path: first_file(path).unlink(),
    "its checksum missing": lambda path: path.with_suffix(".sha256").unlink(),
    "its checksum empty": lambda path: path.with_suffix(".sha256").write_bytes(b""),
    "its checksum no text": lambda path: path.with_suffix(".sha256").write_bytes(b"\xff"),
    "its checksum another": lambda path: path.with_suffix(".sha256").write_text("0" * 64),
}


@pytest.mark.parametrize("make", [as_file, as_folder])
def test_what_was_written_is_read_and_nothing_is_said(
    make: Callable[[Path], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "room" / "part.faiss"
    assert kept(path, content) is None and not is_whole(path)
    write(path, make)
    assert is_whole(path) and len(hash_of(path)) == 64
    assert kept(path, content) == content(path) and caplog.messages == []
    assert sorted(one.name for one in path.parent.iterdir()) == ["part.faiss", "part.sha256"]
    removed(path)
    assert list(path.parent.iterdir()) == [] and not is_whole(path)


@pytest.mark.parametrize("make", [as_file, as_folder])
@pytest.mark.parametrize("harm", HARMS)
def test_what_was_harmed_is_not_read_but_removed_with_one_line(
    make: Callable[[Path], None], harm: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "part.faiss"
    write(path, make)
    assert is_whole(path)
    HARMS[harm](path)
    assert not is_whole(path)
    assert kept(path, lambda path: pytest.fail("was read")) is None
    assert caplog.messages == [f"{tmp_path.name}/part.faiss was damaged or incomplete and is made anew."]
    assert list(tmp_path.iterdir()) == []
    write(path, make)
    assert kept(path, content) == content(path) and len(caplog.messages) == 1


def test_what_no_library_can_read_counts_as_damaged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def unreadable(path: Path) -> None:
        raise RuntimeError("the invented patient takes zalumide")

    write(tmp_path / "part", as_file)
    assert kept(tmp_path / "part", unreadable) is None
    assert len(caplog.messages) == 1 and "zalumide" not in caplog.text and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("make", [as_file, as_folder])
def test_what_the_disk_does_not_take_leaves_what_was_there(make: Callable[[Path], None], tmp_path: Path) -> None:
    def full(path: Path) -> None:
        make(path)
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "part"
    with pytest.raises(OSError, match="No space left"):
        write(path, full)
    assert list(tmp_path.iterdir()) == []
    write(path, make)
    before = content(path)
    with pytest.raises(OSError, match="No space left"):
        write(path, full)
    assert kept(path, content) == before and len(list(tmp_path.iterdir())) == 2


def test_bytes_replace_what_stood_there_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "list.json", b"old")
    put(tmp_path / "list.json", b"new")

    def full(self: Path, data: bytes) -> int:
        os.close(os.open(self, os.O_CREAT))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        put(tmp_path / "list.json", b"newer")
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"new"]


def test_a_folder_is_removed_beside_a_writer_and_beside_another_remover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, remove, at_work = tmp_path / "index", shutil.rmtree, 0

    def beside(path: Path) -> None:
        """Removes the folder while another puts a file there after the list of its files was made, three times."""
        nonlocal at_work
        for one in list(path.iterdir()):
            one.unlink()
        at_work += 1
        if at_work <= 3:
            (path / f"{at_work}.faiss").write_bytes(b"new")
        path.rmdir()

    write(folder / "part.faiss", as_file)
    monkeypatch.setattr(shutil, "rmtree", beside)
    erase(folder)
    assert not folder.exists() and at_work == 4

    def elsewhere(path: Path) -> None:
        remove(path)
        raise FileNotFoundError(errno.ENOENT, "No such file or directory")

    write(folder / "part.faiss", as_file)
    monkeypatch.setattr(shutil, "rmtree", elsewhere)
    erase(folder)
    erase(folder)
    assert not folder.exists()
    as_file(folder)
    erase(folder)
    assert not folder.exists(), "a stray file holds nobody up"


@pytest.mark.parametrize(
    "fault", [PermissionError(errno.EACCES, "Permission denied"), OSError(errno.ENOTEMPTY, "Directory not empty")]
)
def test_what_cannot_be_removed_is_told(fault: OSError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path) -> None:
        raise fault

    monkeypatch.setattr(shutil, "rmtree", refused)
    with pytest.raises(OSError, match=str(fault.strerror)):
        erase(tmp_path)


@pytest.mark.parametrize("make", [as_file, as_folder])
def test_a_folder_is_removed_while_a_thread_writes_into_it_all_the_time(make: Callable[[Path], None], tmp_path: Path) -> None:
    folder, ended = tmp_path / "index", threading.Event()

    def writer() -> None:
        for _ in range(200):
            try:
                write(folder / "part.faiss", make)
            except OSError:
                continue
        ended.set()

    thread = threading.Thread(target=writer)
    thread.start()
    while not ended.is_set():
        erase(folder)
    thread.join()
    erase(folder)
    assert not folder.exists()
