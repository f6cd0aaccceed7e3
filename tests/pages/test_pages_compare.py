"""Compare and Map: what differs, sweeps, question sets with their cards, and the same picture every time."""

import csv
import io
import json
import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.shared.state import project
from pages.tune.answering.map_view import DRAWN, GROUPS, Drawing, _hover, _traces, drawn_rows, groups, selected_rows
from pages.tune.comparing import column_answers, column_plans
from pages.tune.comparing.column_answers import STOPPED, common_statements
from pages.tune.comparing.comparison import passages
from pages.tune.comparing.scorecard import _against, _line, results
from pages.tune.comparing.side_by_side import ranked
from pages.tune.comparing.sweep import ordered, proposals, swept, swept_fields, told_apart
from rag.errors import ModelProblem, SettingProblem
from rag.evaluate.card import Figure, Row, expense
from rag.pipeline import UNIONS, Pipeline, Plan, Work, read_pipeline
from rag.pipeline.plan import TIMED, note_asked
from rag.stage import options
from rag.stages.answer.chat import Chat
from rag.stages.chunk.windows import Words
from rag.stages.embed.hashing import Hashing
from rag.stages.prompt import Cited
from rag.stages.refuse.never import Never
from rag.stages.rerank.keep import Keep
from rag.stages.retrieve import Convex, ReciprocalRank, Terms
from rag.values import Case, Chunk, Hit, Span, Usage
from tests.fake_server import running
from tests.pages.test_pages import NOTE, QUESTION, opened, press, shown
from tests.widgets import widget

pytestmark = pytest.mark.usefixtures("small_project")

PIPELINE = Pipeline(embed=Hashing())
TERMS = Pipeline(embed=Hashing(), chunk=Words(), retrieve=Terms())
BROKEN = Pipeline(embed=Hashing(), answer=Chat(base_url="http://127.0.0.1:9/v1", retries=0, timeout=2.0))
CASE = Case("dose", "Was furosemide continued?")
START = NOTE.index("Furosemide 40 mg")
CASES = [
    {
        "id": "dose",
        "question": "Was furosemide 40 mg continued at discharge?",
        "answer": "Yes, 40 mg daily",
        "evidence": [{"document": "note.txt", "start": START, "end": START + 16, "quote": "Furosemide 40 mg"}],
    },
    {"id": "none", "question": "Which zeppelin brought the marmalade?", "answer": "", "evidence": []},
]


def compared(columns: list[Pipeline], **state: Any) -> AppTest:
    return opened(
        "compare",
        **{
            "columns": [one.to_json() for one in columns],
            "compared": [one.to_json() for one in columns],
            "question": QUESTION,
            "asked": QUESTION,
            **state,
        },
    )


def with_set(columns: list[Pipeline], cases: list[dict[str, Any]]) -> AppTest:
    """The compare page on a question set that was uploaded."""
    app = compared(columns)
    widget(app.button_group, "compare-view").set_value("A set of questions").run()
    text = "\n".join(map(json.dumps, cases))
    widget(app.file_uploader, "compare-set-file").set_value([("set.jsonl", text.encode(), "application/json")]).run()
    assert not app.exception, [error.value for error in app.exception]
    return app


def hit(start: int, end: int) -> Hit:
    return Hit(Chunk(Span("a", start, end), "x" * (end - start)), 1.0)


def test_a_passage_has_its_rank_in_every_column_that_found_most_of_it() -> None:
    first, second = [hit(0, 100), hit(60, 200), hit(500, 600)], [hit(500, 590), hit(10, 90), hit(900, 950)]
    ranks = {one.chunk.span.start: [place and place[0] for place in one.hits] for one in passages([first, second])}
    assert ranks == {0: [1, 2], 500: [3, 1], 60: [2, None], 900: [None, 3]}
    assert passages([[], []]) == [] and common_statements([None, None]) == frozenset()


def test_windows_of_one_column_that_overlap_keep_their_own_ranks() -> None:
    (first, second) = passages([[hit(0, 100), hit(40, 140)], []])
    assert [first.hits[0][0], second.hits[0][0]] == [1, 2]  # type: ignore[index]


def test_only_where_they_differ_hides_what_all_columns_share() -> None:
    app = compared([PIPELINE, PIPELINE])
    assert "same settings as every column" in shown(app)
    assert list(app.dataframe[0].value["Found by"]) == ["all"] * len(app.dataframe[0].value)
    widget(app.toggle, "compare-only").set_value(True).run()
    assert "Every column found the same passages at the same ranks" in shown(app) and "that every column makes" in shown(app)
    assert not app.dataframe
    app = compared([PIPELINE, PIPELINE.model_copy(update={"rerank": Keep(top=1)})])
    widget(app.toggle, "compare-only").set_value(True).run()
    found = app.dataframe[0].value
    assert set(found["Found by"]) == {"only A"} and found["B"].isna().all()


def test_a_column_that_waits_for_a_model_can_be_stopped_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    stops: dict[str, Any] = {}
    button, listened = st.button, column_answers.listened

    def drawn(label: str, **more: Any) -> Any:
        if str(more.get("key")).startswith("compare-stop"):
            stops[more["key"]] = more["on_click"]
        return button(label, **more)

    def pressed(ask: Any, show: Any) -> Any:
        if not stops:
            return listened(ask, show)
        monkeypatch.setattr(column_answers, "listened", listened)
        stops["compare-stop-1"]()
        st.rerun()

    monkeypatch.setattr(st, "button", drawn)
    monkeypatch.setattr(column_answers, "listened", pressed)
    with running() as server:
        app = compared([PIPELINE, PIPELINE.model_copy(update={"answer": Chat(base_url=server.url, model="good")})])
        assert list(stops) == ["compare-stop-1"], "a column without a model has nothing to wait for"
        assert STOPPED in without(shown(app)) and "word for word in the source" in shown(app) and not server.seen.bodies
        press(app, "Try again")
        assert STOPPED not in without(shown(app)) and len(server.seen.bodies) == 1


def test_a_column_whose_model_is_down_is_asked_once_until_it_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    ask = Pipeline.ask

    def counted(self: Pipeline, question: str, *more: Any) -> Any:
        asked.append(str(self.answer.model_dump()["kind"]))
        return ask(self, question, *more)

    monkeypatch.setattr(Pipeline, "ask", counted)
    app = compared([PIPELINE, BROKEN])
    widget(app.toggle, "compare-only").set_value(True).run()
    told = shown(app)
    assert "cannot be reached" in told and "no answer was written" in told and asked.count("chat") == 1
    press(app, "Try again")
    assert asked.count("chat") == 2 and asked.count("quote") == 1


@pytest.mark.parametrize("stage", UNIONS)
def test_every_setting_of_every_option_can_be_swept_or_says_why_not(stage: str) -> None:
    for kind in options(UNIONS[stage]):
        try:
            pipeline = swept(PIPELINE, stage, "kind", kind)
        except SettingProblem as problem:
            assert kind in str(problem)
            continue
        for name, field in swept_fields(pipeline).values():
            if name != stage:
                continue
            own = getattr(pipeline, name)
            values = proposals(own, name, field)
            assert getattr(own, field) in values and len(values) >= 2
            done = 0
            for value in values:
                try:
                    assert getattr(getattr(swept(pipeline, name, field, value), name), field) == value
                    done += 1
                except SettingProblem as problem:
                    assert str(value) in str(problem)
            assert done


def test_another_kind_keeps_what_means_the_same_and_the_columns_say_what_sets_them_apart() -> None:
    chosen = swept(
        PIPELINE.model_copy(update={"retrieve": Convex(candidates=33), "rerank": Keep(top=5)}), "retrieve", "kind", "terms"
    )
    assert chosen.retrieve.candidates == 33 and chosen.rerank.top == 5
    assert swept(PIPELINE, "chunk", "kind", "sentences").chunk.model_dump()["size"] < 20, "words are no sentences"
    weights = [swept(PIPELINE, "retrieve", "weight", value) for value in (0.2, 0.8)]
    assert told_apart(weights) == ["Retrieval weight 0.2", "Retrieval weight 0.8"]
    assert told_apart([PIPELINE, chosen])[1].startswith("Retrieval: Words")
    assert ordered(["0.9", 0.1]) == [0.1, "0.9"] and ordered(["words", "sections"]) == ["words", "sections"]


def test_a_sweep_is_one_choice_and_a_value_that_does_not_fit_is_left_out_and_told() -> None:
    app = compared([PIPELINE, TERMS])
    setting = next(box for box in app.selectbox if box.label == "Setting")
    setting.select("Retrieval: weight").run()
    columns = [read_pipeline(text) for text in app.session_state["state"]["columns"]]
    assert [column.retrieve.weight for column in columns] == [0.2, 0.45, 0.6, 0.8]  # type: ignore[union-attr]
    assert app.session_state["state"]["compared"] == app.session_state["state"]["columns"], "what costs nothing is applied"
    values = next(box for box in app.multiselect if box.label == "Values, one a column")
    assert values.value == ["0.2", "0.45", "0.6", "0.8"]
    values.set_value([*values.value[:3], "many"]).run()
    assert "many" in shown(press(app, "Set the columns"))
    columns = [read_pipeline(text) for text in app.session_state["state"]["columns"]]
    assert [column.retrieve.weight for column in columns] == [0.2, 0.45, 0.6]  # type: ignore[union-attr]
    assert "many" not in shown(app.run())


def slow(monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """A pipeline that another embedder makes dear."""
    plan = Pipeline.plan

    def dear(self: Pipeline, documents: Any, artifacts: Any) -> Plan:
        found = plan(self, documents, artifacts)
        if found.work and isinstance(self.embed, Hashing) and self.embed.width == 64:
            return Plan((Work("embed", 1510, "embeds 1,510 new passages", 40.0),))
        return found

    monkeypatch.setattr(Pipeline, "plan", dear)
    return PIPELINE.model_copy(update={"embed": Hashing(width=64)})


def test_a_dear_column_is_estimated_and_waits_for_one_press_while_the_last_results_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    dear, embedded = slow(monkeypatch), []
    call = Hashing.__call__

    def noted(self: Hashing, *more: Any) -> Any:
        embedded.append(self.width)
        return call(self, *more)

    monkeypatch.setattr(Hashing, "__call__", noted)
    before = [PIPELINE, TERMS]
    app = compared([dear, TERMS, dear], compared=[one.to_json() for one in before])
    told = without(shown(app))
    assert told.count("embeds 1,510 new passages: roughly 40 s.") == 4, "in each column, and where it is applied"
    assert "Not applied yet" in told and "In all roughly 40 s" in told, "what two columns share is counted once"
    assert 64 not in embedded and told.count("statements word for word") == 2, "the results are those of before"
    press(app, "Apply to all columns")
    told = shown(app)
    assert 64 in embedded and "Not applied yet" not in told and told.count("statements word for word") == 3
    assert app.session_state["state"]["compared"] == [one.to_json() for one in (dear, TERMS, dear)]


def test_a_further_column_opens_with_settings_that_no_other_has() -> None:
    app = press(press(compared([PIPELINE, TERMS], pipeline=PIPELINE.to_json()), "Add a column"), "Add a column")
    columns = app.session_state["state"]["columns"]
    assert len(columns) == len(set(columns)) == 4 and "have the same settings" not in shown(app)


def test_undo_and_cancel_bring_the_last_good_columns_back(monkeypatch: pytest.MonkeyPatch) -> None:
    dear, before = slow(monkeypatch), [PIPELINE.to_json(), TERMS.to_json()]
    app = press(compared([dear, TERMS], compared=before), "Undo")
    assert app.session_state["state"]["columns"] == before and "Not applied yet" not in shown(app)
    cancels: dict[str, Any] = {}
    button = st.button

    def drawn(label: str, **more: Any) -> Any:
        cancels[str(more.get("key"))] = more.get("on_click")
        return button(label, **more)

    def pressed(pipeline: Pipeline) -> None:
        cancels["compare-cancel"]()
        st.rerun()

    monkeypatch.setattr(st, "button", drawn)
    monkeypatch.setattr(column_plans, "prepared", pressed)
    app = press(compared([dear, TERMS], compared=before), "Apply to all columns")
    assert app.session_state["state"]["columns"] == before and shown(app).count("statements word for word") == 2


def test_a_column_that_asks_a_model_says_what_it_takes_and_waits() -> None:
    with running() as server:
        chat = PIPELINE.model_copy(update={"answer": Chat(base_url=server.url, model="good")})
        app = compared([PIPELINE, chat], compared=[PIPELINE.to_json(), TERMS.to_json()])
        told = without(shown(app))
        assert "**B**: " in told and "**1 call** of good" in told and not server.seen.bodies
        assert "asks the model of the answer (Chat model): time not known yet." in told
        press(app, "Apply to all columns")
        assert len(server.seen.bodies) == 1
        app.session_state["state"]["columns"][1] = chat.model_copy(update={"rerank": Keep(top=1)}).to_json()
        app.session_state["state"]["revision"] += 1
        app.run()
        assert len(server.seen.bodies) == 2, "a free model that answers already is asked again at once"


def test_a_column_that_cannot_be_made_ready_says_so_and_does_not_wait_again(monkeypatch: pytest.MonkeyPatch) -> None:
    dear = slow(monkeypatch)

    def broken(self: Hashing, *more: Any) -> Any:
        raise ModelProblem("The embedder is down.")

    monkeypatch.setattr(Hashing, "__call__", broken)
    app = press(compared([dear, TERMS], compared=[TERMS.to_json()] * 2), "Apply to all columns")
    told = without(shown(app))
    assert told.count("The embedder is down.") == 1 and "Not applied yet" not in told and "statements word for word" in told


def test_prompts_stand_side_by_side_with_the_lines_that_differ() -> None:
    short = PIPELINE.model_copy(update={"prompt": Cited(system="Be brief.")})
    app = compared([PIPELINE, short])
    widget(app.button_group, "compare-look").set_value("Prompts").run()
    told = without(shown(app))
    assert "A → B: system 1 line added, 1 removed" in told
    systems = [
        own
        for block in app.code
        for own in (Cited().system.strip(), "Be brief.")
        if block.value.startswith(f"{own}\n\nEvery source stands")
    ]
    assert systems == [Cited().system.strip(), "Be brief."]
    (lines,) = [part for part in app.get("bidi_component") if "compare-prompt-lines" in part.proto.id]
    texts = ["".join(part["text"] for part in block["parts"]) for block in json.loads(lines.proto.json)["blocks"]]
    assert "+ Be brief." in texts
    app = compared([PIPELINE, short, BROKEN])
    widget(app.button_group, "compare-look").set_value("Prompts").run()
    assert "No answer, so no prompt." in shown(app)


def test_another_order_is_a_difference() -> None:
    first, second = [hit(0, 100), hit(200, 300), hit(500, 600)], [hit(0, 100), hit(500, 600), hit(200, 300)]
    assert [one.alike for one in passages([first, second])] == [True, False, False]
    assert [one.everywhere for one in passages([first, second])] == [True] * 3
    assert [(rank, there) for rank, _, there in ranked([first, second], 0, only_different=True)] == [(2, (3,)), (3, (2,))]


def test_a_question_set_runs_through_all_columns_and_each_has_its_card() -> None:
    app = with_set([PIPELINE, TERMS], CASES)
    app = press(app, "Run 2 questions in 2 columns")
    told = shown(app)
    assert "2 questions in 2 columns: all answered." in told
    assert told.count("**1.00** evidence recall") == 2 and told.count("**1.00** refused rightly") == 2
    assert told.count("**1.00** gold cited first") == 2 and "n 1" in told and "median ms" in told
    assert "do not differ" in told and app.get("plotly_chart")
    assert not [button for button in app.button if button.label.startswith("Run")]


def test_a_column_that_fails_is_told_for_each_question_and_the_others_count() -> None:
    app = with_set([PIPELINE, BROKEN.model_copy(update={"refuse": Never()})], CASES)
    app = press(app, "Run 2 questions in 2 columns")
    told = shown(app)
    assert "**A** · 2 questions" in told and "**B** · 0 questions, 2 failed" in told
    differing, failed = (table.value for table in app.dataframe)
    assert list(differing["B"]) == ["failed", "failed"] and list(failed["Column"]) == ["B", "B"]
    assert failed["Why"].str.contains("cannot be reached").all()
    assert any(button.label == "Try the 2 failed answers again" for button in app.button)


def test_a_changed_column_alone_is_asked_again() -> None:
    app = press(with_set([PIPELINE, TERMS], CASES), "Run 2 questions in 2 columns")
    app.session_state["state"]["columns"][1] = PIPELINE.model_copy(update={"rerank": Keep(top=2)}).to_json()
    app.session_state["state"]["revision"] += 1
    app.run()
    assert any(button.label == "Run the 2 answers still missing" for button in app.button)


def test_questions_that_cannot_or_should_not_be_asked_are_left_out_and_said() -> None:
    moved = {**CASES[0], "id": "moved", "evidence": [{"document": "note.txt", "start": 0, "end": 5, "quote": "Other"}]}
    named = {"id": "named", "question": "What dose does Mrs. Jane Smith, MRN: QX-4455667, take?"}
    app = with_set([PIPELINE, TERMS], [*CASES, moved, named])
    assert "1 question left out" in shown(app)
    assert any(button.label == "Run 2 questions in 2 columns" for button in app.button)
    widget(app.toggle, "compare-identifiers").set_value(True).run()
    assert any(button.label == "Run 3 questions in 2 columns" for button in app.button)


def test_a_set_that_cannot_be_read_says_which_line() -> None:
    app = compared([PIPELINE, TERMS])
    widget(app.button_group, "compare-view").set_value("A set of questions").run()
    widget(app.file_uploader, "compare-set-file").set_value([("set.jsonl", b'{"id": "1"}', "application/json")]).run()
    assert "line 1: no text under 'question'" in shown(app).replace("\\", "")


def test_a_question_of_the_set_is_asked_in_the_columns() -> None:
    def page() -> None:
        import streamlit as st

        from pages.shared.state import state
        from pages.tune.comparing.scorecard import ask_in_columns

        ask_in_columns("Why?")
        st.text(f"{state()['asked']} {st.session_state['compare-view']}")

    assert AppTest.from_function(page, default_timeout=300).run().text[0].value == "Why? One question"


def without(text: str) -> str:
    return text.replace("\\", "")


@pytest.mark.parametrize(
    ("stage", "key", "value", "told", "mended"),
    [
        (Words(), "chunk-words-overlap", 200, "Chunking · Overlap: 200 → 25", ("chunk", "overlap", 25)),
        (Keep(), "rerank-keep-top", 150, "Retrieval · Candidates: 50 → 150", ("retrieve", "candidates", 150)),
        (ReciprocalRank(), "retrieve-reciprocal-minimum", 0.5, "No passage can reach", ("retrieve", "minimum", 0.0)),
    ],
)
def test_a_column_that_makes_no_sense_says_so_and_is_mended_by_one_click(
    stage: Any, key: str, value: float, told: str, mended: tuple[str, str, float]
) -> None:
    changed = PIPELINE.model_copy(update={key.split("-")[0]: stage})
    app = compared([PIPELINE, changed, PIPELINE])
    assert not [button for button in app.button if button.label == "Mend it"]
    widget([*app.slider, *app.number_input], f"compare-1-{key}").set_value(value).run()
    assert not app.exception and told in without(shown(app))
    app = press(app, "Mend it")
    assert not app.exception and not [button for button in app.button if button.label == "Mend it"]
    columns = [read_pipeline(text) for text in app.session_state["state"]["columns"]]
    assert columns[0] == columns[2] == PIPELINE
    name, field, wanted = mended
    assert getattr(getattr(columns[1], name), field) == wanted
    assert app.session_state["state"]["pipeline"] == opened("compare").session_state["state"]["pipeline"]


def test_columns_with_the_same_settings_are_told_before_a_run() -> None:
    other = PIPELINE.model_copy(update={"rerank": Keep(top=3)})
    told = [one.value for one in compared([PIPELINE, other, PIPELINE]).warning]
    assert [one for one in told if one.startswith("Columns A and C have the same settings")]
    assert not [one for one in compared([PIPELINE, other]).warning if "same settings" in one.value]


def test_columns_of_the_same_option_say_in_which_setting_of_it_they_differ() -> None:
    kinds = [Convex(weight=0.2), Convex(weight=0.8), Terms(), Convex(weight=0.8)]
    pipelines = [PIPELINE.model_copy(update={"retrieve": kind}) for kind in kinds]
    assert told_apart(pipelines) == [
        "Retrieval: Words + meaning, weight 0.2", "Retrieval: Words + meaning, weight 0.8",
        "Retrieval: Words", "Retrieval: Words + meaning, weight 0.8",
    ]  # fmt: skip
    told = without(shown(compared(pipelines)))
    assert "**D** · Retrieval: Words + meaning, weight 0.8 (the same as B)" in told and told.count("the same as") == 1


def test_side_by_side_has_a_row_a_rank_and_tints_what_one_column_alone_found() -> None:
    first, second = [hit(0, 100), hit(200, 300), hit(500, 600)], [hit(510, 600), hit(10, 90), hit(900, 950)]
    both = [first, second]
    assert [(rank, there) for rank, _, there in ranked(both, 0, only_different=False)] == [(1, (2,)), (2, (0,)), (3, (1,))]
    assert [(rank, there) for rank, _, there in ranked(both, 1, only_different=True)] == [(1, (3,)), (2, (1,)), (3, (0,))]
    app = compared([PIPELINE, PIPELINE.model_copy(update={"rerank": Keep(top=1)})])
    widget(app.button_group, "compare-look").set_value("Side by side").run()
    assert "**A** · 2 passages, 1 only here" in shown(app) and "**B** · 1 passage, 0 only here" in shown(app)
    cells = [json.loads(part.proto.json)["blocks"] for part in app.get("bidi_component") if "compare-side" in part.proto.id]
    titles = [cell[0]["parts"][0]["text"] for cell in cells]
    assert [title.split(" · ")[0] for title in titles] == ["A 1", "B 1", "A 2"]
    texts = ["".join(part["text"] for part in cell[1]["parts"]) for cell in cells]
    assert texts[0] == texts[1] != texts[2] and all(text in NOTE or "20 mg" in text for text in texts)
    assert [{part["look"] for part in cell[1]["parts"]} for cell in cells] == [{""}, {""}, {"new"}]
    widget(app.toggle, "compare-only").set_value(True).run()
    assert "Passages at the same rank in every column are hidden" in shown(app)


def test_the_time_of_a_run_is_told_before_it_by_what_the_stages_took(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.pipeline.note_asked", lambda *parts: None)
    told = without(shown(with_set([PIPELINE, TERMS], CASES)))
    assert "The run: time not known yet, since nothing was asked here before" in told
    artifacts = project().artifacts
    note_asked({name: getattr(PIPELINE, name) for name in UNIONS}, 1, dict.fromkeys(TIMED, 1500.0), {}, artifacts)
    app = with_set([PIPELINE, TERMS], CASES)
    told = without(shown(app))
    assert "The run takes roughly 45 s: A 24 s, B 21 s. Not counted, since never run here: Retrieval of B (Words)." in told
    app = press(app, "Run 2 questions in 2 columns")
    assert "The run takes" not in shown(app), "all is answered"
    columns = [PIPELINE, TERMS, PIPELINE.model_copy(update={"rerank": Keep(top=1)})]
    assert "The run takes roughly 24 s." in without(shown(with_set(columns, CASES))), "for the column alone that was not asked"


def test_what_models_took_stands_on_the_card_with_its_interval_where_one_was_asked_and_nowhere_else() -> None:
    app = press(with_set([PIPELINE, TERMS], CASES), "Run 2 questions in 2 columns")
    assert "tokens a question" not in shown(app) and "cost" not in shown(app)
    with running() as server:
        chat = Chat(base_url=server.url, model="good", price_in=1000.0, price_out=1000.0)
        quiet = Chat(base_url=server.url, model="quiet")
        columns = [PIPELINE, *(PIPELINE.model_copy(update={"answer": one, "refuse": Never()}) for one in (chat, quiet))]
        app = with_set(columns, CASES)
        told = without(shown(app))
        assert re.search(r"Column B makes at most 2 calls of a chat model for 2 questions: about [1-9][\d,]* tokens sent", told)
        assert re.search(r"and 400 received, roughly \d+ s, about 0\.\d+ by the prices set\.", told)
        assert re.search(r"Column C makes at most 2 calls .* free: the model runs on this machine\.", told)
        before = len(server.seen.bodies)
        told = shown(press(app, "Run the 4 answers still missing"))
        asked = len(server.seen.bodies) - before
    assert "**0** tokens a question" in told and "no model was asked" in told
    small = r"  \n:small\[:gray\["
    figure = rf"\*\*([\d,]+)\*\* tokens a question{small}[\d,]+ to [\d,]+ · n 2\]\]{small}(\d) calls"
    used = re.findall(figure, told)
    assert len(used) == 2 and sum(int(calls) for _, calls in used) == asked == 4
    (cost,) = re.findall(r"\*\*([\d.]+)\*\* cost a question", told)
    assert float(cost) == pytest.approx(int(used[0][0].replace(",", "")) / 1000, abs=0.001)
    assert "about" in told.split("**C** · 2 questions")[1] and "the model runs on this machine" in without(told)


def test_the_expense_of_a_question_counts_those_without_a_model_with_nought_and_those_that_failed_nowhere() -> None:
    rows = [Row(CASE, usage=Usage(2, 300, 100, cost=0.5)), Row(CASE), Row(CASE, error="down", usage=Usage(9, 900, 900))]
    tokens, cost = expense(rows)
    assert (tokens.name, tokens.value, tokens.n) == ("tokens a question", 200.0, 2)
    assert (cost.name, cost.value, cost.n) == ("cost a question", 0.25, 2)
    assert tokens.interval == (0.0, 400.0) and cost.interval == (0.0, 0.5)
    assert expense([Row(CASE), rows[2]]) == [] and len(expense([Row(CASE, usage=Usage(1, 5, 5))])) == 1


def test_a_card_claims_nothing_from_too_few_questions() -> None:
    assert "no interval · n 1" in _line(Figure("evidence recall", 0.5, 1, (0.5, 0.5)), None)
    assert "all alike, no interval · n 4" in _line(Figure("evidence recall", 0.5, 4, (0.5, 0.5)), None)
    assert "0.30 to 0.70 · n 9" in _line(Figure("evidence recall", 0.5, 9, (0.3, 0.7)), None)
    assert [_against(Figure("evidence recall", 0.2, n, (0.1, 0.3)), "A")[0] for n in (1, 5, 6)] == ["≈", "≈", "▲"]
    assert _against(Figure("refused wrongly", 0.2, 6, (0.1, 0.3)), "B")[0] == "▼"


def test_the_results_of_a_set_are_taken_along_as_a_table_without_formulas() -> None:
    scores = {"gold cited first": 1.0}
    rows = [[Row(Case("1", "Why?"), scores, 5.0, statements=("=1+1", "two")), None], [None, Row(Case("2", "How?"), error="down")]]
    first, second = csv.DictReader(io.StringIO(results(rows)))
    assert (first["column"], first["outcome"], first["gold cited first"]) == ("A", "gold cited", "1.0")
    assert first["statements"].startswith("'=1+1") and (second["column"], second["outcome"]) == ("B", "failed")


def test_a_column_that_was_not_asked_yet_says_so_on_its_card() -> None:
    def page() -> None:
        from pages.tune.comparing.scorecard import cards, differing
        from rag.evaluate.card import Row
        from rag.pipeline import Pipeline
        from rag.values import Case

        rows = [[Row(Case("1", "Why?"), {"gold cited first": None}, 5.0), None]]
        cards(rows, [Pipeline(), Pipeline()])
        differing(rows)

    told = shown(AppTest.from_function(page, default_timeout=300).run())
    assert "Not asked yet." in told and "No question was answered in every column yet." in told


def mapped(**state: Any) -> AppTest:
    text = PIPELINE.to_json()
    return opened("map", **{"pipeline": text, "applied": text, "asked": QUESTION, **state})


def spec(app: AppTest) -> Any:
    return json.loads(app.get("plotly_chart")[0].proto.spec)


def test_the_map_is_the_same_picture_each_time_with_the_question_and_its_hits() -> None:
    app = mapped()
    first, names = spec(app), [trace["name"] for trace in spec(app)["data"]]
    assert names[-2:] == ["hits, with rank", "the question"] and "of the variance" in shown(app)
    assert {trace["type"] for trace in first["data"]} == {"scatter"}
    assert spec(mapped())["data"] == first["data"]
    app.button_group(key="map-colour").set_value("Rank").run()
    assert [trace["name"] for trace in spec(app)["data"]][-2:] == ["hits, with rank", "the question"]
    assert "the question" not in [trace["name"] for trace in spec(mapped(asked=""))["data"]]


def test_without_vectors_the_map_says_what_to_choose() -> None:
    told = shown(mapped(applied=TERMS.to_json()))
    assert "no passage has a vector" in told and "Words + meaning" in told


def test_document_text_on_the_map_is_no_markup() -> None:
    told = _hover(Chunk(Span("a<b>.txt", 0, 5), "<a href='x'>here</a> " * 20, "", "<i>Plan</i>"), 1)
    assert "<a" not in told and "<i>" not in told and "a&lt;b&gt;.txt" in told and len(told) < 700


def many(total: int) -> Any:
    chunks = [Chunk(Span(f"{at % 40}.txt", 0, 9), "some words", section=f"S{at % 3}") for at in range(total)]
    return SimpleNamespace(chunks=chunks, documents={f"{at}.txt": SimpleNamespace(type=f"t{at % 2}") for at in range(40)})


def test_ten_thousand_points_are_drawn_and_more_are_thinned_evenly_with_every_hit() -> None:
    assert drawn_rows(DRAWN, ()) == list(range(DRAWN))
    rows = drawn_rows(3 * DRAWN, (1, 4, 7))
    assert {0, 1, 4, 7, 3 * DRAWN - 1} <= set(rows) and DRAWN <= len(rows) <= DRAWN + 3
    index = many(DRAWN)
    drawing = Drawing(index, np.zeros((DRAWN, 2), np.float32), (5, 6))
    traces = list(_traces(drawing, "Document", list(range(DRAWN))))
    assert sum(len(trace.x) for trace in traces) == DRAWN + 2 and len(traces) == GROUPS + 1


def test_the_largest_groups_have_a_colour_and_the_rest_is_one() -> None:
    found = groups(many(400), "Document", range(400))
    assert len(found) == GROUPS and found[-1][0] == "29 others"
    assert sorted(row for _, inside in found for row in inside) == list(range(400))
    last = found[-1][1][-1]
    assert any(last in rows for _, rows in groups(many(400), "Document", range(400), [last])[:1])
    assert [name for name, _ in groups(many(400), "Document type", range(400))] == ["t0", "t1"]
    assert {name for name, _ in groups(many(400), "Section", range(400))} == {"S0", "S1", "S2"}


def test_a_selection_names_passages_once_and_no_star() -> None:
    points = [{"customdata": [3, 1]}, {"customdata": [3, ""]}, {"customdata": [-1]}, {"customdata": [99, ""]}, {"x": 1}]
    assert selected_rows(points, 50) == [3]
