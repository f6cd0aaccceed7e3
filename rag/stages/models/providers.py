"""Clients of chat models by provider: where each sends to, what it needs, and how it is kept to that address."""

import math
import os
import ssl
import sys
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from rag.errors import ModelProblem
from rag.governance.addresses import cleaned
from rag.governance.egress import direct, is_local, without_hooks
from rag.governance.keys import CHAT, KEYLESS, check_aws, keys_of
from rag.stages.models.parameters import LIMITS
from rag.stages.models.said import refuse_errors

OPENAI = ("openai", "azure_openai")
LOCAL = "http://localhost:11434/v1"
NO_SOCKS = (
    "The environment names a SOCKS proxy (ALL_PROXY, HTTPS_PROXY), which needs a package. Install it with: pip install socksio; "
    "or leave the host out of the proxy with NO_PROXY."
)
BAD_PROXY = "The environment names a proxy that is no URL. Write HTTP_PROXY, HTTPS_PROXY and ALL_PROXY like http://proxy:8080."
_IMPORTING = threading.Lock()


@dataclass(frozen=True)
class Provider:
    """A provider: the package that speaks its protocol, and its own address."""

    package: str
    home: str = ""


PROVIDERS = {
    "openai": Provider("langchain-openai", "https://api.openai.com/v1"),
    "ollama": Provider("langchain-ollama", "http://localhost:11434"),
    "azure_openai": Provider("langchain-openai"),
    "bedrock": Provider("langchain-aws"),
    "anthropic": Provider("langchain-anthropic", "https://api.anthropic.com"),
    "google_genai": Provider("langchain-google-genai", "https://generativelanguage.googleapis.com"),
    "mistralai": Provider("langchain-mistralai", "https://api.mistral.ai/v1"),
    "groq": Provider("langchain-groq", "https://api.groq.com"),
}


@dataclass(frozen=True)
class Wanted:
    """What a client is made for. `without` names the parameters that the server refuses, which are left out."""

    provider: str
    model: str
    url: str
    temperature: float
    seed: int
    max_tokens: int
    context: int
    timeout: float
    patience: float
    without: frozenset[str] = frozenset()

    @property
    def limit(self) -> str:
        """The name under which an OpenAI-compatible server takes the longest answer, or "" where it takes neither."""
        new = self.provider == "azure_openai" or self.url.rstrip("/") == PROVIDERS["openai"].home
        names = reversed(LIMITS) if new else iter(LIMITS)
        return next((name for name in names if name not in self.without), "")

    def sent(self, system: bool, schema: bool) -> frozenset[str]:
        """The parameters of a request that can be left out, as `rag.stages.models.parameters` names them."""
        names = {"temperature"} | ({"seed"} if self.seed else set()) | ({"system"} if system else set())
        if self.provider in OPENAI:
            names |= {self.limit, "stream"} | ({"stream_options"} if "stream" not in self.without else set())
        return frozenset(names | ({"response_format"} if schema else set())) - self.without - {""}


def address(provider: str, base_url: str) -> str:
    """Where the prompt will go: the URL given, or else the provider's own. Raises ModelProblem where none is known, or is no URL.

    The URL that is preset for a local OpenAI-compatible server counts as none with any other provider.
    """
    if base_url.strip() and not (provider != "openai" and base_url.strip() == LOCAL):
        url = base_url
    elif provider == "azure_openai":
        url = os.environ.get("AZURE_OPENAI_ENDPOINT", "")
        if not url:
            raise ModelProblem(
                "azure_openai needs its endpoint. Give it as base URL, like https://NAME.openai.azure.com, "
                "or set AZURE_OPENAI_ENDPOINT."
            )
    elif provider == "bedrock":
        url = f"https://bedrock-runtime.{_region()}.amazonaws.com"
    else:
        url = PROVIDERS[provider].home
    return cleaned(url)


def client(wanted: Wanted, schema: dict[str, Any] | None = None) -> Any:
    """A LangChain chat model, made once for these settings.

    Raises ModelProblem for a package or a key that is missing, and for proxies or certificates that cannot be used.
    """
    provider = PROVIDERS[wanted.provider]
    keys = keys_of(wanted.provider, CHAT)
    if wanted.provider != "bedrock" and keys.missing(wanted.url):
        names = " or ".join(keys.names(wanted.url))
        raise ModelProblem(f"{wanted.model} at {wanted.url} wants an API key. Set it in the environment: {names}.")
    key = keys.key(wanted.url) or KEYLESS
    missing = f"The provider {wanted.provider!r} needs a package. Install it with: pip install {provider.package}"
    if find_spec(provider.package.replace("-", "_")) is None:  # LangChain would take an older client instead, unbounded.
        raise ModelProblem(missing)
    if wanted.provider == "bedrock":
        check_aws(wanted.url)
    # Where a server sends something else than it should, the warning would hold the answer.
    warnings.filterwarnings("ignore", message="Pydantic serializer warnings")
    try:
        _import(provider.package.replace("-", "_"))
        made = _made(wanted, key)
    except ImportError as error:
        raise ModelProblem(NO_SOCKS if "socks" in str(error).lower() else missing) from None
    except ValueError as error:
        if "proxy" in str(error).lower():
            raise ModelProblem(BAD_PROXY) from None
        raise
    except ssl.SSLError:
        raise ModelProblem("The certificates that the environment names (SSL_CERT_FILE) cannot be read.") from None
    return made.bind(**_call(wanted, schema))


def _import(package: str) -> None:
    """Imports a package without the SOCKS proxies of the environment: some make a client then, which nobody here asks."""
    with _IMPORTING:
        if package in sys.modules:
            return
        hidden = {name: value for name, value in os.environ.items() if value.startswith("socks")}
        for name in hidden:
            del os.environ[name]
        try:
            import_module(package)
        finally:
            os.environ.update(hidden)


@lru_cache(maxsize=16)
def _made(wanted: Wanted, key: str) -> Any:
    from langchain.chat_models import init_chat_model

    name = {"bedrock": "bedrock_converse"}.get(wanted.provider, wanted.provider)
    warmth = None if "temperature" in wanted.without else wanted.temperature
    made = init_chat_model(wanted.model, model_provider=name, temperature=warmth, **_settings(wanted, key))
    plain = direct(wanted.url, wanted.patience)
    plain["event_hooks"]["response"].append(refuse_errors)
    if wanted.provider == "anthropic":
        import anthropic

        # Its client reads the proxies of the environment itself; these entries take their places.
        direct_mounts = {} if plain["trust_env"] else {"mounts": dict.fromkeys(("all://", "http://", "https://"))}
        http = anthropic.DefaultHttpxClient(**plain, **direct_mounts)
        own = made.__dict__["_client"] = anthropic.Client(**{**made._client_params, "http_client": http})
        own.auth_token = None  # It would take one from the environment, whatever the address.
    elif wanted.provider in OPENAI:
        made.__dict__["_convert_chunk_to_generation_chunk"] = _with_refusals(made._convert_chunk_to_generation_chunk)
    return made


def _with_refusals(convert: Callable[..., Any]) -> Callable[..., Any]:
    """LangChain's reading of a piece of the stream, which would drop what a model says in the field `refusal`."""

    def converted(chunk: dict[str, Any], *rest: Any) -> Any:
        piece = convert(chunk, *rest)
        choices = chunk.get("choices") or [{}]
        refusal = ((choices[0] or {}).get("delta") or {}).get("refusal")
        if piece is not None and isinstance(refusal, str):
            piece.message.additional_kwargs["refusal"] = refusal
        return piece

    return converted


def _settings(wanted: Wanted, key: str) -> dict[str, Any]:
    """The provider's own names for the settings, with a client that goes to the address and nowhere else."""
    plain = direct(wanted.url, wanted.patience)
    plain["event_hooks"]["response"].append(refuse_errors)
    seed = None if "seed" in wanted.without else wanted.seed or None
    usual: dict[str, Any] = {"base_url": wanted.url, "timeout": wanted.timeout, "max_retries": 0, "api_key": key}
    match wanted.provider:
        case "openai":
            return {**usual, **_openai(wanted, plain), "seed": seed}
        case "azure_openai":
            usual.pop("base_url")
            version = os.environ.get("OPENAI_API_VERSION", "2024-10-21")
            place = {"azure_endpoint": wanted.url, "azure_deployment": wanted.model, "api_version": version}
            return {**usual, **_openai(wanted, plain), **place, "azure_ad_token": None, "seed": seed}
        case "ollama":
            room = {"num_predict": wanted.max_tokens, "num_ctx": wanted.context or None}
            # Its package would take a key from the environment, whatever the address.
            own = {"headers": {"Authorization": f"Bearer {key}"}, "timeout": wanted.timeout}
            return {"base_url": wanted.url, "seed": seed, **room, "client_kwargs": {**plain, **own}}
        case "bedrock":
            return {"base_url": wanted.url, "region_name": _region(), "max_tokens": wanted.max_tokens, "config": _aws(wanted)}
        case "google_genai":  # One attempt; nought would mean the package's own number.
            usual |= {"max_retries": 1, "vertexai": False, "client_args": plain, "seed": seed}
            return {**usual, "max_output_tokens": wanted.max_tokens}
        case "mistralai":
            usual |= {"max_retries": 1, "timeout": math.ceil(wanted.timeout), "random_seed": seed, **_mistral(wanted, plain, key)}
            return {**usual, "max_tokens": wanted.max_tokens}
        case "groq":
            from groq import DefaultAsyncHttpxClient as GroqBeside
            from groq import DefaultHttpxClient as GroqClient

            extra = {"model_kwargs": {"seed": seed}} if seed else {}
            http = {"http_client": GroqClient(**plain), "http_async_client": GroqBeside(**without_hooks(plain))}
            return {**usual, **extra, **http, "groq_proxy": None, "max_tokens": wanted.max_tokens}
        case _:
            return {**usual, "max_tokens": wanted.max_tokens}


def _openai(wanted: Wanted, plain: dict[str, Any]) -> dict[str, Any]:
    """Both clients, since the package would make the asynchronous one with the proxies of the environment; and how to stream."""
    from openai import DefaultAsyncHttpxClient, DefaultHttpxClient

    http = {"http_client": DefaultHttpxClient(**plain), "http_async_client": DefaultAsyncHttpxClient(**without_hooks(plain))}
    streams = {"stream_usage": "stream_options" not in wanted.without, "disable_streaming": "stream" in wanted.without}
    return {**http, "openai_proxy": None, "http_socket_options": (), **streams}


def _mistral(wanted: Wanted, plain: dict[str, Any], key: str) -> dict[str, Any]:
    """Both clients as the package makes them, but for the proxies of the environment and for redirects."""
    import httpx

    headers = {"Content-Type": "application/json", "Accept": "application/json", "Authorization": f"Bearer {key}"}
    usual: dict[str, Any] = {"base_url": wanted.url, "headers": headers, "timeout": wanted.timeout}
    plain["event_hooks"]["response"].append(lambda response: response.is_redirect and response.raise_for_status())
    return {
        "client": httpx.Client(**usual, **plain),
        "async_client": httpx.AsyncClient(**usual, **without_hooks(plain)),
    }


def _aws(wanted: Wanted) -> Any:
    """Botocore follows no redirect of this service; without this it asks a metadata address for keys where it finds none."""
    from botocore.config import Config

    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    near = is_local((urlsplit(wanted.url).hostname or "").lower())
    times = {"connect_timeout": wanted.timeout, "read_timeout": wanted.timeout, "retries": {"total_max_attempts": 1}}
    return Config(**times, **({"proxies": {"http": None, "https": None}} if near else {}))


def _call(wanted: Wanted, schema: dict[str, Any] | None) -> dict[str, Any]:
    """What one request carries besides the messages: the longest answer and, where the provider knows it, its form."""
    form = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}
    shaped: dict[str, Any] = {"response_format": form} if schema else {}
    match wanted.provider:
        case "openai" | "azure_openai":
            return {"extra_body": {**({wanted.limit: wanted.max_tokens} if wanted.limit else {}), **shaped}}
        case "groq" | "mistralai":
            return shaped
        case "ollama":
            return {"format": schema} if schema else {}
        case "google_genai":
            return {"response_mime_type": "application/json", "response_json_schema": schema} if schema else {}
        case _:
            return {}


def _region() -> str:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
