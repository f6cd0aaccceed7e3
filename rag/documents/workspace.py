"""The workspace: the shelf of documents, saved pipelines, comparisons and sessions, kept on disk in safe formats."""

import secrets
import time
from collections.abc import Iterable
from pathlib import Path

from rag.documents.load import FORMATS
from rag.documents.load.files import paths
from rag.documents.review import Review
from rag.errors import FileProblem
from rag.places import SAMPLES, workspace_folder
from rag.values import File

TABLES = """
CREATE TABLE IF NOT EXISTS saved (kind TEXT, name TEXT, body TEXT, at REAL, PRIMARY KEY (kind, name));
"""
OTHER = "SELECT 1 FROM saved WHERE kind = 'holder' AND name = ? AND body != ?"  # Never true without a holder: NULL.


class Workspace(Review):
    """The shelf of documents, the artifacts computed from them, and texts kept by name."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._begin(TABLES)

    def save(self, kind: str, body: str, name: str | None = None, holder: str | None = None) -> str:
        """Keeps a text (a pipeline, a comparison, a session) under a name, or under a new random one, which is returned.

        Where a holder is given, a name that another one holds (a text of the kind "holder") stays as it is, and "" is returned.
        """
        name = name or secrets.token_urlsafe(9)
        row = (kind, name, body, time.time())
        with self._write() as base:
            done = base.execute(
                f"INSERT OR REPLACE INTO saved SELECT ?, ?, ?, ? WHERE NOT EXISTS ({OTHER})", (*row, name, holder)
            )
        return name if done.rowcount else ""

    def saved(self, kind: str, name: str) -> str | None:
        """A text kept under this kind and name, or None."""
        rows = self._rows("SELECT body FROM saved WHERE kind = ? AND name = ?", kind, name)
        return str(rows[0][0]) if rows else None

    def names(self, kind: str) -> list[str]:
        """The names of this kind, the newest first."""
        return [str(name) for (name,) in self._rows("SELECT name FROM saved WHERE kind = ? ORDER BY at DESC", kind)]

    def discard(self, kind: str, name: str) -> None:
        """Removes a saved text. Unknown names are passed over."""
        with self._write() as base:
            base.execute("DELETE FROM saved WHERE kind = ? AND name = ?", (kind, name))
        self._settle()


def sample_files() -> list[Path]:
    """The sample documents that come with the project."""
    return [path for path in paths([SAMPLES], FORMATS) if path.parent == SAMPLES and path.name != "README.md"]


def add_all(workspace: Workspace, files: Iterable[Path]) -> list[str]:
    """Adds files from disk; returns the named reason of each that failed, while the others go on."""
    failed: list[FileProblem] = []
    for path in files:
        try:
            workspace.add(File(path.name, path.read_bytes()), failed)
        except FileProblem as problem:
            failed.append(problem)
    return list(map(str, failed))


def open_workspace(folder: Path | None = None) -> Workspace:
    """The workspace in a folder (or where `rag.places` says); a new one begins with the samples."""
    workspace = Workspace(folder or workspace_folder())
    if workspace.saved("state", "samples") is None:
        workspace.save("state", "added", "samples")
        add_all(workspace, sample_files())
    return workspace
