"""The filter on the page: what it offers, what it keeps, and that it never opens by itself."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from rag.documents.workspace import Project, Workspace
from rag.pipeline import Pipeline
from rag.stages.embed.hashing import Hashing
from rag.values import File
from tests.widgets import widget

APP = Path(__file__).parents[2] / "app.py"
CT = "CT CHEST\nPatient: P-0001\nDate: 2024-03-14\nReport status: {}\n\nIMPRESSION:\nA nodule of {} mm in the lung.\n"
ROWS = "patient,note\nP-0001,Cough\nP-0002,The nodule is zarbethsecret\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setenv("RAG_WORKSPACE", str(tmp_path))
    project = Workspace(tmp_path).project()
    project.saved.put("state", "added", "samples")
    project.shelf.add(File("first.txt", CT.format("PRELIMINARY", 8).encode()))
    project.shelf.add(File("second.txt", CT.format("FINAL", 9).encode()))
    project.shelf.add(File("rows.csv", ROWS.encode()))
    st.cache_resource.clear()
    yield project
    st.cache_resource.clear()


def opened(page: str = "pages/tune/ask.py", drop: str = "", **only: Any) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=300).run()
    pipeline = Pipeline(embed=Hashing()).to_json()
    question = "How large is the nodule?"
    app.session_state["state"].update(pipeline=pipeline, applied=pipeline, asked=question)
    app.session_state["state"]["filter"].update(only)
    app.session_state["state"]["filter"].pop(drop, None)
    app = app.switch_page(page).run()
    assert not app.exception, [error.value for error in app.exception]
    return app


def found(app: AppTest) -> set[str]:
    """The documents with a passage in the table of hits."""
    return {name for table in app.dataframe if "Document" in table.value for name in table.value["Document"]}


def test_reports_are_filtered_by_their_status_and_a_session_without_one_still_works() -> None:
    app = opened(drop="statuses")
    statuses = widget(app.multiselect, "ask-statuses")
    assert (statuses.options, statuses.value) == (["final", "preliminary"], [])
    app = statuses.set_value(["final"]).run()
    assert app.session_state["state"]["filter"]["statuses"] == ["final"]
    assert found(app) == {"second.txt"}
    assert [entry["words"] for entry in app.session_state["state"]["history"]] == ["first settings", "filter: report status"]


def test_no_status_is_offered_where_no_document_has_one(folder: Project) -> None:
    for name in ("first.txt", "second.txt"):
        folder.shelf.remove(name)
    assert not [one for one in opened().multiselect if str(one.key).startswith("ask-statuses")]


def test_a_patient_who_is_gone_stays_chosen_so_that_nobody_elses_text_appears(folder: Project) -> None:
    folder.shelf.remove("P-0002/rows.csv")
    folder.shelf.add(File("other.txt", b"Patient: P-0003\n\nThe nodule is large, zarbethsecret.\n"))
    app = opened(patients=["P-0002"])
    assert widget(app.multiselect, "ask-patients").value == ["P-0002"]
    assert found(app) == set()
    assert "other.txt" in found(widget(app.multiselect, "ask-patients").set_value([]).run())


def test_a_range_the_wrong_way_round_is_read_the_right_way_and_said() -> None:
    app = opened(after="2024-03-20", before="2024-03-01")
    assert found(app) == {"first.txt", "second.txt"}
    widget(app.date_input, "ask-before").set_value(date(2024, 2, 1)).run()
    assert not app.exception and found(app) == set()


def test_the_documents_page_shows_the_status_and_takes_another(folder: Project) -> None:
    app = opened("pages/prepare/documents.py")
    table = app.dataframe[0].value
    assert dict(zip(table["Document"], table["Version"].fillna(""), strict=True)) == {
        "first.txt": "preliminary", "second.txt": "final", "P-0001/rows.csv": "", "P-0002/rows.csv": "",
    }  # fmt: skip
    before = folder.shelf.document("first.txt")
    after = folder.shelf.edit("first.txt", status="amended")
    assert before and (before.status, after.status) == ("preliminary", "amended") and before.key != after.key
    assert Workspace(folder.folder).project().shelf.document("first.txt").status == "amended"  # type: ignore[union-attr]
