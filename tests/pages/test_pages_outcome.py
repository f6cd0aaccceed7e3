"""What became of a question stands above its answer: refused with what is missing and what is nearest, partly, and beside it."""

from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import sources, statements
from rag.pipeline import Pipeline
from rag.stages.answer.chat import Chat
from rag.stages.embed.hashing import Hashing
from rag.stages.refuse.evidence import Evidence
from rag.stages.refuse.never import Never
from rag.values import Answer, Scope
from tests.fake_server import running
from tests.widgets import widget

ROOT = Path(__file__).parents[2]
PAGES = {"ask": "pages/tune/ask.py", "compare": "pages/tune/compare.py"}
NOTE = "PROGRESS NOTE\nPatient: P-0001\nDate: 2024-03-14\n\nPLAN:\nQuillwort syrup 7 mL daily was continued at discharge.\n"
QUESTION = "Was quillwort syrup continued at discharge?"
UNRELATED = "Which quillwort plimmer won the zorvatin race?"
PIPELINE = Pipeline(embed=Hashing())


SMALL_NOTES = {"note.txt": NOTE, "second.txt": NOTE.replace("7 mL", "9 mL").replace("P-0001", "P-0002")}
pytestmark = pytest.mark.usefixtures("small_project")


@pytest.fixture
def blocks(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Any]]:
    """What was drawn by the component that shows document text, by its key; a press is never returned."""
    return recorded(monkeypatch, sources, statements)


def recorded(monkeypatch: pytest.MonkeyPatch, *modules: ModuleType) -> dict[str, list[Any]]:
    """What these modules draw from now on by the component that shows document text, by its key."""
    drawn: dict[str, list[Any]] = {}

    def draw(found: Any, key: str, height: int | None = None) -> None:
        drawn[key] = list(found)

    for module in modules:
        monkeypatch.setattr(module, "text_view", draw)
    return drawn


def opened(page: str, question: str, pipeline: Pipeline = PIPELINE) -> AppTest:
    """The app on a page that has asked a question, in one column or two."""
    written = pipeline.to_json()
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=300).run()
    columns = {"columns": [written, written], "compared": [written, written]}
    app.session_state["state"].update(asked=question, pipeline=written, applied=written, **columns)
    app = app.switch_page(PAGES[page]).run()
    assert not app.exception, [error.value for error in app.exception]
    return app


def said(app: AppTest, *kinds: str) -> str:
    """The plain text of these kinds of elements, as a reader sees it."""
    return "\n".join(str(part.value) for kind in kinds for part in app.get(kind)).replace("\\", "")


@pytest.mark.parametrize("page", PAGES)
def test_a_refusal_says_why_what_is_missing_and_what_is_nearest_and_counts_no_statements(
    page: str, blocks: dict[str, list[Any]]
) -> None:
    app = opened(page, UNRELATED)
    told = "Not answered. The evidence is too weak to answer from. Not found: plimmer, zorvatin."
    assert said(app, "warning").count(told) == (1 if page == "ask" else 2)
    key = "answer" if page == "ask" else "compare-answer-0"
    (nearest,) = blocks[f"{key}-nearest"]
    words = "".join(part["text"] for part in nearest["parts"])
    assert words.startswith("Possibly, not an answer: ") and "Quillwort syrup 7 mL" in words
    assert nearest["buttons"][0]["label"].startswith("note.txt") and f"{key}-claims" not in blocks
    text = said(app, "caption", "markdown", "info", "warning")
    assert "0 of 0" not in text and "statement word for word" not in text and "statements word for word" not in text
    assert "verified" not in text and "confidence 0." in text


def test_the_nearest_sentence_opens_in_its_document(monkeypatch: pytest.MonkeyPatch) -> None:
    opened_spans: list[Any] = []
    monkeypatch.setattr(sources, "open_source", opened_spans.append)
    monkeypatch.setattr(sources, "text_view", lambda found, key, height=None: "open" if key.endswith("nearest") else None)
    opened("ask", UNRELATED)
    (span,) = opened_spans
    assert "Quillwort syrup" in NOTE[span.start : span.end]


@pytest.mark.parametrize("page", PAGES)
def test_an_answer_says_that_its_statements_are_copied_and_calls_nothing_verified(
    page: str, blocks: dict[str, list[Any]]
) -> None:
    app = opened(page, QUESTION)
    claims = blocks["answer-claims" if page == "ask" else "compare-answer-0-claims"]
    assert {claim["note"] for claim in claims if claim.get("look") != "title"} == {"word for word in the source"}
    text = said(app, "caption", "markdown", "info", "warning")
    assert "Answered" in text and "word for word in the source" in text and "verified" not in text


def test_what_is_not_found_is_told_above_an_answer_of_the_rest(
    blocks: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.stages.refuse.measure.SURE", 2.0)
    app = opened(
        "ask", "Was quillwort syrup continued at discharge with zorvatin?", PIPELINE.model_copy(update={"refuse": Never()})
    )
    assert "Partly answered" in said(app, "info") and "Not found: zorvatin." in said(app, "info") and blocks["answer-claims"]


@pytest.mark.parametrize(
    ("outcome", "kind", "told"), [("answered", "caption", "Answered."), ("conflict", "warning", "The documents differ.")]
)
def test_statements_beside_the_answer_stand_under_their_heading_with_their_marks(
    outcome: Any, kind: str, told: str, blocks: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Pipeline.ask
    note = "P-0001, from your question"

    def ask(self: Pipeline, *arguments: Any, **named: Any) -> Answer:
        answer = asked(self, *arguments, **named)
        first, second, *_ = (replace(claim, label="", marks=(), role="answer") for claim in answer.claims * 2)
        also = replace(second, role="also", marks=("of another patient: P-0002",))
        doubted = replace(first, supported=None, reason="in other words, not judged", role="also")
        wrong = replace(first, supported=False, reason="cites no source", role="also")
        scope = Scope(patients=("P-0001",), how="named", notes=(note,))
        return replace(answer, claims=(also, first, doubted, wrong), outcome=outcome, confidence=0.9, scope=scope)

    monkeypatch.setattr(Pipeline, "ask", ask)
    app = opened("ask", QUESTION)
    assert told in said(app, kind) and note in said(app, "caption")
    first, heading, also, doubted, wrong = blocks["answer-claims"]
    assert first["look"] == "statement" and [part["look"] for part in first["parts"]] == ["", "tag good"]
    assert heading == {"parts": [{"text": "Also"}], "look": "title"}
    assert also["look"] == "statement doubt" and also["parts"][-2] == {"text": "of another patient: P-0002", "look": "badge"}
    assert also["note"] == "word for word in the source" and also["buttons"][0]["value"] == "0.0", (
        "a press opens this claim's source"
    )
    assert (doubted["note"], wrong["note"]) == ("in other words, not judged", "cites no source")
    assert [one["parts"][-1] for one in (doubted, wrong)] == [
        {"text": "not judged", "look": "tag open"},
        {"text": "not supported", "look": "tag bad"},
    ]


def test_a_prompt_that_was_not_sent_says_so() -> None:
    with running() as server:
        chat = PIPELINE.model_copy(update={"answer": Chat(base_url=server.url, model="good")})
        app = opened("ask", UNRELATED, chat)
        app.button_group(key="look").set_value("Prompt").run()
        assert "Not sent: the question was refused before." in said(app, "caption") and not server.seen.bodies
        assert "so no model was asked. Not found" in said(app, "warning")
        app = opened("ask", UNRELATED, chat.model_copy(update={"refuse": Evidence(ask_anyway=True)}))
        assert len(server.seen.bodies) == 1 and "the model was asked all the same" in said(app, "caption")


def test_the_refusal_is_set_on_the_page_and_takes_effect_at_once(blocks: dict[str, list[Any]]) -> None:
    app = opened("ask", UNRELATED)
    widget(app.selectbox, "ask-refuse-kind").select("never").run()
    assert app.session_state["state"]["pipeline"] == PIPELINE.model_copy(update={"refuse": Never()}).to_json()
    assert "Not answered" not in said(app, "warning") and blocks["answer-claims"]
    widget(app.selectbox, "ask-refuse-kind").select("evidence").run()
    widget(app.slider, "ask-refuse-evidence-below").set_value(1.0).run()
    assert "Not answered" in said(app, "warning")


def test_a_column_whose_statements_are_all_hidden_still_counts_those_that_it_makes() -> None:
    app = opened("compare", QUESTION)
    widget(app.toggle, "compare-only").set_value(True).run()
    text = said(app, "caption")
    assert "that every column makes" in text and "0 of 0" not in text and text.count("word for word in the source") == 2
