"""Texts that people keep by name: pipelines, comparisons, question sets, sessions."""

import secrets
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import ColumnElement, and_, delete, select, update

from rag.governance.audit import Event
from rag.keep.records import Records, put
from rag.keep.tables import saved

HOLDER = "holder"
"""The kind under which it is kept who holds a session."""


class Saved:
    """The saved texts of a project, by kind and name."""

    def __init__(self, records: Records, project: str) -> None:
        self._records, self._project = records, project

    @property
    def folder(self) -> Path:
        """The folder of the workspace."""
        return self._records.folder

    def put(self, kind: str, body: str, name: str | None = None, holder: str | None = None) -> str:
        """Keeps a text (a pipeline, a comparison, a session) under a name, or under a new random one, which is returned.

        Where a holder is given, a name that another one holds (a text of the kind `HOLDER`) stays as it is, and "" is returned.
        """
        name = name or secrets.token_urlsafe(9)
        event = Event(f"save {kind}", self._project, (name,))
        with self._records.writing(event) as base:
            if holder is not None:
                held = base.execute(select(saved.c.body).where(self._one(HOLDER, name)).with_for_update()).scalar()
                if held not in (None, holder):
                    return ""
            put(base, saved, project=self._project, kind=kind, name=name, body=body, who=event.who, at=event.at)
        return name

    def get(self, kind: str, name: str) -> str | None:
        """A text kept under this kind and name, or None."""
        rows = self._records.rows(select(saved.c.body).where(self._one(kind, name)))
        return str(rows[0][0]) if rows else None

    def at(self, kind: str, name: str) -> float:
        """When a text was kept under this kind and name, or touched since, in seconds of the epoch; 0 where there is none."""
        rows = self._records.rows(select(saved.c.at).where(self._one(kind, name)))
        return float(rows[0][0]) if rows else 0.0

    def touch(self, kind: str, bodies: Sequence[str]) -> None:
        """Notes that these texts of a kind hold still."""
        if bodies:
            mine = and_(saved.c.project == self._project, saved.c.kind == kind, saved.c.body.in_(bodies))
            event = Event(f"go on with {kind}", self._project)
            with self._records.writing(event) as base:
                base.execute(update(saved).where(mine).values(at=event.at))

    def names(self, kind: str) -> list[str]:
        """The names of this kind, the newest first."""
        mine = and_(saved.c.project == self._project, saved.c.kind == kind)
        return [str(name) for (name,) in self._records.rows(select(saved.c.name).where(mine).order_by(saved.c.at.desc()))]

    def discard(self, kind: str, name: str) -> None:
        """Removes a saved text so that no trace of it stays. Unknown names are passed over."""
        with self._records.writing(Event(f"discard {kind}", self._project, (name,))) as base:
            base.execute(delete(saved).where(self._one(kind, name)))
        self._records.settle()

    def _one(self, kind: str, name: str) -> ColumnElement[bool]:
        return and_(saved.c.project == self._project, saved.c.kind == kind, saved.c.name == name)
