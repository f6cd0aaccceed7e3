"""JSON: one document a line or object with a text and what it tells of itself; FHIR goes to its own reader."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any, ClassVar, Literal

from rag.clinical.statuses import named_status
from rag.documents.load.files import looks
from rag.documents.load.formats import CONTROL, Format, decode, with_facts
from rag.documents.load.guard import json_value
from rag.documents.load.health.fhir import Fhir, documents
from rag.documents.load.health.fhir_values import word
from rag.documents.load.layout import Layout
from rag.errors import FileProblem
from rag.values import Document, File

TEXTS = ("text", "content", "note", "note_text", "body", "report")
FACTS = ("title", "date", "type", "patient", "author", "edition", "effective")
SECTIONS = ("section", "section_title", "section_header", "section_name")
NAMES = ("id", "doc_id", "document_id", "note_id", "name")
LONGEST_NAME = 150
LONGEST_FACT = 200
DEEPEST = 50
MOST_FAILED = 100
"""Reasons for lines that cannot be read; of more only the number is told."""


class Json(Format):
    """JSON and JSON lines: each object with a "text" is a document named by its "id"; title, date, section and such are kept."""

    kind: Literal["json"] = "json"
    suffixes: ClassVar[tuple[str, ...]] = (".jsonl", ".json", ".ndjson")

    def __call__(self, file: File) -> Iterator[Document | FileProblem]:
        text, warnings = decode(file)
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        if len(lines) == 1 or not _is_lines(file, lines):
            yield from _shortened(file.name, self._whole(file, json_value(file.name, text), warnings))
            return
        failed: list[FileProblem] = []
        begun = False
        for part in _shortened(file.name, self._lines(file, lines, warnings)):
            if not begun and isinstance(part, FileProblem):
                failed.append(part)
                continue
            if not begun:
                yield from failed
                begun = True
            yield part
        if not begun:
            first = str(failed[0]).removeprefix(f"{file.name}, ")
            raise FileProblem(f"{file.name}: none of its {len(lines):,} lines can be read; {first}")

    def _lines(self, file: File, lines: list[tuple[int, str]], warnings: tuple[str, ...]) -> Iterator[Document | FileProblem]:
        """The document of each line, or why it cannot be read."""
        names: Counter[str] = Counter()
        for number, line in lines:
            place = f"{file.name}, line {number}"
            try:
                value = json_value(place, line)
                if isinstance(value, dict) and isinstance(value.get("resourceType"), str):
                    yield from documents(File(f"{file.name}/{number}", b""), value, Fhir())
                else:
                    yield self._one(file, value, place, names, number, warnings)
            except FileProblem as problem:
                yield problem

    def _whole(self, file: File, value: Any, warnings: tuple[str, ...]) -> Iterator[Document | FileProblem]:
        """The documents in a file that is one value: a FHIR resource, an object or a list of objects with texts, or any data."""
        first = value[0] if isinstance(value, list) and value else value
        if isinstance(first, dict) and isinstance(first.get("resourceType"), str):
            yield from documents(file, value, Fhir())
        elif isinstance(value, list) and any(isinstance(one, dict) and _text_field(one) for one in value):
            names: Counter[str] = Counter()
            for number, one in enumerate(value, 1):
                try:
                    yield self._one(file, one, f"{file.name}, item {number}", names, number, warnings)
                except FileProblem as problem:
                    yield problem
        elif isinstance(value, dict) and _text_field(value):
            yield self._one(file, value, file.name, Counter(), 1, warnings)
        else:
            yield self._data(file, value, warnings)

    def _one(self, file: File, value: Any, place: str, names: Counter[str], number: int, warnings: tuple[str, ...]) -> Document:
        field = _text_field(value) if isinstance(value, dict) else ""
        if not field:
            raise FileProblem(f"{place}: no object with a text under 'text'. Every document needs one.")
        layout = Layout(file.name)
        text = _cleaned(value[field], layout)
        name = next(filter(None, (_named(value.get(key)) for key in NAMES)), f"{file.name.rsplit('.', 1)[0]}-{number:05}")
        names[looks(name)] += 1
        if (times := names[looks(name)]) > 1:
            warnings = (*warnings, f"the id {name!r} stands {times} times in the file")
            name = f"{name} ({times})"
        facts = {key: word(value.get(key))[:LONGEST_FACT] for key in FACTS}
        for key in ("date", "effective"):
            if facts[key] and not _is_day(facts[key]):
                warnings = (*warnings, f"the {key} is not a day written like 2024-03-14; it was not taken over")
                facts[key] = ""
        section = next((value[key] for key in SECTIONS if isinstance(value.get(key), str)), "")
        for key, told in value.items():
            if key not in (field, *FACTS, *NAMES) and isinstance(told, str) and told.strip():
                layout.aside("metadata", f"{key[:80]}: {told}", 0)
        found = self.finish(
            File(name, b""),
            text,
            title=facts["title"],
            section=section,
            asides=tuple(layout.asides),
            changes=layout.changes,
            warnings=warnings,
        )
        return with_facts(found, **facts, status=named_status(word(value.get("status"))))

    def _data(self, file: File, value: Any, warnings: tuple[str, ...]) -> Document:
        """Any other JSON: a line a value, under its path."""
        layout = Layout(file.name)
        layout.warnings += warnings
        for path, leaf in _leaves(file.name, value):
            layout.line((f"{path}: {leaf}" if path else leaf, ""))
        return self.laid_out(file, layout, divided=False)


def _shortened(name: str, parts: Iterator[Document | FileProblem]) -> Iterator[Document | FileProblem]:
    """The parts with a reason for the first of those that cannot be read, and how many more there are."""
    failed = 0
    for part in parts:
        failed += isinstance(part, FileProblem)
        if isinstance(part, Document) or failed <= MOST_FAILED:
            yield part
    if failed > MOST_FAILED:
        yield FileProblem(f"{name}: {failed - MOST_FAILED:,} more of its parts cannot be read.")


def _is_lines(file: File, lines: list[tuple[int, str]]) -> bool:
    """Whether a file is JSON lines, by its name or because its first line is whole in itself."""
    if file.name.lower().endswith((".jsonl", ".ndjson")):
        return True
    try:
        return isinstance(json_value(file.name, lines[0][1]), dict)
    except FileProblem:
        return False


def _text_field(value: dict[str, Any]) -> str:
    return next((name for name in TEXTS if isinstance(value.get(name), str)), "")


def _cleaned(text: str, layout: Layout) -> str:
    """The text with line ends as \\n, as in a text file."""
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    text, strange = CONTROL.subn(" ", text)
    layout.count("control characters replaced by blanks", strange)
    return text


def _named(value: Any) -> str:
    name = "" if isinstance(value, bool) else word(value)
    name = name.encode("utf-8", "replace").decode()
    return " ".join(CONTROL.sub(" ", name).split())[:LONGEST_NAME]


def _is_day(written: str) -> bool:
    try:
        return date.fromisoformat(written).isoformat() == written
    except ValueError:
        return False


def _leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """The texts and numbers of a value, in order, each with its path."""
    waiting: list[tuple[str, Any, int]] = [("", value, 0)]
    while waiting:
        path, here, depth = waiting.pop()
        if depth > DEEPEST:
            raise FileProblem(f"{name}: values nested more than {DEEPEST} deep. Write an object with a 'text' instead.")
        if isinstance(here, dict):
            waiting += [(f"{path}.{key}" if path else str(key), one, depth + 1) for key, one in reversed(here.items())]
        elif isinstance(here, list):
            waiting += [(path, one, depth + 1) for one in reversed(here)]
        elif (told := word(here)) and told.strip():
            yield path, told
