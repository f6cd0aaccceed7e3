"""An index that one server at a time makes ready: whoever comes second waits, and opens what the first one made."""

from collections.abc import Sequence
from functools import partial

from rag.keep.artifacts import Artifacts
from rag.keep.jobs import Tell
from rag.keep.work import Work
from rag.pipeline import Pipeline
from rag.stages.index.base import Index
from rag.values import Document

PREPARE = "prepare"
"""The kind of work that makes an index ready."""


def prepared_once(
    pipeline: Pipeline,
    documents: Sequence[Document],
    artifacts: Artifacts,
    work: Work,
    tell: Tell = lambda step, done, total: None,
) -> Index:
    """The index as `Pipeline.prepare` makes it. What `tell` raises ends the work; what was finished before is kept."""
    if pipeline.is_ready(documents, artifacts):
        return pipeline.prepare(documents, artifacts)
    with work.alone(PREPARE, pipeline.key("index", [document.key for document in documents]), tell, pipeline.to_json()):
        return pipeline.prepare(documents, artifacts, partial(tell, "embed"), partial(tell, "divide"))
