"""A tuned pipeline as a service over HTTP: /retrieve, /ask, /verify, /pipeline, /health, and its OpenAPI description."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader
from starlette.exceptions import HTTPException

from rag.away.conversations import Conversations, UnknownConversation
from rag.away.gate import HEADER, Gate, route
from rag.away.records import answer_row, checked_row, judged_row, passage, understood
from rag.away.scope import known, narrowed, within
from rag.away.shapes import (
    Answered,
    Asked,
    AskedInTurn,
    Found,
    Health,
    Only,
    Passage,
    Problem,
    Scope,
    Taken,
    Understood,
    Verdicts,
    Verified,
    Warned,
)
from rag.away.telemetry import Traced
from rag.documents.screen import Screen
from rag.documents.shelf import Shelf
from rag.documents.workspace import Project
from rag.errors import ModelProblem, SettingProblem, WorkbenchError
from rag.keep.artifacts import Artifacts
from rag.keep.work import Work
from rag.pipeline import Pipeline
from rag.pipeline.check import check
from rag.pipeline.follow import follow_row, put, turn_of
from rag.pipeline.once import prepared_once
from rag.stages.index.base import Index
from rag.stages.verify.judge import judged
from rag.strict import read_json, short
from rag.values import Document, Filter, Hit

BODIES: dict[str, type[Taken]] = {"/retrieve": Asked, "/ask": AskedInTurn, "/verify": Verified}
FAULTS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": about}
    for status, about in ((401, "No key, or a wrong one"), (413, "Too long"), (422, "Something to mend"), (502, "A model failed"))
}


@dataclass
class Served:
    """What is served: the pipeline, and the documents and rules of the screen as they are at the moment of a request.

    `scope` is what every question may see at most: a request narrows it and cannot widen it. Call `index` once before the
    service is open: /health says that it is ready from then on.
    """

    pipeline: Pipeline
    artifacts: Artifacts
    documents: Callable[[], Sequence[Document]]
    screen: Callable[[], Screen] = Screen
    scope: Filter = field(default_factory=Filter)
    conversations: Conversations = field(default_factory=Conversations)
    work: Work | None = None  # Where other servers are on the same workspace.
    ready: bool = field(default=False, init=False)
    _traced: Any = field(init=False)

    def __post_init__(self) -> None:
        try:
            self._traced = Traced(self.pipeline)
        except SettingProblem:  # OpenTelemetry is an extra.
            self._traced = self.pipeline

    def index(self) -> Index:
        """The index of the released documents, made once and whenever they have changed."""
        documents = self.documents()
        if self.work is None:
            index = self.pipeline.prepare(documents, self.artifacts)
        else:
            index = prepared_once(self.pipeline, documents, self.artifacts, self.work)
        self.ready = True
        return index

    def only(self, asked: Asked | Verified, index: Index) -> Filter:
        """What a question may see. Raises SettingProblem, which tells of nothing outside of the scope."""
        wanted = asked.filter.filter
        known(wanted, within(self.scope, list(index.documents.values())), lambda name: f"filter.{name}:")
        return narrowed(self.scope, wanted)

    def retrieve(self, asked: Asked) -> Found:
        """The passages for a question. Raises WorkbenchError."""
        index = self.index()
        search = self._traced.search(asked.question, index, self.only(asked, index))
        return Found(
            question=search.question,
            scope=Understood(**understood(search.scope)),
            passages=passages(search.hits),
            warnings=self.warnings(asked.question),
        )

    def ask(self, asked: AskedInTurn, key: str = "") -> Answered:
        """The answer to a question, by itself or in a conversation of this key. Raises WorkbenchError."""
        index, name = self.index(), asked.conversation
        only = self.only(asked, index)
        turns = () if name is None else self.conversations.turns(name, key)
        put_so = put(asked.question, turns, index, self.pipeline, asked.rewrite if turns else "never")
        answer = self._traced.ask(put_so.question, index, only)
        if name is not None:
            name = self.conversations.add(name, turn_of(answer, asked.question), key)
        follow = None if name is None else follow_row(asked.question, put_so)
        row = {**answer_row(answer), "hits": passages(answer.hits), "warnings": self.warnings(answer.question)}
        return Answered.model_validate({**row, "conversation": name, "follow": follow})

    def verify(self, sent: Verified) -> Verdicts:
        """The statements of a text with their verdicts, by its source or by the documents. Raises WorkbenchError."""
        if sent.source is not None:
            found = judged(sent.response, sent.source)
            claims = [judged_row(claim, sent.response, sent.source) for claim in found.claims]
            return Verdicts.model_validate({"score": round(found.score, 5), "claims": claims})
        index = self.index()
        row = checked_row(check(sent.response, self.pipeline, index, self.only(sent, index)), index)
        return Verdicts.model_validate({**row, "warnings": self.warnings(sent.response)})

    def warnings(self, question: str) -> list[Warned]:
        """What in a question looks like an identifier."""
        screen = self.screen()
        return [
            Warned(type=one.type, start=one.start, end=one.end, rule=one.rule, score=one.score)
            for one in screen.text(question)
            if one.kind == "identifier" and one.score >= screen.threshold
        ]


def passages(hits: Sequence[Hit]) -> list[Passage]:
    """The hits as they are sent."""
    return [Passage(**passage(hit), text=hit.chunk.text) for hit in hits]


def of_project(project: Project, pipeline: Pipeline, scope: Filter | None = None) -> Served:
    """The released documents of a project, served by this pipeline."""
    shelf, only = project.shelf, scope or Filter()
    return Served(pipeline, project.artifacts, released(shelf), lambda: shelf.screen, only, work=project.work)


def released(shelf: Shelf) -> Callable[[], Sequence[Document]]:
    """The released documents of a shelf at the time of the call, also where the app decides in another process."""

    def now() -> Sequence[Document]:
        shelf.refresh()
        return shelf.documents

    return now


class Strict(APIRoute):
    """Reads a body as `read_json` does, so that a key that stands twice is not settled in silence."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        handle = super().get_route_handler()

        async def read(request: Request) -> Response:
            return await handle(_Read(request.scope, request.receive))

        return read


class _Read(Request):
    async def json(self) -> Any:
        try:
            return read_json(await self.body(), "The body", f"Send {_example(route(self.scope))}.")
        except SettingProblem as problem:
            raise HTTPException(422, str(problem)) from None


def application(served: Served, key: str = "") -> Gate:
    """The service. With a key, every request but /health needs it. It has no page of its own: those load from elsewhere."""
    # The gate checks the key; the dependency is there to be described.
    app = FastAPI(
        title="Clinical RAG Workbench",
        description="A tuned pipeline: passages and answers with citations.",
        version=str(served.pipeline.version),
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"logs": False, "operation_spans": False, "auto_configure": False},  # Its logs would hold messages.
        dependencies=[Depends(APIKeyHeader(name=HEADER, auto_error=False))] if key else [],
    )

    app.router.route_class = Strict

    @app.post("/retrieve", responses=FAULTS)
    def retrieve(asked: Asked) -> Found:
        """The passages that would go into the prompt, best first."""
        return served.retrieve(asked)

    @app.post("/ask", responses={**FAULTS, 404: {"model": Problem, "description": "No such conversation"}})
    def ask(asked: AskedInTurn, request: Request) -> Answered:
        """An answer whose statements cite their passages.

        In a conversation a question may lean on those before it ("and carvedilol?"): it is put so that it stands alone, and how
        is said under `follow`. Conversations are kept in memory alone, for an hour after their last question.
        """
        return served.ask(asked, request.headers.get(HEADER, ""))

    @app.post("/verify", responses=FAULTS, response_model_exclude_unset=True)
    def verify(sent: Verified) -> Verdicts:
        """Every statement of a text, with what bears it out and what contradicts it, and the probability that all of it holds.

        With a source it is held against that, as `rag verify` does; without one, against the documents that are served.
        """
        found = served.verify(sent)
        return found if sent.id is None else found.model_copy(update={"id": sent.id})

    @app.get("/pipeline")
    def pipeline() -> dict[str, Any]:
        """Every setting of the pipeline."""
        return served.pipeline.model_dump(mode="json")

    @app.get("/scope")
    def scope() -> Scope:
        """What questions may see at most, and over how many documents and passages."""
        index = served.index()
        documents = within(served.scope, list(index.documents.values()))
        return Scope(filter=asdict(served.scope), documents=len(documents), passages=len(index.allowed(served.scope)))

    @app.get("/health", responses={503: {"model": Health, "description": "Not prepared; the first question will be slow"}})
    def health(response: Response) -> Health:
        """Whether the service is ready. Nothing is computed for that."""
        response.status_code = 200 if served.ready else 503
        return Health(status="ok" if served.ready else "unprepared")

    @app.exception_handler(RequestValidationError)
    async def unfit(request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"error": "; ".join(_fault(one, route(request.scope)) for one in error.errors())}, 422)

    @app.exception_handler(WorkbenchError)
    async def problem(request: Request, error: WorkbenchError) -> JSONResponse:
        status = 404 if isinstance(error, UnknownConversation) else 502 if isinstance(error, ModelProblem) else 422
        return JSONResponse({"error": str(error)}, status)

    @app.exception_handler(HTTPException)
    async def elsewhere(request: Request, error: HTTPException) -> JSONResponse:
        return JSONResponse(
            {"error": _elsewhere(error, paths, request.scope.get("root_path", ""))}, error.status_code, error.headers
        )

    @app.exception_handler(Exception)
    async def unforeseen(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": f"Something failed here ({type(error).__name__}). See the service's log."}, 500)

    paths = sorted(route.path for route in app.routes if isinstance(route, APIRoute))
    return Gate(app, key)


def _example(path: str) -> str:
    """The shortest body that this path takes."""
    return '{"response": "…"}' if BODIES.get(path) is Verified else '{"question": "…"}'


def _elsewhere(error: HTTPException, paths: Sequence[str], before: str) -> str:
    """What does not lie where it was asked for, and what does; `before` stands before each path."""
    if error.status_code == 404:
        return f"Not Found. Allowed: {', '.join(before + path for path in paths)}. See {before}/openapi.json"
    if error.status_code == 405:
        return f"Method Not Allowed. Allowed: {(error.headers or {}).get('Allow', 'another')}. See {before}/openapi.json"
    return str(error.detail)


def _fault(one: dict[str, Any], path: str) -> str:
    """What does not fit: the field and the reason, without what was sent."""
    place = tuple(one["loc"])
    where = ".".join(short(str(part)) for part in place if part != "body") or "the body"
    bodies: dict[tuple[Any, ...], type[Taken]] = {("body",): BODIES.get(path, Asked), ("body", "filter"): Only}
    taken = bodies.get(place[:-1])
    if one["type"] == "extra_forbidden" and taken:
        return f"unknown field {where}; allowed: {', '.join(taken.model_fields)}"
    if one["type"] == "bytes_type" or (place == ("body",) and one["type"] == "model_attributes_type"):
        return f"the body: not a JSON object. Send {_example(path)} with the header Content-Type: application/json"
    return f"{where}: {one['msg'].removeprefix('Value error, ')}"
