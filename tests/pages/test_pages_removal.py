"""A document that is removed, redacted or renamed leaves open sessions too, and no page writes back what it quoted."""

import json
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import state as pages_state
from rag.documents.workspace import Project
from rag.errors import SettingProblem
from rag.evaluate.made import KIND, NAME
from rag.pipeline import Pipeline
from rag.stages.embed.hashing import Hashing
from rag.values import File
from tests.pages.test_pages import again, opened, press, reading, shown

WORDS = "Quillwort syrup 7 mL daily was continued"
TEXT = f"VISIT\nPatient: P-0009\n\nPLAN:\n{WORDS} because of Marlowick disease.\n"
QUESTION = "How much quillwort syrup was continued?"
PIPELINE = Pipeline(embed=Hashing()).to_json()


def here(_: Project) -> Project:
    """The project as the pages of this server have it."""
    return pages_state.workspace().project()


def elsewhere(project: Project) -> Project:
    """The same as another server has it."""
    return project


def asked(project: Project) -> AppTest:
    project.shelf.add(File("visit.txt", TEXT.encode()))
    app = opened("ask", asked=QUESTION, pipeline=PIPELINE, applied=PIPELINE)
    assert "visit.txt" in json.dumps(app.session_state["state"]["turns"])
    return app


def kept(project: Project, kind: str = "session") -> str:
    return "\n".join(project.saved.get(kind, name) or "" for name in project.saved.names(kind))


@pytest.mark.parametrize("server", [here, elsewhere])
def test_an_open_session_loses_the_places_and_keeps_the_question(
    server: Callable[[Project], Project],
    small_project: Project,
) -> None:
    app = asked(small_project)
    turns = app.session_state["state"]["turns"]
    assert "visit.txt" in kept(small_project)
    server(small_project).shelf.remove("visit.txt")
    assert "visit.txt" not in kept(small_project), "before that tab is used again"
    app.session_state["state"].update(turns=turns, asked="Is peritol listed?")  # As a run writes it that was under way meanwhile.
    app.run()
    assert not app.exception and "visit.txt" not in kept(small_project)
    assert [one["asked"] for one in app.session_state["state"]["turns"]] == [QUESTION, "Is peritol listed?"]
    assert "turn-0-show" in [button.key for button in app.button], "the earlier question can still be shown"


def test_a_judgement_and_a_test_case_lose_what_they_quote_and_compare_says_so(small_project: Project) -> None:
    app = asked(small_project)
    thumbs = next(button.key for button in app.button if (button.key or "").startswith("case-save-")).replace(
        "case-save-", "judge-"
    )
    app.session_state[thumbs] = 1
    app.run()
    next(button for button in app.button if (button.key or "").startswith("case-save-")).click().run()
    assert not app.exception and WORDS in kept(small_project, "judgement") and WORDS in kept(small_project, KIND)
    here(small_project).shelf.remove("visit.txt")
    assert WORDS not in kept(small_project, "judgement") + kept(small_project, KIND)
    app.session_state["state"].update(columns=[PIPELINE, PIPELINE], compared=[PIPELINE, PIPELINE])
    app.session_state["state"]["question set"] = {"name": NAME}
    app.session_state["compare-view"] = "A set of questions"
    app.switch_page("pages/tune/compare.py").run()
    assert not app.exception
    assert "its evidence went with a document that was removed or redacted" in shown(app)


def test_a_removal_that_is_refused_is_told_in_a_sentence(
    small_project: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise SettingProblem("workspace.sqlite of the workspace cannot be used: the disk is full. Make room, then try again.")

    app = AppTest.from_function(reading, args=("note.txt",)).run()
    monkeypatch.setattr("rag.documents.shelf.Shelf.remove", full)
    press(app, "Remove for good")
    assert not app.exception and "the disk is full" in shown(app)
    assert again(small_project).shelf.entry("note.txt") is not None
