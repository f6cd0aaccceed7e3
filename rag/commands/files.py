"""Files that commands read and write: JSON lines as any system saves them, results that overwrite nothing that was read."""

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from rag.documents.load import FORMATS
from rag.documents.load.encoding import plain_text
from rag.documents.load.files import paths
from rag.errors import FileProblem
from rag.strict import SURROGATE

PACKED = b"\x1f\x8b"
WHAT = "JSON lines"


def rows(file: Path, needed: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The objects of a JSON-lines file, gzipped or not. Raises FileProblem, which names line and field."""
    for number, line in enumerate(plain_text(file.name, _unpacked(file), WHAT).split("\n"), 1):
        if not line.strip(" \t\ufeff"):
            continue
        place = f"{file.name}, line {number}"
        row = _value(line.strip("\ufeff"), place)
        missing = [name for name in needed if not isinstance(row, dict) or not isinstance(row.get(name), str)]
        if missing:
            raise FileProblem(f"{place}: no text under {missing[0]!r}. Every line needs {needed}.")
        if "\\ud" in line.lower() and any(SURROGATE.search(told) for told in row.values() if isinstance(told, str)):
            raise FileProblem(f"{place}: half of a surrogate pair (\\ud800 to \\udfff). Write it whole.")
        yield row


def content(file: Path) -> bytes:
    """What is in a file. Raises FileProblem."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise FileProblem(f"{file}: cannot be read ({type(error).__name__}). Check the path.") from None


def write(file: Path, lines: Iterable[str]) -> None:
    """Writes lines. Raises FileProblem."""
    try:
        with file.open("w", encoding="utf-8") as out:
            out.writelines(line + "\n" for line in lines)
    except OSError as error:
        raise FileProblem(f"{file}: cannot be written ({error.strerror}). Choose another place.") from None


def apart(
    out: Path | None, *read: Path | None, docs: Iterable[Path] = (), workspace: Path | None = None, option: str = "--out"
) -> None:
    """Raises FileProblem where a command would write over a file that it reads, whatever path or link leads there."""
    if out is None or not out.is_file():
        return
    kept = workspace.glob("*.sqlite*") if workspace else ()
    for file in (*read, *kept, *paths(docs, FORMATS)):
        if file and file.is_file() and out.samefile(file):
            raise FileProblem(f"{out}: {option} is a file that is read ({file}), and would be lost. Choose another place.")


def _unpacked(file: Path) -> bytes:
    data = content(file)
    if not data.startswith(PACKED) and file.suffix.lower() != ".gz":
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        raise FileProblem(f"{file.name}: not {WHAT} packed by gzip ({type(error).__name__}). Pack it again.") from None


def _value(line: str, place: str) -> Any:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        fault = f"{error.msg}, column {error.colno}"
    except RecursionError:
        fault = "nested too deeply"
    except ValueError:
        fault = "a number has too many digits"
    raise FileProblem(f"{place}: not {WHAT} ({fault}). One JSON object a line is needed.")
