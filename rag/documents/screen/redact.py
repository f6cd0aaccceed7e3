"""What can be done about identifiers: typed placeholders, or consistent surrogates with one date shift a patient."""

import hashlib
import hmac
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from rag.rules import rules
from rag.values import Document, Finding, Section

WEEKS = 52  # The most that the dates of a patient move, either way.


@dataclass(frozen=True)
class Rewritten:
    """A document whose identifiers were replaced, and the places of what stands there now."""

    document: Document
    places: tuple[tuple[int, int], ...]

    def ours(self, one: Finding) -> bool:
        """Whether an identifier that a screen finds in it is an invented one."""
        return one.kind == "identifier" and any(start < one.end and one.start < end for start, end in self.places)


def redacted(document: Document, findings: Iterable[Finding]) -> Rewritten:
    """The document with every identifier replaced by its type in brackets, such as [NAME]; its own date goes with the dates."""
    found = list(findings)
    changed = _rewritten(document, found, _placeholder)
    if not any(one.type == "DATE" for one in found):
        return changed
    return replace(changed, document=replace(changed.document, date=None, effective=None))


def placeholders(text: str, findings: Iterable[Finding]) -> str:
    """A text with every identifier replaced by its type in brackets, such as [NAME]."""
    return _edited(text, _edits(text, findings, _placeholder))


def _placeholder(one: Finding, value: str) -> str:
    return f"[{one.type}]"


def with_surrogates(document: Document, findings: Iterable[Finding], secret: bytes) -> Rewritten:
    """The document with invented values: for one `secret`, the same for the same value everywhere.

    All dates of a patient move by the same number of whole weeks, so that intervals survive; a date without a day keeps
    its year alone. Without the secret nothing can be turned back.
    """
    days = shift(document.patient or document.name, secret)
    whole = {moment.start: moment.day for moment in document.moments if moment.day and len(moment.day) == 10}

    def invented(one: Finding, value: str) -> str:
        if one.type == "DATE":
            day = next((day for start, day in whole.items() if one.start <= start < one.end), None)
            return _moved(day, days) if day else _year(value)
        if one.type == "AGE":
            return "90"
        seed = _seed(secret, one.type, " ".join(value.lower().split()))
        return _person(value, secret) if one.type == "NAME" else _alike(value, seed)

    changed = _rewritten(document, findings, invented)
    dates = {name: _moved(day, days) for name in ("date", "effective") if (day := getattr(document, name))}
    dated = any(one.type == "DATE" for one in findings)
    return replace(changed, document=replace(changed.document, **dates)) if dated else changed  # type: ignore[arg-type]


def shift(patient: str, secret: bytes) -> int:
    """The days by which all dates of a patient move: whole weeks, so that a weekday stays one, and never none."""
    drawn = int.from_bytes(_seed(secret, "shift", patient)[:4], "big") % (2 * WEEKS)
    return 7 * (drawn - WEEKS if drawn < WEEKS else drawn - WEEKS + 1)


@dataclass(frozen=True)
class _Edit:
    """A stretch of the old text, what stands there now, and how far everything after it has moved."""

    start: int
    end: int
    text: str
    moved: int


def _rewritten(document: Document, findings: Iterable[Finding], make: Callable[[Finding, str], str]) -> Rewritten:
    """The document with its identifiers replaced; pages, sections and times moved along, what stood beside it dropped."""
    edits = _edits(document.text, findings, make)
    places = tuple((edit.end + edit.moved - len(edit.text), edit.end + edit.moved) for edit in edits)
    return Rewritten(_moved_along(document, _edited(document.text, edits), edits), places)


def _edits(text: str, findings: Iterable[Finding], make: Callable[[Finding, str], str]) -> list[_Edit]:
    edits: list[_Edit] = []
    moved = 0
    for one in sorted(findings, key=lambda f: f.start):
        if one.kind != "identifier" or one.aside is not None or one.start >= one.end or (edits and one.start < edits[-1].end):
            continue
        new = make(one, text[one.start : one.end])
        moved += len(new) - (one.end - one.start)
        edits.append(_Edit(one.start, one.end, new, moved))
    return edits


def _edited(text: str, edits: Sequence[_Edit]) -> str:
    parts, at = [], 0
    for edit in edits:
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, text[at:]])


def _moved_along(document: Document, text: str, edits: Sequence[_Edit]) -> Document:
    ends = [edit.end for edit in edits]

    def place(old: int) -> int:
        at = bisect_right(ends, old)
        inside = at < len(edits) and edits[at].start < old
        return (edits[at].start if inside else old) + (edits[at - 1].moved if at else 0)

    def untouched(start: int, end: int) -> bool:
        return all(end <= edit.start or edit.end <= start for edit in edits)

    def titled(section: Section) -> str:
        return section.title if untouched(section.start, section.body) else text[place(section.start) : place(section.body)]

    return replace(
        document,
        text=text,
        title=_without(document.title, document, edits),
        pages=tuple(replace(p, start=place(p.start), end=place(p.end)) for p in document.pages),
        sections=tuple(
            replace(s, title=titled(s).strip(), start=place(s.start), body=place(s.body), end=place(s.end))
            for s in document.sections
        ),
        moments=tuple(replace(m, start=place(m.start), end=place(m.end)) for m in document.moments if untouched(m.start, m.end)),
        assertions=tuple(replace(a, start=place(a.start), end=place(a.end)) for a in document.assertions),
        asides=(),
        hidden=tuple(
            replace(f, start=place(f.start), end=place(f.end))
            for f in document.hidden
            if f.aside is None and place(f.start) < place(f.end)
        ),
    )


def _without(title: str, document: Document, edits: Sequence[_Edit]) -> str:
    """A title without the values that were replaced in the text."""
    for edit in edits:
        title = title.replace(document.text[edit.start : edit.end], edit.text)
    return title


def _seed(secret: bytes, *parts: str) -> bytes:
    return hmac.new(secret, "\0".join(parts).encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def _moved(day: str, days: int) -> str:
    try:
        return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
    except (ValueError, OverflowError):
        return "[DATE]"


def _year(value: str) -> str:
    found = re.search(r"\b(?:19|2[0-2])\d\d\b", value)
    return found[0] if found else "[DATE]"


def _person(value: str, secret: bytes) -> str:
    """An invented name with as many parts; titles stay, and a part has the same stand-in wherever it stands."""
    lists = rules("surrogates")
    titles = {title.lower() for title in rules("people")["titles"]}

    def part(match: re.Match[str]) -> str:
        word = match[0]
        drawn = int.from_bytes(_seed(secret, "NAME", word.lower())[:4], "big")
        if word.lower() in titles:
            return word
        return chr(65 + drawn % 26) if len(word) == 1 else str(lists["names"][drawn % len(lists["names"])])

    return re.sub(r"[^\W\d_]+", part, re.sub(r"['’]s\b", "", value))


def _alike(value: str, seed: bytes) -> str:
    """Digits and letters of the same kind at the same places, drawn from the seed."""
    drawn = seed * (len(value) // len(seed) + 1)
    parts = []
    for at, character in enumerate(value):
        if character.isdigit():
            parts.append(str(drawn[at] % 10))
        elif character.isalpha():
            letter = chr(97 + drawn[at] % 26)
            parts.append(letter.upper() if character.isupper() else letter)
        else:
            parts.append(character)
    return "".join(parts)
