"""A tuned pipeline in LangChain: exact passages and answers, sync, async and in batches, and every stage as a run of a tracer."""

import asyncio
import traceback
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler
from langchain_core.language_models.fake_chat_models import FakeListChatModel, GenericFakeChatModel
from langchain_core.load import dumpd, dumps
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableLambda

from rag.away.langchain import WorkbenchAnswer, WorkbenchRetriever
from rag.away.records import answer_row
from rag.documents.workspace import Project
from rag.errors import ModelProblem, SettingProblem, WorkbenchError
from rag.pipeline import Pipeline
from rag.stages.answer.base import Answering
from rag.stages.answer.quote import Quote
from rag.stages.index.base import Index
from rag.values import Aside, Document, File, Filter

QUESTION = "Is torsemide 40 mg taken by mouth daily?"
OTHER = "How large is the nodule of the right upper lobe?"
SEARCH = ["scope", "expand", "retrieve", "rerank"]
STAGES = [*SEARCH, "refuse", "prompt", "answer", "verify", "defer"]


class Recorder(BaseCallbackHandler):
    """Writes down every run: its name, its parent's, what went in, and how it ended."""

    def __init__(self) -> None:
        self.names: dict[UUID, str] = {}
        self.runs: list[tuple[str, str | None]] = []
        self.inputs: dict[str, Any] = {}
        self.ended: list[str] = []
        self.failed: list[tuple[str, str]] = []

    def _start(self, name: str, run_id: UUID, parent: UUID | None, inputs: Any) -> None:
        self.names[run_id] = name
        self.runs.append((name, self.names.get(parent) if parent else None))
        self.inputs[name] = inputs

    def on_retriever_start(
        self, serialized: Any, query: str, *, run_id: UUID, parent_run_id: UUID | None = None, **kw: Any
    ) -> None:
        self._start(kw["name"], run_id, parent_run_id, query)

    def on_chain_start(self, serialized: Any, inputs: Any, *, run_id: UUID, parent_run_id: UUID | None = None, **kw: Any) -> None:
        self._start(kw["name"], run_id, parent_run_id, inputs)

    def on_chat_model_start(
        self, serialized: Any, messages: Any, *, run_id: UUID, parent_run_id: UUID | None = None, **kw: Any
    ) -> None:
        self._start("model", run_id, parent_run_id, messages)

    def on_chain_end(self, outputs: Any, *, run_id: UUID, **kw: Any) -> None:
        self.ended.append(self.names[run_id])

    def on_retriever_end(self, documents: Any, *, run_id: UUID, **kw: Any) -> None:
        self.ended.append(self.names[run_id])

    def on_chain_error(self, error: BaseException, *, run_id: UUID, **kw: Any) -> None:
        self.failed.append((self.names[run_id], type(error).__name__))

    on_retriever_error = on_chain_error


@pytest.fixture
def retriever(pipeline: Pipeline, index: Index) -> WorkbenchRetriever:
    return WorkbenchRetriever(pipeline=pipeline, index=index)


@pytest.fixture
def answerer(pipeline: Pipeline, index: Index) -> WorkbenchAnswer:
    return WorkbenchAnswer(pipeline, index)


def without_ms(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ms"}


def test_documents_are_the_exact_passages_in_order_with_their_place(
    retriever: WorkbenchRetriever, pipeline: Pipeline, index: Index, documents: tuple[Document, ...]
) -> None:
    hits = pipeline.search(QUESTION, index).hits
    found = retriever.invoke(QUESTION)
    assert [one.page_content for one in found] == [hit.chunk.text for hit in hits] and len(found) > 1
    texts = {document.name: document.text for document in documents}
    for one, hit in zip(found, hits, strict=True):
        about = one.metadata
        assert list(about) == ["document", "page", "printed", "start", "end", "section", "score", "steps"]
        assert texts[about["document"]][about["start"] : about["end"]] == one.page_content
        assert [step["name"] for step in about["steps"]] == [step.name for step in hit.steps]
        assert about["score"] == pytest.approx(hit.score, abs=1e-6)


def test_filters_hold_for_the_retriever_and_for_one_call(retriever: WorkbenchRetriever, pipeline: Pipeline, index: Index) -> None:
    only = Filter(documents=("radiology_P-9001.txt",))

    def names(found: list[Any]) -> set[str]:
        return {one.metadata["document"] for one in found}

    assert names(retriever.invoke(QUESTION)) > {"radiology_P-9001.txt"}
    assert names(retriever.invoke(QUESTION, only=only)) == {"radiology_P-9001.txt"}
    assert names(asyncio.run(retriever.ainvoke(QUESTION, only=only))) == {"radiology_P-9001.txt"}
    narrow = WorkbenchRetriever(pipeline=pipeline, index=index, only=only)
    assert names(narrow.invoke(QUESTION)) == {"radiology_P-9001.txt"}
    assert names(narrow.invoke(QUESTION, only=Filter(documents=("policy_cgm.md",)))) == {"policy_cgm.md"}
    answer = WorkbenchAnswer(pipeline, index).invoke(QUESTION, only=only)
    assert {hit["document"] for hit in answer["hits"]} == {"radiology_P-9001.txt"}


def test_a_filter_goes_into_a_chain_by_bind_and_one_in_a_config_is_refused(
    retriever: WorkbenchRetriever, answerer: WorkbenchAnswer
) -> None:
    only = Filter(documents=("radiology_P-9001.txt",))
    chain = retriever.bind(only=only) | RunnableLambda(lambda found: {one.metadata["document"] for one in found})
    assert chain.invoke(QUESTION) == set(asyncio.run(chain.ainvoke(QUESTION))) == {"radiology_P-9001.txt"}
    assert {hit["document"] for hit in answerer.bind(only=only).invoke(QUESTION)["hits"]} == {"radiology_P-9001.txt"}
    for runnable in (retriever, answerer):
        config: Any = {"only": only}
        for wrong in (
            runnable.with_config(config),
            runnable.with_config(configurable={"only": only}),
            (RunnableLambda(lambda question: question) | runnable).with_config(config),
        ):
            with pytest.raises(SettingProblem, match=r"^only stands in a config, which does not filter.*bind\(only=Filter"):
                wrong.invoke(QUESTION)
            with pytest.raises(SettingProblem, match="stands in a config"):
                asyncio.run(wrong.ainvoke(QUESTION))
        with pytest.raises(SettingProblem, match="stands in a config"):
            runnable.batch([QUESTION], config)
        with pytest.raises(SettingProblem, match="types is not an argument"):
            runnable.invoke(QUESTION, types=("policy",))
        with pytest.raises(SettingProblem, match=r"only is a dict\. Give a rag\.values\.Filter"):
            runnable.invoke(QUESTION, only={"types": ["policy"]})


def test_sync_async_and_batch_find_the_same(retriever: WorkbenchRetriever, answerer: WorkbenchAnswer) -> None:
    one, other = retriever.invoke(QUESTION), retriever.invoke(OTHER)
    assert one != other
    assert asyncio.run(retriever.ainvoke(QUESTION)) == one
    assert retriever.batch([QUESTION, OTHER] * 4) == [one, other] * 4
    assert asyncio.run(retriever.abatch([QUESTION, OTHER])) == [one, other]
    answers = [without_ms(answerer.invoke(question)) for question in (QUESTION, OTHER)]
    assert without_ms(asyncio.run(answerer.ainvoke(QUESTION))) == answers[0]
    assert list(map(without_ms, answerer.batch([QUESTION, OTHER]))) == answers
    assert list(map(without_ms, asyncio.run(answerer.abatch([QUESTION, OTHER])))) == answers


def test_an_event_loop_goes_on_while_a_question_is_asked(retriever: WorkbenchRetriever, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    go = threading.Event()
    search = Pipeline.search

    def slow(*arguments: Any) -> Any:
        assert go.wait(10), "the loop never ran"
        return search(*arguments)

    monkeypatch.setattr(Pipeline, "search", slow)

    async def both() -> Any:
        asking = asyncio.create_task(retriever.ainvoke(QUESTION))
        await asyncio.sleep(0.05)
        go.set()
        return await asking

    assert asyncio.run(both())


def test_the_answer_is_the_pipelines_with_its_citations(answerer: WorkbenchAnswer, pipeline: Pipeline, index: Index) -> None:
    answer = answerer.invoke(QUESTION)
    assert without_ms(answer) == without_ms(answer_row(pipeline.ask(QUESTION, index)))
    assert answer["claims"][0]["citations"][0]["document"] == "discharge_P-9001.txt"


def test_every_stage_is_a_run_below_the_retriever(retriever: WorkbenchRetriever, pipeline: Pipeline) -> None:
    recorder = Recorder()
    retriever.invoke(QUESTION, {"callbacks": [recorder]})
    assert recorder.runs == [("WorkbenchRetriever", None), *((stage, "WorkbenchRetriever") for stage in SEARCH)]
    assert recorder.ended == [*SEARCH, "WorkbenchRetriever"]
    assert [recorder.inputs[stage] for stage in SEARCH] == [{"kind": getattr(pipeline, stage).kind} for stage in SEARCH]


def test_every_stage_is_a_run_below_the_answer_in_async_and_chains_too(answerer: WorkbenchAnswer) -> None:
    for ask in (answerer.invoke, lambda *told: asyncio.run(answerer.ainvoke(*told))):
        recorder = Recorder()
        ask(QUESTION, {"callbacks": [recorder]})
        assert recorder.runs == [("WorkbenchAnswer", None), *((stage, "WorkbenchAnswer") for stage in STAGES)]
        assert recorder.ended == [*STAGES, "WorkbenchAnswer"] and not recorder.failed
    recorder = Recorder()
    chain = answerer | RunnableLambda(lambda answer: answer["answer"], name="text")
    assert "Torsemide 40 mg" in chain.invoke(QUESTION, {"callbacks": [recorder]})
    assert recorder.runs[:4] == [
        ("RunnableSequence", None),
        ("WorkbenchAnswer", "RunnableSequence"),
        ("scope", "WorkbenchAnswer"),
        ("expand", "WorkbenchAnswer"),
    ]


def test_async_handlers_see_the_stages(retriever: WorkbenchRetriever) -> None:
    seen: list[str] = []

    class Handler(AsyncCallbackHandler):
        async def on_chain_start(self, *told: Any, **kw: Any) -> None:
            seen.append(kw["name"])

    asyncio.run(retriever.ainvoke(QUESTION, {"callbacks": [Handler()]}))
    assert seen == SEARCH


def test_a_model_that_a_stage_asks_is_a_run_below_that_stage(
    pipeline: Pipeline, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Quote.__call__

    def with_model(self: Answering, prompt: Any, index: Index) -> Iterator[str]:
        assert FakeListChatModel(responses=["yes"]).invoke("An invented prompt").content == "yes"
        return (yield from ask(self, prompt, index))  # type: ignore[arg-type]

    monkeypatch.setattr(Quote, "__call__", with_model)
    recorder = Recorder()
    WorkbenchAnswer(pipeline, index).invoke(QUESTION, {"callbacks": [recorder]})
    assert ("model", "answer") in recorder.runs


def test_a_stage_that_fails_is_a_run_that_failed_and_the_error_comes_out(
    retriever: WorkbenchRetriever, monkeypatch: pytest.MonkeyPatch, pipeline: Pipeline
) -> None:
    def broken(*told: Any) -> Any:
        raise ModelProblem("The invented model is down. Start it.")

    monkeypatch.setattr(type(pipeline.rerank), "__call__", broken)
    recorder = Recorder()
    with pytest.raises(ModelProblem, match="is down"):
        retriever.invoke(QUESTION, {"callbacks": [recorder]})
    assert recorder.failed == [("rerank", "ModelProblem"), ("WorkbenchRetriever", "ModelProblem")]
    with pytest.raises(SettingProblem, match="empty"):
        retriever.invoke("  ")


def test_langsmith_gets_nothing_unless_its_host_was_allowed(
    retriever: WorkbenchRetriever, answerer: WorkbenchAnswer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    for ask in (retriever.invoke, answerer.invoke):
        with pytest.raises(ModelProblem, match=r"api\.smith\.langchain\.com"):
            ask(QUESTION)
    for ask_later in (retriever.ainvoke, answerer.ainvoke):
        with pytest.raises(ModelProblem, match="tracing is on"):
            asyncio.run(ask_later(QUESTION))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"filter": Filter(patients=("P-9001",))},
            r"^filter is not an argument\. Allowed: .*only.*\. A filter is given as only",
        ),
        ({"patients": ("P-9001",)}, "^patients is not an argument"),
        ({"search_kwargs": {"k": 3}}, "^search_kwargs is not an argument"),
        ({"k": 3}, "^k is not an argument"),
        ({"onyl": Filter()}, "^onyl is not an argument"),
        ({"only": {"patients": ("P-9001",)}}, r"^only is a dict\. Give a rag\.values\.Filter"),
        ({"only": None}, "^only is a NoneType"),
        ({"only": Filter(), "x" * 500: 1}, "^x{60}… is not an argument"),
    ],
)
def test_an_argument_that_there_is_not_is_refused_and_the_one_that_there_is_named(
    given: dict[str, Any], said: str, pipeline: Pipeline, index: Index
) -> None:
    for make in (WorkbenchRetriever, WorkbenchAnswer):
        with pytest.raises(SettingProblem, match=said):
            make(pipeline=pipeline, index=index, **given)


def test_a_setting_that_there_is_not_cannot_be_set_later_and_none_is_passed_over_in_a_call(
    retriever: WorkbenchRetriever, answerer: WorkbenchAnswer
) -> None:
    with pytest.raises(ValueError, match="filter"):
        retriever.filter = Filter(types=("policy",))
    for runnable in (retriever, answerer):
        for wrong in ({"k": 3}, {"filter": Filter()}, {"search_kwargs": {}}, {"patient": "P-9001"}):
            with pytest.raises(SettingProblem, match=f"^{next(iter(wrong))} is not an argument"):
                runnable.invoke(QUESTION, **wrong)
            with pytest.raises(SettingProblem, match="is not an argument"):
                runnable.bind(**wrong).invoke(QUESTION)
        for name in ("search_kwargs", "patient", "where", "type"):
            config: Any = {"configurable": {name: "P-9001"}}
            with pytest.raises(SettingProblem, match=f"^{name} stands in a config, which does not filter"):
                runnable.invoke(QUESTION, config)
    assert retriever.invoke(QUESTION, only=None) == retriever.invoke(QUESTION)


def words_of(index: Index) -> set[str]:
    """Stretches of the documents, long enough to be theirs alone."""
    texts = [document.text for document in index.documents.values()]
    return {text[at : at + 24] for text in texts for at in range(0, len(text) - 24, 24)}


def test_no_way_of_printing_or_dumping_holds_document_text(
    retriever: WorkbenchRetriever, answerer: WorkbenchAnswer, pipeline: Pipeline, index: Index
) -> None:
    narrow = WorkbenchRetriever(pipeline=pipeline, index=index, only=Filter(patients=("P-9001",)))
    retriever.invoke(QUESTION)
    chain = retriever | RunnableLambda(len)
    things = [
        retriever,
        narrow,
        answerer,
        chain,
        answerer | RunnableLambda(len),
        retriever.bind(only=Filter()),
        chain.with_retry(),
    ]
    things += [retriever.with_config(tags=["mine"]), {"retriever": retriever}, [answerer], index]
    for thing in things:
        printed = [repr(thing), str(thing), f"{thing}", dumps(thing), dumps(thing, pretty=True), repr(dumpd(thing))]
        assert [words for words in words_of(index) if any(words in one for one in printed)] == []
        assert not any("P-9001" in one for one in printed)
    assert repr(retriever) == "WorkbenchRetriever(index=Index(4 documents, 10 passages))" == f"{retriever!r}"
    assert repr(answerer) == "WorkbenchAnswer(index=Index(4 documents, 10 passages))"
    assert "pipeline" not in retriever.model_dump() and "index" not in retriever.model_dump()


def test_records_print_no_document_text(pipeline: Pipeline, index: Index, project: Project) -> None:
    answer, search = pipeline.ask(QUESTION, index), pipeline.search(QUESTION, index)
    name, document = next(iter(index.documents.items()))
    project.shelf.add(File(name, document.text.encode()))
    things = [answer, search, answer.prompt, *answer.claims, *answer.hits, document, File(name, document.text.encode())]
    things += [project.shelf.entry(name), project.shelf.entries, replace(document, asides=(Aside("comment", document.text, 0),))]
    for thing in things:
        assert [words for words in words_of(index) if words in repr(thing)] == []


class Everything(BaseCallbackHandler):
    """Writes down all that it is shown."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any, Any]] = []

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("on_"):
            return lambda *told, **kw: self.seen.append((name, told, kw))
        return super().__getattribute__(name)


def ask_of_model(monkeypatch: pytest.MonkeyPatch, index: Index) -> None:
    """The answerer asks a model with all the text of the documents, and that says it back."""
    ask, text = Quote.__call__, "\n".join(document.text for document in index.documents.values())

    def with_model(self: Answering, prompt: Any, index: Index) -> Iterator[str]:
        assert FakeListChatModel(responses=[text]).invoke(text).content == text
        return (yield from ask(self, prompt, index))  # type: ignore[arg-type]

    monkeypatch.setattr(Quote, "__call__", with_model)


@pytest.mark.parametrize("way", ["invoke", "ainvoke"])
def test_a_tracer_is_shown_places_and_no_document_text(
    way: str, retriever: WorkbenchRetriever, answerer: WorkbenchAnswer, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_of_model(monkeypatch, index)
    for runnable in (retriever, answerer):
        everything = Everything()
        told = (QUESTION, {"callbacks": [everything]})
        found = runnable.invoke(*told) if way == "invoke" else asyncio.run(runnable.ainvoke(*told))
        assert any(words in repr(found) for words in words_of(index)), "the caller gets the text"
        leaky = [name for name, *told in everything.seen if any(words in repr(told) for words in words_of(index))]
        assert leaky == []
        seen = repr(everything.seen)
        assert "discharge_P-9001.txt" in seen
    names = {name for name, _, _ in everything.seen}
    assert names >= {"on_chain_start", "on_chain_end", "on_chat_model_start", "on_llm_end"}


def test_a_tracer_is_shown_the_text_where_that_is_wanted(
    pipeline: Pipeline, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_of_model(monkeypatch, index)
    for make in (WorkbenchRetriever, WorkbenchAnswer):
        everything = Everything()
        make(pipeline=pipeline, index=index, trace_text=True).invoke(QUESTION, {"callbacks": [everything]})
        assert any(words in repr(everything.seen) for words in words_of(index))


def test_an_unforeseen_error_leaves_by_its_kind_and_place_without_its_message(
    retriever: WorkbenchRetriever, answerer: WorkbenchAnswer, pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*told: Any) -> Any:
        raise ValueError("the invented patient takes zalumide")

    monkeypatch.setattr(type(pipeline.rerank), "__call__", broken)
    for runnable in (retriever, answerer):
        everything = Everything()
        with pytest.raises(WorkbenchError, match=r"^ValueError in broken, line \d+, which nobody foresaw") as caught:
            (runnable | RunnableLambda(len)).invoke(QUESTION, {"callbacks": [everything]})
        shown = [str(told[0]) for name, told, _ in everything.seen if name.endswith("_error")]
        assert len(shown) == 3 and not any("zalumide" in one for one in shown)
        assert "zalumide" not in "".join(traceback.format_exception(caught.value)).replace(broken_line(), "")


def broken_line() -> str:
    return 'raise ValueError("the invented patient takes zalumide")'


def test_what_a_model_took_is_still_counted(answerer: WorkbenchAnswer, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = Quote.__call__
    usage: Any = {"input_tokens": 7, "output_tokens": 2, "total_tokens": 9}
    model = GenericFakeChatModel(messages=iter([AIMessage("yes", usage_metadata=usage)]))

    def with_model(self: Answering, prompt: Any, index: Index) -> Iterator[str]:
        assert model.invoke("An invented prompt").content == "yes"
        return (yield from ask(self, prompt, index))  # type: ignore[arg-type]

    monkeypatch.setattr(Quote, "__call__", with_model)
    everything = Everything()
    answerer.invoke(QUESTION, {"callbacks": [everything]})
    (ended,) = [told[0] for name, told, _ in everything.seen if name == "on_llm_end"]
    assert ended.generations[0][0].message.usage_metadata == usage and ended.generations[0][0].text == ""
