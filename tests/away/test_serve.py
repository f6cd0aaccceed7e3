"""The service, as a real process on a free port: what it answers, what it refuses and how, and that it stops cleanly."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import pytest

from rag.away.conversations import IDLE, MOST, MOST_TURNS, NEW, Conversations, UnknownConversation
from rag.away.records import judged_row
from rag.away.serve import Served, application
from rag.away.yaml import to_yaml
from rag.commands.common import documents_at
from rag.documents.workspace import Workspace
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.pipeline.follow import Turn
from rag.stages.answer.quote import Quote
from rag.stages.embed.hashing import Hashing
from rag.stages.index.base import Index
from rag.stages.rerank.keep import Keep
from rag.stages.verify.judge import judged
from rag.values import Document, File

ROOT = Path(__file__).parents[2]
QUESTION = "Is torsemide 40 mg taken by mouth daily?"
OTHER = "How large is the nodule of the right upper lobe?"
PIPELINE = Pipeline(embed=Hashing(), rerank=Keep(top=5))
KEY = "an-invented-key-of-some-length"
NOTE = "Nursing note. Call the daughter at 216-555-0134 or write to rosalind@quillwort.example about torsemide."


class Service:
    """A running `rag serve`, and a client to it."""

    def __init__(self, *arguments: object, key: str = "", start: Sequence[str] = ("-m", "rag")) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in {"RAG_API_KEY", "RAG_WORKSPACE"}}
        environment |= {"PYTHONPATH": str(ROOT), **({"RAG_API_KEY": key} if key else {})}
        told = [sys.executable, *start, "serve", "--port", "0", *map(str, arguments)]
        self.process = subprocess.Popen(told, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment)
        self.said: list[str] = []
        self.headers = {"X-API-Key": key} if key else {}

    @cached_property
    def url(self) -> str:
        """Where it is served, once it is."""
        assert self.process.stderr
        for row in self.process.stderr:
            self.said.append(row)
            if found := re.search(r"Serving on (http://127\.0\.0\.1:\d+);", row):
                return found[1]
        raise AssertionError("".join(self.said))

    @cached_property
    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=30, trust_env=False, headers=self.headers)

    def post(self, path: str, question: str = QUESTION, **told: Any) -> httpx.Response:
        return self.client.post(path, json={"question": question, **told})

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Sends a signal; the exit code, and all that was said."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        assert self.process.stderr
        self.said += list(self.process.stderr)
        return self.process.wait(20), "".join(self.said)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents as files, one of which would wait for a person, and a pipeline as YAML."""
    from tests.conftest import FILES

    folder = tmp_path_factory.mktemp("served")
    (folder / "documents").mkdir()
    for name, text in FILES.items():
        (folder / "documents" / name).write_text(text, "utf-8")
    (folder / "documents" / "note.txt").write_text(NOTE, "utf-8")
    (folder / "pipeline.yaml").write_text(to_yaml(PIPELINE), "utf-8")
    return folder


@pytest.fixture(scope="module")
def services(folder: Path) -> Iterator[dict[str, Service]]:
    """One over the documents, one with a key, one over a workspace; they start side by side."""
    project = Workspace(folder / "workspace").project()
    project.shelf.add(File("plan.txt", b"Torsemide 40 mg by mouth daily is planned. The invented syrup is stopped."))
    project.shelf.add(File("note.txt", NOTE.encode()))
    docs, pipeline = ("--docs", folder / "documents"), ("--pipeline", folder / "pipeline.yaml")
    started = {
        "open": Service(*docs, *pipeline),
        "key": Service(*docs, *pipeline, "--patient", "P-9001", key=KEY),
        "workspace": Service("--workspace", folder / "workspace", *pipeline),
    }
    yield started
    for service in started.values():
        service.stop()


@pytest.fixture
def service(services: dict[str, Service]) -> Service:
    """The service over the documents, without a key."""
    return services["open"]


@pytest.fixture(scope="module")
def index(folder: Path) -> Index:
    return PIPELINE.prepare(documents_at([folder / "documents"], screened=True), Artifacts())


def refusal(response: httpx.Response, status: int, *parts: str) -> str:
    """The error of a refused request; it holds these parts, and nothing else is in the body."""
    assert response.status_code == status, response.text
    body = response.json()
    assert list(body) == ["error"]
    assert [part for part in parts if part not in body["error"]] == []
    return str(body["error"])


def test_passages_are_the_pipelines_with_exact_places(service: Service, index: Index) -> None:
    hits = PIPELINE.search(QUESTION, index).hits
    body = service.post("/retrieve").raise_for_status().json()
    assert body["question"] == QUESTION and body["warnings"] == []
    assert [one["text"] for one in body["passages"]] == [hit.chunk.text for hit in hits] and len(hits) > 1
    for one in body["passages"]:
        assert index.documents[one["document"]].text[one["start"] : one["end"]] == one["text"]
        assert {"page", "section", "score", "steps"} < set(one)


def test_an_answer_is_the_pipelines_with_exact_citations(service: Service, index: Index) -> None:
    answer = PIPELINE.ask(QUESTION, index)
    body = service.post("/ask").raise_for_status().json()
    assert (body["answer"], body["refused"]) == (answer.text, False)
    assert [claim["text"] for claim in body["claims"]] == [claim.text for claim in answer.claims]
    for claim in body["claims"]:
        for cited in claim["citations"]:
            assert index.documents[cited["document"]].text[cited["start"] : cited["end"]] == cited["quote"]
    assert list(body["ms"]) == ["scope", "expand", "retrieve", "rerank", "refuse", "prompt", "answer", "verify", "defer"]


def test_a_refusal_is_told_with_what_is_missing_and_the_nearest_sentence(service: Service, index: Index) -> None:
    question = "Who won the torsemide plimmer race?"
    answer = PIPELINE.ask(question, index)
    body = service.post("/ask", question).raise_for_status().json()
    assert (body["outcome"], body["refused"], body["answer"], body["claims"]) == ("refused", True, "", [])
    assert body["missing"] == list(answer.missing) and "plimmer" in body["missing"]
    near = body["nearest"]
    assert index.documents[near["document"]].text[near["start"] : near["end"]] == near["quote"]
    told = service.client.get("/openapi.json").json()["components"]["schemas"]["Answered"]["properties"]
    assert told["outcome"]["enum"] == ["answered", "partial", "conflict", "refused"]
    assert service.post("/ask").json()["nearest"] is None


def test_only_released_documents_are_served(service: Service) -> None:
    told = service.client.get("/scope").json()
    assert told["documents"] == 4 and told["passages"] > 4 and not any(told["filter"].values())
    body = service.post("/retrieve", "Whom does the nursing note say to call about torsemide?").json()
    assert body["passages"] and "note.txt" not in {one["document"] for one in body["passages"]}
    refusal(
        service.post("/ask", filter={"documents": ["note.txt"]}), 422, "filter.documents: 'note.txt' is not among the documents"
    )
    assert any("note.txt would wait for a person" in row for row in service.said)


def test_filters_narrow_what_is_found(service: Service) -> None:
    def names(**only: Any) -> set[str]:
        return {one["document"] for one in service.post("/retrieve", filter=only).raise_for_status().json()["passages"]}

    assert len(names()) > 1
    assert names(documents=["radiology_P-9001.txt"]) == {"radiology_P-9001.txt"}
    assert names(before="2023-12-31") == {"radiology_P-9001.txt"}
    assert names(after="2024-01-01") == {"discharge_P-9001.txt"}
    assert names(patients=["P-9001"]) == {"radiology_P-9001.txt", "discharge_P-9001.txt"}


def test_the_pipeline_and_its_description_can_be_read(service: Service) -> None:
    assert Pipeline.model_validate(service.client.get("/pipeline").json()) == PIPELINE
    described = service.client.get("/openapi.json").json()
    assert set(described["paths"]) == {"/retrieve", "/ask", "/verify", "/pipeline", "/scope", "/health"}
    assert "passages" in described["components"]["schemas"]["Found"]["properties"]


def test_no_page_that_loads_anything_from_elsewhere_is_there(service: Service) -> None:
    for path in ("/docs", "/redoc", "/", "/docs/oauth2-redirect", "/ask/"):
        refusal(service.client.get(path), 404, "Not Found. Allowed: /ask, /health, /pipeline", "/openapi.json")
    refusal(service.post("/ask/"), 404, "/ask, ")
    assert "https://" not in service.client.get("/openapi.json").text
    refusal(service.client.get("/ask"), 405, "Method Not Allowed. Allowed: POST")


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ('{"question": "secretword', ("The body: not JSON (", 'Send {"question": "…"}')),
        ("", ("the body: Field required",)),
        ("null", ("the body: ",)),
        ('["secretword"]', ("the body: not a JSON object",)),
        ('{"question": "secretword", "question": "why"}', ("The body: the key 'question' stands twice",)),
        ('{"question": "secretword", "filter": {"types": ["a"], "types": ["b"]}}', ("the key 'types' stands twice",)),
        (b'{"question": "secretword \xff"}', ("The body: not UTF-8 from byte 25", 'Send {"question": "…"}')),
        ('{"question": "secretword", "top": ' + "1" * 5000 + "}", ("a number has too many digits",)),
        ('{"question": "secretword", "filter": {"patients": []}}', ("filter.patients: an empty list would let nothing through",)),
        (
            '{"question": "secretword", "filter": {"after": "2024-03-02", "before": "2024-03-01"}}',
            ("after 2024-03-02 is later than before 2024-03-01",),
        ),
        ("{}", ("question: Field required",)),
        ('{"question": ["secretword"]}', ("question: Input should be a valid string",)),
        ('{"question": ""}', ("question: String should have at least 1 character",)),
        ('{"question": "  "}', ("The question is empty",)),
        ('{"question": "secretword\\ud800"}', ("The body: a text holds half of a surrogate pair",)),
        (json.dumps({"question": "secretword " * 400}), ("question: String should have at most 4000 characters",)),
        ('{"question": "secretword", "top": 3}', ("unknown field top; allowed: question, filter",)),
        ('{"question": "secretword", "filter": {"type": []}}', ("unknown field filter.type; allowed: documents, types, ",)),
        ('{"question": "secretword", "filter": {"after": "2024-3-1"}}', ("filter.after: not a day written like 2024-03-14",)),
        (
            '{"question": "secretword", "filter": {"types": ["poem"]}}',
            ("filter.types: 'poem' is not among the documents. Allowed: ", "policy"),
        ),
        (
            '{"question": "secretword", "filter": {"in_force": "secretword"}}',
            ("filter.in_force: Input should be a valid boolean",),
        ),
    ],
)
def test_what_cannot_be_read_is_named_without_what_was_asked(service: Service, body: str | bytes, parts: tuple[str, ...]) -> None:
    for path in ("/ask", "/retrieve"):
        sent = service.client.post(path, content=body, headers={"Content-Type": "application/json"})
        assert "secretword" not in refusal(sent, 422, *parts)


def test_a_body_that_is_nested_without_end_is_refused(service: Service) -> None:
    sent = service.client.post("/ask", content="[" * 100_000, headers={"Content-Type": "application/json"})
    refusal(sent, 422, "The body: nested too deeply", 'Send {"question"')


def test_a_huge_request_is_refused_and_the_service_goes_on(service: Service) -> None:
    refusal(service.post("/ask", "why " * 1_000_000), 413, "longer than 256,000 bytes")

    def endless() -> Iterator[bytes]:
        for _ in range(40):
            yield b" " * 100_000

    sent = service.client.post("/ask", content=endless(), headers={"Content-Type": "application/json"})
    refusal(sent, 413, "longer than")
    assert service.post("/retrieve").status_code == 200


def test_a_page_in_a_browser_does_not_get_in(service: Service) -> None:
    """Neither by a form, which cannot send JSON, nor by a name of its own that points here."""
    form = service.client.post("/ask", content=json.dumps({"question": QUESTION}), headers={"Content-Type": "text/plain"})
    refusal(form, 422)
    for host in ("evil.example", "evil.example:8502", "127.0.0.1.evil.example", "[::1", "]", "[x]", ""):
        refusal(service.client.get("/health", headers={"Host": host}), 421, "answers only to localhost")
    for host in ("localhost:1", "127.0.0.1", "[::1]:8502"):
        assert service.client.get("/health", headers={"Host": host}).status_code == 200
    assert "access-control-allow-origin" not in service.client.get("/health", headers={"Origin": "http://evil.example"}).headers


def test_an_identifier_in_a_question_is_pointed_out(service: Service) -> None:
    question = "Did rosalind@quillwort.example take torsemide 40 mg?"
    for path in ("/ask", "/retrieve"):
        (warned,) = service.post(path, question).raise_for_status().json()["warnings"]
        assert warned["type"] == "EMAIL" and question[warned["start"] : warned["end"]] == "rosalind@quillwort.example"


def test_many_at_once_each_get_their_own_answer(service: Service) -> None:
    alone = {
        (path, question): service.post(path, question).json() for path in ("/ask", "/retrieve") for question in (QUESTION, OTHER)
    }
    with ThreadPoolExecutor(12) as pool:
        futures = [(asked, pool.submit(service.post, *asked)) for asked in list(alone) * 12]
    for asked, future in futures:
        body = future.result().raise_for_status().json()
        assert {**body, "ms": {}} == {**alone[asked], "ms": {}}


def test_requests_are_worked_on_side_by_side(documents: tuple[Document, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Two questions that wait for each other: each inside the same stage at the same time."""
    both = threading.Barrier(2, timeout=10)
    ask = Quote.__call__

    def meeting(self: Quote, *told: Any) -> Any:
        both.wait()
        return ask(self, *told)

    monkeypatch.setattr(Quote, "__call__", meeting)
    served = Served(PIPELINE, Artifacts(), lambda: documents)
    with in_process(served) as ask_it, ThreadPoolExecutor(2) as pool:
        assert [done.status_code for done in pool.map(ask_it, [QUESTION, OTHER])] == [200, 200]


@contextmanager
def in_process(served: Served) -> Iterator[Callable[[str], Any]]:
    """Asks the application in this process; one event loop serves all."""
    from starlette.testclient import TestClient

    with TestClient(application(served), base_url="http://localhost", raise_server_exceptions=False) as client:
        yield lambda question: client.post("/ask", json={"question": question})


def test_an_unforeseen_error_tells_its_kind_and_its_place_but_no_text(
    documents: tuple[Document, ...], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: Quote, *told: Any) -> Any:
        raise KeyError("secret words of a document")

    monkeypatch.setattr(Quote, "__call__", broken)
    with in_process(Served(PIPELINE, Artifacts(), lambda: documents)) as ask_it:
        assert "secret" not in refusal(ask_it(QUESTION), 500, "KeyError")
    assert "KeyError in broken" in caplog.text and "secret" not in caplog.text


def test_a_request_narrows_the_scope_of_the_service_and_cannot_widen_it(services: dict[str, Service]) -> None:
    service = services["key"]

    def names(**only: Any) -> set[str]:
        return {one["document"] for one in service.post("/retrieve", filter=only).raise_for_status().json()["passages"]}

    told = service.client.get("/scope").json()
    assert told["filter"]["patients"] == ["P-9001"] and told["documents"] == 2
    both = {"radiology_P-9001.txt", "discharge_P-9001.txt"}
    assert names() == names(patients=["P-9001"]) == both
    assert names(types=["radiology"]) == names(before="2023-12-31") == {"radiology_P-9001.txt"}
    said = refusal(service.post("/ask", filter={"documents": ["policy_cgm.md"]}), 422, "Allowed: discharge_P-9001.txt, radiology")
    assert said.count("policy") == 1
    refusal(service.post("/ask", filter={"types": ["policy"]}), 422, "filter.types: 'policy' is not among the documents")
    assert any("Filter: --patient P-9001." in row for row in service.said)


def test_the_service_alone_needs_no_streamlit(folder: Path) -> None:
    without = "import sys; sys.modules['streamlit'] = None; from rag.__main__ import main; main()"
    service = Service("--docs", folder / "documents", "--pipeline", folder / "pipeline.yaml", start=("-c", without))
    try:
        assert service.post("/ask").status_code == service.client.get("/health").status_code == 200
    finally:
        service.stop()


def test_health_computes_nothing(documents: tuple[Document, ...]) -> None:
    from starlette.testclient import TestClient

    asked: list[int] = []

    def now() -> tuple[Document, ...]:
        asked.append(1)
        return documents

    served = Served(PIPELINE, Artifacts(), now)
    client = TestClient(application(served), base_url="http://localhost")
    assert (client.get("/health").status_code, client.get("/health").json(), asked) == (503, {"status": "unprepared"}, [])
    served.index()
    assert (client.get("/health").status_code, client.get("/health").json(), asked) == (200, {"status": "ok"}, [1])


def test_with_a_key_nothing_but_health_answers_without_it(services: dict[str, Service]) -> None:
    service = services["key"]
    assert service.post("/ask").status_code == 200
    assert service.client.get("/openapi.json").json()["components"]["securitySchemes"]["APIKeyHeader"]["name"] == "X-API-Key"
    for wrong in ("", KEY[:-1], KEY + "x", KEY.upper(), "é" * 30):
        headers = {"X-API-Key": wrong.encode()}
        for path in ("/ask", "/retrieve", "/nowhere"):
            told = service.client.post(path, json={"question": QUESTION}, headers=headers)
            refusal(told, 401, "missing or wrong", "X-API-Key")
        for path in ("/pipeline", "/openapi.json"):
            refusal(service.client.get(path, headers=headers), 401)
        assert service.client.get("/health", headers=headers).status_code == 200
    assert httpx.get(f"{service.url}/pipeline", trust_env=False).status_code == 401


@pytest.mark.parametrize(
    ("arguments", "key", "parts"),
    [
        (["--host", "0.0.0.0"], "", ("0.0.0.0 is not this machine alone", "RAG_API_KEY")),
        (["--host", "::"], "", ("RAG_API_KEY",)),
        ([], "short", ("at least 16 characters",)),
        (["--host", "0.0.0.0"], "short", ("at least 16 characters",)),
        (["--patient", "P-9"], "", ("--patient 'P-9' is not among the documents. Allowed: P-9001.",)),
        (["--after", "2024-03-02", "--before", "2024-03-01"], "", ("--after 2024-03-02 is later than --before 2024-03-01",)),
        (["--pipeline", "nowhere.yaml"], "", ("nowhere.yaml: cannot be read",)),
    ],
)
def test_a_start_that_would_not_be_safe_or_cannot_be_is_refused(
    arguments: list[str], key: str, parts: tuple[str, ...], folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    refused(["--docs", str(folder / "documents"), *arguments], key, parts, monkeypatch, capsys)


def refused(arguments: list[str], key: str, parts: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    from rag import __main__ as command_line

    monkeypatch.setenv("RAG_API_KEY", key)
    monkeypatch.setattr(sys, "argv", ["rag", "serve", *arguments])
    with pytest.raises(SystemExit) as stopped:
        command_line.main()
    last = capsys.readouterr().err.rstrip().rsplit("\n", 1)[-1]
    assert stopped.value.code == 1 and last.startswith("error: ") and [part for part in parts if part not in last] == []


def test_nothing_to_serve_and_a_taken_port_are_said(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    refused(["--workspace", str(tmp_path / "none")], "", ("nothing to serve", "--docs", "--workspace"), monkeypatch, capsys)
    assert not (tmp_path / "none").exists()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = ["--docs", str(folder / "documents"), "--pipeline", str(folder / "pipeline.yaml"), "--port", str(port)]
        refused(told, "", (f"port {port}: ", "Choose another"), monkeypatch, capsys)


def test_a_workspace_is_served_as_it_is_decided_meanwhile(services: dict[str, Service], folder: Path) -> None:
    service, project = services["workspace"], Workspace(folder / "workspace").project()

    def names() -> set[str]:
        return {one["document"] for one in service.post("/retrieve").raise_for_status().json()["passages"]}

    assert names() == {"plan.txt"}
    project.decisions.make(["note.txt"], "release", "test")
    assert names() == {"plan.txt", "note.txt"}
    project.shelf.remove("plan.txt")
    assert names() == {"note.txt"}
    project.decisions.make(["note.txt"], "reject", "test")
    assert names() == set() and service.post("/ask").json()["refused"] is True


def test_a_question_of_a_conversation_leans_on_the_one_before_it(service: Service) -> None:
    first = service.post("/ask", "Is torsemide 40 mg taken by P-9001?", conversation="new").raise_for_status().json()
    name = first["conversation"]
    assert len(name) > 30 and first["follow"]["how"] == "alone"
    second = service.post("/ask", "and apixaban?", conversation=name).raise_for_status().json()
    assert second["conversation"] == name and second["question"] == "Is apixaban taken by P-9001?"
    assert second["follow"] == {
        "typed": "and apixaban?",
        "asked": second["question"],
        "how": "rules",
        "notes": ["apixaban instead of torsemide"],
    }
    as_typed = service.post("/ask", "why?", conversation=name, rewrite="never").raise_for_status().json()
    assert as_typed["question"] == "why?"


def test_a_question_by_itself_keeps_and_leans_on_nothing(service: Service) -> None:
    body = service.post("/ask", "and apixaban?").raise_for_status().json()
    assert (body["conversation"], body["follow"], body["question"]) == (None, None, "and apixaban?")


def test_a_conversation_that_is_not_there_is_told(service: Service) -> None:
    refusal(service.post("/ask", conversation="not-there"), 404, "No such conversation", '"conversation": "new"')
    refusal(service.post("/ask", conversation="x" * 65), 422, "conversation")
    refusal(service.post("/ask", conversation="new", rewrite="oracle"), 422, "rewrite")
    refusal(service.post("/retrieve", conversation="new"), 422, "unknown field conversation", "question, filter")
    told = service.client.get("/openapi.json").json()
    assert "404" in told["paths"]["/ask"]["post"]["responses"]
    assert {"conversation", "rewrite"} < set(told["components"]["schemas"]["AskedInTurn"]["properties"])


def test_conversations_are_bounded_in_number_age_and_length_and_are_each_keys_own() -> None:
    now = [0.0]
    kept = Conversations(clock=lambda: now[0])
    one = Turn("q?", "q?")
    name = kept.add(NEW, one, "a key")
    assert kept.turns(name, "a key") == (one,) and kept.turns(NEW, "a key") == ()
    with pytest.raises(UnknownConversation):
        kept.turns(name, "another key")
    for _ in range(2 * MOST_TURNS):
        assert kept.add(name, one, "a key") == name
    assert len(kept.turns(name, "a key")) == MOST_TURNS
    now[0] = IDLE
    assert kept.turns(name, "a key")
    now[0] = IDLE + 1
    with pytest.raises(UnknownConversation):
        kept.turns(name, "a key")
    names = [kept.add(NEW, one) for _ in range(MOST + 1)]
    assert len(set(names)) == MOST + 1 and kept.turns(names[-1]) and kept.turns(names[1])
    with pytest.raises(UnknownConversation):
        kept.turns(names[0])
    assert kept.add(names[0], one) == names[0], "where it went while the answer was written, the answer is given all the same"


def test_a_text_beside_its_source_is_judged_as_rag_verify_does(service: Service) -> None:
    source, said = "Metformin 500 mg twice daily. No hypoglycaemia.", "Metformin is taken as 850 mg twice daily."
    sent = {"id": "a", "question": "Which dose?", "response": said, "source": source}
    body = service.client.post("/verify", json=sent).raise_for_status().json()
    found = judged(said, source)
    assert set(body) == {"id", "score", "claims"} and body["id"] == "a"
    assert body["claims"] == [judged_row(one, said, source) for one in found.claims]
    dose = next(one for one in body["claims"][0]["reasons"] if one["check"] == "dose")
    assert (dose["said"]["text"], dose["source"]["text"]) == ("850 mg", "500 mg")


def test_a_text_without_a_source_is_held_against_the_documents(service: Service, index: Index) -> None:
    said = "Torsemide 40 mg by mouth is taken daily. She keeps bees."
    body = service.client.post("/verify", json={"response": said}).raise_for_status().json()
    assert set(body) == {"score", "claims", "warnings"}
    assert [said[one["start"] : one["end"]] for one in body["claims"]] == [one["text"] for one in body["claims"]]
    for claim in body["claims"]:
        for one in (*claim["citations"], *claim["against"]):
            assert index.documents[one["document"]].text[one["start"] : one["end"]] == one["quote"]
        for reason in claim["reasons"]:
            assert said[reason["said"]["start"] : reason["said"]["end"]] == reason["said"]["text"]
    assert body["claims"][-1]["supported"] is not True
    narrow = {"response": said, "filter": {"patients": ["P-9999"]}}
    refusal(service.client.post("/verify", json=narrow), 422, "filter.patients", "P-9999")


@pytest.mark.parametrize(
    ("body", "parts"),
    [
        ({}, ("response", "required")),
        ({"response": ""}, ("response",)),
        ({"response": "x" * 20_001}, ("response", "20000")),
        ({"response": " "}, ("no statement",)),
        ({"response": "x", "question": "y", "sauce": "z"}, ("unknown field sauce", "response", "source")),
        ({"response": "x", "source": "y", "filter": {"documents": ["a.txt"]}}, ("leave one of them out",)),
    ],
)
def test_a_text_that_cannot_be_verified_is_told_why(service: Service, body: dict[str, Any], parts: tuple[str, ...]) -> None:
    refusal(service.client.post("/verify", json=body), 422, *parts)


def test_verify_needs_the_key_and_stands_in_the_description(services: dict[str, Service]) -> None:
    keyed = services["key"]
    assert httpx.post(f"{keyed.url}/verify", json={"response": "x."}, trust_env=False).status_code == 401
    described = keyed.client.get("/openapi.json").json()
    assert "post" in described["paths"]["/verify"] and "Verdicts" in described["components"]["schemas"]
    assert '{"response": "…"}' in keyed.client.post("/verify", content=b"[]").json()["error"]


def test_it_stops_at_once_and_finishes_what_it_was_asked(services: dict[str, Service]) -> None:
    """The last test: it stops one service by a signal as from a supervisor, and another as from a keyboard."""
    service = services["key"]
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(service.post, "/ask") for _ in range(8)]
        while not any(one.done() for one in asked):
            time.sleep(0.005)
        started = time.monotonic()
        code, said = service.stop()
    assert code == -signal.SIGTERM and time.monotonic() - started < 8
    assert "Traceback" not in said and KEY not in said and QUESTION not in said
    for one in asked:
        try:
            assert one.result().status_code == 200
        except httpx.TransportError:
            pass  # It had not reached the service when that stopped.
    with pytest.raises(httpx.ConnectError):
        service.client.get("/health")
    code, said = services["open"].stop(signal.SIGINT)
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN  # As in a shell's background; the service inherits it.
    assert code == (0 if ignored else 130) and "Traceback" not in said
