"""The app's server: whom it answers, what every answer carries, and the service beside the pages."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import streamlit as st
from starlette.responses import PlainTextResponse
from starlette.routing import Route, Router, WebSocketRoute
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocket
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from pages.shared import state
from pages.start import server
from pages.start.guard import ANCESTORS, Guard, ancestors
from pages.start.service import PIPELINE, Beside, Service
from rag.documents.screen import Screen
from rag.documents.workspace import Project, Workspace
from rag.errors import SettingProblem
from rag.pipeline import Pipeline
from rag.places import WORKSPACE
from rag.stages.embed.hashing import Hashing
from rag.stages.rerank.keep import Keep
from rag.values import File

ROOT = Path(__file__).parents[2]
KEY = "an-invented-key-of-some-length"
SENT = {"X-API-Key": KEY}
ASKED = {"question": "Is the invented syrup given?"}
TUNED = Pipeline(embed=Hashing(), rerank=Keep(top=5))
PAGES = Router(default=PlainTextResponse("the pages"))
HELD = b"The invented syrup is given to Mrs. Jane Smith, MRN: QX-4455667."


def guarded(monkeypatch: pytest.MonkeyPatch, around: str = "'none'", **options: Any) -> TestClient:
    """A client of an application behind the guard, under these options of Streamlit."""
    given = {"server.allowedHosts": [], "server.address": "localhost", "browser.serverAddress": "localhost"}
    given |= {"server.baseUrlPath": "", **{name.replace("_", "."): value for name, value in options.items()}}
    monkeypatch.setattr(st, "get_option", given.__getitem__)

    async def told(request: Any) -> PlainTextResponse:
        if request.url.path == "/broken":
            raise RuntimeError("secret words")
        return PlainTextResponse("in", headers={"X-Frame-Options": "ALLOWALL"})

    async def open_to(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close()

    inner = Router([WebSocketRoute("/stream", open_to), Route("/{path:path}", told, methods=["GET", "POST"])])
    return TestClient(Guard(inner, around), base_url="http://localhost:8501", raise_server_exceptions=False)


LOCAL = ["localhost", "localhost:1", "LOCALHOST", "localhost.", "127.0.0.1:8501", "127.3.2.1", "[::1]:8501"]
NOT_LOCAL = [
    "evil.example",
    "evil.example:8501",
    "app.localhost",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "10.0.0.8",
    "0.0.0.0",
    "",
    "[::1",
]


@pytest.mark.parametrize("host", LOCAL)
def test_a_request_to_this_machine_passes(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert guarded(monkeypatch).get("/", headers={"Host": host}).text == "in"


@pytest.mark.parametrize("host", NOT_LOCAL)
def test_a_name_that_was_made_to_point_here_is_refused_with_a_sentence(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client = guarded(monkeypatch)
    answer = client.get("/", headers={"Host": host})
    assert answer.status_code == 421 and "--server.allowedHosts" in answer.json()["error"]
    with pytest.raises(WebSocketDenialResponse) as refused, client.websocket_connect("/stream", headers={"Host": host}):
        pass
    assert refused.value.status_code == 421


def test_names_that_are_allowed_pass_and_then_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    client = guarded(monkeypatch, server_allowedHosts=["Workbench.example", "*.ward.example"])
    passed = {
        host: client.get("/", headers={"Host": host}).status_code == 200
        for host in (
            "workbench.example",
            "WORKBENCH.example.:443",
            "one.ward.example",
            "ward.example",
            "evilward.example",
            "localhost",
        )
    }
    assert [host for host, is_in in passed.items() if is_in] == [
        "workbench.example",
        "WORKBENCH.example.:443",
        "one.ward.example",
    ]
    assert guarded(monkeypatch, server_allowedHosts=["*"]).get("/", headers={"Host": "any.example"}).text == "in"


def test_the_configured_address_and_the_one_that_was_connected_to_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    client = guarded(monkeypatch, server_address="ward-7.example", browser_serverAddress="workbench.example")
    assert (
        client.get("/", headers={"Host": "ward-7.example"}).text
        == client.get("/", headers={"Host": "workbench.example"}).text
        == "in"
    )
    guard = Guard(PlainTextResponse("in"), "'none'")
    for connected, host, is_ours in [
        ("192.0.2.7", "192.0.2.7", True),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("testserver", "testserver", False),
    ]:
        assert guard._is_ours(host, {"server": (connected, 8501)}) is is_ours


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("localhost:8501", "http://localhost:8501", 200),
        ("localhost", "http://localhost", 200),
        ("localhost", "https://localhost:443", 200),
        ("localhost", "https://localhost", 200),
        ("localhost:8501", "http://localhost:3000", 403),
        ("localhost:8501", "http://127.0.0.1:8501", 403),
        ("localhost:8501", "http://evil.example:8501", 403),
        ("localhost:8501", "http://localhost:8501.evil.example", 403),
        ("localhost:8501", "null", 403),
        ("localhost:8501", "", 403),
        ("localhost:8501", "http://[::1", 403),
    ],
)
def test_only_the_apps_own_pages_reach_it_through_a_browser(
    host: str, origin: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, headers = guarded(monkeypatch), {"Host": host, "Origin": origin}
    assert client.post("/", headers=headers).status_code == client.get("/", headers=headers).status_code == status
    if status == 200:
        with client.websocket_connect("/stream", headers=headers):
            return
    with pytest.raises(WebSocketDenialResponse) as refused, client.websocket_connect("/stream", headers=headers):
        pass
    assert refused.value.status_code == 403 and "header Host" in refused.value.json()["error"]


def test_what_fails_is_written_down_without_its_words(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    assert guarded(monkeypatch).get("/broken").status_code == 500
    assert "GET /broken: RuntimeError in told" in caplog.text and "secret words" not in caplog.text


def test_every_answer_carries_the_headers_once(monkeypatch: pytest.MonkeyPatch) -> None:
    client = guarded(monkeypatch)
    answers = [
        client.get("/"),
        client.get("/broken"),
        client.get("/", headers={"Host": "evil.example"}),
        client.get("/media/a.svg"),
    ]
    assert [answer.status_code for answer in answers] == [200, 500, 421, 200]
    assert answers[1].json() == {"error": "Something failed here. See the server's log."}
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers.get_list("x-frame-options") == ["DENY"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "camera=()" in answer.headers["permissions-policy"]
    page, media = answers[0].headers["content-security-policy"], answers[3].headers["content-security-policy"]
    assert "unsafe-eval" not in page.replace("wasm-unsafe-eval", "") and "default-src 'none'" in page and "http" not in page
    assert re.search(r"script-src [^;]*'sha256-", page) and "'unsafe-inline'" not in re.findall(r"script-src [^;]*", page)[0]
    assert media.startswith("default-src 'none'; sandbox")


def test_what_lies_behind_a_base_path_is_told_apart_there(monkeypatch: pytest.MonkeyPatch) -> None:
    client = guarded(monkeypatch, server_baseUrlPath="/rag/")
    policies = {
        path: "sandbox" in client.get(path).headers["content-security-policy"] for path in ("/rag/media/a", "/rag/api", "/rag/")
    }
    assert policies == {"/rag/media/a": True, "/rag/api": True, "/rag/": False}


def test_a_site_may_be_allowed_to_frame_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ancestors() == "'none'"
    monkeypatch.setenv(ANCESTORS, "https://portal.example 'self'")
    headers = guarded(monkeypatch, ancestors()).get("/").headers
    assert headers["content-security-policy"].endswith("frame-ancestors https://portal.example 'self'")
    assert "x-frame-options" not in headers
    for wrong in ("https://a.example; script-src *", "portal.example", "*", "'none'"):
        monkeypatch.setenv(ANCESTORS, wrong)
        with pytest.raises(SettingProblem, match=ANCESTORS):
            ancestors()


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """The app's workspace, with one document that is released and one that waits, and a saved pipeline."""
    made(Path(os.environ[WORKSPACE]))
    monkeypatch.setattr(st, "get_option", {"server.baseUrlPath": ""}.__getitem__)
    st.cache_resource.clear()
    yield state.workspace().project()
    st.cache_resource.clear()


def made(folder: Path) -> Project:
    project = Workspace(folder).project()
    project.saved.put("state", "added", "samples")
    project.saved.put("pipeline", TUNED.to_json(), "for the ward")
    project.shelf.add(File("plan.txt", b"The invented syrup is planned twice a day."))
    project.shelf.add(File("note.txt", HELD))
    return project


@contextmanager
def beside(service: Service) -> Iterator[TestClient]:
    """A client of pages and service, begun."""
    service.begin()
    with TestClient(Beside(PAGES, service), base_url="http://localhost") as client:
        yield client


def until(done: Callable[[], bool]) -> None:
    for _ in range(1200):
        if done():
            return
        time.sleep(0.05)
    raise AssertionError("waited for a minute")


def test_the_service_serves_what_is_released_on_the_pages_at_once(found: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PIPELINE, "for the ward")
    with beside(Service(KEY)) as client:

        def names() -> set[str]:
            answer = client.post("/api/retrieve", json=ASKED, headers=SENT)
            return {one["document"] for one in answer.raise_for_status().json()["passages"]}

        until(lambda: client.get("/api/health").status_code == 200)
        assert client.get("/elsewhere").text == client.get("/apiary").text == "the pages"
        assert Pipeline.model_validate(client.get("/api/pipeline", headers=SENT).json()) == TUNED
        assert names() == {"plan.txt"}
        warned = {**ASKED, "question": "Does rosalind@quillwort.example take the invented syrup?"}
        assert client.post("/api/retrieve", json=warned, headers=SENT).json()["warnings"]
        found.shelf.set_screen(found.shelf.screen.model_copy(update={"threshold": 1.0}))
        assert not client.post("/api/retrieve", json=warned, headers=SENT).json()["warnings"]
        found.shelf.set_screen(Screen())
        found.decisions.make(["note.txt"], "release", "A. B.")
        assert names() == {"plan.txt", "note.txt"}
        found.shelf.remove("plan.txt")
        assert names() == {"note.txt"}
        refused = client.get("/api/nowhere", headers=SENT)
        assert (
            refused.status_code == 404
            and "/api/ask, " in refused.json()["error"]
            and "See /api/openapi.json" in refused.json()["error"]
        )
        assert client.get("/api", headers=SENT).status_code == 404
        unknown = client.post("/api/ask", json={**ASKED, "conversation": "new", "top": 1}, headers=SENT).json()["error"]
        assert unknown == "unknown field top; allowed: question, filter, conversation, rewrite"
        described = client.get("/api/openapi.json", headers=SENT).json()
        assert described["servers"] == [{"url": "/api"}] and "/ask" in described["paths"]


def test_without_the_key_only_health_answers_also_while_it_is_made_ready(found: Project) -> None:
    service = Service(KEY)
    client = TestClient(Beside(PAGES, service), base_url="http://localhost")
    assert (client.get("/api/health").status_code, client.get("/api/health").json()) == (503, {"status": "unprepared"})
    assert client.post("/api/ask", json=ASKED).status_code == client.get("/api/openapi.json").status_code == 401
    assert client.post("/api/ask", json=ASKED, headers={"X-API-Key": KEY[:-1]}).status_code == 401
    waits = client.post("/api/ask", json=ASKED, headers=SENT)
    assert waits.status_code == 503 and "being made ready" in waits.json()["error"]


def test_without_a_key_the_service_is_off_and_says_how_it_is_turned_on() -> None:
    with beside(Service("")) as client:
        for answer in (client.post("/api/ask", json=ASKED), client.get("/api"), client.get("/api/health")):
            assert answer.status_code == 404 and "RAG_API_KEY" in answer.json()["error"]


def test_a_pipeline_that_is_not_saved_is_told_and_served_once_it_is(
    found: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(PIPELINE, "of the night shift")
    with beside(Service(KEY)) as client:
        until(lambda: "for the ward" in client.post("/api/ask", json=ASKED, headers=SENT).json()["error"])
        assert "'of the night shift'" in caplog.text
        assert client.get("/api/health").json() == {"status": "unprepared"}
        found.saved.put("pipeline", TUNED.to_json(), "of the night shift")
        client.post("/api/ask", json=ASKED, headers=SENT)
        until(lambda: client.post("/api/ask", json=ASKED, headers=SENT).status_code == 200)


class Started:
    """The app, as `make run` starts it, on a free port and with these variables."""

    def __init__(self, folder: Path, *options: str, **variables: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        left_out = {"RAG_API_KEY", PIPELINE, ANCESTORS}
        environment = {name: value for name, value in os.environ.items() if name not in left_out}
        environment |= {"PYTHONPATH": str(ROOT), WORKSPACE: str(folder / "workspace"), **variables}
        command = [sys.executable, "-m", "pages.start", "--server.port", str(self.port), *options]
        self.said = folder / "said.txt"
        with self.said.open("w") as said:
            self.process = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said)

    def get(self, path: str, **told: Any) -> httpx.Response:
        return httpx.get(f"http://localhost:{self.port}{path}", trust_env=False, timeout=30, **told)

    def is_healthy(self, path: str = "/_stcore/health") -> bool:
        try:
            return self.get(path).status_code == 200
        except httpx.TransportError:
            assert self.process.poll() is None, self.said.read_text()
            return False


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    folder = tmp_path_factory.mktemp("app")
    made(folder / "workspace")
    app = Started(folder, RAG_API_KEY=KEY, **{PIPELINE: "for the ward"})
    until(app.is_healthy)
    yield app
    app.process.kill()


def test_one_server_answers_with_pages_and_service(app: Started) -> None:
    assert "<title>Streamlit</title>" in app.get("/").text
    until(lambda: app.is_healthy("/api/health"))
    answer = httpx.post(f"http://localhost:{app.port}/api/ask", json=ASKED, headers=SENT, trust_env=False, timeout=60)
    assert answer.json()["outcome"] in {"answered", "partial"}
    for one in (app.get("/"), app.get("/_stcore/health"), answer, app.get("/static/nowhere.js"), app.get("/media/nothing")):
        assert one.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in one.headers["content-security-policy"]
    for host in NOT_LOCAL[:4]:
        for path in ("/", "/_stcore/health", "/api/health"):
            assert app.get(path, headers={"Host": host}).status_code == 421


def test_the_connection_of_a_page_opens_for_the_apps_own_pages_alone(app: Started) -> None:
    own, url = f"http://localhost:{app.port}", f"ws://localhost:{app.port}/_stcore/stream"
    with connect(url, origin=own, proxy=None):
        pass
    for origin, name, status in [
        ("http://evil.example", "localhost", 403),
        ("http://localhost:3000", "localhost", 403),
        (f"http://evil.example:{app.port}", "evil.example", 421),
    ]:
        joined = socket.create_connection(("localhost", app.port))
        with pytest.raises(InvalidStatus) as refused:
            connect(f"ws://{name}:{app.port}/_stcore/stream", origin=origin, sock=joined, proxy=None)
        assert refused.value.response.status_code == status
        assert "error" in json.loads(refused.value.response.body)


def test_it_listens_on_this_machine_alone(app: Started) -> None:
    rows = [
        row.split() for row in Path("/proc/net/tcp").read_text().splitlines() + Path("/proc/net/tcp6").read_text().splitlines()
    ]
    assert {row[1] for row in rows if row[1].endswith(f":{app.port:04X}") and row[3] == "0A"} == {f"0100007F:{app.port:04X}"}


def test_a_base_path_stands_before_pages_and_service_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    made(tmp_path / "workspace")
    app = Started(tmp_path, "--server.baseUrlPath", "rag")
    until(lambda: app.is_healthy("/rag/_stcore/health"))
    off = app.get("/rag/api/ask")
    assert off.status_code == 404 and "RAG_API_KEY" in off.json()["error"]
    with connect(f"ws://localhost:{app.port}/rag/_stcore/stream", origin=f"http://localhost:{app.port}", proxy=None):
        app.process.send_signal(signal.SIGINT)
        assert app.process.wait(20) == 0
    assert "Traceback" not in app.said.read_text() and "ScriptRunContext" not in app.said.read_text()


@pytest.mark.parametrize(
    ("options", "address", "told"),
    [
        ([], "localhost", None),
        (["--server.address", "192.0.2.7"], "192.0.2.7", None),
        (["--server.address=0.0.0.0"], "0.0.0.0", "localhost"),
        (["--server.address=::", "--browser.serverAddress", "rag.example"], "::", "rag.example"),
    ],
)
def test_the_address_is_this_machines_unless_asked_and_none_is_looked_up_elsewhere(
    options: list[str], address: str, told: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Streamlit asks another machine for the address to print where it listens everywhere and none to print is given."""
    started: list[dict[str, Any]] = []
    monkeypatch.setattr(sys, "argv", ["pytest"])
    monkeypatch.setattr(server, "application", lambda: SimpleNamespace(run=lambda config: started.append(config)))
    server.run([*options, "--server.port", "8600", "--", "rest"])
    (config,) = started
    assert (config["server.address"], config.get("browser.serverAddress"), config["server.port"]) == (address, told, 8600)
    assert sys.argv == [str(server.MENU), "rest"]


@pytest.mark.parametrize(
    ("options", "variables", "code", "part"),
    [
        ([], {"RAG_API_KEY": "short"}, 1, "error: RAG_API_KEY needs at least 16 characters"),
        ([], {ANCESTORS: "portal"}, 1, "error: RAG_FRAME_ANCESTORS holds 'portal'"),
        (["--server.nothing", "1"], {}, 2, "No such option"),
        (["--help"], {}, 0, "--server.port"),
    ],
)
def test_a_start_that_cannot_be_is_told(
    options: list[str], variables: dict[str, str], code: int, part: str, tmp_path: Path
) -> None:
    app = Started(tmp_path, *options, **variables)
    assert app.process.wait(60) == code
    assert part in app.said.read_text() and "Traceback" not in app.said.read_text()
