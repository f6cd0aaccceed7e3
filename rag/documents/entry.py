"""What stands on a shelf: a document with what was found in it, and whether it may be used."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from rag.values import Document, Finding

DOCUMENT = TypeAdapter(Document)
FINDINGS = TypeAdapter(tuple[Finding, ...])


@dataclass(frozen=True)
class Entry:
    """A document on the shelf: what was found in it, whether it may be used, and who decided that when."""

    document: Document
    findings: tuple[Finding, ...]
    status: str
    decision: str = ""
    who: str = ""
    at: float | None = None

    @property
    def released(self) -> bool:
        """Whether the document may be indexed and retrieved."""
        return self.status == "released"

    @property
    def usable(self) -> Document:
        """The document as it is indexed: with the stretches that a person should not trust."""
        flags = tuple(one for one in self.findings if one.kind != "identifier" and one.aside is None and one.start < one.end)
        return replace(self.document, flags=flags)

    @property
    def is_named_by_identifier(self) -> bool:
        """Whether an identifier stands in the name of the document."""
        return any(one.rule.startswith("file name") for one in self.findings)

    @property
    def known_as(self) -> str:
        """The name of the document where that may stand in a record, else a part of its fingerprint."""
        return f"document {self.document.key[:8]}" if self.is_named_by_identifier else self.document.name


def waiting(entries: Iterable[Entry]) -> list[Entry]:
    """Those that wait for a person."""
    return [entry for entry in entries if not entry.released]


def counted(findings: Iterable[Finding], threshold: float) -> dict[str, int]:
    """How many findings there are of each type, the ones that hold a document back first."""
    counts: dict[str, int] = {}
    for one in sorted(findings, key=lambda f: (f.score < threshold, f.kind, f.type)):
        counts[one.type] = counts.get(one.type, 0) + 1
    return counts
