"""What every request passes before it is read: its host, its key, its size; and what becomes of an unforeseen error."""

import hashlib
import hmac
import logging
import os
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from rag.errors import SettingProblem
from rag.governance.egress import is_local

VARIABLE = "RAG_API_KEY"
SHORTEST_KEY = 16
LARGEST = 256_000
DRAINED = 16_000_000
OPEN = "/health"
HEADER = "X-API-Key"

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
log = logging.getLogger(__name__)


def key_given() -> str:
    """The API key from the environment, or "". Raises SettingProblem where it is too short or could not be sent."""
    key = os.environ.get(VARIABLE, "").strip()
    if key and (len(key) < SHORTEST_KEY or not key.isascii()):
        raise SettingProblem(f"{VARIABLE} needs at least {SHORTEST_KEY} characters, all of them ASCII. Set a longer one.")
    return key


def host_name(written: str) -> str:
    """The name in a Host header; empty where it is none, such as one with half of the brackets of an address."""
    try:
        return urlsplit(f"//{written}").hostname or ""
    except ValueError:
        return ""


def route(scope: Message) -> str:
    """The path of a request without what stands before every path of this service, where it is part of another server."""
    return str(scope["path"]).removeprefix(str(scope.get("root_path", "")))


async def refuse(send: Send, status: int, reason: str) -> None:
    """Answers with this status and the reason as JSON."""
    from starlette.responses import JSONResponse

    response = JSONResponse({"error": reason}, status)
    await send({"type": "http.response.start", "status": status, "headers": response.raw_headers})
    await send({"type": "http.response.body", "body": response.body})


def fell(scope: Message, error: Exception) -> None:
    """Writes down an unforeseen error by its kind and place alone: its words could quote a document."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    how = scope.get("method", scope["type"])
    log.error("%s %s: %s in %s, line %s", how, scope["path"], type(error).__name__, place.name, place.lineno)


class Gate:
    """Lets a request through to the application behind it.

    Without a key only requests addressed to this machine pass, so that no page in a browser gets in by a name of its own
    that points here.
    """

    def __init__(self, app: App, key: str) -> None:
        self.app = app
        self._key = _digest(key.encode()) if key else None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        headers = {bytes(name).lower(): bytes(value) for name, value in scope["headers"]}
        refused = self._refused(route(scope), headers)
        if refused:
            return await refuse(send, *refused)
        try:
            body = await _body(receive)
        except ConnectionError:
            return
        if body is None:
            return await refuse(send, 413, f"The request is longer than {LARGEST:,} bytes. Shorten the question or the filter.")
        try:
            await self.app(scope, _once(body, receive), send)
        except Exception as error:  # The answer was sent by the application.
            fell(scope, error)

    def _refused(self, path: str, headers: dict[bytes, bytes]) -> tuple[int, str] | None:
        if self._key is None:
            host = host_name(headers.get(b"host", b"").decode("latin-1"))
            return None if is_local(host) else (421, "This service answers only to localhost. Call it by that name.")
        given = _digest(headers.get(HEADER.lower().encode(), b""))
        if path == OPEN or hmac.compare_digest(given, self._key):
            return None
        return 401, f"The API key is missing or wrong. Send it in the header {HEADER}."


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()


async def _body(receive: Receive) -> bytes | None:
    """The whole body, or None where it is too long; then it is read on for a while, so that the client hears the answer.

    Raises ConnectionError where the client left before its end.
    """
    parts: list[bytes] = []
    size, more = 0, True
    while more and size <= DRAINED:
        message = await receive()
        if message["type"] != "http.request":
            raise ConnectionError
        part = message.get("body", b"")
        size += len(part)
        more = message.get("more_body", False)
        if size <= LARGEST:
            parts.append(part)
    return b"".join(parts) if size <= LARGEST else None


def _once(body: bytes, receive: Receive) -> Receive:
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def read() -> Message:
        return waiting.pop() if waiting else await receive()

    return read
