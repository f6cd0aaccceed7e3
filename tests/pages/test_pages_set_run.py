"""A question set's run goes on in the background: through a reload, another page and a change, until it is done or stopped."""

import time
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.shared.state import RUN, project
from pages.tune.comparing import set_run
from rag.keep import jobs
from rag.pipeline import Pipeline
from rag.stages.rerank.keep import Keep
from rag.values import File
from tests.pages.test_pages import APP, NOTE, PAGES, opened, press, shown
from tests.pages.test_pages_compare import CASES, PIPELINE, TERMS, with_set, without
from tests.widgets import widget

pytestmark = pytest.mark.usefixtures("small_project")

RUN_ALL = "Run 2 questions in 2 columns"
OTHER = "The run that you began before the last changes goes on"


class Gate:
    """Holds every answer back from when it is shut until it is opened, and counts those that were begun meanwhile and later."""

    def __init__(self) -> None:
        self.go, self.begun, self.shut = Event(), 0, False


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    held, ask = Gate(), Pipeline.ask

    def waiting(self: Pipeline, *more: Any) -> Any:
        if not held.shut:
            return ask(self, *more)
        held.begun += 1
        assert held.go.wait(30)
        return ask(self, *more)

    monkeypatch.setattr(Pipeline, "ask", waiting)
    yield held
    held.go.set()


@pytest.fixture
def leaving(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes every page be left as soon as it waits for a run; what this returns makes pages wait again."""
    awaited = jobs._awaited

    def left(job: jobs.Job, show: Any) -> Any:
        return awaited(job, show) if job.patience is None else st.stop()

    monkeypatch.setattr(jobs, "_awaited", left)
    return lambda: monkeypatch.setattr(jobs, "_awaited", awaited)


def begun(gate: Gate) -> AppTest:
    """The compare page, left once the run of an uploaded set was begun."""
    app = with_set([PIPELINE, TERMS], CASES)
    gate.shut = True
    press(app, RUN_ALL)
    until(lambda: gate.begun == 1)
    return app


def until(so: Callable[[], bool]) -> None:
    for _ in range(400):
        if so():
            return
        time.sleep(0.025)
    raise AssertionError("it did not come")


def loaded_anew(app: AppTest, page: str = "compare") -> AppTest:
    """What a browser shows after a reload: another session of Streamlit's under the same address."""
    again = AppTest.from_file(str(APP), default_timeout=300)
    again.query_params["s"] = app.session_state["session"]
    again = again.run().switch_page(PAGES[page]).run()
    assert not again.exception, [error.value for error in again.exception]
    return again


def links(app: AppTest) -> list[str]:
    return [link.proto.label for link in app.get("page_link")]


def stand(app: AppTest) -> Any:
    return project().artifacts.jobs.stand(app.session_state["state"][RUN])


def test_a_run_goes_on_through_a_reload_which_returns_to_its_view_and_shows_its_results(
    gate: Gate, leaving: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = begun(gate)
    monkeypatch.setattr(jobs, "PATIENCE", 0.0)
    again = loaded_anew(app)
    assert again.session_state["compare-view"] == "A set of questions"
    (chosen,) = (box for box in again.selectbox if box.label == "Question set")
    assert chosen.value == "set.jsonl", "the set that was uploaded is chosen as before"
    button = widget(again.button, "compare-run")
    assert button.disabled and gate.begun == 1 and any(one.key == "compare-stop" for one in again.button)
    gate.go.set()
    leaving()
    told = shown(again.run())
    assert "2 questions in 2 columns: all answered." in told and "**1.00** evidence recall" in told and gate.begun == 4


def test_a_run_that_ends_while_the_page_is_drawn_shows_all_its_answers(
    gate: Gate, leaving: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, read = begun(gate), set_run._kept

    def ending(*more: Any) -> Any:
        rows = read(*more)
        gate.go.set()
        until(lambda: stand(app) is None)
        return rows

    leaving()
    monkeypatch.setattr(set_run, "_kept", ending)
    assert "2 questions in 2 columns: all answered." in shown(app.run()) and gate.begun == 4


def test_a_run_ends_by_itself_while_another_page_is_open_which_says_that_it_goes_on(
    gate: Gate, leaving: Callable[[], None]
) -> None:
    app = begun(gate).switch_page(PAGES["documents"]).run()
    assert "A set is being asked" in links(app)
    gate.go.set()
    until(lambda: stand(app) is None)
    assert "A set is being asked" not in links(app.run())
    app = app.switch_page(PAGES["compare"]).run()
    assert app.session_state["compare-view"] == "A set of questions"
    assert "all answered." in shown(app) and gate.begun == 4, "nothing is asked twice"


def test_a_stopped_run_asks_nothing_more_and_keeps_the_answer_that_was_being_written(
    gate: Gate, leaving: Callable[[], None]
) -> None:
    app = begun(gate).run()
    app = widget(app.button, "compare-stop").click().run()
    assert stand(app) is None and not widget(app.button, "compare-run").disabled
    gate.go.set()
    until(lambda: any(button.label == "Run the 3 answers still missing" for button in app.run().button))
    assert gate.begun == 1
    leaving()
    assert "all answered." in shown(press(app, "Run the 3 answers still missing"))


def test_after_a_change_the_run_of_before_is_told_and_stopped_by_one_click(gate: Gate, leaving: Callable[[], None]) -> None:
    app = begun(gate)
    app.session_state["state"]["columns"][1] = PIPELINE.model_copy(update={"rerank": Keep(top=2)}).to_json()
    app.session_state["state"]["revision"] += 1
    app.run()
    assert f"{OTHER}; its answers are kept: 0 of 4 answers" in without(shown(app))
    assert not widget(app.button, "compare-run").disabled
    assert "A set is being asked" not in links(app), "only other pages say so"
    app = widget(app.button, "compare-stop-other").click().run()
    assert stand(app) is None and OTHER not in shown(app)


def test_another_run_takes_the_place_of_the_one_before(gate: Gate, leaving: Callable[[], None]) -> None:
    app = begun(gate)
    before = app.session_state["state"][RUN]
    app.session_state["state"]["columns"][1] = PIPELINE.model_copy(update={"rerank": Keep(top=2)}).to_json()
    app.session_state["state"]["revision"] += 1
    press(app.run(), RUN_ALL)
    assert project().artifacts.jobs.stand(before) is None and stand(app) is not None


def test_a_run_keeps_nothing_of_documents_that_were_changed_under_it(gate: Gate, leaving: Callable[[], None]) -> None:
    app = begun(gate)
    project().shelf.add(File("third.txt", NOTE.replace("40 mg", "10 mg").encode()))
    gate.go.set()
    until(lambda: stand(app) is None)
    assert gate.begun == 1 and any(button.label == RUN_ALL for button in app.run().button)


def test_a_set_that_is_not_in_memory_any_more_is_told_once_and_the_samples_are_there(leaving: Callable[[], None]) -> None:
    app = with_set([PIPELINE, TERMS], CASES)
    project().artifacts.forget("gone.txt")
    again = loaded_anew(app)
    assert "Upload it again" in shown(again) and "Upload it again" not in shown(again.run())


def test_consent_to_ask_what_may_hold_an_identifier_stays_with_the_set_it_was_given_for() -> None:
    named = {"id": "named", "question": "What dose does Mrs. Jane Smith, MRN: QX-4455667, take?"}
    app = with_set([PIPELINE, TERMS], [*CASES, named])
    widget(app.toggle, "compare-identifiers").set_value(True).run()
    again = loaded_anew(app)
    assert any(button.label == "Run 3 questions in 2 columns" for button in again.button)
    other = with_set([PIPELINE, TERMS], [CASES[0], named])
    other.session_state["state"].update(app.session_state["state"] | {"question set": {"identifiers": "of another set"}})
    assert any(button.label == "Run 1 question in 2 columns" for button in other.run().button)


def test_no_run_is_under_way_at_first() -> None:
    app = opened("compare")
    assert "A set is being asked" not in links(app)
