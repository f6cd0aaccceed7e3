"""Chat models by provider and URL: in time, again where it may help, counted, and never further than the address given."""

import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from rag.errors import ModelProblem
from rag.governance.egress import direct, permit, permit_tracing
from rag.stages.models.chat import ChatModel, Reply, prompt_tokens
from rag.stages.models.problems import wait_of
from rag.stages.models.providers import PROVIDERS, address
from rag.stages.models.usage import metered, record
from rag.values import Message, Usage
from tests.fake_server import MODELS, Server

PROMPT = "[1] a.txt\nTorsemide 40 mg daily. Secretword.\n\n[2] b.txt\nChest clear.\n\nQuestion: which dose?"
MESSAGES = (Message("system", "Answer."), Message("user", PROMPT))
SAID = "Torsemide 40 mg daily [1]. Chest clear [2]."
ROOT = Path(__file__).parents[2]


def chat(server: Server, model: str = "good", **settings: Any) -> ChatModel:
    return ChatModel(**{"model": model, "base_url": server.url, "retries": 0, "timeout": 30.0, **settings})


def fault(model: ChatModel) -> str:
    with pytest.raises(ModelProblem) as problem:
        model.complete(MESSAGES)
    assert "Secretword" not in str(problem.value) and "Torsemide" not in str(problem.value)
    return str(problem.value)


def test_an_answer_comes_whole_or_as_it_is_written(server: Server) -> None:
    text, usage = chat(server).complete(MESSAGES)
    assert text == SAID and usage == Usage(1, (len(PROMPT) + len("Answer.")) // 4, len(SAID) // 4)
    asking = chat(server).stream(MESSAGES)
    parts = [next(asking), next(asking)]
    assert parts[0].strip() == "Torsemide"
    asking.close()


def test_settings_and_messages_are_sent_as_they_are(server: Server) -> None:
    chat(server, temperature=0.5, seed=7, max_tokens=99).complete(MESSAGES)
    (body,) = server.seen.bodies
    assert body["messages"] == [{"role": one.role, "content": one.content} for one in MESSAGES]
    assert (body["model"], body["temperature"], body["seed"], body["max_tokens"]) == ("good", 0.5, 7, 99)
    chat(server).complete(MESSAGES)
    assert "seed" not in server.seen.bodies[1] or server.seen.bodies[1]["seed"] is None


def test_what_the_server_does_not_count_is_estimated_and_said_so(server: Server) -> None:
    _, usage = chat(server, "quiet", price_in=1.0, price_out=2.0).complete(MESSAGES)
    assert not usage.counted and usage.sent == prompt_tokens(MESSAGES) and usage.received > 5
    assert usage.cost == pytest.approx((usage.sent + 2 * usage.received) / 1_000_000)
    assert str(usage).startswith(f"1 call, about {usage.sent:,} tokens sent")


def test_usage_adds_up_in_every_meter_around(server: Server) -> None:
    with metered() as outer:
        with metered() as inner:
            chat(server, price_in=2.0).complete(MESSAGES)
        chat(server).complete(MESSAGES)
    record(Usage(5))
    assert inner.total.calls == 1 and outer.total.calls == 2
    assert inner.total.cost == pytest.approx(inner.total.sent * 2e-6) == pytest.approx(outer.total.cost)


def test_a_part_of_an_answer_is_counted_too(server: Server) -> None:
    with metered() as meter, pytest.raises(ModelProblem):
        chat(server, "error-midway").complete(MESSAGES)
    assert meter.total.calls == 1 and not meter.total.counted


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("401", "RAG_CHAT_KEY"),
        ("403", "does not allow"),
        ("400", "refuses the request"),
        ("404", "not known there"),
        ("413", "too long"),
        ("429", "too many requests"),
        ("500", "failed with status 500"),
        ("503", "failed with status 503"),
        ("empty", "empty answer"),
        ("only-thoughts", "empty answer"),
        ("rubbish", "not a chat answer"),
        ("wrong-type", "not a chat answer"),
        ("error-midway", "broke off in the middle"),
        ("redirect", "points to another address"),
        ("busy-long", "asks to wait 3,600 s"),
    ],
)
def test_a_server_that_fails_is_named_with_its_reason_and_no_document_text(server: Server, model: str, said: str) -> None:
    message = fault(chat(server, model))
    assert said in message and message.startswith(f"{model} at {server.url} ")


def test_a_silent_server_is_given_up_after_the_time_out(server: Server) -> None:
    started = time.monotonic()
    assert "sent nothing for 1 s." in fault(chat(server, "stalls", timeout=1.0))
    assert "sent nothing for 1 s in the middle" in fault(chat(server, "stalls-midway", timeout=1.0))
    assert time.monotonic() - started < 20


def test_a_server_that_only_keeps_the_line_open_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.stages.models.chat.PATIENCE", 1.0)
    started = time.monotonic()
    assert "had not finished" in fault(chat(server, "trickles", timeout=1.0))
    assert time.monotonic() - started < 9


def test_a_server_that_is_down_says_so() -> None:
    with socket.socket() as taken:  # Bound and not listening, so that nobody else answers there.
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        assert "cannot be reached" in fault(ChatModel(base_url=url, retries=0))


@pytest.mark.parametrize("model", ["busy", "failing-once"])
def test_a_server_that_is_busy_or_fails_is_asked_again(server: Server, model: str) -> None:
    assert fault(chat(server, model))
    server.seen.calls.clear()
    assert chat(server, model, retries=1).complete(MESSAGES)[0] == SAID
    assert server.seen.calls[model] == 2


def test_tries_end_and_what_cannot_succeed_is_not_tried_again(server: Server) -> None:
    for model, calls in {"500": 4, "404": 1, "401": 1, "rubbish": 1, "redirect": 1, "busy-long": 1, "error-midway": 1}.items():
        fault(chat(server, model, retries=3))
        assert server.seen.calls[model] == calls, model
    fault(chat(server, "stalls-midway", retries=3, timeout=1.0))
    assert server.seen.calls["stalls-midway"] == 1, "a reader has half of the answer already"


def test_a_server_that_asks_to_wait_longer_than_the_time_out_is_not_waited_for(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("rag.stages.models.chat.PATIENCE", 1000)
    monkeypatch.setattr("rag.stages.models.chat.time.sleep", waited.append)
    assert "asks to wait 3,600 s" in fault(chat(server, "busy-long", retries=1))
    assert waited == []
    assert "500" in fault(chat(server, "500", retries=2))
    assert len(waited) == 2 and 0 < waited[0] < waited[1] < 1.0, "each pause is longer than the one before"


def test_retry_after_is_read_in_seconds_and_as_a_date() -> None:
    def problem(told: str) -> Exception:
        error = Exception()
        error.response = httpx.Response(429, headers={"Retry-After": told})  # type: ignore[attr-defined]
        return error

    assert wait_of(problem("2.5")) == 2.5
    assert wait_of(problem("Wed, 21 Oct 2015 07:28:00 GMT")) == 0.0
    assert wait_of(problem("soon")) is None and wait_of(Exception()) is None


def test_a_redirect_is_not_followed_with_the_prompt_in_hand(server: Server) -> None:
    got: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.path)

    class Points(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(307)
            self.send_header("Location", f"http://127.0.0.1:{other.server_port}/v1/chat/completions")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Elsewhere) as other, HTTPServer(("127.0.0.1", 0), Points) as points:
        for one in (other, points):
            threading.Thread(target=one.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        for provider, spec in PROVIDERS.items():
            if provider == "bedrock" or find_spec(spec.package.replace("-", "_")) is None:
                continue
            url = f"http://127.0.0.1:{points.server_port}"
            assert "is not followed" in fault(ChatModel(provider=provider, base_url=url, retries=0))
        other.shutdown()
        points.shutdown()
    assert got == []


def test_no_proxy_stands_between_the_app_and_a_server_on_this_machine(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "OPENAI_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert chat(server, max_tokens=1000).complete(MESSAGES)[0] == SAID
    assert direct("https://api.example.com/v1", 1.0)["trust_env"] and not direct(server.url, 1.0)["trust_env"]


def test_no_variable_sends_the_prompt_to_another_address(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "OPENAI_API_BASE", "LANGSMITH_GATEWAY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/v1")
    assert chat(server, max_tokens=1001).complete(MESSAGES)[0] == SAID


def test_a_key_comes_from_the_environment_alone(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    chat(server).complete(MESSAGES)
    monkeypatch.setenv("RAG_CHAT_KEY", "invented-key")
    chat(server).complete(MESSAGES)
    assert server.seen.keys == ["Bearer none", "Bearer invented-key"]
    assert not any("key" in name for name in ChatModel.model_fields)


def test_a_key_that_is_missing_elsewhere_is_asked_for_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_ALLOWED_HOSTS", "api.openai.com, api.groq.com")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    assert fault(ChatModel(base_url="")).endswith("Set it in the environment: OPENAI_API_KEY.")


@pytest.mark.parametrize("provider", PROVIDERS)
def test_only_this_machine_and_hosts_allowed_by_name_are_reached(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://invented.openai.azure.com")
    url = address(provider, "")
    if provider != "ollama":
        assert "RAG_ALLOWED_HOSTS" in fault(ChatModel(provider=provider, base_url=""))
        assert "RAG_ALLOWED_HOSTS" in fault(ChatModel(provider=provider, base_url="https://api.example.com/v1"))
    monkeypatch.setenv("RAG_ALLOWED_HOSTS", url.split("/")[2])
    permit(url)
    preset = str(ChatModel.model_fields["base_url"].default)
    assert address(provider, preset) == (preset if provider == "openai" else url), "the preset URL is for openai"


@pytest.mark.parametrize("url", ["ftp://localhost/x", "localhost:11434", "http://", "http://[::1", "http://localhost:x/v1"])
def test_what_is_not_a_url_is_said_to_be_none(url: str) -> None:
    assert "is not a URL" in fault(ChatModel(base_url=url))


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    for url in ("http://anna:geheim@localhost:11434/v1", "http://localhost:geheim@api.example.com/v1"):
        message = fault(ChatModel(base_url=url))
        assert "password" in message and "geheim" not in message


def test_tracing_that_would_send_prompts_away_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.delenv("LANGSMITH_ENDPOINT", raising=False)
    message = fault(chat(server))
    assert "LangSmith tracing is on" in message and "RAG_ALLOWED_HOSTS=api.smith.langchain.com" in message
    assert not server.seen.bodies
    monkeypatch.setenv("LANGSMITH_ENDPOINT", "http://localhost:9/traces")
    permit_tracing()
    monkeypatch.setenv("LANGSMITH_RUNS_ENDPOINTS", '{"https://traces.example.com": "key"}')
    with pytest.raises(ModelProblem, match=r"traces\.example\.com"):
        permit_tracing()


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_package_that_is_missing_is_named_with_the_command_that_installs_it(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = PROVIDERS[provider].package
    monkeypatch.setitem(sys.modules, package.replace("-", "_"), None)
    settings = {"provider": provider, "base_url": "http://localhost:9/v1", "model": f"absent-{provider}", "retries": 0}
    assert fault(ChatModel(**settings)).endswith(f"Install it with: pip install {package}")


def test_a_prompt_that_does_not_fit_is_said_before_it_is_sent(server: Server) -> None:
    tokens = prompt_tokens(MESSAGES)
    message = fault(chat(server, context=tokens + 99, max_tokens=100))
    assert (
        f"about {tokens:,} tokens" in message and f"holds {tokens + 99:,}" in message and "Lower the prompt's budget" in message
    )
    assert not server.seen.bodies
    assert chat(server, context=tokens + 100, max_tokens=100).complete(MESSAGES)
    assert chat(server, context=0).complete((Message("user", "dose " * 50_000),))
    with pytest.raises(ValidationError, match="leaves no room"):
        ChatModel(context=1000, max_tokens=1000)


def test_an_ending_is_kept(server: Server) -> None:
    for model, ending, cut in (("good", "stop", False), ("long", "length", True), ("quiet", "", False), ("cut-off", "", False)):
        asking = chat(server, model).stream(MESSAGES)
        with pytest.raises(StopIteration) as done:
            while True:
                next(asking)
        reply: Reply = done.value.value
        assert (reply.ending, reply.was_cut) == (ending, cut), model


def test_the_form_is_asked_of_the_server_and_dropped_where_it_is_refused(server: Server) -> None:
    schema = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
    assert chat(server, "structured-only").complete(MESSAGES, schema)[0].startswith("{")
    assert server.seen.bodies[0]["response_format"]["json_schema"]["schema"] == schema
    assert chat(server, "no-schema").complete(MESSAGES, schema)[0].startswith("{")
    assert ["response_format" in body for body in server.seen.bodies[1:]] == [True, False]


def test_the_server_runs_as_a_program(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fake_server", "--port", "0", "--pause", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout is not None
            url = program.stdout.readline().strip()
            assert ChatModel(model="good", base_url=url, retries=0).complete(MESSAGES)[0] == SAID
            assert {one["id"] for one in httpx.get(f"{url}/models", trust_env=False).json()["data"]} == set(MODELS)
        finally:
            program.terminate()
