"""serve: a tuned pipeline as a service over HTTP."""

import shlex
import socket
from pathlib import Path
from typing import Annotated, Any

import typer

from rag.away.gate import VARIABLE, key_given
from rag.away.scope import command_line
from rag.commands.common import Keep, PipelineFile, documents_at, made_ready, pipeline_from, say
from rag.commands.scope import After, Authors, Before, InForce, Names, Nobody, Patients, Statuses, Types, among, chosen
from rag.documents.workspace import Workspace
from rag.errors import SettingProblem
from rag.governance.egress import is_local
from rag.keep.artifacts import Artifacts
from rag.keep.records import DATABASE
from rag.places import workspace_folder
from rag.values import Filter

MOST_CONNECTIONS = 256  # Above that a request is told 503.
IDLE = 5  # Seconds for which a connection may wait for its next request.


def serve(
    docs: Annotated[
        list[Path] | None,
        typer.Option("--docs", help="A file or folder to read; may be given again. Else the workspace's, or the app's"),
    ] = None,
    workspace: Keep = None,
    pipeline: PipelineFile = None,
    host: Annotated[
        str, typer.Option(help=f"Address to listen on; another than this machine's own needs a key in {VARIABLE}")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where it listens; 0 for any free one")] = 8502,
    document: Names = None,
    type_: Types = None,
    after: After = None,
    before: Before = None,
    patient: Patients = None,
    author: Authors = None,
    status: Statuses = None,
    in_force: InForce = False,
    nobody: Nobody = False,
) -> None:
    """Serves a pipeline over HTTP: POST /retrieve, /ask and /verify, GET /pipeline, /scope, /health and /openapi.json.

    Only released documents are served: those of a workspace, or those of --docs in which nothing is found that would wait.

    The filter (--document to --in-force) holds for every question: a request can narrow it and never widen it.

    With a key in RAG_API_KEY every request but /health has to carry it in the header X-API-Key.

    Nothing is recorded or sent elsewhere by itself. To trace with OpenTelemetry, install opentelemetry-distro and put
    `opentelemetry-instrument --traces_exporter console --metrics_exporter none --logs_exporter none` before `python -m rag
    serve`, or name your collector's exporter: every question is then a span with one below it for each stage, with kinds,
    counts and times, never text.
    """
    import uvicorn

    from rag.away.patience import Patient
    from rag.away.serve import Served, application, of_project

    key = _key(host)
    tuned = pipeline_from(pipeline)
    only = chosen(document, type_, after, before, patient, author, status, in_force, nobody)
    if docs:
        documents = tuple(documents_at(docs, screened=True))
        served = Served(tuned, Artifacts(workspace), lambda: documents, scope=only)
    elif (folder := workspace or workspace_folder()).joinpath(DATABASE).is_file():
        served = of_project(Workspace(folder).project(), tuned, only)
    else:
        raise SettingProblem("There is nothing to serve. Give documents after --docs, or a workspace's folder after --workspace.")
    among(only, served.documents())
    made_ready(tuned, served.documents(), served.artifacts, "released document")
    served.index()
    served.warnings("ready")
    with _listening(host, port) as listening:
        name = f"[{host}]" if ":" in host else host
        limited = f" Filter: {shlex.join(command_line(only))}." if only != Filter() else ""
        say(f"Serving on http://{name}:{listening.getsockname()[1]}; Ctrl+C stops it.{limited}")
        options: dict[str, Any] = {"access_log": False, "proxy_headers": False, "server_header": False, "ws": "none"}
        options |= {"http": Patient, "limit_concurrency": MOST_CONNECTIONS, "timeout_keep_alive": IDLE}
        config = uvicorn.Config(
            application(served, key), log_level="warning", lifespan="off", timeout_graceful_shutdown=10, **options
        )
        uvicorn.Server(config).run(sockets=[listening])


def _key(host: str) -> str:
    """The API key from the environment. Raises SettingProblem for one that cannot be used, or none where others reach it."""
    key = key_given()
    if not key and not is_local(host):
        raise SettingProblem(f"{host} is not this machine alone. Set a key in {VARIABLE}, or leave out --host.")
    return key


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        raise SettingProblem(f"{host}, port {port}: {error.strerror}. Choose another port or address.") from None
    return listening
