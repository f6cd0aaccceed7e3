"""Index: terms and vectors of the same passages side by side, searched under the same filter."""

from typing import Annotated

from pydantic import Field

from rag.stages.index.local import Exact, Hnsw, Ivf, IvfPq
from rag.stages.index.store import Store

Indexer = Annotated[Exact | Hnsw | Ivf | IvfPq | Store, Field(discriminator="kind")]
