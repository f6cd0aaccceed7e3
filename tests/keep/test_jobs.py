"""Jobs: the same work is joined and not begun again, and it ends once nobody waits for it."""

import math
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from rag.errors import Cancelled
from rag.keep import jobs
from rag.keep.jobs import Jobs, Tell


class Left(Exception):
    """The page is drawn anew."""


def leave(step: str, done: int, total: int) -> None:
    raise Left


def quiet(step: str, done: int, total: int) -> None:
    pass


@pytest.fixture(autouse=True)
def swift(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "HEARTBEAT", 0.01)


def counting(begun: list[str], go: threading.Event) -> Callable[[Tell], str]:
    def work(tell: Tell) -> str:
        begun.append("begun")
        at = 0
        while not go.wait(0.005):
            tell("embed", at := at + 1, 100)
        return "made"

    return work


def test_who_comes_back_joins_the_work_where_it_is() -> None:
    begun: list[str] = []
    go, seen, here = threading.Event(), [], Jobs()
    with pytest.raises(Left):
        here.followed("key", counting(begun, go), leave)

    def show(step: str, done: int, total: int) -> None:
        seen.append((step, done, total))
        if done > 5:
            go.set()

    assert here.followed("key", counting(begun, go), show) == "made"
    assert begun == ["begun"] and seen[-1][0] == "embed" and seen[-1][2] == 100
    assert here.followed("key", lambda tell: "anew", quiet) == "anew", "what is done is no more under way"


def test_without_work_what_is_under_way_is_joined_and_nothing_is_begun() -> None:
    begun: list[str] = []
    go, here = threading.Event(), Jobs()
    assert here.followed("key", None, quiet) is None
    with pytest.raises(Left):
        here.followed("key", counting(begun, go), leave)
    go.set()
    assert here.followed("key", None, quiet) in {"made", None} and begun == ["begun"]
    assert here.followed("key", None, quiet) is None and here.stand("key") is None


def test_two_who_wait_get_the_same_and_other_keys_do_not_wait() -> None:
    begun: list[str] = []
    go, here, found = threading.Event(), Jobs(), []
    waiting = [threading.Thread(target=lambda: found.append(here.followed("key", counting(begun, go), quiet))) for _ in range(2)]
    for one in waiting:
        one.start()
    assert here.followed("other", lambda tell: "other", quiet) == "other"
    go.set()
    for one in waiting:
        one.join(10)
    assert found == ["made", "made"] and begun == ["begun"]


def ended(monkeypatch: pytest.MonkeyPatch, end: Callable[[Jobs], Any]) -> bool:
    """Whether work that was left ends of itself after this."""
    over, here = threading.Event(), Jobs()

    def work(tell: Tell) -> None:
        try:
            while not over.wait(0.005):
                tell("embed", 1, 2)
        except Cancelled:
            over.set()
            raise

    with pytest.raises(Left):
        here.followed("key", work, leave)
    end(here)
    return over.wait(2)


def test_work_ends_when_it_is_stopped_or_nobody_waits_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ended(monkeypatch, lambda here: here.stop("key"))
    monkeypatch.setattr(jobs, "PATIENCE", 0.05)
    assert ended(monkeypatch, lambda here: None)


def test_work_that_somebody_waits_for_goes_on_though_another_stopped_it() -> None:
    begun: list[str] = []
    go, here = threading.Event(), Jobs()

    def show(step: str, done: int, total: int) -> None:
        if len(begun) == 1:
            here.stop("key")
        else:
            go.set()

    assert here.followed("key", counting(begun, go), show) == "made" and len(begun) == 2


def test_work_of_endless_patience_goes_on_though_nobody_waits_and_says_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "PATIENCE", 0.0)
    go, here, begun = threading.Event(), Jobs(), []

    def work(tell: Tell) -> str:
        for at in range(3):
            tell("ask", at, 3)
            begun.append(at)
            go.wait(0.05)
        go.wait(10)
        return "made"

    with pytest.raises(Left):
        here.followed("key", work, leave, math.inf)
    while len(begun) < 3:
        time.sleep(0.005)
    stand = here.stand("key")
    assert stand is not None and stand[:3] == ("ask", 2, 3) and stand.spent >= 0.1, "the time since the step began"
    assert here.stand("other") is None
    go.set()
    while here.stand("key"):
        time.sleep(0.005)
    assert begun == [0, 1, 2]


def test_stopped_work_is_not_under_way_even_before_it_ends() -> None:
    go, here = threading.Event(), Jobs()
    with pytest.raises(Left):
        here.followed("key", lambda tell: go.wait(10), leave, math.inf)
    here.stop("key")
    assert here.stand("key") is None
    assert here.followed("key", lambda tell: "anew", quiet) == "anew", "who comes later does not wait for it"
    go.set()


def test_what_the_work_raises_is_raised_where_it_is_waited_for() -> None:
    def broken(tell: Tell) -> None:
        raise TimeoutError("the server is silent")

    with pytest.raises(TimeoutError, match="silent"):
        Jobs().followed("key", broken, quiet)
