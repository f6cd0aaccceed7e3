"""Which processes work in a folder: each holds a lock of its own there, which its end releases, however it ends."""

import fcntl
import os
import secrets
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from rag.keep import private

PLACE = "processes"
OLD = 86_400.0  # Seconds after which what a process left that has ended is swept.


@cache
def own_name(folder: Path) -> str:
    """What this process is called in a folder, as long as it lives; "" where the folder takes no lock."""
    name = secrets.token_hex(8)
    try:
        place = private.folder(folder / PLACE)
        _sweep(place)
        fcntl.flock(os.open(private.file(place / name), os.O_RDWR), fcntl.LOCK_EX | fcntl.LOCK_NB)  # Open to the end.
    except OSError:
        return ""
    return name


def has_ended(folder: Path, name: str) -> bool:
    """Whether the process of that name has ended; False too where that cannot be told, as on another machine."""
    try:
        return bool(name) and name != own_name(folder) and _is_free(folder / PLACE / name)
    except OSError:
        return False


def _is_free(path: Path) -> bool:
    opened = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)  # Several may look at once.
    except BlockingIOError:
        return False
    finally:
        os.close(opened)
    return True


def _sweep(place: Path) -> None:
    for path in place.iterdir():
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > OLD and _is_free(path):
                path.unlink()
