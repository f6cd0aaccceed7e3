"""What is computed once and kept: passages, readings, vectors, indexes, timings, by key, in memory or on disk in safe formats."""

import errno
import json
import logging
import sqlite3
import statistics
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from rag.embedding import Embedding, Progress, Vectors, silent
from rag.errors import SettingProblem
from rag.keep import private
from rag.keep.database import Database
from rag.keep.database import fault_of as database_fault
from rag.keep.jobs import Jobs
from rag.keep.made import erase, fault_of, is_whole, put
from rag.stage import fingerprint
from rag.values import Chunk, Document, Span

TABLES = """
CREATE TABLE IF NOT EXISTS passages (key TEXT, document TEXT, body TEXT, PRIMARY KEY (key, document)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS readings (key TEXT, document TEXT, body TEXT, PRIMARY KEY (key, document)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vectors (embedder TEXT, text TEXT, body BLOB, PRIMARY KEY (embedder, text)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tokens (embedder TEXT, text TEXT, body BLOB, PRIMARY KEY (embedder, text));
CREATE TABLE IF NOT EXISTS uses (text TEXT, document TEXT, PRIMARY KEY (text, document)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counts (key TEXT, document TEXT, state TEXT, number INT, PRIMARY KEY (key, document)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS timings (step TEXT, units REAL, seconds REAL, at REAL);
"""
VECTORS = "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)"
TOKENS = "INSERT OR REPLACE INTO tokens VALUES (?, ?, ?)"
USES = "INSERT OR IGNORE INTO uses VALUES (?, ?)"
READINGS = "SELECT body FROM readings WHERE key = ? AND document = ?"
PASSAGES = "SELECT body FROM passages WHERE key = ? AND document = ?"
OF_DOCUMENTS = ("passages", "readings", "uses", "counts")
TIMINGS = "SELECT seconds / units FROM timings WHERE step = ? AND units > 0 ORDER BY at DESC LIMIT 9"
OLD_TIMINGS = """DELETE FROM timings WHERE step = ? AND at < (
    SELECT min(at) FROM (SELECT at FROM timings WHERE step = ? AND units > 0 ORDER BY at DESC LIMIT 9))"""
COUNTS = "SELECT document, state, number FROM counts WHERE key = ?"
STORED_AT_ONCE, MOST_AT_ONCE = 64, 512  # Vectors; more than the first where that many take no time to speak of.
NO_TIME = 0.25  # Seconds.
INDEXES_KEPT = 12
UNIT = 0.02  # How far the square of a vector's length may be from 1; half precision rounds.
DATABASE, LISTING = "artifacts.sqlite", "documents.json"
DAMAGED = f" in {DATABASE} were damaged and are made anew."
LOGGER = logging.getLogger(__name__)
Read = TypeVar("Read")


class Artifacts:
    """Computed things by key. With a folder they outlive the process; without one they live in memory.

    What is damaged in the folder is made anew, and on a full disk everything works without being kept; the log says so.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = _usable(folder)
        self._lock = threading.RLock()
        file = self.folder / DATABASE if self.folder else None
        if file and file.with_name("indexes").is_dir() and not file.exists():
            LOGGER.warning("%s is gone and is made anew; what was kept in it is computed again.", DATABASE)
        self._base = Database(file, TABLES)
        self._memory: dict[str, OrderedDict[str, Any]] = {}
        self._making: dict[str, threading.Lock] = {}
        self._told: set[str] = set()
        self.jobs = Jobs()
        self.gone: Callable[[Sequence[Document]], Sequence[str]] = lambda documents: ()
        """The names of those documents that may not be kept any more; whoever removes documents says which."""

    def remembered(self, key: str, make: Callable[[], Any], shelf: str = "indexes", most: int = INDEXES_KEPT) -> Any:
        """An object of this process by its key, made once where it is not there; a shelf drops the least recently used.

        Whoever asks for a key that is being made waits for it; other keys do not wait.
        """
        with self._lock:
            kept = self._memory.setdefault(shelf, OrderedDict())
            if key in kept:
                kept.move_to_end(key)
                return kept[key]
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in kept:
                    kept.move_to_end(key)
                    return kept[key]
            made = make()
            with self._lock:
                kept[key] = made
                self._making.pop(key, None)
                while len(kept) > most:
                    kept.popitem(last=False)
        return made

    def recall(self, key: str) -> bool:
        """Whether an object of this key is in memory."""
        with self._lock:
            return any(key in kept for kept in self._memory.values())

    def held(self, key: str) -> Any:
        """The object of this key where it is in memory, else None; never waits for one that is being made."""
        with self._lock:
            return next((kept[key] for kept in self._memory.values() if key in kept), None)

    def passages(self, document: Document, key: str, divide: Callable[[Document], Iterable[Chunk]]) -> list[Chunk]:
        """The passages of a document under a chunker's key, divided now where they are not kept."""
        rows = self._base.read(PASSAGES, (_of(key, document), document.name))
        for (body,) in rows:
            try:
                return list(_passages(document, body))
            except (ValueError, TypeError, RecursionError):
                self._tell("Passages" + DAMAGED)
        chunks = list(divide(document))
        body = json.dumps(
            [
                (c.span.start, c.span.end, c.context, c.section, c.page, c.parent and (c.parent.start, c.parent.end))
                for c in chunks
            ]
        )
        row = (_of(key, document), document.name, body)
        self._base.write(("INSERT OR REPLACE INTO passages VALUES (?, ?, ?)", [row]))
        return chunks

    def reading(
        self, document: Document, key: str, read: Callable[[], Read], dump: Callable[[Read], str], load: Callable[[str], Read]
    ) -> Read:
        """What a reader whose version is `key` found in a document, read now where it is not kept.

        `load` raises ValueError or TypeError where what is kept cannot be what `dump` wrote.
        """
        own = _of(key, document)
        for (body,) in self._base.read(READINGS, (own, document.name)):
            try:
                return load(body)
            except (ValueError, TypeError, RecursionError):
                self._tell("Readings" + DAMAGED)
        found = read()
        self._base.write(("INSERT OR REPLACE INTO readings VALUES (?, ?, ?)", [(own, document.name, dump(found))]))
        return found

    def has_passages(self, document: Document, key: str) -> bool:
        """Whether this document is already divided under this key."""
        query = "SELECT 1 FROM passages WHERE key = ? AND document = ?"
        return bool(self._base.read(query, (_of(key, document), document.name)))

    def counts(self, key: str, documents: Iterable[Document]) -> dict[str, int]:
        """The numbers noted under a key, by the names of those documents that have one."""
        kept = {name: (state, number) for name, state, number in self._base.read(COUNTS, (key,)) if type(number) is int}
        found = ((document.name, kept.get(document.name, ("", 0)), document.key) for document in documents)
        return {name: number for name, (state, number), own in found if state == own}

    def note_count(self, key: str, document: Document, number: int) -> None:
        """Keeps a number about a document as it is now, such as how many of its passages are too long."""
        row = (key, document.name, document.key, number)
        self._base.write(("INSERT OR REPLACE INTO counts VALUES (?, ?, ?, ?)", [row]))

    def unseen(self, embedder: Embedding, texts: Sequence[str], table: Literal["vectors", "tokens"] = "vectors") -> list[str]:
        """Those of the texts, each once, that have no vector, or no token vectors, of this embedder yet."""
        kept = {key for rows in self._rows(table, "NULL", embedder, [text_key(text) for text in texts]) for key, _ in rows}
        return list(dict.fromkeys(text for text in texts if text_key(text) not in kept))

    def vectors(self, embedder: Embedding, chunks: Sequence[Chunk], progress: Progress = silent) -> Vectors:
        """A row a chunk, shape (n, d). Texts never seen are embedded, and kept as they come, so that a stop loses little."""
        texts = [chunk.indexed for chunk in chunks]
        keys = [text_key(text) for text in texts]
        kept = self._kept(embedder, keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in kept}
        names, name = _alike(missing), embedder.key()
        at, size = 0, STORED_AT_ONCE
        while at < len(names):
            part = names[at : at + size]
            started = time.perf_counter()
            rows = embedder([missing[key] for key in part], _moved(progress, at, len(names)))
            spent = time.perf_counter() - started
            self.note(f"embed {name}", len(part), spent)
            bodies = [(name, key, row.tobytes()) for key, row in zip(part, rows, strict=True)]
            self._base.write((VECTORS, bodies))
            kept.update({key: body for _, key, body in bodies})
            at, size = at + len(part), min(2 * size, MOST_AT_ONCE) if spent < NO_TIME else STORED_AT_ONCE
        self._base.write((USES, [(key, chunk.span.document) for key, chunk in zip(keys, chunks, strict=True)]))
        if not keys:
            return np.zeros((0, embedder.dimension), np.float32)
        return np.frombuffer(b"".join(kept[key] for key in keys), np.float32).reshape(len(keys), -1)

    def tokens(self, embedder: Embedding, chunks: Sequence[Chunk]) -> list[Vectors]:
        """For each chunk its token vectors, float32 (tokens, d); kept as half precision, new ones computed now."""
        texts = [chunk.indexed for chunk in chunks]
        keys, name = [text_key(text) for text in texts], embedder.key()
        found = [row for rows in self._rows("tokens", "body", embedder, keys) for row in rows]
        kept = {key: rows for key, body in found if (rows := _tokens(body, embedder.dimension)) is not None}
        if len(kept) < len({key for key, _ in found}):
            self._tell("Token vectors" + DAMAGED)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in kept}
        if missing:
            started = time.perf_counter()
            fresh = [rows.astype(np.float16) for rows in embedder.tokens(list(missing.values()))]
            self.note(f"tokens {name}", len(missing), time.perf_counter() - started)
            bodies = [(name, key, rows.tobytes()) for key, rows in zip(missing, fresh, strict=True)]
            uses = [(key, chunk.span.document) for key, chunk in zip(keys, chunks, strict=True)]
            self._base.write((TOKENS, bodies), (USES, uses))
            kept.update({key: rows.astype(np.float32) for key, rows in zip(missing, fresh, strict=True)})
        return [kept[key] for key in keys]

    def _kept(self, embedder: Embedding, keys: Sequence[str]) -> dict[str, bytes]:
        """The kept vectors by the keys of their texts; one that is no row of unit length is damaged and does not count."""
        kept: dict[str, bytes] = {}
        damaged: set[str] = set()
        for rows in self._rows("vectors", "body", embedder, keys):
            embedder.recall(statistics.mode(len(body) // 4 if isinstance(body, bytes) else 0 for _, body in rows))
            dimension = embedder.dimension
            whole = {key: body for key, body in rows if isinstance(body, bytes) and len(body) == 4 * dimension}
            unit = _are_unit(np.frombuffer(b"".join(whole.values()), np.float32).reshape(-1, dimension))
            kept.update({key: body for (key, body), is_unit in zip(whole.items(), unit, strict=True) if is_unit})
            damaged.update(key for key, _ in rows if key not in kept)
        if damaged - kept.keys():
            self._tell("Vectors" + DAMAGED)
        return kept

    def _rows(self, table: str, column: str, embedder: Embedding, keys: Sequence[str]) -> Iterator[list[tuple[str, Any]]]:
        """What is kept of these keys, some hundred rows at once."""
        name = embedder.key()
        for at in range(0, len(keys), 900):
            part = keys[at : at + 900]
            marks = ",".join("?" * len(part))
            query = f"SELECT text, {column} FROM {table} WHERE embedder = ? AND text IN ({marks})"
            if rows := self._base.read(query, (name, *part)):
                yield rows

    def _tell(self, said: str, *about: str) -> None:
        """Says something once."""
        if said not in self._told:
            self._told.add(said)
            LOGGER.warning(said, *about)

    def place(self, kind: str, key: str, documents: Iterable[str]) -> Path | None:
        """The folder for an index file of this key, which says which documents are in it; None where nothing can be kept."""
        if not self.folder:
            return None
        folder = self._place(self.folder, kind, key)
        try:
            private.folder(folder)
            put(folder / LISTING, json.dumps(sorted(set(documents))).encode())
        except OSError as error:
            self._tell("The index is not kept: %s.", fault_of(error))
            return None
        return folder

    def holds(self, kind: str, key: str, *files: str) -> bool:
        """Whether all these files of an index are kept as they were written; never in memory."""
        return self.folder is not None and all(is_whole(self._place(self.folder, kind, key) / file) for file in files)

    @staticmethod
    def _place(folder: Path, kind: str, key: str) -> Path:
        return folder / "indexes" / f"{kind}-{key}"

    def forget(self, *documents: str) -> None:
        """Removes the passages and readings of documents, the vectors that no other document uses, the indexes that hold them.

        Raises SettingProblem where they cannot be removed.
        """
        unused = "DELETE FROM {} WHERE text NOT IN (SELECT text FROM uses)"
        if not documents:
            return
        names = [(name,) for name in documents]
        own = [(f"DELETE FROM {table} WHERE document = ?", names) for table in OF_DOCUMENTS]
        with self._lock:
            self._memory.clear()
        try:
            self._base.erase(*own, *((unused.format(table), [()]) for table in ("vectors", "tokens")))
            for folder in (self.folder / "indexes").glob("*") if self.folder else ():
                if _may_hold(folder, documents):
                    erase(folder)
        except (sqlite3.Error, OSError) as error:
            fault = database_fault(error) if isinstance(error, sqlite3.Error) else fault_of(error)
            raise SettingProblem(
                f"What was computed of a document cannot be removed: {fault}. Mend that, then try again."
            ) from None

    def settle(self, documents: Sequence[Document]) -> None:
        """Removes what was computed of those documents that were removed or changed meanwhile."""
        self.forget(*self.gone(documents))

    def known(self) -> set[str]:
        """The names of the documents that something is kept of."""
        tables = " UNION ".join(f"SELECT document FROM {table}" for table in OF_DOCUMENTS)
        return {str(name) for (name,) in self._base.read(tables, ())}

    def note(self, step: str, units: float, seconds: float) -> None:
        """Remembers how long a step took for so many units, for later plans."""
        self.note_all([(step, units, seconds)])

    def note_all(self, taken: Sequence[tuple[str, float, float]]) -> None:
        """Remembers of each of these steps how many units took how many seconds; of its earlier runs those that count."""
        rows = [(*one, time.time()) for one in taken]
        self._base.write(("INSERT INTO timings VALUES (?, ?, ?, ?)", rows), (OLD_TIMINGS, [(step, step) for step, *_ in taken]))

    def pace(self, step: str) -> float | None:
        """Seconds a unit of this step took: the median of the last runs, or None where it never ran."""
        paces = [pace for (pace,) in self._base.read(TIMINGS, (step,)) if isinstance(pace, float)]
        return statistics.median(paces) if paces else None


def _may_hold(folder: Path, documents: Sequence[str]) -> bool:
    """Whether one of these documents is in an index, as its folder says; where that cannot be read any may be."""
    try:
        return not set(documents).isdisjoint(json.loads((folder / LISTING).read_text("utf-8")))
    except (OSError, ValueError, TypeError, RecursionError):
        return True


def _usable(folder: Path | None) -> Path | None:
    """The folder, made where it is not there; None where the disk is too full for that. Raises SettingProblem."""
    try:
        if folder:
            private.folder(folder, DATABASE)
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            fault = fault_of(error)
            raise SettingProblem(f"{folder}: cannot be used as a workspace: {fault}. Choose another folder.") from None
        LOGGER.warning("%s cannot be made: %s. What is computed now is not kept.", folder, fault_of(error))
        return None
    return folder


def _passages(document: Document, body: str) -> Iterator[Chunk]:
    """The passages as they were written down. Raises ValueError or TypeError where they cannot be this document's."""
    text, name = document.text, document.name
    for start, end, context, section, page, parent in json.loads(body):
        spans = [(start, end), *([tuple(parent)] if parent else [])]
        if not all(0 <= first <= last <= len(text) for first, last in spans) or not isinstance(context + section, str):
            raise ValueError("not of this text")
        there = document.page_at(start)
        printed = there.printed if there else ""
        yield Chunk(Span(name, start, end), text[start:end], context, section, page, parent and Span(name, *parent), printed)


def _tokens(body: Any, dimension: int) -> Vectors | None:
    """The token vectors that were written down, float32 (tokens, d); None where they are damaged."""
    if not isinstance(body, bytes) or not body or len(body) % (2 * dimension):
        return None
    rows = np.frombuffer(body, np.float16).astype(np.float32).reshape(-1, dimension)
    return rows if _are_unit(rows).all() else None


def _are_unit(rows: Vectors) -> NDArray[np.bool_]:
    """For each row whether it is of unit length."""
    return np.asarray(np.abs(np.einsum("ij,ij->i", rows, rows) - 1) < UNIT)


def _alike(texts: dict[str, str]) -> list[str]:
    """The keys, each stretch of them by the length of its texts: what is embedded together needs little padding then."""
    keys = enumerate(texts)
    return [key for _, key in sorted(keys, key=lambda place: (place[0] // MOST_AT_ONCE, len(texts[place[1]])))]


def _moved(progress: Progress, first: int, total: int) -> Progress:
    return lambda done, _: progress(first + done, total)


def text_key(text: str) -> str:
    """The key of an indexed text."""
    return fingerprint(text)


def _of(key: str, document: Document) -> str:
    return fingerprint(key, document.key)
