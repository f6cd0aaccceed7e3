"""The README's examples run as they stand, in a folder that holds what a checkout holds."""

import json
import os
import re
import signal
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.places import cache_folder
from tests.bench.__main__ import PARTS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```\w*\n(.*?)^```", README, re.M | re.S)
LINES = [line for block in BLOCKS for line in block.splitlines() if re.match(r"make |\.venv/|echo ", line)]
RUN = [line for line in LINES if not line.startswith("make ") and " serve " not in line]
INLINE = re.findall(r"`([^`\n]+)`", README)
WRITTEN = {"answers.jsonl": 77, "run.txt": 1, "fitted.json": 1}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what belongs to a checkout, in which the lines run one after the other."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("rag", "sample_data", "tests", "pages", "app.py", "Makefile", "requirements.txt", "requirements-dev.txt"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".venv" / "bin").mkdir(parents=True)
    python = folder / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return folder


@pytest.fixture
def surroundings(home: Path) -> dict[str, str]:
    """The environment: models that are made already, and one workspace for all lines, so that passages are embedded once."""
    told = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "RAG_API_KEY"}}
    return {**told, "RAG_CACHE": str(cache_folder()), "RAG_WORKSPACE": str(home / "kept")}


def test_every_example_is_among_what_is_run() -> None:
    commands = {line.split()[3] for line in LINES if " -m rag " in line}
    kinds = "ask batch retrieve screen load facts conflicts verify verify-citations omissions options pipeline fit serve "
    kinds += "perturb perturbed redteam"
    assert commands == set(kinds.split())
    assert len(BLOCKS) >= 3 and len(RUN) > 10


@pytest.mark.parametrize("line", RUN)
def test_an_example_runs_as_it_stands(line: str, home: Path, surroundings: dict[str, str]) -> None:
    done = subprocess.run(["bash", "-c", line], cwd=home, env=surroundings, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    assert "error: " not in done.stderr and "Traceback" not in done.stderr
    written = re.search(r"(?:--out|>) (\S+)", line)
    assert (home / written[1]).stat().st_size > 0 if written else done.stdout
    if written and written[1] in WRITTEN:
        assert len((home / written[1]).read_text("utf-8").splitlines()) >= WRITTEN[written[1]]
    if "--json" in line:
        assert json.loads((home / written[1]).read_text("utf-8") if written else done.stdout)


def test_a_folders_readme_is_quoted_in_no_example(home: Path, surroundings: dict[str, str]) -> None:
    line = next(line for line in RUN if " -m rag ask " in line)
    told = {"cwd": home, "env": surroundings, "capture_output": True, "text": True, "timeout": 900}
    done = subprocess.run(["bash", "-c", f"{line} --json"], **told)  # type: ignore[call-overload]
    assert json.loads(done.stdout)["hits"] and "README" not in done.stdout


@pytest.fixture
def served(home: Path, surroundings: dict[str, str]) -> Iterator[str]:
    """The address at which the example serves; on any free port."""
    (line,) = [line for line in LINES if " serve " in line]
    told = ["bash", "-c", f"exec {line.partition('#')[0]} --port 0"]
    process = subprocess.Popen(told, cwd=home, env=surroundings, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    said = []
    for row in process.stderr:
        said.append(row)
        if found := re.search(r"Serving on (http://\S+);", row):
            break
    assert found, said
    yield found[1]
    process.send_signal(signal.SIGINT)
    assert process.wait(60) in {0, 130}
    process.stderr.close()


def test_the_service_of_the_example_answers(served: str) -> None:
    for path in ("/retrieve", "/ask"):
        body = json.dumps({"question": "Did the nodule grow between the two scans?"}).encode()
        asked = urllib.request.Request(served + path, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(asked, timeout=120) as answered:
            assert json.load(answered)


@pytest.mark.parametrize("line", [line for line in [*LINES, *INLINE] if re.match(r"(?:\w+=\S+ )?make \w+", line)])
def test_what_is_made_is_there_to_be_made(line: str) -> None:
    words = [word for word in line.partition("#")[0].split() if "=" not in word]
    done = subprocess.run([*words, "--dry-run", "--always-make"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stdout, done.stderr


def test_measurements_and_packages_are_named_as_they_are() -> None:
    commands = re.findall(r"^\|.*\| (.*) \|$", README.partition("### Every offline option")[0].partition("| what |")[2], re.M)
    named = {name for told in commands for name in re.findall(r"^`(\w+)", told)}
    assert len(named) > 10 and named <= set(PARTS)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = {name for line in INLINE for told in re.findall(r"\[([\w,]+)\]", line) for name in told.split(",")}
    assert extras and extras <= set(project["optional-dependencies"])
