"""Test cases made of answers: a question set that grows by a case, and the form on the page that makes it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.shared.sources import AROUND, BEFORE, EVIDENCE, within
from rag.documents.workspace import Project, Workspace
from rag.errors import SettingProblem
from rag.evaluate.made import KIND, NAME, cases_in, with_case
from rag.evaluate.questions import answerable, misplaced, read_cases
from rag.pipeline import Pipeline
from rag.stages.embed.hashing import Hashing
from rag.values import Document, File, Span

ROOT = Path(__file__).parents[2]
NOTE = Document("note.txt", "Quillwort syrup 7 mL daily was continued. The sails were dried.")
DOCUMENTS = {NOTE.name: NOTE}
PIPELINE = Pipeline(embed=Hashing())


def test_a_set_grows_by_a_case_and_the_same_question_makes_way() -> None:
    first = with_case("", "Which syrup?", "7 mL", [Span("note.txt", 0, 41)], DOCUMENTS)
    second = with_case(first, "Which sails?", "", [], DOCUMENTS)
    again = with_case(second, " Which syrup? ", "7 mL daily", [Span("note.txt", 0, 15)], DOCUMENTS)
    assert (cases_in(first), cases_in(second), cases_in(again)) == (1, 2, 2)
    sails, syrup = read_cases(again)
    assert (syrup.question, syrup.answer, syrup.evidence) == ("Which syrup?", "7 mL daily", (Span("note.txt", 0, 15),))
    assert answerable(sails) is False and answerable(syrup) is True and misplaced(again, [NOTE]) == {}


@pytest.mark.parametrize(
    ("question", "evidence", "told"),
    [
        ("  ", [], "no question"),
        ("Which?", [Span("gone.txt", 0, 3)], "does not stand"),
        ("Which?", [Span("note.txt", 0, 99_999)], "does not stand"),
    ],
)
def test_what_cannot_be_a_case_is_refused_and_says_why(question: str, evidence: list[Span], told: str) -> None:
    with pytest.raises(SettingProblem, match=told):
        with_case("", question, "", evidence, DOCUMENTS)


@pytest.fixture
def ward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setenv("RAG_WORKSPACE", str(tmp_path))
    project = Workspace(tmp_path).project()
    project.saved.put("state", "added", "samples")
    project.shelf.add(File("note.txt", f"PROGRESS NOTE\nPatient: P-0001\n\nPLAN:\n{NOTE.text}\n".encode()))
    st.cache_resource.clear()
    yield project
    st.cache_resource.clear()


def asked(question: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    written = PIPELINE.to_json()
    app.session_state["state"].update(asked=question, pipeline=written, applied=written)
    app.switch_page("pages/tune/ask.py").run()
    assert not app.exception
    return app


def test_an_answer_becomes_a_case_with_the_chosen_statement_as_its_evidence(ward: Project) -> None:
    app = asked("Was quillwort syrup continued?")
    next(button for button in app.button if button.key.startswith("case-save-")).click().run()
    assert not app.exception and any("Saved" in one.value for one in app.success)
    (row,) = map(json.loads, (ward.saved.get(KIND, NAME) or "").splitlines())
    assert row["question"] == "Was quillwort syrup continued?" and row["evidence"][0]["quote"] in NOTE.text
    written = PIPELINE.to_json()
    app.session_state["state"].update(columns=[written, written], compared=[written, written])
    next(button for button in app.button if button.key.startswith("case-open-")).click().run()
    assert not app.exception and app.session_state["compare-view"] == "A set of questions"
    assert [box.value for box in app.selectbox if box.label == "Question set"] == [NAME]


def test_the_right_passage_is_given_by_its_words_where_no_statement_is_right(ward: Project) -> None:
    app = asked("What happened to the sails?")
    toggle = next(one for one in app.toggle if one.key.startswith("case-none-"))
    if toggle.value:
        toggle.set_value(False).run()
    for box in [one for one in app.checkbox if one.key.startswith("case-claim-")]:
        box.set_value(False)
    next(one for one in app.text_input if one.key.startswith("case-words-")).set_value("the dried sails were").run()
    next(button for button in app.button if button.key.startswith("case-save-")).click().run()
    (row,) = map(json.loads, (ward.saved.get(KIND, NAME) or "").splitlines())
    assert "sails were dried" in row["evidence"][0]["quote"]


def test_words_that_are_selected_in_a_document_are_the_evidence_in_place_of_the_first_statement(ward: Project) -> None:
    app = asked("Was quillwort syrup continued?")
    (document,) = ward.shelf.documents
    start = document.text.index("The sails")
    app.session_state[EVIDENCE] = [document.name, start, start + len("The sails were dried")]
    app.run()
    boxes = {one.label: one.value for one in app.checkbox if one.key.startswith(("case-claim-", "case-selected-"))}
    (chosen,) = (label for label, value in boxes.items() if value)
    assert chosen.startswith("Selected in note") and "The sails were dried" in chosen
    assert EVIDENCE not in app.session_state
    next(button for button in app.button if button.key.startswith("case-save-")).click().run()
    (row,) = map(json.loads, (ward.saved.get(KIND, NAME) or "").splitlines())
    assert [one["quote"] for one in row["evidence"]] == ["The sails were dried"] and row["answer"] == "The sails were dried"


def test_what_was_selected_for_a_refused_answer_makes_it_one_that_is_answered(ward: Project) -> None:
    app = asked("Who owns the lighthouse at the far shore?")
    assert next(one for one in app.toggle if one.key.startswith("case-none-")).value
    (document,) = ward.shelf.documents
    app.session_state[EVIDENCE] = [document.name, 0, 13]
    app.run()
    assert not next(one for one in app.toggle if one.key.startswith("case-none-")).value
    ward.shelf.remove(document.name)
    app.run()
    assert not app.exception and not any(one.key.startswith("case-selected-") for one in app.checkbox)


@pytest.mark.parametrize("low", [0, 7_000])
def test_the_selected_characters_of_a_text_drawn_from_its_midst_are_those_of_the_document(low: int) -> None:
    text = "\U0001f9ea é " * 3_000 + "The sails were dried." + " x" * AROUND
    at = text.index("The sails")
    before = len(BEFORE) if low else 0
    found = within(Document("long.txt", text), low, (at - low + before - 1, at - low + before + 10))
    assert found == Span("long.txt", at, at + 9), "without the blanks around"
    assert within(Document("long.txt", text), low, (0, 1 if low else 0)) is None
