"""Question sets are read or refused with line and field; scores are what a hand-worked case says; a failing case is a row."""

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rag.errors import FileProblem, ModelProblem
from rag.evaluate.card import MEASURES, MS, Row, bootstrap, card, differs, gain, run, scores, unasked, wilson
from rag.evaluate.questions import answerable, misplaced, read_cases
from rag.pipeline import Pipeline
from rag.places import SAMPLES
from rag.stages.index.base import Index
from rag.values import Answer, Case, Chunk, Citation, Claim, Document, Hit, Outcome, Prompt, Span

QUESTION = "Why was lisinopril stopped?"


def line(**changes: Any) -> str:
    return json.dumps({"id": "q1", "question": QUESTION, **changes})


def gold(start: Any = 0, end: Any = 10, document: Any = "note.txt", **more: Any) -> dict[str, Any]:
    return {"document": document, "start": start, "end": end, **more}


def test_the_sample_questions_are_read_with_answers_spans_and_tags() -> None:
    cases = read_cases(SAMPLES / "questions.jsonl")
    assert len(cases) >= 60 and cases[0].evidence and cases[0].answer and "answerable" in cases[0].tags
    assert {answerable(case) for case in cases} == {True, False}
    assert read_cases((SAMPLES / "questions.jsonl").read_text("utf-8")) == cases


def test_a_question_without_answer_and_evidence_is_unanswerable_only_where_the_line_says_so() -> None:
    said, silent, answered = (
        read_cases(text)[0] for text in (line(answer="", evidence=[]), line(), line(answer="Kidney injury"))
    )
    assert [answerable(case) for case in (said, silent, answered)] == [False, None, True]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no question in it"),
        ("not json", "line 1: not JSON"),
        ("[1]", "line 1: not an object"),
        (line() + "\n\n" + line(), "line 3: an id stands there twice"),
        (line(question=" "), "no text under 'question'"),
        (line(id=7), "no text under 'id'"),
        (line(question="furosemide " * 400), "at most 4,000"),
        (line(answer=["a"]), "'answer' is not a text"),
        (line(tags="note"), "'tags' is not a list"),
        (line(evidence="note.txt"), "'evidence' is not a list"),
        (line(evidence=[gold(5, 5)]), "'start' below 'end'"),
        (line(evidence=[gold(True, 9)]), "'start' below 'end'"),
        (line(evidence=["here"]), "evidence needs a 'document'"),
        ('{"id": "q1", "question": "\\ud800"}', "surrogate"),
        ("[" * 100_000, "line 1: not JSON"),
    ],
)
def test_a_line_that_does_not_fit_is_named_and_never_quoted(text: str, told: str) -> None:
    with pytest.raises(FileProblem, match=told) as problem:
        read_cases(text)
    assert QUESTION not in str(problem.value)


def test_a_file_that_is_not_there_or_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "picture.jsonl").write_bytes(b"\xff\xfe\x00")
    for name in ("picture.jsonl", "nowhere.jsonl"):
        with pytest.raises(FileProblem, match=name):
            read_cases(tmp_path / name)


def test_gold_evidence_that_does_not_stand_in_these_documents_is_told() -> None:
    text = "\n".join(
        json.dumps({"id": name, "question": QUESTION, "evidence": [span]})
        for name, span in {
            "right": gold(0, 5, quote="Cough"),
            "unquoted": gold(0, 5),
            "moved": gold(1, 6, quote="Cough"),
            "beyond": gold(0, 99),
            "elsewhere": gold(0, 5, "gone.txt"),
        }.items()
    )
    found = misplaced(text, [Document("note.txt", "Cough for two weeks.")])
    assert set(found) == {"moved", "beyond", "elsewhere"} and "gone.txt is not among" in found["elsewhere"]


def answer(cited: list[Span], hits: list[Span], text: str = "stopped for kidney injury", refused: bool = False) -> Answer:
    claims = tuple(Claim(text, (Citation(span, "", None, 1),)) for span in cited)
    found = tuple(Hit(Chunk(span, "x" * (span.end - span.start)), 1.0) for span in hits)
    outcome: Outcome = "refused" if refused else "answered"
    return Answer(
        QUESTION, text, outcome, 0.5, "", claims, found, Prompt(QUESTION, (), found, 0), {"retrieve": 2.0, "answer": 3.0}
    )


CASE = Case("q1", QUESTION, "Because of the kidney injury", (Span("a", 100, 200), Span("b", 0, 100)))


def test_a_hand_worked_answer_has_the_scores_of_its_definition() -> None:
    found = scores(CASE, answer([Span("a", 190, 210), Span("a", 200, 220)], [Span("a", 150, 400), Span("c", 0, 100)]))
    assert found["evidence recall"] == pytest.approx(50 / 200)
    assert found["gold cited first"] == 1.0 and found["citation precision"] == 0.5
    assert found["refused wrongly"] == 0.0 and found["refused rightly"] is None
    assert found["expected words"] == pytest.approx(2 / 3), "kidney and injury, not because"
    second = scores(CASE, answer([Span("a", 200, 220), Span("b", 99, 120)], []))
    assert second["gold cited first"] == 0.0 and second["evidence recall"] == 0.0


def test_a_statement_that_stands_in_two_editions_cites_gold_whichever_of_them_is_named_first() -> None:
    places = (Span("edition_2021", 10, 50), Span("a", 110, 150))
    for order in (places, places[::-1]):
        both = Claim("stopped for kidney injury", tuple(Citation(span, "", None, 1) for span in order))
        found = scores(
            CASE, replace(answer([], []), claims=(both, Claim("said elsewhere", (Citation(Span("c", 0, 9), "", None, 2),))))
        )
        assert (found["gold cited first"], found["citation precision"]) == (1.0, pytest.approx(1 / 3))
    later = scores(CASE, replace(answer([], []), claims=(Claim("cites nothing"), *answer([places[0], places[1]], []).claims)))
    assert later["gold cited first"] == 0.0, "gold in the second statement that cites is not first"
    uncited = scores(CASE, replace(answer([], []), claims=(Claim("cites nothing"), *answer([places[1]], []).claims)))
    assert uncited["gold cited first"] == 1.0
    assert scores(CASE, answer([], []))["gold cited first"] == 0.0 and scores(CASE, answer([], []))["citation precision"] is None


def test_gold_that_stands_in_a_copy_of_a_passage_is_found() -> None:
    hit = Hit(Chunk(Span("edition_2021", 0, 200), "x" * 200), 1.0, copies=(Chunk(Span("a", 0, 200), "x" * 200),))
    assert scores(CASE, replace(answer([], []), hits=(hit,)))["evidence recall"] == pytest.approx(100 / 200)
    assert scores(CASE, replace(answer([], []), hits=(replace(hit, copies=()),)))["evidence recall"] == 0.0


def test_a_refusal_misses_the_gold_and_is_right_only_where_there_is_no_answer() -> None:
    refused = answer([Span("a", 100, 120)], [Span("a", 0, 400)], refused=True)
    found = scores(CASE, refused)
    assert found["gold cited first"] == 0.0 and found["refused wrongly"] == 1.0 and found["citation precision"] is None
    assert found["expected words"] == 0.0
    none = replace(CASE, answer="", evidence=(), tags=("unanswerable",))
    found = scores(none, refused)
    assert found["refused rightly"] == 1.0 and found["refused wrongly"] is None and found["evidence recall"] is None


def row(name: str, recall: float | None = 1.0, first: float = 1.0, refused: bool = False, ms: float = 5.0) -> Row:
    case = replace(CASE, id=name)
    given = {"evidence recall": recall, "gold cited first": first, "refused wrongly": float(refused)}
    return Row(case, {measure.name: given.get(measure.name) for measure in MEASURES}, ms, refused, ("said",))


def test_a_card_holds_means_with_n_and_interval_and_failures_count_nowhere() -> None:
    rows = [row("1", 1.0), row("2", 0.5, 0.0), row("3", None), Row(replace(CASE, id="4"), error="the model is down")]
    figures = {figure.name: figure for figure in card(rows)}
    assert figures["evidence recall"].value == 0.75 and figures["evidence recall"].n == 2
    assert figures["evidence recall"].interval == (0.5, 1.0)
    share = figures["gold cited first"]
    assert share.n == 3 and share.value == pytest.approx(2 / 3) and share.interval == wilson(2, 3)
    assert figures["citation precision"].value is None and figures["citation precision"].n == 0
    assert figures[MS].value == 5.0 and figures[MS].n == 3


def test_wilsons_interval_is_the_published_one() -> None:
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)  # Newcombe, 1998, table I, method 3.
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)


def test_a_bootstrap_interval_is_the_same_each_time_and_holds_the_mean() -> None:
    chance = random.Random(3)
    values = [chance.random() for _ in range(50)]
    low, high = bootstrap(values)
    assert low < sum(values) / 50 < high and (low, high) == bootstrap(values)


def test_a_gain_is_paired_by_case_and_leaves_out_what_one_side_has_not() -> None:
    first = [row("1", 0.2), row("2", 0.4), row("3", None)]
    other = [row("2", 0.5), row("1", 0.4), row("3", 1.0)]
    found = gain(first, other, "evidence recall")
    assert found.n == 2 and found.value == pytest.approx(0.15)
    assert found.interval is not None and found.interval[0] == pytest.approx(0.1) and found.interval[1] == pytest.approx(0.2)


def test_what_differs_between_columns_is_named() -> None:
    same = row("1")
    assert differs([same, same]) == ()
    assert differs([same, row("1", recall=0.4)]) == ("evidence",)
    assert differs([same, row("1", first=0.0)]) == ("outcome",)
    assert differs([same, replace(same, statements=("other",))]) == ("statements",)
    assert "outcome" in differs([same, Row(same.case, error="down")])
    assert [r.outcome for r in (same, row("1", first=0.0), row("1", refused=True))] == [
        "✓ gold cited",
        "✗ not the gold",
        "✗ refused",
    ]


def test_a_case_is_asked_and_scored_on_a_real_pipeline(pipeline: Pipeline, index: Index) -> None:
    text = index.documents["discharge_P-9001.txt"].text
    start = text.index("Lisinopril was stopped")
    case = Case("1", QUESTION, "kidney injury", (Span("discharge_P-9001.txt", start, start + 50),))
    found = run(case, pipeline, index)
    assert not found.error and found.ms and found.scores["evidence recall"] == 1.0
    assert found.scores["gold cited first"] == 1.0 and found.outcome == "✓ gold cited"


def test_a_failing_case_is_a_row_that_says_so_without_any_text(pipeline: Pipeline, index: Index) -> None:
    def broken(error: Exception) -> Any:
        class Broken:
            def ask(self, *given: Any) -> Answer:
                raise error

        return Broken()

    known = run(CASE, broken(ModelProblem("The model is down. Start it.")), index)
    assert known.error == "The model is down. Start it." and known.outcome == "failed"
    unknown = run(CASE, broken(ValueError("Jane Smith was here")), index)
    assert unknown.error.startswith("ValueError") and "Jane" not in unknown.error
    assert run(replace(CASE, question=" "), pipeline, index).outcome == "failed"


def test_every_timed_pipeline_embeds_the_question_anew(pipeline: Pipeline, index: Index) -> None:
    index.question_vector(QUESTION)
    fresh = unasked(index)
    assert QUESTION in index._asked and not fresh._asked and fresh.chunks is index.chunks
    fresh.question_vector("another")
    assert "another" not in index._asked
