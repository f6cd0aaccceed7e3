"""Embedders of a server: good rows are brought to unit length, bad ones refused, and nothing goes where nobody allowed it."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.errors import ModelProblem
from rag.keep.artifacts import Artifacts
from rag.stages.embed import remote
from rag.stages.embed.endpoint import Endpoint
from rag.stages.embed.langchain import LangChain
from rag.stages.embed.remote import Remote
from rag.values import Chunk, Span
from tests.embedding_server import Server, running, vector_of

TEXTS = ["Torsemide 40 mg daily.", "No pneumonia.", "Lisinopril was stopped."]
Make = Callable[..., Remote]


@pytest.fixture(scope="module")
def _one() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def server(_one: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    for name in ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "RAG_EMBEDDING_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(remote, "_learned", {})
    monkeypatch.setattr(remote, "FIRST_PAUSE", 0.01)
    _one.bodies.clear()
    _one.keys.clear()
    _one.paths.clear()
    _one.calls.clear()
    return _one


@pytest.fixture(params=[Endpoint, LangChain])
def make(request: pytest.FixtureRequest, server: Server) -> Make:
    def made(model: str, **settings: Any) -> Remote:
        embedder: Remote = request.param(**{"model": model, "base_url": server.url, "retries": 1, **settings})
        return embedder

    return made


def expected(texts: list[str], length: int = 4) -> Any:
    rows = np.array([vector_of(text, length) for text in texts])
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_rows_have_unit_length_and_stand_in_the_order_of_the_texts_whatever_the_batch(make: Make, server: Server) -> None:
    told: list[tuple[int, int]] = []
    rows = make("good", batch=2)(TEXTS, lambda done, total: told.append((done, total)))
    assert rows.dtype == np.float32 and np.allclose(rows, expected(TEXTS), atol=1e-6)
    assert [len(body["input"]) for body in server.bodies] == [2, 1] and told == [(2, 3), (3, 3)]
    assert np.allclose(make("good").question(TEXTS[0]), expected(TEXTS[:1])[0], atol=1e-6)


def test_texts_are_sent_as_texts_and_an_empty_one_as_a_dash(make: Make, server: Server) -> None:
    make("good")(["Pain.", " "])
    assert server.bodies[0]["input"] == ["Pain.", "-"]


def test_rows_are_put_in_order_by_their_index(server: Server) -> None:
    rows = Endpoint(model="backwards", base_url=server.url)(TEXTS)
    assert np.allclose(rows, expected(TEXTS), atol=1e-6)


def test_prefixes_stand_before_questions_and_passages(server: Server) -> None:
    embedder = Endpoint(model="good", base_url=server.url, question_prefix="query: ", passage_prefix="passage: ")
    assert np.allclose(embedder(["Pain."]), expected(["passage: Pain."]), atol=1e-6)
    assert np.allclose(embedder.question("Pain."), expected(["query: Pain."])[0], atol=1e-6)


@pytest.mark.parametrize(("model", "calls"), [("busy", 2), ("good", 1)])
def test_a_busy_server_is_asked_again(make: Make, server: Server, model: str, calls: int) -> None:
    assert make(model)(TEXTS).shape == (3, 4)
    assert server.calls[model] == calls


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize(
    ("model", "reason", "calls"),
    [
        ("500", r"failed with status 500 after 2 tries\. Try again later", 2),
        ("429", r"failed with status 429 after 2 tries", 2),
        ("401", r"wants an API key \(401\)\. Set it in the environment: (RAG_EMBEDDING|OPENAI_API)_KEY", 1),
        ("404", r"404\)\. Check the model's name", 1),
        ("400", r"\(400\).*lower batch", 1),
        ("redirects", r"points to another address \(307\), which is not followed", 1),
        ("breaks-off", r"broke off its answer after 2 tries|cannot be reached after 2 tries", 2),
        ("cut-off", r"no list of embeddings.*Is the base URL right\?", 1),
        ("ragged", r"differ in length or are no numbers", 1),
        ("words", r"differ in length or are no numbers|no list of embeddings", 1),
        ("zero", r"a vector without direction", 1),
        ("not-finite", r"not finite", 1),
        ("too-few", r"was sent 3 texts and gave", 1),
    ],
)
def test_what_is_no_sound_answer_is_refused_with_what_to_do(
    make: Make, server: Server, model: str, reason: str, calls: int
) -> None:
    with pytest.raises(ModelProblem, match=reason) as problem:
        make(model)(TEXTS)
    assert server.calls[model] == calls
    assert not any(text in str(problem.value) for text in TEXTS)
    assert not remote._learned, "a refused answer teaches no dimension"


def test_a_vector_given_twice_is_refused(server: Server) -> None:
    with pytest.raises(ModelProblem, match=r"was sent 3 texts and gave 3 vectors, or gave one twice"):
        Endpoint(model="twice", base_url=server.url)(TEXTS)


def test_a_stalling_server_is_given_up_after_the_time_out(make: Make) -> None:
    with pytest.raises(ModelProblem, match=r"sent nothing for 1 s\. Try again later"):
        make("stalls", timeout=1.0, retries=0)(TEXTS)


def test_a_server_that_is_not_there_is_named(make: Make) -> None:
    with pytest.raises(ModelProblem, match=r"good at http://127\.0\.0\.1:1/v1 cannot be reached after 2 tries"):
        make("good", base_url="http://127.0.0.1:1/v1")(TEXTS)


def test_the_dimension_is_learned_once(make: Make, server: Server) -> None:
    embedder = make("good")
    assert embedder.card().dimension is None
    assert embedder([]).shape == (0, 4) and server.calls["good"] == 1
    assert make("good", timeout=9.0).dimension == 4 and server.calls["good"] == 1
    assert embedder.card().dimension == 4


def test_after_a_restart_the_kept_vectors_tell_the_dimension(make: Make, server: Server, tmp_path: Path) -> None:
    embedder, chunks = make("grows"), [Chunk(Span("a.txt", 0, len(text)), text) for text in TEXTS]
    assert Artifacts(tmp_path / "workspace").vectors(embedder, chunks).shape == (3, 3)
    remote._learned.clear()
    assert Artifacts(tmp_path / "workspace").vectors(embedder, chunks).shape == (3, 3) and server.calls["grows"] == 1
    assert embedder.card().dimension == 3
    with pytest.raises(ModelProblem, match=r"vectors of 4 numbers where 3 are expected.*Set length to 4"):
        embedder.question("which dose")


def test_a_model_whose_dimension_changed_is_refused_until_the_length_is_set(make: Make) -> None:
    embedder = make("grows")
    assert embedder(TEXTS).shape == (3, 3)
    with pytest.raises(ModelProblem, match=r"vectors of 4 numbers where 3 are expected.*Set length to 4"):
        embedder(TEXTS)
    mended = make("grows", length=4)
    assert mended(TEXTS).shape == (3, 4) and mended.key() != embedder.key()


def test_how_long_a_server_is_waited_for_changes_no_key(make: Make) -> None:
    base = make("good")
    assert base.key() == make("good", timeout=9.0, retries=4, batch=7, limit=64).key()
    assert len({base.key(), make("other").key(), make("good", length=4).key(), make("good", base_url="http://a.test").key()}) == 4


@pytest.mark.parametrize("url", ["https://embeddings.example/v1", "ftp://x", "x", "http://localhost:99999/v1", "http://[::1/v1"])
def test_nothing_is_sent_where_nobody_allowed_it(make: Make, server: Server, url: str) -> None:
    with pytest.raises(ModelProblem, match=r"RAG_ALLOWED_HOSTS=embeddings\.example$|is not a URL"):
        make("good", base_url=url)(TEXTS)
    assert not server.bodies


def test_a_card_names_the_host_that_texts_would_go_to(make: Make) -> None:
    assert make("good").card().host == ""
    card = make("good", base_url="https://embeddings.example/v1", length=256).card()
    assert str(card) == "256 numbers a text · reads 512 tokens · text would go to embeddings.example"


def test_keys_come_from_the_environment_and_openais_goes_to_openai_alone(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "for-openai")
    embedder = Endpoint(model="good", base_url=server.url)
    embedder(TEXTS)
    monkeypatch.setenv("RAG_EMBEDDING_KEY", "for-this")
    embedder(TEXTS)
    assert server.keys == [None, "Bearer for-this"]


def test_a_provider_elsewhere_is_asked_for_only_with_a_key(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAG_ALLOWED_HOSTS", "api.openai.com")
    with pytest.raises(ModelProblem, match=r"wants an API key\. Set it in the environment: OPENAI_API_KEY"):
        LangChain()(TEXTS)


def test_azure_is_asked_at_its_own_address(server: Server) -> None:
    embedder = LangChain(provider="azure_openai", model="good", base_url=server.url.removesuffix("/v1"))
    assert np.allclose(embedder(TEXTS), expected(TEXTS), atol=1e-6)
    assert server.paths[-1].startswith("/openai/deployments/good/embeddings?api-version=")


@pytest.mark.parametrize(
    ("provider", "what"),
    [
        ("azure_openai", r"needs its endpoint\. Give it as base URL"),
        ("bedrock", r"bedrock-runtime\.us-east-1\.amazonaws\.com is not this machine"),
        ("google_genai", r"generativelanguage\.googleapis\.com is not this machine"),
    ],
)
def test_every_provider_elsewhere_is_behind_the_gate(
    server: Server, monkeypatch: pytest.MonkeyPatch, provider: Any, what: str
) -> None:
    for name in ("AZURE_OPENAI_ENDPOINT", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ModelProblem, match=what):
        LangChain(provider=provider)(TEXTS)


def test_a_missing_package_is_named(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain_ollama", None)
    monkeypatch.setattr("rag.stages.embed.langchain.find_spec", lambda name: None)
    with pytest.raises(ModelProblem, match=r"pip install langchain-ollama"):
        LangChain(provider="ollama", base_url=server.url.removesuffix("/v1"))(TEXTS)


def test_the_environment_names_no_proxy_for_this_machine(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "HTTP_PROXY", "http://127.0.0.1:9")
    assert make("good", timeout=2.0)(TEXTS).shape == (3, 4)
