"""Above the statements stands why a person must look, and passages that differ stand side by side and open."""

from typing import Any

import pytest

from pages.shared import differing, sources
from rag.pipeline import Pipeline
from rag.stages.defer.by_rules import ByRules
from rag.stages.defer.never import Never
from rag.stages.embed.hashing import Hashing
from rag.stages.refuse.never import Never as NeverRefuse
from tests.pages.test_pages_outcome import opened, recorded, said

HEAD = "CLINIC NOTE\nPatient: P-0901\nDate: 2031-05-06\nAuthor: {}\n\nCURRENT MEDICATIONS:\n- torsemide {} mg daily\n"
SMALL_NOTES = {"doctor.txt": HEAD.format("Attending, Cardiology", 40), "nurse.txt": HEAD.format("Nurse", 20)}
QUESTION = "Which dose of torsemide does P-0901 take?"
PIPELINE = Pipeline(embed=Hashing(), refuse=NeverRefuse(), defer=ByRules(below=0.0))
pytestmark = pytest.mark.usefixtures("small_project")


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Any]]:
    """What was drawn by the component that shows document text, by its key; a press is never returned."""
    return recorded(monkeypatch, sources, differing)


@pytest.mark.parametrize("page", ["ask", "compare"])
def test_both_passages_stand_side_by_side_with_date_and_author(page: str, blocks: dict[str, list[Any]]) -> None:
    app = opened(page, QUESTION, PIPELINE)
    key = "answer" if page == "ask" else "compare-answer-0"
    shown = [blocks[f"{key}-conflict-0-{at}"][0] for at in (0, 1)]
    words = ["".join(part["text"] for part in block["parts"]) for block in shown]
    assert {"40 mg" in text for text in words} == {True, False} and all("torsemide" in text for text in words)
    assert all(text.startswith("2031-05-06 · ") for text in words)
    assert {block["buttons"][0]["label"] for block in shown} == {"doctor.txt", "nurse.txt"}
    told = said(app, "warning", "caption", "markdown", "badge")
    assert "The documents differ" in told and "Dose of torsemide: " in told
    assert "the documents differ; a dose is asked for" in told and differing.LOOK in told


def test_either_passage_opens_in_its_document(monkeypatch: pytest.MonkeyPatch) -> None:
    spans: list[Any] = []
    monkeypatch.setattr(differing, "open_source", spans.append)
    monkeypatch.setattr(differing, "text_view", lambda found, key, height=None: "open" if key.endswith("-0-1") else None)
    opened("ask", QUESTION, PIPELINE)
    (span,) = spans
    assert "torsemide" in SMALL_NOTES[span.document][span.start : span.end]


def test_the_mark_follows_the_settings(blocks: dict[str, list[Any]]) -> None:
    told = said(opened("ask", QUESTION, PIPELINE.model_copy(update={"defer": Never()})), "caption", "markdown", "badge")
    assert differing.LOOK not in told and "answer-conflict-0-0" in blocks
    some = ByRules(conflict=False, below=0.0)
    told = said(opened("ask", QUESTION, PIPELINE.model_copy(update={"defer": some})), "caption", "markdown", "badge")
    assert "a dose is asked for" in told and "the documents differ;" not in told


def test_every_rule_is_a_control_under_deferral() -> None:
    app = opened("ask", QUESTION, PIPELINE)
    labels = {one.label for one in app.toggle}
    assert {"Documents differ", "Unsupported statement", "Dose", "Anticoagulant", "Insulin", "Opioid", "Pediatric"} <= labels
