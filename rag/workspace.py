"""The workspace: documents, their files, saved pipelines and comparisons, kept on disk in one folder in safe formats."""

import hashlib
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

from pydantic import TypeAdapter

from rag.artifacts import Artifacts
from rag.errors import FileProblem, SettingProblem
from rag.load import FORMATS, read_file
from rag.load.files import marked
from rag.values import Document, File

VARIABLE = "RAG_WORKSPACE"
PROJECT = Path(__file__).parents[1]
SAMPLES = PROJECT / "sample_data"
TABLES = """
CREATE TABLE IF NOT EXISTS documents (
    name TEXT PRIMARY KEY, content TEXT, file TEXT, added REAL, characters INTEGER, body TEXT);
CREATE TABLE IF NOT EXISTS saved (kind TEXT, name TEXT, body TEXT, at REAL, PRIMARY KEY (kind, name));
"""
DOCUMENT = TypeAdapter(Document)
EDITABLE = ("title", "type", "date", "patient")


class Workspace:
    """What is kept on disk, and the artifacts computed from it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.artifacts = Artifacts(folder)
        (folder / "files").mkdir(exist_ok=True)
        self._lock = threading.RLock()
        self._base = sqlite3.connect(folder / "workspace.sqlite", check_same_thread=False)
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA secure_delete=ON")
        self._base.executescript(TABLES)
        self._documents: tuple[Document, ...] | None = None

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._base:
            yield self._base

    def _settle(self) -> None:
        """Empties the write-ahead log, in which what was changed or removed would still stand."""
        with self._lock:
            self._base.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @property
    def documents(self) -> tuple[Document, ...]:
        """All documents, in order of name."""
        with self._lock:
            if self._documents is None:
                rows = self._base.execute("SELECT body FROM documents ORDER BY name").fetchall()
                self._documents = tuple(DOCUMENT.validate_json(row[0]) for row in rows)
            return self._documents

    def document(self, name: str) -> Document | None:
        """The document of that name, or None."""
        return next((document for document in self.documents if document.name == name), None)

    def add(self, file: File) -> tuple[Document, ...]:
        """Loads a file and keeps its documents and the file itself. Raises FileProblem; then nothing is changed.

        The same content under the same name is kept once; other content under a taken name gets a marked name.
        """
        content = hashlib.sha256(file.data).hexdigest()
        return tuple(self._add_one(document, content, file) for document in read_file(file))

    def _add_one(self, document: Document, content: str, file: File) -> Document:
        with self._lock:
            warnings = document.warnings
            name = document.name
            there = self._content(name)
            if there not in (None, content):
                name = marked(name, content)
                there = self._content(name)
                warnings = (*warnings, f"{document.name} was taken by other content; kept as {name}")
            if there == content:
                return replace(document, name=name, warnings=("already here; nothing was added",))
            kept = replace(document, name=name, warnings=warnings)
            self._keep(kept, content, file)
            return kept

    def _content(self, name: str) -> str | None:
        row = self._base.execute("SELECT content FROM documents WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def _keep(self, document: Document, content: str, file: File) -> None:
        place = f"{content}{Path(file.name).suffix.lower()}"
        (self.folder / "files" / place).write_bytes(file.data)
        body = DOCUMENT.dump_json(document).decode()
        with self._write() as base:
            row = (document.name, content, place, time.time(), len(document.text), body)
            base.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?)", row)
        self._documents = None

    def edit(self, name: str, /, **changes: str | None) -> Document:
        """Changes title, type, date or patient of a document. Raises SettingProblem for other fields or a wrong date."""
        document = self.document(name)
        wrong = sorted(set(changes) - set(EDITABLE))
        if document is None or wrong:
            fault = ", ".join(wrong) or "what is not there"
            raise SettingProblem(f"{name}: cannot change {fault}. Allowed: {', '.join(EDITABLE)}.")
        written = changes.get("date")
        if written and not _is_iso(written):
            raise SettingProblem(f"{name}: date {written!r} is not a day written like 2024-03-14. Write it so.")
        whole = {field: value if field == "date" else value or "" for field, value in changes.items()}
        changed = replace(document, **whole)  # type: ignore[arg-type]
        if changed != document:
            with self._write() as base:
                base.execute("UPDATE documents SET body = ? WHERE name = ?", (DOCUMENT.dump_json(changed).decode(), name))
            self._settle()
            self._documents = None
            self.artifacts.forget(name)
        return changed

    def remove(self, name: str) -> None:
        """Removes a document with its file, passages, vectors and indexes. Unknown names are passed over."""
        with self._lock:
            row = self._base.execute("SELECT file FROM documents WHERE name = ?", (name,)).fetchone()
            if row is None:
                return
            with self._write() as base:
                base.execute("DELETE FROM documents WHERE name = ?", (name,))
            if not self._base.execute("SELECT 1 FROM documents WHERE file = ?", row).fetchone():
                (self.folder / "files" / row[0]).unlink(missing_ok=True)
            self._settle()
            self._documents = None
        self.artifacts.forget(name)

    def original(self, name: str) -> bytes | None:
        """The bytes of the file that a document came from, or None."""
        with self._lock:
            row = self._base.execute("SELECT file FROM documents WHERE name = ?", (name,)).fetchone()
        path = self.folder / "files" / row[0] if row else None
        return path.read_bytes() if path and path.is_file() else None

    def save(self, kind: str, body: str, name: str | None = None) -> str:
        """Keeps a text (a pipeline, a comparison, a session) under a name, or under a new random one, which is returned."""
        name = name or secrets.token_urlsafe(9)
        with self._write() as base:
            base.execute("INSERT OR REPLACE INTO saved VALUES (?, ?, ?, ?)", (kind, name, body, time.time()))
        return name

    def saved(self, kind: str, name: str) -> str | None:
        """A text kept under this kind and name, or None."""
        with self._lock:
            row = self._base.execute("SELECT body FROM saved WHERE kind = ? AND name = ?", (kind, name)).fetchone()
        return str(row[0]) if row else None

    def names(self, kind: str) -> list[str]:
        """The names of this kind, the newest first."""
        with self._lock:
            rows = self._base.execute("SELECT name FROM saved WHERE kind = ? ORDER BY at DESC", (kind,)).fetchall()
        return [str(row[0]) for row in rows]

    def discard(self, kind: str, name: str) -> None:
        """Removes a saved text. Unknown names are passed over."""
        with self._write() as base:
            base.execute("DELETE FROM saved WHERE kind = ? AND name = ?", (kind, name))
        self._settle()


def _is_iso(written: str) -> bool:
    try:
        return date.fromisoformat(written).isoformat() == written
    except ValueError:
        return False


def sample_files() -> list[Path]:
    """The sample documents that come with the project."""
    endings = {ending for kind in FORMATS.values() for ending in kind.suffixes}  # type: ignore[attr-defined]
    found = sorted(path for path in SAMPLES.glob("*") if path.suffix in endings)
    return [path for path in found if path.name != "README.md"]


def add_all(workspace: Workspace, files: Iterable[Path]) -> list[str]:
    """Adds files from disk; returns the named reason of each that failed, while the others go on."""
    failed = []
    for path in files:
        try:
            workspace.add(File(path.name, path.read_bytes()))
        except FileProblem as problem:
            failed.append(str(problem))
    return failed


def open_workspace(folder: Path | None = None) -> Workspace:
    """The workspace in a folder (RAG_WORKSPACE, else .workspace in the project); a new one begins with the samples."""
    folder = folder or Path(os.environ.get(VARIABLE) or PROJECT / ".workspace")
    workspace = Workspace(folder)
    if workspace.saved("state", "samples") is None:
        workspace.save("state", "added", "samples")
        add_all(workspace, sample_files())
    return workspace
