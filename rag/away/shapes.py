"""What the service takes and gives, as it stands in its OpenAPI description."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from rag.pipeline import LONGEST_QUESTION
from rag.values import Filter

MOST_VALUES = 1000


def _day(written: str) -> str:
    try:
        if date.fromisoformat(written).isoformat() == written:
            return written
    except ValueError:
        pass
    raise ValueError("not a day written like 2024-03-14")


Day = Annotated[str, AfterValidator(_day)]
Names = Annotated[list[Annotated[str, Field(max_length=300)]], Field(max_length=MOST_VALUES)]


class Taken(BaseModel):
    """What a client sends: a field that is not known is a mistake, never passed over."""

    model_config = ConfigDict(extra="forbid")


class Only(Taken):
    """What the question may see. Empty lists allow everything; both ends of the dates belong to the range."""

    documents: Names = []
    types: Names = []
    after: Day | None = None
    before: Day | None = None
    patients: Names = []
    authors: Names = []
    in_force: bool = Field(default=False, description="Without editions that a later one replaces")

    @property
    def filter(self) -> Filter:
        """The same as the pipeline takes it."""
        lists = [tuple(names) for names in (self.documents, self.types, self.patients, self.authors)]
        return Filter(lists[0], lists[1], self.after, self.before, lists[2], lists[3], self.in_force)


class Asked(Taken):
    """A question."""

    question: str = Field(min_length=1, max_length=LONGEST_QUESTION)
    filter: Only = Only()


class Step(BaseModel):
    """What one step thought of a passage."""

    name: str
    score: float
    rank: int


class Passage(BaseModel):
    """A passage: characters `start` to `end` of the document's text, its physical page, and its exact text."""

    document: str
    page: int | None
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


class Found(BaseModel):
    """The passages that would go into the prompt, best first."""

    question: str
    passages: list[Passage]
    warnings: list[Warned]


class Cited(BaseModel):
    """A quotation with its place."""

    document: str
    page: int | None
    start: int
    end: int
    quote: str


class Stated(BaseModel):
    """A statement. `supported` is null where it was not judged; `reason` says why."""

    text: str
    supported: bool | None
    reason: str
    citations: list[Cited]


class Answered(BaseModel):
    """An answer with its statements, citations, passages and milliseconds a stage."""

    question: str
    answer: str
    refused: bool
    confidence: float
    notice: str
    claims: list[Stated]
    hits: list[Passage]
    ms: dict[str, float]
    warnings: list[Warned]


class Health(BaseModel):
    """Whether the service answers, and over how much."""

    status: str
    documents: int
    passages: int


class Problem(BaseModel):
    """What is wrong and what to do; never document text."""

    error: str
