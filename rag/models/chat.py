"""The settings that every stage with a chat model has, and the asking itself: in time, again where it may help, counted."""

import random
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from rag.artifacts import Artifacts
from rag.embed.minilm import token_count
from rag.errors import ModelProblem
from rag.governance.egress import is_local, permit, permit_tracing
from rag.models.problems import REFUSED_FORM, is_passing, reason, status_of, wait_of
from rag.models.providers import LOCAL, Wanted, address, client
from rag.models.reply import spoken
from rag.models.usage import record
from rag.stage import Stage, fingerprint
from rag.values import Message, Usage

PATIENCE = 10  # Time-outs that a whole answer may last.
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
EACH_MESSAGE = 4  # Tokens that a message costs beside its text.
LEAST_READ = 0.5  # A model's own tokens are rarely this few for a WordPiece token.
MILLION = 1_000_000
ENDINGS = ("finish_reason", "done_reason", "stop_reason", "stopReason")
CUT_OFF = {"length", "max_tokens", "MAX_TOKENS"}
BESIDE = {"timeout", "retries", "price_in", "price_out", "context"}

Schema = dict[str, Any]


@dataclass
class Reply:
    """What came of one request: text, tokens, and how the server said that it ended ("" where it did not say).

    `estimate` is about what was sent, `sent` and `received` what the server counted.
    """

    estimate: int
    text: str = ""
    sent: int = 0
    received: int = 0
    ending: str = ""
    usage: Usage = field(default_factory=Usage)

    def take(self, piece: Any) -> str:
        """Reads one piece of the stream and returns its text."""
        told = getattr(piece, "usage_metadata", None) or {}
        self.sent += told.get("input_tokens", 0)
        self.received += told.get("output_tokens", 0)
        about = getattr(piece, "response_metadata", None) or {}
        self.ending = next((str(about[name]) for name in ENDINGS if about.get(name)), self.ending)
        return str(piece.text)

    @property
    def was_cut(self) -> bool:
        return self.ending in CUT_OFF

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
        while True:
            reply = Reply(estimate)
            try:
                for part in spoken(self._pieces(url, messages, schema, reply)):
                    reply.text += part
                    yield part
                    if time.monotonic() > until:
                        raise ModelProblem(f"{where} had not finished after {PATIENCE * self.timeout:g} s. Raise the time-out.")
                reply.text = reply.text.strip()
                if not reply.text:
                    advice = f"Its {self.max_tokens:,} tokens were used up: raise max_tokens" if reply.was_cut else "Try again"
                    raise ModelProblem(f"{where} sent an empty answer. {advice}, or choose another model.")
                return reply
            except ModelProblem:
                raise
            except Exception as error:  # Every provider has its own kinds; the message names kind and status, never the text.
                if schema and not reply.text and status_of(error) in REFUSED_FORM:
                    schema = None
                    continue
                pause = wait_of(error) or min(FIRST_PAUSE * 2**tried * random.uniform(0.8, 1.2), LONGEST_PAUSE)
                hopeless = reply.text or tried == self.retries or not is_passing(error)
                if hopeless or pause > self.timeout or time.monotonic() + pause > until:
                    begun = bool(reply.text)
                    raise ModelProblem(reason(error, where, self.provider, self.timeout, begun)) from None
                tried += 1
                time.sleep(pause)
            finally:
                if reply.text or reply.sent:
                    reply.usage = self._used(reply)
                    record(reply.usage)

    def _pieces(self, url: str, messages: Sequence[Message], schema: Schema | None, reply: Reply) -> Iterator[str]:
        for piece in self._model(url, schema).stream([(message.role, message.content) for message in messages]):
            yield reply.take(piece)

    def _model(self, url: str, schema: Schema | None = None) -> Any:
        limits = (self.max_tokens, self.context, self.timeout, PATIENCE * self.timeout)
        return client(Wanted(self.provider, self.model, url, self.temperature, self.seed, *limits), schema)

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


def prompt_tokens(messages: Sequence[Message]) -> int:
    """About how many tokens messages have: WordPiece, and a few for each message; a model's own count differs somewhat."""
    return sum(token_count(message.content) + EACH_MESSAGE for message in messages)
