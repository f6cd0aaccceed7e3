"""A database of what can be computed again: made anew where it is damaged, helped out by memory where it takes nothing more."""

import logging
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rag.keep import private

LOGGER = logging.getLogger(__name__)
PATIENCE = 5.0  # Seconds for which another program may hold it.
PAUSE = 60.0  # Seconds after a failure until it is tried again.
DAMAGED = "it is damaged"
LOCKED = "another program has locked it"
FULL = "the disk is full"
FAULTS = {
    "SQLITE_BUSY": LOCKED,
    "SQLITE_LOCKED": LOCKED,
    "SQLITE_PROTOCOL": LOCKED,
    "SQLITE_FULL": FULL,
    "SQLITE_READONLY": "it may not be written",
    "SQLITE_CANTOPEN": "it cannot be opened",
    "SQLITE_IOERR_SHORT_READ": DAMAGED,
    "SQLITE_IOERR": "the disk takes nothing more, or fails",
    "SQLITE_CORRUPT": DAMAGED,
    "SQLITE_NOTADB": DAMAGED,
    "": DAMAGED,  # A text that is none.
}
OTHERS = re.compile(r"no such (?:table|column)|has \d+ columns|has no column")  # What SQLite says where tables are none of ours.
Change = tuple[str, Iterable[Sequence[Any]]]
"""A statement with its rows of values."""


class Database:
    """Tables in a file, or without one in memory.

    What is damaged is begun anew, and what the file does not take is held in memory as long as the process runs; either is
    said in one line of the log, and nothing is raised.
    """

    def __init__(self, path: Path | None, tables: str) -> None:
        self.path = path
        self.name = path.name if path else "memory"
        self._tables = tables
        self._lock = threading.RLock()
        self._disk: sqlite3.Connection | None = None
        self._memory = None if path else self._opened(":memory:")
        self._rested = 0.0  # Until then the file is left alone.
        self._on_disk(lambda base: True)

    def read(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        """The rows of a query: those in the file, then those in memory."""
        with self._lock:
            found = self._on_disk(lambda base: base.execute(query, values).fetchall()) or []
            return [*found, *(self._memory.execute(query, values) if self._memory else ())]

    def write(self, *changes: Change) -> None:
        """Makes these changes, all of them or none."""
        whole = [(statement, list(rows)) for statement, rows in changes]
        with self._lock:
            if not self._on_disk(lambda base: _changed(base, whole)):
                self._memory = self._memory or self._opened(":memory:")
                _changed(self._memory, whole)

    def erase(self, *changes: Change) -> None:
        """Makes these changes so that no trace of what was there stays. Raises sqlite3.Error where that is not possible."""
        whole = [(statement, list(rows)) for statement, rows in changes]
        held = False
        with self._lock:
            if self._memory:
                _changed(self._memory, whole)
            try:
                if base := self._reached():
                    _changed(base, whole)
                    held = base.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]  # Waits for `PATIENCE`.
            except sqlite3.DatabaseError as error:
                if fault_of(error) != DAMAGED or not self._begun_anew():
                    raise
        if held:  # Somebody reads in it, and what was there stays in its log.
            busy = sqlite3.OperationalError()
            busy.sqlite_errorname = "SQLITE_BUSY"
            raise busy

    def _on_disk(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        """What the work gives on the file; None where there is none, or it is of no use at the moment."""
        if not self.path or time.monotonic() < self._rested:
            return None
        fault = DAMAGED
        for _ in range(2):
            try:
                base = self._reached()
                return work(base) if base else None
            except (sqlite3.ProgrammingError, sqlite3.IntegrityError):
                raise
            except sqlite3.DatabaseError as error:
                fault = fault_of(error)
                if fault != DAMAGED or not self._begun_anew():
                    break
        self._rested = time.monotonic() + PAUSE
        LOGGER.warning("%s is not used: %s. What is computed now is not kept.", self.name, fault)
        return None

    def _reached(self) -> sqlite3.Connection | None:
        """The connection to the file, opened now where it is not."""
        if self.path and not self._disk:
            self._disk = self._opened(self.path)
        return self._disk

    def _begun_anew(self) -> bool:
        """Removes the damaged file, so that a new one is made; whether that was possible."""
        if self._disk:
            self._disk.close()
        self._disk = None
        try:
            for ending in ("", "-wal", "-shm"):
                Path(f"{self.path}{ending}").unlink(missing_ok=True)
        except OSError:
            return False
        LOGGER.warning("%s was damaged and is made anew; what was kept in it is computed again.", self.name)
        return True

    def _opened(self, path: Path | str) -> sqlite3.Connection:
        if isinstance(path, Path):
            with suppress(OSError):  # SQLite says what is wrong with it.
                private.file(path)
        base = sqlite3.connect(path, timeout=PATIENCE, check_same_thread=False)
        try:
            write_ahead(base)
            base.execute("PRAGMA synchronous=NORMAL")
            base.execute("PRAGMA secure_delete=ON")
            base.executescript(self._tables)
        except sqlite3.DatabaseError:
            base.close()
            raise
        return base


def write_ahead(base: sqlite3.Connection) -> None:
    """Keeps a log of changes, so that readers wait for no writer. Waits for `PATIENCE` where others do the same at this moment.

    SQLite itself waits for nobody here: it tells at once that a file is busy whose log is just begun by two connections.
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            base.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > until:
                raise
        time.sleep(0.02)


def fault_of(error: sqlite3.Error) -> str:
    """What is wrong with a database, in words. SQLite's own could quote what stands in it."""
    name = str(getattr(error, "sqlite_errorname", None) or "")
    kind = "_".join(name.split("_")[:2])
    if kind == "SQLITE_ERROR" and OTHERS.search(str(error)):
        return DAMAGED
    return FAULTS.get(name) or FAULTS.get(kind) or f"it fails ({kind})"


def _changed(base: sqlite3.Connection, changes: Sequence[tuple[str, list[Sequence[Any]]]]) -> bool:
    with base:
        for statement, rows in changes:
            base.executemany(statement, rows)
    return True
