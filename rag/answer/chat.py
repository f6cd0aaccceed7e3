"""Answers by a chat model through LangChain, by provider, name and base URL."""

import os
import re
import time
from collections.abc import Generator, Iterator
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field

from rag.answer.base import Answering, citation
from rag.answer.evidence import Asked, confidence
from rag.errors import ModelProblem
from rag.governance.egress import is_local, permit
from rag.index import Index
from rag.text import sentences, terms, trim
from rag.values import Citation, Claim, Draft, Hit, Prompt

HOMES = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "mistralai": "https://api.mistral.ai",
    "groq": "https://api.groq.com",
    "ollama": "http://localhost:11434",
}
PATIENCE = 10  # Time-outs that a whole answer may last.
MARK = re.compile(r"\s*\[(\d{1,3}(?:\s*[,;]\s*\d{1,3})*)\]")
REFUSAL = re.compile(r"\b(?:do|does|did) not (?:answer|contain|state|mention|say)|not (?:stated|found|given) in the", re.I)


class Chat(Answering):
    """A chat model writes the answer from the prompt and cites the numbered sources."""

    kind: Literal["chat"] = "chat"
    provider: str = Field(default="openai", max_length=40, description="As LangChain names it; openai for any compatible server")
    model: str = Field(default="llama3.2", max_length=120, description="The model's name at its server")
    base_url: str = Field(
        default="http://localhost:11434/v1", max_length=300, description="The server; empty for the provider's own"
    )
    temperature: float = Field(default=0.0, ge=0.0, le=2.0, description="0 for the same answer each time")
    timeout: float = Field(default=60.0, ge=1.0, le=600.0, description="Seconds until a silent server is given up")
    retries: int = Field(default=1, ge=0, le=5, description="Further tries when the server fails")

    def __call__(self, prompt: Prompt, index: Index) -> Generator[str, None, Draft]:
        asked = Asked.of(prompt.question, index)
        sure = confidence(asked, prompt.sources, index, prompt.question)
        if not prompt.sources:
            return Draft("", (), True, 0.0, "No passage was found, so no model was asked.")
        parts: list[str] = []
        for part in self._streamed(prompt):
            parts.append(part)
            yield part
        text = "".join(parts).strip()
        if not text:
            raise ModelProblem(f"{self.model} sent an empty answer. Try again, or choose another model.")
        claims = tuple(claims_of(text, prompt, index))
        refused = bool(REFUSAL.search(text)) and not any(claim.citations for claim in claims)
        return Draft(text, claims, refused, sure)

    def _streamed(self, prompt: Prompt) -> Iterator[str]:
        url = self.base_url or HOMES.get(self.provider, f"https://{self.provider}")
        _checked(url)
        where = f"{self.model} at {url}"
        deadline = time.monotonic() + PATIENCE * self.timeout
        try:
            model = self._model(url)
            for piece in model.stream([(message.role, message.content) for message in prompt.messages]):
                yield str(piece.text)
                if time.monotonic() > deadline:
                    raise ModelProblem(f"{where} had not finished after {PATIENCE * self.timeout:g} s. Raise the time-out.")
        except ModelProblem:
            raise
        except ImportError as error:
            package = re.search(r"langchain[-_]\w+", str(error))
            name = package[0].replace("_", "-") if package else f"langchain-{self.provider}"
            raise ModelProblem(f"The provider {self.provider!r} needs a package. Install it with: pip install {name}") from None
        except Exception as error:  # Every provider has its own kinds; the message names kind and status, never the text.
            raise ModelProblem(_reason(error, where, self.timeout)) from None

    def _model(self, url: str) -> Any:
        from langchain.chat_models import init_chat_model

        settings: dict[str, Any] = {"temperature": self.temperature, "timeout": self.timeout, "max_retries": self.retries}
        settings.update(_straight(self.provider, url))
        if self.base_url:
            settings["base_url"] = self.base_url
            if self.provider == "openai" and not os.environ.get("OPENAI_API_KEY"):
                settings["api_key"] = "none"
        try:
            return init_chat_model(self.model, model_provider=self.provider, **settings)
        except ValueError:
            raise ModelProblem(
                f"LangChain knows no provider {self.provider!r}. Use openai for any OpenAI-compatible server, "
                "or anthropic, ollama, mistralai, google_genai, azure_openai, bedrock."
            ) from None


def _checked(url: str) -> None:
    try:
        urlsplit(url).port  # noqa: B018  Reading it is what checks it.
    except ValueError:
        raise ModelProblem(f"The address {url!r} is not a URL. Write it like http://localhost:11434/v1") from None
    permit(url)


def _straight(provider: str, url: str) -> dict[str, Any]:
    """Settings that keep the prompt on the way to this address: no redirect, and to this machine no proxy."""
    direct: dict[str, Any] = {"follow_redirects": False, "trust_env": not is_local((urlsplit(url).hostname or "").lower())}
    if provider == "openai":
        from openai import DefaultHttpxClient

        return {"http_client": DefaultHttpxClient(**direct)}
    return {"client_kwargs": direct} if provider == "ollama" else {}


def _reason(error: Exception, where: str, timeout: float) -> str:
    status = getattr(error, "status_code", None)
    kind = type(error).__name__
    if "Timeout" in kind:
        return f"{where} sent nothing for {timeout:g} s. Raise the time-out, or check the server."
    if status == 401 or "api_key" in str(error).lower()[:200]:
        return f"{where} wants an API key. Set it in the environment, for example OPENAI_API_KEY."
    if status == 404:
        return f"{where} is not known there (404). Check the model's name and the base URL."
    if status == 429:
        return f"{where} refuses for now: too many requests (429). Wait, then try again."
    if status and 300 <= status < 400:
        return f"{where} points to another address ({status}), which is not followed. Give the final URL as base URL."
    if status:
        return f"{where} failed with status {status}. Try again, or look into the server's log."
    if "Connect" in kind or isinstance(error, ConnectionError):
        return f"{where} cannot be reached. Is the server running, and is the base URL right?"
    return f"{where} sent something that is not a chat answer ({kind}). Is this an OpenAI-compatible server?"


def claims_of(text: str, prompt: Prompt, index: Index) -> Iterator[Claim]:
    """The sentences of a model's answer with their citations; a number that was not given is a wrong citation."""
    for start, end in _statements(text):
        marked = text[start:end]
        numbers = [int(number) for marks in MARK.findall(marked) for number in re.findall(r"\d+", marks)]
        plain = MARK.sub("", marked).strip()
        if not any(map(str.isalnum, plain)):
            continue
        given = [number for number in dict.fromkeys(numbers) if 1 <= number <= len(prompt.sources)]
        wrong = [number for number in dict.fromkeys(numbers) if number not in given]
        citations = tuple(_nearest(plain, prompt.sources[number - 1], number, index) for number in given)
        if wrong:
            cited = ", ".join(map(str, wrong))
            yield Claim(plain, citations, False, f"cites source {cited}, but {len(prompt.sources)} were given")
        elif not numbers:
            yield Claim(plain, (), False, "cites no source")
        else:
            yield Claim(plain, citations)


def _statements(text: str) -> Iterator[tuple[int, int]]:
    """Sentences, where marks after a full stop belong to the sentence before them."""
    spans: list[list[int]] = []
    for start, end in sentences(text):
        lead = MARK.match(text, start)
        while spans and lead and lead.end() <= end:
            spans[-1][1] = start = lead.end()
            lead = MARK.match(text, start)
        start, end = trim(text, start, end)
        if start < end:
            spans.append([start, end])
    return ((start, end) for start, end in spans)


def _nearest(statement: str, hit: Hit, number: int, index: Index) -> Citation:
    """The sentence of a source that shares most terms with a statement, as its citation."""
    document = index.documents[hit.chunk.span.document]
    wanted = set(terms(statement))
    places = index.sentences(hit.chunk.span) or [(hit.chunk.span.start, hit.chunk.span.end)]
    start, end = max(places, key=lambda place: len(wanted.intersection(terms(document.text[slice(*place)]))))
    return citation(hit, number, index, start, end)
