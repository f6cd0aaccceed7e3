"""The Ask page: what a change of kind keeps, when models are asked, what stays where no answer comes, what is shown exactly."""

from typing import Any

import pytest
from pydantic import Field
from streamlit.testing.v1 import AppTest

from pages.shared.computed import answer_key
from pages.tune.answering import asking
from pages.tune.answering.answers import hits_frame
from pages.tune.answering.unsent import rooms
from pages.tune.settings.controls import carried
from rag.documents.workspace import Project
from rag.pipeline import UNIONS, Pipeline, read_pipeline
from rag.pipeline.titles import MENU
from rag.stage import options
from rag.stages.answer.chat import Chat
from rag.stages.embed.hashing import Hashing
from rag.stages.rerank.keep import Keep
from rag.stages.retrieve import Convex
from rag.values import Chunk, Filter, Hit, Message, Prompt, Span, Step
from tests.fake_server import Server
from tests.pages.test_pages import DOSES, QUESTION, asked, opened, shown, small_passages, told, tried, ward
from tests.pages.test_pages_cost import at
from tests.widgets import widget

pytestmark = pytest.mark.usefixtures("small_project")

__all__ = ["ward"]  # A fixture that tests here start from.


def test_a_text_that_is_being_typed_is_one_entry_of_the_strip() -> None:
    app = asked(question=QUESTION)
    widget(app.slider, "ask-rerank-keep-top").set_value(3).run()
    for text in ("Be", "Be brief", "Be brief."):
        widget(app.text_area, "ask-prompt-cited-system").set_value(text).run()
    assert tried(app) == ["first settings", "Reranking top 3", ":material/check: Prompt system Be br…"]
    assert app.session_state["state"]["history"][-1]["words"] == "Prompt system Be brief."
    widget(app.slider, "ask-rerank-keep-top").set_value(4).run()
    assert len(tried(app)) == 4


def test_another_kind_keeps_the_settings_that_mean_the_same_in_it(ward: Project) -> None:
    app = asked(embed=Hashing())
    widget(app.slider, "ask-rerank-keep-top").set_value(15).run()
    widget(app.slider, "ask-retrieve-convex-candidates").set_value(70).run()
    for stage, kind in (("rerank", "diverse"), ("retrieve", "terms")):
        widget(app.selectbox, f"ask-{stage}-kind").select(kind).run()
    settings = read_pipeline(app.session_state["state"]["applied"])
    assert (settings.rerank.kind, settings.rerank.top) == ("diverse", 15)
    assert (settings.retrieve.kind, settings.retrieve.candidates) == ("terms", 70)
    widget(app.selectbox, "ask-rerank-kind").select("keep").run()
    assert widget(app.slider, "ask-rerank-keep-top").value == 15
    widget(app.selectbox, "ask-chunk-kind").select("words").run()
    assert widget(app.slider, "ask-chunk-words-size").value == 128, "a number of sentences is no number of words"


@pytest.mark.parametrize("union", UNIONS)
def test_what_is_carried_to_another_kind_is_allowed_there(union: str) -> None:
    kinds = list(options(UNIONS[union]).values())
    for one in kinds:
        for other in kinds:
            kept = carried(one(), other)
            assert one is other or "kind" not in kept
            for name in kept:
                assert one.model_fields[name].description == other.model_fields[name].description
                low, high = (value for value in (bound(other, name, "ge"), bound(other, name, "le")))
                assert (low is None or kept[name] >= low) and (high is None or kept[name] <= high)


def bound(stage: Any, name: str, which: str) -> Any:
    return next((getattr(part, which) for part in stage.model_fields[name].metadata if hasattr(part, which)), None)


def test_a_value_out_of_the_range_of_the_other_kind_is_not_carried() -> None:
    class Narrow(Keep):
        top: int = Field(default=3, ge=1, le=10, description=Keep.model_fields["top"].description)

    assert carried(Keep(top=9), Narrow) == {"top": 9}
    assert "top" not in carried(Keep(top=11), Narrow)


def test_a_value_between_the_steps_of_a_slider_is_shown_as_it_is() -> None:
    app = asked(question=QUESTION, retrieve=Convex(minimum=0.359, weight=0.375))
    shown_as = widget(app.number_input, "ask-retrieve-convex-minimum").proto.format
    assert [shown_as % value for value in (0.359, 0.05 * 6, 60.0)] == ["0.359", "0.3", "60"]
    assert widget(app.slider, "ask-retrieve-convex-weight").proto.format == shown_as


def test_the_table_of_passages_shows_how_each_begins_where_it_stands_and_the_ranks_that_led_to_its_place() -> None:
    steps = (Step("terms", 6.5, 2), Step("vectors", 0.4, 7), Step("late", 0.9, 1))
    text = "1. Drugs (Strong,\ngrade A)"
    hits = (Hit(Chunk(Span("a", 0, 4), text), 0.9, steps), Hit(Chunk(Span("a", 4, 8), "more"), 0.8, (steps[1], steps[2])))
    row, other = hits_frame(hits).to_dict("records")
    assert row == {"#": 1, "Passage": " ".join(text.split()), "Document": "a", "Score": 0.9, "terms · vectors": "2 · 7"}
    assert other["terms · vectors"] == "– · 7"


def test_the_explanation_stays_on_through_a_change_and_a_look_elsewhere(ward: Project) -> None:
    app = asked()
    app.toggle(key="explain").set_value(True).run()
    for view in ("Time", "Passages"):
        app.button_group(key="look").set_value(view).run()
    assert app.toggle(key="explain").value
    widget(app.slider, "ask-rerank-keep-top").set_value(5).run()
    assert app.toggle(key="explain").value and "Fusion (convex)" in told(app).replace("*", "")


def test_the_prompt_view_shows_every_character_that_is_sent() -> None:
    for text in ("\n\n# One\n", "plain", "\ttab <b>bold</b> $x$ \u200b end \n\n\n", "\n"):
        app = AppTest.from_function(prompt_page, kwargs={"text": text}, default_timeout=300).run()
        assert [code.value for code in app.code] == [text]


def prompt_page(text: str) -> None:
    from pages.tune.answering.answers import prompt_view
    from rag.values import Message, Prompt

    prompt_view(Prompt("q", (Message("user", text),), (), 1))


def in_force(app: AppTest) -> Pipeline:
    return read_pipeline(app.session_state["state"]["applied"])


def answered_by(stage: Any) -> AppTest:
    return asked(question=QUESTION, answer=stage)


def test_a_chat_model_is_asked_once_it_is_applied_and_typing_asks_nothing(server: Server) -> None:
    app = asked(question=QUESTION)
    widget(app.selectbox, "ask-answer-kind").select("chat").run()
    assert "**Not applied yet**" in told(app) and "Answer asks a model at localhost:11434" in told(app)
    assert in_force(app).answer.kind == "quote" and "word for word in the source" in shown(app)
    widget(app.text_input, "ask-answer-chat-base_url").set_value(server.url).run()
    widget(app.text_input, "ask-answer-chat-model").set_value("good").run()
    assert not server.seen.bodies
    app.button(key="ask-apply").click().run()
    assert server.seen.calls["good"] == 1 and in_force(app).answer.kind == "chat" and "Not applied yet" not in shown(app)


def test_price_time_out_retries_and_window_ask_nothing_again_and_the_cost_is_by_the_new_price(server: Server) -> None:
    app = answered_by(at(server, Chat, "good"))
    assert server.seen.calls["good"] == 1 and "free" in told(app)
    for field, value in (("timeout", 31.0), ("retries", 3), ("context", 9000), ("price_in", 1000.0)):
        kind = app.slider if field == "retries" else app.number_input
        widget(kind, f"ask-answer-chat-{field}").set_value(value).run()
    assert server.seen.calls["good"] == 1 and in_force(app).answer.price_in == 1000.0 and "Not applied yet" not in shown(app)
    assert "by the prices set" in told(app).split("Models: 1 call")[1].split("\n")[0]
    widget(app.number_input, "ask-answer-chat-seed").set_value(5).run()
    assert "Not applied yet" in shown(app) and server.seen.calls["good"] == 1


def test_a_free_model_that_was_applied_answers_at_once_to_other_passages_and_one_with_a_price_waits(server: Server) -> None:
    app = answered_by(at(server, Chat, "good"))
    widget(app.slider, "ask-rerank-keep-top").set_value(1).run()
    assert server.seen.calls["good"] == 2 and "Not applied yet" not in shown(app)
    app = answered_by(at(server, Chat, "good", price_in=1.0, seed=2))
    widget(app.slider, "ask-rerank-keep-top").set_value(1).run()
    assert server.seen.calls["good"] == 3 and "Not applied yet" in shown(app)


def test_an_answer_is_kept_by_all_that_its_words_depend_on(small_project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.shared.computed.project", lambda: small_project)

    def key(**settings: Any) -> str:
        return answer_key(Pipeline(embed=Hashing(), answer=Chat(**settings)), QUESTION, Filter())

    beside = key(timeout=9.0, retries=4, price_in=1.0, price_out=2.0, context=4000)
    assert beside == key()
    others = [key(model="other"), key(base_url="http://127.0.0.1:1/v1"), key(seed=1), key(max_tokens=99), key(temperature=1.0)]
    assert len({key(), *others}) == 6


def test_a_failure_leaves_the_last_answer_and_is_not_tried_again_unasked(server: Server) -> None:
    app = asked(question=QUESTION)
    settings = in_force(app).model_copy(update={"answer": at(server, Chat, "401")})
    app.session_state["state"].update(pipeline=settings.to_json(), revision=1)
    app.run()
    app.button(key="ask-apply").click().run()
    assert app.error and "Answer by the settings before" in [one.value for one in app.subheader]
    assert "word for word in the source" in shown(app) and server.seen.calls["401"] == 1
    app.button_group(key="look").set_value("Prompt").run()
    widget(app.number_input, "ask-answer-chat-timeout").set_value(20.0).run()
    assert server.seen.calls["401"] == 1 and app.error
    app.button(key="ask-again").click().run()
    assert server.seen.calls["401"] == 2
    app.chat_input[0].set_value(QUESTION).run()
    assert server.seen.calls["401"] == 3


def test_the_strip_marks_the_answer_that_is_shown_below_an_error(server: Server) -> None:
    app = asked(question=QUESTION)
    widget(app.slider, "ask-rerank-keep-top").set_value(3).run()
    settings = in_force(app).model_copy(update={"answer": at(server, Chat, "401")})
    app.session_state["state"].update(pipeline=settings.to_json(), revision=1)
    app.run()
    app.button(key="ask-apply").click().run()
    assert tried(app) == ["first settings", ":material/check: Reranking top 3"]
    app.chat_input[0].set_value("Was furosemide given?").run()
    assert app.error and not [label for label in tried(app) if "check" in label], "nothing is shown that they belong to"


def unfit(server: Server) -> AppTest:
    """The page where the prompt for twenty passages does not fit into the model's window."""
    settings = small_passages(answer=at(server, Chat, "good", context=1600, max_tokens=800), rerank=Keep(top=20))
    return opened("ask", asked=DOSES, pipeline=settings, applied=settings)


@pytest.mark.parametrize("mend", ["Lower Prompt · Budget", "Lower Answer · Max tokens", "Raise Answer · Context"])
def test_a_prompt_that_does_not_fit_is_shown_with_mends_that_send_it(mend: str, server: Server, ward: Project) -> None:
    app = unfit(server)
    assert "Not sent" in shown(app) and not server.seen.bodies
    app.button_group(key="unsent-view").set_value("Prompt not sent").run()
    assert "torsemide" in app.code[-1].value
    next(button for button in app.button if button.label.startswith(mend)).click().run()
    assert server.seen.calls["good"] == 1 and "Not sent" not in shown(app) and not app.exception
    assert app.session_state["state"]["applied"] == app.session_state["state"]["pipeline"]


def test_no_mend_is_offered_that_would_not_fit() -> None:
    chat = Chat(context=300, max_tokens=200)
    prompt = Prompt("q", (Message("user", "word " * 400),), (), 400)
    labels = [label for label, *_ in rooms(Pipeline(embed=Hashing(), answer=chat), prompt, ())]
    assert labels == ["Raise Answer · Context to 1,024"]


def test_a_window_that_is_raised_by_hand_sends_what_did_not_fit(server: Server, ward: Project) -> None:
    app = unfit(server)
    widget(app.number_input, "ask-answer-chat-context").set_value(8000).run()
    assert server.seen.calls["good"] == 1 and "Not sent" not in shown(app)


def test_the_last_answer_is_drawn_while_the_next_is_waited_for(ward: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    app = asked()
    seen: list[bool] = []
    monkeypatch.setattr(asking, "QUICK", -1.0)
    real = asking.answering

    def watched(pipeline: Pipeline, question: str) -> Any:
        from pages.tune.settings import history

        seen.append(history.last_answer()[0] is not None)
        return real(pipeline, question)

    monkeypatch.setattr(asking, "answering", watched)
    widget(app.slider, "ask-rerank-keep-top").set_value(3).run()
    assert seen == [True] and " · 3 passages · " in shown(app)
    assert [one.value for one in app.subheader if "Answer" in one.value] == ["Answer"]


def test_what_waits_stands_above_the_settings() -> None:
    app = asked(question=QUESTION)
    widget(app.selectbox, "ask-answer-kind").select("chat").run()
    keys = [str(button.key) for button in app.button]
    assert keys.index("ask-apply") < keys.index("ask-preset-default")


def test_the_default_settings_bring_no_warning_and_long_passages_are_a_caption(small_project: Project) -> None:
    from rag.values import File

    small_project.shelf.add(File("long.txt", b"PLAN:\n" + b"Furosemide " * 900))
    app = opened("ask")
    assert not app.warning
    if "embed" in str(app.session_state["state"]["applied"]) and in_force(app).embed.kind == "minilm":
        assert "passages are longer than the embedder's 256 tokens" in "\n".join(str(one.value) for one in app.caption)


def test_every_option_has_a_title_and_a_line_in_the_menu() -> None:
    assert {stage: set(kinds) for stage, kinds in MENU.items()} == {stage: set(options(union)) for stage, union in UNIONS.items()}
    for stage, kinds in MENU.items():
        assert len({title for title, _ in kinds.values()}) == len(kinds), stage
        assert all(0 < len(" · ".join(told)) <= 52 for told in kinds.values())


def test_after_the_first_answer_three_things_to_try_are_one_click_each_and_go_once_one_was_tried() -> None:
    app = asked(question=QUESTION)
    assert {button.key for button in app.button if str(button.key).startswith("next-")} == {
        "next-source", "next-rerank", "next-compare"
    }  # fmt: skip
    widget(app.button, "next-rerank").click().run()
    assert not app.exception and in_force(app).rerank.kind == "reader"
    assert app.button_group(key="look").value == "What changed?"
    assert not [button for button in app.button if str(button.key).startswith("next-")]
