"""Projects: the shelves of a workspace, each with documents, decisions and saved things of its own."""

import secrets
import time
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, insert, select, update

from rag.errors import SettingProblem
from rag.governance.audit import LOCAL, Event
from rag.keep.records import Records
from rag.keep.tables import projects

DEFAULT = "default"
LONGEST = 60


@dataclass(frozen=True)
class Named:
    """A project as it stands in the records. Its id never changes, its name may."""

    id: str
    name: str
    archived: bool


class Projects:
    """The projects of a workspace. The first, "default", is always there."""

    def __init__(self, records: Records) -> None:
        self._records = records
        if self.named(DEFAULT) is None:
            self._insert(DEFAULT, DEFAULT)

    def all(self, archived: bool = False) -> tuple[Named, ...]:
        """Those in use, or those put away, in order of name; the default first."""
        found = self._where(projects.c.archived.is_not(None) if archived else projects.c.archived.is_(None))
        return tuple(sorted(found, key=lambda one: (one.id != DEFAULT, one.name.casefold())))

    def named(self, id: str) -> Named | None:
        """The project of this id, or None."""
        return next(iter(self._where(projects.c.id == id)), None)

    def create(self, name: str) -> Named:
        """A new, empty project. Raises SettingProblem where the name is empty, too long or taken."""
        name = self._free(name, "")
        return self._insert(secrets.token_hex(6), name)

    def rename(self, id: str, name: str) -> Named:
        """Gives a project another name. Raises SettingProblem as `create` does, or where there is no such project."""
        there = self._there(id)
        name = self._free(name, id)
        with self._records.writing(Event("rename project", id, (there.name, name))) as base:
            base.execute(update(projects).where(projects.c.id == id).values(name=name))
        return self._there(id)

    def archive(self, id: str, away: bool = True) -> Named:
        """Puts a project away, or takes it back; nothing of it is lost. Raises SettingProblem for the default."""
        there = self._there(id)
        if id == DEFAULT:
            raise SettingProblem(f"The project {there.name!r} is always there. Archive another one.")
        with self._records.writing(Event("archive project" if away else "restore project", id)) as base:
            base.execute(update(projects).where(projects.c.id == id).values(archived=time.time() if away else None))
        return self._there(id)

    def _where(self, condition: ColumnElement[bool]) -> list[Named]:
        query = select(projects.c.id, projects.c.name, projects.c.archived).where(condition)
        return [Named(id, name, at is not None) for id, name, at in self._records.rows(query)]

    def _insert(self, id: str, name: str) -> Named:
        event = Event("create project", id, (name,))
        with self._records.writing(event) as base:
            if not base.execute(select(projects.c.id).where(projects.c.id == id)).all():  # Another process may have been first.
                row = {"id": id, "name": name, "revision": 0, "who": event.who or LOCAL, "at": event.at}
                base.execute(insert(projects).values(row))
        return Named(id, name, False)

    def _there(self, id: str) -> Named:
        found = self.named(id)
        if found is None:
            raise SettingProblem(f"There is no project {id!r}. Choose among those that there are.")
        return found

    def _free(self, name: str, own: str) -> str:
        """The name as it is kept. Raises SettingProblem."""
        name = " ".join(name.split())
        if not name or len(name) > LONGEST or not name.isprintable():
            raise SettingProblem(f"A project needs a name of 1 to {LONGEST} characters, not {name[:LONGEST]!r}. Choose one.")
        taken = self._records.rows(select(projects.c.id).where(func.lower(projects.c.name) == name.lower(), projects.c.id != own))
        if taken:
            raise SettingProblem(f"There is a project {name!r} already, in use or archived. Choose another name.")
        return name
