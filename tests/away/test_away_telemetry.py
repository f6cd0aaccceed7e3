"""OpenTelemetry sees every stage as a span with kinds, counts and times, and no text."""

import builtins
from typing import Any

import pytest

from rag.away.langchain import WorkbenchRetriever
from rag.away.serve import Served, application
from rag.away.telemetry import Traced
from rag.errors import ModelProblem, SettingProblem
from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.stages.index.base import Index
from rag.values import Document

sdk = pytest.importorskip("opentelemetry.sdk.trace", reason="opentelemetry-sdk is not installed")
QUESTION = "Is torsemide 40 mg taken by mouth daily?"
SEARCH = ["scope", "expand", "retrieve", "rerank"]
STAGES = [*SEARCH, "refuse", "prompt", "answer", "verify", "defer"]


@pytest.fixture
def spans() -> Any:
    """A tracer, and the spans that it has finished."""
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider.get_tracer("test"), exporter.get_finished_spans


def test_an_answer_is_a_span_with_one_below_it_for_each_stage(pipeline: Pipeline, index: Index, spans: Any) -> None:
    tracer, finished = spans
    answer = Traced(pipeline, tracer).ask(QUESTION, index)
    assert answer.text == pipeline.ask(QUESTION, index).text
    *stages, root = finished()
    assert root.name == "rag.ask" and root.parent is None
    assert dict(root.attributes) == {"rag.documents": 4, "rag.passages": len(index.chunks)}
    assert [span.name for span in stages] == [f"rag.{stage}" for stage in STAGES]
    assert {span.parent.span_id for span in stages} == {root.context.span_id}
    for span, stage, after in zip(stages, STAGES, [*stages[1:], None], strict=True):
        assert span.attributes["rag.kind"] == getattr(pipeline, stage).kind
        assert 0 <= span.attributes["rag.ms"] <= (span.end_time - span.start_time) / 1e6 + 1
        assert after is None or span.end_time <= after.start_time
    told = {span.name.removeprefix("rag."): span.attributes for span in stages}
    assert told["retrieve"]["rag.hits"] == len(answer.found) > told["rerank"]["rag.hits"] - 1 == len(answer.hits) - 1
    assert told["prompt"]["rag.tokens"] == answer.prompt.tokens and told["prompt"]["rag.sources"] == len(answer.prompt.sources)
    assert told["answer"]["rag.claims"] == len(answer.claims) > 0 and told["answer"]["rag.refused"] is False
    assert told["verify"]["rag.supported"] == sum(claim.supported is True for claim in answer.claims) > 0


def test_the_span_of_an_answerer_that_was_not_asked_says_so(pipeline: Pipeline, index: Index, spans: Any) -> None:
    tracer, finished = spans
    answer = Traced(pipeline, tracer).ask("Who won the torsemide plimmer race?", index)
    told = {span.name.removeprefix("rag."): span.attributes for span in finished()}
    assert answer.refused and (told["answer"]["rag.asked"], told["answer"]["rag.outcome"]) == (False, "refused")
    assert told["verify"]["rag.supported"] == 0
    assert told["refuse"]["rag.confidence"] == round(answer.confidence, 4) and told["refuse"]["rag.missing"] == len(
        answer.missing
    )


def test_no_word_of_question_or_documents_is_in_a_span(pipeline: Pipeline, index: Index, spans: Any) -> None:
    tracer, finished = spans
    Traced(pipeline, tracer).ask(QUESTION, index)
    written = " ".join(span.to_json() for span in finished()).lower()
    assert "torsemide" not in written and "discharge" not in written and "rag.kind" in written


def test_a_search_is_three_stages_and_spans_of_a_stages_own_lie_below_it(pipeline: Pipeline, index: Index, spans: Any) -> None:
    from contextlib import contextmanager

    tracer, finished = spans

    @contextmanager
    def inner(stage: str) -> Any:
        with tracer.start_as_current_span(f"inner {stage}"):
            yield

    Traced(pipeline, tracer).search(QUESTION, index, watch=inner)
    found = {span.name: span for span in finished()}
    assert set(found) == {"rag.search", *(f"rag.{stage}" for stage in SEARCH), *(f"inner {stage}" for stage in SEARCH)}
    for stage in SEARCH:
        assert found[f"inner {stage}"].parent.span_id == found[f"rag.{stage}"].context.span_id


def test_a_failure_marks_stage_and_whole_with_its_kind_alone(
    pipeline: Pipeline, index: Index, spans: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*told: Any) -> Any:
        raise ModelProblem("secret words")

    tracer, finished = spans
    monkeypatch.setattr(type(pipeline.rerank), "__call__", broken)
    with pytest.raises(ModelProblem):
        Traced(pipeline, tracer).ask(QUESTION, index)
    found = {span.name: span for span in finished()}
    assert set(found) == {"rag.ask", "rag.scope", "rag.expand", "rag.retrieve", "rag.rerank"}
    for name in ("rag.ask", "rag.rerank"):
        assert found[name].status.status_code.name == "ERROR" and found[name].attributes["error.type"] == "ModelProblem"
    assert found["rag.retrieve"].status.status_code.name == "UNSET"
    assert "secret" not in "".join(span.to_json() for span in found.values())


def test_a_traced_pipeline_goes_where_a_pipeline_goes(pipeline: Pipeline, index: Index, spans: Any) -> None:
    tracer, finished = spans
    found = WorkbenchRetriever(pipeline=Traced(pipeline, tracer), index=index).invoke(QUESTION)
    assert found == WorkbenchRetriever(pipeline=pipeline, index=index).invoke(QUESTION)
    assert [span.name for span in finished()] == [*(f"rag.{stage}" for stage in SEARCH), "rag.search"]


def test_without_the_package_the_error_names_the_command(pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any) -> Any:
        if name.startswith("opentelemetry"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(SettingProblem, match="pip install opentelemetry-api"):
        Traced(pipeline)


def test_the_service_gives_spans_to_the_provider_of_the_process_and_no_message_to_its_log(
    pipeline: Pipeline, documents: tuple[Document, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    from opentelemetry import _logs, trace
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from starlette.testclient import TestClient

    spans, logs = InMemorySpanExporter(), InMemoryLogRecordExporter()
    tracing, logging = sdk.TracerProvider(), LoggerProvider()
    tracing.add_span_processor(SimpleSpanProcessor(spans))
    logging.add_log_record_processor(SimpleLogRecordProcessor(logs))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", tracing)
    monkeypatch.setattr(_logs._internal, "_LOGGER_PROVIDER", logging)

    def broken(*told: Any) -> Any:
        raise KeyError("secret words")

    client = TestClient(
        application(Served(pipeline, Artifacts(), lambda: documents)), base_url="http://localhost", raise_server_exceptions=False
    )
    assert client.post("/ask", json={"question": QUESTION}).status_code == 200
    monkeypatch.setattr(type(pipeline.rerank), "__call__", broken)
    assert client.post("/ask", json={"question": QUESTION}).status_code == 500
    assert client.post("/ask", json={"question": ["secret words"]}).status_code == 422
    names = [span.name for span in spans.get_finished_spans()]
    assert names.count("rag.ask") == 2 and "rag.verify" in names
    written = " ".join(span.to_json() for span in spans.get_finished_spans()).lower()
    assert "secret" not in written and "torsemide" not in written and logs.get_finished_logs() == ()
