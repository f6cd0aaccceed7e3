"""A child process gets all that it is handed, gives what it writes as it comes, and says how it ended; none is left behind."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rag.documents import child
from rag.documents.child import MEGABYTE, OUT_OF_MEMORY, Child, Stopped, lines, slowed

ECHO = "import sys\nfor line in sys.stdin.buffer:\n    sys.stdout.buffer.write(line)\n    sys.stdout.buffer.flush()\n"
Start = Callable[..., "Child[bytes]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a child that runs this code; all are closed in the end."""
    started: list[Child[bytes]] = []

    def run(code: str, **how: Any) -> "Child[bytes]":
        started.append(Child(["-c", code], lines, **how))
        return started[-1]

    yield run
    for one in started:
        one.close()
        assert not one.lives


def test_what_is_sent_comes_back_line_by_line_and_whole(start: Start) -> None:
    one = start(ECHO)
    for told in (b"a\n", b"x" * 3_000_000 + b"\n", b"\xff\0 \n"):
        one.send(told[:1], told[1:])
        assert one.next(30) == told
    assert list(one.waiting()) == []


def test_what_is_given_is_all_that_it_gets(start: Start) -> None:
    one = start("import sys\nprint(len(sys.stdin.buffer.read()))\nprint('end')\nprint('cut', end='')", given=bytes(3_000_000))
    assert [one.next(30) for _ in range(4)] == [b"3000000\n", b"end\n", None, None], "a line that is cut off is none"
    assert one.cause() == ""


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("", ""),
        ("raise ValueError", "crash"),
        ("import os; os.abort()", "crash"),
        (f"import os; os._exit({OUT_OF_MEMORY})", "memory"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGPROF)", "time"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "crash"),
    ],
)
def test_it_is_told_why_one_ended(code: str, cause: str, start: Start) -> None:
    one = start(f"print('said', flush=True)\n{code}")
    assert (one.next(30), one.next(30)) == (b"said\n", None)
    one.send(b"too late\n" * 100_000)
    assert one.cause() == cause


def test_one_that_says_nothing_is_waited_for_no_longer_than_was_asked(start: Start) -> None:
    one, started = start("import time; time.sleep(60)"), time.monotonic()
    with pytest.raises(Stopped, match="time"):
        one.next(0.5)
    assert time.monotonic() - started < 20 and one.lives


def test_what_nobody_takes_stays_with_the_one_that_writes_it(start: Start) -> None:
    one = start("import sys\nfor at in range(100_000):\n    print(at, '.' * 100, flush=True)\nprint('end')", ahead=2)
    time.sleep(1)
    assert one.lives, "it waits"
    taken = 0
    while one.next(30) is not None:
        taken += 1
    assert taken == 100_001


@pytest.mark.parametrize("ahead", [0, 1])
def test_closing_ends_one_in_whatever_state_it_is_and_its_thread(ahead: int, start: Start) -> None:
    before = set(threading.enumerate())
    started = [
        start("while True:\n    print('more')", ahead=ahead),
        start("import time; time.sleep(60)", given=bytes(5_000_000), ahead=ahead),
        start("", ahead=ahead),
    ]
    time.sleep(0.5)
    for one in started:
        one.close()
        one.close()
        one.send(b"into the void\n")
    until = time.monotonic() + 30
    while set(threading.enumerate()) - before and time.monotonic() < until:
        time.sleep(0.1)
    assert not set(threading.enumerate()) - before


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="Windows has no groups of processes")
def test_one_that_leads_is_ended_with_those_that_it_started(start: Start) -> None:
    code = "import subprocess, sys, time\nprint(subprocess.Popen([sys.executable, '-c', {!r}]).pid, flush=True)\ntime.sleep(60)"
    one = start(code.format("import time; time.sleep(60)"), leads=True)
    below = int(one.next(30) or 0)
    one.close()
    until = time.monotonic() + 30
    while _runs(below) and time.monotonic() < until:
        time.sleep(0.1)
    assert not _runs(below)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_nothing_beside_it_stands_in_for_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: Start) -> None:
    (tmp_path / "rag").mkdir()
    (tmp_path / "rag" / "__init__.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    one = start("import rag\nprint(rag.__file__)")
    assert (one.next(30) or b"").decode().strip() == str(child.ROOT / "rag" / "__init__.py")


@pytest.mark.skipif(sys.platform != "linux", reason="addresses are bounded in another way")
@pytest.mark.parametrize(("wanted", "code"), [(64, 0), (4096, OUT_OF_MEMORY)])
def test_memory_is_bounded(wanted: int, code: int) -> None:
    told = f"""import os
from rag.documents.child import OUT_OF_MEMORY, bound
bound(512)
try:
    held = bytes({wanted * MEGABYTE})
except MemoryError:
    os._exit(OUT_OF_MEMORY)"""
    assert subprocess.run([sys.executable, "-c", told], cwd=child.ROOT, timeout=60).returncode == code


def test_a_busy_machine_gives_a_file_more_time_and_never_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child.os, "cpu_count", lambda: 2)
    for load, times in ((0.1, 1.0), (6.0, 3.0), (500.0, 8.0)):
        monkeypatch.setattr(child.os, "getloadavg", lambda load=load: (load, load, load), raising=False)
        assert slowed() == times
