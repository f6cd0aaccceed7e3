"""The package works where it is installed, outside the checkout, of which it then reads nothing."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import tomllib
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rag.extras import install
from rag.places import NAME, cache_folder

ROOT = Path(__file__).parents[1]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
QUESTION = "Did the nodule grow between the two scans?"
WATCH = """import os, sys

def watch(event, arguments):
    if event in {{"open", "os.listdir", "os.scandir"}} and isinstance(arguments[0], (str, bytes)):
        path = os.path.abspath(os.fsdecode(arguments[0]))
        if path.startswith({root!r}) and not path.startswith({packages!r}):
            with open({told!r}, "a") as file:
                file.write(path + chr(10))

sys.addaudithook(watch)
"""
PAGES = """import sys
from streamlit.testing.v1 import AppTest
from rag.places import SITE

app = AppTest.from_file(str(SITE / "app.py"), default_timeout=120).run()
app.session_state["state"].update(question=sys.argv[1], asked=sys.argv[1])
for page in ("tune/ask.py", "tune/compare.py", "tune/map.py", "prepare/documents.py", "prepare/chunks.py"):
    app.switch_page(f"pages/{page}").run()
    assert not app.exception, page
"""


@dataclass(frozen=True)
class Installed:
    """A fresh environment with the wheel, and a fresh folder to work in; `told` lists what was read of the checkout."""

    wheel: Path
    programs: Path
    folder: Path
    told: Path

    @property
    def surroundings(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RAG_", "XDG_", "PYTHON"))}
        return {**kept, "HOME": str(self.folder)}

    def run(self, program: str, *told: object) -> str:
        """What it prints. Nothing of the checkout may be read meanwhile."""
        command = [str(self.programs / program), *map(str, told)]
        how: dict[str, Any] = {"cwd": self.folder, "env": self.surroundings, "text": True, "timeout": 300}
        done = subprocess.run(command, capture_output=True, **how)
        assert done.returncode == 0, done.stderr
        self.read_nothing()
        return done.stdout

    @contextmanager
    def started(self, *told: str) -> Iterator["subprocess.Popen[str]"]:
        """The command while it runs; stopped in the end as Ctrl+C does. Nothing of the checkout may be read meanwhile."""
        command = [str(self.programs / "rag"), *told]
        pipes: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, cwd=self.folder, env=self.surroundings, **pipes) as process:
            yield process
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
        self.read_nothing()

    def read_nothing(self) -> None:
        assert not self.told.exists() or self.told.read_text("utf-8").splitlines() == []


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The built wheel without its dependencies, which lie beside the interpreter of the tests."""
    folder = tmp_path_factory.mktemp("installed")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder / "built")]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=120)
    (wheel,) = (folder / "built").glob("*.whl")
    venv.create(folder / "own", symlinks=True)
    paths = sysconfig.get_paths("venv", {"base": str(folder / "own"), "platbase": str(folder / "own")})
    packages = Path(paths["purelib"])
    (packages / "others.pth").write_text("import watched\n" + sysconfig.get_paths()["purelib"] + "\n")
    programs = Path(paths["scripts"])
    pip = [sys.executable, "-m", "pip", "--python", str(programs / "python"), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(pip, check=True, capture_output=True, timeout=120)
    made = Installed(wheel, programs, folder / "work", folder / "read.txt")
    made.folder.mkdir()
    told = WATCH.format(root=f"{ROOT}{os.sep}", packages=f"{Path(sys.prefix)}{os.sep}", told=str(made.told))
    (packages / "watched.py").write_text(told)
    kept = Path(made.run("python", "-c", "from rag import places; print(places.cache_folder())").strip())
    assert kept.is_relative_to(made.folder)
    if cache_folder().is_dir():
        shutil.copytree(cache_folder(), kept)  # So that no graph is made anew for these tests.
    return made


@pytest.fixture(scope="module")
def scans(installed: Installed) -> Path:
    """A folder with the two reports that the question is about, out of the samples of the package."""
    samples = Path(installed.run("python", "-c", "from rag import places; print(places.SAMPLES)").strip())
    folder = installed.folder / "scans"
    folder.mkdir()
    for path in samples.glob("radiology_ct_chest_*"):
        shutil.copy(path, folder)
    return folder


def test_the_watch_sees_what_is_read_of_the_checkout(installed: Installed) -> None:
    with pytest.raises(AssertionError):
        installed.run("python", "-c", f"open({str(ROOT / 'README.md')!r})")
    assert installed.told.read_text("utf-8").splitlines() == [str(ROOT / "README.md")]
    installed.told.unlink()


def test_the_wheel_holds_all_that_belongs_to_it_under_one_name(installed: Installed) -> None:
    names = {name for name in zipfile.ZipFile(installed.wheel).namelist() if ".dist-info/" not in name}
    wanted = {f"rag/{path}" for path in _files(ROOT / "rag")} | {"rag/site/app.py", "rag/site/.streamlit/config.toml"}
    wanted |= {f"rag/site/{folder}/{path}" for folder in ("pages", "sample_data") for path in _files(ROOT / folder)}
    assert names == wanted
    trained = {"rag/stages/reader/reader.safetensors", "rag/stages/verify/support.safetensors"}
    assert {"rag/rules/identifiers.json", *trained} <= names


def _files(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            yield path.relative_to(folder).as_posix()


def test_the_version_is_the_newest_of_the_changelog(installed: Installed) -> None:
    said = installed.run("python", "-c", f"from importlib.metadata import version; print(version({NAME!r}))").strip()
    assert said == re.search(r"^## (\S+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)[1]  # type: ignore[index]


def test_the_workspace_lies_in_the_users_folder_and_begins_with_the_samples(installed: Installed) -> None:
    installed.run("rag", "setup")
    place = "from rag import places; print(places.workspace_folder())"
    folder = Path(installed.run("python", "-c", place).strip())
    assert folder.is_relative_to(installed.folder) and (folder / "workspace.sqlite").is_file()


def test_a_question_is_answered_and_nothing_is_written_beside_the_workspace(installed: Installed, scans: Path) -> None:
    before = _written(installed.folder)
    answer = json.loads(installed.run("rag", "ask", QUESTION, "--docs", scans, "--json"))
    assert answer["outcome"] == "answered" and "mm" in answer["answer"]
    assert _written(installed.folder) == before


def _written(folder: Path) -> dict[str, int]:
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("extra", EXTRAS)
def test_a_hint_names_the_extra_and_what_it_holds(installed: Installed, extra: str) -> None:
    told = installed.run("python", "-c", f"from rag.extras import install; print(install({extra!r}))").strip()
    assert told == install(extra) and f"{NAME}[{extra}]" in told and "==" in told


def test_the_service_answers(installed: Installed, scans: Path) -> None:
    with installed.started("serve", "--docs", str(scans), "--port", "0") as process:
        assert process.stderr
        found = next(filter(None, (re.search(r"Serving on (http://\S+);", row) for row in process.stderr)))
        body = json.dumps({"question": QUESTION}).encode()
        asked = urllib.request.Request(f"{found[1]}/ask", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(asked, timeout=120) as answered:
            assert json.load(answered)["outcome"] == "answered"


def test_the_app_starts_and_its_pages_open(installed: Installed) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    with installed.started("app", "--address", "127.0.0.1", "--port", str(port)):
        assert _answer(f"http://127.0.0.1:{port}/_stcore/health") == b"ok"
        assert b"<html" in _answer(f"http://127.0.0.1:{port}/")
    installed.run("python", "-c", PAGES, QUESTION)


def _answer(address: str) -> bytes:
    for _ in range(240):
        try:
            with urllib.request.urlopen(address, timeout=60) as answered:
                return bytes(answered.read())
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"{address} does not answer")


def test_an_exported_script_answers(installed: Installed, scans: Path) -> None:
    script = installed.folder / "ask.py"
    script.write_text(installed.run("rag", "pipeline", "--as", "script"), "utf-8")
    assert "mm" in installed.run("python", script, scans, QUESTION)
