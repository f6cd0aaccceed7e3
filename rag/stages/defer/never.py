"""The way that defers nothing."""

from typing import Literal

from rag.stages.defer.base import Deferring
from rag.stages.index.base import Index
from rag.values import Answer, Deferral


class Never(Deferring):
    """Marks no answer: whoever reads it decides alone whether to look further."""

    kind: Literal["never"] = "never"

    def __call__(self, answer: Answer, index: Index) -> tuple[Deferral, ...]:
        return ()
