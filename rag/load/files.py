"""From a path or an upload to documents: chooses the format, checks the size, keeps names apart."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from rag.errors import FileProblem
from rag.load.formats import Format
from rag.values import Document, File

LARGEST = 100 * 1024 * 1024


def load(file: File, formats: dict[str, type[Format]]) -> tuple[Document, ...]:
    """The documents in a file. Raises FileProblem, whose message names the file, the reason and the way out."""
    file = replace(file, name=file.name.encode("utf-8", "replace").decode())  # Odd bytes in a name cannot be kept or printed.
    if not file.data:
        raise FileProblem(f"{file.name}: the file is empty (0 bytes). Upload a file with text in it.")
    if len(file.data) > LARGEST:
        size = len(file.data) / 1024 / 1024
        raise FileProblem(f"{file.name}: {size:.0f} MB; at most {LARGEST // 1024 // 1024} MB are read. Split the file.")
    suffix = Path(file.name).suffix.lower()
    by_suffix = {ending: kind for kind in formats.values() for ending in kind.suffixes}
    looks_like_pdf = b"%PDF-" in file.data[:1024]
    if suffix not in by_suffix:
        raise FileProblem(
            f"{file.name}: no reader for {suffix or 'a name without ending'}. Allowed: {', '.join(sorted(by_suffix))}."
        )
    chosen = by_suffix[suffix]
    if looks_like_pdf and suffix != ".pdf":
        raise FileProblem(f"{file.name}: named {suffix}, but the content is a PDF. Rename it to end in .pdf.")
    if not looks_like_pdf and suffix == ".pdf":
        raise FileProblem(f"{file.name}: named .pdf, but the content is not a PDF. Rename it, or export it again.")
    reader: Callable[[File], Iterator[Document]] = chosen()  # type: ignore[assignment]
    return tuple(reader(file))


def paths(places: Iterable[Path], formats: dict[str, type[Format]]) -> Iterator[Path]:
    """The readable files at these paths; folders are walked in order of name, hidden and other files are passed over."""
    endings = {ending for kind in formats.values() for ending in kind.suffixes}
    for place in places:
        if place.is_dir():
            yield from sorted(
                path
                for path in place.rglob("*")
                if path.is_file() and path.suffix.lower() in endings and not path.name.startswith(".")
            )
        elif place.exists():
            yield place
        else:
            raise FileProblem(f"{place}: no such file or folder. Check the path.")


def marked(name: str, content: str) -> str:
    """The name with a mark made from the content before its ending: "note (1a2b3c4d).txt"."""
    stem, dot, ending = name.rpartition(".")
    mark = f"{zlib.crc32(content.encode('utf-8', 'surrogatepass')):08x}"
    return f"{stem} ({mark}){dot}{ending}" if stem else f"{name} ({mark})"
