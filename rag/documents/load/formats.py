"""The file formats, one stage each: text, Markdown, CSV. A format yields documents whose spans are true to the shown text."""

import csv
import io
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import ClassVar, Literal

from rag.clinical.assertions import assertions
from rag.clinical.editions import edition_of, effective_of
from rag.clinical.patients import NO_PATIENT, nobodys, owner_of, patient_column, series_of, with_patient
from rag.clinical.provenance import described
from rag.clinical.sections import sections, within
from rag.clinical.times import moments
from rag.documents.load.encoding import NAMES, encoding_of
from rag.documents.load.layout import Heading, Layout
from rag.documents.load.office.formulas import cell_finding
from rag.documents.load.tables import FRONT, Named, as_lines, named_rows, row_as_lines, unfilled
from rag.errors import FileProblem
from rag.stage import Stage
from rag.values import Aside, Document, File, Finding, Page, Section

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
BINARY = "the content is binary, not text. Save it as text, Markdown, CSV or PDF."
BINARY_SHARE = 0.02
SEPARATOR = re.compile(r"\s*\"?sep=(\\t|[^\s\w\"]|\t)\"?[ \t]*(?:\n|$)", re.IGNORECASE)
SIGNS = ",;\t|"
LONG_TEXT = 500_000
"""Text of so many bytes is read in a process of its own; what is shorter takes no more than linear time in this one."""
LONGEST_CELL = 20_000_000
"""Characters in one cell of a table: a whole note may stand in it."""
MOST_PATIENTS = 5_000
"""A table of more is not divided; then it is about nobody, as any text with the ids of several patients."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside a file, still to be read by the format of its own, and what is odd about it."""

    file: File
    warnings: tuple[str, ...] = ()


Part = Document | Member | FileProblem
"""What a format yields: documents, files inside of it, and the reason in place of each part that cannot be read."""


class Format(Stage):
    """What every format has: the file endings that it takes, and the last steps from text to document."""

    suffixes: ClassVar[tuple[str, ...]] = ()
    among: ClassVar[tuple[str, ...]] = ()  # Endings of other formats under which this one is met as well.
    apart: ClassVar[float] = 0  # Bytes from which a file is read in a process of its own; its bounds are in `apart.py`.
    signed: ClassVar[str] = ""  # What a file of this format is, where its first bytes always say so ("a PDF").

    @classmethod
    def recognises(cls, data: bytes) -> bool:
        """Whether these bytes can only be of this format."""
        return False

    def laid_out(
        self, file: File, layout: Layout, *, title: str = "", divided: bool = True, owner: str | None = None
    ) -> Document:
        """The document of a layout. Raises FileProblem where it has no text."""
        return self.finish(
            file,
            layout.text,
            title=title,
            divided=divided,
            headings=tuple(layout.headings),
            rows=layout.rows,
            asides=tuple(layout.asides),
            hidden=tuple(layout.hidden),
            changes=layout.changes,
            warnings=tuple(layout.warnings),
            owner=owner,
        )

    def finish(
        self,
        file: File,
        text: str,
        *,
        title: str = "",
        section: str = "",
        pages: tuple[Page, ...] = (),
        warnings: tuple[str, ...] = (),
        divided: bool = True,
        headings: tuple[Heading, ...] = (),
        rows: Mapping[int, int] = MappingProxyType({}),
        asides: tuple[Aside, ...] = (),
        hidden: tuple[Finding, ...] = (),
        changes: tuple[str, ...] = (),
        owner: str | None = None,
    ) -> Document:
        """The document for this text, with sections, type, date and title. Raises FileProblem where there is no text.

        `section` is the title or code of the section of a longer note that this text is.
        `owner` is the patient whose rows of a table these are, "" where the rows do not say it, None for any other text.
        """
        if not text.strip():
            raise FileProblem(f"{file.name}: the file holds no text. Upload a file with text in it.")
        found = within(text, section.strip(), with_headings(text, headings, sections(text) if divided else (), rows))
        document = described(
            Document(
                name=file.name,
                text=text,
                format=str(type(self).model_fields["kind"].default),
                title=title.strip(),
                pages=pages,
                sections=found,
                asides=asides,
                hidden=hidden,
                changes=changes,
                warnings=warnings,
            )
        )
        if owner is not None:
            document = with_patient(document, owner, rows=True) if owner else replace(document, patient="")
        return replace(document, moments=moments(text, found, document.date), assertions=assertions(text, found, document.date))


def with_facts(document: Document, **facts: str | None) -> Document:
    """The document with facts that its file tells in so many words, which count more than what its text suggests."""
    known = {name: value for name, value in facts.items() if value}
    changed = replace(document, **known)  # type: ignore[arg-type]
    if changed.type != document.type:
        edition = edition_of(changed.type, changed.title, changed.text, changed.name)
        effective = effective_of(changed.type, changed.text, edition)
        changed = replace(changed, **{"edition": edition.number, "effective": effective, **known})  # type: ignore[arg-type]
    told, found = changed.patient, document.patient
    if known.get("patient"):
        several = told != found and series_of(told) == series_of(found) != ""
        changed = nobodys(changed, 2) if several else with_patient(changed, told)
    if changed.date != document.date:
        changed = replace(changed, moments=moments(changed.text, changed.sections, changed.date))
    return changed


def with_headings(
    text: str, headings: tuple[Heading, ...], ruled: tuple[Section, ...], rows: Mapping[int, int] = MappingProxyType({})
) -> tuple[Section, ...]:
    """The sections under the headings that the file marks as such, with those that the rules find below them.

    `rows` are the starts and ends of a table's rows. A row begins with no heading, whatever it looks like, and a section that
    begins within a row, as in a note that fills a cell, ends with it.
    """
    if not headings and not rows:
        return ruled
    starts = sorted(rows)
    ruled = tuple(section for section in ruled if section.start not in rows)
    found = [(heading.title, heading.level, heading.start, heading.body) for heading in headings]
    places = [heading.start for heading in headings]
    for section in ruled:
        at = bisect_right(places, section.start) - 1
        if at < 0 or section.start >= headings[at].body:
            above = headings[at].level if at >= 0 else 0
            found.append((section.title, above + section.level, section.start, section.body))
    found.sort(key=lambda one: one[2])
    ends: list[int] = [len(text)] * len(found)
    open_: list[int] = []
    for number, (_, level, start, _) in enumerate(found):
        while open_ and found[open_[-1]][1] >= level:
            ends[open_.pop()] = start
        open_.append(number)
    for number, (_, _, start, _) in enumerate(found):
        row = bisect_right(starts, start) - 1
        if row >= 0 and start < rows[starts[row]]:
            ends[number] = min(ends[number], rows[starts[row]])
    return tuple(Section(*one, end) for one, end in zip(found, ends, strict=True))


def decode(file: File) -> tuple[str, tuple[str, ...]]:
    """The file's text with line ends as \\n, and what was odd about its encoding. Raises FileProblem for binary content."""
    warnings = []
    name, odd = encoding_of(file.data)
    if b"\0\0\0\0" in file.data[:4096]:
        raise FileProblem(f"{file.name}: {BINARY}")
    try:
        text = file.data.decode(name)
    except UnicodeDecodeError:
        text = file.data.decode(name, "replace")
        if odd is None:
            warnings.append("some letters are not valid in the encoding that the file begins with; they stand as �")
    if odd is not None:
        warnings.append(f"not valid UTF-8 from byte {odd}; read as {NAMES[name]}, so check the special characters")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    strange = CONTROL.findall(text)
    if len(strange) > BINARY_SHARE * max(len(text), 1):
        raise FileProblem(f"{file.name}: {BINARY}")
    if strange:
        warnings.append(f"{len(strange)} control characters replaced by blanks")
        text = CONTROL.sub(" ", text)
    return text, tuple(warnings)


class Text(Format):
    """Plain text in any common encoding; clinical headings become sections."""

    kind: Literal["text"] = "text"
    suffixes: ClassVar[tuple[str, ...]] = (".txt", ".text")
    apart: ClassVar[float] = LONG_TEXT

    def __call__(self, file: File) -> Iterator[Document]:
        text, warnings = decode(file)
        yield self.finish(file, text, warnings=warnings)


class Markdown(Format):
    """Markdown as it is written; its headings become sections."""

    kind: Literal["markdown"] = "markdown"
    suffixes: ClassVar[tuple[str, ...]] = (".md", ".markdown")
    apart: ClassVar[float] = LONG_TEXT

    def __call__(self, file: File) -> Iterator[Document]:
        text, warnings = decode(file)
        yield self.finish(file, text, warnings=warnings)


class Table(Format):
    """CSV or TSV: every row a line, each value beside its column's name, notes in cells by lines; a document a patient."""

    kind: Literal["table"] = "table"
    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".tsv")

    def __call__(self, file: File) -> Iterator[Document]:
        csv.field_size_limit(LONGEST_CELL)
        text, warnings = decode(file)
        text, delimiter = _parted(text, file.name.lower().endswith(".tsv"))
        try:
            rows = list(named_rows(list(csv.reader(io.StringIO(text), delimiter=delimiter))))
        except csv.Error as error:
            why = f"a cell of more than {LONGEST_CELL:,} characters" if "limit" in str(error) else str(error)
            raise FileProblem(f"{file.name}: not a readable table ({why}). Save it again as CSV.") from None
        if not rows:
            raise FileProblem(f"{file.name}: the table has no row below its header. A first row of names is needed.")
        if text.count('"') % 2:
            warnings += ("a quotation mark is never closed, so what follows it may stand in one cell",)
        ragged = sum(len(row.cells) != len(row.names) for row in rows if row.names)
        if ragged:
            wide = len(rows[0].names)
            warnings += (f"{ragged} of {len(rows)} rows do not have {wide} values; extra ones are kept unnamed",)
        title = re.sub(r"[_\-]+", " ", file.name.rsplit(".", 1)[0])
        for owner, own in _by_patient(rows).items():
            text, ends, hidden = _lines(own)
            part, told = (file, warnings) if len(own) == len(rows) else of_one(file, owner or "", warnings)
            noted = any(text.find("\n", start, end) >= 0 for start, end in ends.items())
            yield self.finish(
                part,
                text,
                title=title,
                warnings=told,
                divided=noted,
                rows=ends if noted else {},
                asides=_unfilled(own),
                hidden=hidden,
                owner=owner,
            )


def _unfilled(rows: list[Named]) -> tuple[Aside, ...]:
    """The columns of each table that none of these rows fills."""
    tables: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for row in rows:
        tables.setdefault(row.names, []).append(row.cells)
    return tuple(Aside("table", told, 0) for names, cells in tables.items() if (told := unfilled(names, cells)))


def _lines(rows: list[Named]) -> tuple[str, dict[int, int], tuple[Finding, ...]]:
    """The text of these rows, where each begins and ends, and the values that a spreadsheet would run."""
    lines: list[str] = []
    ends: dict[int, int] = {}
    hidden: list[Finding] = []
    at, titles = 0, tuple[str, ...]()
    for row in rows:
        above = row.titles if row.titles != titles else ()
        titles = row.titles
        for line in filter(None, (*above, row_as_lines(row.names, list(map(as_lines, row.cells))))):
            lines.append(line)
            ends[at] = at + len(line)
            at += len(line) + 1
        if row.cells and lines:
            start = at - 1 - len(lines[-1])
            hidden += _formulas(row.cells, lines[-1], start)
    return "".join(f"{line}\n" for line in lines), ends, tuple(hidden)


def _parted(text: str, tabs: bool) -> tuple[str, str]:
    """The text of a table and the sign that parts its values: that of a line such as "sep=;", which spreadsheets write."""
    if told := SEPARATOR.match(text):
        return text[told.end() :], told[1].encode().decode("unicode_escape") if told[1] == "\\t" else told[1]
    return text, "\t" if tabs else _delimiter(text)


def _by_patient(rows: list[Named]) -> dict[str | None, list[Named]]:
    """The rows of each patient where a column says whose they are; under "" those that name nobody, under None all others."""
    columns = {names: patient_column(list(names)) for names in {row.names for row in rows}}
    found: dict[str | None, list[Named]] = {}
    spelt: dict[str, str] = {}
    for row in rows:
        column = columns[row.names]
        owner = owner_of(row.cells[column]) if column is not None and column < len(row.cells) else ""
        found.setdefault(spelt.setdefault(owner.upper(), owner), []).append(row)
    return found if found.keys() != {""} and len(found) <= MOST_PATIENTS else {None: rows}


def of_one(file: File, owner: str, warnings: tuple[str, ...] = ()) -> tuple[File, tuple[str, ...]]:
    """The name for the rows of one patient of a table ("P-0412/visits.csv"), and what is to be said about them.

    The file's own name stands last, so that a citation is told by the name of the file that it is from.
    """
    folder, slash, own = file.name.rpartition("/")
    if owner:
        return replace(file, name=f"{folder}{slash}{owner}/{own}"), warnings
    nobody = "these rows do not name their patient by a pseudonym such as P-0412, so no filter by patient shows them"
    return replace(file, name=f"{folder}{slash}{NO_PATIENT}/{own}"), (*warnings, nobody)


def _formulas(row: Sequence[str], line: str, at: int) -> Iterator[Finding]:
    """Values of a row that a spreadsheet would run as formulas, at their places in the text."""
    place = 0
    for value in row:
        plain = as_lines(value)
        found = plain and line.find(plain, place)
        place = max(place, int(found or 0))
        if plain and (finding := cell_finding(plain)):
            yield replace(finding, start=at + place, end=at + place + len(plain))
        place += len(plain)


def _delimiter(text: str) -> str:
    """The sign that parts the values of the first line that has one."""
    lines = text[:4096].split("\n")[:FRONT]
    head = next((line for line in lines if any(sign in line for sign in SIGNS)), "")
    return max(SIGNS, key=head.count)
