"""The conversation on the Ask page: what stands above the box, how a follow-up was put, and what clears it."""

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.text_view import plain
from rag.stages.answer.chat import Chat
from rag.stages.models.chat import ChatModel
from rag.values import Usage
from tests.pages.test_pages import opened, shown, small_passages

FIRST = "Which dose of torsemide did P-0412 go home on?"
CARVEDILOL = "Which dose of carvedilol did P-0412 go home on?"


def conversation(**changed: Any) -> AppTest:
    """The Ask page with the first question asked."""
    settings = small_passages(**changed)
    return sent(opened("ask", pipeline=settings, applied=settings), FIRST)


def sent(app: AppTest, question: str) -> AppTest:
    return app.chat_input(key="ask-question").set_value(question).run()


def state(app: AppTest) -> dict[str, Any]:
    found: dict[str, Any] = app.session_state["state"]
    return found


def above(app: AppTest) -> list[str]:
    """The earlier questions as they stand above the box."""
    return [
        one.label.replace("\\", "") for one in app.button if str(one.key).startswith("turn-") and str(one.key).endswith("-show")
    ]


def put_so(app: AppTest) -> str:
    found = [one.value.replace("\\", "") for one in app.caption if "subdirectory_arrow" in one.value]
    return found[0] if found else ""


def test_one_question_changes_nothing_but_is_kept() -> None:
    app = conversation()
    assert above(app) == [] and put_so(app) == "" and "new-conversation" not in {one.key for one in app.button}
    assert [one["asked"] for one in state(app)["turns"]] == [FIRST]


def test_the_box_says_after_a_question_that_another_may_follow_on_it() -> None:
    app = conversation()
    assert "ask on, such as “why?”" in app.chat_input(key="ask-question").placeholder
    app = sent(app, "And in renal impairment?")
    assert state(app)["asked"] == "What about torsemide in renal impairment for P-0412?"
    app.button(key="new-conversation").click().run()
    assert "ask the documents" in app.chat_input(key="ask-question").placeholder


def test_a_follow_up_is_put_so_that_it_stands_alone_and_says_so() -> None:
    app = sent(conversation(), "and carvedilol?")
    assert state(app)["asked"] == CARVEDILOL and "answer" in shown(app).lower()
    assert f"Asked as: {CARVEDILOL} — carvedilol instead of torsemide" in put_so(app)
    assert above(app) == [FIRST]
    again = sent(app, "and carvedilol?")
    assert state(again)["asked"] == CARVEDILOL and above(again) == [FIRST]
    third = sent(again, "for how long?")
    assert state(third)["asked"] == "For how long is P-0412 to take carvedilol?" and above(third) == [FIRST, CARVEDILOL]


def test_a_question_that_stands_alone_is_asked_as_it_is() -> None:
    app = sent(conversation(), "Was P-0887 transfused?")
    assert state(app)["asked"] == "Was P-0887 transfused?" and put_so(app) == "" and above(app) == [FIRST]


def test_what_nobody_can_tell_is_asked_as_typed_and_says_so() -> None:
    app = sent(conversation(), "and then?")
    assert state(app)["asked"] == "and then?" and "Asked as typed" in put_so(app)


def test_the_wording_can_be_changed_and_takes_the_place_of_the_question() -> None:
    app = sent(conversation(), "and carvedilol?")
    box = next(one for one in app.text_input if str(one.key).startswith("asked-as-text"))
    box.set_value("Which dose of carvedilol did P-0412 take at home?").run()
    app.button(key="asked-as-this").click().run()
    assert state(app)["asked"] == "Which dose of carvedilol did P-0412 take at home?"
    assert "Asked as you put it" in put_so(app)
    assert [one["asked"] for one in state(app)["turns"]] == [FIRST, "Which dose of carvedilol did P-0412 take at home?"]
    app.button(key="asked-as-typed").click().run()
    assert state(app)["asked"] == "and carvedilol?" and "Asked as typed" in put_so(app)
    assert len(state(app)["turns"]) == 2


def test_an_identifier_in_a_changed_wording_is_held_back_as_in_every_question() -> None:
    app = sent(conversation(), "and carvedilol?")
    box = next(one for one in app.text_input if str(one.key).startswith("asked-as-text"))
    box.set_value("Call 216-555-0134 about carvedilol").run()
    app.button(key="asked-as-this").click().run()
    assert "Not asked yet" in shown(app) and "216" not in json.dumps(state(app))
    app.button(key="ask-held-without").click().run()
    assert state(app)["asked"] == "Call [PHONE] about carvedilol"


def test_an_earlier_question_is_shown_again_and_the_next_leans_on_it() -> None:
    app = sent(sent(conversation(), "and carvedilol?"), "Was P-0887 transfused?")
    app.button(key="turn-0-show").click().run()
    assert state(app)["asked"] == FIRST and above(app) == [CARVEDILOL, "Was P-0887 transfused?"]
    assert state(sent(app, "how often?"))["asked"] == "How often is P-0412 to take torsemide?"


def test_a_new_conversation_forgets_the_old_one() -> None:
    app = sent(conversation(), "and carvedilol?")
    app.button(key="new-conversation").click().run()
    assert state(app)["turns"] == [] and state(app)["asked"] == "" and above(app) == []
    assert state(sent(app, "and carvedilol?"))["asked"] == "and carvedilol?"


def test_what_is_kept_of_a_conversation_holds_no_text_of_a_document() -> None:
    app = sent(conversation(), "and carvedilol?")
    kept = json.dumps(state(app)["turns"])
    assert " mg" not in kept and "P-0412.txt" in kept


def test_a_question_of_another_page_stands_alone() -> None:
    app = sent(conversation(), "and carvedilol?")
    app.switch_page("pages/tune/map.py").run()
    assert plain(CARVEDILOL) in shown(app)
    app.chat_input(key="map-question").set_value("Was P-0887 transfused?").run()
    app.switch_page("pages/tune/ask.py").run()
    assert put_so(app) == "" and state(app)["asked"] == "Was P-0887 transfused?"


def test_a_chat_model_puts_a_follow_up_where_that_is_pressed(monkeypatch: pytest.MonkeyPatch, no_server: None) -> None:
    app = sent(conversation(answer=Chat(model="good")), "and carvedilol?")
    monkeypatch.setattr(
        ChatModel, "complete", lambda self, messages, schema=None: ("What carvedilol dose did P-0412 go home on?", Usage(1, 1, 1))
    )
    app.button(key="asked-as-model").click().run()
    assert state(app)["asked"] == "What carvedilol dose did P-0412 go home on?" and "put so by good" in put_so(app)
    assert len(state(app)["turns"]) == 2
