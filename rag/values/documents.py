"""Documents and what stands in them: stretches, pages, sections, findings, passages."""

import hashlib
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start` to `end` (exclusive) of the text of the document with that name."""

    document: str
    start: int
    end: int

    def holds(self, other: "Span") -> bool:
        """Whether another stretch lies whole in this one."""
        return self.document == other.document and self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, slots=True)
class File:
    """What a user handed over: a name and its bytes."""

    name: str
    data: bytes = field(repr=False)


def page_words(number: int | None, printed: str = "") -> str:
    """A page in words, alike everywhere: "p. 4", or "p. 4 (printed 2)" where that is printed on it; "" for no page."""
    return "" if number is None else f"p. {number} (printed {printed})" if printed else f"p. {number}"


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a document. `number` is physical and 1-based; `label` is what is printed on it ("iv", "12")."""

    number: int
    label: str
    start: int
    end: int

    @property
    def printed(self) -> str:
        """What is printed on it where that is another number than its own, else ""."""
        return "" if self.label == str(self.number) else self.label

    @property
    def told(self) -> str:
        """The page in words."""
        return page_words(self.number, self.printed)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it: the heading at `start`, its text from `body` to `end`. Level 1 is the top."""

    title: str
    level: int
    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or a relative time in the text. `day` is ISO, as exact as the text: "2024-03-14", "2024-03" or "2024".

    It is None where the text does not say which day is meant. `rule` names how it was read.
    """

    start: int
    end: int
    day: str | None
    rule: str


Status = Literal["negated", "uncertain", "historical", "planned", "family"]


@dataclass(frozen=True, slots=True)
class Assertion:
    """A stretch of text that a cue makes something other than a present finding of this patient."""

    start: int
    end: int
    status: Status
    cue: str


@dataclass(frozen=True, slots=True)
class Aside:
    """What stands in a file beside its running text: page furniture, an annotation, a comment, metadata.

    `at` is where it stood in the text. It is never indexed, but screened and shown.
    """

    kind: str
    text: str = field(repr=False)
    at: int
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person has to look at before a document is used. `score` is 0 to 1, `rule` names what found it.

    `start` and `end` are offsets into the document's text, or into `asides[aside].text`.
    """

    kind: Literal["identifier", "instruction", "hidden"]
    type: str
    start: int
    end: int
    rule: str
    score: float
    aside: int | None = None


@dataclass(frozen=True)
class Document:
    """A loaded document: normalised text, with pages, sections, times and metadata as offsets into it.

    `hidden` holds what only the file shows, such as white text; it stands in the text like any other. `flags` are the
    stretches that a screen found suspicious and a person released all the same. `status` is how far a report has got
    ("final", "preliminary", "amended"), or "" where it does not say.
    """

    name: str
    text: str = field(repr=False)
    format: str = "text"
    title: str = field(default="", repr=False)
    type: str = "other"
    date: str | None = None
    patient: str = field(default="", repr=False)
    author: str = ""
    edition: str = ""
    effective: str | None = None
    status: str = ""
    pages: tuple[Page, ...] = ()
    sections: tuple[Section, ...] = field(default=(), repr=False)
    moments: tuple[Moment, ...] = ()
    assertions: tuple[Assertion, ...] = ()
    asides: tuple[Aside, ...] = field(default=(), repr=False)
    hidden: tuple[Finding, ...] = ()
    flags: tuple[Finding, ...] = ()
    changes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @cached_property
    def key(self) -> str:
        """A fingerprint of all that later steps read of this document."""
        about = (self.title, self.type, self.date, self.patient, self.author, self.edition, self.effective)
        said = (self.status,) if self.status else ()  # Without one the key is what it was before documents had a status.
        parts = (self.name, self.text, *about, *said, self.pages, self.sections, self.assertions, self.flags)
        return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:24]

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of its text as UTF-8, by which anyone can tell whether a text is the one that was cited."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()

    def page_at(self, offset: int) -> Page | None:
        """The page on which the character at `offset` stands, or None where the document has no pages."""
        at = bisect_right(self.pages, offset, key=lambda page: page.start)
        return self.pages[max(at - 1, 0)] if self.pages else None

    def page_numbered(self, number: int | None) -> Page | None:
        """The page with this number in the file, or None."""
        return self.pages[number - 1] if number and number <= len(self.pages) else None

    def flag_in(self, span: Span) -> Finding | None:
        """The first suspicious stretch that a span touches, or None."""
        return next((flag for flag in self.flags if flag.start < span.end and span.start < flag.end), None)

    def path_at(self, offset: int) -> tuple[str, ...]:
        """The titles of the sections that hold the character at `offset`, outermost first."""
        return tuple(s.title for s in self.sections if s.start <= offset < s.end)


@dataclass(frozen=True)
class Screened:
    """A document with what was found in it, and whether it may be used or waits for a person."""

    document: Document
    findings: tuple[Finding, ...]
    status: Literal["released", "quarantined"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage as it is indexed. `text` is an exact slice; `context` is indexed with it and never quoted.

    `parent` is the wider passage that goes into the prompt in its place, or None where it goes there itself.
    """

    span: Span
    text: str = field(repr=False)
    context: str = field(default="", repr=False)
    section: str = field(default="", repr=False)
    page: int | None = None
    parent: Span | None = None
    printed: str = field(default="", repr=False)

    @property
    def indexed(self) -> str:
        """What the embedder and the term index read."""
        return f"{self.context}\n{self.text}" if self.context else self.text
