"""serve: a tuned pipeline as a service over HTTP."""

import os
import socket
from pathlib import Path
from typing import Annotated, Any

import typer

from rag.artifacts import Artifacts
from rag.commands.common import EMBEDDING, Keep, PipelineFile, counted, documents_at, pipeline_from, say, usable
from rag.errors import SettingProblem
from rag.governance.egress import is_local
from rag.workspace import Workspace

VARIABLE = "RAG_API_KEY"
SHORTEST_KEY = 16


def serve(
    docs: Annotated[list[Path] | None, typer.Option("--docs", help="Files and folders to read; else the workspace's")] = None,
    workspace: Keep = None,
    pipeline: PipelineFile = None,
    host: Annotated[str, typer.Option(help=f"Another address than this machine's own needs a key in {VARIABLE}")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for a free one")] = 8502,
) -> None:
    """Serves a pipeline over HTTP: POST /retrieve and /ask, GET /pipeline, /health and /openapi.json.

    Only released documents are served: those of a workspace, or those of --docs in which nothing is found that would wait.
    """
    import uvicorn

    from rag.away.serve import Served, application, released

    key = _key(host)
    chosen = pipeline_from(pipeline)
    with usable(workspace):
        if docs:
            documents = tuple(documents_at(docs, screened=True))
            served = Served(chosen, Artifacts(workspace), lambda: documents)
        elif workspace and (workspace / "workspace.sqlite").is_file():
            opened = Workspace(workspace)
            served = Served(chosen, opened.artifacts, released(opened), opened.screen)
        else:
            raise SettingProblem("There is nothing to serve. Give documents after --docs, or the app's folder after --workspace.")
    say(f"{len(served.documents()):,} released documents. {chosen.plan(served.documents(), served.artifacts)}")
    chosen.prepare(served.documents(), served.artifacts, counted(EMBEDDING))
    served.warnings("ready")
    with _listening(host, port) as listening:
        name = f"[{host}]" if ":" in host else host
        say(f"Serving on http://{name}:{listening.getsockname()[1]}; Ctrl+C stops it.")
        options: dict[str, Any] = {"access_log": False, "proxy_headers": False, "server_header": False, "ws": "none"}
        config = uvicorn.Config(
            application(served, key), log_level="warning", lifespan="off", timeout_graceful_shutdown=10, **options
        )
        uvicorn.Server(config).run(sockets=[listening])


def _key(host: str) -> str:
    """The API key from the environment. Raises SettingProblem where it is too short, or missing and the address not local."""
    key = os.environ.get(VARIABLE, "").strip()
    if key and (len(key) < SHORTEST_KEY or not key.isascii()):
        raise SettingProblem(f"{VARIABLE} needs at least {SHORTEST_KEY} characters, all of them ASCII. Set a longer one.")
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
