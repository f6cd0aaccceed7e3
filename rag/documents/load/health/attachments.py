"""Files inside a file, in base64: decoded by their content type and read by the loader for it."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from rag.errors import FileProblem
from rag.values import Document, File

LARGEST = 60 * 1024 * 1024
BLANKS = re.compile(r"\s+")
Reader = Callable[[File], Iterator[Document]]


def decoded(name: str, data: str) -> bytes:
    """The bytes of a base64 text. Raises FileProblem."""
    if len(data) > LARGEST * 4 // 3:
        raise FileProblem(f"{name}: the attachment is above {LARGEST // 1024 // 1024} MB. Upload it as a file of its own.")
    try:
        plain = base64.b64decode(BLANKS.sub("", data), validate=True)
    except (binascii.Error, ValueError):
        raise FileProblem(f"{name}: the attachment is not valid base64. Export it again from its source.") from None
    if not plain:
        raise FileProblem(f"{name}: the attachment is empty. Export it again from its source.")
    return plain


def attached(file: File, data: bytes, content_type: str, readers: Mapping[str, Reader]) -> Document:
    """The document in an attachment, named like the file that it stands in. Raises FileProblem."""
    kind, _, parameters = content_type.lower().partition(";")
    reader = readers.get(kind.strip())
    if reader is None:
        allowed = ", ".join(sorted(readers))
        kind = re.sub(r"[^a-z0-9/+.\-]", "", kind)[:60]
        raise FileProblem(f"{file.name}: no reader for attachments of type {kind or 'unknown'}. Allowed: {allowed}.")
    charset = re.search(r"charset\s*=\s*\"?(utf-16|iso-8859-1|windows-1252|us-ascii)", parameters)
    if charset and kind.startswith("text/"):
        data = data.decode("cp1252" if charset[1] != "utf-16" else "utf-16", "replace").encode("utf-8", "replace")
    found = next(iter(reader(replace(file, data=data))), None)
    if found is None:
        raise FileProblem(f"{file.name}: the attachment holds no text. Export it again from its source.")
    return found
