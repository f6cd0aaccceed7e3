"""An index that several servers want at once is made by one of them."""

import threading
from pathlib import Path

from rag.documents.workspace import Workspace
from rag.pipeline import Pipeline
from rag.pipeline.once import prepared_once
from rag.values import File
from tests.conftest import FILES


def test_two_servers_that_want_one_index_embed_each_passage_once(
    tmp_path: Path, pipeline: Pipeline, either_database: str
) -> None:
    servers = [Workspace(tmp_path / "workspace").project() for _ in range(2)]
    for name, text in FILES.items():
        servers[0].shelf.add(File(name, text.encode()))
    servers[1].shelf.refresh()
    together, sizes = threading.Barrier(2), []

    def ask(at: int) -> None:
        one = servers[at]
        together.wait()
        index = prepared_once(pipeline, one.shelf.documents, one.artifacts, one.work)
        sizes.append(len(index.chunks))

    threads = [threading.Thread(target=ask, args=(at,)) for at in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    rows = servers[0].artifacts._base.read("SELECT SUM(units) FROM timings WHERE step LIKE 'embed %'")
    kept = servers[0].artifacts._base.read("SELECT COUNT(*) FROM vectors")
    assert sizes[0] == sizes[1] > 0 and rows[0][0] == kept[0][0] > 0
    assert pipeline.is_ready(servers[1].shelf.documents, servers[1].artifacts)
