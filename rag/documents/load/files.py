"""From a path or an upload to documents: chooses the format, checks the size, unpacks archives, keeps names apart."""

import re
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from rag.documents.load.apart import read_apart
from rag.documents.load.formats import Format, Member, Part
from rag.documents.load.guard import MOST_BYTES, MOST_MEMBERS
from rag.errors import FileProblem
from rag.strict import SURROGATE
from rag.values import Document, File

MARK = re.compile(r" \([0-9a-f]{8}\)(?=\.[^.]*\Z|\Z)")
LARGEST = 100 * 1024 * 1024
DEEPEST_ARCHIVE = 2
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


@dataclass
class _Left:
    """What may still be unpacked of a file, its archives inside of archives included."""

    members: int = MOST_MEMBERS
    size: int = MOST_BYTES

    def take(self, name: str, size: int) -> None:
        """Counts a member. Raises FileProblem where it is one too many."""
        self.members -= 1
        self.size -= size
        if self.members < 0 or self.size < 0:
            most = f"{MOST_MEMBERS:,} files or {MOST_BYTES // 1024 // 1024} MB"
            raise FileProblem(f"{name}: more than {most} unpacked in all; the rest was not read. Split the archive.")

    @property
    def spent(self) -> bool:
        return self.members < 0 or self.size < 0


def load(file: File, formats: dict[str, type[Format]], failed: list[FileProblem] | None = None) -> tuple[Document, ...]:
    """The documents in a file. Raises FileProblem, whose message names the file, the reason and the way out.

    Where single parts cannot be read (a member of an archive, a line), the reasons are added to `failed`;
    without it the first of them is raised.
    """
    return tuple(document for _, document in load_each(file, formats, failed))


def load_each(
    file: File, formats: dict[str, type[Format]], failed: list[FileProblem] | None = None
) -> Iterator[tuple[File, Document]]:
    """Each document of a file with the very file that it stands in: for one in an archive, that member."""
    for source, part in _parts(file, formats, 0, _Left()):
        if isinstance(part, Document):
            yield source, part
        elif failed is None:
            raise part
        else:
            failed.append(part)


def _parts(
    file: File, formats: dict[str, type[Format]], depth: int, left: _Left
) -> Iterator[tuple[File, Document | FileProblem]]:
    file = replace(file, name=file.name.encode("utf-8", "replace").decode())  # Odd bytes in a name cannot be kept or printed.
    chosen, warnings = _format(file, formats)
    reader: Callable[[File], Iterator[Part]] = chosen()  # type: ignore[assignment]
    kind = str(chosen.model_fields["kind"].default)
    parts: Iterator[Part] = read_apart(file, kind) if len(file.data) >= chosen.apart else reader(file)
    while not left.spent:
        try:
            part = next(parts, None)
        except FileProblem:
            raise
        except (Exception, RecursionError, MemoryError) as error:  # Its text could quote the file; no file may stop the others.
            raise FileProblem(
                f"{file.name}: cannot be read ({type(error).__name__}). Save it again from its source, or as text."
            ) from None
        if part is None:
            return
        if isinstance(part, Member):
            yield from _member(replace(part, warnings=(*warnings, *part.warnings)), file, formats, depth + 1, left)
        elif isinstance(part, Document):
            yield file, whole(replace(part, warnings=(*warnings, *part.warnings)) if warnings else part)
        else:
            yield file, part


def whole(value: Any) -> Any:
    """The same record with � for each half of a surrogate pair, which no model reads; every offset holds."""
    if isinstance(value, str):
        return value if value.isascii() else SURROGATE.sub("\ufffd", value)
    if isinstance(value, tuple):
        return tuple([whole(one) for one in value])
    changed = {name: after for name in _fields(type(value)) if (after := whole(told := getattr(value, name))) != told}
    return replace(value, **changed) if changed else value


@cache
def _fields(kind: type) -> tuple[str, ...]:
    """The fields of a record; none where it is no record."""
    return tuple(one.name for one in fields(kind)) if is_dataclass(kind) else ()


def _member(
    member: Member, within: File, formats: dict[str, type[Format]], depth: int, left: _Left
) -> Iterator[tuple[File, Document | FileProblem]]:
    if depth > DEEPEST_ARCHIVE:
        raise FileProblem(f"{within.name}: archives inside of archives, more than {DEEPEST_ARCHIVE} deep. Unpack it first.")
    try:
        left.take(within.name, len(member.file.data))
        for source, part in _parts(member.file, formats, depth, left):
            if isinstance(part, Document) and member.warnings:
                part = replace(part, warnings=(*member.warnings, *part.warnings))
            yield source, part
    except FileProblem as problem:
        yield member.file, problem


def _format(file: File, formats: dict[str, type[Format]]) -> tuple[type[Format], tuple[str, ...]]:
    """The format of a file, by its ending, or by its content where that leaves no doubt; then with a warning."""
    if not file.data:
        raise FileProblem(f"{file.name}: the file is empty (0 bytes). Upload a file with text in it.")
    if len(file.data) > LARGEST:
        size = len(file.data) / 1024 / 1024
        raise FileProblem(f"{file.name}: {size:.0f} MB; at most {LARGEST // 1024 // 1024} MB are read. Split the file.")
    suffix = Path(file.name).suffix.lower()
    by_suffix = {ending: kind for kind in formats.values() for ending in kind.suffixes}
    looks_like_pdf = b"%PDF-" in file.data[:1024]
    actual = next((kind for kind in formats.values() if kind.recognises(file.data)), None)
    if suffix not in by_suffix and actual is not None and not actual.signed.startswith(("a ", "an ")):
        return actual, (f"named {suffix or 'without ending'}, but the content is {_called(actual)}; read as that",)
    if suffix not in by_suffix:
        raise FileProblem(
            f"{file.name}: no reader for {suffix or 'a name without ending'}. Allowed: {', '.join(sorted(by_suffix))}."
        )
    chosen = by_suffix[suffix]
    if looks_like_pdf and suffix != ".pdf":
        raise FileProblem(f"{file.name}: named {suffix}, but the content is a PDF. Rename it to end in .pdf.")
    if not looks_like_pdf and suffix == ".pdf":
        raise FileProblem(f"{file.name}: named .pdf, but the content is not a PDF. Rename it, or export it again.")
    if actual is None and chosen.signed:
        raise FileProblem(_unsigned(file, suffix, chosen))
    if actual in (None, chosen):
        return chosen, ()
    if suffix in actual.among:
        return actual, ()
    return actual, (f"named {suffix}, but the content is {_called(actual)}; read as that",)


def _called(kind: type[Format]) -> str:
    return kind.signed or str(kind.model_fields["kind"].default).upper()


def _unsigned(file: File, suffix: str, chosen: type[Format]) -> str:
    """Why a file of a format that always begins in the same way is not one."""
    if file.data.startswith(OLD_OFFICE):
        if ENCRYPTED in file.data:
            return f"{file.name}: encrypted with a password. Remove the password, then upload it again."
        return f"{file.name}: named {suffix}, but in the old format of Office 97 to 2003. Save it in today's format."
    cut = ", or it is cut off" if file.data.startswith(b"PK\x03\x04") else ""
    return f"{file.name}: named {suffix}, but the content is not {chosen.signed}{cut}. Rename it, or save it again."


LINES = {".jsonl", ".ndjson"}


def paths(places: Iterable[Path], formats: dict[str, type[Format]]) -> Iterator[Path]:
    """The readable files at these paths; folders are walked in order of name, hidden and other files are passed over.

    Files of JSON lines in a folder are passed over too, since questions and results lie about in them, and so is what is called
    README, which tells of the folder: name them to read them.
    """
    endings = {ending for kind in formats.values() for ending in kind.suffixes}
    for place in places:
        if place.is_dir():
            yield from sorted(
                path
                for path in place.rglob("*")
                if path.is_file()
                and path.suffix.lower() in endings - LINES
                and not path.name.startswith(".")
                and not is_readme(path.name)
            )
        elif place.exists():
            yield place
        else:
            raise FileProblem(f"{place}: no such file or folder. Check the path.")


def is_readme(name: str) -> bool:
    """Whether a file of this name tells of its folder: README, README.md, Readme.txt."""
    return name.partition(".")[0].lower() == "readme"


def looks(name: str) -> str:
    """What a name looks like: letters composed (NFC), without signs that nobody sees, all blanks alike."""
    seen = name if name.isascii() else unicodedata.normalize("NFC", name)
    return " ".join("".join(sign for sign in seen if unicodedata.category(sign) != "Cf").split())


def marked(name: str, content: str) -> str:
    """The name with a mark made from the content before its ending: "note (1a2b3c4d).txt"."""
    stem, dot, ending = name.rpartition(".")
    mark = f"{zlib.crc32(content.encode('utf-8', 'surrogatepass')):08x}"
    return f"{stem} ({mark}){dot}{ending}" if stem else f"{name} ({mark})"


def unmarked(name: str) -> str:
    """The name as it was given, without such a mark."""
    return MARK.sub("", name)
