"""Runs a reader of PDF in a process of its own, with bounds on its time and memory: a file may be made to harm."""

import math
import os
import runpy
import sys
import time
from collections.abc import Iterator
from types import ModuleType

from rag.documents.child import OUT_OF_MEMORY, ROOT, Child, Stopped, bound, lines


class Reader:
    """A script that reads a file's bytes from its input and writes one JSON value a line, in a process of its own."""

    def __init__(self, script: str, data: bytes, *arguments: str, memory: int) -> None:
        """Starts the script. It may take so many megabytes of memory (all of its address space)."""
        self._process = Child([__file__, str(memory), script, *arguments], lines, given=data)

    def messages(self, seconds: float, until: float = math.inf) -> Iterator[bytes]:
        """What the script writes, until it ends.

        Raises Stopped, also where it writes nothing for so many seconds, or still writes at that time (of `time.monotonic`).
        """
        while (line := self._process.next(max(min(seconds, until - time.monotonic()), 0.01))) is not None:
            yield line
        if cause := self._process.cause():
            raise Stopped(cause)

    def waiting(self) -> Iterator[bytes]:
        """What the script has written by now, without waiting for more; nothing tells why it ends."""
        return self._process.waiting()

    def close(self) -> None:
        """Ends the process if it still runs."""
        self._process.close()


def _run(memory: int, script: str) -> None:
    """Runs the script within the bounds."""
    bound(memory)
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
