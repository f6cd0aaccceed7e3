"""Long work is done once, by one worker; what a worker that died had begun another takes up."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import update

from rag.documents.workspace import Workspace
from rag.errors import Cancelled
from rag.governance.audit import Event
from rag.keep import work as module
from rag.keep.projects import DEFAULT
from rag.keep.tables import work as table
from rag.keep.work import GIVEN_UP, Task, Work, Worker


@pytest.fixture
def workspace(tmp_path: Path, either_database: str) -> Workspace:
    opened = Workspace(tmp_path)
    opened.project()
    return opened


def silent(step: str, done: int, total: int) -> None:
    pass


def eventually(true: Callable[[], bool]) -> bool:
    until = time.monotonic() + 30
    while not (held := true()) and time.monotonic() < until:
        time.sleep(0.02)
    return held


def test_work_is_claimed_by_one_and_its_end_is_kept(workspace: Workspace) -> None:
    one, other = Work(workspace.records, DEFAULT), Work(workspace.records, DEFAULT)
    one.put("upload", "a", "what is to be done")
    assert [task.key for task in other.free("upload")] == ["a"] and other.free("screen") == []
    assert one.claim("upload", "a") and not other.claim("upload", "a") and other.free("upload") == []
    one.tell("upload", "a", "reading", 1, 4)
    task = other.task("upload", "a")
    assert task and (task.body, task.step, task.done, task.total, task.result) == ("what is to be done", "reading", 1, 4, None)
    one.put("upload", "a", "the same again")
    one.finish("upload", "a", "read")
    task = other.task("upload", "a")
    assert task and (task.body, task.result) == ("what is to be done", "read") and not other.claim("upload", "a")
    other.drop("upload", "a")
    assert one.tasks("upload") == []


def test_the_work_of_a_dead_worker_is_taken_up_and_the_dead_one_is_told(workspace: Workspace) -> None:
    dead, alive = Work(workspace.records, DEFAULT), Work(workspace.records, DEFAULT)
    dead.put("upload", "a")
    assert dead.claim("upload", "a")
    with workspace.records.writing(Event("age", DEFAULT)) as base:
        base.execute(update(table).values(beat=time.time() - module.DEAD - 1))
    assert [task.tries for task in alive.free("upload")] == [1] and alive.claim("upload", "a")
    with pytest.raises(Cancelled, match="another server does it now"):
        dead.tell("upload", "a", "reading", 1, 2)
    dead.finish("upload", "a", "too late")
    task = alive.task("upload", "a")
    assert task and task.result is None


def test_two_at_once_do_the_same_work_once(workspace: Workspace) -> None:
    done, told, inside = [], [], threading.Event()

    def follow(worker: Work, tell: Callable[[str, int, int], None]) -> None:
        with worker.alone("prepare", "a", tell):
            if not done:
                inside.set()
                worker.tell("prepare", "a", "embed", 3, 9)
                time.sleep(0.6)
            done.append(worker.worker)

    first = threading.Thread(target=follow, args=(Work(workspace.records, DEFAULT), silent))
    first.start()
    assert inside.wait(30)
    follow(Work(workspace.records, DEFAULT), lambda *stand: told.append(stand))
    first.join()
    assert len(done) == 2 and ("embed", 3, 9) in told and Work(workspace.records, DEFAULT).tasks("prepare") == []


@pytest.mark.parametrize("error", [ZeroDivisionError, Cancelled])
def test_work_that_fails_or_is_cancelled_is_over(workspace: Workspace, error: type[Exception]) -> None:
    work = Work(workspace.records, DEFAULT)
    with pytest.raises(error), work.alone("prepare", "a", silent):
        raise error
    assert work.tasks("prepare") == []


def test_what_came_of_old_work_is_forgotten(workspace: Workspace) -> None:
    work = Work(workspace.records, DEFAULT)
    for key in ("done", "open"):
        work.put("upload", key)
    assert work.claim("upload", "done")
    work.finish("upload", "done", "read")
    work.drop_old("upload", 60)
    assert len(work.tasks("upload")) == 2
    work.drop_old("upload", -1)
    assert [task.key for task in work.tasks("upload")] == ["open"]


def test_a_worker_does_what_comes_and_gives_up_what_takes_workers_with_it(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    work = Work(workspace.records, DEFAULT)

    def handle(task: Task, tell: Callable[[str, int, int], None]) -> str:
        if task.body == "broken":
            raise ValueError("Quillemont disease")
        tell("reading", 1, 1)
        return task.body.upper()

    work.put("upload", "poison", "never")
    with workspace.records.writing(Event("age", DEFAULT)) as base:
        base.execute(update(table).values(tries=module.MOST_TRIES))
    worker = Worker(Work(workspace.records, DEFAULT), {"upload": handle})
    work.put("upload", "whole", "read")
    work.put("upload", "bad", "broken")
    worker.wake()
    assert eventually(lambda: all(task.result is not None for task in work.tasks("upload")))
    assert eventually(lambda: worker._thread is None), "it ends where nothing is left to do"
    assert {task.key: task.result for task in work.tasks("upload")} == {"poison": GIVEN_UP, "whole": "READ", "bad": GIVEN_UP}
    assert "ValueError" in caplog.text and "Quillemont" not in caplog.text
