"""The service of the app beside its pages: retrieve and ask under /api, over the app's own workspace, for whoever has the key."""

import asyncio
import logging
import os
import threading
from typing import TYPE_CHECKING

import streamlit as st
from starlette.responses import JSONResponse

from rag.away.gate import OPEN, VARIABLE, App, Gate, Message, Receive, Send, refuse, route
from rag.errors import SettingProblem, WorkbenchError

if TYPE_CHECKING:
    from rag.keep.saved import Saved
    from rag.pipeline import Pipeline

PLACE = "/api"
PIPELINE = "RAG_API_PIPELINE"
MOST = 16  # Requests worked on at once: the pages' own files are sent by the same threads.
OFF = f"The service is off. Start the app with a key in {VARIABLE} to turn it on."
NOT_YET = "The service is being made ready. Try again in a moment."
LOGGER = logging.getLogger(__name__)


class Beside:
    """Hands on to the service what is asked under /api, and to the pages everything else."""

    def __init__(self, app: App, service: "Service") -> None:
        self._app, self._service = app, service
        self._place = base() + PLACE

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        if scope["type"] == "http" and (path == self._place or path.startswith(self._place + "/")):
            scope = {**scope, "root_path": self._place}
            return await self._service(scope, receive, send)
        await self._app(scope, receive, send)


def base() -> str:
    """What stands before every path of the app: "" or, behind a proxy, such as "/rag"."""
    named = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{named}" if named else ""


class Service:
    """The service, made ready in a thread of its own; off without a key. Where that failed, it is tried again when asked."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._ready: App | None = None
        self._unready: App = Gate(self._not_yet, key)
        self._reason = NOT_YET
        self._thread: threading.Thread | None = None
        self._places = asyncio.Semaphore(MOST)

    def begin(self) -> None:
        """Begins to make it ready, where there is a key and that is not under way."""
        if self._key and self._ready is None and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=self._prepare, daemon=True)
            self._thread.start()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if not self._key:
            return await refuse(send, 404, OFF)
        async with self._places:
            await (self._ready or self._unready)(scope, receive, send)

    async def _not_yet(self, scope: Message, receive: Receive, send: Send) -> None:
        if route(scope) == OPEN:
            return await JSONResponse({"status": "unprepared"}, 503)(scope, receive, send)
        reason = self._reason
        self.begin()
        await refuse(send, 503, reason)

    def _prepare(self) -> None:
        from pages.shared.state import workspace  # What answers is loaded here, so that the server does not start later for it.
        from rag.away.serve import application, of_project

        try:
            found = workspace().project()
            served = of_project(found, _pipeline(found.saved))
            self._ready = application(served, self._key)
            served.index()
        except WorkbenchError as problem:
            self._reason = str(problem)
            LOGGER.warning("The service under %s: %s", PLACE, problem)
        except Exception as error:  # Its message could hold document text.
            self._reason = f"The service could not be made ready ({type(error).__name__}), which nobody foresaw."
            LOGGER.error("The service under %s: %s", PLACE, self._reason)


def _pipeline(pipelines: "Saved") -> "Pipeline":
    """The default, or the saved one that is named in the environment. Raises SettingProblem where it is not there."""
    from rag.pipeline import read_pipeline
    from rag.pipeline.presets import PRESETS

    name = os.environ.get(PIPELINE, "").strip()
    if not name:
        return PRESETS["default"][1]
    kept = pipelines.get("pipeline", name)
    if kept is None:
        saved = ", ".join(map(repr, pipelines.names("pipeline"))) or "none"
        raise SettingProblem(
            f"{PIPELINE} names {name!r}, and no pipeline is saved under that. Saved: {saved}. Name one of these."
        )
    return read_pipeline(kept, f"the saved pipeline {name!r}")
