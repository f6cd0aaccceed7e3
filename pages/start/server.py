"""One server for the pages and, beside them, the service: whoever starts the app calls `pages.start.server.run(arguments)`."""

import logging
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import click
import streamlit as st
from starlette.middleware import Middleware
from streamlit.web.cli import main_run

from pages.start.guard import Guard, ancestors
from pages.start.service import Beside, Service
from rag.away.gate import key_given

MENU = Path(__file__).parents[2] / "app.py"
EVERYWHERE = {"0.0.0.0", "::"}


def run(arguments: Sequence[str] = ()) -> None:
    """Starts the server and returns when it has ended; `arguments` are options of `streamlit run`, such as --server.port 8600.

    It listens on this machine alone unless --server.address, or STREAMLIT_SERVER_ADDRESS, says otherwise.
    Raises WorkbenchError for what the environment says wrongly, and SystemExit for an option that there is not.
    """
    app = application()
    settings, rest = _settings(arguments)
    if settings.setdefault("server.address", "localhost") in EVERYWHERE:
        settings.setdefault("browser.serverAddress", "localhost")  # Else Streamlit asks another machine for this one's address.
    sys.argv = [str(MENU), *rest]  # Streamlit looks for .streamlit/config.toml beside what was started.
    with suppress(KeyboardInterrupt):
        app.run(config=settings)


def application() -> st.App:
    """The pages and the service as one ASGI application. Raises SettingProblem for a key or a frame that cannot be used."""
    service = Service(key_given())

    @asynccontextmanager
    async def lifespan(_: st.App) -> AsyncIterator[dict[str, Any]]:
        _menu_is_made_in_the_script()
        service.begin()
        yield {}

    guards = [Middleware(Guard, ancestors=ancestors()), Middleware(Beside, service=service)]
    return st.App(MENU, lifespan=lifespan, middleware=guards)


def _settings(arguments: Sequence[str]) -> tuple[dict[str, Any], Sequence[str]]:
    """The options as Streamlit's own command reads them, also from STREAMLIT_… in the environment; and what is left."""
    try:
        read = main_run.make_context("streamlit run", [str(MENU), *arguments]).params
    except click.ClickException as problem:
        problem.show()
        sys.exit(problem.exit_code)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    target, rest = read.pop("target"), read.pop("args") or ()
    assert target == str(MENU)
    return {name.replace("_", "."): value for name, value in read.items() if value not in (None, ())}, rest


def _menu_is_made_in_the_script() -> None:
    """Makes a menu once, outside of any page.

    Until then Streamlit takes the folder pages/ for its older menu, and answers "Page not found" to a first request for any page
    but the start page, as from a tab that was open while the server started again.
    """
    logging.disable()  # That no page is being drawn is meant so.
    try:
        st.navigation([st.Page(MENU)])
    finally:
        logging.disable(logging.NOTSET)
