"""The service waits only so long for a request: half-sent ones are closed, whole ones and slow answers are not."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import uvicorn

from rag.away import patience
from rag.away.gate import Gate
from rag.away.patience import Patient

SHORT = 0.6
HEAD = b"POST /ask HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n"


async def slow(scope: Any, receive: Any, send: Any) -> None:
    """Answers the length of the body after longer than a request may take to arrive."""
    body = (await receive())["body"]
    await asyncio.sleep(2 * SHORT if scope["path"] == "/slow" else 0)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(str(len(body))))]})
    await send({"type": "http.response.body", "body": str(len(body)).encode()})


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(patience, "PATIENCE", SHORT)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(Gate(slow, ""), http=Patient, ws="none", lifespan="off", log_level="warning", timeout_keep_alive=5)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive()


def opened(port: int, *sent: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=5)
    for part in sent:
        connection.sendall(part)
    return connection


def rest(connection: socket.socket) -> bytes:
    """All that still comes until the other side closes."""
    got = b""
    while part := connection.recv(65536):
        got += part
    return got


def test_half_sent_requests_are_told_and_closed_in_time(port: int) -> None:
    started = time.monotonic()
    halves = [opened(port, part) for part in (HEAD[:20], HEAD, HEAD + b"{") for _ in range(30)]
    silent = opened(port)
    for half in halves:
        got = rest(half)
        assert got.startswith(b"HTTP/1.1 408 ") and b"did not arrive whole" in got
    assert rest(silent) == b"" and SHORT * 0.9 < time.monotonic() - started < 5 * SHORT


def test_bytes_that_trickle_in_do_not_lengthen_the_wait(port: int) -> None:
    started = time.monotonic()
    connection = opened(port, HEAD)
    with pytest.raises(OSError):
        while time.monotonic() - started < 10:
            connection.sendall(b" ")
            time.sleep(0.05)
    assert time.monotonic() - started < 5 * SHORT


def test_a_slow_answer_and_a_connection_that_is_used_again_are_waited_for(port: int) -> None:
    with httpx.Client(base_url=f"http://localhost:{port}", trust_env=False) as client:
        for path in ("/slow", "/ask", "/slow"):
            assert client.post(path, content=b"x" * 50).text == "50"
        time.sleep(1.5 * SHORT)
        assert client.post("/ask", content=b"x" * 200_000).text == "200000"


def test_a_second_request_on_a_connection_has_to_come_whole_too(port: int) -> None:
    connection = opened(port, HEAD + b"x" * 50)
    assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    connection.sendall(HEAD)
    assert b"HTTP/1.1 408 " in rest(connection)
