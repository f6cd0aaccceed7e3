"""Queries written by a chat model: the question put anew, put in several ways, answered in advance, or taken apart."""

from collections.abc import Callable
from typing import ClassVar, Literal

from pydantic import Field

from rag.stages.expand.asked import Expanding
from rag.stages.index.base import Index
from rag.stages.models.chat import ChatModel, prompt_tokens
from rag.stages.models.reply import texts_in
from rag.values import Filter, Message, Query, Usage

LONGEST = 400  # Characters of a query; what a model writes beyond is cut off.
LONGEST_PASSAGE = 2000
KEPT = 2000
JSON_LIST = " Answer with a JSON list of strings alone."


class Written(ChatModel, Expanding):
    """What every expansion by a model has. What it wrote to a question is kept while the app runs."""

    instruction: str = Field(default="", max_length=4000, description="What the model is told about its task")

    longest: ClassVar[int] = LONGEST
    expected: ClassVar[int] = 20  # Tokens that a text is expected to have, for the cost shown first.

    @property
    def most(self) -> int:
        """How many texts are read of an answer."""
        return 1

    @property
    def told(self) -> str:
        """The instruction as it is sent."""
        return self.instruction

    def __call__(self, question: str, index: Index, only: Filter = Filter()) -> Query:
        texts = self._written(question, index)
        if not texts:
            return Query(question, notes=("nothing else: the model wrote no query that could be read",))
        return self.query(question, texts)

    def query(self, question: str, texts: tuple[str, ...]) -> Query:
        """What is searched for, given what the model wrote."""
        raise TypeError(f"{type(self).__name__} makes no query")

    def estimate(self, question: str, index: Index) -> Usage:
        """What expanding this question would take, before any call; what was written already costs nothing."""
        if index.artifacts.recall(self.asked_key(question)):
            return self.usage_of(0, 0, 0)
        return self.usage_of(1, prompt_tokens(self._messages(question)), self.expected * self.most)

    def _messages(self, question: str) -> tuple[Message, ...]:
        return (*([Message("system", self.told)] if self.told else []), Message("user", question))

    def _written(self, question: str, index: Index) -> tuple[str, ...]:
        messages = self._messages(question)

        def ask() -> tuple[str, ...]:
            text = self.timed(messages, index.artifacts)
            same = " ".join(question.lower().split())
            return tuple(one for one in self._read(text) if one.lower() != same)

        made: Callable[..., tuple[str, ...]] = index.artifacts.remembered
        return made(self.asked_key(question), ask, "queries", KEPT)

    def _read(self, text: str) -> list[str]:
        return texts_in(text, self.most, self.longest)


class Rewrite(Written):
    """A chat model puts the question anew so that it stands alone; the vectors compare that, and it is searched beside."""

    kind: Literal["rewrite"] = "rewrite"
    instruction: str = Field(
        default=(
            "Rewrite the question of a clinician as one search query that stands alone: spell out abbreviations, name what "
            "is meant, keep every drug, number, side, date and negation. Answer with the query alone."
        ),
        max_length=4000,
        description="What the model is told about its task",
    )

    def query(self, question: str, texts: tuple[str, ...]) -> Query:
        return Query(question, texts=texts, instead=texts[0], notes=(f"{texts[0]} (rewritten by {self.model})",))


class Queries(Written):
    """A chat model puts the question in several ways; each is searched, the ranks fused (RAG-Fusion; Rackauckas, 2024)."""

    kind: Literal["queries"] = "queries"
    number: int = Field(default=3, ge=1, le=10, description="Further queries")
    instruction: str = Field(
        default=(
            "Write search queries that would find the answer to the question of a clinician in medical documents. Each "
            "puts it in other words: synonyms, generic and brand names, abbreviations and their long forms. Change no "
            "number, side, date or negation."
        ),
        max_length=4000,
        description="What the model is told about its task; the number and the form are added",
    )

    made: ClassVar[str] = "written"

    @property
    def most(self) -> int:
        return self.number

    @property
    def told(self) -> str:
        return f"{self.instruction} Write at most {self.number}.{JSON_LIST}".strip()

    def query(self, question: str, texts: tuple[str, ...]) -> Query:
        return Query(question, texts=texts, notes=tuple(f"{text} ({self.made} by {self.model})" for text in texts))


class Decompose(Queries):
    """A chat model takes a question of several parts apart; each part is searched, and the ranks are fused."""

    kind: Literal["decompose"] = "decompose"  # type: ignore[assignment]
    number: int = Field(default=4, ge=1, le=10, description="Parts at most")
    instruction: str = Field(
        default=(
            "Take the question of a clinician apart into the simpler questions that must be answered first. Each stands "
            "alone and names the patient, drug or condition that it is about. A question with one part stays one."
        ),
        max_length=4000,
        description="What the model is told about its task; the number and the form are added",
    )

    made: ClassVar[str] = "a part,"


class Hyde(Written):
    """A chat model invents a passage that would answer (HyDE; Gao et al., 2023); the vectors look for its like, never quoted."""

    kind: Literal["hyde"] = "hyde"
    instruction: str = Field(
        default=(
            "Write the passage of a medical document that would answer the question of a clinician, in about 80 words and "
            "in the style of such documents. Answer with the passage alone."
        ),
        max_length=4000,
        description="What the model is told about its task",
    )

    longest: ClassVar[int] = LONGEST_PASSAGE
    expected: ClassVar[int] = 120

    def query(self, question: str, texts: tuple[str, ...]) -> Query:
        note = f"passages like this one, which {self.model} invented: {texts[0]}"
        return Query(question, instead=texts[0], notes=(note,))

    def _read(self, text: str) -> list[str]:
        plain = " ".join(text.split())[: self.longest]
        return [plain] if any(map(str.isalnum, plain)) else []
