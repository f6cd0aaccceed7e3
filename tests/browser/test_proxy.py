"""In a real Chromium: the app behind nginx, under a path of its own: page, connection, upload, download and service."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

from tests.browser.test_app import CHROMIUM, PATIENCE, ask, chromium, ended, free_port, served, settled  # noqa: E402, F401

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: the browser tests are skipped"),
    pytest.mark.skipif(NGINX is None, reason="no nginx on this machine: apt-get install nginx-light"),
]
KEY = "an-invented-key-of-some-length"
PLACE = "/workbench"
CONFIGURATION = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_max_body_size 100m;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
  userid on;
  upstream servers {{
    hash $uid_got$uid_set consistent;  # A browser stays with one server.
{servers}
  }}
  server {{
    listen 127.0.0.1:{port};
    location {place}/ {{
      proxy_pass http://servers;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_read_timeout 1d;
      add_header X-Server $upstream_addr always;
    }}
  }}
}}
"""


@contextmanager
def proxied(folder: Path, servers: Sequence[str]) -> Iterator[str]:
    """The address of the app behind nginx, which hands on to these servers, such as 127.0.0.1:8501."""
    port = free_port()
    rows = "\n".join(f"    server {server};" for server in servers)
    file = folder / "nginx.conf"
    file.write_text(CONFIGURATION.format(folder=folder, port=port, place=PLACE, servers=rows), "utf-8")
    command = [str(NGINX), "-p", str(folder), "-c", str(file), "-e", str(folder / "error.log")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as nginx:
        try:
            for _ in range(200):
                with socket.socket() as tried:
                    if not tried.connect_ex(("127.0.0.1", port)):
                        break
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}{PLACE}"
        finally:
            ended(nginx)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app behind the proxy, with one server."""
    folder = tmp_path_factory.mktemp("proxied")
    with ExitStack() as stack:
        servers = [stack.enter_context(served(folder / "workspace", PLACE, RAG_API_KEY=KEY))]
        ports = [urlsplit(server).port for server in servers]
        yield stack.enter_context(proxied(folder, [f"127.0.0.1:{port}" for port in ports]))


@pytest.fixture
def page(chromium: "playwright.Browser", address: str) -> Iterator["playwright.Page"]:  # noqa: F811
    page = chromium.new_page(viewport={"width": 1400, "height": 900})
    page.set_default_timeout(3 * PATIENCE)
    told: list[str] = []
    page.on("console", lambda line: told.append(line.text) if "Content Security Policy" in line.text else None)
    page.on("pageerror", lambda fault: told.append(str(fault)))
    page.goto(f"{address}/")
    yield page
    page.close()
    assert not told


def test_pages_connection_upload_and_download_go_through_the_proxy(page: "playwright.Page", tmp_path: Path) -> None:
    note = tmp_path / "bulletin.md"
    note.write_text("# Ward bulletin\n\nQuillwort syrup is given at 7 mL every eight hours.\n", "utf-8")
    page.get_by_role("button", name="Ask the first question").wait_for()
    page.get_by_role("link", name="Documents").first.click()
    page.locator("input[type=file]").set_input_files(str(note))
    page.get_by_text("bulletin.md").first.wait_for()
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("1 of 1 files read").wait_for()

    page.get_by_role("link", name="Ask", exact=True).first.click()
    ask(page, "How much quillwort syrup is given?")
    page.locator(".statement button", has_text="bulletin.md").first.wait_for()
    settled(page)
    page.get_by_role("button", name="Open, save or take away").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as JSON").click()
    assert json.loads(Path(download.value.path()).read_text("utf-8"))["version"] == 1
    assert PLACE in page.url
    page.reload()
    page.locator(".statement button", has_text="bulletin.md").first.wait_for()


def test_the_service_answers_through_the_proxy(address: str) -> None:
    with httpx.Client(base_url=address, headers={"X-API-Key": KEY}, trust_env=False, timeout=180) as client:
        for _ in range(600):
            if client.get("/api/health").status_code == 200:
                break
            time.sleep(0.2)
        answer = client.post("/api/ask", json={"question": "Was there a pneumothorax?"}).raise_for_status().json()
        assert answer["claims"] and answer["claims"][0]["citations"]
        assert client.get("/api/openapi.json").json()["servers"] == [{"url": f"{PLACE}/api"}]
        assert client.get("/api/pipeline", headers={"X-API-Key": ""}).status_code == 401


def test_a_name_that_is_not_allowed_is_refused_through_the_proxy_too(address: str) -> None:
    for path in ("/", "/api/health", "/_stcore/health"):
        answer = httpx.get(f"{address}{path}", headers={"Host": "evil.example"}, trust_env=False)
        assert answer.status_code == 421 and "--server.allowedHosts" in answer.json()["error"]
    answer = httpx.get(f"{address}/", headers={"Origin": "http://evil.example"}, trust_env=False)
    assert answer.status_code == 403
