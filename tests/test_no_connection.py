"""In the default configuration nothing tries to reach another machine, not even by a look-up."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SESSION = """
import sys

tried = []


def watch(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        tried.append(str(arguments[1][0]))
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        tried.append(str(arguments[0]))


sys.addaudithook(watch)
import io, pathlib, sys
from reportlab.pdfgen.canvas import Canvas
import langchain, langchain_community, streamlit
from streamlit.testing.v1 import AppTest
from rag.pipeline.presets import PRESETS
from rag.values import File
from rag.documents.workspace import open_workspace

project = open_workspace().project()
data = io.BytesIO()
canvas = Canvas(data)
canvas.drawString(72, 700, "The invented syrup is given at 7 mL every eight hours.")
canvas.drawString(72, 680, "Write to ward@quillwort.example or call 216-555-0134.")
canvas.save()
project.shelf.add(File("bulletin.pdf", data.getvalue()))
assert {one.type for one in project.shelf.entry("bulletin.pdf").findings} >= {"EMAIL", "PHONE"}
project.decisions.make(["bulletin.pdf"], "release", "test")
for name in ("default", "baseline", "reports"):
    pipeline = PRESETS[name][1]
    index = pipeline.prepare(project.shelf.documents, project.artifacts)
    assert pipeline.ask("How much of the invented syrup is given?", index).hits
app = AppTest.from_file(sys.argv[1], default_timeout=120).run()
app.session_state["state"].update(question="syrup", asked="How much of the invented syrup is given?")
for page in ("pages/tune/ask.py", "pages/tune/compare.py", "pages/prepare/documents.py", "pages/prepare/chunks.py"):
    app.switch_page(page).run()
    assert not app.exception
local = {"127.0.0.1", "::1", "localhost", "None"}
print("TRIED", sorted({place for place in tried if place not in local}))
"""


def session(folder: Path, *before: str) -> "subprocess.CompletedProcess[str]":
    """Runs the session in a process of its own, which is told nothing that keeps libraries quiet, such as CI."""
    told = {"CI", "GITHUB_ACTIONS", "DO_NOT_TRACK", "ORT_DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY"}
    environment = {name: value for name, value in os.environ.items() if name not in told}
    return subprocess.run(
        [*before, sys.executable, "-c", SESSION, str(ROOT / "app.py")],
        cwd=folder,
        env={**environment, "RAG_WORKSPACE": str(folder), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_start_upload_question_and_comparison_try_no_connection(tmp_path: Path) -> None:
    done = session(tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip().splitlines()[-1] == "TRIED []"


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed: native code is not watched")
def test_native_code_tries_no_connection_either(tmp_path: Path) -> None:
    calls = tmp_path / "calls.txt"
    done = session(tmp_path, "strace", "-f", "-qq", "-e", "trace=connect,sendto,sendmmsg", "-o", str(calls))
    assert done.returncode == 0, done.stderr[-2000:]
    tried = re.findall(r'sin6?_port=htons\((\d+)\).*?"([^"]+)"', calls.read_text("utf-8", "replace"))
    assert [place for place in tried if place[1] not in {"127.0.0.1", "::1"}] == []
