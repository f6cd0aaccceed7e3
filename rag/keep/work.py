"""Long work as rows of the records: one worker at a time does it, and what a worker that died had begun another takes up."""

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields

from sqlalchemy import ColumnElement, and_, delete, or_, select, update

from rag.errors import Cancelled, WorkbenchError
from rag.governance.audit import Event, acting
from rag.keep.jobs import Tell
from rag.keep.records import Records, put
from rag.keep.tables import work

BEAT = 2.0  # Seconds between two signs of life.
DEAD = 15.0  # Seconds without one after which a worker counts as dead.
MOST_TRIES = 3  # What took as many workers with it is given up.
PAUSE = 0.2
GIVEN_UP = ""
"""The result of work that ended in an error, or took its workers with it again and again."""
LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """A row of work: what is to be done, how far it is, and what came of it (None until it is done)."""

    kind: str
    key: str
    body: str
    who: str
    step: str = ""
    done: int = 0
    total: int = 0
    tries: int = 0
    result: str | None = None


class Work:
    """The work of a project, seen by one worker: this process, unless another name is given."""

    def __init__(self, records: Records, project: str, worker: str = "") -> None:
        self._records, self._project = records, project
        self.worker = worker or f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"

    def put(self, kind: str, key: str, body: str = "") -> None:
        """Writes down what is to be done; the same key twice is done once."""
        event = Event(f"begin {kind}", self._project)
        with self._records.writing(event) as base:
            row = {"body": body, "worker": "", "beat": 0.0, "tries": 0, "step": "", "done": 0, "total": 0, "result": None}
            row |= {"project": self._project, "kind": kind, "key": key, "who": event.who, "at": event.at}
            put(base, work, work.c.result.is_not(None), **row)

    def task(self, kind: str, key: str) -> Task | None:
        """A row of work as it stands; None where there is none, or no longer."""
        return next(iter(self._tasks(self._one(kind, key))), None)

    def tasks(self, kind: str) -> list[Task]:
        """All work of a kind that is to be done or was, the oldest first."""
        return self._tasks(and_(work.c.project == self._project, work.c.kind == kind))

    def free(self, *kinds: str) -> list[Task]:
        """Work of these kinds that nobody does: not claimed, or by a worker that died."""
        mine = and_(work.c.project == self._project, work.c.kind.in_(kinds), work.c.result.is_(None))
        return self._tasks(and_(mine, or_(work.c.worker == "", work.c.beat < time.time() - DEAD)))

    def is_unfinished(self, *kinds: str) -> bool:
        """Whether there is work of these kinds that is not done."""
        mine = and_(work.c.project == self._project, work.c.kind.in_(kinds), work.c.result.is_(None))
        return bool(self._records.rows(select(work.c.key).where(mine).limit(1)))

    def claim(self, kind: str, key: str) -> bool:
        """Takes work that nobody else does; whether this worker has it now."""
        unclaimed = or_(work.c.worker.in_(("", self.worker)), work.c.beat < time.time() - DEAD)
        query = update(work).where(self._one(kind, key), work.c.result.is_(None), unclaimed)
        with self._records.writing(Event(f"claim {kind}", self._project)) as base:
            return base.execute(query.values(worker=self.worker, beat=time.time(), tries=work.c.tries + 1)).rowcount == 1

    def tell(self, kind: str, key: str, step: str, done: int, total: int) -> None:
        """Notes how far it is. Raises Cancelled where another worker has taken it, or it was given up."""
        values = {"beat": time.time(), "step": step, "done": done, "total": total}
        query = update(work).where(self._one(kind, key), work.c.worker == self.worker).values(values)
        with self._records.writing(Event(f"go on with {kind}", self._project)) as base:
            if base.execute(query).rowcount != 1:
                raise Cancelled("Stopped: another server does it now, or it was given up. What was finished before is kept.")

    def finish(self, kind: str, key: str, result: str) -> None:
        """Keeps what came of it until it is dropped. Nothing where another worker has taken it meanwhile."""
        query = update(work).where(self._one(kind, key), work.c.worker == self.worker).values(result=result, worker="")
        with self._records.writing(Event(f"end {kind}", self._project)) as base:
            base.execute(query)

    def drop(self, kind: str, *keys: str) -> None:
        """Forgets work, done or not."""
        mine = and_(work.c.project == self._project, work.c.kind == kind, work.c.key.in_(keys))
        with self._records.writing(Event(f"drop {kind}", self._project)) as base:
            base.execute(delete(work).where(mine))

    def drop_old(self, kind: str, age: float) -> None:
        """Forgets work of a kind that is done and was put there so many seconds ago."""
        old = and_(
            work.c.project == self._project, work.c.kind == kind, work.c.result.is_not(None), work.c.at < time.time() - age
        )
        if keys := [task.key for task in self._tasks(old)]:
            self.drop(kind, *keys)

    @contextmanager
    def alone(self, kind: str, key: str, tell: Tell, body: str = "") -> Iterator[None]:
        """Within this nobody else does this work; whoever comes second waits, is told how far it is, and finds it done.

        It is written down as long as it goes on, so that another worker takes it up where this process dies amid it.
        """
        self.put(kind, key, body)
        while not self.claim(kind, key):
            task = self.task(kind, key)
            if task is None:  # Done by the other one: what is left to do is nothing.
                yield
                return
            tell(task.step, task.done, task.total)
            time.sleep(PAUSE)
        try:
            with self.beating(kind, key):
                yield
        finally:
            self.drop(kind, key)

    @contextmanager
    def beating(self, kind: str, key: str) -> Iterator[None]:
        """Gives signs of life from a thread of its own."""
        ended = threading.Event()
        beat = update(work).where(self._one(kind, key), work.c.worker == self.worker)

        def live() -> None:
            while not ended.wait(BEAT):
                with suppress(WorkbenchError), self._records.writing(Event(f"go on with {kind}", self._project)) as base:
                    base.execute(beat.values(beat=time.time()))

        thread = threading.Thread(target=live, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _one(self, kind: str, key: str) -> ColumnElement[bool]:
        return and_(work.c.project == self._project, work.c.kind == kind, work.c.key == key)

    def _tasks(self, where: ColumnElement[bool]) -> list[Task]:
        query = select(*(work.c[field.name] for field in fields(Task))).where(where).order_by(work.c.at, work.c.key)
        return [Task(**dict(row._mapping)) for row in self._records.rows(query)]


class Worker:
    """A thread that does the work of a project as long as there is any, also what other workers left when they died."""

    def __init__(self, of: Work, handlers: Mapping[str, Callable[[Task, Tell], str]]) -> None:
        """A handler is given a task and does it; what it returns is kept as the result."""
        self._work, self._handlers = of, handlers
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def wake(self) -> None:
        """Begins, where there is work that is not done and the thread is not at it."""
        with self._lock:
            if not (self._thread and self._thread.is_alive()) and self._work.is_unfinished(*self._handlers):
                self._thread = threading.Thread(target=self._run, daemon=True, name="worker")
                self._thread.start()

    def _run(self) -> None:
        try:
            while True:
                for task in self._work.free(*self._handlers):
                    if self._work.claim(task.kind, task.key):
                        self._do(task)
                with self._lock:  # Nobody wakes it between the last look and its end.
                    if not self._work.is_unfinished(*self._handlers):
                        self._thread = None
                        return
                time.sleep(PAUSE)
        except WorkbenchError as problem:  # Such as a database that is away: whoever needs it next wakes it again.
            LOGGER.warning("Waiting work is not done now: %s", problem)
            with self._lock:
                self._thread = None

    def _do(self, task: Task) -> None:
        def tell(step: str, done: int, total: int) -> None:
            self._work.tell(task.kind, task.key, step, done, total)

        with suppress(Cancelled), self._work.beating(task.kind, task.key), acting(task.who):
            result = GIVEN_UP
            if task.tries < MOST_TRIES:
                try:
                    result = self._handlers[task.kind](task, tell)
                except Cancelled:
                    raise
                except Exception as error:  # Its words could quote a document.
                    LOGGER.warning("Work of the kind %s ended with an error: %s", task.kind, type(error).__name__)
            self._work.finish(task.kind, task.key, result)
