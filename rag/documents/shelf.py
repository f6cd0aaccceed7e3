"""The shelf: documents as they were loaded and screened, with their files, and whether each may be used."""

import hashlib
import logging
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from rag.documents.load import read_each
from rag.documents.load.files import looks, marked
from rag.documents.screen import Screen
from rag.embedding import Progress, silent
from rag.errors import FileProblem, ModelProblem, SettingProblem
from rag.keep.artifacts import Artifacts
from rag.keep.database import DAMAGED, FULL, LOCKED, fault_of
from rag.keep.made import fault_of as file_fault
from rag.keep.made import put
from rag.keep.outside import sweep
from rag.values import Document, File, Finding

TABLES = """
CREATE TABLE IF NOT EXISTS documents (
    name TEXT PRIMARY KEY, content TEXT, file TEXT, added REAL, characters INTEGER, body TEXT);
CREATE TABLE IF NOT EXISTS screened (
    document TEXT PRIMARY KEY, status TEXT, findings TEXT, screen TEXT, decision TEXT, who TEXT, at REAL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, body TEXT);
"""
DOCUMENT = TypeAdapter(Document)
FINDINGS = TypeAdapter(tuple[Finding, ...])
EDITABLE = ("title", "type", "date", "patient", "author", "edition", "effective", "status")
DAYS = ("date", "effective")
LOGGER = logging.getLogger(__name__)
DATABASE = "workspace.sqlite"
REMEDIES = {
    DAMAGED: "Restore it from a copy, or move it away and upload the documents again: the files lie in the folder files",
    LOCKED: "Close that, then try again",
    FULL: "Make room, then try again",
}


@dataclass(frozen=True)
class Entry:
    """A document on the shelf: what was found in it, whether it may be used, and who decided that when."""

    document: Document
    findings: tuple[Finding, ...]
    status: str
    decision: str = ""
    who: str = ""
    at: float | None = None

    @property
    def released(self) -> bool:
        """Whether the document may be indexed and retrieved."""
        return self.status == "released"

    @property
    def usable(self) -> Document:
        """The document as it is indexed: with the stretches that a person should not trust."""
        flags = tuple(one for one in self.findings if one.kind != "identifier" and one.aside is None and one.start < one.end)
        return replace(self.document, flags=flags)


class Shelf:
    """Documents on disk. Only what is released is ever handed to a pipeline."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            (folder / "files").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            fault = file_fault(error)
            raise SettingProblem(f"{folder}: cannot be used as a workspace: {fault}. Choose another folder.") from None
        self.artifacts = Artifacts(folder)
        self._lock = threading.RLock()
        with self._sound():
            self._base = sqlite3.connect(folder / DATABASE, check_same_thread=False)
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA secure_delete=ON")
        self._begin(TABLES)
        self._shelf: tuple[Entry, ...] | None = None
        self._documents: tuple[Document, ...] | None = None
        self._named: dict[str, Document] = {}
        self._seen = (-1, "")
        self._looks: tuple[int, dict[str, str]] = (-1, {})
        kept = self._rows("SELECT body FROM settings WHERE name = 'screen'")
        self._screen = self._understood(kept[0][0]) if kept else Screen()
        try:
            self._screen_new()
        except ModelProblem:  # Its name model is gone from this machine: the rules go on alone.
            self._screen = self._screen.model_copy(update={"name_model": ""})
            self._screen_new()

    @contextmanager
    def _sound(self) -> Iterator[None]:
        """Raises SettingProblem, in place of what SQLite raises, where the database is locked, full or damaged."""
        try:
            with self._lock:
                yield
        except (sqlite3.ProgrammingError, sqlite3.IntegrityError):
            raise
        except sqlite3.DatabaseError as error:
            fault = fault_of(error)
            remedy = REMEDIES.get(fault, "Mend that, then try again")
            raise SettingProblem(f"{DATABASE} of the workspace cannot be used: {fault}. {remedy}.") from None

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        with self._sound(), self._base:
            yield self._base

    def _rows(self, query: str, *values: str) -> list[Any]:
        with self._sound():
            return self._base.execute(query, values).fetchall()

    def _begin(self, tables: str) -> None:
        """Makes these tables where they are not there."""
        with self._sound():
            self._base.executescript(tables)

    def _understood(self, settings: str) -> Screen:
        """The screen as it was kept. Raises SettingProblem: another could release what this one held back."""
        try:
            return Screen.model_validate_json(settings)
        except ValidationError:
            raise SettingProblem(f"The rules of the screen in {DATABASE} are damaged. {REMEDIES[DAMAGED]}.") from None

    def _settle(self) -> None:
        """Empties the log of writes, in which a value that was replaced or removed would still stand."""
        self._rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def _changed(self) -> None:
        self._shelf = self._documents = None

    @property
    def shelf(self) -> tuple[Entry, ...]:
        """All documents with their findings and status, in order of name."""
        query = """SELECT body, findings, status, decision, who, at FROM documents
            JOIN screened ON document = name ORDER BY name"""
        with self._lock:
            if self._shelf is None:
                self._shelf = tuple(filter(None, map(_entry, self._rows(query))))
            return self._shelf

    @property
    def documents(self) -> tuple[Document, ...]:
        """The released documents, in order of name: all that may be indexed."""
        with self._lock:
            if self._documents is None:
                self._documents = tuple(entry.usable for entry in self.shelf if entry.released)
                self._named = {document.name: document for document in self._documents}
            return self._documents

    def refresh(self) -> bool:
        """Reads the shelf anew where another process has changed it; returns whether it has."""
        with self._lock:
            version, contents = self._seen
            now = self._rows("PRAGMA data_version")[0][0]
            if now == version:
                return False
            self._seen = self._contents()
            if self._seen[1] == contents:
                return False
            self._changed()
            return True

    def _contents(self) -> tuple[int, str]:
        """The version of the file, which changes when another process writes to it, and a fingerprint of what stands in it."""
        version = self._rows("PRAGMA data_version")[0][0]
        query = "SELECT body, status, findings FROM documents JOIN screened ON document = name ORDER BY name"
        found = hashlib.sha256()
        with self._sound():
            for row in self._base.execute(query):
                found.update(repr(row).encode("utf-8", "surrogatepass"))
        return version, found.hexdigest()

    def entry(self, name: str) -> Entry | None:
        """What stands on the shelf under that name, or None."""
        query = """SELECT body, findings, status, decision, who, at FROM documents
            JOIN screened ON document = name WHERE name = ?"""
        return next(filter(None, map(_entry, self._rows(query, name))), None)

    def document(self, name: str) -> Document | None:
        """The released document of that name, or None."""
        with self._lock:
            return self._named.get(name) if self.documents else None

    def add(self, file: File, failed: list[FileProblem] | None = None) -> tuple[Document, ...]:
        """Loads and screens a file, and keeps its documents and the file itself. Raises FileProblem; then nothing is changed.

        The same content under the same name is kept once; other content under a taken name gets a marked name.
        Of an archive each member is kept as a file of its own. Where single parts cannot be read (a member, a line), the
        others are kept and the reasons added to `failed`; without it nothing is kept and the first reason is raised.
        """
        read = read_each(file, failed)
        added: list[Document] = []
        content, last = "", None
        for source, document in read if failed is not None else list(read):
            if source is not last:
                content, last = hashlib.sha256(source.data).hexdigest(), source
            added.append(self._add_one(document, content, source))
        return tuple(added)

    def _add_one(self, document: Document, content: str, file: File) -> Document:
        with self._lock:
            warnings = document.warnings
            name, there = self._alike(document.name)
            if there not in (None, content):
                name, there = self._alike(marked(document.name, content))
                warnings = (*warnings, f"{document.name} was taken by other content; kept as {name}")
            if there == content:
                return replace(document, name=name, warnings=("already here; nothing was added",))
            kept = replace(document, name=name, warnings=warnings)
            self._keep(kept, content, file)
            return kept

    def _alike(self, name: str) -> tuple[str, str | None]:
        """The name on the shelf that looks like this one, with its content; the name itself and None where there is none."""
        version = self._rows("PRAGMA data_version")[0][0]
        if self._looks[0] != version:
            self._looks = version, {looks(there): there for (there,) in self._rows("SELECT name FROM documents")}
        there = self._looks[1].get(looks(name), name)
        rows = self._rows("SELECT content FROM documents WHERE name = ?", there)
        return (there, rows[0][0]) if rows else (name, None)

    def _keep(self, document: Document, content: str, file: File) -> None:
        place = f"{content}{Path(file.name).suffix.lower()}"
        path = self.folder / "files" / place
        try:
            if not path.exists() or path.stat().st_size != len(file.data):
                put(path, file.data)
        except OSError as error:
            raise FileProblem(f"{file.name}: cannot be kept: {file_fault(error)}. Mend that, then upload it again.") from None
        self._store(document, content, place)

    def _store(self, document: Document, content: str, place: str, decision: str = "", who: str = "") -> Entry:
        """Writes a document with what the screen finds in it."""
        found = self._screen(document)
        at = time.time() if decision else None
        body = DOCUMENT.dump_json(document).decode()
        findings = FINDINGS.dump_json(found.findings).decode()
        with self._write() as base:
            row = (document.name, content, place, time.time(), len(document.text), body)
            base.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?, ?)", row)
            state = (document.name, found.status, findings, self._screen.key(), decision, who, at)
            base.execute("INSERT OR REPLACE INTO screened VALUES (?, ?, ?, ?, ?, ?, ?)", state)
        self._looks[1][looks(document.name)] = document.name
        self._changed()
        return Entry(document, found.findings, found.status, decision, who, at)

    def edit(self, name: str, /, **changes: str | None) -> Document:
        """Changes what was understood of a document. Raises SettingProblem for other fields or a wrong date."""
        entry = self.entry(name)
        wrong = sorted(set(changes) - set(EDITABLE))
        if entry is None or wrong:
            fault = ", ".join(wrong) or "what is not there"
            raise SettingProblem(f"{name}: cannot change {fault}. Allowed: {', '.join(EDITABLE)}.")
        for field in DAYS:
            written = changes.get(field)
            if written and not _is_iso(written):
                raise SettingProblem(f"{name}: {field} {written!r} is not a day written like 2024-03-14. Write it so.")
        whole = {field: (value or None) if field in DAYS else value or "" for field, value in changes.items()}
        changed = replace(entry.document, **whole)  # type: ignore[arg-type]
        if changed != entry.document:
            with self._write() as base:
                base.execute("UPDATE documents SET body = ? WHERE name = ?", (DOCUMENT.dump_json(changed).decode(), name))
            self._settle()
            self._changed()
            self._forget(name)
        return changed

    def remove(self, name: str) -> None:
        """Removes a document with its file, passages, vectors and indexes. Unknown names are passed over."""
        with self._lock:
            rows = self._rows("SELECT file FROM documents WHERE name = ?", name)
            if not rows:
                return
            self.artifacts.forget(name)  # First, since it may fail: then all is as it was.
            with self._write() as base:
                base.execute("DELETE FROM documents WHERE name = ?", (name,))
                base.execute("DELETE FROM screened WHERE document = ?", (name,))
            if rows[0][0] and not self._rows("SELECT 1 FROM documents WHERE file = ?", rows[0][0]):
                (self.folder / "files" / rows[0][0]).unlink(missing_ok=True)
            self._looks = (-1, {})
            self._settle()
            self._changed()
        self._forget(name)

    def _forget(self, name: str) -> None:
        """Removes what was computed of a document, also from a database that holds vectors, or once that answers again."""
        self.artifacts.forget(name)
        for problem in sweep(self.artifacts):
            LOGGER.warning("%s Vectors of removed documents are still there; they go at the next removal.", problem)

    def original(self, name: str) -> bytes | None:
        """The bytes of the file that a document came from, or None."""
        rows = self._rows("SELECT file FROM documents WHERE name = ?", name)
        path = self.folder / "files" / rows[0][0] if rows and rows[0][0] else None
        return path.read_bytes() if path and path.is_file() else None

    @property
    def screen(self) -> Screen:
        """The settings of the screen."""
        return self._screen

    def set_screen(self, screen: Screen, progress: Progress = silent) -> int:
        """Keeps other settings for the screen and screens again what they concern; returns how many documents that were.

        Raises ModelProblem where its name model is not on this machine; then nothing is changed.
        """
        screen.text("")
        with self._write() as base:
            base.execute("INSERT OR REPLACE INTO settings VALUES ('screen', ?)", (screen.model_dump_json(),))
        self._screen = screen
        return self._screen_new(progress)

    def _screen_new(self, progress: Progress = silent) -> int:
        """Screens the documents that the present screen, with its rules, has not seen. What a person released stays so,
        unless something is found that was not there when it was decided."""
        query = """SELECT name, body, screened.findings, status, decision, who, at FROM documents
            LEFT JOIN screened ON document = name WHERE screen IS NOT ?"""
        rows = self._rows(query, self._screen.key())
        for number, (name, body, before, _, decision, who, at) in enumerate(rows, 1):
            entry = _entry((body, before or "[]"))
            if entry is None:
                continue
            found = self._screen(entry.document)
            known = set(entry.findings) if decision else set()
            fresh = any(one.score >= self._screen.threshold and one not in known for one in found.findings)
            status = ("quarantined" if fresh else "released") if decision else found.status
            state = (name, status, FINDINGS.dump_json(found.findings).decode(), self._screen.key(), decision or "", who or "", at)
            with self._write() as base:
                base.execute("INSERT OR REPLACE INTO screened VALUES (?, ?, ?, ?, ?, ?, ?)", state)
            if status == "quarantined":
                self._forget(name)
            progress(number, len(rows))
        if rows:
            self._changed()
        return len(rows)


def _entry(row: Sequence[Any]) -> Entry | None:
    """What stands in a row of the shelf; None, and a line in the log, where it is damaged."""
    try:
        return Entry(DOCUMENT.validate_json(row[0]), FINDINGS.validate_json(row[1]), *(row[2:] or ("",)))
    except ValidationError:  # Its own message would hold the text.
        LOGGER.warning("A document in %s is damaged and left out. Upload its file again under another name.", DATABASE)
        return None


def waiting(entries: Iterable[Entry]) -> list[Entry]:
    """Those that wait for a person."""
    return [entry for entry in entries if not entry.released]


def counted(findings: Iterable[Finding], threshold: float) -> dict[str, int]:
    """How many findings there are of each type, the ones that hold a document back first."""
    counts: dict[str, int] = {}
    for one in sorted(findings, key=lambda f: (f.score < threshold, f.kind, f.type)):
        counts[one.type] = counts.get(one.type, 0) + 1
    return counts


def _is_iso(written: str) -> bool:
    try:
        return date.fromisoformat(written).isoformat() == written
    except ValueError:
        return False
