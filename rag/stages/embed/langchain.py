"""Embeddings by any of LangChain's providers, through `init_embeddings`."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field

from rag.errors import ModelProblem
from rag.governance.egress import direct, without_hooks
from rag.governance.keys import EMBEDDING, KEYLESS, check_aws, keys_of
from rag.stages.embed.endpoint import PASSING, PATIENCE
from rag.stages.embed.remote import Passing, Remote


@dataclass(frozen=True)
class Home:
    """A provider: the package that speaks its protocol, and its own address."""

    package: str
    url: Callable[[], str]


def _region() -> str:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"


HOMES = {
    "openai": Home("langchain-openai", lambda: "https://api.openai.com/v1"),
    "azure_openai": Home("langchain-openai", lambda: os.environ.get("AZURE_OPENAI_ENDPOINT", "").rstrip("/")),
    "ollama": Home("langchain-ollama", lambda: "http://localhost:11434"),
    "google_genai": Home("langchain-google-genai", lambda: "https://generativelanguage.googleapis.com"),
    "bedrock": Home("langchain-aws", lambda: f"https://bedrock-runtime.{_region()}.amazonaws.com"),
}


class LangChain(Remote):
    """A model of a provider that LangChain knows; texts go to that provider, whose host must be allowed first."""

    kind: Literal["langchain"] = "langchain"
    provider: Literal["openai", "azure_openai", "ollama", "google_genai", "bedrock"] = Field(
        default="openai", description="As LangChain names it; each needs its own package"
    )
    model: str = Field(default="text-embedding-3-small", max_length=120, description="The model's name at its provider")
    base_url: str = Field(default="", max_length=300, description="Another server of that kind; empty for the provider's own")

    def address(self) -> str:
        url = (self.base_url or HOMES[self.provider].url()).rstrip("/")
        if not url:
            raise ModelProblem(
                "azure_openai needs its endpoint. Give it as base URL, like https://NAME.openai.azure.com, "
                "or set AZURE_OPENAI_ENDPOINT."
            )
        try:
            urlsplit(url).port  # noqa: B018  Reading it is what checks it.
        except ValueError:
            raise ModelProblem(f"The address {url!r} is not a URL. Write it like http://localhost:11434/v1") from None
        return url

    @property
    def where(self) -> str:
        return f"{self.model} at {self.address()}"

    def ask(self, texts: list[str], question: bool) -> Any:
        client = self._client()
        try:
            return [client.embed_query(texts[0])] if question else client.embed_documents(texts)
        except ModelProblem:
            raise
        except Exception as error:  # Every provider has its own kinds; the message names kind and status, never the text.
            raise self._failure(error) from None

    def _client(self) -> Any:
        home, url = HOMES[self.provider], self.address()
        keys = keys_of(self.provider, EMBEDDING)
        if self.provider != "bedrock" and keys.missing(url):
            raise ModelProblem(f"{self.where} wants an API key. Set it in the environment: {' or '.join(keys.names(url))}.")
        key = keys.key(url) or KEYLESS
        missing = f"The provider {self.provider!r} needs a package. Install it with: pip install {home.package}"
        if find_spec(home.package.replace("-", "_")) is None:
            raise ModelProblem(missing)
        if self.provider == "bedrock":
            check_aws(url)
        try:
            return _made(self.provider, self.model, url, key, self.timeout, self.batch)
        except ImportError:
            raise ModelProblem(missing) from None
        except Exception as error:
            raise ModelProblem(f"LangChain cannot make {self.where} ({type(error).__name__}). Check the settings.") from None

    def _failure(self, error: Exception) -> Exception:
        status, kind = _status(error), type(error).__name__
        if status in PASSING or (status or 0) >= 500:
            return Passing(f"failed with status {status}")
        if status in {401, 403}:
            keys = " or ".join(keys_of(self.provider, EMBEDDING).names(self.address()))
            return ModelProblem(f"{self.where} wants an API key ({status}). Set it in the environment: {keys}.")
        if status and 300 <= status < 400:
            return ModelProblem(
                f"{self.where} points to another address ({status}), which is not followed. Give the final URL as base URL."
            )
        if status:
            return ModelProblem(f"{self.where} refuses the request ({status}). Check the model's name, or lower batch.")
        if "Timeout" in kind:
            return Passing(f"sent nothing for {self.timeout:g} s")
        if any(word in kind for word in ("Connect", "Connection", "Protocol", "ReadError")):
            return Passing("cannot be reached")
        return ModelProblem(f"{self.where} sent something that is no list of embeddings ({kind}). Is the base URL right?")


def _status(error: BaseException | None) -> int | None:
    while error is not None:
        response = getattr(error, "response", None)
        told = response.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(response, dict) else None
        for status in (told, getattr(error, "status_code", None), getattr(response, "status_code", None)):
            if isinstance(status, int) and 100 <= status < 600:
                return status
        code = getattr(error, "code", None)
        if isinstance(code, int) and 100 <= code < 600:
            return code
        error = error.__cause__
    return None


@lru_cache(maxsize=16)
def _made(provider: str, model: str, url: str, key: str, timeout: float, batch: int) -> Any:
    """A LangChain client that goes to this address and nowhere else, with one attempt a request."""
    from langchain.embeddings import init_embeddings

    plain = direct(url, PATIENCE * timeout)
    settings: dict[str, Any] = {}
    if provider in {"openai", "azure_openai"}:
        from openai import DefaultAsyncHttpxClient, DefaultHttpxClient

        # Without the check no tokenizer is fetched, and texts are sent as texts.
        settings = {"api_key": key, "timeout": timeout, "max_retries": 0, "chunk_size": batch, "openai_proxy": None}
        settings |= {"check_embedding_ctx_length": False, "http_client": DefaultHttpxClient(**plain)}
        settings["http_async_client"] = DefaultAsyncHttpxClient(**without_hooks(plain))
        if provider == "azure_openai":
            version = os.environ.get("OPENAI_API_VERSION", "2024-10-21")
            settings |= {"azure_endpoint": url, "azure_deployment": model, "api_version": version, "azure_ad_token": None}
        else:
            settings["base_url"] = url
    elif provider == "ollama":
        # Its package would take a key from the environment, whatever the address.
        own = {"headers": {"Authorization": f"Bearer {key}"}, "timeout": timeout}
        settings = {"base_url": url, "client_kwargs": {**plain, **own}}
    elif provider == "google_genai":
        settings = {"base_url": url, "google_api_key": key, "vertexai": False, "client_args": {**plain, "timeout": timeout}}
    else:
        from botocore.config import Config

        os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")  # Or it would ask an address of the network for keys.
        times = {"connect_timeout": timeout, "read_timeout": timeout, "retries": {"total_max_attempts": 1}}
        settings = {"endpoint_url": url, "region_name": _region(), "config": Config(**times)}
    return init_embeddings(model, provider=provider, **settings)
