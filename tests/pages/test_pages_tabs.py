"""Two tabs of one link: the second has a session of its own, is told, and may take over the first's; nothing is overwritten."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import tabs
from rag.documents.workspace import Project, Workspace
from tests.pages.test_pages import APP, QUESTION, press, shown

pytestmark = pytest.mark.usefixtures("small_project")

OPENED = "This session is open in another tab. This tab is a copy with a session of its own from here on."
TAKEN = "Another tab took this session over. This tab is a copy with a session of its own from here on."
Run = Callable[[str, AppTest], AppTest]


@pytest.fixture
def within(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs an app as the tab of this name; tabs whose name ends with "closed" are not open any more."""
    monkeypatch.setattr(tabs, "_is_open", lambda tab: not tab.endswith("closed"))
    monkeypatch.setattr(tabs, "_is_open_at_another", lambda saved, session, tab: tab.endswith("elsewhere"))

    def run(tab: str, app: AppTest) -> AppTest:
        monkeypatch.setattr(tabs, "here", lambda saved: tab)
        app.run()
        assert not app.exception, [error.value for error in app.exception]
        return app

    return run


def of_link(app: AppTest) -> AppTest:
    """A tab in which the same link is opened."""
    other = AppTest.from_file(str(APP), default_timeout=300)
    other.query_params["s"] = app.session_state["session"]
    return other


def asked(app: AppTest) -> str:
    return str(app.session_state["state"]["asked"])


def kept(project: Project, session: str) -> Any:
    return json.loads(Workspace(project.folder).project().saved.get("session", session) or "{}")


def begun(within: Run, tab: str = "first") -> AppTest:
    app = within(tab, AppTest.from_file(str(APP), default_timeout=300))
    app.session_state["state"]["asked"] = QUESTION
    return within(tab, app)


def test_a_second_tab_has_a_session_of_its_own_and_is_told(within: Run, small_project: Project) -> None:
    first = begun(within)
    second = within("second", of_link(first))
    assert OPENED in shown(second) and asked(second) == QUESTION, "it begins as a copy"
    assert second.session_state["session"] != first.session_state["session"]
    assert second.query_params["s"] == second.session_state["session"]
    second.session_state["state"]["asked"] = "What of the second?"
    within("second", second)
    first.session_state["state"]["who"] = "A. B."
    within("first", first)
    assert OPENED not in shown(first) and TAKEN not in shown(first)
    of_first = kept(small_project, first.session_state["session"])
    of_second = kept(small_project, second.session_state["session"])
    assert (of_first["asked"], of_first["who"]) == (QUESTION, "A. B.")
    assert (of_second["asked"], of_second["who"]) == ("What of the second?", "")


def test_a_reload_or_a_closed_tab_makes_no_copy(within: Run) -> None:
    first = begun(within, "was closed")
    again = within("second", of_link(first))
    assert OPENED not in shown(again) and again.session_state["session"] == first.session_state["session"]
    assert asked(again) == QUESTION


def test_a_tab_at_another_server_counts_as_open_until_that_server_tells_of_it_no_more(
    within: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = begun(within, "closed, but open elsewhere")
    second = within("second", of_link(first))
    assert OPENED in shown(second) and asked(second) == QUESTION
    monkeypatch.setattr(tabs, "_is_open", lambda tab: False)
    monkeypatch.setattr(tabs, "_is_open_at_another", lambda *found: False)
    assert OPENED not in shown(within("second", second))
    third = within("third", of_link(first))
    assert third.session_state["session"] == first.session_state["session"] and OPENED not in shown(third)


def test_a_tab_is_told_of_by_its_server_for_some_seconds(small_project: Project) -> None:
    saved = small_project.saved
    assert saved.at(tabs.HOLDER, "name") == 0
    saved.put(tabs.HOLDER, "there", "name")
    before = saved.at(tabs.HOLDER, "name")
    saved.touch(tabs.HOLDER, ["another"])
    assert saved.at(tabs.HOLDER, "name") == before
    saved.touch(tabs.HOLDER, ["there"])
    assert saved.at(tabs.HOLDER, "name") > before and tabs.is_open_elsewhere(saved, "name")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tabs, "GONE", -1.0)
        assert not tabs.is_open_elsewhere(saved, "name")


def test_a_tab_at_a_server_that_has_died_is_open_no_more(small_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = small_project.saved
    saved.put(tabs.HOLDER, "there@died", "name")
    assert tabs.is_open_elsewhere(saved, "name"), "nothing tells that it has"
    monkeypatch.setattr(tabs, "has_ended", lambda folder, name: folder == saved.folder and name == "died")
    assert not tabs.is_open_elsewhere(saved, "name")


def test_the_copy_takes_the_session_over_and_the_other_tab_is_told_and_loses_nothing(
    within: Run,
    small_project: Project,
) -> None:
    first = begun(within)
    second = within("second", of_link(first))
    second.session_state["state"]["asked"] = "What of the second?"
    within("second", second)
    own, name = second.session_state["session"], first.session_state["session"]
    press(second, "Take it over")
    assert second.session_state["session"] == name and asked(second) == QUESTION and OPENED not in shown(second)
    assert second.query_params["s"] == name and kept(small_project, own)["asked"] == "What of the second?"
    second.session_state["state"]["asked"] = "Since then?"
    within("second", second)
    first.session_state["state"]["who"] = "A. B."
    within("first", first)
    assert TAKEN in shown(first) and first.session_state["session"] not in (name, own)
    assert kept(small_project, name)["asked"] == "Since then?" and not kept(small_project, name)["who"]
    mine = kept(small_project, first.session_state["session"])
    assert (mine["asked"], mine["who"]) == (QUESTION, "A. B."), "what the first tab had goes on in a session of its own"
    press(first, "Take it over")
    assert first.session_state["session"] == name and asked(first) == "Since then?"
    assert TAKEN in shown(within("second", second))


def test_the_line_goes_at_one_click_and_does_not_come_back(within: Run) -> None:
    second = within("second", of_link(begun(within)))
    press(second, "Keep the copy")
    assert OPENED not in shown(second) and OPENED not in shown(within("second", second))
    third = within("third", of_link(second))
    assert OPENED in shown(third), "of the copy too there is a copy"


def test_a_session_that_is_taken_over_during_a_run_is_not_overwritten_at_its_end(
    within: Run,
    small_project: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = begun(within)
    name = first.session_state["session"]
    first.session_state["state"]["asked"] = "Of the first?"
    monkeypatch.setattr(tabs, "is_held_elsewhere", lambda *found: False)
    small_project.saved.put(tabs.HOLDER, "second", name)
    within("first", first)
    assert kept(small_project, name)["asked"] == QUESTION
    own = first.session_state["session"]
    assert own != name and kept(small_project, own)["asked"] == "Of the first?"
    small_project.saved.put(tabs.HOLDER, "second", own)
    monkeypatch.setattr(tabs, "_is_open", lambda tab: False)
    first.session_state["state"]["asked"] = "Too late?"
    before = len(Workspace(small_project.folder).project().saved.names("session"))
    within("first", first)
    assert len(Workspace(small_project.folder).project().saved.names("session")) == before, (
        "a tab that was closed makes no copy at its end"
    )


def test_a_text_is_not_kept_under_a_name_that_another_holds(small_project: Project) -> None:
    save = small_project.saved.put
    assert save("session", "{}", "name", "mine") == "name"
    save(tabs.HOLDER, "mine", "name")
    assert save("session", "1", "name", "mine") == "name" and save("session", "2", "name", "other") == ""
    assert small_project.saved.get("session", "name") == "1"
    assert save("session", "3", "name") == "name", "without a holder nothing is asked"
