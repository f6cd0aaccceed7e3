"""Why a chat model did not answer, and whether trying again may help; never with a word of prompt or answer."""

import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rag.governance.waiting import wait_in
from rag.stages.models.parameters import Refused

PASSING = {408, 409, 425, 429}
REFUSED_FORM = {400, 404, 415, 422, 501}
REFUSED_PARAMETER = REFUSED_FORM | {200, 500}
REASONS = {
    400: "refuses the request (400). Perhaps it does not take these settings, or its window is smaller than the prompt.",
    403: "does not allow it (403). Check the key's rights and the model's name.",
    404: "is not known there (404). Check the model's name and the base URL.",
    407: "stands behind a proxy that wants a password (407). Check HTTPS_PROXY, or leave the host out with NO_PROXY.",
    413: "finds the prompt too long (413). Lower the prompt's budget or rerank.top.",
    429: "refuses for now: too many requests (429). Wait, then try again.",
}
SAID = {
    "window": "finds prompt and answer too long for its window ({status}). Lower the prompt's budget, rerank.top or max_tokens.",
    "model": "does not know this model ({status}). Check the model's name.",
    "filter": "refuses the prompt by its content filter ({status}). Ask in other words, or choose another model.",
    "quota": "refuses because the account's quota is used up ({status}). Check the account there.",
    "value": "does not take this value of {named} ({status}). Lower {named}.",
    "parameter": "does not take {named} ({status}), and it cannot be left out here. Choose another model or server.",
}
CERTIFICATES = {
    10: "has a certificate that has expired. It has to be renewed there",
    62: "has a certificate for another name. Write the base URL with the name that the certificate is for",
    64: "has a certificate for another address. Write the base URL with the name that the certificate is for",
}
UNTRUSTED = (
    "has a certificate that this machine does not trust. Put its authority's certificate (PEM) into a file and set SSL_CERT_FILE"
)


def status_of(error: BaseException | None) -> int | None:
    """The HTTP status behind an error of any provider's package, also one told in a reply, or None."""
    while error is not None:
        response = getattr(error, "response", None)
        if isinstance(response, dict):
            response = response.get("ResponseMetadata", {})
            found: list[Any] = [response.get("HTTPStatusCode")]
        else:
            found = [getattr(error, "status_code", None), getattr(response, "status_code", None), getattr(error, "code", None)]
        for status in found:
            status = int(status) if isinstance(status, str) and len(status) == 3 and status.isdecimal() else status
            if isinstance(status, int) and 100 <= status < 600:
                return status
        if getattr(error, "body", None) is not None:
            return 200  # The error came as a piece of a stream.
        error = error.__cause__
    return None


def wait_of(error: BaseException | None) -> float | None:
    """Seconds that a server asks to wait (`Retry-After` in any form), or None."""
    while error is not None:
        headers = getattr(getattr(error, "response", None), "headers", None)
        told = wait_in(headers) if isinstance(headers, Mapping) else None
        if told is not None:
            return told
        error = error.__cause__
    return None


class Asked(NamedTuple):
    """Which provider was asked, and the variables whose key is meant for its address."""

    provider: str
    keys: tuple[str, ...]


def is_passing(error: Exception) -> bool:
    """Whether the same request may succeed a little later."""
    status = status_of(error)
    if status:
        return status in PASSING or status >= 500
    if any(isinstance(cause, ssl.SSLError) for cause in _causes(error)):
        return False
    return any(word in type(error).__name__ for word in ("Timeout", "Connect", "Protocol", "ReadError"))


def reason(
    error: Exception, where: str, asked: Asked, timeout: float, begun: bool, told: Refused | None = None, said: str = ""
) -> str:
    """What a user can do about it. `begun` is whether a part of the answer had come.

    `told` is what the server says it refuses, `said` what it says otherwise, for where nothing better is known.
    """
    status, kind = status_of(error), type(error).__name__
    says = f" It says: “{said}”." if said else ""
    if status == 401:
        return f"{where} wants an API key. Set it in the environment: {' or '.join(asked.keys)}."
    if told:
        return f"{where} {SAID[told.kind].format(status=status or 200, named=told.named)}"
    connecting = "" if begun else _connecting(error, where)
    if connecting:
        return connecting
    if "Timeout" in kind:
        middle = " in the middle of its answer" if begun else ""
        return f"{where} sent nothing for {timeout:g} s{middle}. Raise the time-out, or check the server."
    wait = wait_of(error)
    if status == 429 and wait:
        return f"{where} refuses for now: too many requests (429). It asks to wait {wait:,.0f} s; then try again."
    if status in REASONS:
        return f"{where} {REASONS[status]}{says}"
    if status and 300 <= status < 400:
        return f"{where} points to another address ({status}), which is not followed. Give the final URL as base URL."
    if begun:
        return f"{where} broke off in the middle of its answer ({kind}).{says} Try again, or look into the server's log."
    if status and status != 200:
        return f"{where} failed with status {status}.{says} Try again, or look into the server's log."
    if status or said:
        return f"{where} sent an error in place of an answer.{says} Try again, or look into the server's log."
    if "Connect" in kind or isinstance(error, ConnectionError):
        return f"{where} cannot be reached. Is the server running, and is the base URL right?"
    return f"{where} sent something that is not a chat answer ({kind}). Is this a server for {asked.provider}?"


def _connecting(error: Exception, where: str) -> str:
    """Why no connection came about, where the cause is another than a server that is down; else ""."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"{where} {CERTIFICATES.get(cause.verify_code, UNTRUSTED)}."
        if isinstance(cause, ssl.SSLError):
            return f"{where} does not speak https as it should. If it speaks http, write http:// in the base URL."
        if isinstance(cause, socket.gaierror):
            return f"{where} cannot be reached: no address is known for this name. Check the base URL."
        if type(cause).__name__ == "ProxyError":
            return f"{where} cannot be reached through the proxy of the environment. Check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY."
        if type(cause).__name__ == "RemoteProtocolError" and "illegal status line" in str(cause):
            return f"{where} answers in something other than HTTP. If it speaks https, write https:// in the base URL."
        if type(cause).__name__ in {"RemoteProtocolError", "ReadError", "ConnectionResetError"}:
            return (
                f"{where} took the connection and closed it without an answer. Look into the server's log; if it speaks https, "
                "write https:// in the base URL."
            )
        if type(cause).__name__ == "LocalProtocolError" and "header" in str(cause):
            return f"{where} was not asked: the API key holds signs that cannot be sent. Set it again in the environment."
    return ""


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
