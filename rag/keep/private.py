"""Folders and files that only their owner may read."""

import os
from contextlib import suppress
from pathlib import Path

FOLDER, FILE = 0o700, 0o600


def folder(path: Path, *ours: str) -> Path:
    """The folder, made with those above it where it is not there, and shut to others. Raises OSError.

    One that was there before with things of others in it stays as open as it is: where names of our files are given,
    only a folder that is new, empty or holds one of them is shut.
    """
    missing = [one for one in (path, *path.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=FOLDER, exist_ok=True)
    if not ours or not any(path.iterdir()) or any((path / name).exists() for name in ours):
        shut(path)
    return path


def file(path: Path) -> Path:
    """The file, made empty where it is not there, and shut to others. Raises OSError."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, FILE))
    shut(path)
    return path


def shut(path: Path) -> None:
    """Takes from others what they may do with a file or folder of ours. Raises OSError where it is somebody else's."""
    state = path.stat()
    if state.st_mode & 0o077:
        path.chmod(state.st_mode & 0o700)


def shut_all(top: Path) -> None:
    """Does so with a file, or with a folder and everything in it, as where an older version made it."""
    shut(top)
    for at, folders, files in os.walk(top):
        for name in (*folders, *files):
            path = Path(at) / name
            with suppress(FileNotFoundError):  # Removed meanwhile.
                if not path.is_symlink():
                    shut(path)


def as_its_folder(path: Path) -> None:
    """Shuts what was just written where the folder that it lies in is shut."""
    if not path.parent.stat().st_mode & 0o077:
        shut_all(path)
