"""Why a chat model did not answer, and whether trying again may help; never with a word of prompt or answer."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from rag.models.providers import PROVIDERS

PASSING = {408, 409, 425, 429}
REFUSED_FORM = {400, 404, 415, 422, 501}
REASONS = {
    400: "refuses the request (400). Perhaps it does not take these settings, or its window is smaller than the prompt.",
    403: "does not allow it (403). Check the key's rights and the model's name.",
    404: "is not known there (404). Check the model's name and the base URL.",
    413: "finds the prompt too long (413). Lower the prompt's budget or rerank.top.",
    429: "refuses for now: too many requests (429). Wait, then try again.",
}


def status_of(error: BaseException | None) -> int | None:
    """The HTTP status behind an error of any provider's package, or None."""
    while error is not None:
        response = getattr(error, "response", None)
        if isinstance(response, dict):
            response = response.get("ResponseMetadata", {})
            found: list[Any] = [response.get("HTTPStatusCode")]
        else:
            found = [getattr(error, "status_code", None), getattr(response, "status_code", None), getattr(error, "code", None)]
        for status in found:
            if isinstance(status, int) and 100 <= status < 600:
                return status
        error = error.__cause__
    return None


def wait_of(error: BaseException | None) -> float | None:
    """Seconds that a server asks to wait (Retry-After, in seconds or as a date), or None."""
    while error is not None:
        headers: Any = getattr(getattr(error, "response", None), "headers", None) or {}
        told = headers.get("retry-after")
        if told:
            try:
                return max(float(told), 0.0)
            except ValueError:
                pass
            try:
                return max((parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds(), 0.0)
            except (ValueError, TypeError):
                return None
        error = error.__cause__
    return None


def is_passing(error: Exception) -> bool:
    """Whether the same request may succeed a little later."""
    status = status_of(error)
    if status:
        return status in PASSING or status >= 500
    return any(word in type(error).__name__ for word in ("Timeout", "Connect", "Protocol", "ReadError"))


def reason(error: Exception, where: str, provider: str, timeout: float, begun: bool) -> str:
    """What a user can do about it. `begun` is whether a part of the answer had come."""
    status, kind = status_of(error), type(error).__name__
    if status == 401:
        return (
            f"{where} wants an API key. Set it in the environment: {' or '.join(PROVIDERS[provider].keys) or 'see its manual'}."
        )
    if "Timeout" in kind:
        middle = " in the middle of its answer" if begun else ""
        return f"{where} sent nothing for {timeout:g} s{middle}. Raise the time-out, or check the server."
    wait = wait_of(error)
    if status == 429 and wait:
        return f"{where} refuses for now: too many requests (429). It asks to wait {wait:,.0f} s; then try again."
    if status in REASONS:
        return f"{where} {REASONS[status]}"
    if status and 300 <= status < 400:
        return f"{where} points to another address ({status}), which is not followed. Give the final URL as base URL."
    if status:
        return f"{where} failed with status {status}. Try again, or look into the server's log."
    if begun:
        return f"{where} broke off in the middle of its answer ({kind}). Try again, or look into the server's log."
    if "Connect" in kind or isinstance(error, ConnectionError):
        return f"{where} cannot be reached. Is the server running, and is the base URL right?"
    return f"{where} sent something that is not a chat answer ({kind}). Is this a server for {provider}?"
