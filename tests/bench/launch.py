"""From starting the app to the first cited answer in a real browser."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.bench.corpora import PROJECT, Settings
from tests.bench.figures import Figure, Skipped, at_most

BROWSER = Path("/usr/bin/chromium")
BROWSER_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
FIRST_QUESTION = re.compile("first question", re.IGNORECASE)
START_TITLE = "Clinical RAG Workbench"
ASK_PATH = "ask"
QUESTION_LABEL = "Question"
QUESTION = "What apixaban dose is recommended for extended treatment after 6 months?"
CITATION = re.compile(r"word for word in the source")
PATIENCE = 60  # Seconds until the part gives up.


def launch(settings: Settings) -> list[Figure]:
    """Seconds to the health endpoint, to the start page, and to the first citation on the screen."""
    if not (PROJECT / "app.py").is_file():
        raise Skipped("app.py not found")
    if not find_spec("playwright") or not BROWSER.is_file():
        raise Skipped(f"needs playwright and {BROWSER}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver, tempfile.TemporaryDirectory() as workspace:
        browser = driver.chromium.launch(executable_path=str(BROWSER), args=BROWSER_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(1000 * PATIENCE)
        port = free_port()
        setup = [sys.executable, "-m", "rag", "setup", "--workspace", workspace]  # As `make` does at installation.
        subprocess.run(setup, cwd=PROJECT, check=True, capture_output=True)
        started = time.perf_counter()
        server = start_app(port, workspace)
        try:
            wait_for_health(port, server)
            healthy = time.perf_counter() - started
            shown, way = _ask(page, f"http://localhost:{port}", started)
            cited = time.perf_counter() - started
        finally:
            server.terminate()
            server.wait(20)
            browser.close()
    return [
        Figure("start to healthy", healthy, "s", n=1),
        Figure("start to the first page", shown, "s", n=1),
        Figure("start to the first citation", cited, "s", at_most(8), 1, note=f"asked through {way}"),
    ]


def start_app(port: int, workspace: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "pages.start", "--server.port", str(port), "--server.headless", "true"]
    environment = {**os.environ, "RAG_WORKSPACE": workspace}
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, cwd=PROJECT, env=environment, stdin=quiet, stdout=quiet, stderr=quiet)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


def wait_for_health(port: int, server: "subprocess.Popen[bytes]") -> None:
    until = time.perf_counter() + PATIENCE
    while time.perf_counter() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise Skipped(f"the app did not become healthy (exit code {server.poll()})")


def _ask(page: Any, address: str, started: float) -> tuple[float, str]:
    """Asks the first question; the seconds until the start page was drawn, and the way that the question took."""
    page.goto(address)
    page.get_by_role("heading", name=START_TITLE).first.wait_for()
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    shown = time.perf_counter() - started
    offers = page.get_by_role("button", name=FIRST_QUESTION).or_(page.get_by_role("link", name=FIRST_QUESTION))
    if offers.count():
        offers.first.click()
        way = "the start page"
    else:
        page.goto(f"{address}/{ASK_PATH}")
        box = page.get_by_label(QUESTION_LABEL, exact=True)
        box.fill(QUESTION)
        box.press("Enter")
        way = "the question box"
    page.get_by_text(CITATION).first.wait_for()
    return shown, way
