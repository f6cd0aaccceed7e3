"""Reads a file in a process of its own, with bounds on time, memory and output; the process is kept for the next file."""

import contextlib
import json
import math
import os
import queue
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from rag.documents.entry import DOCUMENT
from rag.documents.load.pdf.isolated import OUT_OF_MEMORY, ROOT, Stopped, slowed
from rag.errors import FileProblem
from rag.values import Document, File

SCRIPT = Path(__file__).with_name("apart_reader.py")
SECONDS = 9.0  # of the processor for a document; a file of several has as many for each megabyte
MEMORY = 1024  # megabytes of addresses
MOST_OUTPUT = 48 * 1024 * 1024  # bytes of JSON that a document may take with all that is known of it
WAIT = 60.0  # seconds for which a process may give nothing, as when it waits itself for a reader of PDF
HEAD = struct.Struct("<cQ")
DOCUMENT_SIGN, PROBLEM, REFUSED, BROKEN, END = b"d", b"p", b"r", b"b", b"e"
LARGE, GONE = b"l", b""  # Signs that no process writes: more than it may write, and its end.
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
        paths = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-s", str(SCRIPT), str(MEMORY)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": paths},
            start_new_session=True,
        )
        self._closed = False
        self._frames: queue.Queue[tuple[bytes, bytes]] = queue.Queue(maxsize=4)
        threading.Thread(target=self._carry, daemon=True).start()
        self.fresh = True
        self._ended = False  # Whether the last file was read to its end.

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

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
                    raise Stopped(self._cause())

    def _send(self, file: File, kind: str) -> None:
        assert self._process.stdin
        head = json.dumps({"kind": kind, "name": file.name, "seconds": SECONDS, "in all": _in_all(file)}).encode()
        with contextlib.suppress(OSError):  # It has ended; its exit code says why.
            for part in (HEAD.pack(b"h", len(head)), head, HEAD.pack(b"f", len(file.data)), file.data):
                self._process.stdin.write(part)
            self._process.stdin.flush()

    def _next(self) -> tuple[bytes, bytes]:
        wait = (WAIT if hasattr(signal, "setitimer") else SECONDS) * slowed()
        try:
            return self._frames.get(timeout=wait)
        except queue.Empty:
            raise Stopped("time") from None

    def _cause(self) -> str:
        code = self._process.wait()
        if code == OUT_OF_MEMORY:
            return "memory"
        return "time" if code == -getattr(signal, "SIGPROF", math.inf) else "crash"

    def _carry(self) -> None:
        """Passes on what the process writes, until it ends."""
        assert self._process.stdout
        with self._process.stdout as source:
            while len(head := source.read(HEAD.size)) == HEAD.size:
                sign, size = HEAD.unpack(head)
                if size > MOST_OUTPUT:
                    self._put(LARGE)
                    return
                self._put(sign, source.read(size))
        self._put(GONE)

    def _put(self, sign: bytes, told: bytes = b"") -> None:
        """Hands a frame over, as soon as the ones before are taken; nobody takes any once this is closed."""
        while not self._closed:
            with contextlib.suppress(queue.Full):
                self._frames.put((sign, told), timeout=1)
                return

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
        if self.lives:
            with contextlib.suppress(OSError):
                if hasattr(os, "killpg"):
                    os.killpg(self._process.pid, signal.SIGKILL)
                else:
                    self._process.kill()
        self._process.wait()
        self._closed = True
        if self._process.stdin:
            with contextlib.suppress(OSError):
                self._process.stdin.close()


def _in_all(file: File) -> float:
    """The seconds that all documents of a file may take together."""
    return SECONDS * max(1, math.ceil(len(file.data) / 1_000_000))
