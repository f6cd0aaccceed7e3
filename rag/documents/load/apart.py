"""Reads a file in a process of its own, with bounds on time, memory and output; the process is kept for the next file."""

import json
import math
import os
import signal
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from rag.documents.child import Child, Stopped, slowed
from rag.documents.entry import DOCUMENT
from rag.errors import FileProblem
from rag.values import Document, File

SCRIPT = Path(__file__).with_name("apart_reader.py")
SECONDS = 9.0  # of the processor for a document; a file of several has as many for each megabyte
MEMORY = 1024  # megabytes of addresses
MOST_OUTPUT = 48 * 1024 * 1024  # bytes of JSON that a document may take with all that is known of it
WAIT = 60.0  # seconds for which a process may give nothing, as when it waits itself for a reader of PDF
HEAD = struct.Struct("<cQ")
DOCUMENT_SIGN, PROBLEM, REFUSED, BROKEN, END = b"d", b"p", b"r", b"b", b"e"
LARGE = b"l"  # A sign that no process writes: more than it may write.
MOST_AHEAD = 4  # parts that wait to be taken
MOST_IDLE = 2
AT_ONCE = 1.0  # seconds

_idle: list["_Process"] = []
_lock = threading.Lock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # Two processes must not share a pipe.


def read_apart(file: File, kind: str) -> Iterator[Document | FileProblem]:
    """The documents in a file as the format of this kind reads it, and the reason in place of each part that cannot be read.

    Raises FileProblem, which names the limit where it was reached: SECONDS of the processor for a document, MEMORY, MOST_OUTPUT.
    Behind documents that were handed over before it stands in place of the rest.
    """
    given = False
    for last in (False, True):
        process = _taken()
        fresh, started = process.fresh, time.monotonic()
        try:
            for part in process.parts(file, kind):
                given = True
                yield part
            return
        except Stopped as stopped:
            reason = str(stopped)
            idle_end = reason == "crash" and not fresh and time.monotonic() - started < AT_ONCE  # It had ended before.
            if given or last or not idle_end:
                problem = FileProblem(_refusal(file.name, reason, given))
                if not given:
                    raise problem from None
                yield problem  # What was read before it is kept.
                return
        finally:
            process.give_back()


def _refusal(name: str, reason: str, given: bool) -> str:
    reasons = {
        "time": f"it takes more than {SECONDS:g} seconds to read",
        "memory": f"it needs more than {MEMORY / 1024:g} GiB of memory to read",
        "output": f"what is read of it takes more than {MOST_OUTPUT // 1024 // 1024} MB",
        "crash": "its reader broke down",
    }
    rest = "; what comes after that was not read" if given else ""
    return f"{name}: {reasons[reason]}, so it is too large or made to harm{rest}. Split the file, or save it as plain text."


def _taken() -> "_Process":
    """A process that waits for a file: one that is idle, or else a new one."""
    with _lock:
        while _idle:
            if (process := _idle.pop()).lives:
                return process
            process.close()
    return _Process()


class _Process:
    """A process that reads files one after the other."""

    def __init__(self) -> None:
        self._process = Child([str(SCRIPT), str(MEMORY)], _frames, ahead=MOST_AHEAD, leads=True)
        self.fresh = True
        self._ended = False  # Whether the last file was read to its end.

    @property
    def lives(self) -> bool:
        return self._process.lives

    def parts(self, file: File, kind: str) -> Iterator[Document | FileProblem]:
        """What it reads in a file. Raises FileProblem, or Stopped where it ends before."""
        self._ended = False
        self._send(file, kind)
        refused = ""
        while True:
            sign, told = self._next()
            match sign:
                case b"d":
                    yield DOCUMENT.validate_json(told)
                case b"p":
                    yield FileProblem(told.decode())
                case b"r":
                    refused = told.decode()
                case b"b":
                    refused = f"{file.name}: cannot be read ({told.decode()}). Save it again from its source, or as text."
                case b"e":
                    self._ended = not told  # Else its memory stays large, and the next file would find less room.
                    if refused:
                        raise FileProblem(refused)
                    return
                case b"l":
                    raise Stopped("output")
                case _:
                    raise Stopped("crash")

    def _send(self, file: File, kind: str) -> None:
        head = json.dumps({"kind": kind, "name": file.name, "seconds": SECONDS, "in all": _in_all(file)}).encode()
        self._process.send(HEAD.pack(b"h", len(head)), head, HEAD.pack(b"f", len(file.data)), file.data)

    def _next(self) -> tuple[bytes, bytes]:
        wait = WAIT if hasattr(signal, "setitimer") else SECONDS
        frame = self._process.next(wait * slowed())
        if frame is None:
            raise Stopped(self._process.cause() or "crash")
        return frame

    def give_back(self) -> None:
        """Keeps the process for another file where it read the last one to its end; else ends it."""
        self.fresh = False
        with _lock:
            if self._ended and len(_idle) < MOST_IDLE:
                _idle.append(self)
                return
        self.close()

    def close(self) -> None:
        """Ends the process with those that it has started."""
        self._process.close()


def _frames(source: IO[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """What a process writes, a sign and its content at a time; LARGE in place of one that is too large."""
    while len(head := source.read(HEAD.size)) == HEAD.size:
        sign, size = HEAD.unpack(head)
        if size > MOST_OUTPUT:
            yield LARGE, b""
            return
        told = source.read(size)
        if len(told) < size:  # It ended while it wrote.
            return
        yield sign, told


def _in_all(file: File) -> float:
    """The seconds that all documents of a file may take together."""
    return SECONDS * max(1, math.ceil(len(file.data) / 1_000_000))
