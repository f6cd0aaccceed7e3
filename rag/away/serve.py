"""A tuned pipeline as a service over HTTP: /retrieve, /ask, /pipeline, /health, and its OpenAPI description."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import APIKeyHeader
from starlette.exceptions import HTTPException

from rag.artifacts import Artifacts
from rag.away.gate import HEADER, Gate
from rag.away.records import answer_row, passage
from rag.away.shapes import Answered, Asked, Found, Health, Only, Passage, Problem, Warned
from rag.away.telemetry import Traced
from rag.errors import ModelProblem, SettingProblem, WorkbenchError
from rag.index.base import Index
from rag.pipeline import Pipeline
from rag.screen import Screen
from rag.values import Document, Hit
from rag.workspace import Workspace

LONGEST_NAME = 60
FIELDS = {"documents": "name", "types": "type", "patients": "patient", "authors": "author"}
FAULTS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": about}
    for status, about in ((401, "No key, or a wrong one"), (413, "Too long"), (422, "Something to mend"), (502, "A model failed"))
}


@dataclass
class Served:
    """What is served: the pipeline, and the documents as they are released at the moment of a request."""

    pipeline: Pipeline
    artifacts: Artifacts
    documents: Callable[[], Sequence[Document]]
    screen: Screen = field(default_factory=Screen)
    _traced: Any = field(init=False)

    def __post_init__(self) -> None:
        try:
            self._traced = Traced(self.pipeline)
        except SettingProblem:  # OpenTelemetry is an extra.
            self._traced = self.pipeline

    def index(self) -> Index:
        """The index of the released documents, made once and whenever they have changed."""
        return self.pipeline.prepare(self.documents(), self.artifacts)

    def retrieve(self, asked: Asked) -> Found:
        """The passages for a question. Raises WorkbenchError."""
        index = self.index()
        known(asked.filter, index)
        search = self._traced.search(asked.question, index, asked.filter.filter)
        return Found(question=search.query.question, passages=passages(search.hits), warnings=self.warnings(asked.question))

    def ask(self, asked: Asked) -> Answered:
        """The answer to a question. Raises WorkbenchError."""
        index = self.index()
        known(asked.filter, index)
        answer = self._traced.ask(asked.question, index, asked.filter.filter)
        row = {**answer_row(answer), "hits": passages(answer.hits), "warnings": self.warnings(asked.question)}
        return Answered.model_validate(row)

    def warnings(self, question: str) -> list[Warned]:
        """What in a question looks like an identifier."""
        return [
            Warned(type=one.type, start=one.start, end=one.end, rule=one.rule, score=one.score)
            for one in self.screen.text(question)
            if one.kind == "identifier" and one.score >= self.screen.threshold
        ]


def passages(hits: Sequence[Hit]) -> list[Passage]:
    """The hits as they are sent."""
    return [Passage(**passage(hit), text=hit.chunk.text) for hit in hits]


def known(only: Only, index: Index) -> None:
    """Raises SettingProblem for a filter value that no released document has: a slip would look like "nothing found"."""
    for name, attribute in FIELDS.items():
        there = {getattr(document, attribute) for document in index.documents.values()}
        for value in getattr(only, name):
            if value not in there:
                raise SettingProblem(f"filter.{name}: no released document has {_short(value)!r}. Check how it is written.")


def released(workspace: Workspace) -> Callable[[], Sequence[Document]]:
    """The released documents of a workspace at the time of the call, also where the app decides in another process.

    What is no longer released leaves this process's memory too.
    """
    lock = threading.Lock()

    def now() -> Sequence[Document]:
        with lock:
            before = {document.name for document in workspace.documents}
            if workspace.refresh():
                for gone in before - {document.name for document in workspace.documents}:
                    workspace.artifacts.forget(gone)
            return workspace.documents

    return now


def application(served: Served, key: str = "") -> Gate:
    """The service. With a key, every request but /health needs it. It has no page of its own: those load from elsewhere."""
    # The gate checks the key; the dependency is there to be described.
    app = FastAPI(
        title="Clinical RAG Workbench",
        description="A tuned pipeline: passages and answers with citations.",
        version=str(served.pipeline.version),
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(APIKeyHeader(name=HEADER, auto_error=False))] if key else [],
    )

    @app.post("/retrieve", responses=FAULTS)
    def retrieve(asked: Asked) -> Found:
        """The passages that would go into the prompt, best first."""
        return served.retrieve(asked)

    @app.post("/ask", responses=FAULTS)
    def ask(asked: Asked) -> Answered:
        """An answer whose statements cite their passages."""
        return served.ask(asked)

    @app.get("/pipeline")
    def pipeline() -> dict[str, Any]:
        """Every setting of the pipeline."""
        return served.pipeline.model_dump(mode="json")

    @app.get("/health")
    def health() -> Health:
        """Whether the service is ready, and over how many documents and passages."""
        index = served.index()
        return Health(status="ok", documents=len(index.documents), passages=len(index.chunks))

    @app.exception_handler(RequestValidationError)
    async def unfit(request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"error": "; ".join(map(_fault, error.errors()))}, 422)

    @app.exception_handler(WorkbenchError)
    async def problem(request: Request, error: WorkbenchError) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 502 if isinstance(error, ModelProblem) else 422)

    @app.exception_handler(HTTPException)
    async def elsewhere(request: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse({"error": f"{error.detail}. See /openapi.json"}, error.status_code, error.headers)

    @app.exception_handler(Exception)
    async def unforeseen(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": f"Something failed here ({type(error).__name__}). See the service's log."}, 500)

    return Gate(app, key)


def _fault(one: dict[str, Any]) -> str:
    """What does not fit: the field and the reason, without what was sent."""
    if one["type"] == "json_invalid":
        return f'The body is not JSON ({one["ctx"]["error"]}). Send {{"question": "…"}}'
    where = ".".join(_short(str(part)) for part in one["loc"] if part != "body") or "the body"
    return f"{where}: {one['msg'].removeprefix('Value error, ')}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]}…"
