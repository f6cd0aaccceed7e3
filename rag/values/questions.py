"""Questions: what is searched for, who may see what, what was found, and how far that carries."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from rag.errors import SettingProblem
from rag.values.documents import Chunk, Document, Span

DAY = re.compile(r"\d{4}(?:-\d\d){0,2}", re.ASCII)


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
