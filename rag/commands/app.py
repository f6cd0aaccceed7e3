"""app: the pages, in a browser."""

import sys
from importlib import import_module
from typing import Annotated

import typer

from rag.commands.common import say
from rag.commands.settings import keep_models
from rag.governance.egress import is_local
from rag.places import SITE


def start(
    address: Annotated[str, typer.Option(help="Address to listen on")] = "localhost",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where it listens")] = 8501,
) -> None:
    """Starts the app, which listens on this machine alone; Ctrl+C stops it. At the first time it makes ready what setup makes."""
    if not is_local(address):
        say(f"{address} is not this machine alone, and there is no sign-in: whoever reaches it can read the workspace.")
    keep_models()
    sys.path.insert(0, str(SITE))
    import_module("pages.start.server").run([f"--server.address={address}", f"--server.port={port}"])
