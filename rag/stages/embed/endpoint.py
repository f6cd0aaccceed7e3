"""Embeddings by an OpenAI-compatible server (`/v1/embeddings`): Ollama, vLLM, llama.cpp, TEI, or a provider's own."""

import json
from typing import Any, Literal

from pydantic import Field

from rag.errors import ModelProblem
from rag.governance.addresses import cleaned, key_in
from rag.governance.egress import direct
from rag.governance.keys import EMBEDDING, keys_of
from rag.governance.waiting import wait_in
from rag.stages.embed.remote import Passing, Remote

PATIENCE = 4  # Time-outs that a whole reply may last.
PASSING = {408, 409, 425, 429}


class Endpoint(Remote):
    """A model on an OpenAI-compatible server (Ollama, vLLM, llama.cpp) by its URL; another machine must be allowed first."""

    kind: Literal["endpoint"] = "endpoint"
    base_url: str = Field(default="http://localhost:11434/v1", max_length=300, description="The server, up to /v1")
    model: str = Field(default="nomic-embed-text", max_length=120, description="The model's name at its server")
    question_prefix: str = Field(default="", max_length=300, description="Put before a question, where the model wants it")
    passage_prefix: str = Field(default="", max_length=300, description="Put before a passage, where the model wants it")

    def address(self) -> str:
        return cleaned(self.base_url).rstrip("/")

    @property
    def where(self) -> str:
        return f"{self.model} at {self.base_url}"

    def ask(self, texts: list[str], question: bool) -> Any:
        import httpx

        prefix = self.question_prefix if question else self.passage_prefix
        body = {"model": self.model, "input": [prefix + text for text in texts], "encoding_format": "float"}
        headers = {"Authorization": f"Bearer {key}"} if (key := _key(self.address())) else {}
        try:
            with httpx.Client(timeout=self.timeout, **direct(self.address(), PATIENCE * self.timeout)) as client:
                reply = client.post(f"{self.address()}/embeddings", json=body, headers=headers)
        except httpx.TimeoutException:
            raise Passing(f"sent nothing for {self.timeout:g} s") from None
        except httpx.TransportError as error:
            kind = "cannot be reached" if isinstance(error, httpx.ConnectError) else "broke off its answer"
            raise Passing(kind) from None
        except httpx.InvalidURL:
            raise ModelProblem(f"The address {self.base_url!r} is not a URL. Write it like http://localhost:11434/v1") from None
        if reply.status_code in PASSING or reply.status_code >= 500:
            raise Passing(f"failed with status {reply.status_code}", wait_in(reply.headers))
        if reply.status_code != 200:
            raise ModelProblem(f"{self.where} {_refusal(reply.status_code)}")
        return self._vectors(reply.content, len(texts))

    def _vectors(self, content: bytes, count: int) -> list[Any]:
        try:
            told = json.loads(content)
            by_index = {int(item["index"]): item["embedding"] for item in told["data"]}
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ModelProblem(f"{self.where} sent something that is no list of embeddings. Is the base URL right?") from None
        if sorted(by_index) != list(range(count)) or len(told["data"]) != count:
            raise ModelProblem(
                f"{self.where} was sent {count} texts and gave {len(told['data'])} vectors, or gave one twice. Check the server."
            )
        return [by_index[at] for at in range(count)]


def _key(url: str) -> str:
    """The server's key: OPENAI_API_KEY goes to OpenAI alone, and over https."""
    return key_in([EMBEDDING]) or keys_of("openai", EMBEDDING).key(url)


def _refusal(status: int) -> str:
    if status in {401, 403}:
        return f"wants an API key ({status}). Set it in the environment: {EMBEDDING}."
    if status == 404:
        return "is not known there (404). Check the model's name and the base URL."
    if 300 <= status < 400:
        return f"points to another address ({status}), which is not followed. Give the final URL as base URL."
    if status in {400, 413, 422}:
        return f"refuses the request ({status}). Perhaps the passages are too long or too many: lower batch or the chunk's size."
    return f"failed with status {status}. Look into the server's log."
