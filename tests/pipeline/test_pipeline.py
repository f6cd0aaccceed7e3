"""Every option of every stage keeps the same promises, and the pipeline joins them, names them by key and reads them back."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from rag.documents.load import Loader
from rag.errors import ModelProblem, SettingProblem
from rag.keep.artifacts import Artifacts
from rag.keep.engines import ENGINES
from rag.pipeline import UNIONS, Pipeline, Plan, Work, problems, read_pipeline
from rag.pipeline.presets import PRESETS
from rag.pipeline.steps import checked
from rag.stage import Stage, fingerprint, options
from rag.stages.answer.chat import Chat
from rag.stages.chunk.windows import Words
from rag.stages.embed.hashing import Hashing
from rag.stages.embed.minilm import MiniLM
from rag.stages.embed.static import Static
from rag.stages.index.base import Index
from rag.stages.prompt import Plain
from rag.stages.rerank.keep import Keep
from rag.stages.rerank.late import LateInteraction
from rag.stages.retrieve import Terms
from rag.values import Answer, Document, Filter
from rag.wordpiece import installed
from tests import embed_stand_ins, rerank_stand_ins
from tests.fake_server import running
from tests.memory_store import MEMORY

ALL = {"load": Loader, **UNIONS}
OPTIONS = [pytest.param(name, kind, stage, id=f"{name} {kind}") for name in ALL for kind, stage in options(ALL[name]).items()]
QUESTION = "Which dose of torsemide was given at discharge?"


@pytest.fixture(autouse=True)
def _no_server(no_server: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No option that asks a chat model waits for a server here, and none for a package that is not installed."""
    rerank_stand_ins.put_in(monkeypatch)
    embed_stand_ins.put_in(monkeypatch)
    monkeypatch.setenv("RAG_STORE", "memory")
    for name in ENGINES:
        monkeypatch.setitem(ENGINES, name, MEMORY)


def with_stage(name: str, stage: Stage) -> Pipeline:
    """The default pipeline with this stage, and the quickest embedder that goes with it."""
    needs_tokens = bool(getattr(stage, "reads_tokens", False))
    if (needs_tokens or isinstance(stage, MiniLM | Static) or getattr(stage, "by", "") == "minilm") and not installed():
        pytest.skip("the MiniLM wheel is not installed")
    settings: dict[str, Any] = {"embed": MiniLM() if needs_tokens else Hashing(), name: stage}
    return Pipeline(**settings)


def answered(pipeline: Pipeline, documents: tuple[Document, ...]) -> tuple[Index, Answer]:
    index = pipeline.prepare(documents, Artifacts())
    return index, pipeline.ask(QUESTION, index)


@pytest.mark.parametrize(("name", "kind", "stage"), OPTIONS)
def test_every_option_is_made_without_settings(name: str, kind: str, stage: type[Stage]) -> None:
    assert stage().model_dump()["kind"] == kind


@pytest.mark.parametrize(("name", "kind", "stage"), OPTIONS)
def test_every_option_goes_through_json_and_comes_back_equal(name: str, kind: str, stage: type[Stage]) -> None:
    made = stage()
    back = TypeAdapter(ALL[name]).validate_json(made.model_dump_json())
    assert back == made
    assert type(back) is stage
    assert back.key() == made.key()


@pytest.mark.parametrize(("name", "kind", "stage"), OPTIONS)
def test_every_option_and_setting_explains_itself(name: str, kind: str, stage: type[Stage]) -> None:
    assert "__doc__" in vars(stage), "the docstring is inherited"
    assert stage.help()[0].isupper() and stage.help().endswith(".") and len(stage.help().split()) >= 4
    for field, info in stage.model_fields.items():
        if field != "kind":
            assert info.description and len(info.description) > 5, field
            assert not info.is_required(), field


@pytest.mark.parametrize(("name", "kind", "stage"), OPTIONS)
def test_every_option_refuses_unknown_settings_and_stays_as_it_is(name: str, kind: str, stage: type[Stage]) -> None:
    with pytest.raises(ValidationError):
        stage(colour="blue")
    with pytest.raises(ValidationError):
        stage().kind = "other"  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ALL)
def test_kinds_of_a_union_are_unique_and_the_classes_too(name: str) -> None:
    members = get_args(get_args(ALL[name])[0])
    assert len(options(ALL[name])) == len(members)


@pytest.mark.parametrize(("name", "kind", "stage"), [one for one in OPTIONS if one.values[0] != "load"])
def test_every_option_works_and_gives_the_same_twice(
    name: str, kind: str, stage: type[Stage], documents: tuple[Document, ...]
) -> None:
    pipeline = with_stage(name, stage())
    _, one = answered(pipeline, documents)
    _, other = answered(pipeline, documents)
    assert one.hits
    assert (one.text, one.hits, one.claims, one.prompt) == (other.text, other.hits, other.claims, other.prompt)
    assert list(one.ms) == ["scope", "expand", "retrieve", "rerank", "refuse", "prompt", "answer", "verify", "defer"]


def ends() -> Iterator[Any]:
    """For every setting with limits, the stage at its lowest and at its highest value; for every choice, each choice."""
    for name, union in UNIONS.items():
        for kind, stage in options(union).items():
            for field, schema in stage.model_json_schema()["properties"].items():
                for value in [schema[end] for end in ("minimum", "maximum") if end in schema] + schema.get("enum", []):
                    yield pytest.param(name, stage, {field: value}, id=f"{name} {kind} {field}={value}")


@pytest.mark.parametrize(("name", "stage", "setting"), ends())
def test_every_setting_works_at_both_ends_of_its_range(
    name: str, stage: type[Stage], setting: dict[str, Any], documents: tuple[Document, ...]
) -> None:
    others = {"overlap": 0} if "overlap" in stage.model_fields and "overlap" not in setting else {}
    try:
        pipeline = with_stage(name, stage(**{**others, **setting}))
    except ValidationError as error:
        assert "raise" in problems(error) or "lower" in problems(error), "a refusal says what to change"
        return
    try:
        index, answer = answered(pipeline, documents)
    except ModelProblem as problem:
        assert "provider" in setting, "only a provider elsewhere is out of reach"
        assert re.search(r"RAG_ALLOWED_HOSTS=\S+$|set AZURE_OPENAI_ENDPOINT", str(problem)), "a refusal says what to do"
        return
    assert index.chunks
    assert answer.refused == (not answer.claims)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_says_what_it_is_for_and_comes_back_from_its_json(name: str) -> None:
    sentence, pipeline = PRESETS[name]
    assert len(sentence.split()) > 5
    assert read_pipeline(pipeline.to_json()) == pipeline


def test_json_holds_every_setting_with_its_value(pipeline: Pipeline) -> None:
    told = json.loads(pipeline.to_json())
    assert list(told) == ["version", *UNIONS]
    for name in UNIONS:
        assert told[name] == getattr(pipeline, name).model_dump()


@pytest.mark.parametrize("name", UNIONS)
def test_every_stage_is_a_field_whose_options_are_the_union(name: str) -> None:
    assert list(UNIONS) == [field for field in Pipeline.model_fields if field != "version"]
    kinds = {getattr(Pipeline(embed=Hashing()), name).kind}
    assert kinds <= set(options(UNIONS[name]))


@pytest.mark.parametrize("stage", UNIONS)
@pytest.mark.parametrize(("name", "kind", "other"), [one for one in OPTIONS if one.values[0] != "load"])
def test_a_key_changes_with_the_settings_that_it_covers_and_with_no_other(
    stage: str, name: str, kind: str, other: type[Stage]
) -> None:
    base = Pipeline(embed=Hashing())
    changed = base.model_copy(update={name: other()})
    if changed == base:
        assert changed.key(stage, ["x"]) == base.key(stage, ["x"])
        return
    order = list(UNIONS)
    reached = order.index(name) <= order.index(stage)
    unread = name == "embed" and not changed.reads_vectors
    if changed.reads_vectors == base.reads_vectors and not unread:
        assert (changed.key(stage, ["x"]) != base.key(stage, ["x"])) == reached


def test_a_key_changes_with_its_inputs(pipeline: Pipeline) -> None:
    assert len({pipeline.key("index", inputs) for inputs in ([], ["a"], ["b"], ["a", "b"], ["ab"], ["b", "a"])}) == 6
    assert fingerprint("ab", "c") != fingerprint("a", "bc")


def test_a_change_of_a_document_changes_the_index(
    pipeline: Pipeline, documents: tuple[Document, ...], artifacts: Artifacts
) -> None:
    from dataclasses import replace

    first = pipeline.prepare(documents, artifacts)
    redated = (replace(documents[0], date="2020-01-01"), *documents[1:])
    assert pipeline.prepare(redated, artifacts) is not first
    assert pipeline.prepare(redated, artifacts).allowed(Filter(before="2020-12-31")).size


def test_an_answer_carries_everything_that_led_to_it(pipeline: Pipeline, index: Index) -> None:
    streamed: list[str] = []
    answer = pipeline.ask(f"  {QUESTION} ", index, stream=streamed.append)
    assert answer.question == QUESTION
    assert "".join(streamed).strip() == answer.text
    assert "Torsemide 40 mg by mouth daily." in answer.text
    assert len(answer.hits) <= pipeline.rerank.top
    assert answer.prompt.sources == answer.hits[: len(answer.prompt.sources)]
    assert all(claim.supported for claim in answer.claims)
    assert 0.0 < answer.confidence < 1.0


def test_only_the_allowed_documents_answer(pipeline: Pipeline, index: Index) -> None:
    answer = pipeline.ask(QUESTION, index, Filter(types=("policy",)))
    assert {hit.chunk.span.document for hit in answer.hits} <= {"policy_cgm.md"}


def test_a_question_is_freed_of_blanks_and_bounded() -> None:
    assert checked("  Why? \n") == "Why?"
    with pytest.raises(SettingProblem, match=r"The question has 4,001 characters; at most 4,000 are allowed\. Shorten it\."):
        checked("x" * 4001)


def test_a_plan_reads_as_a_sentence() -> None:
    assert str(Plan()) == "Nothing to recompute: takes effect at once."
    embedding = Work("embed", 1200, "embeds 1,200 new passages", 95.0)
    assert str(Plan((embedding,))) == "embeds 1,200 new passages: roughly 2 min."
    unknown = Work("index", 3, "indexes 3 passages", None)
    assert str(Plan((embedding, unknown))) == "embeds 1,200 new passages, indexes 3 passages: time not known yet."
    assert Plan((embedding, unknown)).seconds is None


def test_a_plan_tells_what_a_question_asks_of_slow_steps() -> None:
    late = Work("tokens", 20, "the reranker (late)", 1.2)
    assert str(Plan(asking=(late,))) == "Nothing to recompute. A question asks the reranker (late): roughly 1 s."
    chat = Work("answer", 1, "the model of the answer (chat)", None)
    told = "embeds 9 new passages: roughly 3 s. A question then asks the model of the answer (chat): time not known yet."
    assert str(Plan((Work("embed", 9, "embeds 9 new passages", 3.0),), asking=(chat,))) == told
    assert Plan((Work("embed", 9, "", 3.0),), asking=(late, chat)).seconds == pytest.approx(4.2)
    assert Plan((Work("embed", 9, "", 3.0),), asking=(late, chat)).is_dear(4.0) and not Plan(asking=(chat,)).is_dear(4.0)
    assert Plan((Work("embed", 900, "", None),)).is_dear(4.0) and not Plan((Work("embed", 9, "", None),)).is_dear(4.0)


@pytest.mark.skipif(not installed(), reason="needs the wheel")
def test_the_time_of_late_interaction_is_told_until_its_token_vectors_are_there(documents: tuple[Document, ...]) -> None:
    artifacts = Artifacts()
    late = Pipeline(embed=MiniLM(), rerank=LateInteraction(depth=5))
    index = late.prepare(documents, artifacts)
    (asked,) = late.plan(documents, artifacts).asking
    pace = artifacts.pace(f"embed {MiniLM().key()}")
    assert (asked.stage, asked.units) == ("tokens", 5) and pace and asked.seconds == pytest.approx(5 * pace)
    late.ask(QUESTION, index)
    assert artifacts.pace(f"tokens {MiniLM().key()}"), "what it took is the pace from now on"
    artifacts.tokens(MiniLM(), index.chunks)
    assert late.plan(documents, artifacts) == Plan() == Pipeline(embed=MiniLM()).plan(documents, artifacts)


def test_the_time_of_a_model_is_noted_for_the_next_plan(documents: tuple[Document, ...]) -> None:
    artifacts = Artifacts()
    with running() as server:
        chat = Pipeline(embed=Hashing(), answer=Chat(base_url=server.url, model="good"))
        index = chat.prepare(documents, artifacts)
        assert [(one.stage, one.seconds) for one in chat.plan(documents, artifacts).asking] == [("answer", None)]
        answer = chat.ask(QUESTION, index)
    (asked,) = chat.plan(documents, artifacts).asking
    assert asked.seconds == pytest.approx(answer.ms["answer"] / 1000)


def test_settings_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"rerank\.top 8 is above retrieve\.candidates 5"):
        Pipeline(embed=Hashing(), retrieve=Terms(candidates=5))
    Pipeline(embed=Hashing(), retrieve=Terms(candidates=5), rerank=Keep(top=5))


def test_vectors_are_read_only_where_a_step_needs_them() -> None:
    assert not Pipeline(embed=Hashing(), retrieve=Terms(), chunk=Words(), prompt=Plain()).reads_vectors
    assert Pipeline(embed=Hashing()).reads_vectors
