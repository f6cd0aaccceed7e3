"""The files that documents came from: named by their content, written whole, swept where no record names them."""

import fcntl
import hashlib
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rag.errors import FileProblem
from rag.keep import private
from rag.keep.made import fault_of, hash_of, put
from rag.values import File

LOCK = "writing.lock"
LOGGER = logging.getLogger(__name__)


class Files:
    """A folder of files by content. Whoever writes one holds the folder until the record that names it is written."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError where the folder cannot be made."""
        self._folder = private.folder(folder)
        self._lock = folder.with_name(LOCK)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Within this nothing is swept: what was written may still be without its record."""
        with self._locked(fcntl.LOCK_SH):
            yield

    def put(self, file: File) -> str:
        """Keeps the bytes of a file and returns the name they are kept under. What was cut is written again.

        Raises FileProblem where the disk does not take it.
        """
        content = content_of(file.data)
        place = f"{content}{Path(file.name).suffix.lower()}"
        path = self._folder / place
        try:
            if not path.is_file() or hash_of(path) != content:
                put(path, file.data, synced=True)
        except OSError as error:
            raise FileProblem(f"{file.name}: cannot be kept: {fault_of(error)}. Mend that, then upload it again.") from None
        return place

    def get(self, place: str) -> bytes | None:
        """The bytes kept under a name; None where they are gone, or not what they were."""
        try:
            data = (self._folder / place).read_bytes()
        except OSError:
            return None
        if content_of(data) != Path(place).stem:
            LOGGER.warning("An original is damaged and not shown. Upload its file again; then it is written anew.")
            return None
        return data

    def remove(self, places: set[str], named: Callable[[], set[str]]) -> None:
        """Removes those of the files that no record names any more, once nobody else writes. Raises OSError."""
        with self._locked(fcntl.LOCK_EX):
            for place in places - named():
                (self._folder / place).unlink(missing_ok=True)

    def sweep(self, named: Callable[[], set[str]]) -> int:
        """Removes what no record names, as a crash leaves it; how many files that were. Nothing while others write."""
        with suppress(BlockingIOError), self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB):
            known = named()
            left = [path for path in self._folder.iterdir() if path.is_file() and path.name not in known]
            for path in left:
                path.unlink(missing_ok=True)
            return len(left)
        return 0

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        lock = os.open(self._lock, os.O_CREAT | os.O_RDWR, private.FILE)
        try:
            fcntl.flock(lock, how)
            yield
        finally:
            os.close(lock)


def content_of(data: bytes) -> str:
    """What a file is known by: the SHA-256 of its bytes."""
    return hashlib.sha256(data).hexdigest()
