"""Where independent pieces of work are done: in this process, or by the workers of a Dask cluster whose address was given."""

import logging
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from importlib import import_module
from typing import Any, TypeVar
from urllib.parse import urlsplit

from rag.errors import ModelProblem, SettingProblem, WorkbenchError
from rag.extras import install
from rag.governance.egress import permit

VARIABLE = "RAG_SCHEDULER"
LIKE = "tcp://127.0.0.1:8786"
PATIENCE = 10.0  # Seconds until a scheduler has to answer.
BEAT = 1.0  # Seconds between two looks whether it is still there.
ALONE = 60  # Looks that may find no worker, one after the other.
MOST_AHEAD = 128
Piece = TypeVar("Piece")
Made = TypeVar("Made")


class Lost(WorkbenchError):
    """A piece of work over which one worker after the other ended; the others go on."""


class Here(Executor):
    """Does each piece at once, in this process."""

    ahead = 1
    """The pieces that are worth handing over before the first of them is waited for."""

    def submit(self, work: Callable[..., Any], /, *given: Any, **settings: Any) -> "Future[Any]":
        done: Future[Any] = Future()
        try:
            done.set_result(work(*given, **settings))
        except BaseException as raised:
            done.set_exception(raised)
        return done

    def share(self, value: Any) -> Any:
        """What to hand over in place of a value that many pieces need."""
        return value


class Threads(Here):
    """Does pieces in threads of this process: worth it where they leave Python for much of their time, as in a model's graph."""

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads)
        self.ahead = 2 * threads

    def submit(self, work: Callable[..., Any], /, *given: Any, **settings: Any) -> "Future[Any]":
        return self._threads.submit(work, *given, **settings)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Gives up what is not begun."""
        self._threads.shutdown(wait=wait, cancel_futures=True)


class Cluster(Here):
    """The workers of a Dask cluster. What one that dies was at, another does.

    They and the scheduler have this version of the workbench, are handed Python objects, and give texts back. Whoever reaches
    the scheduler can run anything on them.
    """

    def __init__(self, address: str) -> None:
        """Connects. Raises SettingProblem or ModelProblem: no address, not allowed, no package, no answer, no worker."""
        self._address = _permitted(address)
        self._dask = dask()
        for name in ("distributed", "tornado"):  # What goes wrong is told once, in our words.
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        try:
            self._client = self._dask.Client(
                self._address, timeout=PATIENCE, set_as_default=False, deserializers=["msgpack", "error"]
            )
        except Exception as error:
            raise ModelProblem(
                f"No Dask scheduler answers at {self._address} ({type(error).__name__}). Start one with "
                f"`dask scheduler`, or correct --scheduler or {VARIABLE}."
            ) from None
        try:
            there = self._workers()
            if not there:
                raise ModelProblem(f"The cluster at {self._address} has no worker. Start one with `dask worker {self._address}`.")
            self._hosts = sorted({_host(_permitted(worker)) for worker in there})
            self.ahead = min(2 * sum(there.values()), MOST_AHEAD)
        except BaseException:
            self._client.close()
            raise
        self._waiting = ThreadPoolExecutor(self.ahead)

    def submit(self, work: Callable[..., Any], /, *given: Any, **settings: Any) -> "Future[Any]":
        """Has a worker do this. Its Future raises Lost, or another WorkbenchError where all that is left cannot be done."""
        return self._waiting.submit(self._done, self._sent(_guarded, work, *given, **settings))

    def share(self, value: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # That it is large: it is sent once.
            return self._sent(_same, value)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Gives up what is not done, and leaves the cluster."""
        with suppress(Exception):
            self._client.close()
        self._waiting.shutdown(wait=wait, cancel_futures=True)

    def _sent(self, work: Callable[..., Any], *given: Any, **settings: Any) -> Any:
        where = {"workers": self._hosts, "pure": False}  # A worker that joins later on another machine is given nothing.
        return self._client.submit(work, *given, **settings, **where)

    def _done(self, remote: Any) -> Any:
        alone = 0
        while True:
            try:
                made, problem = remote.result(timeout=BEAT)
            except TimeoutError:
                alone = 0 if any(_host(one) in self._hosts for one in self._workers()) else alone + 1
                if alone >= ALONE:
                    raise ModelProblem(
                        f"The cluster at {self._address} has no worker any more. Start one, and run it again."
                    ) from None
            except self._dask.scheduler.KilledWorker:
                raise Lost("One worker after the other ended over it. See whether they have the memory that it needs.") from None
            except Exception as error:
                raise self._gone(type(error).__name__) from None
            else:
                if problem:
                    raise WorkbenchError(problem)
                return made

    def _workers(self) -> dict[str, int]:
        """The threads of each worker by its address. Raises ModelProblem where the scheduler is gone."""
        try:
            return dict(self._client.nthreads())
        except Exception as error:
            raise self._gone(type(error).__name__) from None

    def _gone(self, why: str) -> ModelProblem:
        return ModelProblem(
            f"The cluster at {self._address} cannot be reached any more, or cannot do this ({why}). See that its scheduler runs, "
            "and that it and its workers have this version of the workbench."
        )


def dask() -> Any:
    """The package of Dask clusters. Raises SettingProblem where it is not installed."""
    try:
        return import_module("distributed")
    except ImportError:
        raise SettingProblem(f"A Dask cluster needs a package. Install it with: {install('dask')}") from None


def workers(scheduler: str | None, threads: int = 1) -> Here:
    """The workers at this address; without one this process, with so many threads."""
    return Cluster(scheduler) if scheduler else Threads(threads) if threads > 1 else Here()


def in_order(
    pool: Executor, work: Callable[..., Made], pieces: Iterable[Piece], most: int, *given: Any
) -> "Iterator[Future[Made]]":
    """What comes of each piece, in their order, each done; at most so many are handed over before the first is waited for.

    `given` stands before the piece where `work` is called.
    """
    waiting: deque[Future[Made]] = deque()
    for piece in pieces:
        waiting.append(pool.submit(work, *given, piece))
        if len(waiting) >= most:
            yield waiting.popleft()
    yield from waiting


def _permitted(address: str) -> str:
    """The address of a scheduler or worker, whole. Raises SettingProblem, or ModelProblem where nobody has allowed its host."""
    try:
        parts = urlsplit(address.strip() if "://" in address else f"tcp://{address.strip()}")
        whole = parts.hostname and parts.port and parts.scheme in {"tcp", "tls"} and not parts.username and not parts.path
    except ValueError:
        whole = None
    if not whole:
        raise SettingProblem(f"{address!r} is no address of a Dask scheduler. Write it like {LIKE}")
    host = _host(parts.geturl())
    permit(f"https://{f'[{host}]' if ':' in host else host}")
    return parts.geturl()


def _host(address: str) -> str:
    return urlsplit(address).hostname or ""


def _same(value: Any) -> Any:
    return value


def _guarded(work: Callable[..., Any], *given: Any, **settings: Any) -> tuple[Any, str]:
    """What comes of a piece, and why nothing does: an error that left a worker would quote the piece in its log."""
    try:
        return work(*given, **settings), ""
    except WorkbenchError as problem:
        return None, str(problem)
    except Exception as error:
        return None, f"{type(error).__name__} on a worker, which nobody foresaw. Run it without a cluster to see where."
