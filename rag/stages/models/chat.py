"""The settings that every stage with a chat model has, and the asking itself: in time, again where it may help, counted."""

import random
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from rag.errors import ModelProblem
from rag.governance.egress import is_local, permit, permit_tracing
from rag.governance.keys import CHAT, keys_of
from rag.keep.artifacts import Artifacts
from rag.stage import Stage, fingerprint
from rag.stages.models.endings import Ending, ending
from rag.stages.models.parameters import Refused, refused
from rag.stages.models.problems import REFUSED_FORM, REFUSED_PARAMETER, Asked, is_passing, reason, status_of, wait_of
from rag.stages.models.providers import LOCAL, Wanted, address, client
from rag.stages.models.said import said
from rag.stages.models.thoughts import Hearing
from rag.stages.models.usage import record
from rag.values import Message, Usage
from rag.wordpiece import token_count

PATIENCE = 10  # Time-outs that a whole answer may last.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
EACH_MESSAGE = 4  # Tokens that a message costs beside its text.
LEAST_READ = 0.5  # A model's own tokens are rarely this few for a WordPiece token.
MILLION = 1_000_000
ENDINGS = ("finish_reason", "done_reason", "stop_reason", "stopReason")
BESIDE = {"timeout", "retries", "price_in", "price_out", "context"}

Schema = dict[str, Any]
_REFUSED: dict[tuple[str, str, str], frozenset[str]] = {}  # What servers were found to refuse, while this process runs.


@dataclass
class Reply:
    """What came of one request: text, tokens, and how the server said that it ended ("" where it did not say).

    `estimate` is about what was sent, `sent` and `received` what the server counted; `refusal` is what the model says in the
    field for that. `without` names the parameters that the server refuses, which were left out.
    """

    estimate: int
    text: str = ""
    sent: int = 0
    received: int = 0
    ending: str = ""
    refusal: str = ""
    without: frozenset[str] = frozenset()
    usage: Usage = field(default_factory=Usage)

    def take(self, piece: Any) -> str:
        """Reads one piece of the stream and returns its text."""
        told = getattr(piece, "usage_metadata", None) or {}
        self.sent += told.get("input_tokens", 0)
        self.received += told.get("output_tokens", 0)
        about = getattr(piece, "response_metadata", None) or {}
        self.ending = next((str(about[name]) for name in ENDINGS if about.get(name)), self.ending)
        self.refusal += str((getattr(piece, "additional_kwargs", None) or {}).get("refusal") or "")
        return str(piece.text) or _parts(getattr(piece, "content", None))

    @property
    def ended(self) -> Ending:
        return ending(self.ending)

    @property
    def was_cut(self) -> bool:
        return self.ended == "cut"

    @property
    def read_less(self) -> bool:
        """Whether the server counted so little of the prompt that it may have dropped the rest, as some do silently."""
        return 0 < self.sent < LEAST_READ * self.estimate


class ChatModel(Stage):
    """What every stage with a chat model has: which model where, its limits, its price."""

    provider: Literal["openai", "ollama", "azure_openai", "bedrock", "anthropic", "google_genai", "mistralai", "groq"] = Field(
        default="openai",
        description="Who serves the model; openai also for any compatible server: vLLM, llama.cpp, LM Studio, Ollama",
    )
    model: str = Field(default="llama3.2", max_length=120, description="The model's name at its server")
    base_url: str = Field(default=LOCAL, max_length=300, description="The server; empty for the provider's own")
    temperature: float = Field(default=0.0, ge=0.0, le=2.0, description="0 for the same answer each time")
    seed: int = Field(default=0, ge=0, le=2_147_483_647, description="Seed where the provider takes one; 0 for none")
    max_tokens: int = Field(default=1024, ge=16, le=100_000, description="Most tokens of one answer")
    context: int = Field(
        default=8192,
        ge=0,
        le=2_000_000,
        description="Tokens of the model's window, prompt and answer together; 0 if unknown, then nothing is checked",
    )
    timeout: float = Field(default=60.0, ge=1.0, le=600.0, description="Seconds until a silent server is given up")
    retries: int = Field(default=1, ge=0, le=5, description="Further tries, later each time, when the server is down or busy")
    price_in: float = Field(default=0.0, ge=0.0, le=1000.0, description="Price of a million tokens sent; 0 for no cost count")
    price_out: float = Field(default=0.0, ge=0.0, le=1000.0, description="Price of a million tokens received")

    @model_validator(mode="after")
    def _leaves_room(self) -> Self:
        if self.context and self.max_tokens >= self.context:
            raise ValueError(
                f"max_tokens {self.max_tokens} leaves no room in context {self.context}; lower the first or raise the second"
            )
        return self

    def complete(self, messages: Sequence[Message], schema: Schema | None = None) -> tuple[str, Usage]:
        """The whole answer and what it took. Raises as `stream` does."""
        asking = self.stream(messages, schema)
        while True:
            try:
                next(asking)
            except StopIteration as done:
                reply: Reply = done.value
                return reply.text, reply.usage

    def timed(self, messages: Sequence[Message], artifacts: Artifacts, step: str = "") -> str:
        """The whole answer; how long it took is noted, so that `pace` can tell later. Raises as `stream` does."""
        started = time.perf_counter()
        text, _ = self.complete(messages)
        artifacts.note(self._pace_name(step), 1, time.perf_counter() - started)
        return text

    def pace(self, artifacts: Artifacts, step: str = "") -> float | None:
        """About how many seconds such a call takes, or None where none was made yet."""
        return artifacts.pace(self._pace_name(step))

    def _pace_name(self, step: str) -> str:
        return f"ask {fingerprint(type(self).__name__, step, self.provider, self.model, self.base_url)}"

    def stream(self, messages: Sequence[Message], schema: Schema | None = None) -> Generator[str, None, Reply]:
        """Yields the answer as it comes, without a thinking model's thoughts, and returns it with what it took.

        A `schema` (JSON schema) is handed to the providers that know such a thing, and dropped where the server refuses it.
        Raises ModelProblem: a prompt that does not fit, a host that nobody allowed, a server that fails.
        """
        url = address(self.provider, self.base_url)
        permit(url)
        permit_tracing()
        estimate = self._check_fits(messages)
        where = f"{self.model} at {url}"
        until = time.monotonic() + PATIENCE * self.timeout
        tried = 0
        server = (self.provider, self.model, url)
        without = _REFUSED.get(server, frozenset())
        while True:
            reply = Reply(estimate, without=without)
            try:
                hearing = Hearing()
                for part in hearing.parts(self._pieces(url, messages, schema, reply)):
                    reply.text += part
                    yield part
                    if time.monotonic() > until:
                        raise ModelProblem(f"{where} had not finished after {PATIENCE * self.timeout:g} s. Raise the time-out.")
                reply.text = hearing.text
                if not reply.text and not reply.refusal:
                    raise ModelProblem(f"{where} {self._emptiness(reply)}")
                _REFUSED[server] = without
                return reply
            except ModelProblem:
                raise
            except Exception as error:  # Every provider has its own kinds; the message names kind and status, never the text.
                told = self._refused(error, url, messages, schema, reply)
                if told and told.kind == "parameter" and told.named != "response_format":
                    without |= {told.named}
                    continue
                shaped = status_of(error) in REFUSED_FORM if not told else told.kind == "parameter"
                if schema and not reply.text and shaped:
                    schema = None
                    continue
                pause = wait_of(error) or min(FIRST_PAUSE * 2**tried * random.uniform(0.8, 1.2), LONGEST_PAUSE)
                hopeless = reply.text or told or tried == self.retries or not is_passing(error)
                if hopeless or pause > self.timeout or time.monotonic() + pause > until:
                    begun = bool(reply.text)
                    asked = Asked(self.provider, keys_of(self.provider, CHAT).names(url))
                    repeated = said(error, messages)
                    raise ModelProblem(reason(error, where, asked, self.timeout, begun, told, repeated)) from None
                tried += 1
                time.sleep(pause)
            finally:
                if reply.text or reply.sent or reply.refusal:
                    reply.usage = self._used(reply)
                    record(reply.usage)

    def _pieces(self, url: str, messages: Sequence[Message], schema: Schema | None, reply: Reply) -> Iterator[str]:
        sent = _without_system(messages) if "system" in reply.without else messages
        model = self._model(url, schema, reply.without) if reply.without else self._model(url, schema)
        for piece in model.stream([(message.role, message.content) for message in sent]):
            yield reply.take(piece)

    def _model(self, url: str, schema: Schema | None = None, without: frozenset[str] = frozenset()) -> Any:
        return client(self._wanted(url, without), schema)

    def _wanted(self, url: str, without: frozenset[str]) -> Wanted:
        limits = (self.max_tokens, self.context, self.timeout, PATIENCE * self.timeout)
        return Wanted(self.provider, self.model, url, self.temperature, self.seed, *limits, without)

    def _refused(
        self, error: Exception, url: str, messages: Sequence[Message], schema: Schema | None, reply: Reply
    ) -> Refused | None:
        """What the server's reply says that it refuses, before any of the answer came."""
        status = status_of(error)
        if reply.text or not status:
            return None
        system = any(message.role == "system" for message in messages)
        told = refused(error, self._wanted(url, reply.without).sent(system, bool(schema)))
        return told if told and (status in REFUSED_PARAMETER or told.kind in {"quota", "filter"}) else None

    def _emptiness(self, reply: Reply) -> str:
        """What an answer without a word was, and what helps."""
        match reply.ended:
            case "cut":
                advice = f"Its {self.max_tokens:,} tokens were used up: raise max_tokens"
            case "filtered":
                return "sent no answer: its content filter stopped it. Ask in other words, or choose another model."
            case "early" if reply.ending in {"tool_calls", "function_call", "tool_use"}:
                return "sent no answer, but the call of a tool, and none was offered. Choose another model."
            case _:
                advice = "It may have been all thoughts. Try again" if reply.received else "Try again"
        return f"sent an empty answer. {advice}, or choose another model."

    def _check_fits(self, messages: Sequence[Message]) -> int:
        """About how many tokens the messages have. Raises ModelProblem where they do not fit into the window."""
        tokens = prompt_tokens(messages)
        if self.context and tokens + self.max_tokens > self.context:
            raise ModelProblem(
                f"Not sent: the prompt has about {tokens:,} tokens and the answer may have {self.max_tokens:,} (max_tokens), but "
                f"the window of {self.model} holds {self.context:,} (context). Lower the prompt's budget, rerank.top or "
                "max_tokens; raise context only if the model's window is larger."
            )
        return tokens

    def _used(self, reply: Reply) -> Usage:
        sent, received = reply.sent or reply.estimate, reply.received or token_count(reply.text)
        return self.usage_of(1, sent, received, counted=bool(reply.sent and reply.received))

    def usage_of(self, calls: int, sent: int, received: int, counted: bool = False) -> Usage:
        """So many calls and tokens, with their cost at the prices set."""
        cost = (sent * self.price_in + received * self.price_out) / MILLION
        return Usage(calls, sent, received, counted, cost)

    @property
    def price(self) -> Literal["set", "free", "unknown"]:
        """Whether a call's cost is known: by the prices set, or because the model runs on this machine."""
        if self.price_in or self.price_out:
            return "set"
        try:
            return "free" if is_local((urlsplit(address(self.provider, self.base_url)).hostname or "").lower()) else "unknown"
        except ModelProblem:
            return "unknown"

    def asked_key(self, *parts: str, beside: frozenset[str] = frozenset()) -> str:
        """The key of what this model answers to these parts: of every setting that its words depend on, but those `beside`."""
        return fingerprint(type(self).__name__, self.model_dump_json(exclude=BESIDE | beside), *parts)


def _parts(content: Any) -> str:
    """The text in parts that go by another name than LangChain knows; thoughts are others."""
    parts = content if isinstance(content, list) else []
    return "".join(str(part.get("text") or "") for part in parts if isinstance(part, dict) and part.get("type") == "output_text")


def _without_system(messages: Sequence[Message]) -> list[Message]:
    """The messages for a server that takes no system message: its text goes to the head of the first of the user's."""
    told = "\n\n".join(message.content for message in messages if message.role == "system")
    others = [message for message in messages if message.role != "system"]
    if not others:
        return [Message("user", told)]
    return [Message(others[0].role, f"{told}\n\n{others[0].content}"), *others[1:]]


def prompt_tokens(messages: Sequence[Message]) -> int:
    """About how many tokens messages have: WordPiece, and a few for each message; a model's own count differs somewhat."""
    return sum(token_count(message.content) + EACH_MESSAGE for message in messages)
