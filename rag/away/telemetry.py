"""The stages of a pipeline as OpenTelemetry spans: kinds, counts and times, never text."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rag.errors import SettingProblem
from rag.extras import install
from rag.pipeline import Pipeline, Search
from rag.pipeline.steps import Watch, unwatched
from rag.stages.index.base import Index
from rag.values import Answer, Filter

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer


class Traced:
    """A pipeline whose searches and answers are spans, each with a span a stage. It goes wherever a pipeline is asked.

    Spans go to the tracer, without one to the provider of this process; which exporter that has is the caller's decision.
    Raises SettingProblem where OpenTelemetry is not installed.
    """

    def __init__(self, pipeline: Pipeline, tracer: "Tracer | None" = None) -> None:
        try:
            from opentelemetry import trace
        except ImportError:
            raise SettingProblem(f"OpenTelemetry is not installed. Install it with: {install('telemetry')}") from None
        self.pipeline = pipeline
        self._tracer = tracer or trace.get_tracer("rag")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.pipeline, name)

    def search(self, question: str, index: Index, only: Filter = Filter(), watch: Watch = unwatched) -> Search:
        """As Pipeline.search."""
        with self._recorded("rag.search", index) as record:
            return record.found(self.pipeline.search(question, index, only, record.around(watch)))

    def ask(
        self,
        question: str,
        index: Index,
        only: Filter = Filter(),
        stream: Callable[[str], None] = lambda text: None,
        watch: Watch = unwatched,
    ) -> Answer:
        """As Pipeline.ask."""
        with self._recorded("rag.ask", index) as record:
            return record.answered(self.pipeline.ask(question, index, only, stream, record.around(watch)))

    @contextmanager
    def _recorded(self, name: str, index: Index) -> "Iterator[_Record]":
        about = {"rag.documents": len(index.documents), "rag.passages": len(index.chunks)}
        with self._tracer.start_as_current_span(
            name, attributes=about, record_exception=False, set_status_on_exception=False
        ) as span:
            record = _Record(self.pipeline, self._tracer)
            try:
                yield record
            except BaseException as problem:
                _failed(span, problem)
                raise
            finally:
                record.close()


class _Record:
    """The spans of one question. They stay open until the counts are known, and end at the time at which the stage did."""

    def __init__(self, pipeline: Pipeline, tracer: "Tracer") -> None:
        self.pipeline = pipeline
        self.tracer = tracer
        self.spans: dict[str, Span] = {}
        self.ends: dict[str, int] = {}

    def around(self, watch: Watch) -> Watch:
        from opentelemetry.trace import use_span

        @contextmanager
        def spanned(stage: str) -> Iterator[None]:
            kind = getattr(self.pipeline, stage).kind
            span = self.spans[stage] = self.tracer.start_span(f"rag.{stage}", attributes={"rag.stage": stage, "rag.kind": kind})
            started = time.perf_counter()
            try:
                with use_span(span, record_exception=False, set_status_on_exception=False), watch(stage):
                    yield
            except BaseException as problem:
                _failed(span, problem)
                raise
            finally:
                span.set_attribute("rag.ms", round(1000 * (time.perf_counter() - started), 3))
                self.ends[stage] = time.time_ns()

        return spanned

    def found(self, search: Search) -> Search:
        query = search.query
        self._note("expand", terms=len(query.terms), texts=len(query.texts))
        self._note("retrieve", hits=len(search.found))
        self._note("rerank", hits=len(search.hits))
        return search

    def answered(self, answer: Answer) -> Answer:
        self.found(Search(answer.question, answer.query, answer.found, answer.hits, answer.scope))
        prompt, claims = answer.prompt, answer.claims
        self._note("refuse", confidence=round(answer.confidence, 4), missing=len(answer.missing))
        self._note("prompt", sources=len(prompt.sources), left_out=prompt.left_out, tokens=prompt.tokens)
        citations = sum(len(claim.citations) for claim in claims)
        self._note(
            "answer", claims=len(claims), citations=citations, refused=answer.refused, outcome=answer.outcome, asked=answer.asked
        )
        self._note("verify", supported=sum(claim.supported is True for claim in claims), conflicts=len(answer.conflicts))
        self._note("defer", rules=" ".join(one.rule for one in answer.deferred))
        return answer

    def _note(self, stage: str, **counts: float | str) -> None:
        for name, count in counts.items():
            self.spans[stage].set_attribute(f"rag.{name}", count)

    def close(self) -> None:
        for stage, span in self.spans.items():
            span.end(self.ends[stage])


def _failed(span: "Span", problem: BaseException) -> None:
    """Marks a span as failed with the kind of the error; its message stays here."""
    from opentelemetry.trace import Status, StatusCode

    span.set_attribute("error.type", type(problem).__name__)
    span.set_status(Status(StatusCode.ERROR))
