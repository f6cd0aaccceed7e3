"""The one gate to other machines: nothing is sent to a host unless someone has allowed it by name."""

import os
from ipaddress import ip_address
from urllib.parse import urlsplit

from rag.errors import ModelProblem

VARIABLE = "RAG_ALLOWED_HOSTS"


def allowed_hosts() -> frozenset[str]:
    """The hosts allowed by name, from the environment variable RAG_ALLOWED_HOSTS (names parted by commas)."""
    return frozenset(name.strip().lower() for name in os.environ.get(VARIABLE, "").split(",") if name.strip())


def is_local(host: str) -> bool:
    """Whether a host name is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def permit(url: str) -> None:
    """Passes where the host of this URL is this machine or was allowed by name. Raises ModelProblem."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.scheme not in {"http", "https"} or not host:
        raise ModelProblem(f"The address {url!r} is not a URL. Write it like http://localhost:11434/v1")
    if not is_local(host) and host not in allowed_hosts():
        raise ModelProblem(
            f"{host} is not this machine, and nobody has allowed it. "
            f"To send document text there, start the app with {VARIABLE}={host}"
        )
