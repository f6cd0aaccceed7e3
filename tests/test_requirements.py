"""What is asked for is what is installed: every requirement has its pin in the lock files, and every pin its hashes."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCKS = {"requirements.txt": "requirements-lock.txt", "requirements-dev.txt": "requirements-dev-lock.txt"}
ENTRY = re.compile(r"[\w.\-]+(\[[\w,\-]+\])?==[\w.]+( ; [^\n]+?)?( \\\n    --hash=sha256:[0-9a-f]{64})+\n")
PLACES = [
    {"python_version": version, "python_full_version": f"{version}.1", "sys_platform": system, "platform_machine": machine}
    for version in ("3.11", "3.12", "3.13")
    for system, machine in (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "x86_64"), ("darwin", "arm64"))
]


def asked(name: str) -> list[Requirement]:
    """The requirements of a file, with those of the file that it names by -r."""
    lines = [line.partition(" #")[0].strip() for line in (ROOT / name).read_text("utf-8").splitlines()]
    named = [line.removeprefix("-r ") for line in lines if line.startswith("-r ")]
    own = [Requirement(line) for line in lines if line and not line.startswith(("#", "-r "))]
    return own + [one for other in named for one in asked(other)]


def locked(name: str) -> dict[str, list[Requirement]]:
    """The pins of a lock file by package. Some have one for each of several platforms."""
    found: dict[str, list[Requirement]] = {}
    for line in re.findall(r"^\w.*?(?= \\$)", (ROOT / name).read_text("utf-8"), re.M):
        found.setdefault(canonicalize_name(Requirement(line).name), []).append(Requirement(line))
    return found


def here(requirement: Requirement, place: dict[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({**default_environment(), **place})


@pytest.mark.parametrize("name", LOCKS)
@pytest.mark.parametrize("place", PLACES, ids=lambda place: "-".join(place.values()))
def test_every_requirement_stands_in_the_lock_as_it_is_asked_for(name: str, place: dict[str, str]) -> None:
    pins = locked(LOCKS[name])
    for wanted in asked(name):
        if here(wanted, place):
            (found,) = [pin for pin in pins.get(canonicalize_name(wanted.name), []) if here(pin, place)]
            assert found.specifier == wanted.specifier, f"{wanted}: run `make lock`"


@pytest.mark.parametrize("name", LOCKS.values())
def test_every_pin_is_one_version_with_hashes_and_no_registry_is_named(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert "://" not in text and "index" not in text and "find-links" not in text
    entries = re.split(r"^(?=\w)", text, flags=re.M)[1:]
    assert len(entries) > 100
    for entry in entries:
        assert ENTRY.fullmatch(entry), entry[:80]


def test_what_runs_and_what_tests_are_the_same_versions() -> None:
    run, dev = locked("requirements-lock.txt"), locked("requirements-dev-lock.txt")
    assert {name: [str(pin) for pin in run[name]] for name in run} == {name: [str(pin) for pin in dev[name]] for name in run}


def test_an_extra_asks_for_the_version_that_was_tested() -> None:
    pins = locked("requirements-dev-lock.txt")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    for wanted in (Requirement(line) for packages in extras.values() for line in packages):
        assert len(wanted.specifier) == 1 and str(wanted.specifier).startswith("==")
        for pin in pins.get(canonicalize_name(wanted.name), []):
            assert pin.specifier == wanted.specifier


def test_the_lock_is_installed_by_its_hashes() -> None:
    lines = [
        line for line in (ROOT / "Makefile").read_text("utf-8").splitlines() if "-lock.txt" in line and "pip install" in line
    ]
    assert len(lines) == 2 and all("--require-hashes -r" in line for line in lines)
