"""The workspace: a folder with one database, and in it the projects, each with its shelf, decisions and saved things."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property, partial
from pathlib import Path

from rag.documents.decisions import Decisions
from rag.documents.inbox import Inbox
from rag.documents.load import FORMATS, file_at, read_file
from rag.documents.load.files import paths
from rag.documents.many import read_many
from rag.documents.shelf import Shelf
from rag.errors import FileProblem, SettingProblem
from rag.keep import private
from rag.keep.artifacts import Artifacts
from rag.keep.made import fault_of
from rag.keep.projects import DEFAULT, Projects
from rag.keep.records import DATABASE, Records
from rag.keep.saved import Saved
from rag.keep.work import Work
from rag.places import SAMPLES, workspace_folder
from rag.values import File


class Project:
    """A shelf of documents with what belongs to it: decisions, saved things, work under way, and what was computed."""

    def __init__(self, records: Records, id: str, folder: Path) -> None:
        self.id, self.folder = id, folder
        self.artifacts = Artifacts(folder)
        self.shelf = Shelf(records, id, folder, self.artifacts)
        self.decisions = Decisions(self.shelf, records, id)
        self.saved = Saved(records, id)
        self.work = Work(records, id)
        self.inbox = Inbox(self.shelf, self.work, folder)


class Workspace:
    """A folder for one database and its projects. The default project lies in the folder itself, the others in one each."""

    def __init__(self, folder: Path) -> None:
        """Opens it, and makes it where it is not there. Raises SettingProblem where it cannot be used."""
        self.folder = folder
        with _usable(folder):
            if (folder / DATABASE).exists():  # It is ours, and perhaps from a version that left it open.
                private.shut_all(folder)
            private.folder(folder, DATABASE)
        self.records = Records(folder)
        self._open: dict[str, Project] = {}
        self._lock = threading.RLock()

    @cached_property
    def projects(self) -> Projects:
        """What projects there are."""
        return Projects(self.records)

    def project(self, id: str = DEFAULT) -> Project:
        """A project, opened. Raises SettingProblem where there is none of this id."""
        with self._lock:
            if id not in self._open:
                if self.projects.named(id) is None:
                    raise SettingProblem(f"There is no project {id!r}. Choose among those that there are.")
                folder = self.folder if id == DEFAULT else self.folder / "projects" / id
                with _usable(folder):
                    self._open[id] = Project(self.records, id, folder)
            return self._open[id]


@contextmanager
def _usable(folder: Path) -> Iterator[None]:
    """Raises SettingProblem in place of what the disk raises."""
    try:
        yield
    except OSError as error:
        raise SettingProblem(f"{folder}: cannot be used as a workspace: {fault_of(error)}. Choose another folder.") from None


def sample_files() -> list[Path]:
    """The sample documents that come with the project."""
    return [path for path in paths([SAMPLES], FORMATS) if path.parent == SAMPLES and path.name != "README.md"]


def add_all(shelf: Shelf, files: Iterable[Path]) -> list[str]:
    """Adds files from disk; returns the named reason of each that failed, while the others go on."""
    failed: list[FileProblem] = []
    for read in read_many([partial(file_at, path) for path in files], shelf.screen):
        try:
            shelf.take(read, failed)
        except FileProblem as problem:
            failed.append(problem)
    return list(map(str, failed))


def open_workspace(folder: Path | None = None) -> Workspace:
    """The workspace in a folder (or where `rag.places` says); a new one begins with the samples."""
    workspace = Workspace(folder or workspace_folder())
    project = workspace.project()
    if project.saved.get("state", "samples") is None:
        with project.work.alone("samples", "added", lambda *_: None):  # Another server may be at it.
            if project.saved.get("state", "samples") is None:
                add_all(project.shelf, sample_files())
                project.saved.put("state", "added", "samples")
    _read_again(project.shelf)
    return workspace


def _read_again(shelf: Shelf) -> None:
    """Adds the samples anew that were read in part, such as on a busy machine, where they can be read whole now."""
    for path in sample_files():
        entry = shelf.entry(path.name)
        if entry is None or entry.decision or not entry.document.warnings:
            continue
        file = File(path.name, path.read_bytes())
        with suppress(FileProblem):
            if shelf.original(path.name) == file.data and not any(one.warnings for one in read_file(file)):
                shelf.remove(path.name)
                shelf.add(file)
