"""Files that are made on this machine and can be made again: written whole or not at all, believed only as they were written."""

import errno
import hashlib
import logging
import os
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from rag.keep import private

LOGGER = logging.getLogger(__name__)
TRIES = 50  # A writer puts a handful of files there at once; each takes one try at most.
_looked_at: dict[Path, tuple[object, bool]] = {}  # How a file stood when its checksum was last computed, and whether it fitted.


def hash_of(path: Path) -> str:
    """The SHA-256 of a file; of a folder, that of the names and checksums of its files."""
    if path.is_dir():
        listed = "".join(f"{one.name} {hash_of(one)}\n" for one in sorted(path.iterdir()))
        return hashlib.sha256(listed.encode("utf-8", "surrogateescape")).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_whole(path: Path) -> bool:
    """Whether a file or folder stands there as it was written. Its checksum is computed again only when it has changed."""
    try:
        files = [path, seal_of(path), *(sorted(path.iterdir()) if path.is_dir() else ())]
        states = [(file, file.stat()) for file in files]
    except OSError:
        return False
    stands = tuple((file.name, state.st_size, state.st_mtime_ns, state.st_ino) for file, state in states)
    if _looked_at.get(path, (None, False))[0] != stands:
        _looked_at[path] = stands, _fits(path)
    return _looked_at[path][1]


def kept(path: Path, read: Callable[[Path], Any]) -> Any:
    """What is read from a file or folder that was kept; None where there is none.

    What is damaged, cut off or incomplete is said in one line, and removed.
    """
    if is_whole(path):
        try:
            return read(path)
        except Exception as error:  # Libraries raise many kinds on what they cannot read.
            LOGGER.debug("%s: %s", path.name, type(error).__name__)
    if path.exists() or seal_of(path).exists():
        LOGGER.warning("%s/%s was damaged or incomplete and is made anew.", path.parent.name, path.name)
        removed(path)
    return None


def write(path: Path, into: Callable[[Path], object]) -> None:
    """Has a file or folder written by `into`, and its checksum beside it. Raises OSError; then nothing is left of it."""
    part = path.with_name(f"{secrets.token_hex(6)}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        into(part)
        private.as_its_folder(part)
        found = hash_of(part)
        removed(path)
        os.replace(part, path)
        part.write_text(found, "ascii")
        private.as_its_folder(part)
        os.replace(part, seal_of(path))
    finally:
        removed(part)


def put(path: Path, data: bytes, synced: bool = False) -> None:
    """Writes these bytes in place of what stands there, whole or not at all; `synced`: to outlast a loss of power.

    Raises OSError.
    """
    part = path.with_name(f"{secrets.token_hex(6)}.part")
    try:
        part.write_bytes(data)
        private.as_its_folder(part)
        if synced:
            _sync(part)
        os.replace(part, path)
        if synced:
            _sync(path.parent)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def removed(path: Path) -> None:
    """Removes a file or folder with its checksum, as far as that is possible."""
    for one in (path, seal_of(path)):
        if one.is_dir() and not one.is_symlink():
            shutil.rmtree(one, ignore_errors=True)
        else:
            with suppress(OSError):
                one.unlink(missing_ok=True)


def erase(path: Path) -> None:
    """Removes a folder with all in it, or a file, though others write into it, or remove it, at the same time.

    Raises OSError where it cannot be removed.
    """
    for last in (*[False] * TRIES, True):
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            return
        except OSError as error:  # Raised where what was in it when it was listed is gone, is more or is another thing.
            if last or error.errno not in {errno.ENOENT, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR}:
                raise


def seal_of(path: Path) -> Path:
    """Where the checksum of a file or folder stands."""
    return path.with_suffix(".sha256")


def fault_of(error: OSError) -> str:
    """What is wrong, in words."""
    return (error.strerror or "the disk takes nothing more").lower()


def _sync(path: Path) -> None:
    """Has the disk take what was written to a file or folder."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _fits(path: Path) -> bool:
    try:
        return seal_of(path).read_text("ascii").strip() == hash_of(path)
    except (OSError, ValueError):
        return False
