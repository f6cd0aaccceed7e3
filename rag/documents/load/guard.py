"""What keeps a hostile file from filling the memory or the day: limits on archives, XML and JSON, checked before parsing."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from typing import Any

from lxml import etree

from rag.errors import FileProblem

MOST_MEMBERS = 10_000
MOST_BYTES = 300 * 1024 * 1024
MOST_RATIO = 200
RATIO_FROM = 4 * 1024 * 1024
MOST_TAGS = 2_000_000
MOST_VALUES = 4_000_000
DEEPEST = 200
OFFICE_XML = 60 * 1024 * 1024
STRICT = b"http://purl.oclc.org/ooxml/"
STRICT_NAME = re.compile(STRICT + rb"(\w{1,40})/([\w/]{1,80})")
LIKE_STRICT = {
    b"relationships/extendedProperties": b"relationships/extended-properties",
    b"relationships/customProperties": b"relationships/custom-properties",
    b"extendedProperties": b"extended-properties",
    b"customProperties": b"custom-properties",
}


def open_zip(name: str, data: bytes, what: str) -> zipfile.ZipFile:
    """The archive, its list of members read and within the limits. Raises FileProblem."""
    if data.count(b"PK\x01\x02") > 20 * MOST_MEMBERS:
        raise FileProblem(f"{name}: {what} with more than {MOST_MEMBERS:,} members. Split it.")
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except MemoryError:
        raise
    except Exception as error:  # zipfile raises many built-in kinds on damaged files.
        raise FileProblem(f"{name}: {what} is damaged or cut off ({type(error).__name__}). Make or download it again.") from None
    if len(archive.infolist()) > MOST_MEMBERS:
        raise FileProblem(f"{name}: {what} with {len(archive.infolist()):,} members; at most {MOST_MEMBERS:,}. Split it.")
    return archive


def too_dense(member: zipfile.ZipInfo) -> bool:
    """Whether a member unpacks to so much more than it is packed that it must be a bomb."""
    return member.file_size > RATIO_FROM and member.file_size > MOST_RATIO * max(member.compress_size, 1)


def office_parts(name: str, data: bytes, what: str) -> dict[str, bytes]:
    """The XML parts of an Office file by name, unpacked and found harmless. Raises FileProblem."""
    archive = open_zip(name, data, what)
    members = archive.infolist()
    if any(member.flag_bits & 1 for member in members):
        raise FileProblem(f"{name}: {what} is encrypted. Remove its password, then upload it again.")
    written = [member for member in members if member.filename.lower().endswith((".xml", ".rels"))]
    size = sum(member.file_size for member in written)
    whole = sum(member.file_size for member in members)
    if size > OFFICE_XML or whole > MOST_BYTES or any(map(too_dense, members)):
        raise FileProblem(
            f"{name}: {what} unpacks to {whole / 1024 / 1024:.0f} MB, {size / 1024 / 1024:.0f} MB of them text; at most"
            f" {MOST_BYTES // 1024 // 1024} and {OFFICE_XML // 1024 // 1024} MB are read. Split it."
        )
    try:
        parts = {member.filename: archive.read(member) for member in written}
        for member in members:
            if member not in written and not member.is_dir():
                archive.open(member).close()
    except MemoryError:
        raise
    except Exception as error:  # zipfile and zlib raise many built-in kinds on damaged members.
        raise FileProblem(f"{name}: {what} is damaged ({type(error).__name__}). Save it again from its source.") from None
    for part in parts.values():
        if has_entities(part):
            raise FileProblem(f"{name}: {what} declares entities (DTD), which are refused. Save it again from its source.")
    check_tags(name, *parts.values())
    return parts


def transitional(data: bytes, parts: dict[str, bytes]) -> bytes:
    """An Office file in "Strict Open XML" with the names that its readers know; any other file as it is.

    Strict differs in the names of its namespaces and relationships alone, as far as text goes (ISO/IEC 29500-1 and -4).
    """
    if not any(STRICT in part for part in parts.values()):
        return data
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(target, "w") as written:
        for member in archive.infolist():
            part = parts.get(member.filename)
            written.writestr(member.filename, archive.read(member) if part is None else STRICT_NAME.sub(_transitional, part))
    return target.getvalue()


def _transitional(name: re.Match[bytes]) -> bytes:
    family, rest = name[1], name[2]
    rest = LIKE_STRICT.get(rest, rest)
    return b"http://schemas.openxmlformats.org/" + family + b"/2006/" + rest


def has_entities(data: bytes) -> bool:
    """Whether XML declares a document type or entities, in any encoding of one or more bytes a letter."""
    flat = data.replace(b"\0", b"") if b"\0" in data else data
    return b"<!DOCTYPE" in flat or b"<!ENTITY" in flat


def check_tags(name: str, *parts: bytes | str) -> None:
    """Raises FileProblem where the tags are too many to be held in memory."""
    tags = sum(part.count(b"<") if isinstance(part, bytes) else part.count("<") for part in parts)
    if tags > MOST_TAGS:
        raise FileProblem(f"{name}: {tags:,} tags; at most {MOST_TAGS:,} are read. Split the file.")


def check_depth(name: str, root: Any) -> None:
    """Raises FileProblem where elements are nested deeper than any document needs."""
    if root.xpath("boolean(" + "/".join(["", *["*"] * (DEEPEST + 1)]) + ")"):
        raise FileProblem(f"{name}: elements nested more than {DEEPEST} deep. Save it again from its source.")


def xml_root(name: str, data: bytes) -> Any:
    """The root element of XML, without entities, DTD or network. Raises FileProblem."""
    if has_entities(data[:1_000_000]):
        raise FileProblem(f"{name}: the XML declares a document type or entities (DTD), which are refused. Remove the DOCTYPE.")
    check_tags(name, data)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, load_dtd=False, dtd_validation=False)
    try:
        root = _parsed(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        if getattr(error, "code", None) == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from None
        line = getattr(error, "lineno", None)
        place = f" at line {line}" if line else ""
        raise FileProblem(f"{name}: the XML is not well formed{place}. Export it again from its source.") from None
    info = root.getroottree().docinfo
    if info.doctype or info.internalDTD is not None:
        raise FileProblem(f"{name}: the XML declares a document type or entities (DTD), which are refused. Remove the DOCTYPE.")
    check_depth(name, root)
    return root


def _parsed(data: bytes, parser: Any) -> Any:
    """The root element; XML whose only fault is a prefix that nothing declares, as in a part cut out of a whole, is read too."""
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        if any(entry.domain_name != "NAMESPACE" for entry in parser.error_log) or not len(parser.error_log):
            raise
    again = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=True, load_dtd=False, dtd_validation=False, recover=True
    )
    return etree.fromstring(data, again)


def json_value(name: str, text: str) -> Any:
    """The JSON value in a text. Raises FileProblem, which gives line and column, never the text."""
    values = text.count(",") + text.count("[") + text.count("{")
    if values > MOST_VALUES:
        raise FileProblem(f"{name}: more than {MOST_VALUES:,} values in one piece of JSON. Write one object a line (.jsonl).")
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise FileProblem(f"{name}: not JSON ({error.msg.lower()} at {place}). Export it again from its source.") from None
    except RecursionError:
        raise FileProblem(f"{name}: the JSON is nested without end. Export it again from its source.") from None
    except ValueError:
        raise FileProblem(f"{name}: the JSON holds a number too long to read. Export it again from its source.") from None


def leaves(value: Any) -> Iterator[str]:
    """All texts in a JSON value, in order, without recursion."""
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, str):
            yield here
        elif isinstance(here, dict):
            waiting += reversed(list(here.values()))
        elif isinstance(here, list):
            waiting += reversed(here)


SAFE = re.compile(r"[\x00-\x1f\x7f<>:\"|?*\\]")


def safe_path(name: str) -> str:
    """A member's path without anything that leads out of a folder: no root, drive, "..", "." or odd sign; "" if none is left."""
    parts = [SAFE.sub("_", part).strip() for part in name.replace("\\", "/").split("/")]
    return "/".join(part[:120] for part in parts if part not in {"", ".", ".."})
