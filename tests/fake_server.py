"""An OpenAI-compatible chat server on this machine, for tests and for trying the app; the model's name says how it behaves.

`python -m tests.fake_server --port 8123` starts it; then choose *chat* under Answer, http://127.0.0.1:8123/v1 as base URL and
one of the names in `MODELS` as model. It invents nothing: it copies the first sentences of the sources that it was sent.
"""

import argparse
import json
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODELS = {
    "good": "copies the first sentence of the first two sources and cites them",
    "quiet": "the same, without token counts and without saying that it is finished",
    "forgetful": "the same, and counts a tenth of the tokens sent, as a server does that drops the rest",
    "thinking": "the same, after its thoughts",
    "wrong-citations": "cites a source 9 that was not given",
    "empty": "sends an empty answer",
    "only-thoughts": "thinks and says nothing",
    "long": "is cut off at its longest answer",
    "stalls": "sends nothing",
    "stalls-midway": "sends half an answer and then nothing",
    "trickles": "sends keep-alive comments for ten seconds, then an answer",
    "error-midway": "sends half an answer and then an error",
    "error-in-reply": "an error as JSON with the status 200",
    "error-in-stream": "an error as the first piece of the stream",
    "busy-in-reply": "the status 200 and in it the error 429 the first time, then as good",
    "cut-off": "closes the connection in the middle of an event",
    "rubbish": "sends events that are not JSON",
    "wrong-type": "sends a web page",
    "redirect": "points to another host",
    "busy": "429 with Retry-After 0 the first time, then as good",
    "busy-long": "429 with Retry-After 3600",
    "failing-once": "500 the first time, then as good",
    "structured": "answers in JSON",
    "structured-only": "answers in JSON where a JSON schema was sent, else as good",
    "no-schema": "400 where a JSON schema was sent, else JSON",
    "mends": "broken JSON, and good JSON once it is asked to mend it",
    "never-mends": "text where JSON was asked for",
    "wild": "JSON in a fence, numbers as words, a source that was not given",
    "missing": "JSON without a sentence, saying what is missing",
    "partly": "JSON with sentences, saying what is missing besides",
    "complete": "JSON with sentences, saying that nothing is missing",
    "cannot": "says that the sources do not answer",
    "rewrite": "one search query",
    "queries": "a JSON list of search queries",
    "lines": "search queries as a numbered list",
    "grades": "a grade for a passage: 3 where it holds the last word of the question, else 0",
    "order": "the passages of a list in the opposite order",
    "shrugs": "says that it cannot say",
    "no-max-tokens": "400 where max_tokens was sent, naming max_completion_tokens, else as good",
    "no-limit": "400 where a longest answer was sent under either name",
    "no-temperature": "400 where a temperature was sent, named in error.param",
    "no-seed": "422 where a seed was sent, named by its place",
    "no-stream-options": "400 where stream_options were sent",
    "no-stream": "400 where a stream was asked for",
    "no-system": "500 where a system message was sent, as templates raise it",
    "no-frills": "refuses all of these, one after the other",
    "too-many": "400 for the value of max_tokens",
    "narrow": "400 because the window is too small, repeating the prompt",
    "unpaid": "429 because the quota is used up",
    "prudish": "400 by the content filter",
    "waits-oddly": "429 with the Retry-After in `Server.wait` the first time, then as good",
    "scripted": "says what `Server.script` holds",
    "401": "any status as a name: that status",
}
REFUSED: dict[str, list[tuple[str, int, str, Any]]] = {
    "no-max-tokens": [("max_tokens", 400, "'max_tokens' is not supported. Use 'max_completion_tokens' instead.", "max_tokens")],
    "no-limit": [(name, 400, f"Unrecognized argument: {name}", None) for name in ("max_tokens", "max_completion_tokens")],
    "no-temperature": [("temperature", 400, "Only the default value is supported.", "temperature")],
    "no-seed": [("seed", 422, "Extra inputs are not permitted", ["body", "seed"])],
    "no-stream-options": [("stream_options", 400, "Extra inputs are not permitted: stream_options", None)],
    "no-stream": [("stream", 400, "Streaming is not supported for this model.", None)],
    "no-system": [("system", 500, "Jinja Exception: System role not supported", None)],
    "too-many": [("max_tokens", 400, "max_tokens is too large: 1024. At most 512 are supported.", "max_tokens")],
    "narrow": [("model", 400, "This model's maximum context length is 64 tokens. You sent: {prompt}", None)],
    "unpaid": [("model", 429, "You exceeded your current quota, please check your plan and billing details.", None)],
    "prudish": [("model", 400, "The prompt triggered the content management policy.", "prompt")],
}  # fmt: skip
REFUSED["no-frills"] = [one for name in list(REFUSED) if name.startswith("no-") for one in REFUSED[name]]
CANNOT = "The sources do not state this."
STATUS = re.compile(r"[345]\d\d")
PARTS = re.compile(r"(?<=[a-z0-9][.;])\s+|\n+")
SOURCE = re.compile(r"^\[(\d+)\](?:\n<[\w-]+>\n)?[^\n]*\n(.+?)(?=\n\n|\n</[\w-]+>|\Z)", re.M | re.S)


@dataclass
class Script:
    """A reply piece by piece: texts, or the fields of a delta such as {"reasoning_content": "…"}; its end; or an error."""

    pieces: list[str | dict[str, Any]] = field(default_factory=list)
    ending: str = "stop"
    error: dict[str, Any] = field(default_factory=dict)

    @property
    def deltas(self) -> list[dict[str, Any]]:
        return [{"content": one} if isinstance(one, str) else one for one in self.pieces]

    @property
    def message(self) -> dict[str, Any]:
        """The same in one piece."""
        whole: dict[str, Any] = {"content": None}
        for delta in self.deltas:
            for name, value in delta.items():
                whole[name] = value if whole.get(name) is None else whole[name] + value
        return whole


@dataclass
class Seen:
    """What the server was asked: the bodies in order, and how often for each model."""

    bodies: list[dict[str, Any]] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    keys: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, body: dict[str, Any], key: str) -> int:
        with self.lock:
            self.bodies.append(body)
            self.keys.append(key)
            self.calls[body["model"]] += 1
            return self.calls[body["model"]]


def copied(text: str) -> str:
    """The first sentence of the first two numbered sources of a prompt, cited."""
    sources = SOURCE.findall(text)[:2] or [("1", "Nothing was found")]
    return " ".join(f"{first_of(body)} [{number}]." for number, body in sources)


def first_of(body: str) -> str:
    """The first sentence of a text that is long enough to be one, or else all of it."""
    parts = [part.strip().rstrip(".;") for part in PARTS.split(body)]
    return next((part for part in parts if len(part.split()) > 3), " ".join(body.split()).rstrip(".;"))


def as_json(text: str) -> str:
    parts = [(one, re.findall(r"\[(\d+)\]", one)) for one in re.split(r"(?<=\]\.)\s+", text)]
    sentences = [{"text": re.sub(r"\s*\[\d+\]", "", one), "sources": [int(n) for n in cited]} for one, cited in parts]
    return json.dumps({"sentences": sentences, "missing": ""})


def refusal_of(body: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
    """What a server that does not take a parameter says to a request with it; None where it has nothing against it."""
    sent = {name for name, value in body.items() if value is not None and value is not False}
    sent |= {one["role"] for one in body["messages"]}
    for name, status, said, param in REFUSED.get(body["model"], []):
        if name in sent and isinstance(param, list):
            return status, {"detail": [{"loc": param, "msg": said, "type": "extra_forbidden"}]}
        if name in sent:
            said = said.replace("{prompt}", body["messages"][-1]["content"])
            return status, {"error": {"message": said, "param": param, "code": None}}
    return None


def reply_of(body: dict[str, Any], call: int) -> str:
    """What a model of this name says to these messages."""
    name, asked = body["model"], body["messages"][-1]["content"]
    first = next((one["content"] for one in body["messages"] if one["role"] == "user"), "")
    good = copied(first)
    mending = "could not be read" in asked
    if name == "grades":
        wanted = re.findall(r"Question: (.*)", asked)[-1].split()[-1].strip("?").lower()
        passage = asked.split("Passage:")[1].split("Question:")[0].lower()
        return json.dumps({"grade": 3 if wanted in passage else 0})
    if name == "order":
        return " > ".join(f"[{number}]" for number in reversed(re.findall(r"^\[(\d+)\]", asked, re.M)))
    said = {
        "thinking": f"<think>Which source? [7] perhaps.</think>\n{good}",
        "only-thoughts": "<think>Which source?",
        "wrong-citations": f"{good} It rained in the invented town [9].",
        "empty": "",
        "structured": as_json(good),
        "structured-only": as_json(good) if "response_format" in body else good,
        "no-schema": as_json(good),
        "mends": as_json(good) if mending else as_json(good)[:-9],
        "wild": 'Here it is:\n```json\n{"sentences": [{"text": "It rained [9].", "sources": "1, source 2"}, "No source.",]}\n```',
        "missing": json.dumps({"sentences": [], "missing": "the sources say nothing of torsemide by mouth"}),
        "partly": as_json(good).replace('"missing": ""', '"missing": "who gave the torsemide"'),
        "complete": as_json(good).replace('"missing": ""', '"missing": "Nothing."'),
        "cannot": as_json(CANNOT) if "JSON" in asked else CANNOT,
        "rewrite": 'Query: "torsemide dose at discharge"',
        "queries": '["torsemide dose", "Torsemide dose", "loop diuretic at discharge", "", 7, "demadex mg daily"]',
        "lines": "Here are the queries:\n1. torsemide dose\n2) loop diuretic at discharge\n- demadex mg daily\n",
        "shrugs": "On a scale of 0 to 3 that is hard to say.",
    }
    return said.get(name, good)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        call = self.server.seen.note(body, self.headers.get("Authorization", ""))
        name = body["model"]
        self.close_connection = True
        if STATUS.fullmatch(name):
            self._plain(int(name), {"error": {"message": "no", "code": "no"}})
        elif name == "redirect":
            self._plain(307, {}, {"Location": f"http://another.invalid:{self.server.server_port}/v1/chat/completions"})
        elif name == "busy" and call == 1:
            self._plain(429, {"error": {"message": "busy"}}, {"Retry-After": "0.01"})
        elif (refusal := refusal_of(body)) is not None:
            self._plain(*refusal)
        elif name == "waits-oddly" and call == 1:
            self._plain(429, {"error": {"message": "busy"}}, {"Retry-After": self.server.wait})
        elif name == "error-in-reply":
            self._plain(200, self.server.script.error)
        elif name == "busy-in-reply" and call == 1:
            self._plain(200, {"error": {"message": "busy", "code": 429}})
        elif name == "busy-long":
            self._plain(429, {"error": {"message": "busy"}}, {"Retry-After": "3600"})
        elif name == "failing-once" and call == 1:
            self._plain(500, {"error": {"message": "failed"}})
        elif name == "no-schema" and "response_format" in body:
            self._plain(400, {"error": {"message": "response_format is not supported"}})
        elif name == "stalls":
            self.server.stop.wait(20)
        elif name == "wrong-type":
            self._headers(200, "text/html", {})
            self.wfile.write(b"<html><body>Welcome to the invented hospital</body></html>")
        elif body.get("stream"):
            self._headers(200, "text/event-stream", {})
            self._stream(body, reply_of(body, call))
        else:
            text = reply_of(body, call)
            message = {"role": "assistant", **(self.server.script.message if name == "scripted" else {"content": text})}
            choice = {"index": 0, "message": message, "finish_reason": self._ending(name)}
            usage = {} if name == "quiet" else {"usage": tokens_of(body, text)}
            self._plain(200, {**shell("chat.completion", name), "choices": [choice], **usage})

    def _stream(self, body: dict[str, Any], text: str) -> None:
        name = body["model"]
        if name == "trickles":
            for _ in range(200):
                if self.server.stop.wait(0.05):
                    break
                self.wfile.write(b": wait\n\n")
                self.wfile.flush()
        if name == "error-in-stream":
            self.wfile.write(f"data: {json.dumps(self.server.script.error)}\n\n".encode())
            return
        if name == "rubbish":
            self.wfile.write(b"data: {not json\n\n")
            return
        words: list[str | dict[str, Any]] = list(re.findall(r"\S+\s*", text))
        if name == "scripted":
            words = list(self.server.script.deltas)
        half = max(len(words) // 2, 1)
        for at, word in enumerate(words):
            if at == half and name == "cut-off":
                self.wfile.write(b'data: {"id": "1", "choices": [{"del')
                return
            if at == half and name == "error-midway":
                self.wfile.write(b'data: {"error": {"message": "out of memory", "type": "server_error"}}\n\n')
                return
            if at == half and name == "stalls-midway":
                self.server.stop.wait(20)
                return
            said = {"content": word} if isinstance(word, str) else word
            self._event(name, [{"index": 0, "delta": {"role": "assistant", **said}, "finish_reason": None}])
            time.sleep(self.server.pause)
        if name != "quiet":
            self._event(name, [{"index": 0, "delta": {}, "finish_reason": self._ending(name)}])
            if (body.get("stream_options") or {}).get("include_usage"):
                self._event(name, [], usage=tokens_of(body, text))
        self.wfile.write(b"data: [DONE]\n\n")

    def _ending(self, name: str) -> str:
        return self.server.script.ending if name == "scripted" else "length" if name == "long" else "stop"

    def _event(self, model: str, choices: list[dict[str, Any]], **more: Any) -> None:
        event = {**shell("chat.completion.chunk", model), "choices": choices, **more}
        self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())
        self.wfile.flush()

    def _plain(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self._headers(status, "application/json", {**(headers or {}), "Content-Length": str(len(data))})
        self.wfile.write(data)

    def _headers(self, status: int, kind: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Connection": "close", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def do_GET(self) -> None:
        self._plain(200, {"object": "list", "data": [{"id": name, "object": "model", "about": MODELS[name]} for name in MODELS]})

    def log_message(self, *arguments: object) -> None:
        """Says nothing: a log would hold document text."""


class Server(ThreadingHTTPServer):
    """The server with what it has seen; `pause` is the seconds between two words."""

    daemon_threads = True

    def __init__(self, port: int = 0, pause: float = 0.0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.seen, self.stop, self.pause, self.script, self.wait = Seen(), threading.Event(), pause, Script(), "0"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone away is no error here."""


def shell(kind: str, model: str) -> dict[str, Any]:
    return {"id": "1", "object": kind, "created": 1, "model": model}


def tokens_of(body: dict[str, Any], text: str) -> dict[str, int]:
    """Four characters as a token, so that a test can count them by hand."""
    sent = sum(len(one["content"]) for one in body["messages"]) // (40 if body["model"] == "forgetful" else 4)
    return {"prompt_tokens": sent, "completion_tokens": len(text) // 4, "total_tokens": sent + len(text) // 4}


@contextmanager
def running(port: int = 0, pause: float = 0.0) -> Iterator[Server]:
    """The server in a thread of its own; port 0 takes one that is free."""
    server = Server(port, pause)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server
    finally:
        server.stop.set()
        server.shutdown()
        server.server_close()


def main() -> None:
    asked = argparse.ArgumentParser(description="An OpenAI-compatible chat server that misbehaves on request.")
    asked.add_argument("--port", type=int, default=8123)
    asked.add_argument("--pause", type=float, default=0.05, help="seconds between two words")
    wanted = asked.parse_args()
    server = Server(wanted.port, wanted.pause)
    names = "\n".join(f"  {name}: {about}" for name, about in MODELS.items())
    sys.stdout.write(f"{server.url}\n{names}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.stop.set()


if __name__ == "__main__":
    main()
