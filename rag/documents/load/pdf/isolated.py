"""Runs a reader of PDF in a process of its own, with bounds on its time and memory: a file may be made to harm."""

import math
import os
import queue
import runpy
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[4]
MEGABYTE = 1024 * 1024


class Stopped(Exception):
    """The reader's process ended before it had finished: "time" or "memory" ran out, or it came to a "crash"."""


class Reader:
    """A script that reads a file's bytes from its input and writes one JSON value a line, in a process of its own."""

    def __init__(self, script: str, data: bytes, *arguments: str, memory: int) -> None:
        """Starts the script. It may take so many megabytes of memory (all of its address space)."""
        paths = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-s", __file__, str(memory), script, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths},
        )
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._carry, args=(data,), daemon=True).start()

    def _carry(self, data: bytes) -> None:
        """Hands the file over, then passes the lines on; an empty one ends them."""
        assert self._process.stdin and self._process.stdout
        try:
            with self._process.stdin as target:
                target.write(data)
        except OSError:  # It ended before it had read everything; its exit code says why.
            pass
        with self._process.stdout as source:
            for line in source:
                if line.endswith(b"\n"):  # Else it ended while it wrote.
                    self._lines.put(line)
        self._lines.put(b"")

    def messages(self, seconds: float, until: float = math.inf) -> Iterator[bytes]:
        """What the script writes, until it ends.

        Raises Stopped, also where it writes nothing for so many seconds, or still writes at that time (of `time.monotonic`).
        """
        while True:
            try:
                line = self._lines.get(timeout=max(min(seconds, until - time.monotonic()), 0.01))
            except queue.Empty:
                raise Stopped("time") from None
            if not line:
                break
            yield line
        code = self._process.wait()
        if code:
            raise Stopped("memory" if code == OUT_OF_MEMORY else "crash")

    def waiting(self) -> Iterator[bytes]:
        """What the script has written by now, without waiting for more; nothing tells why it ends."""
        while not self._lines.empty() and (line := self._lines.get()):
            yield line

    def close(self) -> None:
        """Ends the process if it still runs."""
        self._process.kill()
        self._process.wait()


def slowed() -> float:
    """How many times as long as on an idle machine something may take now: the processes that wait for each core, 1 to 8."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 1.0
    return min(max(load / (os.cpu_count() or 1), 1.0), 8.0)


OUT_OF_MEMORY = 77


def _run(memory: int, script: str) -> None:
    """Runs the script within the bounds; Windows has none for memory."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory * MEGABYTE, memory * MEGABYTE))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        pass
    # The script needs its neighbours, but none of the other formats.
    for name in ("rag.documents.load", "rag.documents.load.pdf"):
        package = ModuleType(name)
        package.__path__ = [str(ROOT / name.replace(".", "/"))]
        sys.modules[name] = package
    try:
        runpy.run_path(script, run_name="__main__")
    except MemoryError:
        os._exit(OUT_OF_MEMORY)


if __name__ == "__main__":
    limit = int(sys.argv[1])
    del sys.argv[:2]
    _run(limit, sys.argv[0])
