"""What is computed once and kept: passages, vectors, indexes and timings, by key, in memory or on disk in safe formats."""

import json
import shutil
import sqlite3
import statistics
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np

from rag.embed.base import Embedding, Progress, Vectors, silent
from rag.jobs import Jobs
from rag.stage import fingerprint
from rag.values import Chunk, Document, Span

TABLES = """
CREATE TABLE IF NOT EXISTS passages (key TEXT, document TEXT, body TEXT, PRIMARY KEY (key, document)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS vectors (embedder TEXT, text TEXT, body BLOB, PRIMARY KEY (embedder, text)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tokens (embedder TEXT, text TEXT, body BLOB, PRIMARY KEY (embedder, text));
CREATE TABLE IF NOT EXISTS uses (text TEXT, document TEXT, PRIMARY KEY (text, document)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counts (key TEXT, document TEXT, state TEXT, number INT, PRIMARY KEY (key, document)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS timings (step TEXT, units REAL, seconds REAL, at REAL);
"""
COUNTS = "SELECT document, state, number FROM counts WHERE key = ?"
STORED_AT_ONCE, MOST_AT_ONCE = 64, 512  # Vectors; more than the first where that many take no time to speak of.
NO_TIME = 0.25  # Seconds.
INDEXES_KEPT = 12


class Artifacts:
    """Computed things by key. With a folder they outlive the process; without one they live in memory."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._base = sqlite3.connect(folder / "artifacts.sqlite" if folder else ":memory:", check_same_thread=False)
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=NORMAL")
        self._base.execute("PRAGMA secure_delete=ON")
        self._base.executescript(TABLES)
        self._memory: dict[str, OrderedDict[str, Any]] = {}
        self._making: dict[str, threading.Lock] = {}
        self.jobs = Jobs()

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._base:
            yield self._base

    def _read(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._lock:
            return self._base.execute(query, values).fetchall()

    def remembered(self, key: str, make: Callable[[], Any], shelf: str = "indexes", most: int = INDEXES_KEPT) -> Any:
        """An object of this process by its key, made once where it is not there; a shelf drops the least recently used.

        Whoever asks for a key that is being made waits for it; other keys do not wait.
        """
        with self._lock:
            kept = self._memory.setdefault(shelf, OrderedDict())
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
        rows = self._read("SELECT body FROM passages WHERE key = ? AND document = ?", (_of(key, document), document.name))
        if rows:
            text, name = document.text, document.name
            return [
                Chunk(
                    Span(name, start, end),
                    text[start:end],
                    context,
                    section,
                    page,
                    parent and Span(name, *parent),
                )
                for start, end, context, section, page, parent in json.loads(rows[0][0])
            ]
        chunks = list(divide(document))
        body = json.dumps(
            [
                (c.span.start, c.span.end, c.context, c.section, c.page, c.parent and (c.parent.start, c.parent.end))
                for c in chunks
            ]
        )
        with self._write() as base:
            base.execute("INSERT OR REPLACE INTO passages VALUES (?, ?, ?)", (_of(key, document), document.name, body))
        return chunks

    def has_passages(self, document: Document, key: str) -> bool:
        """Whether this document is already divided under this key."""
        query = "SELECT 1 FROM passages WHERE key = ? AND document = ?"
        return bool(self._read(query, (_of(key, document), document.name)))

    def counts(self, key: str, documents: Iterable[Document]) -> dict[str, int]:
        """The numbers noted under a key, by the names of those documents that have one."""
        kept = {name: (state, number) for name, state, number in self._read(COUNTS, (key,))}
        found = ((document.name, kept.get(document.name, ("", 0)), document.key) for document in documents)
        return {name: number for name, (state, number), own in found if state == own}

    def note_count(self, key: str, document: Document, number: int) -> None:
        """Keeps a number about a document as it is now, such as how many of its passages are too long."""
        with self._write() as base:
            base.execute("INSERT OR REPLACE INTO counts VALUES (?, ?, ?, ?)", (key, document.name, document.key, number))

    def unseen(self, embedder: Embedding, texts: Sequence[str], table: Literal["vectors", "tokens"] = "vectors") -> list[str]:
        """Those of the texts, each once, that have no vector, or no token vectors, of this embedder yet."""
        kept = self._kept(table, embedder, [text_key(text) for text in texts], only_keys=True)
        return list(dict.fromkeys(text for text in texts if text_key(text) not in kept))

    def vectors(self, embedder: Embedding, chunks: Sequence[Chunk], progress: Progress = silent) -> Vectors:
        """A row a chunk, shape (n, d). Texts never seen are embedded, and kept as they come, so that a stop loses little."""
        texts = [chunk.indexed for chunk in chunks]
        keys = [text_key(text) for text in texts]
        kept = self._kept("vectors", embedder, keys)
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
            with self._write() as base:
                base.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", bodies)
            kept.update({key: body for _, key, body in bodies})
            at, size = at + len(part), min(2 * size, MOST_AT_ONCE) if spent < NO_TIME else STORED_AT_ONCE
        with self._write() as base:
            uses = [(key, chunk.span.document) for key, chunk in zip(keys, chunks, strict=True)]
            base.executemany("INSERT OR IGNORE INTO uses VALUES (?, ?)", uses)
        if not keys:
            return np.zeros((0, embedder.dimension), np.float32)
        return np.frombuffer(b"".join(kept[key] for key in keys), np.float32).reshape(len(keys), -1)

    def tokens(self, embedder: Embedding, chunks: Sequence[Chunk]) -> list[Vectors]:
        """For each chunk its token vectors, float32 (tokens, d); kept as half precision, new ones computed now."""
        texts = [chunk.indexed for chunk in chunks]
        keys = [text_key(text) for text in texts]
        kept = self._kept("tokens", embedder, keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in kept}
        if missing:
            started = time.perf_counter()
            fresh = embedder.tokens(list(missing.values()))
            self.note(f"tokens {embedder.key()}", len(missing), time.perf_counter() - started)
            bodies = {key: rows.astype(np.float16).tobytes() for key, rows in zip(missing, fresh, strict=True)}
            with self._write() as base:
                rows = [(embedder.key(), key, body) for key, body in bodies.items()]
                base.executemany("INSERT OR REPLACE INTO tokens VALUES (?, ?, ?)", rows)
                uses = [(key, chunk.span.document) for key, chunk in zip(keys, chunks, strict=True)]
                base.executemany("INSERT OR IGNORE INTO uses VALUES (?, ?)", uses)
            kept.update(bodies)
        shape = (-1, embedder.dimension)
        return [np.frombuffer(kept[key], np.float16).reshape(shape).astype(np.float32) for key in keys]

    def _kept(self, table: str, embedder: Embedding, keys: Sequence[str], only_keys: bool = False) -> dict[str, bytes]:
        kept: dict[str, bytes] = {}
        column = "NULL" if only_keys else "body"
        for at in range(0, len(keys), 900):
            part = keys[at : at + 900]
            marks = ",".join("?" * len(part))
            query = f"SELECT text, {column} FROM {table} WHERE embedder = ? AND text IN ({marks})"
            kept.update(self._read(query, (embedder.key(), *part)))
        return kept

    def place(self, kind: str, key: str, documents: Iterable[str]) -> Path | None:
        """The folder for an index file of this key, or None in memory; it says which documents are in it."""
        if not self.folder:
            return None
        folder = self._place(self.folder, kind, key)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "documents.json").write_text(json.dumps(sorted(set(documents))), "utf-8")
        return folder

    def holds(self, kind: str, key: str, *files: str) -> bool:
        """Whether all these files of an index are kept; never in memory."""
        return self.folder is not None and all((self._place(self.folder, kind, key) / file).is_file() for file in files)

    @staticmethod
    def _place(folder: Path, kind: str, key: str) -> Path:
        return folder / "indexes" / f"{kind}-{key}"

    def forget(self, document: str) -> None:
        """Removes the passages of a document, the vectors that no other document uses, and the indexes that hold it."""
        with self._write() as base:
            base.execute("DELETE FROM passages WHERE document = ?", (document,))
            base.execute("DELETE FROM uses WHERE document = ?", (document,))
            base.execute("DELETE FROM counts WHERE document = ?", (document,))
            for table in ("vectors", "tokens"):
                base.execute(f"DELETE FROM {table} WHERE text NOT IN (SELECT text FROM uses)")
            self._memory.clear()
        with self._lock:
            self._base.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for listing in (self.folder / "indexes").glob("*/documents.json") if self.folder else ():
            if document in json.loads(listing.read_text("utf-8")):
                shutil.rmtree(listing.parent)

    def note(self, step: str, units: float, seconds: float) -> None:
        """Remembers how long a step took for so many units, for later plans."""
        with self._write() as base:
            base.execute("INSERT INTO timings VALUES (?, ?, ?, ?)", (step, units, seconds, time.time()))

    def pace(self, step: str) -> float | None:
        """Seconds a unit of this step took: the median of the last runs, or None where it never ran."""
        query = "SELECT seconds / units FROM timings WHERE step = ? AND units > 0 ORDER BY at DESC LIMIT 9"
        rows = self._read(query, (step,))
        return statistics.median(row[0] for row in rows) if rows else None


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
