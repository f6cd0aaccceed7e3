"""Reads files that come on its input and writes their documents as JSON; runs as a script in a process of its own."""

import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from typing import Any, BinaryIO

from rag.documents.child import OUT_OF_MEMORY, bound
from rag.documents.entry import DOCUMENT
from rag.documents.load import FORMATS
from rag.documents.load.apart import BROKEN, DOCUMENT_SIGN, END, HEAD, PROBLEM, REFUSED
from rag.documents.load.files import whole
from rag.errors import FileProblem
from rag.values import File

IDLE = 120.0  # seconds for which it waits for another file


def main() -> None:
    """Reads one file after the other, until the input ends or nothing comes for a while."""
    bound(int(sys.argv[1]))
    if hasattr(signal, "SIGPROF"):
        signal.signal(signal.SIGPROF, signal.SIG_DFL)
    source, target = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # What a package prints is no answer.
    while _comes(source) and (head := _frame(source)) is not None:
        told = json.loads(head)
        _read(File(told["name"], _frame(source) or b""), told, target)


def clock(seconds: float) -> None:
    """Ends this process after so many seconds of the processor; 0 stops the clock."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _comes(source: BinaryIO) -> bool:
    """Whether another file comes in time."""
    return os.name == "nt" or bool(select.select([source], [], [], IDLE)[0])


def _frame(source: BinaryIO) -> bytes | None:
    head = source.read(HEAD.size)
    return source.read(HEAD.unpack(head)[1]) if len(head) == HEAD.size else None


def _read(file: File, told: dict[str, Any], target: BinaryIO) -> None:
    """Writes what stands in a file, a part at a time; each has its time."""

    def write(sign: bytes, value: bytes = b"") -> None:
        target.write(HEAD.pack(sign, len(value)))
        target.write(value)
        target.flush()

    started = time.process_time()
    try:
        _write_parts(file, told, write, started)
    except FileProblem as problem:
        write(REFUSED, str(problem).encode("utf-8", "replace"))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except (Exception, RecursionError) as error:  # Its text could quote the file; no file may stop the others.
        write(BROKEN, type(error).__name__.encode())
    clock(0)
    write(END, b"" if _peak() < GROWN * FRESH else b"grown")


def _peak() -> int:
    """The most memory that this process has had, in units of the system; 1 where it does not tell."""
    try:
        import resource
    except ImportError:
        return 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


FRESH = _peak()
GROWN = 2.5  # times as much memory as at first: then it is not kept, so that every file finds the same room


def _write_parts(file: File, told: dict[str, Any], write: Callable[..., None], started: float) -> None:
    clock(told["seconds"])
    for part in FORMATS[told["kind"]]()(file):  # type: ignore[operator]
        if isinstance(part, FileProblem):
            write(PROBLEM, str(part).encode("utf-8", "replace"))
        else:
            write(DOCUMENT_SIGN, DOCUMENT.dump_json(whole(part)))
        clock(max(min(told["seconds"], told["in all"] - (time.process_time() - started)), 0.001))
    clock(0)


if __name__ == "__main__":
    main()
