"""Many files at once, read and screened by as many processes as there are cores; runs as a module in each of them.

A process is handed one file a line as JSON and answers with a line of JSON: its documents with what the screen finds, and why
parts cannot be read. So nothing is unpickled, and neither Streamlit nor a command is started anew in them.
"""

import base64
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from pydantic import TypeAdapter

from rag.documents.child import Child, lines
from rag.documents.load import read_each
from rag.documents.screen import Screen
from rag.errors import FileProblem
from rag.keep.cluster import in_order
from rag.values import Document, File, Screened

FEWEST = 120
"""Files from which on it is worth the second that a process takes to begin."""
MOST_PROCESSES = 8
AHEAD = 4
"""Files that each process is given before its answers are asked for."""
BY_ITSELF = {".pdf", ".zip"}
"""What starts processes of its own, or is as long as many files, is read by whoever asks."""
SCREENED = TypeAdapter(Screened)


@dataclass(frozen=True)
class Read:
    """What came of a file: its documents as they are screened, each with the file that it stands in, and what cannot be read."""

    found: tuple[tuple[File, Screened], ...]
    screen: Screen | None
    failed: tuple[FileProblem, ...] = ()
    problem: FileProblem | None = None


def read_one(file: File, screen: Screen | None) -> Read:
    """The documents of a file, screened; without a screen all are released. Where it cannot be read, `problem` says why."""
    failed: list[FileProblem] = []
    look = screen or _released
    try:
        found = tuple((source, look(document)) for source, document in read_each(file, failed))
    except FileProblem as problem:
        return Read((), screen, tuple(failed), problem)
    return Read(found, screen, tuple(failed))


def _released(document: Document) -> Screened:
    return Screened(document, (), "released")


def read_many(files: Sequence[Callable[[], File]], screen: Screen | None, cores: int | None = None) -> Iterator[Read]:
    """What comes of these files, in their order. Few are read here; of many, each process has some at a time.

    `files` give their bytes when they are called, or raise FileProblem. What a process that ends early was to read, is read here.
    """
    several = min(cores or processors(), MOST_PROCESSES)
    if several < 2 or len(files) < FEWEST or (screen and screen.name_model):  # A model of names in each would fill the memory.
        yield from (_given(give, screen) for give in files)
        return
    processes = [_Process(screen) for _ in range(several)]
    idle: SimpleQueue[_Process] = SimpleQueue()
    for process in processes:
        idle.put(process)
    try:
        with ThreadPoolExecutor(several) as pool:
            reads = in_order(pool, partial(_asked, idle), files, AHEAD * several)
            for give, read in zip(files, reads, strict=True):
                yield read.result() or _given(give, screen)
    finally:
        for process in processes:
            process.close()


def _asked(idle: "SimpleQueue[_Process]", give: Callable[[], File]) -> Read | None:
    """What a process makes of a file; None where it is to be read by whoever asks."""
    try:
        file = give()
    except FileProblem:
        return None
    if Path(file.name).suffix.lower() in BY_ITSELF:
        return None
    process = idle.get()
    try:
        return process.read(file)
    finally:
        idle.put(process)


def _given(give: Callable[[], File], screen: Screen | None) -> Read:
    try:
        return read_one(give(), screen)
    except FileProblem as problem:
        return Read((), screen, (), problem)


def processors() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Process:
    """One process that reads and screens."""

    def __init__(self, screen: Screen | None) -> None:
        self._screen = screen
        self._child = Child(["-m", "rag.documents.many", screen.model_dump_json() if screen else ""], lines)

    def read(self, file: File) -> Read | None:
        """What came of a file; None where the process has ended."""
        self._child.send(_line({"name": file.name, "data": base64.b64encode(file.data).decode("ascii")}))
        answer = self._child.next()
        if answer is None:
            return None
        told = json.loads(answer)
        found = tuple((_source(file, one), SCREENED.validate_python(one["screened"], strict=False)) for one in told["found"])
        problem = FileProblem(told["problem"]) if told["problem"] else None
        return Read(found, self._screen, tuple(map(FileProblem, told["failed"])), problem)

    def close(self) -> None:
        """Ends the process."""
        self._child.close()


def _source(file: File, told: dict[str, Any]) -> File:
    """The file in which a document stands: the one that was given, or a member of it."""
    return file if told["name"] is None else File(told["name"], base64.b64decode(told["data"]))


def _line(value: Any) -> bytes:
    return json.dumps(value).encode("ascii") + b"\n"


def _member(file: File, source: File) -> dict[str, str | None]:
    """The file in which a document stands, where it is not the one that was given."""
    if source == file:
        return {"name": None, "data": None}
    return {"name": source.name, "data": base64.b64encode(source.data).decode("ascii")}


def _told(file: File, read: Read) -> dict[str, Any]:
    found = [{**_member(file, source), "screened": SCREENED.dump_python(one, mode="json")} for source, one in read.found]
    return {"found": found, "failed": list(map(str, read.failed)), "problem": str(read.problem) if read.problem else ""}


def _main() -> None:
    screen = Screen.model_validate_json(sys.argv[1]) if sys.argv[1] else None
    for line in sys.stdin.buffer:
        asked = json.loads(line)
        file = File(asked["name"], base64.b64decode(asked["data"]))
        sys.stdout.buffer.write(_line(_told(file, read_one(file, screen))))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _main()
