"""The records that pass between steps. Whatever points at text is a `Span`, and `document.text[start:end]` is the text."""

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Literal

from rag.errors import SettingProblem

DAY = re.compile(r"\d{4}(?:-\d\d){0,2}", re.ASCII)
# Fields with `repr=False` hold what stands in a document: a record that is printed shows none of it, so that no log does.


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


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a document. `number` is physical and 1-based; `label` is what is printed on it ("iv", "12")."""

    number: int
    label: str
    start: int
    end: int


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

    @property
    def indexed(self) -> str:
        """What the embedder and the term index read."""
        return f"{self.context}\n{self.text}" if self.context else self.text


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for, made from a question. With nothing but the question in it, it is the question itself.

    `terms` are words added to the question's own, each with its weight (the question's words weigh 1); `texts` are searched
    beside the question, each by terms and vectors; `instead` replaces the question's text where the vectors are compared.
    `notes` say in words what was added and why.
    """

    question: str
    terms: tuple[tuple[str, float], ...] = field(default=(), repr=False)
    texts: tuple[str, ...] = field(default=(), repr=False)
    instead: str = field(default="", repr=False)
    notes: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Step:
    """What one step thought of a hit: its score, and its rank (1-based) among that step's hits."""

    name: str
    score: float
    rank: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage with the score and rank that every step gave it, in the order of the steps.

    `copies` are other passages that say the same of the same patient in the same edition; they stand in no place of their own.
    """

    chunk: Chunk
    score: float
    steps: tuple[Step, ...] = ()
    copies: tuple[Chunk, ...] = ()

    def after(self, name: str, score: float, rank: int) -> "Hit":
        """This hit as a further step left it."""
        return replace(self, score=score, steps=(*self.steps, Step(name, score, rank)))


@dataclass(frozen=True, slots=True)
class Filter:
    """What a question may see. Empty fields allow everything; dates are ISO and both ends belong to the range.

    A date may be a day, a month or a year ("2024-03-14", "2024-03", "2024"), here and in a document, and stands for all of its
    days: a document lies in the range where one of its days may do so. One dated "2024-03" is in a range that begins or ends
    within that March, and `before="2024"` reaches to the last day of that year. An undated document fails any date.

    `in_force` leaves out editions that a later one replaces and those that do not count yet; the index decides that,
    since it takes all documents to know. `nobody` adds to the documents of `patients` those of no patient, such as policies;
    what in them is of somebody else stays out, which the index decides too. Values of another type or form raise
    SettingProblem: what cannot be understood must not let everything through.
    """

    documents: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    after: str | None = None
    before: str | None = None
    patients: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    in_force: bool = False
    statuses: tuple[str, ...] = ()
    nobody: bool = False

    def __post_init__(self) -> None:
        for name in ("documents", "types", "patients", "authors", "statuses"):
            object.__setattr__(self, name, _names(name, getattr(self, name)))
        for name in ("after", "before"):
            _check_day(name, getattr(self, name))
        for name in ("in_force", "nobody"):
            if not isinstance(getattr(self, name), bool):
                raise SettingProblem(f"Filter: {name} is {getattr(self, name)!r}. Allowed: True or False.")
        if self.after and self.before and _days(self.after)[0] > _days(self.before)[1]:
            raise SettingProblem(f"Filter: after {self.after} is later than before {self.before}. Exchange the two.")

    def allows(self, document: Document) -> bool:
        """Whether passages of this document may be retrieved, but for `in_force` and for what in it is of other patients."""
        return next(self.failing(document), None) is None

    def failing(self, document: Document) -> Iterator[str]:
        """The names of the fields that keep this document out, but for `in_force`."""
        for name, chosen, value in (
            ("documents", self.documents, document.name),
            ("types", self.types, document.type),
            ("patients", self.patients, document.patient),
            ("authors", self.authors, document.author),
            ("statuses", self.statuses, document.status),
        ):
            if chosen and value not in chosen and not (name == "patients" and self.nobody and not value):
                yield name
        first, last = _days(document.date) if document.date and DAY.fullmatch(document.date) else ("", "")
        if self.after and not last >= _days(self.after)[0]:
            yield "after"
        if self.before and not "" < first <= _days(self.before)[1]:
            yield "before"


def _names(field_name: str, given: object) -> tuple[str, ...]:
    """The values of a field of a filter. Raises SettingProblem for anything but texts in a tuple or list."""
    form = f'Write a tuple of texts, such as {field_name}=("P-0412",); an empty one allows everything.'
    if not isinstance(given, tuple | list):
        raise SettingProblem(f"Filter: {field_name} is {repr(given)[:80]}. {form}")
    for one in given:
        if not isinstance(one, str) or not one.strip():
            raise SettingProblem(f"Filter: {field_name} holds {repr(one)[:80]}, which is no text to look for. {form}")
    return tuple(given)


def _check_day(field_name: str, given: object) -> None:
    """Raises SettingProblem for anything but None or a day, month or year that there is."""
    if given is None:
        return
    try:
        if isinstance(given, str) and DAY.fullmatch(given) and date.fromisoformat(_days(given)[0]):
            return
    except ValueError:
        pass
    raise SettingProblem(
        f'Filter: {field_name} is {repr(given)[:80]}. Allowed: a day, month or year such as "2024-03-14", "2024-03", "2024".'
    )


def _days(written: str) -> tuple[str, str]:
    """The first and the last day that a day, month or year may stand for; "2024-02-31" serves as a last day to compare with."""
    rest = slice(len(written) - len("2024"), None)
    return written + "-01-01"[rest], written + "-12-31"[rest]


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose documents, and which, a question is about: what it says of that itself, as a filter that only narrows.

    `patients` are those that the question means, and `how` says whether it names or describes them; `choices` are others that
    it might mean as well. `unknown` are ids that it names and no document has. `topic` is the question without what counted
    as scope ("P-0412", "in the discharge summary", "in 2023"), which is what evidence is measured against. `notes` say in
    words what was understood and from what. `prefer` names documents that fit what the question says of where it is to be
    looked up ("the March CT"): they go first, the others stay.
    """

    only: Filter = Filter()
    patients: tuple[str, ...] = ()
    how: Literal["", "named", "described"] = ""
    choices: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    topic: str = ""
    notes: tuple[str, ...] = ()
    prefer: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Confidence:
    """How far the passages carry an answer: `value` is 0 to 1, and `refused` whether that is too little to state anything.

    `missing` are the parts of the question that no passage holds; `reason` says in a sentence why it is refused; `nearest` is
    the sentence that comes nearest to an answer, or None.
    """

    value: float
    refused: bool = False
    missing: tuple[str, ...] = ()
    reason: str = ""
    nearest: Span | None = None


Outcome = Literal["answered", "partial", "conflict", "refused"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt; the role is "system", "user" or, in a conversation, "assistant"."""

    role: str
    content: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Omitted:
    """A hit that did not go into the prompt, and why."""

    hit: Hit
    reason: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """Exactly what is sent: the messages, the hits behind the numbered sources (source 1 is `sources[0]`), the size.

    `omitted` are the hits that were left out, `left_out` is how many. `topic` is the question without what only says whose
    and which documents are meant; an answerer that chooses statements reads that.
    """

    question: str
    messages: tuple[Message, ...]
    sources: tuple[Hit, ...]
    tokens: int
    left_out: int = 0
    omitted: tuple[Omitted, ...] = ()
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Citation:
    """A quotation with its place: `quote` is the document's text at `span`; `source` is its number in the prompt."""

    span: Span
    quote: str = field(repr=False)
    page: int | None
    source: int


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement of an answer. `supported` is True, False or None (not judged), and `reason` says why.

    `role` parts what answers from what is shown beside it. `label` says where it stands (a lead-in, the columns asked for) and
    is no part of it. `marks` say what a reader has to know of its source besides, such
    as "superseded by guideline_2024.pdf" or "of another patient: P-0268".
    """

    text: str = field(repr=False)
    citations: tuple[Citation, ...] = ()
    supported: bool | None = None
    reason: str = ""
    role: Literal["answer", "also"] = "answer"
    marks: tuple[str, ...] = field(default=(), repr=False)
    label: str = field(default="", repr=False)

    @property
    def lead(self) -> str:
        """The label as it is shown before the text: with a dash, and nothing where the text begins with it."""
        begins = self.text.lstrip("#*->| ").lower().startswith(self.label.lower())
        return "" if begins else f"{self.label} — "


ConflictKind = Literal["edition", "dose", "status", "allergy", "side", "size", "finding", "code status", "value", "statement"]


@dataclass(frozen=True, slots=True)
class Position:
    """What one of two passages that differ says, in a word, with its quotation, its day and who wrote it (a role).

    `standing` says how far its document counts ("in force since 2024-03-01", "superseded by …", "preliminary"), "" where it does
    not say; `counts` is False where another takes its place.
    """

    span: Span
    quote: str = field(repr=False)
    says: str = field(repr=False)
    page: int | None = None
    date: str = ""
    author: str = ""
    standing: str = ""
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two passages that answer differently: of what kind, about what, and both of them, the earlier document first."""

    kind: ConflictKind
    subject: str
    positions: tuple[Position, Position]

    @property
    def words(self) -> str:
        """The conflict in a line: "dose of torsemide: 40 mg or 20 mg"."""
        one, other = self.positions
        about = f"{self.kind} of {self.subject}" if self.subject else self.kind
        return f"{about}: {one.says} or {other.says}"


@dataclass(frozen=True, slots=True)
class Deferral:
    """Why a person must look at an answer before it is relied on: the rule that says so, and its reason in words."""

    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What models were sent and gave back, in tokens. `counted` is False where a server did not say and it was estimated.

    `cost` is in the currency of the prices set; 0 where none is set.
    """

    calls: int = 0
    sent: int = 0
    received: int = 0
    counted: bool = True
    cost: float = 0.0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.calls + other.calls,
            self.sent + other.sent,
            self.received + other.received,
            self.counted and other.counted,
            self.cost + other.cost,
        )

    def __str__(self) -> str:
        about = "" if self.counted else "about "
        cost = f", {about}{self.cost:.4f} by the prices set" if self.cost else ""
        calls = f"{self.calls:,} call{'' if self.calls == 1 else 's'}"
        return f"{calls}, {about}{self.sent:,} tokens sent and {self.received:,} received{cost}"


@dataclass(frozen=True, slots=True)
class Draft:
    """What an answerer leaves when it has finished: its statements, and what a reader has to know besides.

    `refused` where the text says that the sources do not answer; `missing` are the parts of the question that it says so of.
    """

    text: str = field(default="", repr=False)
    claims: tuple[Claim, ...] = ()
    refused: bool = False
    notice: str = ""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with everything that led to it. `ms` maps each stage to its milliseconds.

    `notice` is what a reader has to know besides; of a refusal it is the reason. `query` is what was searched for; `found` are
    the hits as the retriever handed them to the reranker. `usage` maps each stage that asked a model to what that took.
    `missing` are the parts of the question that are not answered; `nearest` is the sentence that comes nearest to an answer
    where there is none; `scope` says whose documents the question was taken to be about. `asked` is whether the answerer was
    asked at all, or the question refused before. `conflicts` are the passages that answer differently, `deferred` the reasons why
    a person must look. `digests` are those of the documents that its hits and citations stand in.
    """

    question: str
    text: str = field(repr=False)
    outcome: Outcome
    confidence: float
    notice: str
    claims: tuple[Claim, ...]
    hits: tuple[Hit, ...]
    prompt: Prompt
    ms: dict[str, float] = field(default_factory=dict)
    query: Query = Query("")
    found: tuple[Hit, ...] = ()
    usage: dict[str, Usage] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    nearest: Citation | None = None
    scope: Scope = Scope()
    asked: bool = True
    conflicts: tuple[Conflict, ...] = ()
    deferred: tuple[Deferral, ...] = ()
    digests: dict[str, str] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        """Whether nothing is stated."""
        return self.outcome == "refused"


@dataclass(frozen=True, slots=True)
class Case:
    """A question with its expected answer and its gold evidence as spans, so that scores outlive any chunker."""

    id: str
    question: str
    answer: str = ""
    evidence: tuple[Span, ...] = ()
    tags: tuple[str, ...] = ()
