"""A change of a shelf: the rows that one act writes, all in one transaction."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from rag.documents.entry import DOCUMENT, FINDINGS, Entry
from rag.governance.audit import Event
from rag.keep.quotes import Gone, take_out
from rag.keep.records import put
from rag.keep.tables import decisions, documents, erasures, projects, screened, settings
from rag.values import Document


class Change:
    """What one act does to the shelf of a project. Nothing of it holds before the transaction ends."""

    def __init__(self, base: Connection, project: str, event: Event) -> None:
        self._base, self._project, self._event = base, project, event
        self.at = event.at
        mine = projects.c.id == project  # One change of a shelf at a time, whichever server makes it.
        self.before = int(base.execute(select(projects.c.revision).where(mine).with_for_update()).scalar_one())
        self.erases = False  # Whether something was removed that still stands elsewhere.
        self.gone: list[Gone] = []

    def contents(self) -> Iterator[tuple[str, str]]:
        """The documents by name, with the fingerprint of what they were made from."""
        query = select(documents.c.name, documents.c.content).where(documents.c.project == self._project)
        return ((str(name), str(content)) for name, content in self._base.execute(query))

    def is_still(self, entry: Entry) -> bool:
        """Whether a document stands as it was read before this change began."""
        one = and_(screened.c.project == self._project, screened.c.document == documents.c.name)
        query = select(documents.c.body, screened.c.status, screened.c.decision, screened.c.at).join(screened, one)
        row = self._base.execute(query.where(self._one(entry.document.name))).first()
        return row is not None and tuple(row) == (_body(entry.document), entry.status, entry.decision, entry.at)

    def store(self, entry: Entry, content: str, place: str, screen: str) -> None:
        """Writes a document; `content` is the fingerprint of what it was made from, `place` where its file is kept, or ""."""
        row: dict[str, Any] = {"content": content, "file": place, "body": _body(entry.document)}
        name = entry.document.name
        put(self._base, documents, project=self._project, name=name, **row, who=self._event.who, at=self._event.at)
        self.judge(entry, screen)

    def judge(self, entry: Entry, screen: str) -> None:
        """Writes what was found in a document and whether it may be used; `screen` is the key of the screen that found it."""
        row: dict[str, Any] = {"status": entry.status, "findings": FINDINGS.dump_json(entry.findings).decode(), "screen": screen}
        row |= {"decision": entry.decision, "who": entry.who, "at": entry.at}
        put(self._base, screened, project=self._project, document=entry.document.name, **row)

    def release(self, name: str, decision: str) -> None:
        """Lets a document be used, since a person decided so."""
        row = {"status": "released", "decision": decision, "who": self._event.who, "at": self._event.at}
        mine = and_(screened.c.project == self._project, screened.c.document == name)
        self._base.execute(update(screened).where(mine).values(row))

    def rewrite(self, document: Document, values: Mapping[str, str] | None = None) -> None:
        """Writes what is understood of a document anew; what was computed from what stood there is erased.

        `values` are those that no document has any more, with what stands there now; what people saved follows them.
        """
        text, before = self._stood(document.name)
        self._base.execute(update(documents).where(self._one(document.name)).values(body=_body(document)))
        self._erase_later(document.name, "")
        self.gone.append(Gone(document.name, document.name, before, _said(document), text != document.text, values or {}))

    def remove(self, name: str, called: str = "", heir: Document | None = None) -> None:
        """Removes a document, its file where no other document came from it, and what people saved of its text.

        `called` is its name in what people saved from here on, where its own may not stand there; `heir` stands in its place.
        """
        place, (text, before) = self._place(name), self._stood(name)
        self._base.execute(delete(documents).where(self._one(name)))
        self._erase_later(name, place)
        if heir:
            self.gone.append(Gone(name, heir.name, before, _said(heir), text != heir.text))
        else:
            self.gone.append(Gone(name, called or name, before))

    def part(self, name: str) -> None:
        """Removes a document's file, also where others came from it: they go on without."""
        if place := self._place(name):
            mine = and_(documents.c.project == self._project, documents.c.file == place)
            self._base.execute(update(documents).where(mine).values(file=""))
            self._erase_later(name, place)

    def record(self, entry: Entry, decision: str, threshold: float) -> None:
        """A line that is never changed: findings by kind, type, rule and place, and no text."""
        row: dict[str, Any] = {"document": entry.known_as, "decision": decision, "threshold": threshold}
        row |= {"findings": FINDINGS.dump_json(entry.findings).decode(), "who": self._event.who, "at": self._event.at}
        self._base.execute(insert(decisions).values(project=self._project, **row))

    def set(self, name: str, body: str) -> None:
        """Keeps a setting."""
        put(self._base, settings, project=self._project, name=name, body=body, who=self._event.who, at=self._event.at)

    def setting(self, name: str) -> str | None:
        """A setting as it stands."""
        mine = and_(settings.c.project == self._project, settings.c.name == name)
        return self._base.execute(select(settings.c.body).where(mine)).scalar()

    def finish(self) -> int:
        """Takes what is gone out of what people saved, and returns the number of the state in which the shelf is now."""
        take_out(self._base, self._project, self.gone)
        self._base.execute(update(projects).where(projects.c.id == self._project).values(revision=self.before + 1))
        return self.before + 1

    def _place(self, name: str) -> str:
        return str(self._base.execute(select(documents.c.file).where(self._one(name))).scalar() or "")

    def _stood(self, name: str) -> tuple[str, str]:
        """The text of a document as it is kept, and all that stands in it; of a damaged one what is left of it."""
        body = str(self._base.execute(select(documents.c.body).where(self._one(name))).scalar() or "")
        try:
            document = DOCUMENT.validate_json(body)
        except ValidationError:
            return "", body
        return document.text, _said(document)

    def _erase_later(self, name: str, place: str) -> None:
        row = {"project": self._project, "document": name, "file": place}
        self._base.execute(insert(erasures).values(**row, who=self._event.who, at=self._event.at))
        self.erases = True

    def _one(self, name: str) -> ColumnElement[bool]:
        return and_(documents.c.project == self._project, documents.c.name == name)


def _body(document: Document) -> str:
    return DOCUMENT.dump_json(document).decode()


def _said(document: Document) -> str:
    """All that stands in a document and beside it."""
    return "\n".join((document.text, document.title, *(aside.text for aside in document.asides)))
