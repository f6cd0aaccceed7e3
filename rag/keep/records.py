"""The one database of a workspace: SQLite in its folder or a PostgreSQL server, with one door for every write."""

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Executable, Table, create_engine, event, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DatabaseError, IntegrityError, InterfaceError, ProgrammingError
from sqlalchemy.pool import QueuePool

from rag.errors import ModelProblem, SettingProblem
from rag.extras import install
from rag.governance import audit
from rag.keep import private, tables
from rag.keep.database import DAMAGED, FULL, LOCKED, fault_of, write_ahead
from rag.keep.engines import ENGINES
from rag.keep.postgres import told

DATABASE = "workspace.sqlite"
VARIABLE = "RAG_DATABASE_URL"
BACKUP, COPIES = "workspace-before-{}.sqlite", "rag_before_upgrade"  # A file, and a schema of PostgreSQL.
PATIENCE = 5.0  # Seconds for which another program may hold it.
PATIENCE_AWAY = 60.0  # Seconds for which PostgreSQL may be silent.
CONNECTIONS, MORE = 8, 24  # Those that stay open, and how many more may be open at once.
REMEDIES = {
    DAMAGED: "Restore it from a copy, or move it away and upload the documents again: the files lie in the folder files",
    LOCKED: "Close that, then try again",
    FULL: "Make room, then try again",
}
LOGGER = logging.getLogger(__name__)


class Records:
    """What people gave and decided, in tables that `rag.keep.tables` names.

    Whatever goes wrong in the database is raised as SettingProblem, in words that hold nothing of what stands in it.
    """

    def __init__(self, folder: Path, url: str | None = None) -> None:
        """Opens the database, and brings it to this version where it is older. Raises SettingProblem."""
        self.folder = folder
        self._url = os.environ.get(VARIABLE, "").strip() if url is None else url
        self.name = f"The database that {VARIABLE} names" if self._url else f"{DATABASE} of the workspace"
        self._lock = threading.RLock()
        self._engine = self._made()
        self._upgrade()

    @property
    def is_file(self) -> bool:
        """Whether it is SQLite, in a file of the workspace."""
        return not self._url

    def rows(self, query: Executable) -> Sequence[Any]:
        """The rows of a query."""
        with self._sound(), self._engine.connect() as base:
            return base.execute(query).all()

    @contextmanager
    def writing(self, act: audit.Event) -> Iterator[Connection]:
        """A transaction in which this act is done, wholly or not at all; the audit log is told of it before it ends."""
        with self._lock if self.is_file else nullcontext(), self._sound(), self._engine.connect() as base:
            with base.execution_options(writes=True).begin():
                yield base
                audit.note(act)

    def settle(self) -> None:
        """Empties what the database keeps of values that were replaced or removed. Raises SettingProblem where others hold it."""
        if not self.is_file:
            with self._sound():
                self._outside(f"DROP SCHEMA IF EXISTS {COPIES} CASCADE", f"VACUUM {', '.join(tables.records.tables)}")
            return
        for backup in self.folder.glob(BACKUP.format("*")):  # It holds what was removed since.
            backup.unlink(missing_ok=True)
        until = time.monotonic() + PATIENCE
        with self._sound():
            while self._outside("PRAGMA wal_checkpoint(TRUNCATE)")[0]:  # Somebody reads in it.
                if time.monotonic() > until:
                    raise self._problem(LOCKED)
                time.sleep(0.02)

    def close(self) -> None:
        """Closes all connections."""
        self._engine.dispose()

    def _outside(self, *statements: str) -> Any:
        """Runs statements that may stand in no transaction; the row of the last one where it gives one."""
        raw = self._engine.raw_connection()
        driver: Any = raw.driver_connection
        try:
            raw.rollback()
            if not self.is_file:
                driver.autocommit = True
            cursor = raw.cursor()
            for statement in statements:
                cursor.execute(statement)
            return cursor.fetchone() if cursor.description else None
        finally:
            if not self.is_file:
                driver.autocommit = False
            raw.close()

    @contextmanager
    def _sound(self) -> Iterator[None]:
        """Raises SettingProblem in place of what the database raises where it is locked, full, damaged or away."""
        try:
            yield
        except (IntegrityError, sqlite3.ProgrammingError):
            raise
        except sqlite3.DatabaseError as error:
            raise self._problem(fault_of(error)) from None
        except (DatabaseError, InterfaceError) as error:
            if self.is_file and isinstance(error.orig, sqlite3.Error):
                if isinstance(error, ProgrammingError):
                    raise
                raise self._problem(fault_of(error.orig)) from None
            raise self._problem(_state(error.orig)) from None
        except OSError as error:
            if self.is_file:
                raise
            raise self._problem(f"it cannot be reached ({type(error).__name__})") from None

    def _problem(self, fault: str) -> SettingProblem:
        remedy = REMEDIES.get(fault, "Mend that, then try again") if self.is_file else "Is it running, and may this user use it?"
        return SettingProblem(f"{self.name} cannot be used: {fault}. {remedy}{'' if remedy.endswith('?') else '.'}")

    def _made(self) -> Engine:
        if self.is_file:
            private.file(self.folder / DATABASE)
            arguments = {"timeout": PATIENCE, "check_same_thread": False}
            address = f"sqlite:///{self.folder / DATABASE}"
            options: dict[str, Any] = {"poolclass": QueuePool, "connect_args": arguments}
        else:
            address = "postgresql+pg8000://"
            options = {"creator": partial(_connected, self._url), "pool_pre_ping": True}
        engine = create_engine(address, hide_parameters=True, pool_size=CONNECTIONS, max_overflow=MORE, **options)
        if self.is_file:
            event.listen(engine, "connect", _tuned)
            event.listen(engine, "begin", _begun)
        return engine

    def _upgrade(self) -> None:
        """Brings the tables to this version: those of an older one step by step, after a copy of them was made."""
        with self._sound(), self._engine.connect() as base:
            version = _version(base)
        if version == tables.VERSION:
            return
        from rag.keep import upgrade  # Alembic takes a while to load, and is seldom needed.

        with self._lock, self._sound(), self._engine.connect() as base:
            with base.execution_options(writes=True).begin():
                if base.dialect.name == "postgresql":
                    base.exec_driver_sql("SELECT pg_advisory_xact_lock(7261674)")
                version = _version(base)
                if version == tables.VERSION:  # Another process was first.
                    return
                upgrade.known(version, self.name)
                if version:
                    self._copy(base)
                upgrade.upgrade(base, version)
        if version:
            LOGGER.warning("%s was made by an older version and is brought to this one.", self.name)

    def _copy(self, base: Connection) -> None:
        """Copies the tables as they stand, until the first removal."""
        if not self.is_file:
            base.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {COPIES}")
            for name in inspect(base).get_table_names():
                base.exec_driver_sql(f"CREATE TABLE IF NOT EXISTS {COPIES}.{name} AS TABLE {name}")
            return
        path = self.folder / BACKUP.format(tables.VERSION)
        private.file(path)
        source, target = sqlite3.connect(self.folder / DATABASE, timeout=PATIENCE), sqlite3.connect(path)
        try:
            source.backup(target)
        finally:
            source.close()
            target.close()


def put(base: Connection, table: Table, where: ColumnElement[bool] | None = None, **row: Any) -> None:
    """Writes a row in place of the one that has its key; where a condition is given, only if that one fulfils it."""
    insert = postgresql.insert if base.dialect.name == "postgresql" else sqlite.insert
    keys = [column.name for column in table.primary_key.columns]
    rest = {name: value for name, value in row.items() if name not in keys}
    base.execute(insert(table).values(row).on_conflict_do_update(index_elements=keys, set_=rest, where=where))


def _version(base: Connection) -> str:
    """The migration that the tables stand at; "" where there are none."""
    there = set(inspect(base).get_table_names())
    if "alembic_version" in there:
        found = base.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        return str(found or "")
    return "0001" if {"documents", "screened"} <= there else ""


def _tuned(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None  # Transactions begin where SQLAlchemy says so.
    write_ahead(connection)
    for pragma in ("synchronous=FULL", "secure_delete=ON", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begun(base: Connection) -> None:
    base.exec_driver_sql("BEGIN IMMEDIATE" if base.get_execution_options().get("writes") else "BEGIN")


def _connected(url: str) -> Any:
    """A connection to PostgreSQL. Raises SettingProblem where the address is none, the host not allowed or pg8000 missing."""
    engine = ENGINES["pgvector"]
    try:
        engine.permit(url)
        arguments = told(url, PATIENCE_AWAY)
        return import_module("pg8000.dbapi").connect(**arguments)
    except ValueError:
        raise SettingProblem(f"What {VARIABLE} holds is no connection string. Write it like {engine.example}") from None
    except ModelProblem as problem:
        raise SettingProblem(str(problem)) from None
    except ImportError:
        raise SettingProblem(f"PostgreSQL needs a package. Install it with: {install(engine.extra)}") from None


def _state(error: BaseException | None) -> str:
    """What PostgreSQL says is wrong, by its code alone: its words could quote what stands in it."""
    told = error.args[0] if error and error.args else None
    code = told.get("C", "") if isinstance(told, dict) else ""
    return f"it fails ({type(error).__name__} {code}".rstrip() + ")"
