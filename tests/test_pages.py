"""Every page opens and every control of it moves, without a browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from rag.values import File
from rag.workspace import Workspace

APP = Path(__file__).parents[1] / "app.py"
PAGES = {
    "start": "pages/start/welcome.py",
    "documents": "pages/prepare/documents.py",
    "chunks": "pages/prepare/chunks.py",
    "ask": "pages/tune/ask.py",
    "compare": "pages/tune/compare.py",
}
KINDS = ("selectbox", "slider", "toggle", "number_input", "text_input", "text_area", "multiselect", "button_group", "button")
QUESTION = "What was the dose of furosemide at discharge?"
NOTE = "PROGRESS NOTE\nPatient: P-0001\nDate: 2024-03-14\n\nPLAN:\nFurosemide 40 mg daily was continued at discharge.\n"


@pytest.fixture(autouse=True)
def small_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A workspace with two invented notes instead of the samples, so that the pages open quickly."""
    monkeypatch.setenv("RAG_WORKSPACE", str(tmp_path))
    workspace = Workspace(tmp_path)
    workspace.save("state", "added", "samples")
    workspace.add(File("note.txt", NOTE.encode()))
    workspace.add(File("second.txt", NOTE.replace("40 mg", "20 mg").replace("P-0001", "P-0002").encode()))
    st.cache_resource.clear()
    yield workspace
    st.cache_resource.clear()


def opened(page: str, **state: Any) -> AppTest:
    """The app on one page, with these values in its state."""
    app = AppTest.from_file(str(APP), default_timeout=60).run()
    app.session_state["state"].update(state)
    app = app.switch_page(PAGES[page]).run()
    assert not app.exception, [error.value for error in app.exception]
    return app


def shown(app: AppTest) -> str:
    """All plain text of a page."""
    return "\n".join(
        str(part.value) for kind in ("title", "caption", "markdown", "info", "warning", "error") for part in app.get(kind)
    )


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens(page: str) -> None:
    assert opened(page).title[0].value


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_what_to_do_next_when_there_are_no_documents(page: str, small_workspace: Workspace) -> None:
    for document in small_workspace.documents:
        small_workspace.remove(document.name)
    assert "no documents yet" in shown(opened(page))


@pytest.mark.parametrize("page", PAGES)
def test_every_control_of_a_page_moves(page: str) -> None:
    for kind in KINDS:
        app = opened(page, question=QUESTION, asked=QUESTION)
        for at in range(len(app.get(kind))):
            controls = app.get(kind)
            if at < len(controls) and not controls[at].disabled:
                moved(kind, controls[at]).run()
                assert not app.exception, (kind, controls[at].label, [error.value for error in app.exception])


def moved(kind: str, control: Any) -> Any:
    """The control after a user moved it to another value that it allows."""
    if kind == "button":
        return control.click()
    if kind == "selectbox":
        return control.select_index(len(control.options) - 1)
    if kind == "multiselect":
        return control.set_value(list(control.options[:1]))
    if kind == "toggle":
        return control.set_value(not control.value)
    if kind in {"slider", "number_input"}:
        return control.set_value(control.max if control.value != control.max else control.min)
    if kind == "button_group":
        return control.set_value(control.options[-1].content if hasattr(control.options[-1], "content") else control.options[-1])
    return control.set_value(f"{control.value} and more")


def test_a_question_is_answered_with_verified_statements() -> None:
    app = opened("ask", question=QUESTION, asked=QUESTION)
    assert "statements verified word for word" in shown(app)


def test_a_setting_survives_a_change_of_page() -> None:
    app = opened("ask", question=QUESTION, asked=QUESTION)
    app.selectbox(key="ask-0-rerank-kind").select("diverse").run()
    app.switch_page(PAGES["documents"]).run()
    app.switch_page(PAGES["ask"]).run()
    assert app.selectbox(key="ask-0-rerank-kind").value == "diverse"


def test_settings_that_make_no_sense_together_are_named_and_the_answer_stays() -> None:
    app = opened("ask", question=QUESTION, asked=QUESTION)
    app.slider(key="ask-0-chunk-sections-overlap").set_value(500).run()
    assert "must be below size" in shown(app)
    assert "statements verified word for word" in shown(app)


def test_a_session_comes_back_by_its_address() -> None:
    app = opened("ask", question=QUESTION, asked=QUESTION)
    app.run()
    again = AppTest.from_file(str(APP), default_timeout=60)
    again.query_params["s"] = app.session_state["session"]
    again.run()
    assert again.session_state["state"]["question"] == QUESTION


def test_a_comparison_link_holds_settings_and_question_but_no_document_text(small_workspace: Workspace) -> None:
    app = opened("compare", question=QUESTION, asked=QUESTION)
    next(button for button in app.button if button.label == "Link to this comparison").click().run()
    name = "".join(app.query_params["comparison"])
    kept = small_workspace.saved("comparison", name)
    assert kept is not None and QUESTION in kept and "continued at discharge" not in kept
    again = opened("compare")
    again.query_params["comparison"] = name
    again.run()
    assert again.session_state["state"]["question"] == QUESTION


def test_an_unknown_comparison_says_so() -> None:
    app = opened("compare")
    app.query_params["comparison"] = "nowhere"
    assert "not in this workspace" in shown(app.run())
