"""Queries by a chat model: what is searched for is what it wrote, read with patience, kept, and told."""

from typing import Any

import pytest

from rag.errors import ModelProblem
from rag.pipeline import Pipeline
from rag.stages.embed.hashing import Hashing
from rag.stages.expand.model import Decompose, Hyde, Queries, Rewrite, Written
from rag.stages.index.base import Index
from rag.values import Document, Query
from tests.fake_server import Server

QUESTION = "Which dose of torsemide?"
THREE = ("torsemide dose", "loop diuretic at discharge", "demadex mg daily")


@pytest.fixture
def fresh(pipeline: Pipeline, documents: tuple[Document, ...]) -> Index:
    """An index of its own, so that nothing is kept from other tests."""
    from rag.keep.artifacts import Artifacts

    return pipeline.prepare(documents, Artifacts())


def stage(kind: type[Written], server: Server, model: str, **settings: Any) -> Any:
    return kind(**{"model": model, "base_url": server.url, "retries": 0, "timeout": 30.0, **settings})


def test_a_rewritten_question_is_searched_beside_the_one_asked(server: Server, fresh: Index) -> None:
    query = stage(Rewrite, server, "rewrite")(QUESTION, fresh)
    written = "torsemide dose at discharge"
    assert query == Query(QUESTION, texts=(written,), instead=written, notes=(f"{written} (rewritten by rewrite)",))
    system, user = server.seen.bodies[0]["messages"]
    assert system["content"] == Rewrite().instruction and user["content"] == QUESTION


@pytest.mark.parametrize("model", ["queries", "lines"])
@pytest.mark.parametrize("kind", [Queries, Decompose])
def test_several_queries_are_read_from_json_and_from_lines(kind: Any, model: str, server: Server, fresh: Index) -> None:
    query = stage(kind, server, model)(QUESTION, fresh)
    assert query.texts == THREE and query.instead == "" and query.question == QUESTION
    assert len(query.notes) == 3 and all(text in note for text, note in zip(THREE, query.notes, strict=True))
    assert "at most" in server.seen.bodies[0]["messages"][0]["content"]
    assert stage(kind, server, model, number=1)(QUESTION, fresh).texts == THREE[:1]


def test_the_vectors_look_for_the_invented_passage_and_the_terms_for_the_question(server: Server, fresh: Index) -> None:
    query = stage(Hyde, server, "shrugs")(QUESTION, fresh)
    assert query.instead == "On a scale of 0 to 3 that is hard to say." and query.texts == () and query.terms == ()
    assert "invented" in query.notes[0] and query.instead in query.notes[0]


def test_an_answer_that_only_repeats_the_question_or_holds_nothing_searches_as_asked(server: Server, fresh: Index) -> None:
    query = stage(Rewrite, server, "rewrite")("Torsemide dose  at discharge", fresh)
    assert (query.texts, query.instead, query.terms) == ((), "", ())
    assert query.notes == ("nothing else: the model wrote no query that could be read",)


def test_the_same_question_asks_once_and_other_settings_ask_anew(server: Server, fresh: Index) -> None:
    first = stage(Queries, server, "queries")
    assert first(QUESTION, fresh) == first(QUESTION, fresh)
    stage(Queries, server, "queries", timeout=9.0, price_in=3.0)(QUESTION, fresh)
    assert server.seen.calls["queries"] == 1
    stage(Queries, server, "queries", number=2)(QUESTION, fresh)
    stage(Queries, server, "queries", temperature=0.3)(QUESTION, fresh)
    stage(Decompose, server, "queries")(QUESTION, fresh)
    first("Another question?", fresh)
    assert server.seen.calls["queries"] == 5


@pytest.mark.parametrize("kind", [Rewrite, Queries, Decompose, Hyde])
def test_a_server_that_fails_is_said_and_the_failure_is_not_kept(kind: Any, server: Server, fresh: Index) -> None:
    failing = stage(kind, server, "failing-once")
    with pytest.raises(ModelProblem, match="status 500"):
        failing(QUESTION, fresh)
    assert failing(QUESTION, fresh).notes


def test_the_pipeline_finds_more_with_the_queries_and_tells_what_they_took(server: Server, fresh: Index) -> None:
    pipeline = Pipeline(embed=Hashing(), expand=stage(Queries, server, "queries"))
    answer = pipeline.ask(QUESTION, fresh)
    assert answer.question == QUESTION and answer.query.texts == THREE
    assert answer.usage["expand"].calls == 1 and "queries" in {step.name for hit in answer.hits for step in hit.steps}
    assert pipeline.ask(QUESTION, fresh).usage == {}, "kept, so that going back asks no model"
