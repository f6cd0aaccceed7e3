"""Fields that hold a person's data: what stands in them is an identifier, and is sought in the rest of the document."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from rag.clinical.patients import PSEUDONYM
from rag.documents.screen.listed_names import in_dictionary
from rag.documents.screen.words import names, words
from rag.rules import rules
from rag.values import Document, Finding

SCORE, AGAIN = 0.9, 0.75
LABEL = re.compile(r"(?:^|(?<=; )|(?<=: )|(?<=\| ))([A-Za-z][\w .'/-]{1,40}?)[ ]?:[ ](?=\S)", re.MULTILINE)
LINE = re.compile(r"^[ \t]{0,8}(?P<label>[A-Za-z][\w '/-]{1,40}?)[ \t]?:[ \t]{1,8}(?P<value>[^\n:;]{2,80})$", re.MULTILINE)
SEGMENT = re.compile(r"^[ \t]{0,8}(?P<name>[A-Z][A-Z0-9]{2})\|[^\n]*", re.MULTILINE)
UUID = re.compile(r"(?:urn:uuid:)?[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F-]{22}|(?:urn:oid:)?[\d.]{12,}")
WORD = re.compile(r"\w+")
SHORTEST_NAME, SHORTEST_NUMBER = 3, 5


@dataclass(frozen=True, slots=True)
class Known:
    """A value that stands in a field of a person, with its type and its place."""

    start: int
    end: int
    type: str
    value: str


@cache
def _kinds() -> tuple[dict[str, str], dict[str, str]]:
    """The type of each field that is sure by itself, and of each that needs a sure one in its row."""
    listed = rules("fields")["fields"]
    sure, beside = ({name: rule["type"] for rule in listed for name in rule.get(kind, ())} for kind in ("sure", "beside"))
    return sure, beside


def fields(text: str) -> list[Known]:
    """The values of a person's fields: in rows such as "first_name: zorva; dob: 1951-02-03", in lines, in HL7 version 2."""
    return [*_rows(text), *_listed(text), *_segments(text)]


def _rows(text: str) -> Iterator[Known]:
    start = 0
    for line in text.splitlines(keepends=True):
        if "; " in line or line.count(": ") > 1:
            yield from _row(line.rstrip("\n"), start)
        start += len(line)


def _row(line: str, offset: int) -> Iterator[Known]:
    labels = list(LABEL.finditer(line))
    if len(labels) < 2:
        return
    sure, beside = _kinds()
    plain = [_plain(label[1]) for label in labels]
    known = sure | beside if any(name in sure for name in plain) else {}
    ends = [two.start() for _, two in pairwise(labels)] + [len(line)]
    for label, name, end in zip(labels, plain, ends, strict=True):
        value = line[label.end() : end].strip(" ;|\t")
        kind = known.get(name)
        if kind and _told(value):
            start = offset + line.index(value, label.end())
            yield Known(start, start + len(value), kind, value)


def _listed(text: str) -> Iterator[Known]:
    """The values of fields that alone say whose they are, where two lines on end or more have a label each."""
    sure, _ = _kinds()
    last = -1
    waiting: Known | None = None
    for line in LINE.finditer(text):
        kind = sure.get(_plain(line["label"]))
        beside, last = line.start() == last, line.end() + 1
        value = line["value"].rstrip()
        known = Known(line.start("value"), line.start("value") + len(value), kind, value) if kind and _told(value) else None
        if beside and waiting:
            yield waiting
        if beside and known:
            yield known
        waiting = None if beside else known


def _plain(label: str) -> str:
    return " ".join(re.split(r"[\s_.-]+", label.lower())).strip()


def _segments(text: str) -> Iterator[Known]:
    """The fields of an HL7 version 2 message that is pasted into a text; of several components of a number the first counts."""
    positions = rules("fields")["segments"]
    for line in SEGMENT.finditer(text):
        at = line.start("name") + len(line["name"])
        for number, part in enumerate(text[at + 1 : line.end()].split("|"), 1):
            kind = positions.get(line["name"], {}).get(str(number))
            start = at + 1
            at = start + len(part)
            value = part if kind in {"NAME", "ADDRESS"} else re.split(r"[\^~]", part, maxsplit=1)[0]
            if kind and _told(value.strip()):
                yield Known(start, start + len(value.rstrip()), kind, value.rstrip())


def _told(value: str) -> bool:
    """Whether a field says anything of a person: neither nothing, nor a pseudonym, nor a number that a system has drawn."""
    plain = value.lower().strip(" .*[]()<>")
    return len(plain) > 1 and plain not in rules("fields")["empty"] and not (PSEUDONYM.fullmatch(value) or UUID.fullmatch(value))


def sought(text: str, known: Iterable[Known]) -> Iterator[Finding]:
    """Where the values of a person's fields stand again in a text: names in any order, numbers and addresses as they are."""
    parts = {part for one in known if one.type == "NAME" for part in _parts(one.value)}
    values = ((one.value.removeprefix("tel:"), one.type) for one in known if one.type != "NAME")
    wholes = {value.lower(): kind for value, kind in values if len(value) >= SHORTEST_NUMBER and any(map(str.isalnum, value))}
    for word in words(text) if parts else ():
        if word.low in parts and (word.text[0].isupper() or not in_dictionary(word.low)):
            yield Finding("identifier", "NAME", word.start, word.end, "name from a field", AGAIN)
    for start, end in _again(text, wholes):
        yield Finding("identifier", wholes[text[start:end].lower()], start, end, "value from a field", AGAIN)


def _again(text: str, wholes: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Where these values, in small letters, stand as whole words in a text: looked up at each word, however many there are."""
    known = set(wholes)
    forms: dict[str, set[tuple[int, int]]] = {}  # By its first word: where that stands in a value, and how long the value is.
    for value in known:
        first = WORD.search(value)
        if first:
            forms.setdefault(first[0], set()).add((first.start(), len(value)))
    for word in WORD.finditer(text) if forms else ():
        for before, size in forms.get(word[0].lower(), ()):
            start, end = word.start() - before, word.start() - before + size
            bounded = start >= 0 and not WORD.match(text[start - 1 : start]) and not WORD.match(text[end : end + 1])
            if bounded and text[start:end].lower() in known:
                yield start, end


def _parts(name: str) -> Iterator[str]:
    """The parts of a name that are sought by themselves: none that is also an ordinary word."""
    for part in re.findall(r"[^\W\d_][\w'’-]*", name):
        if len(part) >= SHORTEST_NAME and part.lower() not in names().ordinary:
            yield part.lower()


def placed(known: Iterable[Known]) -> list[Finding]:
    """A finding for each value in its field."""
    return [Finding("identifier", one.type, one.start, one.end, "field of a person", SCORE) for one in known]


def of_document(document: Document) -> list[Known]:
    """The values of a person's fields in a document and beside it; a birth date also as the text writes it elsewhere."""
    beside = (one for aside in document.asides if aside.kind == "metadata" for one in fields(aside.text))
    known = list({(one.type, one.value): one for one in (*fields(document.text), *beside)}.values())
    days = {re.sub(r"\D", "", one.value)[:8] for one in known if one.type == "DATE"}
    moments = [one for one in document.moments if days and one.day and one.day.replace("-", "") in days]
    return known + [Known(one.start, one.end, "DATE", document.text[one.start : one.end]) for one in moments]
