"""The shelf: the documents of a project as they were loaded and screened, with their files, and whether each may be used."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import ColumnElement, and_, delete, func, select

from rag.documents.change import Change
from rag.documents.entry import DOCUMENT, FINDINGS, Entry
from rag.documents.files import Files
from rag.documents.load.files import looks, marked
from rag.documents.many import Read, read_one
from rag.documents.screen import Screen
from rag.embedding import Progress, silent
from rag.errors import FileProblem, ModelProblem, SettingProblem
from rag.governance.audit import Event, actor
from rag.keep.artifacts import Artifacts
from rag.keep.database import DAMAGED
from rag.keep.outside import sweep
from rag.keep.quotes import Gone, take_out
from rag.keep.records import DATABASE, REMEDIES, Records
from rag.keep.tables import documents, erasures, projects, screened, settings
from rag.keep.work import Work
from rag.values import Document, File

EDITABLE = ("title", "type", "date", "patient", "author", "edition", "effective", "status")
DAYS = ("date", "effective")
NAMED = ("patient", "author", "status")  # What a filter names.
SCREEN = "screen"  # The setting that holds the screen, and the work of screening anew.
HERE = "already here; nothing was added"
LOGGER = logging.getLogger(__name__)
JOINED = documents.outerjoin(screened, and_(screened.c.project == documents.c.project, screened.c.document == documents.c.name))
ROW = (
    documents.c.name,
    documents.c.body,
    screened.c.findings,
    screened.c.status,
    screened.c.decision,
    screened.c.who,
    screened.c.at,
)


class Shelf:
    """The documents of a project. Only what is released is ever handed to a pipeline."""

    def __init__(self, records: Records, project: str, folder: Path, artifacts: Artifacts) -> None:
        """Opens the shelf; what a crash left half done is done now, and what this version's screen has not seen is screened.

        Raises OSError where the folder cannot be used, SettingProblem where the database cannot.
        """
        self._records, self._project, self._artifacts = records, project, artifacts
        self._work = Work(records, project)
        self._files = Files(folder / "files")
        self._lock = threading.RLock()
        self._entries: tuple[Entry, ...] | None = None
        self._documents: tuple[Document, ...] | None = None
        self._named: dict[str, Document] = {}
        self._alike: tuple[int, dict[str, tuple[str, str]]] = (-1, {})  # The names of a state, by how they look.
        self._parsed: dict[str, tuple[Sequence[Any], Entry | None]] = {}
        self._seen = self._revision()
        self._listeners: list[Callable[[Sequence[Gone]], None]] = []
        self._mend()
        artifacts.gone = self._gone
        self._kept = self._screen = self._kept_screen()
        try:
            self._screen_new()
        except ModelProblem:  # Its name model is gone from this machine: the rules go on alone.
            self._screen = self._kept.model_copy(update={"name_model": ""})
            self._screen_new()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All documents with their findings and status, in order of name."""
        with self._lock:
            if self._entries is None:
                rows = self._rows()
                self._parsed = {row[0]: self._parsed[row[0]] for row in rows if row[0] in self._parsed}
                self._entries = tuple(entry for row in rows if (entry := self._entry(row)))
            return self._entries

    @property
    def documents(self) -> tuple[Document, ...]:
        """The released documents, in order of name: all that may be indexed."""
        with self._lock:
            if self._documents is None:
                self._documents = tuple(entry.usable for entry in self.entries if entry.released)
                self._named = {document.name: document for document in self._documents}
            return self._documents

    def entry(self, name: str) -> Entry | None:
        """What stands on the shelf under that name, or None."""
        with self._lock:
            return next(filter(None, map(self._entry, self._rows(name))), None)

    def document(self, name: str) -> Document | None:
        """The released document of that name, or None."""
        with self._lock:
            return self._named.get(name) if self.documents else None

    def refresh(self) -> bool:
        """Reads the shelf anew where another process has changed it; returns whether it has.

        What is no longer released leaves the memory of this process too.
        """
        with self._lock:
            revision = self._revision()
            if revision == self._seen:
                return False
            self._adopt(self._kept_screen())
            before = None if self._documents is None else {one.name: one for one in self._documents}
            called = {one.document.name: one.known_as for one in self._entries or ()}
            self._changed(revision)
            after = {one.name: one for one in self.documents}
            if gone := [one for name, one in (before or {}).items() if name not in after or after[name].key != one.key]:
                self._artifacts.forget(*(one.name for one in gone))
                self._tell([self._left(one, called[one.name]) for one in gone])
            return before != after

    def _adopt(self, kept: Screen) -> None:
        """Takes the screen that another process has set; without its name model where this machine has none of it."""
        if kept == self._kept:
            return
        self._kept = self._screen = kept
        try:
            kept.text("")
        except ModelProblem:
            self._screen = kept.model_copy(update={"name_model": ""})

    def _gone(self, documents: Sequence[Document]) -> list[str]:
        """The names of those documents that are no longer released as they are."""
        self.refresh()
        now = {one.name: one.key for one in self.documents}
        return [one.name for one in documents if now.get(one.name) != one.key]

    def _left(self, before: Document, called: str) -> Gone:
        """What another process has left of a document."""
        entry = self.entry(before.name)
        now = entry.document.text if entry else ""
        return Gone(before.name, before.name if entry else called, before.text, now, now != before.text)

    def add(self, file: File, failed: list[FileProblem] | None = None) -> tuple[Document, ...]:
        """Loads and screens a file, and keeps its documents and the file itself. Raises FileProblem; then nothing is changed.

        The same content under the same name is kept once; other content under a taken name gets a marked name.
        Of an archive each member is kept as a file of its own. Where single parts cannot be read (a member, a line), the
        others are kept and the reasons added to `failed`; without it nothing is kept and the first reason is raised.
        """
        return self.take(read_one(file, self._screen), failed)

    def take(self, read: Read, failed: list[FileProblem] | None = None) -> tuple[Document, ...]:
        """Keeps what was read of a file, as `add` does; it is screened anew where this shelf has another screen by now."""
        if read.failed and failed is None:
            raise read.failed[0]
        if failed is not None:
            failed += read.failed
        if read.problem:
            raise read.problem
        alike = read.screen == self._screen
        looked = {one.document.name: Entry(one.document, one.findings, one.status) for _, one in read.found if alike}
        with self._files.held():
            given = []
            place, last = "", None
            for source, document in ((source, one.document) for source, one in read.found):
                if source is not last:
                    place, last = self._files.put(source), source
                given.append((document, place))
            with self._written("upload") as change:
                added = tuple(self._taken(given, looked, change))
            self._alike = change.before + 1, self._alike[1]
            return added

    def _taken(self, given: Iterable[tuple[Document, str]], looked: Mapping[str, Entry], change: Change) -> Iterator[Document]:
        """The documents as they stand on the shelf from here on, each under a name that was free."""
        if self._alike[0] != change.before:
            self._alike = change.before, {looks(name): (name, content) for name, content in change.contents()}
        there = self._alike[1]
        self._alike = -1, there  # Until the transaction has ended well.
        for document, place in given:
            content, name, warnings = Path(place).stem, document.name, document.warnings
            known, same = there.get(looks(name), (name, None))
            if same not in (None, content):
                name = marked(name, content)
                known, same = there.get(looks(name), (name, None))
                warnings = (*warnings, f"{document.name} was taken by other content; kept as {known}")
            kept = replace(document, name=known, warnings=warnings)
            if same == content:
                yield replace(kept, warnings=(HERE,))
                continue
            found = looked[name] if name == document.name and name in looked else self.screened(kept)
            change.store(replace(found, document=kept), content, place, self._screen.key())
            there[looks(name)] = name, content
            yield kept

    @contextmanager
    def changing(self, act: str, *about: str, who: str = "") -> Iterator[Change]:
        """One act on the shelf, in one transaction. What it removes is erased everywhere else before this ends."""
        with self._lock:
            with self._files.held(), self._written(act, about, who) as change:
                yield change
            if change.erases:
                self._tell(change.gone)
                self._erase(change.gone)

    @contextmanager
    def _written(self, act: str, about: Sequence[str] = (), who: str = "") -> Iterator[Change]:
        """The transaction of an act; afterwards the shelf is read anew."""
        event = Event(act, self._project, tuple(about), who or actor())
        with self._lock:
            with self._records.writing(event) as base:
                change = Change(base, self._project, event)
                yield change
                revision = change.finish()
            self._changed(revision)

    def watch(self, listener: Callable[[Sequence[Gone]], None]) -> None:
        """Has somebody told of documents that are gone or say something else now, in whatever process that was decided."""
        self._listeners.append(listener)

    def _tell(self, gone: Sequence[Gone]) -> None:
        for listener in self._listeners if gone else ():
            listener(gone)

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
        before = entry.document
        changed = replace(before, **whole)  # type: ignore[arg-type]
        if changed != before:
            others = {getattr(one.document, field) for one in self.entries for field in NAMED if one.document.name != name}
            values = {getattr(before, field): getattr(changed, field) for field in NAMED}
            with self.changing("edit", entry.known_as) as change:
                change.rewrite(changed, {old: new for old, new in values.items() if old and new != old and old not in others})
        return changed

    def remove(self, name: str) -> None:
        """Removes a document with its file, passages, vectors and indexes. Unknown names are passed over."""
        entry = self.entry(name)
        if entry is None and not self._rows(name):
            return
        called = entry.known_as if entry else name
        self.forget(name)  # First, since it may fail: then all is as it was.
        with self.changing("remove", called) as change:
            change.remove(name, called)

    def forget(self, *names: str) -> None:
        """Removes what was computed of documents. Raises SettingProblem where that is not possible."""
        self._artifacts.forget(*names)

    def original(self, name: str) -> bytes | None:
        """The bytes of the file that a document came from; None where it is not kept, or damaged."""
        place = self.place(name)
        return self._files.get(place) if place else None

    def place(self, name: str) -> str:
        """What the file of a document is kept under; "" where there is none."""
        rows = self._records.rows(select(documents.c.file).where(self._one(name)))
        return str(rows[0][0]) if rows else ""

    @property
    def screen(self) -> Screen:
        """The settings of the screen."""
        return self._screen

    def set_screen(self, screen: Screen, progress: Progress = silent) -> int:
        """Keeps other settings for the screen and screens again what they concern; returns how many documents that were.

        Raises ModelProblem where its name model is not on this machine; then nothing is changed.
        """
        screen.text("")
        with self.changing("set screen") as change:
            change.set(SCREEN, screen.model_dump_json())
        self._kept = self._screen = screen
        return self._screen_new(progress)

    def _screen_new(self, progress: Progress = silent) -> int:
        """Screens the documents that the present screen, with its rules, has not seen. What a person released stays so,
        unless something is found that was not there when it was decided."""
        if not self._unseen():
            return 0
        with self._work.alone(SCREEN, self._screen.key(), lambda step, done, total: progress(done, max(total, 1))):
            return self.screen_unseen(progress)

    def screen_unseen(self, progress: Progress = silent) -> int:
        """Screens what the present screen has not seen, as `set_screen` does; for whoever takes up that work of another."""
        names = self._unseen()
        for number, name in enumerate(names, 1):
            self._screen_again(name)
            progress(number, len(names))
        with self._lock:
            self._changed(self._revision())
        return len(names)

    def _unseen(self) -> list[str]:
        query = select(documents.c.name).select_from(JOINED).where(documents.c.project == self._project)
        rows = self._records.rows(query.where(func.coalesce(screened.c.screen, "") != self._screen.key()))
        return sorted(str(name) for (name,) in rows)

    def _screen_again(self, name: str) -> None:
        entry = self.entry(name)
        if entry is None:
            return
        found = self.screened(entry.document)
        known = set(entry.findings) if entry.decision else set()
        fresh = any(one.score >= self._screen.threshold and one not in known for one in found.findings)
        status = ("quarantined" if fresh else "released") if entry.decision else found.status
        if status == "quarantined":
            self.forget(name)
        with self.changing("screen", found.known_as) as change:
            if change.is_still(entry):  # Else somebody decided meanwhile; it is screened at the next opening.
                change.judge(replace(entry, findings=found.findings, status=status), self._screen.key())

    def screened(self, document: Document) -> Entry:
        """A document as it would stand on this shelf: with what the present screen finds in it."""
        found = self._screen(document)
        return Entry(document, found.findings, found.status)

    def _kept_screen(self) -> Screen:
        """The screen as it was kept. Raises SettingProblem: another could release what this one held back."""
        mine = and_(settings.c.project == self._project, settings.c.name == SCREEN)
        rows = self._records.rows(select(settings.c.body).where(mine))
        try:
            return Screen.model_validate_json(rows[0][0]) if rows else Screen()
        except ValidationError:
            raise SettingProblem(f"The rules of the screen in {DATABASE} are damaged. {REMEDIES[DAMAGED]}.") from None

    def _mend(self) -> None:
        """Ends what a crash left half done."""
        if self._records.rows(select(erasures.c.id).where(erasures.c.project == self._project)):
            LOGGER.warning("A removal that was broken off is ended now.")
            self._erase()
        if left := self._files.sweep(self._places):
            LOGGER.warning("Files that belong to no document, as a crash leaves them, were removed: %d.", left)
        here = self._records.rows(select(documents.c.name).where(documents.c.project == self._project))
        if strays := self._artifacts.known() - {str(name) for (name,) in here}:
            self.forget(*strays)
            LOGGER.warning("What was computed of documents that are not here was removed: %d.", len(strays))

    def _erase(self, gone: Sequence[Gone] = ()) -> None:
        """Erases what was removed from the records wherever else it stands; what fails is tried again at the next opening.

        `gone` is taken once more out of what people saved: a page may have written it again before it was told.
        """
        mine = erasures.c.project == self._project
        rows = self._records.rows(select(erasures.c.id, erasures.c.document, erasures.c.file).where(mine))
        try:
            self.forget(*dict.fromkeys(name for _, name, _ in rows))
            self._files.remove({place for _, _, place in rows if place}, self._places)
            with self._records.writing(Event("erase", self._project)) as base:
                take_out(base, self._project, gone)
            self._records.settle()
            with self._records.writing(Event("erased", self._project)) as base:
                base.execute(delete(erasures).where(mine, erasures.c.id.in_([id for id, _, _ in rows])))
            self._records.settle()  # The names in it too.
        except (SettingProblem, OSError) as error:
            LOGGER.warning("What was removed still stands in part (%s); it goes at the next start.", type(error).__name__)
        for problem in sweep(self._artifacts):
            LOGGER.warning("%s Vectors of removed documents are still there; they go at the next removal.", problem)

    def _places(self) -> set[str]:
        """What the files are kept under that documents came from."""
        return {str(one) for (one,) in self._records.rows(select(documents.c.file).where(documents.c.project == self._project))}

    def _rows(self, name: str | None = None) -> Sequence[Any]:
        """The rows of the shelf, or of one name, in order of name."""
        where = documents.c.project == self._project if name is None else self._one(name)
        return sorted(self._records.rows(select(*ROW).select_from(JOINED).where(where)), key=lambda row: str(row[0]))

    def _entry(self, row: Sequence[Any]) -> Entry | None:
        """What stands in a row of the shelf; None, and a line in the log, where it is damaged."""
        name, body, findings, status, decision, who, at = row
        if self._parsed.get(name, ((), None))[0] != row:
            try:
                found = FINDINGS.validate_json(findings or "[]")
                judged = status or "quarantined", decision or "", who or "", at
                entry = Entry(DOCUMENT.validate_json(body), found, *judged)
            except ValidationError:  # Its own message would hold the text.
                LOGGER.warning("A document in %s is damaged and left out. Upload its file again under another name.", DATABASE)
                entry = None
            self._parsed[name] = row, entry
        return self._parsed[name][1]

    def _one(self, name: str) -> ColumnElement[bool]:
        return and_(documents.c.project == self._project, documents.c.name == name)

    def _revision(self) -> int:
        rows = self._records.rows(select(projects.c.revision).where(projects.c.id == self._project))
        return int(rows[0][0]) if rows else 0

    def _changed(self, revision: int) -> None:
        self._seen = revision
        self._entries = self._documents = None


def _is_iso(written: str) -> bool:
    try:
        return date.fromisoformat(written).isoformat() == written
    except ValueError:
        return False
