"""An OpenAI-compatible embedding server on localhost for the tests: the model's name says how it behaves."""

import json
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

STALL = 3.0


def vector_of(text: str, length: int = 4) -> list[float]:
    """What the server says of a text: not of unit length, and told apart by the text."""
    seed = zlib.crc32(text.encode())
    return [float((seed >> 5 * place) % 31 + 1) for place in range(length)]


class Server(ThreadingHTTPServer):
    """Remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.paths: list[str] = []
        self.calls: Counter[str] = Counter()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = body["model"]
        self.server.bodies.append(body)
        self.server.keys.append(self.headers.get("Authorization"))
        self.server.paths.append(self.path)
        self.server.calls[name] += 1
        first = self.server.calls[name] == 1
        if name == "stalls":
            time.sleep(STALL)
        if name.isdigit():
            return self._send(int(name), b'{"error": {"message": "no"}}')
        if name == "busy" and first:
            return self._send(429, b'{"error": {"message": "busy"}}', {"Retry-After": "0.01"})
        if name == "redirects":
            return self._send(307, b"{}", {"Location": "/elsewhere"})
        texts = body["input"]
        rows = [vector_of(text, 3 if name == "grows" and first else 4) for text in texts]
        data = [{"object": "embedding", "index": at, "embedding": row} for at, row in enumerate(rows)]
        if name == "backwards":
            data.reverse()
        elif name == "too-few":
            data.pop()
        elif name == "twice":
            data[-1] = data[0]
        elif name == "ragged":
            data[-1]["embedding"] = [1.0]
        elif name == "zero":
            data[0]["embedding"] = [0.0] * 4
        elif name == "words":
            data[0]["embedding"] = ["a", "b", "c", "d"]
        content = json.dumps({"object": "list", "model": name, "data": data, "usage": {"prompt_tokens": 1, "total_tokens": 1}})
        if name == "not-finite":
            content = content.replace(json.dumps(data[0]["embedding"]), "[NaN, 1, 1, 1]")
        if name == "cut-off":
            content = content[: len(content) // 2]
        return self._send(200, content.encode(), {"Content-Length": str(len(content) + 9)} if name == "breaks-off" else {})

    def _send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):  # Whoever asked may have gone.
            self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


@contextmanager
def running() -> Iterator[Server]:
    """The server, until it is left."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
