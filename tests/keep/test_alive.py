"""A process is known to have ended as soon as it has, and by nobody before."""

import subprocess
import sys
from pathlib import Path

import pytest

from rag.keep import alive
from rag.keep.alive import PLACE, has_ended, own_name

ROOT = Path(__file__).parents[2]
LIVES = "import sys, time\nfrom pathlib import Path\nfrom rag.keep.alive import own_name\n"
LIVES += "print(own_name(Path(sys.argv[1])), flush=True)\ntime.sleep(600)"


def test_another_process_lives_until_it_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", LIVES, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        name = other.stdout.readline().strip()
        assert name and not has_ended(tmp_path, name) and not has_ended(tmp_path, name)
        other.kill()
        other.wait()
    assert has_ended(tmp_path, name) and has_ended(tmp_path, name)


def test_of_this_process_and_of_one_that_is_not_known_nothing_is_told(tmp_path: Path) -> None:
    own = own_name(tmp_path)
    assert own == own_name(tmp_path) and own != own_name(tmp_path / "other")
    assert not any(has_ended(tmp_path, name) for name in (own, "", "0123456789abcdef", "there"))
    assert (tmp_path / PLACE).stat().st_mode & 0o077 == 0


def test_a_folder_that_takes_no_lock_gives_no_name(tmp_path: Path) -> None:
    (tmp_path / PLACE).write_text("a file")
    assert own_name(tmp_path) == "" and not has_ended(tmp_path, "0123456789abcdef")


def test_what_ended_processes_left_is_swept_after_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = own_name(tmp_path)
    (tmp_path / PLACE / "ended").touch()
    alive.own_name.cache_clear()
    own_name(tmp_path)
    assert (tmp_path / PLACE / "ended").exists()
    monkeypatch.setattr(alive, "OLD", -1.0)
    alive.own_name.cache_clear()
    other = own_name(tmp_path)
    assert {path.name for path in (tmp_path / PLACE).iterdir()} >= {own, other} and not (tmp_path / PLACE / "ended").exists()
