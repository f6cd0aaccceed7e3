"""A chat model as judge: its grades and orders are followed, kept, and counted first; what it leaves open stays in place."""

from itertools import pairwise
from typing import Any

import pytest

from rag.errors import ModelProblem
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.stages.embed.hashing import Hashing
from rag.stages.index.base import Index
from rag.stages.rerank.judge import NOT_JUDGED, Judge, _grade, _places, _windows, unjudged
from rag.values import Chunk, Document, Hit, Span
from tests.fake_server import Server

TEXTS = ["chest clear", "peritol stopped", "zalumide raised", "no fever", "zalumide stopped", "sleeps well"]
QUESTION = "What of zalumide?"


def found(texts: list[str]) -> tuple[Index, list[Hit]]:
    chunks = [Chunk(Span(f"{at}.txt", 0, len(text)), text) for at, text in enumerate(texts)]
    hits = [Hit(chunk, float(len(texts) - at)) for at, chunk in enumerate(chunks)]
    return Index({}, chunks, None, True, None, None, Hashing(), Artifacts()), hits


def names(hits: list[Hit]) -> list[int]:
    return [int(hit.chunk.span.document.removesuffix(".txt")) for hit in hits]


def judge(server: Server, model: str = "grades", **settings: Any) -> Judge:
    return Judge(**{"model": model, "base_url": server.url, "retries": 0, "timeout": 30.0, **settings})


@pytest.mark.parametrize("at_once", [1, 4])
def test_grades_decide_and_equals_keep_their_order(at_once: int, server: Server) -> None:
    index, hits = found(TEXTS)
    ranked = judge(server, at_once=at_once)(QUESTION, hits, index)
    assert names(ranked) == [2, 4, 0, 1, 3, 5] and unjudged(ranked) == 0
    assert [hit.steps[-1].score for hit in ranked] == [3, 3, 0, 0, 0, 0]
    assert server.seen.calls["grades"] == 6


def test_only_the_first_are_judged_and_the_rest_stays_behind_them(server: Server) -> None:
    index, hits = found(TEXTS)
    ranked = judge(server, depth=3, top=5)(QUESTION, hits, index)
    assert names(ranked) == [2, 0, 1, 3, 4] and server.seen.calls["grades"] == 3
    assert all(one.score >= other.score for one, other in pairwise(ranked))


def test_an_order_of_many_is_followed_and_costs_one_call(server: Server) -> None:
    index, hits = found(TEXTS)
    ranked = judge(server, "order", method="listwise")(QUESTION, hits, index)
    assert names(ranked) == [5, 4, 3, 2, 1, 0] and server.seen.calls["order"] == 1
    assert all(one.score > other.score for one, other in pairwise(ranked))


def test_a_long_list_is_ordered_from_its_end_to_its_front(server: Server) -> None:
    index, hits = found([f"passage {at}" for at in range(25)])
    ranked = judge(server, "order", method="listwise", depth=25, top=25)(QUESTION, hits, index)
    order = list(range(25))
    for start, end in ((5, 25), (0, 20)):
        order[start:end] = reversed(order[start:end])
    assert names(ranked) == order and server.seen.calls["order"] == 2


@pytest.mark.parametrize("number", [1, 5, 20, 21, 25, 40, 100])
def test_windows_overlap_and_leave_no_place_out(number: int) -> None:
    windows = _windows(number)
    assert windows[-1][0] == 0 and windows[0][1] == number and all(0 < end - start <= 20 for start, end in windows)
    assert all(later[1] > before[0] for before, later in pairwise(windows))


@pytest.mark.parametrize("method", ["pointwise", "listwise"])
def test_what_is_not_judged_keeps_its_place_and_is_counted(method: str, server: Server) -> None:
    index, hits = found(TEXTS)
    ranked = judge(server, "shrugs" if method == "pointwise" else "rewrite", method=method, top=4)(QUESTION, hits, index)
    assert names(ranked) == [0, 1, 2, 3] and unjudged(ranked) == 4
    assert [hit.score for hit in ranked] == [hit.score for hit in hits[:4]]


def test_a_passage_between_judged_ones_keeps_its_place(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    index, hits = found(TEXTS)
    monkeypatch.setattr("rag.stages.rerank.judge._grade", lambda text: None)
    stage = judge(server)
    grades = iter([0, None, 2, 3, None, 1])
    monkeypatch.setattr("rag.stages.rerank.judge._grade", lambda text: next(grades))
    ranked = stage(QUESTION, hits, index)
    assert names(ranked) == [3, 1, 2, 5, 4, 0] and unjudged(ranked) == 2
    assert [hit.steps[-1].name == NOT_JUDGED for hit in ranked] == [False, True, False, False, True, False]
    assert all(one.score >= other.score for one, other in pairwise(ranked))


def test_cost_is_known_before_and_what_was_judged_is_kept(server: Server) -> None:
    index, hits = found(TEXTS)
    stage = judge(server, price_in=5.0)
    before = stage.estimate(QUESTION, hits, index)
    assert (before.calls, before.counted) == (6, False) and before.cost == pytest.approx(before.sent * 5e-6) and before.cost > 0
    assert not server.seen.bodies
    ranked = stage(QUESTION, hits, index)
    for again in (stage, judge(server, top=2, depth=5, timeout=9.0, price_out=1.0)):
        assert again.estimate(QUESTION, hits, index).calls == 0
        assert names(again(QUESTION, hits, index)) == names(ranked)[: again.top]
    assert server.seen.calls["grades"] == 6
    assert stage.estimate("What of peritol?", hits, index).calls == 6
    assert judge(server, temperature=0.4).estimate(QUESTION, hits, index).calls == 6
    listwise = judge(server, "order", method="listwise", depth=25)
    _, many = found([f"passage {at}" for at in range(25)])
    assert listwise.estimate(QUESTION, many, index).calls == 2 and listwise.estimate(QUESTION, [], index).calls == 0


def test_the_estimate_is_near_what_is_used(server: Server, documents: tuple[Document, ...]) -> None:
    pipeline = Pipeline(embed=Hashing(), rerank=judge(server, "quiet", at_once=3, depth=6))
    index = pipeline.prepare(documents, Artifacts())
    hits = list(pipeline.search("torsemide dose", index).found)
    server.seen.bodies.clear()
    other = Pipeline(embed=Hashing(), rerank=judge(server, "quiet", at_once=3, depth=6, temperature=0.1))
    estimate = other.rerank.estimate("torsemide dose", hits, index)  # type: ignore[union-attr]
    used = other.ask("torsemide dose", index).usage["rerank"]
    assert (used.calls, used.sent) == (estimate.calls, estimate.sent), "calls in threads are counted too"


def test_an_answer_that_cannot_be_read_is_asked_for_again_the_next_time(server: Server) -> None:
    index, hits = found(TEXTS[:2])
    stage = judge(server, "shrugs")
    stage(QUESTION, hits, index)
    stage(QUESTION, hits, index)
    assert server.seen.calls["shrugs"] == 4


def test_a_long_passage_is_cut(server: Server) -> None:
    index, hits = found(["word " * 1000])
    judge(server, words=50)(QUESTION, hits, index)
    assert server.seen.bodies[0]["messages"][-1]["content"].count("word") == 50


@pytest.mark.parametrize("at_once", [1, 4])
@pytest.mark.parametrize("method", ["pointwise", "listwise"])
def test_a_server_that_fails_is_said(method: str, at_once: int, server: Server) -> None:
    index, hits = found(TEXTS)
    with pytest.raises(ModelProblem, match="status 500"):
        judge(server, "500", method=method, at_once=at_once)(QUESTION, hits, index)


def test_the_instruction_can_be_left_out(server: Server) -> None:
    index, hits = found(TEXTS)
    judge(server, instruction="")(QUESTION, hits[:1], index)
    assert [one["role"] for one in server.seen.bodies[0]["messages"]] == ["user"]


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ('{"grade": 2}', 2),
        ('```json\n{"score": "3"}\n```', 3),
        ("Grade: 1", 1),
        ("2", 2),
        ("**0**\n", 0),
        ("The passage answers it. Grade: **3**", 3),
        ('{"grade": 4}', None),
        ('{"grade": 2.5}', None),
        ('{"grade": true}', None),
        ('{"grade": null}', None),
        ("Grade: 2, or rather Grade: 1", None),
        ("On a scale of 0 to 3, good", None),
        ("2.5", None),
        ("", None),
    ],
)
def test_a_grade_is_read_or_none(text: str, grade: int | None) -> None:
    assert _grade(text) == grade


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("[3] > [1] > [2]", [2, 0, 1]),
        ("The 2 best of 3: [3] > [1]", [2, 0]),
        ("3, 1, 1, 2", [2, 0, 1]),
        ("[9] > [3] > [0] > [1]", [2, 0]),
        ("[3]", None),
        ("none", None),
    ],
)
def test_an_order_is_read_or_none(text: str, places: list[int] | None) -> None:
    assert _places(text, 3) == places
