"""Jobs: long work in a thread of its own, which whoever asks for the same joins; it ends once nobody waits any more."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from typing import Any, NamedTuple

from rag.errors import Cancelled

PATIENCE = 10.0  # Seconds that work goes on for while nobody waits: a page that is drawn anew is back before.
HEARTBEAT = 0.2
Tell = Callable[[str, int, int], None]  # Which step, how much of it is done, how much there is in all.


class Stand(NamedTuple):
    """How far work is: the step, how much of it is done, how much there is in all, the seconds that it took until now."""

    step: str
    done: int
    total: int
    spent: float


class Job:
    """Work under way: what will come of it, how far it is, and when somebody waited for it last."""

    def __init__(self, patience: float | None) -> None:
        self.result: Future[Any] = Future()
        self.stand = ("", 0, 0)
        self.seen = self.since = time.monotonic()
        self.patience = patience
        self.stopped = False

    def tell(self, step: str, done: int, total: int) -> None:
        """Notes how far the work is. Raises Cancelled where it was stopped, or nobody waits for it."""
        now = time.monotonic()
        if self.stopped or now - self.seen > (PATIENCE if self.patience is None else self.patience):
            raise Cancelled("Stopped: nobody waits for it any more. What was finished before is kept.")
        if not done:  # A step begins.
            self.since = now
        self.stand = (step, done, total)


class Jobs:
    """The work under way by its key."""

    def __init__(self) -> None:
        self._running: dict[str, Job] = {}
        self._lock = threading.Lock()

    def followed(self, key: str, work: Callable[[Tell], Any] | None, show: Tell, patience: float | None = None) -> Any:
        """What comes of the work of this key: begun now, or joined where it is under way. Without `work` it is only joined:
        None where it is not under way any more.

        `show` is called again and again with how far it is; what that raises ends the waiting, not the work. `work` is to call
        its argument as often as it can, since it ends there once it was stopped, or nobody waited for so many seconds.
        Raises what the work raises.
        """
        while True:
            job = self._joined(key, work, patience)
            if job is None:
                return None
            try:
                return _awaited(job, show)
            except Cancelled:
                if not job.result.done():  # Raised by `show`.
                    raise

    def stop(self, key: str) -> None:
        """Ends the work of this key at its next step; whoever else waits for it begins it anew."""
        with self._lock:
            if key in self._running:
                self._running[key].stopped = True

    def stand(self, key: str) -> Stand | None:
        """How far the work of this key is; None where none is under way, or it was stopped."""
        with self._lock:
            job = self._running.get(key)
        return Stand(*job.stand, time.monotonic() - job.since) if job and not job.stopped else None

    def _joined(self, key: str, work: Callable[[Tell], Any] | None, patience: float | None) -> Job | None:
        with self._lock:
            job = self._running.get(key)
            if job is None or job.stopped:
                if work is None:
                    return None
                job = self._running[key] = Job(patience)
                threading.Thread(target=copy_context().run, args=(self._run, key, job, work), daemon=True).start()
            job.seen = time.monotonic()
            return job

    def _run(self, key: str, job: Job, work: Callable[[Tell], Any]) -> None:
        try:
            made, problem = work(job.tell), None
        except BaseException as raised:
            made, problem = None, raised
        with self._lock:
            if self._running.get(key) is job:
                del self._running[key]
        if problem is None:
            job.result.set_result(made)
        else:
            job.result.set_exception(problem)


def _awaited(job: Job, show: Tell) -> Any:
    while True:
        try:
            return job.result.result(HEARTBEAT)
        except TimeoutError:
            if job.result.done():
                return job.result.result()
        job.seen = time.monotonic()
        show(*job.stand)
