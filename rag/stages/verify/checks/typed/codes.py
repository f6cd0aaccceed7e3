"""Typed checks of codes."""

from rag.clinical.facts.types import Code, Fact
from rag.stages.verify.checks.typed.base import Typed


class Codes(Typed):
    """A code of a system."""

    name, kinds = "code", (Code,)

    def same(self, one: Fact, other: Fact) -> bool:
        assert isinstance(one, Code) and isinstance(other, Code)
        return (one.system, one.code) == (other.system, other.code)
