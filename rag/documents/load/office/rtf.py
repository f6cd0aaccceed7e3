"""RTF by striprtf, after headers, fields, pictures and hidden stretches have been taken apart from the text."""

import re
from collections.abc import Iterator
from typing import ClassVar, Literal

from striprtf.striprtf import rtf_to_text

from rag.documents.load.facts import states_fact
from rag.documents.load.formats import Format
from rag.documents.load.layout import Layout, Piece
from rag.documents.load.office.rtf_source import CLOSE, OPEN, REASONS, STRUCK, Taken, escaped
from rag.documents.load.signs import LOWERED, RAISED, set_as
from rag.errors import FileProblem
from rag.values import Document, File

PAGE = re.compile(rb"\\ansicpg(\d{1,5})")
MARKS = re.compile("([\ue000-\ue005\ue010-\ue015])")
LONGEST_RTF = 4_000_000


class Rtf(Format):
    """Rich text (RTF): the text with its tables; headers, comments and hidden text are pointed out."""

    kind: Literal["rtf"] = "rtf"
    suffixes: ClassVar[tuple[str, ...]] = (".rtf",)
    signed: ClassVar[str] = "RTF"

    @classmethod
    def recognises(cls, data: bytes) -> bool:
        return data[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{\\rtf")

    def __call__(self, file: File) -> Iterator[Document]:
        page = PAGE.search(file.data[:4096])
        layout = Layout(file.name)
        taken = Taken(file.name, page[1].decode() if page else "1252")
        taken.read(escaped(file.data))
        beside = [(kind, _lines_of(file.name, group)) for kind, group in taken.asides]
        _facts(layout, beside, "header")
        _write(layout, _text(file.name, "".join(taken.main)), taken.tables)
        _facts(layout, beside, "footer")
        for number, note in enumerate(taken.notes, 1):
            _write(layout, _text(file.name, note), taken.tables, f"Footnote {number}: ")
            layout.count("footnotes placed after the text")
        for kind, lines in beside:
            for line in lines:
                layout.aside(kind, line, 0)
        for what, count in taken.counts.items():
            layout.count(what, count)
        if taken.depth > 0:
            layout.warnings.append("the RTF ends before all its groups are closed; it may be cut off")
        yield self.laid_out(file, layout)


def _text(name: str, source: str) -> str:
    if len(source) > LONGEST_RTF:
        raise FileProblem(f"{name}: {len(source):,} characters of RTF; at most {LONGEST_RTF:,} are read. Split the file.")
    try:
        return str(rtf_to_text(source, errors="replace"))  # type: ignore[no-untyped-call]
    except MemoryError:
        raise
    except Exception as error:  # striprtf raises many built-in kinds on damaged files.
        raise FileProblem(f"{name}: the RTF is damaged ({type(error).__name__}). Save it again from its source.") from None


def _lines_of(name: str, source: str) -> list[str]:
    return list(filter(str.strip, MARKS.sub("", _text(name, source)).split("\n")))


def _facts(layout: Layout, beside: list[tuple[str, list[str]]], where: str) -> None:
    """Writes the lines of headers or footers that state a fact, each once."""
    for line in dict.fromkeys(line for kind, lines in beside if kind == where for line in lines if states_fact(line)):
        layout.line((line, ""))


def _cells(line: str) -> str:
    """A line of a table with its cells apart; what follows a table within a cell has no cell before it."""
    if line.rstrip().endswith("|"):
        return line.rstrip("| ").replace("|", " | ")
    return line.lstrip("| ").replace("|", " | ") if line.startswith("|") else line


def _write(layout: Layout, text: str, tables: bool, lead: str = "") -> None:
    """The lines of the text, its marks taken out and noted; what is struck out stands beside it."""
    why = ""
    struck: list[str] = []
    for line in text.replace("\r", "\n").split("\n"):
        pieces: list[Piece] = [(lead, "")] if lead and line.strip() else []
        lead = "" if pieces else lead
        for part in MARKS.split(_cells(line) if tables else line):
            if MARKS.fullmatch(part):
                why = REASONS[ord(part) - OPEN] if ord(part) < CLOSE else ""
            elif part and why == STRUCK:
                struck.append(part)
            elif part and why in (RAISED, LOWERED):
                pieces.append((set_as(part, why, pieces[-1][0][-1] if pieces else ""), ""))
            elif part:
                pieces.append((part, why))
        start, end = layout.line(*pieces)
        layout.aside(STRUCK, "".join(struck), start)
        struck = []
        if start == end:
            layout.gap()
