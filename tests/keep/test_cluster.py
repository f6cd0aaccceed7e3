"""Independent work is done by the workers of a real Dask cluster as it is done here, and nothing is lost where one is killed."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rag.__main__ import app
from rag.commands import answers, verify, workers
from rag.errors import ModelProblem, SettingProblem, WorkbenchError
from rag.keep import cluster
from rag.keep.cluster import VARIABLE, Cluster, Here, Lost, in_order
from rag.pipeline import Pipeline
from rag.stages.embed.hashing import Hashing

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "5s",  # For which a result is sought at a worker that was killed.
}
SOURCE = "Metformin 500 mg twice daily. No hypoglycaemia."

needs_dask = pytest.mark.skipif(find_spec("distributed") is None, reason="distributed is not installed")


class Dask:
    """A scheduler on this machine and what works for it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.running = folder, list[subprocess.Popen[bytes]]()
        told = folder / "scheduler.json"
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(told))
        until = time.monotonic() + 60
        while not (told.is_file() and told.read_text().strip().endswith("}")):
            assert time.monotonic() < until, "the scheduler does not start"
            time.sleep(0.1)
        self.address: str = json.loads(told.read_text())["address"]
        self.workers: list[subprocess.Popen[bytes]] = []

    def work(self, number: int, host: str = "127.0.0.1") -> None:
        """Has so many workers come."""
        own = ("--host", host, "--nthreads", "1", "--no-nanny", "--local-directory", str(self._folder))
        self.workers += [self._start("worker", self.address, *own) for _ in range(number)]
        client = cluster.dask().Client(self.address, set_as_default=False)
        client.wait_for_workers(sum(one.poll() is None for one in self.workers), timeout=120)
        client.close()

    def end(self, number: int) -> None:
        """Kills a worker."""
        self.workers[number].kill()
        self.workers[number].wait()

    def _start(self, *told: str) -> "subprocess.Popen[bytes]":
        surroundings = {**os.environ, **SETTINGS, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "dask", *told, "--no-dashboard"]
        log = (self._folder / "log.txt").open("ab")
        self.running.append(subprocess.Popen(command, cwd=self._folder, env=surroundings, stdout=log, stderr=log))
        log.close()
        return self.running[-1]

    def said(self) -> str:
        return (self._folder / "log.txt").read_text("utf-8", "replace")


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Dask]:
    folder = tmp_path / "dask"
    folder.mkdir()
    made = Dask(folder)
    yield made
    for one in reversed(made.running):
        one.kill()
        one.wait()


def slow(word: str, number: int) -> str:
    time.sleep(0.2)
    return f"{word} {number} {os.getpid()}"


def fatal(number: int) -> str:
    if number == 2:
        os._exit(1)
    return str(number)


def broken(number: int) -> str:
    if number == 1:
        raise ValueError("the patient's own words")
    raise SettingProblem("choose another")


def test_without_a_cluster_each_piece_is_done_when_its_turn_comes() -> None:
    begun: list[int] = []
    for at, one in enumerate(in_order(Here(), begun.append, range(4), Here.ahead)):  # type: ignore[func-returns-value]
        assert (one.result(), begun) == (None, list(range(at + 1)))
    with pytest.raises(SettingProblem):
        Here().submit(broken, 2).result()


@needs_dask
def test_two_workers_share_the_pieces_and_the_killing_of_one_loses_none(dask: Dask) -> None:
    dask.work(2)
    told: list[list[str]] = []
    with Cluster(dask.address) as pool:
        for one in in_order(pool, slow, range(30), pool.ahead, pool.share("piece")):
            told.append(one.result().split())
            if len(told) == 8:
                dask.end(0)
    assert [row[:2] for row in told] == [["piece", str(number)] for number in range(30)]
    assert len({row[2] for row in told}) == 2 and len({row[2] for row in told[-10:]}) == 1


@needs_dask
def test_a_piece_that_ends_its_workers_is_given_up_and_the_others_go_on(dask: Dask) -> None:
    dask.work(3)
    with Cluster(dask.address) as pool:
        done = list(in_order(pool, fatal, range(5), 5))
        with pytest.raises(Lost, match="One worker after the other"):
            done.pop(2).result()
        assert [one.result() for one in done] == ["0", "1", "3", "4"]


@needs_dask
def test_what_goes_wrong_on_a_worker_is_told_in_our_words_and_stands_in_no_log(dask: Dask) -> None:
    dask.work(1)
    with Cluster(dask.address) as pool:
        with pytest.raises(WorkbenchError, match="ValueError on a worker, which nobody foresaw"):
            pool.submit(broken, 1).result()
        with pytest.raises(WorkbenchError, match="choose another"):
            pool.submit(broken, 2).result()
    assert "own words" not in dask.said()


@needs_dask
def test_a_cluster_without_workers_or_scheduler_is_told(dask: Dask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "ALONE", 2)
    with pytest.raises(ModelProblem, match=r"has no worker\. Start one with `dask worker tcp://127.0.0.1:"):
        Cluster(dask.address)
    dask.work(1)
    with Cluster(dask.address) as pool:
        dask.end(0)
        dask.work(1, "127.0.0.2")  # It was not there when the hosts were looked at, and is given nothing.
        with pytest.raises(ModelProblem, match="has no worker any more"):
            pool.submit(slow, "piece", 1).result()
        waiting = pool.submit(slow, "piece", 1)
        dask.running[0].kill()
        with pytest.raises(ModelProblem, match=r"cannot be reached any more|has no worker any more"):
            waiting.result()


@needs_dask
def test_an_address_where_nobody_answers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "PATIENCE", 0.5)
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        with pytest.raises(ModelProblem, match=r"^No Dask scheduler answers at tcp://127\.0\.0\.1:\d+ \(.*\.$"):
            Cluster(f"127.0.0.1:{one.getsockname()[1]}")


def test_nothing_goes_to_a_host_that_nobody_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "dask", lambda: pytest.fail("it was asked"))
    with pytest.raises(ModelProblem, match=r"^farm\.example is not this machine, and nobody has allowed it"):
        Cluster("tcp://farm.example:8786")
    for odd in ("", "farm", "http://127.0.0.1:8786", "tcp://127.0.0.1", "tcp://127.0.0.1:8786/x", "tcp://a:b@127.0.0.1:1"):
        with pytest.raises(SettingProblem, match="is no address of a Dask scheduler"):
            Cluster(odd or " ")


@needs_dask
def test_a_worker_on_a_host_that_nobody_allowed_is_told(dask: Dask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Cluster, "_workers", lambda self: {"tcp://127.0.0.1:1": 1, "tcp://192.0.2.7:4000": 2})
    with pytest.raises(ModelProblem, match=r"192\.0\.2\.7 is not this machine"):
        Cluster(dask.address)


def test_the_missing_package_is_told_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SettingProblem, match=r"needs a package\. Install it with: pip install distributed==.*\[dask\]"):
        Cluster("127.0.0.1:1")


def asked(*told: Any) -> None:
    result = CliRunner().invoke(app, list(map(str, told)))
    if result.exception:
        raise result.exception


def killing(dask: Dask) -> Callable[[str], Callable[[int, int], None]]:
    """Progress that ends a worker when a quarter is done."""

    def counted(what: str) -> Callable[[int, int], None]:
        return lambda done, total: dask.end(0) if done == total // 4 else None

    return counted


@needs_dask
def test_commands_give_over_a_cluster_what_they_give_here(
    dask: Dask, places: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions, pipeline = tmp_path / "q.jsonl", tmp_path / "p.json"
    rows = [{"id": str(at), "question": f"Which dose of torsemide is taken {at} times?", "text": "torsemide"} for at in range(11)]
    rows.append({"id": "empty", "question": " ", "text": "nodule"})
    questions.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    corpus = tmp_path / "c.jsonl"
    corpus.write_text('{"id": "a", "text": "Torsemide 20 mg."}\n{"id": "b", "text": "A nodule."}\n', "utf-8")
    pipeline.write_text(Pipeline(embed=Hashing()).to_json(), "utf-8")
    answered = tmp_path / "r.jsonl"
    said = {"response": "Metformin 850 mg twice daily.", "source": SOURCE}
    answered.write_text("".join(json.dumps({"id": str(at), **said}) + "\n" for at in range(12)), "utf-8")
    every = (
        ("batch", "--docs", places, "--questions", questions, "--pipeline", pipeline, "--patient", "P-9001", "--nobody"),
        ("retrieve", "--corpus", corpus, "--queries", questions, "--pipeline", pipeline),
        ("verify", answered, "--risk", "0.1"),
    )
    for number, command in enumerate(every):
        asked(*command, "--out", tmp_path / f"here-{number}")
    monkeypatch.setenv(VARIABLE, dask.address)
    monkeypatch.setattr(workers, "prepared", lambda *_: pytest.fail("it was asked here"))
    dask.work(2)
    for number, (command, module) in enumerate(zip(every, (answers, answers, verify), strict=True)):
        with monkeypatch.context() as once:
            if number == 0:
                once.setattr(module, "counted", killing(dask))
            asked(*command, "--out", tmp_path / f"there-{number}")
        assert _timeless(tmp_path / f"there-{number}") == _timeless(tmp_path / f"here-{number}")
    assert dask.workers[0].poll() is not None and len(_timeless(tmp_path / "there-0")) == len(rows)
    assert "orsemide" not in dask.said() and "etformin" not in dask.said()


def _timeless(file: Path) -> list[Any]:
    """The lines of a file without the times."""
    lines = [json.loads(line) if line.startswith("{") else line for line in file.read_text("utf-8").splitlines()]
    return [{name: value for name, value in one.items() if name != "ms"} if isinstance(one, dict) else one for one in lines]
