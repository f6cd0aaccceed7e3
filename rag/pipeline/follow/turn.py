"""The records of a conversation: a question with what became of it, and a follow-up as it is to be asked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from rag.clinical.statements import shown
from rag.stages.index.base import Index
from rag.values import Answer, Citation, Outcome, Usage


@dataclass(frozen=True, slots=True)
class Turn:
    """A question of a conversation and what became of it, as far as a later one may lean on it.

    `typed` is the question as it was typed, `asked` as it was asked. `statement` is the first statement of the answer, "" where
    nothing is stated, and `citations` are its places; `patients` are those whom the question was taken to be about.
    """

    typed: str
    asked: str
    outcome: Outcome = "refused"
    statement: str = ""
    patients: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()

    def still_stated(self, index: Index) -> str:
        """The first statement, or nothing where a document that it is taken from has gone."""
        return self.statement if all(one.span.document in index.documents for one in self.citations) else ""


Way = Literal["alone", "rules", "model", "unsure"]


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A follow-up as it is to be asked.

    `how` says who put it so: nobody, since it stands alone; the rules; a model; or nobody, since it is not sure what it means.
    `notes` say in words what was taken from where, or why nothing was; `usage` is what a model took.
    """

    question: str
    how: Way = "alone"
    notes: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)

    @property
    def told(self) -> str:
        """What a reader has to know of it, on a line; "" where the question stands alone."""
        about = "; ".join(self.notes)
        if self.how == "unsure":
            return f"Asked as typed: {about}"
        return f"Asked as: {self.question}" + (f" ({about})" if about else "") if self.how != "alone" else ""


def turn_of(answer: Answer, typed: str = "") -> Turn:
    """An answer as a turn. `typed` is the question before it was put anew."""
    first = next((claim for claim in answer.claims if claim.role == "answer"), None) if not answer.refused else None
    statement, citations = (f"{first.lead}{shown(first.text)}", first.citations) if first else ("", ())
    return Turn(typed or answer.question, answer.question, answer.outcome, statement, answer.scope.patients, citations)


def last(turns: Sequence[Turn], most: int) -> tuple[Turn, ...]:
    """The last of these turns, at most so many."""
    return tuple(turns)[-most:]
