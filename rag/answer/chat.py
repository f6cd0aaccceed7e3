"""Answers by a chat model, as running text or as JSON, every statement with the sources that it cites."""

import re
from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from rag.answer.base import Answering
from rag.answer.claims import claim_of, claims_of
from rag.answer.structured import INSTRUCTION, SCHEMA, Structured, repair, structured
from rag.errors import ModelProblem
from rag.index.base import Index
from rag.models.chat import ChatModel, Reply, prompt_tokens
from rag.values import Claim, Draft, Message, Prompt

REFUSAL = re.compile(r"\b(?:do|does|did) not (?:answer|contain|state|mention|say)|not (?:stated|found|given) in the", re.I)
COMPLETE = frozenset({"", "none", "nothing", "n/a", "na", "no", "null", "empty", "nothing is missing", "nothing missing"})


class Chat(ChatModel, Answering):
    """A chat model writes the answer from the prompt and cites the numbered sources."""

    asks_model: ClassVar[bool] = True
    kind: Literal["chat"] = "chat"
    form: Literal["text", "structured"] = Field(
        default="text",
        description="text: streams as it is written; structured: JSON of sentences with source numbers, repaired once if need be",
    )

    def phrased(self, prompt: Prompt) -> Prompt:
        if self.form == "text" or not prompt.sources or prompt.messages[-1].content.endswith(INSTRUCTION):
            return prompt
        *first, last = prompt.messages
        messages = (*first, Message(last.role, f"{last.content}\n\n{INSTRUCTION}"))
        return replace(prompt, messages=messages, tokens=prompt.tokens + prompt_tokens([Message("", INSTRUCTION)]))

    def __call__(self, prompt: Prompt, index: Index) -> Generator[str, None, Draft]:
        prompt = self.phrased(prompt)
        if not prompt.sources:
            return Draft(notice="No passage was found, so no model was asked.")
        if self.form == "structured":
            return (yield from self._structured(prompt, index))
        reply = yield from self.stream(prompt.messages)
        return self._as_text(reply, prompt, index)

    def _as_text(self, reply: Reply, prompt: Prompt, index: Index, notice: str = "") -> Draft:
        claims = tuple(claims_of(reply.text, prompt, index))
        return Draft(reply.text, claims, _says_nothing(reply.text, claims), " ".join(filter(None, [notice, self._ended(reply)])))

    def _structured(self, prompt: Prompt, index: Index) -> Generator[str, None, Draft]:
        asking = self.stream(prompt.messages, SCHEMA)
        first = _silently(asking)
        read, notice = self._read(first, prompt)
        if read is None:
            yield first.text
            return self._as_text(first, prompt, index, notice)
        yield read.text
        claims = tuple(claim_of(plain, numbers, prompt, index) for plain, numbers in read.sentences)
        missing = () if read.missing.strip(" .\"'").lower() in COMPLETE else (read.missing,)
        told = f"The model says what is missing: {read.missing}" if missing and not claims else ""
        ended = "" if notice else self._ended(first)
        notice = " ".join(filter(None, [told, notice, ended]))
        return Draft(read.text, claims, _says_nothing(read.text, claims), notice, missing if claims else ())

    def _read(self, first: Reply, prompt: Prompt) -> tuple[Structured | None, str]:
        """The answer's sentences, after one request to mend it where need be, and a notice; None where both fail."""
        try:
            return structured(first.text), ""
        except ValueError as error:
            fault = str(error)
        asked = Message("user", repair(fault))
        try:
            again, _ = self.complete((*prompt.messages, Message("assistant", first.text), asked), SCHEMA)
            return structured(again), "The answer was not in the form asked for, and was mended by the model."
        except ValueError:
            return (
                None,
                f"The answer was not in the form asked for ({fault}), also after a request to mend it; it is read as text.",
            )
        except ModelProblem as problem:
            return None, f"The answer was not in the form asked for ({fault}) and is read as text; mending failed: {problem}"

    def _ended(self, reply: Reply) -> str:
        if reply.read_less:
            return (
                f"The server counted {reply.sent:,} tokens of about {reply.estimate:,} that were sent: it may have dropped "
                "a part of the prompt. Raise the window at the server (num_ctx in Ollama), or lower the prompt's budget."
            )
        if reply.was_cut:
            return f"The answer was cut off at {self.max_tokens:,} tokens. Raise max_tokens."
        return "" if reply.ending else "The server did not say that the answer is complete; it may be cut off."


def _says_nothing(text: str, claims: Sequence[Claim]) -> bool:
    """Whether a model's text says no more than that the sources do not answer."""
    return bool(REFUSAL.search(text)) and not any(claim.citations for claim in claims)


def _silently(asking: Generator[str, None, Reply]) -> Reply:
    while True:
        try:
            next(asking)
        except StopIteration as done:
            reply: Reply = done.value
            return reply
