"""Compare and Map: what differs, sweeps, question sets with their cards, and the same picture every time."""

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from test_pages import NOTE, QUESTION, opened, press, shown, small_workspace  # noqa: F401

from pages.shared.comparison import common_statements, passages
from pages.shared.map_view import DRAWN, GROUPS, Drawing, _hover, _traces, drawn_rows, groups, selected_rows
from pages.shared.sweep import MOST, ordered, proposals, swept, swept_fields, told_apart
from rag.answer.chat import Chat
from rag.chunk.windows import Words
from rag.embed.hashing import Hashing
from rag.errors import SettingProblem
from rag.pipeline import UNIONS, Pipeline
from rag.rerank.keep import Keep
from rag.retrieve import Convex, Terms
from rag.stage import options
from rag.values import Chunk, Hit, Span
from tests.widgets import widget

PIPELINE = Pipeline(embed=Hashing())
TERMS = Pipeline(embed=Hashing(), chunk=Words(), retrieve=Terms())
BROKEN = Pipeline(embed=Hashing(), answer=Chat(base_url="http://127.0.0.1:9/v1", retries=0, timeout=2.0))
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
    return opened("compare", **{"columns": [one.to_json() for one in columns], "question": QUESTION, "asked": QUESTION, **state})


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
    assert "Every column found the same passages" in shown(app) and "that every column makes" in shown(app)
    assert not app.dataframe
    app = compared([PIPELINE, PIPELINE.model_copy(update={"rerank": Keep(top=1)})])
    widget(app.toggle, "compare-only").set_value(True).run()
    found = app.dataframe[0].value
    assert set(found["Found by"]) == {"only A"} and found["B"].isna().all()


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
    assert told_apart([PIPELINE, chosen])[1].startswith("Retrieval terms")
    assert ordered(["0.9", 0.1]) == [0.1, "0.9"] and ordered(["words", "sections"]) == ["words", "sections"]


def test_a_sweep_fills_the_columns_in_one_click_and_a_value_that_does_not_fit_changes_nothing() -> None:
    app = compared([PIPELINE, TERMS])
    setting = next(box for box in app.selectbox if box.label == "Setting")
    setting.select("Retrieval: weight").run()
    values = next(box for box in app.multiselect if box.label == "Values, one a column")
    assert len(values.value) == MOST
    values.set_value(values.value[:3]).run()
    press(app, "Set the columns")
    columns = [json.loads(text)["retrieve"]["weight"] for text in app.session_state["state"]["columns"]]
    assert len(columns) == 3 and columns == sorted(columns) and PIPELINE.retrieve.weight in columns  # type: ignore[union-attr]
    next(box for box in app.selectbox if box.label == "Setting").select("Reranking: top").run()
    values = next(box for box in app.multiselect if box.label == "Values, one a column")
    values.set_value([values.value[0], "many"]).run()
    assert "many" in shown(press(app, "Set the columns"))
    assert len(app.session_state["state"]["columns"]) == 3


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
    app = with_set([PIPELINE, BROKEN], CASES)
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

        from pages.shared.scorecard import ask_in_columns
        from pages.shared.state import state

        ask_in_columns("Why?")
        st.text(f"{state()['asked']} {st.session_state['compare-view']} {st.session_state['compare-question']}")

    assert AppTest.from_function(page, default_timeout=60).run().text[0].value == "Why? One question Why?"


def mapped(**state: Any) -> AppTest:
    text = PIPELINE.to_json()
    return opened("map", **{"pipeline": text, "applied": text, "question": QUESTION, "asked": QUESTION, **state})


def spec(app: AppTest) -> Any:
    return json.loads(app.get("plotly_chart")[0].proto.spec)


def test_the_map_is_the_same_picture_each_time_with_the_question_and_its_hits() -> None:
    app = mapped()
    first, names = spec(app), [trace["name"] for trace in spec(app)["data"]]
    assert names[-2:] == ["hits, with rank", "the question"] and "of the variance" in shown(app)
    assert {trace["type"] for trace in first["data"]} == {"scattergl"}
    assert spec(mapped())["data"] == first["data"]
    app.button_group(key="map-colour").set_value("Rank").run()
    assert [trace["name"] for trace in spec(app)["data"]][-2:] == ["hits, with rank", "the question"]
    assert "the question" not in [trace["name"] for trace in spec(mapped(question="", asked=""))["data"]]


def test_without_vectors_the_map_says_what_to_choose() -> None:
    told = shown(mapped(applied=TERMS.to_json()))
    assert "no passage has a vector" in told and "convex" in told


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
    assert [name for name, _ in groups(many(400), "Document type", range(400))] == ["t0", "t1"]
    assert {name for name, _ in groups(many(400), "Section", range(400))} == {"S0", "S1", "S2"}


def test_a_selection_names_passages_once_and_no_star() -> None:
    points = [{"customdata": [3, 1]}, {"customdata": [3, ""]}, {"customdata": [-1]}, {"customdata": [99, ""]}, {"x": 1}]
    assert selected_rows(points, 50) == [3]
