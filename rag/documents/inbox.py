"""The inbox: files that were handed over and wait to be read, one after the other, whatever becomes of the page."""

import json
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from rag.documents.files import Files, content_of
from rag.documents.many import FEWEST, Read, read_many, read_one
from rag.documents.shelf import HERE, Shelf
from rag.errors import FileProblem
from rag.keep.jobs import Tell
from rag.keep.work import GIVEN_UP, Task, Work
from rag.stage import fingerprint
from rag.values import File

UPLOAD = "upload"
GONE_WRONG = "cannot be read or kept. Save it again, or check the space on the disk."
MOST_AHEAD = 2000
KEPT = 86_400.0  # Seconds for which it is told what came of a file.


@dataclass(frozen=True)
class Taken:
    """What came of a file, or of a part of it: "added", "with warnings", "not added" or "failed", and what to know."""

    name: str
    result: str
    about: str = ""
    pages: int | None = None
    characters: int | None = None


class Inbox:
    """The files of a project that wait to be read, on disk and as rows of work."""

    def __init__(self, shelf: Shelf, work: Work, folder: Path) -> None:
        self._shelf, self._work = shelf, work
        self._files = Files(folder / "inbox")
        self._ahead: dict[str, Read] = {}
        self._order: deque[str] = deque()
        self._reading: Iterator[Read] = iter(())
        self._files.sweep(self._named)
        self._work.drop_old(UPLOAD, KEPT)

    def put(self, file: File) -> str:
        """Keeps a file until it is read; returns the key of that work. Raises FileProblem where the disk does not take it."""
        key = fingerprint(file.name, content_of(file.data))
        with self._files.held():
            place = self._files.put(file)
            self._work.drop(UPLOAD, key)  # The same file once more is read once more.
            self._work.put(UPLOAD, key, json.dumps({"name": file.name, "place": place}))
        return key

    def stand(self, keys: Sequence[str]) -> tuple[int, list[Taken]]:
        """How many of these files are not read yet, and what came of the others."""
        wanted = set(keys)
        tasks = [task for task in self._work.tasks(UPLOAD) if task.key in wanted]
        return sum(task.result is None for task in tasks), [one for task in tasks for one in _taken(task)]

    def put_away(self, keys: Sequence[str]) -> None:
        """Forgets what came of these files."""
        self._work.drop(UPLOAD, *keys)

    def take(self, task: Task, tell: Tell) -> str:
        """Reads a file that waits, and puts it on the shelf; what came of it, as `stand` reads it."""
        told = json.loads(task.body)
        name, place = str(told["name"]), str(told["place"])
        data = self._files.get(place)
        parts: list[FileProblem] = []
        taken: list[Taken] = []
        try:
            if data is None:
                raise FileProblem(f"{name}: is gone from the inbox. Upload it again.")
            for document in self._shelf.take(self._read(task, File(name, data)), parts):
                about = "; ".join(document.warnings)
                result = "not added" if HERE in document.warnings else "with warnings" if about else "added"
                taken.append(Taken(document.name, result, about, len(document.pages) or None, len(document.text)))
        except FileProblem as problem:
            parts.insert(0, problem)
        finally:
            self._files.remove({place}, lambda: self._named(task.key))
        taken += [_failed(*str(part).split(": ", 1)) for part in parts]
        return json.dumps([asdict(one) for one in taken])

    def _read(self, task: Task, file: File) -> Read:
        """What comes of a file. Where many wait, several processes read those behind it meanwhile."""
        if task.key not in self._ahead and task.key not in self._order:
            waiting = [one for one in self._work.tasks(UPLOAD) if one.result is None][:MOST_AHEAD]
            if len(waiting) < FEWEST:
                return read_one(file, self._shelf.screen)
            self._ahead, self._order = {}, deque(one.key for one in waiting)
            self._reading = read_many([partial(self._waiting, one) for one in waiting], self._shelf.screen)
        while task.key not in self._ahead and self._order:
            key = self._order.popleft()
            self._ahead[key] = next(self._reading)
        return self._ahead.pop(task.key, None) or read_one(file, self._shelf.screen)

    def _waiting(self, task: Task) -> File:
        told = json.loads(task.body)
        return File(str(told["name"]), self._files.get(str(told["place"])) or b"")

    def _named(self, but: str = "") -> set[str]:
        """What the files are kept under that wait."""
        tasks = self._work.tasks(UPLOAD)
        return {str(json.loads(task.body)["place"]) for task in tasks if task.result is None and task.key != but}


def _taken(task: Task) -> list[Taken]:
    if task.result is None:
        return []
    if task.result == GIVEN_UP:
        return [_failed(str(json.loads(task.body)["name"]), GONE_WRONG)]
    return [Taken(**one) for one in json.loads(task.result)]


def _failed(name: str, reason: str = "") -> Taken:
    return Taken(name, "failed", reason)
