"""What stands between the app and a chat model: what a gateway refuses, waiting, proxies, certificates, addresses, keys."""

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from rag.errors import ModelProblem
from rag.governance.addresses import cleaned, key_in
from rag.governance.waiting import seconds_asked, wait_in
from rag.pipeline import Pipeline
from rag.rules import rules
from rag.stages.answer.chat import Chat
from rag.stages.embed.endpoint import Endpoint
from rag.stages.embed.hashing import Hashing
from rag.stages.index.base import Index
from rag.stages.models import chat as chat_module
from rag.stages.models.chat import ChatModel
from rag.stages.models.endings import ending, repeatable
from rag.stages.models.parameters import refused
from rag.stages.models.problems import wait_of
from rag.stages.models.said import said as words_of
from rag.values import Answer
from tests.fake_server import Script, Server
from tests.stages.test_models import MESSAGES, PROMPT, SAID, chat, fault

PROXIES = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
SENT = frozenset({"max_tokens", "temperature", "seed", "stream_options", "system", "response_format", "stream"})


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known of any server, and no proxy or certificate stands in the environment."""
    monkeypatch.setattr(chat_module, "_REFUSED", {})
    for name in (*PROXIES, "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


def asked(index: Index, server: Server, model: str, **settings: Any) -> Answer:
    answering = Chat(**{"model": model, "base_url": server.url, "retries": 0, "timeout": 30.0, **settings})
    return Pipeline(embed=Hashing(), answer=answering).ask("Which dose of torsemide was given at discharge?", index)


@pytest.mark.parametrize(
    ("model", "absent", "there"),
    [
        ("no-max-tokens", "max_tokens", "max_completion_tokens"),
        ("no-temperature", "temperature", "max_tokens"),
        ("no-seed", "seed", "max_tokens"),
        ("no-stream-options", "stream_options", "stream"),
    ],
)
def test_a_parameter_that_a_server_refuses_is_left_out_on_a_second_try(
    model: str, absent: str, there: str, server: Server
) -> None:
    assert chat(server, model, seed=7).complete(MESSAGES)[0] == SAID
    first, second = server.seen.bodies
    assert first[absent] is not None and second.get(absent) is None and second[there] is not None
    assert chat(server, model, seed=7).complete(MESSAGES)[0] == SAID
    assert len(server.seen.bodies) == 3, "what was refused once is not sent again"


def test_a_server_that_takes_no_stream_is_asked_without(server: Server) -> None:
    assert chat(server, "no-stream").complete(MESSAGES)[0] == SAID
    assert [bool(body.get("stream")) for body in server.seen.bodies] == [True, False]


def test_a_system_message_that_is_refused_is_sent_before_the_question(server: Server) -> None:
    assert chat(server, "no-system").complete(MESSAGES)[0] == SAID
    assert server.seen.bodies[1]["messages"] == [{"role": "user", "content": f"Answer.\n\n{PROMPT}"}]


def test_a_server_that_refuses_everything_is_asked_until_nothing_is_left(server: Server) -> None:
    assert chat(server, "no-frills", seed=7).complete(MESSAGES)[0] == SAID
    last = server.seen.bodies[-1]
    assert {name for name, value in last.items() if value} == {"model", "messages"}


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("no-temperature", "does not take temperature, so it was asked without"),
        ("no-limit", "does not take max_tokens, so"),
        ("no-system", "takes no system message; that text was sent before the question"),
        ("no-max-tokens", ""),
        ("no-stream-options", ""),
    ],
)
def test_a_reader_is_told_what_was_left_out(model: str, said: str, server: Server, index: Index) -> None:
    notice = asked(index, server, model).notice
    assert said in notice and bool(said) == bool(notice)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("too-many", "does not take this value of max_tokens (400). Lower max_tokens."),
        ("narrow", "too long for its window (400)"),
        ("unpaid", "quota is used up (429)"),
        ("prudish", "refuses the prompt by its content filter (400)"),
    ],
)
def test_what_a_server_refuses_besides_is_named_and_asked_once(model: str, said: str, server: Server) -> None:
    assert said in fault(chat(server, model, retries=3))
    assert server.seen.calls[model] == 1


@pytest.mark.parametrize("model", ["error-in-reply", "error-in-stream"])
@pytest.mark.parametrize(
    ("error", "shown"),
    [
        ({"message": "CUDA out of memory on worker 3", "type": "server_error"}, "It says: “CUDA out of memory on worker 3”."),
        ({"message": "Upstream unreachable", "code": 502}, "It says: “Upstream unreachable”."),
        ("The model is loading, wait a moment", "It says: “The model is loading, wait a moment”."),
        ({"message": "Cannot parse: Torsemide 40 mg daily. Secretword."}, "It says: “Cannot parse: …"),
        ({"message": "Bad token near Secretw"}, "It says: “Bad token near …”."),
        ({"message": "key sk-1234abcd5678 is revoked"}, "It says: “key sk-… is revoked”."),
        ({"message": "You exceeded your current quota.", "code": "insufficient_quota"}, "quota is used up (200)"),
        ({"message": "This model's maximum context length is 4096 tokens."}, "too long for its window (200)"),
        ({"message": "No such model", "code": 404}, "does not know this model"),
        ({"code": 503}, "failed with status 503. Try again"),
        ({"type": "odd"}, "sent an error in place of an answer. Try again"),
    ],
)
def test_an_error_in_a_reply_that_is_marked_as_a_success_is_told_in_its_own_words(
    error: Any, shown: str, model: str, server: Server
) -> None:
    server.script = Script(error={"error": error})
    assert shown in fault(chat(server, model))


def test_an_error_in_a_successful_reply_is_tried_again_where_that_may_help(server: Server) -> None:
    assert chat(server, "busy-in-reply", retries=1).complete(MESSAGES)[0] == SAID
    server.script = Script(error={"error": {"message": "Unsupported parameter: 'temperature'", "param": "temperature"}})
    assert "It says: “Unsupported parameter: 'temperature'”." in fault(chat(server, "error-in-reply", retries=3))
    sent = [body.get("temperature") for body in server.seen.bodies[2:]]
    assert sent == [0.0, None], "once with it and once without"


def test_an_error_with_a_status_says_the_servers_own_words_too(server: Server) -> None:
    assert "(400)" in fault(chat(server, "400")) and "It says: “no”." in fault(chat(server, "500"))
    error = SimpleNamespace(body={"error": {"message": "disk quota of node 7 reached"}}, __cause__=None)
    assert words_of(error, MESSAGES) == "disk quota of node 7 reached"  # type: ignore[arg-type]
    page = SimpleNamespace(body="<html><body>Bad gateway</body></html>", __cause__=None)
    assert words_of(page, MESSAGES) == ""  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", rules("servers")["parameters"], ids=lambda rule: rule["name"])
def test_every_parameter_is_read_from_its_example(rule: dict[str, Any]) -> None:
    error = SimpleNamespace(response=None, body={"error": {"message": rule["example"]}}, __cause__=None)
    told = refused(error, SENT | {rule["name"]} - ({"max_tokens"} if rule["name"] == "max_completion_tokens" else set()))  # type: ignore[arg-type]
    assert told is not None and (told.kind, told.named) == ("parameter", rule["name"])
    assert refused(error, frozenset()) is None, "only what was sent is named"  # type: ignore[arg-type]


@pytest.mark.parametrize("rule", rules("servers")["refusals"], ids=lambda rule: rule["kind"])
def test_every_refusal_as_a_whole_is_read_from_its_example(rule: dict[str, Any]) -> None:
    for body in (rule["example"], {"error": rule["example"]}, {"detail": [{"msg": rule["example"], "input": "temperature"}]}):
        told = refused(SimpleNamespace(body=body, __cause__=None), SENT)  # type: ignore[arg-type]
        assert told is not None and told.kind == rule["kind"]


@pytest.mark.parametrize("rule", rules("servers")["endings"], ids=lambda rule: rule["means"])
def test_every_word_for_an_ending_has_its_meaning(rule: dict[str, Any]) -> None:
    for word in (*rule["words"], rule["example"], rule["words"][0].upper().replace("_", "-")):
        assert ending(word) == rule["means"]
    assert (ending(""), ending("abort")) == ("unsaid", "early")
    assert repeatable("abort") == '"abort"' and "Torsemide" not in repeatable("Torsemide 40 mg")


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("2", 2.0), (" 2.5 ", 2.5), ("0", 0.0), ("-3", 0.0), ("1e3", 1000.0), ("30, 10", 30.0), ("2s", 2.0), ("500ms", 0.5),
        ("1m30s", 90.0), ("2 minutes", 120.0), ("PT20S", 20.0), ("00:01:30", 90.0), ('"5"', 5.0), ("1445412480", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), ("Wednesday, 21-Oct-15 07:28:00 GMT", 0.0), ("Wed Oct 21 07:28:00 2015", 0.0),
        ("2015-10-21T07:28:00Z", 0.0), ("nan", None), ("inf", None), ("-inf", None), ("1e999", None), ("soon", None), ("", None),
        (None, None), ("9" * 5000, None), ("Wed, 99 Oct 99999999 07:28:00 GMT", None), ("nan, nan", None),
    ],
)  # fmt: skip
def test_retry_after_is_read_in_every_form(told: str | None, seconds: float | None) -> None:
    assert seconds_asked(told) == seconds


def test_a_date_to_come_is_waited_for() -> None:
    later = datetime.now(UTC) + timedelta(seconds=60)
    for told in (
        format_datetime(later, usegmt=True),
        later.isoformat(),
        str(later.timestamp()),
        later.strftime("%a %b %d %H:%M:%S %Y"),
    ):
        assert 50 < (seconds_asked(told) or 0.0) <= 60
    assert wait_in({"Retry-After-Ms": "250", "retry-after": "9"}) == 0.25
    error = Exception()
    error.response = httpx.Response(429, headers={"Retry-After": "nan"})  # type: ignore[attr-defined]
    assert wait_of(error) is None


@pytest.mark.parametrize("told", ["nan", "inf", "-1", "0", "soon", "Wed, 21 Oct 2015 07:28:00 GMT", "0.01, 0.01"])
def test_a_busy_server_is_asked_again_however_it_says_when(told: str, server: Server) -> None:
    server.wait = told
    assert chat(server, "waits-oddly", retries=1).complete(MESSAGES)[0] == SAID


@pytest.mark.parametrize(
    "proxy", ["http://127.0.0.1:9", "socks5://127.0.0.1:9", "socks5h://127.0.0.1:9", "socks4://127.0.0.1:9", "nonsense"]
)
def test_no_proxy_of_any_kind_touches_a_local_model(proxy: str, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.setenv(name, proxy)
    assert chat(server, "good", max_tokens=1000 + len(proxy)).complete(MESSAGES)[0] == SAID


def test_a_proxy_that_cannot_be_used_is_named_and_no_package_is_called_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_ALLOWED_HOSTS", "model.invalid")
    model = ChatModel(base_url="http://model.invalid/v1", retries=0)
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    assert "SOCKS proxy" in fault(model) and "langchain-openai" not in fault(model)
    monkeypatch.setenv("ALL_PROXY", "gopher://127.0.0.1:9")
    assert "proxy that is no URL" in fault(model)
    monkeypatch.delenv("ALL_PROXY")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert "cannot be reached" in fault(model)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost that nobody has signed but itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is needed to make a certificate")
    folder = tmp_path_factory.mktemp("certificate")
    made, key = folder / "made.pem", folder / "key.pem"
    named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2", "-nodes"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-keyout", str(key), "-out", str(made), *named]
    subprocess.run(command, check=True, capture_output=True)
    return made, key


@pytest.fixture
def secured(certificate: tuple[Path, Path]) -> Iterator[Server]:
    """The chat server behind https."""
    server = Server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield server
    server.stop.set()
    server.shutdown()
    server.server_close()


def test_a_certificate_that_is_not_trusted_is_the_reason_and_ssl_cert_file_counts(
    secured: Server, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"https://localhost:{secured.server_port}/v1"
    message = fault(ChatModel(model="good", base_url=url, retries=3))
    assert "certificate that this machine does not trust" in message and "SSL_CERT_FILE" in message and "running" not in message
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    assert ChatModel(model="good", base_url=url, retries=0, max_tokens=1002).complete(MESSAGES)[0] == SAID
    other = f"https://127.0.0.1:{secured.server_port}/v1"
    assert "for another" in fault(ChatModel(model="good", base_url=other, retries=0, max_tokens=1003))


def test_certificates_that_cannot_be_read_are_named(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("no certificate")
    for path, said in ((tmp_path / "absent.pem", "is not there"), (rubbish, "holds no certificate")):
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        message = fault(ChatModel(base_url="https://localhost:9/v1", retries=0))
        assert "SSL_CERT_FILE names" in message and said in message
    assert chat(server, max_tokens=1004).complete(MESSAGES)[0] == SAID, "without https no certificate counts"


def test_http_and_https_taken_for_each_other_are_said(server: Server, secured: Server) -> None:
    message = fault(ChatModel(base_url=server.url.replace("http://", "https://"), retries=3))
    assert "write http:// in the base URL" in message
    assert "running" not in fault(ChatModel(base_url=f"http://localhost:{secured.server_port}/v1", retries=0))


@pytest.mark.parametrize("around", [" {}", "{} ", "{}\n", "\t{}\r\n", "\ufeff{}", "{}\u200b", "\u00a0{}"])
def test_blanks_around_an_address_are_no_part_of_it(around: str, server: Server) -> None:
    assert chat(server, base_url=around.format(server.url)).complete(MESSAGES)[0] == SAID


@pytest.mark.parametrize(
    "url", ["http://local host:1/v1", "http://localhost:1/\nv1", "http://local\u200bhost:1/v1", "http://localhost :1/v1"]
)
def test_a_blank_in_an_address_is_said_before_anything_is_sent(url: str) -> None:
    assert "holds a blank" in fault(ChatModel(base_url=url))
    with pytest.raises(ModelProblem, match="holds a blank"):
        Endpoint(base_url=url).address()
    assert cleaned(" http://localhost:1/v1 ") == "http://localhost:1/v1"


@pytest.mark.parametrize("key", ["invented-key\n", "  invented-key", "invented-key\r\n", "\ufeffinvented-key"])
def test_line_ends_around_a_key_are_not_sent(key: str, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_CHAT_KEY", key)
    chat(server, max_tokens=1005 + len(key)).complete(MESSAGES)
    assert server.seen.keys == ["Bearer invented-key"]


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("invented\nkey", "a blank or a line end"), ("invented key", "a blank or a line end"),
        ("invented-kéy", "a sign that no key has"), ("‘invented’", "a sign that no key has"),
        ('"invented-key"', "in quotation marks"),
    ],
)  # fmt: skip
def test_a_key_that_cannot_be_sent_is_named_by_its_variable_and_not_shown(
    key: str, said: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAG_CHAT_KEY", key)
    message = fault(chat(server))
    assert said in message and "RAG_CHAT_KEY" in message and "invented" not in message and not server.seen.bodies
    monkeypatch.setenv("RAG_CHAT_KEY", " ")
    assert key_in(["RAG_CHAT_KEY"]) == ""


def test_no_warning_holds_what_a_server_sends(server: Server, recwarn: pytest.WarningsRecorder) -> None:
    server.script = Script(
        [{"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Secretword"}]}]}, "It is so."]
    )
    assert chat(server, "scripted").complete(MESSAGES)[0] == "It is so."
    assert not [one for one in recwarn if "Secretword" in str(one.message)]


def test_a_model_that_calls_a_tool_or_thinks_alone_says_so(server: Server) -> None:
    server.script = Script([""], "tool_calls")
    assert "the call of a tool" in fault(chat(server, "scripted"))
    server.script = Script(["<think>Perhaps."])
    assert "all thoughts" in fault(chat(server, "scripted"))
