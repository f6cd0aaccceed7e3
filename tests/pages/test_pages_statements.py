"""Statements with their verdicts: a text that is checked, what decided it, what says the opposite, and what is not supported."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import statements
from rag.pipeline import Pipeline
from rag.pipeline.check import LONGEST_TEXT
from rag.stages.embed.hashing import Hashing
from rag.stages.verify.support import fitted, measured
from tests.pages.test_pages_outcome import ROOT, recorded, said
from tests.widgets import widget

NOTE = (
    "PROGRESS NOTE\nPatient: P-0001\nDate: 2024-03-14\n\nPLAN:\nBisoprolol 2.5 mg once daily was begun for fast atrial "
    "fibrillation.\nThe left knee is swollen.\n"
)
SMALL_NOTES = {"note.txt": NOTE, "second.txt": NOTE.replace("2.5 mg", "10 mg").replace("2024-03-14", "2024-05-02")}
pytestmark = pytest.mark.usefixtures("small_project")
TEXT = "Bisoprolol 2.5 mg daily was begun for fast atrial fibrillation. The right knee is swollen. The moon is made of cheese."


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Any]]:
    return recorded(monkeypatch, statements)


def opened() -> AppTest:
    written = Pipeline(embed=Hashing()).to_json()
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300).run()
    app.session_state["state"].update(pipeline=written, applied=written)
    return app.switch_page("pages/tune/check.py").run()


def checked(text: str = TEXT) -> AppTest:
    app = opened()
    widget(app.text_area, "check-text").set_value(text).run()
    app.button(key="check-send").click().run()
    assert not app.exception, [error.value for error in app.exception]
    return app


def tag(block: dict[str, Any]) -> str:
    return str(block["parts"][-1]["text"])


def test_every_statement_of_a_text_has_its_verdict_with_the_words_that_decided_it(blocks: dict[str, list[Any]]) -> None:
    app = checked()
    dose, side, moon = blocks["check-claims"]
    assert [tag(dose), tag(side)] == ["supported", "contradicted"] and tag(moon) in ("no source", "not judged", "not supported")
    assert {part["text"] for part in dose["parts"] if part["look"] == "bear"} >= {"2.5 mg"}
    assert "right" in "".join(part["text"] for part in side["parts"] if part["look"] == "deny")
    assert "1 of 3 statements supported" in said(app, "subheader") and measured() in said(app, "caption")
    assert f"{fitted()['held']['pairs']['n']:,}" in measured()


def test_the_passage_is_shown_with_its_deciding_words_and_so_is_one_that_says_the_opposite(blocks: dict[str, list[Any]]) -> None:
    checked()
    dose = blocks["check-claims"][0]
    first = dose["buttons"][0]
    assert first["label"].startswith("note.txt") and first["value"] == "0.0"
    quoted = "".join(part["text"] for part in first["passage"] if "quoted" in part.get("look", ""))
    assert quoted == "Bisoprolol 2.5 mg once daily was begun for fast atrial fibrillation."
    assert any("bear" in part.get("look", "") and part["text"] == "2.5 mg" for part in first["passage"])
    against = next(one for one in dose["buttons"] if one["label"].startswith("says otherwise: second.txt"))
    assert against["look"] == "bad" and "10 mg" in "".join(part["text"] for part in against["passage"])


def test_only_what_is_not_supported_can_be_shown(blocks: dict[str, list[Any]]) -> None:
    app = checked()
    widget(app.toggle, "check-doubted").set_value(True).run()
    assert [tag(one) == "supported" for one in blocks["check-claims"]] == [False, False]
    assert "1 supported statement hidden." in said(app, "caption")


def test_an_example_is_offered_and_a_text_that_cannot_be_checked_is_told() -> None:
    app = opened()
    app.button(key="check-example").click().run()
    assert "P-0412" in widget(app.text_area, "check-text").value and not app.exception
    widget(app.text_area, "check-text").set_value("x" * (LONGEST_TEXT + 1)).run()
    app.button(key="check-send").click().run()
    assert "Nothing was checked" in said(app, "error")
    widget(app.text_area, "check-text").set_value("...").run()
    app.button(key="check-send").click().run()
    assert "no statement" in said(app, "error")


def test_a_text_with_an_identifier_waits_for_a_person(blocks: dict[str, list[Any]]) -> None:
    app = checked("Call the daughter at 216-555-0134 about bisoprolol 2.5 mg.")
    assert "Not checked yet." in said(app, "warning") and "check-claims" not in blocks
    assert "216-555" not in app.session_state["state"]["checked"]
    app.button(key="check-held-without").click().run()
    assert blocks["check-claims"] and "216-555" not in app.session_state["state"]["checked"]
