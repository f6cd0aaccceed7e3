"""A child process that is handed files by pipe: how it is started, bounded, waited for and ended.

It runs this Python with `-P -s`, so that neither the folder it starts in nor the user's own packages can stand in for ours.
"""

import contextlib
import math
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Generic, TypeVar

ROOT = Path(__file__).parents[2]
MEGABYTE = 1024 * 1024
OUT_OF_MEMORY = 77
"""The exit code by which a child says that its memory ran out."""
Part = TypeVar("Part")


class Stopped(Exception):
    """A child ended before it had finished: "time" or "memory" ran out, it came to a "crash", or gave too much "output"."""


class Child(Generic[Part]):
    """A process of this Python. What it writes is parted by `parts` as it comes."""

    def __init__(
        self,
        command: Sequence[str],
        parts: Callable[[IO[bytes]], Iterator[Part]],
        given: bytes | None = None,
        ahead: int = 0,
        leads: bool = False,
    ) -> None:
        """Starts it with these arguments, such as a script.

        `given` is handed over meanwhile, and nothing after it. At most `ahead` parts wait to be taken; 0 is any number. One that
        `leads` is ended with all that it has started.
        """
        paths = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-s", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths},
            start_new_session=leads,
        )
        self._leads, self._closed, self._ended = leads, False, False
        self._waiting: queue.Queue[Part | None] = queue.Queue(ahead)
        threading.Thread(target=self._carry, args=(parts, given), daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def send(self, *parts: bytes) -> None:
        """Hands bytes over. Where it has ended nothing is raised: `next` and `cause` tell that."""
        assert self._process.stdin
        with contextlib.suppress(OSError, ValueError):  # It is gone, or was closed meanwhile.
            for part in parts:
                self._process.stdin.write(part)
            self._process.stdin.flush()

    def next(self, seconds: float | None = None) -> Part | None:
        """The next part; None once it writes no more. Raises Stopped("time") where none comes within so many seconds."""
        if self._ended:
            return None
        try:
            part = self._waiting.get(timeout=seconds)
        except queue.Empty:
            raise Stopped("time") from None
        self._ended = part is None
        return part

    def waiting(self) -> Iterator[Part]:
        """The parts that are there by now, without waiting for more; nothing tells why they end."""
        while not self._waiting.empty() and (part := self.next(0.01)) is not None:
            yield part

    def cause(self) -> str:
        """Why it ended, as Stopped says it; "" where it had finished. Waits for its end."""
        code = self._process.wait()
        if code == OUT_OF_MEMORY:
            return "memory"
        return "time" if code == -getattr(signal, "SIGPROF", math.inf) else "crash" if code else ""

    def close(self) -> None:
        """Ends it if it still runs."""
        if self.lives:
            with contextlib.suppress(OSError):
                if self._leads and hasattr(os, "killpg"):
                    os.killpg(self.pid, signal.SIGKILL)
                else:
                    self._process.kill()
        self._process.wait()
        self._closed = True
        self._close_input()

    def _close_input(self) -> None:
        assert self._process.stdin
        with contextlib.suppress(OSError):  # What was never written to a process that is gone.
            self._process.stdin.close()

    def _carry(self, parts: Callable[[IO[bytes]], Iterator[Part]], given: bytes | None) -> None:
        """Hands over what is given, then passes on what the process writes, until it ends."""
        assert self._process.stdout
        if given is not None:
            self.send(given)
            self._close_input()
        with self._process.stdout as source:
            for part in parts(source):
                self._put(part)
            self._put(None)

    def _put(self, part: Part | None) -> None:
        """Lets a part wait, as soon as there is room; nobody takes any once this is closed."""
        while not self._closed:
            with contextlib.suppress(queue.Full):
                self._waiting.put(part, timeout=1)
                return


def lines(source: IO[bytes]) -> Iterator[bytes]:
    """The whole lines that a child writes; one that is cut off was being written when it ended."""
    return (line for line in source if line.endswith(b"\n"))


def bound(memory: int) -> None:
    """Keeps this process to so many megabytes of addresses, and lets it leave no picture of them. Windows has neither."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (memory * MEGABYTE, memory * MEGABYTE))


def slowed() -> float:
    """How many times as long as on an idle machine something may take now: the processes that wait for each core, 1 to 8."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 1.0
    return min(max(load / (os.cpu_count() or 1), 1.0), 8.0)
