"""Answers: the prompt, the statements with their citations, what differs, what a person must look at, and what it cost."""

from dataclasses import dataclass, field
from typing import Literal

from rag.values.documents import Chunk, Span, page_words
from rag.values.questions import Hit, Query, Scope

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
    """A quotation with its place: `quote` is the document's text at `span`; `source` is its number in the prompt.

    A `spare` one is not needed: the others of its statement carry it alone.
    """

    span: Span
    quote: str = field(repr=False)
    page: int | None
    source: int
    printed: str = field(default="", repr=False)
    spare: bool = field(default=False, compare=False)


Verdict = Literal["supported", "wrong citation", "no source", "contradicted", "not supported", "not judged"]


@dataclass(frozen=True, slots=True)
class Reason:
    """What a check found: (start, end) of the words of the statement that it is about, and where its source has them."""

    check: str
    verdict: Literal["supported", "contradicted", "missing"]
    detail: str = field(repr=False)
    said: tuple[int, int]
    source: Span | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement of an answer. `supported` is True, False or None (not judged), and `reason` says why.

    `role` parts what answers from what is shown beside it. `label` says where it stands (a lead-in, the columns asked for) and
    is no part of it. `marks` say what a reader has to know of its source besides, such
    as "superseded by guideline_2024.pdf" or "of another patient: P-0268". `reasons` are what the checks found; `elsewhere` are
    passages that it does not cite and that carry it, `against` those that say the opposite.
    """

    text: str = field(repr=False)
    citations: tuple[Citation, ...] = ()
    supported: bool | None = None
    reason: str = ""
    role: Literal["answer", "also"] = "answer"
    marks: tuple[str, ...] = field(default=(), repr=False)
    label: str = field(default="", repr=False)
    reasons: tuple[Reason, ...] = ()
    elsewhere: tuple[Citation, ...] = ()
    against: tuple[Citation, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """In a word what became of it."""
        if self.supported:
            return "supported"
        if self.elsewhere or any(one.check == "citation" for one in self.reasons):
            return "wrong citation"
        if self.supported is None:
            return "not judged"
        if not self.citations and not self.against:
            return "no source"
        denied = self.against or any(one.verdict == "contradicted" for one in self.reasons)
        return "contradicted" if denied else "not supported"

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
    printed: str = field(default="", repr=False)


def place_words(one: Chunk | Citation | Position) -> str:
    """The document and the page of something, in words."""
    return ", ".join(filter(None, (one.span.document, page_words(one.page, one.printed))))


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
    a person must look. `digests` are those of the documents that its hits and citations stand in. `withheld` are statements of a
    chat model that no source carries: they are no part of the answer.
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
    query: Query = field(default_factory=lambda: Query(""))
    found: tuple[Hit, ...] = ()
    usage: dict[str, Usage] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    nearest: Citation | None = None
    scope: Scope = field(default_factory=Scope)
    asked: bool = True
    conflicts: tuple[Conflict, ...] = ()
    deferred: tuple[Deferral, ...] = ()
    digests: dict[str, str] = field(default_factory=dict)
    withheld: tuple[Claim, ...] = ()

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
