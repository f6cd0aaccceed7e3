"""The one gate to other machines: nothing is sent to a host unless someone has allowed it by name."""

import os
import re
import ssl
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from rag.errors import ModelProblem

VARIABLE = "RAG_ALLOWED_HOSTS"
LARGEST_REPLY = 64_000_000
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
TRACING = ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2")
TRACED_TO = ("LANGSMITH_ENDPOINT", "LANGCHAIN_ENDPOINT", "LANGSMITH_RUNS_ENDPOINTS", "LANGCHAIN_RUNS_ENDPOINTS")


def allowed_hosts() -> frozenset[str]:
    """The hosts allowed by name, from the environment variable RAG_ALLOWED_HOSTS (names parted by commas)."""
    return frozenset(name.strip().lower() for name in os.environ.get(VARIABLE, "").split(",") if name.strip())


def is_local(host: str) -> bool:
    """Whether a host name is this machine; names below localhost are what a name server makes of them."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def permit(url: str) -> None:
    """Passes where the host of this URL is this machine or was allowed by name. Raises ModelProblem."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.username or parts.password:
        raise ModelProblem(f"The address of {host} holds a name or a password. Leave it out; keys belong in the environment.")
    if parts.scheme not in {"http", "https"} or not host:
        raise ModelProblem(f"The address {url!r} is not a URL. Write it like http://localhost:11434/v1")
    if not is_local(host) and host not in allowed_hosts():
        raise ModelProblem(
            f"{host} is not this machine, and nobody has allowed it. "
            f"To send document text there, start the app with {VARIABLE}={host}"
        )


def permit_tracing() -> None:
    """Passes where LangChain's tracing is off or its hosts are allowed: a trace holds every prompt. Raises ModelProblem."""
    if not any(os.environ.get(name, "").lower() in {"true", "1"} for name in TRACING):
        return
    told = " ".join(os.environ.get(name, "") for name in TRACED_TO)
    for url in re.findall(r"https?://[^\s\"',}]+", told) or ["https://api.smith.langchain.com"]:
        try:
            permit(url)
        except ModelProblem as problem:
            raise ModelProblem(
                f"LangSmith tracing is on and would send every prompt away. Unset {TRACING[0]}. {problem}"
            ) from None


def direct(url: str, patience: float) -> dict[str, Any]:
    """Settings of an httpx client that keep what is sent on the way to this URL: no redirect, and to this machine no proxy.

    A reply that takes longer than `patience` seconds or grows without end is given up, even where it trickles. The certificates
    that SSL_CERT_FILE or SSL_CERT_DIR name count here too. Raises ModelProblem where they cannot be read.
    """

    def bounded(response: Any) -> None:
        response.iter_raw = _bounded(response.iter_raw, time.monotonic() + patience)

    near = is_local((urlsplit(url).hostname or "").lower())
    trusted = {} if near and urlsplit(url).scheme == "http" else _trusted()
    return {"follow_redirects": False, "trust_env": not near, "event_hooks": {"response": [bounded]}, **trusted}


def without_hooks(plain: dict[str, Any]) -> dict[str, Any]:
    """The same settings for an asynchronous client, which a package makes beside the other and nothing here asks."""
    return {name: value for name, value in plain.items() if name != "event_hooks"}


def _trusted() -> dict[str, Any]:
    """What the environment says about certificates, for a client that takes nothing else from it."""
    import httpx

    named = {name: path for name in CERTIFICATES if (path := os.environ.get(name))}
    if not named:
        return {}
    name, path = next(iter(named.items()))
    try:
        return {"verify": httpx.create_ssl_context()}
    except (OSError, ssl.SSLError):  # Missing, or no certificate.
        what = "holds no certificate that can be read" if os.path.exists(path) else "is not there"
        raise ModelProblem(f"{name} names {path!r}, which {what}. Name a PEM file with the certificates to trust.") from None


def _bounded(parts: Callable[..., Iterator[bytes]], deadline: float) -> Callable[..., Iterator[bytes]]:
    def read(chunk_size: int | None = None) -> Iterator[bytes]:
        size = 0
        for part in parts(chunk_size):
            size += len(part)
            if time.monotonic() > deadline:
                raise ModelProblem("The server had not finished in time. Raise the time-out, or check the server.")
            if size > LARGEST_REPLY:
                raise ModelProblem(f"The server sent more than {LARGEST_REPLY:,} bytes. Check the server.")
            yield part

    return read
