"""A key goes to the server that it was meant for and to no other, whichever client asks."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from typing import Any, get_args

import pytest

from rag.errors import ModelProblem
from rag.governance.egress import is_local, permit
from rag.governance.keys import CHAT, EMBEDDING, PROVIDERS, Keys, check_aws, keys_of
from rag.stages.embed.endpoint import Endpoint
from rag.stages.embed.langchain import HOMES, LangChain
from rag.stages.models.chat import ChatModel
from rag.stages.models.providers import PROVIDERS as CHATS
from rag.stages.models.providers import address
from rag.values import Message

MESSAGES = [Message("user", "Is it so?")]
VARIABLES = sorted({name for names, _ in PROVIDERS.values() for name in names})
OTHERS = ["ANTHROPIC_AUTH_TOKEN", "AZURE_OPENAI_AD_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[str]]]:
    """A server on this machine that keeps the lines of the head of every request, while the environment holds every key."""
    lines: list[str] = []

    class Hears(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            lines.extend([self.path, *(f"{name}: {value}" for name, value in self.headers.items())])
            self.send_response(400)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None: ...

    for name in (*VARIABLES, *OTHERS):
        monkeypatch.setenv(name, f"meant-elsewhere-{name}")
    monkeypatch.delenv("AZURE_OPENAI_ENDPOINT", raising=False)
    with HTTPServer(("127.0.0.1", 0), Hears) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", lines
        server.shutdown()


def clients(url: str) -> Iterator[tuple[str, str, Callable[[], Any]]]:
    """Every client whose package is installed, with the variable that holds the key of a server of one's own."""
    for provider, spec in CHATS.items():
        if find_spec(spec.package.replace("-", "_")) is not None and provider != "bedrock":
            model = ChatModel(provider=provider, base_url=url, retries=0)  # type: ignore[arg-type]
            yield f"chat {provider}", CHAT, lambda model=model: model.complete(MESSAGES)
    for provider, home in HOMES.items():
        if find_spec(home.package.replace("-", "_")) is not None and provider != "bedrock":
            embedder = LangChain(provider=provider, base_url=url, retries=0)  # type: ignore[arg-type]
            yield f"embed {provider}", EMBEDDING, lambda embedder=embedder: embedder(["x"])
    endpoint = Endpoint(base_url=url, retries=0)
    yield "endpoint", EMBEDDING, lambda: endpoint(["x"])


def test_no_client_gives_a_providers_key_to_another_server(heard: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    url, lines = heard
    for name, own, ask in clients(url):
        for key in ("", f"meant-for-this-{name.replace(' ', '-')}"):
            lines.clear()
            monkeypatch.setenv(own, key)
            with pytest.raises(ModelProblem):
                ask()
            assert lines and not [line for line in lines if "meant-elsewhere" in line], name
            assert any(key in line for line in lines), name


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_providers_key_goes_to_its_own_address_over_https_alone(provider: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_OPENAI_ENDPOINT", raising=False)
    keys = keys_of(provider, CHAT)
    home = keys.homes[0] if not keys.homes[0].startswith(".") else f"ward{keys.homes[0]}"
    assert keys.names(f"https://{home}/v1") == keys.names(f"https://{home.upper()}:443") == keys.provider
    for url in (
        f"http://{home}/v1",
        f"https://{home}.example.com",
        f"https://example.com/{home}",
        f"https://x{home.removeprefix('ward.')}.example",
        f"https://{home}@example.com",
        "http://localhost:11434/v1",
        "https://gpu.ward.example",
    ):
        assert keys.names(url) == (CHAT,), url


def test_every_provider_of_chat_and_embeddings_has_its_rule() -> None:
    assert set(CHATS) == set(PROVIDERS) == set(get_args(ChatModel.model_fields["provider"].annotation))
    assert set(HOMES) <= set(PROVIDERS)
    for provider, spec in CHATS.items():
        if spec.home and provider != "ollama":
            assert keys_of(provider, CHAT).at_home(address(provider, ""))


def test_azures_key_goes_to_the_endpoint_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://ward.openai.azure.com")
    assert keys_of("azure_openai", CHAT).at_home("https://ward.openai.azure.com/x")
    assert not keys_of("azure_openai", CHAT).at_home("https://other.openai.azure.com")


def test_amazons_keys_are_not_asked_for_elsewhere() -> None:
    check_aws("https://bedrock-runtime.us-east-1.amazonaws.com")
    for url in ("http://127.0.0.1:9", "http://bedrock-runtime.us-east-1.amazonaws.com", "https://amazonaws.com.example"):
        with pytest.raises(ModelProblem, match="is not Amazon's"):
            check_aws(url)


def test_a_host_of_nobody_has_no_home() -> None:
    assert not Keys(("A",), (), CHAT).at_home("https://api.openai.com")


@pytest.mark.parametrize(
    "host", ["ward.localhost", "evil.localhost", "localhost.example.com", "127.0.0.1.example.com", "0.0.0.0"]
)
def test_names_below_localhost_are_not_this_machine(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAG_ALLOWED_HOSTS", raising=False)
    assert not is_local(host) and is_local("localhost") and is_local("127.8.8.8") and is_local("::1")
    with pytest.raises(ModelProblem, match="nobody has allowed it"):
        permit(f"http://{host}:11434/v1")
