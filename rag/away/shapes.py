"""What the service takes and gives, as it stands in its OpenAPI description."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from rag.away.scope import FIELDS
from rag.pipeline.check import LONGEST_TEXT
from rag.pipeline.follow import By
from rag.pipeline.follow.turn import Way
from rag.pipeline.steps import LONGEST_QUESTION
from rag.values import ConflictKind, Filter, Outcome, Verdict

MOST_VALUES = 1000


def _day(written: str) -> str:
    try:
        if date.fromisoformat(written).isoformat() == written:
            return written
    except ValueError:
        pass
    raise ValueError("not a day written like 2024-03-14")


def _some(names: list[str]) -> list[str]:
    if names:
        return names
    raise ValueError("an empty list would let nothing through; leave the field out to let everything through")


Day = Annotated[str, AfterValidator(_day)]
Names = Annotated[
    list[Annotated[str, Field(max_length=300)]],
    Field(max_length=MOST_VALUES, json_schema_extra={"minItems": 1}),
    AfterValidator(_some),
]


class Taken(BaseModel):
    """What a client sends: a field that is not known is a mistake, never passed over."""

    model_config = ConfigDict(extra="forbid")


class Only(Taken):
    """What the question may see. A field that is left out allows everything; both ends of the dates belong to the range."""

    documents: Names = []
    types: Names = []
    after: Day | None = None
    before: Day | None = None
    patients: Names = []
    authors: Names = []
    statuses: Names = []
    in_force: bool = Field(default=False, description="Without editions that a later one replaces, or not yet in force")
    nobody: bool = Field(default=False, description="Beside the documents of `patients` those of nobody, such as policies")

    @property
    def filter(self) -> Filter:
        """The same as the pipeline takes it. Raises SettingProblem."""
        lists: dict[str, Any] = {name: tuple(getattr(self, name)) for name in FIELDS}
        return Filter(**lists, after=self.after, before=self.before, in_force=self.in_force, nobody=self.nobody)


class Asked(Taken):
    """A question."""

    question: str = Field(min_length=1, max_length=LONGEST_QUESTION)
    filter: Only = Only()


class AskedInTurn(Asked):
    """A question, by itself or in a conversation."""

    conversation: str | None = Field(
        default=None,
        min_length=1,
        max_length=64,
        description='"new" begins a conversation, whose name comes back with the answer; send that name with each later one. '
        "Without it a question is asked by itself and nothing of it is kept",
    )
    rewrite: By = Field(
        default="rules",
        description="Who puts a later question so that it stands alone: rules, the chat model that answers, or nobody",
    )


class Verified(Taken):
    """A text, and the source that it is held against: without one, the documents that are served."""

    id: str | None = Field(default=None, max_length=300, description="Comes back with the verdicts")
    question: str | None = Field(
        default=None, max_length=LONGEST_QUESTION, description="For whoever reads it; nothing is judged by it"
    )
    response: str = Field(min_length=1, max_length=LONGEST_TEXT)
    source: str | None = Field(default=None, min_length=1, max_length=200_000)
    filter: Only = Field(default=Only(), description="Of the documents those that may be looked at; not beside a source")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.source is not None and self.filter != Only():
            raise ValueError("a filter is for the documents, and beside a source none are read; leave one of them out")
        return self


class Step(BaseModel):
    """What one step thought of a passage."""

    name: str
    score: float
    rank: int


class Passage(BaseModel):
    """A passage: characters `start` to `end` of the document's text, its page in the file, and its exact text.

    `printed` is what is printed on that page where it is another number, else empty.
    """

    document: str
    page: int | None
    printed: str
    start: int
    end: int
    section: str
    score: float
    steps: list[Step]
    text: str


class Warned(BaseModel):
    """Something in the question that looks like an identifier: its type, its place in the question, the rule that found it."""

    type: str
    start: int
    end: int
    rule: str
    score: float


class Understood(BaseModel):
    """Whose documents the question was taken to be about.

    `patients` are those that it names or describes (`how`), `choices` others that it might mean, `unknown` ids that it names
    and no document has; `notes` say in words what was understood.
    """

    patients: list[str]
    how: Literal["", "named", "described"]
    notes: list[str]
    unknown: list[str]
    choices: list[str]


class Found(BaseModel):
    """The passages that would go into the prompt, best first."""

    question: str
    scope: Understood
    passages: list[Passage]
    warnings: list[Warned]


class Cited(BaseModel):
    """A quotation with its place."""

    document: str
    page: int | None
    printed: str
    start: int
    end: int
    quote: str


class Needed(Cited):
    """A citation; `spare` where the others of its statement carry it alone."""

    spare: bool


class Words(BaseModel):
    """Some words and where they stand: in the statement or response, or in the source; with a document, in its text."""

    document: str | None = None
    start: int
    end: int
    text: str | None = None


class Checked(BaseModel):
    """What a check found: `said` are the words that it is about, `source` those of the source, null where it has none."""

    check: str
    verdict: Literal["supported", "contradicted", "missing"]
    detail: str
    said: Words
    source: Words | None


class Stated(BaseModel):
    """A statement. `supported` is null where it was not judged; `verdict` and `reason` say why, `reasons` what each check found.

    `role` parts what answers from what is shown beside it; `label` says where it stands; `marks` say what a
    reader has to know of its source. `elsewhere` are passages that it does not cite and that carry it, `against` those that say
    the opposite.
    """

    text: str
    supported: bool | None
    verdict: Verdict
    reason: str
    role: Literal["answer", "also"]
    label: str
    marks: list[str]
    citations: list[Needed]
    elsewhere: list[Cited]
    against: list[Cited]
    reasons: list[Checked]


class Weighed(BaseModel):
    """A statement of a text that was verified; `start` and `end` are its characters in the text.

    Held against the documents, it has its verdict in a word, the passages that carry it and those that say the opposite.
    """

    text: str
    start: int
    end: int
    supported: bool | None
    reasons: list[Checked]
    verdict: Verdict = "not judged"
    reason: str = ""
    citations: list[Needed] = []
    against: list[Cited] = []


class Verdicts(BaseModel):
    """A verified text: `score` is the probability that all of it is supported."""

    id: str | None = None
    score: float
    claims: list[Weighed]
    warnings: list[Warned] = []


class Placed(Cited):
    """One of two passages that differ: what it says in a word, of which day, by whom (a role), and how far it counts.

    `standing` says how far its document is in force, "" where it does not say; `counts` is false where another takes its place.
    """

    says: str
    date: str
    author: str
    standing: str
    counts: bool


class Differing(BaseModel):
    """Two passages that answer differently, of what kind and about what."""

    kind: ConflictKind
    subject: str
    positions: list[Placed] = Field(min_length=2, max_length=2)


class Deferred(BaseModel):
    """A rule by which a person must look at the answer, and its reason in words."""

    rule: str
    reason: str


class Followed(BaseModel):
    """How a question of a conversation was put.

    `how` is "alone" where it stands by itself, "rules" or "model" where one of them put it, and "unsure" where it was left as it
    was typed since nobody can tell what it means; `notes` say in words what was taken from where.
    """

    typed: str
    asked: str
    how: Way
    notes: list[str]


class Digested(BaseModel):
    """A document that passages or citations stand in, and the SHA-256 of its text as UTF-8."""

    document: str
    sha256: str


class Answered(BaseModel):
    """An answer with its outcome, statements, citations, passages and milliseconds a stage.

    `missing` are the parts of the question that are not answered. `nearest` is, of a refusal, the sentence that comes nearest
    to an answer, and is none. `conflicts` are the passages that differ, `deferred` the rules by which a person must look.
    `question` is the question as it was asked; `follow` says how it was put in a conversation.
    """

    conversation: str | None
    follow: Followed | None
    question: str
    answer: str
    outcome: Outcome
    refused: bool
    missing: list[str]
    nearest: Cited | None
    scope: Understood
    confidence: float
    notice: str
    claims: list[Stated]
    conflicts: list[Differing]
    deferred: list[Deferred]
    hits: list[Passage]
    documents: list[Digested]
    ms: dict[str, float]
    warnings: list[Warned]


class Scope(BaseModel):
    """What questions may see at most: the filter that the service was started with, and over how much that leaves."""

    filter: dict[str, list[str] | str | bool | None]
    documents: int
    passages: int


class Health(BaseModel):
    """Whether the service answers at once."""

    status: Literal["ok", "unprepared"]


class Problem(BaseModel):
    """What is wrong and what to do; never document text."""

    error: str
