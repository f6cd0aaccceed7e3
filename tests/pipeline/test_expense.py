"""What models will cost is known before they are asked; recall and memory of an index are measured."""

from typing import Any

import pytest

from rag.keep.artifacts import Artifacts
from rag.pipeline import UNIONS, Pipeline
from rag.pipeline.explain.expense import expenses, model_of, time_of_set
from rag.pipeline.plan import TIMED, asking, note_asked
from rag.stages.answer.chat import Chat
from rag.stages.embed.hashing import Hashing
from rag.stages.embed.minilm import MiniLM
from rag.stages.expand.model import Hyde, Queries, Rewrite
from rag.stages.index.base import Index
from rag.stages.index.local import Exact, Hnsw, Ivf
from rag.stages.index.recall import measured, size_of
from rag.stages.models.chat import ChatModel
from rag.stages.rerank.compressor import Compressor
from rag.stages.rerank.features import FEATURES, LABELS
from rag.stages.rerank.judge import Judge
from rag.stages.rerank.late import LateInteraction
from rag.stages.retrieve import Terms
from rag.values import Chunk, Document, Span, Usage
from tests.fake_server import Server
from tests.stages.test_index import prepared

QUESTION = "Which dose of torsemide was given at discharge?"


def at(server: Server, kind: Any, model: str, **settings: Any) -> Any:
    return kind(**{"model": model, "base_url": server.url, "retries": 0, "timeout": 30.0, **settings})


def stages_of(pipeline: Pipeline) -> dict[str, Any]:
    return {name: getattr(pipeline, name) for name in UNIONS}


def built(documents: tuple[Document, ...], **stages: Any) -> tuple[Pipeline, Index]:
    pipeline = Pipeline(embed=Hashing(), **stages)
    return pipeline, pipeline.prepare(documents, Artifacts())


def test_a_pipeline_without_a_model_costs_nothing(pipeline: Pipeline, index: Index) -> None:
    assert expenses(pipeline, QUESTION, index) == []
    assert model_of(pipeline.rerank) is None and model_of(Compressor(name="flashrank")) is None
    assert model_of(Compressor(name="filter", model="small")) == ChatModel(model="small")


def test_what_is_told_before_is_what_is_asked_then_and_nothing_the_second_time(
    documents: tuple[Document, ...], server: Server
) -> None:
    judge = at(server, Judge, "grades", depth=4, price_in=2.0)
    pipeline, index = built(documents, rerank=judge)
    (before,) = expenses(pipeline, QUESTION, index)
    assert (before.stage, before.usage.calls, before.seconds, before.apart) == ("rerank", 4, None, "")
    assert before.usage.cost == pytest.approx(before.usage.sent * 2e-6) and not server.seen.bodies
    answer = pipeline.ask(QUESTION, index)
    assert server.seen.calls["grades"] == 4 == answer.usage["rerank"].calls
    (after,) = expenses(pipeline, QUESTION, index)
    assert after.usage.calls == 0
    (other,) = expenses(pipeline, "What is covered by the policy?", index)
    assert other.usage.calls == 4 and other.seconds is not None and other.seconds > 0
    quick = pipeline.model_copy(update={"rerank": judge.model_copy(update={"at_once": 4})})
    (together,) = expenses(quick, "What is covered by the policy?", index)
    assert together.seconds == pytest.approx(other.seconds / 4)


def test_an_expansion_is_one_call_and_what_it_will_bring_is_not_pretended_to_be_known(
    documents: tuple[Document, ...], server: Server
) -> None:
    pipeline, index = built(documents, expand=at(server, Queries, "queries"), rerank=at(server, Judge, "grades", depth=3))
    written, judged = expenses(pipeline, QUESTION, index)
    assert (written.stage, written.usage.calls) == ("expand", 1) and written.usage.received > 0
    assert "without the expanded query" in judged.apart and not server.seen.bodies
    pipeline.search(QUESTION, index)
    written, judged = expenses(pipeline, QUESTION, index)
    assert (written.usage.calls, judged.usage.calls, judged.apart) == (0, 0, "")
    again = expenses(pipeline, "What is covered?", index)
    assert again[0].seconds is not None and again[0].seconds > 0


@pytest.mark.parametrize("kind", [Rewrite, Queries, Hyde])
def test_every_expansion_by_a_model_tells_its_call(kind: Any, index: Index) -> None:
    stage = kind()
    assert stage.estimate(QUESTION, index).calls == 1
    assert stage.estimate(QUESTION, index).sent > stage.estimate("", index).sent > 20


def test_without_a_question_any_passages_stand_for_those_to_come_and_without_an_index_calls_alone_are_told(
    documents: tuple[Document, ...],
) -> None:
    pipeline, index = built(documents, rerank=Judge(depth=5), answer=Chat(form="structured"))
    judged, written = expenses(pipeline, "", index)
    assert judged.usage.calls == 5 and judged.usage.sent > 100 and "second one" in written.apart
    judged, _ = expenses(pipeline, "", None)
    assert (judged.usage.calls, judged.usage.sent) == (5, 0)
    listwise = Judge(method="listwise", depth=25)
    assert [listwise.calls(number) for number in (0, 5, 20, 25)] == [0, 1, 1, 2]


@pytest.mark.parametrize(
    ("settings", "price"),
    [
        ({}, "free"),
        ({"base_url": "http://127.0.0.1:8000/v1"}, "free"),
        ({"price_out": 0.5}, "set"),
        ({"base_url": "https://models.invalid/v1"}, "unknown"),
        ({"provider": "anthropic"}, "unknown"),
        ({"provider": "ollama", "base_url": ""}, "free"),
    ],
)
def test_a_price_is_set_or_nothing_on_this_machine_or_unknown(settings: dict[str, Any], price: str) -> None:
    assert ChatModel(**settings).price == price


def test_recall_says_how_many_were_asked_and_of_how_many_neighbours() -> None:
    found = measured(prepared(Ivf(lists=15, probes=1, precision="float32")))
    assert (found.n, found.top) == (100, 10) and 0.1 < found.value < 1
    few = measured(prepared(Exact(), 5))
    assert (few.value, few.n, few.top) == (1.0, 5, 4)
    assert measured(prepared(Exact(), 1)).n == 0


def test_the_memory_of_an_index_is_that_of_its_numbers_and_its_graph() -> None:
    whole, half, byte = (size_of(prepared(Exact(precision=kind))) for kind in ("float32", "float16", "int8"))  # type: ignore[arg-type]
    assert whole is not None and half is not None and byte is not None
    assert 0 <= whole - 600 * 64 * 4 < 1000 and 0 <= half - 600 * 64 * 2 < 1000 and 0 <= byte - 600 * 64 < 2000
    graph = size_of(prepared(Hnsw(links=32)))
    assert graph is not None and graph > whole + 600 * 32 * 4
    elsewhere = prepared(Exact())
    elsewhere.nearest = None
    assert size_of(elsewhere) is None


def test_the_time_of_a_set_is_what_its_stages_took_for_the_questions_before(documents: tuple[Document, ...]) -> None:
    pipeline, index = built(documents)
    assert time_of_set(pipeline, 30, index) == (None, TIMED)
    answers = [pipeline.ask(question, index) for question in (QUESTION, "What is covered?", "Who was seen?")]
    typical = sum(sorted(answer.ms[stage] for answer in answers)[1] for stage in TIMED) / 1000
    seconds, unknown = time_of_set(pipeline, 30, index)
    assert seconds == pytest.approx(30 * typical) and unknown == ()
    other = pipeline.model_copy(update={"retrieve": Terms()})
    less, unknown = time_of_set(other, 30, index)
    assert unknown == ("retrieve",) and less is not None and 0 < less < seconds


def test_the_time_of_a_set_counts_each_call_of_a_model_and_each_passage_that_is_read_once(
    documents: tuple[Document, ...],
) -> None:
    judge = Judge(depth=4, base_url="http://127.0.0.1:9/v1")
    pipeline, index = built(documents, rerank=judge)
    note_asked(stages_of(pipeline), 4, dict.fromkeys(TIMED, 10.0), {"rerank": Usage(4)}, index.artifacts)
    seconds, unknown = time_of_set(pipeline, 10, index)
    assert seconds == pytest.approx(10 * 8 * 0.01), "four calls of 10 ms in all, and seven other stages of 10 ms"
    assert unknown == ()
    late = Pipeline(embed=MiniLM(), rerank=LateInteraction(depth=5))
    artifacts = Artifacts()
    artifacts.note(f"tokens {MiniLM().key()}", 1, 2.0)
    chunks = [Chunk(Span("a.txt", at, at + 1), "x") for at in range(12)]
    asked = [asking(stages_of(late), chunks, late.embed, 50, artifacts, questions) for questions in (1, 2, 1000)]
    assert [(one.stage, one.units, one.seconds) for (one,) in asked] == [
        ("tokens", *part) for part in ((5, 10.0), (10, 20.0), (12, 24.0))
    ]


def test_every_feature_has_a_label() -> None:
    assert list(LABELS) == list(FEATURES)
