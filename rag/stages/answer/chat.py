"""Answers by a chat model, as running text or as JSON, every statement with the sources that it cites."""

import re
from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from rag.errors import ModelProblem
from rag.stages.answer.base import Answering
from rag.stages.answer.claims import claim_of, claims_of
from rag.stages.answer.named_sources import NamedSources
from rag.stages.answer.refusals import sorted_out
from rag.stages.answer.structured import INSTRUCTION, SCHEMA, Named, Structured, is_structured, repair, structured
from rag.stages.index.base import Index
from rag.stages.models.chat import ChatModel, Reply, prompt_tokens
from rag.stages.models.endings import repeatable
from rag.stages.models.parameters import LIMITS
from rag.stages.verify.withheld import speaks_of
from rag.values import Claim, Draft, Message, Prompt

JSON = re.compile(r"\s{0,9}(?:`{3}\w{0,8}\s{0,9})?[\[{]\s{0,40}[{\"'“]")
MAYBE_JSON = re.compile(r"\s{0,9}(?:`{1,2}|`{3}\w{0,8}\s{0,9})?[\[{]?\s{0,40}")
MENDED = "The answer was not in the form asked for, and was mended by the model."
SAYS_MISSING = "The model says that something is missing."
DECLINED = "The model declined to answer: its server marks what it says as a refusal."


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
        reply, shown = yield from _unless_json(self.stream(prompt.messages))
        draft = _declined(reply) or self._as_text(reply, prompt, index)
        if not shown:
            yield draft.text
        return draft

    def _as_text(self, reply: Reply, prompt: Prompt, index: Index, notice: str = "") -> Draft:
        if not notice and is_structured(reply.text):
            named = NamedSources(prompt, index).number
            with suppress(ValueError):
                read = structured(reply.text, len(prompt.sources), reply.was_cut, named)
                return self._as_structured(read, reply, prompt, index, "")
        claims = tuple(claims_of(reply.text, prompt, index))
        return _drafted(reply.text, claims, " ".join(filter(None, [notice, self._ended(reply)])))

    def _structured(self, prompt: Prompt, index: Index) -> Generator[str, None, Draft]:
        asking = self.stream(prompt.messages, SCHEMA)
        first = _silently(asking)
        if declined := _declined(first):
            yield declined.text
            return declined
        read, notice = self._read(first, prompt, NamedSources(prompt, index).number)
        if read is None:
            yield first.text
            return self._as_text(first, prompt, index, notice)
        yield read.text
        return self._as_structured(read, first, prompt, index, notice)

    def _as_structured(self, read: Structured, first: Reply, prompt: Prompt, index: Index, notice: str) -> Draft:
        claims = tuple(claim_of(plain, numbers, prompt, index) for plain, numbers in read.sentences)
        about = read.missing and speaks_of(read.missing, prompt.question)
        told = "" if claims or not read.missing else f"The model says what is missing: {read.missing}" if about else SAYS_MISSING
        ended = "" if notice else self._ended(first)
        draft = _drafted(read.text, claims, " ".join(filter(None, [told, notice, ended])))
        return replace(draft, missing=(*draft.missing, *filter(None, [read.missing]))) if claims else draft

    def _read(self, first: Reply, prompt: Prompt, named: Named) -> tuple[Structured | None, str]:
        """The answer's sentences, after one request to mend it where need be, and a notice; None where both fail."""
        try:
            return structured(first.text, len(prompt.sources), first.was_cut, named), ""
        except ValueError as error:
            fault = str(error)
        asked = Message("user", repair(fault))
        try:
            again, _ = self.complete((*prompt.messages, Message("assistant", first.text), asked), SCHEMA)
            return structured(again, len(prompt.sources), named=named), MENDED
        except ValueError:
            return (
                None,
                f"The answer was not in the form asked for ({fault}), also after a request to mend it; it is read as text.",
            )
        except ModelProblem as problem:
            return None, f"The answer was not in the form asked for ({fault}) and is read as text; mending failed: {problem}"

    def _ended(self, reply: Reply) -> str:
        """What a reader has to know of how the answer came about and ended."""
        return " ".join(filter(None, [self._left_out(reply), self._end(reply)]))

    def _end(self, reply: Reply) -> str:
        match reply.ended:
            case "cut":
                return f"The answer was cut off at {self.max_tokens:,} tokens. Raise max_tokens."
            case "filtered":
                return f"The server's content filter stopped the answer ({repeatable(reply.ending)}): it is not whole."
            case "early":
                return f"The server ended the answer with {repeatable(reply.ending)}; it may be cut off."
        if reply.read_less:
            return (
                f"The server counted {reply.sent:,} tokens of about {reply.estimate:,} that were sent: it may have dropped "
                "a part of the prompt. Raise the window at the server (num_ctx in Ollama), or lower the prompt's budget."
            )
        return "The server did not say that the answer is complete; it may be cut off." if reply.ended == "unsaid" else ""

    def _left_out(self, reply: Reply) -> str:
        """What the server refused and was asked without."""
        names = sorted(reply.without & {"temperature", "seed"})
        if reply.without.issuperset(LIMITS):
            names.append("max_tokens")
        told = f"The server does not take {' and '.join(names)}, so it was asked without." if names else ""
        system = (
            "The server takes no system message; that text was sent before the question." if "system" in reply.without else ""
        )
        return " ".join(filter(None, [told, system]))


def _declined(reply: Reply) -> Draft | None:
    """The draft where a model says nothing but a refusal in the field for that."""
    return Draft(reply.refusal, refused=True, notice=DECLINED) if reply.refusal and not reply.text else None


def _drafted(text: str, claims: tuple[Claim, ...], notice: str) -> Draft:
    """The draft of these statements: a refusal as a whole, or those that state something, and what is said to be missing."""
    refused, stated, missing = sorted_out(claims)
    return Draft(text, stated, refused, notice, missing)


def _unless_json(asking: Generator[str, None, Reply]) -> Generator[str, None, tuple[Reply, bool]]:
    """Text as it comes; JSON, which nobody reads while it comes, is held back. Returns whether anything was shown."""
    begun, shown = "", False
    while True:
        try:
            part = next(asking)
        except StopIteration as done:
            if begun and not shown and not JSON.match(begun):
                yield begun
                shown = True
            return done.value, shown
        if shown:
            yield part
            continue
        begun = begun if JSON.match(begun) else begun + part
        if not JSON.match(begun) and not MAYBE_JSON.fullmatch(begun):
            shown = True
            yield begun


def _silently(asking: Generator[str, None, Reply]) -> Reply:
    while True:
        try:
            next(asking)
        except StopIteration as done:
            reply: Reply = done.value
            return reply
