"""ZIP: unpacked member by member within limits; what each member holds is read like a file of its own."""

import math
import zipfile
from collections import Counter
from collections.abc import Iterator
from typing import ClassVar, Literal

from rag.documents.load.files import is_readme, looks
from rag.documents.load.formats import Format, Member
from rag.documents.load.guard import open_zip, safe_path, too_dense
from rag.errors import FileProblem
from rag.values import File

LARGEST_MEMBER = 100 * 1024 * 1024
SUSPECT = 20 * 1024 * 1024
SUSPECT_RATIO = 100
LINK = 0o120000
NOISE = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")


class Archive(Format):
    """ZIP archives of any of these files, one inside another at most; a member that cannot be read stops no other."""

    kind: Literal["archive"] = "archive"
    suffixes: ClassVar[tuple[str, ...]] = (".zip",)
    apart: ClassVar[float] = math.inf  # Each member is a file of its own.
    signed: ClassVar[str] = "a whole ZIP archive"

    @classmethod
    def recognises(cls, data: bytes) -> bool:
        return data.startswith((b"PK\x03\x04", b"PK\x05\x06")) and b"PK\x05\x06" in data

    def __call__(self, file: File) -> Iterator[Member | FileProblem]:
        archive = open_zip(file.name, file.data, "the archive")
        members = [one for one in archive.infolist() if not one.is_dir() and not _is_noise(one.filename)]
        if not members:
            raise FileProblem(f"{file.name}: the archive holds no files. Pack the files again.")
        size = sum(one.file_size for one in members)
        if size > SUSPECT and size > SUSPECT_RATIO * len(file.data):
            raise FileProblem(
                f"{file.name}: unpacks to {size // len(file.data)} times its size, which looks like a bomb. Upload the files."
            )
        names: Counter[str] = Counter()
        for number, one in enumerate(members, 1):
            safe = safe_path(one.filename) or f"member-{number}"
            names[looks(safe.lower())] += 1
            times = names[looks(safe.lower())]
            warnings = []
            if _leads_out(one.filename):
                warnings.append("its path in the archive leads out of it; only its name was kept")
            if times > 1:
                warnings.append(f"its name stands {times} times in the archive")
                stem, dot, ending = safe.rpartition(".")
                safe = f"{stem} ({times}){dot}{ending}" if stem else f"{safe} ({times})"
            try:
                yield Member(File(f"{file.name}/{safe}", _unpacked(archive, one, f"{file.name}/{safe}")), tuple(warnings))
            except FileProblem as problem:
                yield problem


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes:
    """The bytes of a member. Raises FileProblem."""
    if member.flag_bits & 1:
        raise FileProblem(f"{name}: encrypted in the archive. Unpack it with its password, then upload it.")
    if (member.external_attr >> 16) & 0o170000 == LINK:
        raise FileProblem(f"{name}: a link to another place, which is not followed. Pack the file itself.")
    if member.file_size > LARGEST_MEMBER:
        size = member.file_size / 1024 / 1024
        raise FileProblem(f"{name}: {size:.0f} MB; at most {LARGEST_MEMBER // 1024 // 1024} MB are unpacked. Split the file.")
    if too_dense(member):
        ratio = member.file_size // max(member.compress_size, 1)
        raise FileProblem(f"{name}: unpacks to {ratio} times its size, which looks like a bomb. Upload the file itself.")
    try:
        with archive.open(member) as packed:
            return packed.read(LARGEST_MEMBER)
    except MemoryError:
        raise
    except Exception as error:  # zipfile and zlib raise many built-in kinds on damaged members.
        raise FileProblem(f"{name}: damaged in the archive ({type(error).__name__}). Pack it again.") from None


def _is_noise(name: str) -> bool:
    """Whether a member is what a system or a packer puts beside the files, or a README, which tells of them."""
    last = name.rpartition("/")[2]
    return name.startswith(NOISE[0]) or last in NOISE or last.startswith("._") or is_readme(last)


def _leads_out(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or parts[0] == "" or parts[0].endswith(":")
