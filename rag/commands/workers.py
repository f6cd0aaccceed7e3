"""Questions asked in this process, or by the workers of a cluster, each of which makes the documents ready once."""

import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import typer

from rag.commands.common import prepared, say
from rag.keep.artifacts import Artifacts
from rag.keep.cluster import LIKE, VARIABLE, in_order, workers
from rag.pipeline import Pipeline
from rag.pipeline.plan import amount
from rag.stages.index.base import Index
from rag.values import Document, Filter

Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        envvar=VARIABLE,
        help=f"A Dask scheduler whose workers do it, such as {LIKE}; needs the extra dask",
    ),
]
Row = dict[str, Any]
_lock = threading.Lock()


@dataclass(frozen=True)
class Ready:
    """What a question is asked of."""

    pipeline: Pipeline
    index: Index
    only: Filter


@dataclass(frozen=True)
class _Given:
    """What a worker makes that of; told apart by the key alone."""

    key: str
    pipeline: Pipeline = field(compare=False)
    documents: Sequence[Document] = field(compare=False)
    workspace: Path | None = field(compare=False)
    only: Filter = field(compare=False)


Ask = Callable[[Callable[[Ready, Row], str], Sequence[Row]], Iterator["Future[str]"]]


@contextmanager
def asking(
    scheduler: str | None, pipeline: Pipeline, documents: list[Document], workspace: Path | None, only: Filter = Filter()
) -> Iterator[Ask]:
    """What gives, for a function and rows, what the function makes of each row, in their order."""
    with workers(scheduler) as pool:
        if scheduler:
            shared = pool.share(_Given(secrets.token_hex(8), pipeline, documents, workspace and workspace.absolute(), only))
            say(f"{amount(len(documents), 'document')}. Each worker of {scheduler} makes them ready for itself.")
            pool.submit(_there, shared, _nothing, {}).result()  # What cannot be made ready is told before anything is asked.
            yield lambda work, rows: in_order(pool, _there, rows, pool.ahead, shared, work)
        else:
            ready = Ready(pipeline, prepared(pipeline, documents, workspace), only)
            yield lambda work, rows: in_order(pool, work, rows, pool.ahead, ready)


def _nothing(ready: Ready, row: Row) -> str:
    return ""


def _there(given: _Given, work: Callable[[Ready, Row], str], row: Row) -> str:
    """On a worker: what a function makes of a row."""
    with _lock:
        ready = _made(given)
    return work(ready, row)


@lru_cache(maxsize=2)
def _made(given: _Given) -> Ready:
    kept = given.workspace if given.workspace and given.workspace.is_dir() else None  # One that all of them reach.
    return Ready(given.pipeline, given.pipeline.prepare(given.documents, Artifacts(kept)), given.only)
