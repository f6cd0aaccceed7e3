"""A document may be called anything: every page works with it, and no control is known to the browser by its name."""

from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from rag.documents.workspace import Project
from rag.pipeline import Pipeline
from rag.stages.embed.hashing import Hashing
from rag.values import File
from tests.pages.test_pages import HELD, NOTE, again, opened, press, reading, shown, viewed

pytestmark = pytest.mark.usefixtures("small_project")

ODD = ("__odd__name__.txt", "a/b.txt", "say \"so\" 'now'.txt", "❤️ heart__beat.txt", "$$__key__$$.txt")


@pytest.fixture(params=ODD)
def odd(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def controls(node: Any) -> Iterator[str]:
    """What the controls of a page are known by to the browser, those of its own components too."""
    for child in getattr(node, "children", {}).values():
        yield from controls(child)
    yield str(getattr(getattr(node, "proto", None), "id", ""))


def well(app: AppTest, name: str) -> AppTest:
    """The app, once nothing in it went wrong and no control is known by this name."""
    assert not app.exception and not app.error, [said.value for said in (*app.exception, *app.error)]
    assert not [one for one in controls(app._tree) if name in one or "odd" in one or "beat" in one]
    return app


def test_a_document_of_any_name_is_read_corrected_and_removed(odd: str, small_project: Project) -> None:
    (document,) = small_project.shelf.add(File(odd, NOTE.replace("P-0001", "P-0009").encode()))
    app = well(AppTest.from_function(reading, args=(document.name,)).run(), odd)
    assert any("-legend" in one for one in controls(app._tree)), "the drawn text is among them"
    next(box for box in app.text_input if box.label == "Title").set_value("A visit")
    well(press(app, "Save"), odd)
    changed = again(small_project).shelf.document(document.name)
    assert changed is not None and changed.title == "A visit"
    well(press(app, "Remove for good"), odd)
    assert again(small_project).shelf.entry(document.name) is None


@pytest.mark.parametrize(("label", "left"), [("Release", "MRN: QX-4455667"), ("Redact", "MRN: [MRN]")])
def test_a_document_of_any_name_is_decided_about(odd: str, label: str, left: str, small_project: Project) -> None:
    (document,) = small_project.shelf.add(File(odd, HELD.encode()))
    app = well(viewed("Waiting"), odd)
    app.toggle[0].set_value(True).run()  # Findings below the threshold too.
    well(app, odd).text_input(key="decide-who").set_value("A. B.").run()
    assert "1 document re" in shown(well(press(app, label), odd))
    found = again(small_project).shelf.document(document.name)
    assert found is not None and left in found.text


def test_a_document_of_any_name_is_asked_about_and_looked_for(odd: str, small_project: Project) -> None:
    (document,) = small_project.shelf.add(File(odd, b"NOTE\n\nPLAN:\nQuillwort syrup 7 mL daily was continued at home.\n"))
    written = Pipeline(embed=Hashing()).to_json()
    app = well(opened("ask", asked="How much quillwort syrup was continued?", pipeline=written, applied=written), odd)
    app.session_state["look"] = "Why not there?"
    app.run()
    app.selectbox(key="missing-document").select(document.name).run()
    well(app, odd)
    assert any(box.label == "Passage" and box.options for box in app.selectbox)
