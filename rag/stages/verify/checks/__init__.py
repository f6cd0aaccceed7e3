"""The checks: each compares one kind of thing in a statement with its source, and says nothing where it has nothing to say."""

from rag.stages.verify.checks.addition import Addition
from rag.stages.verify.checks.amounts import Amounts
from rag.stages.verify.checks.base import Check, Verdict
from rag.stages.verify.checks.contrasts import Contrast
from rag.stages.verify.checks.former import Former
from rag.stages.verify.checks.lone import LONE
from rag.stages.verify.checks.polarity import Negation
from rag.stages.verify.checks.standing import STANDINGS
from rag.stages.verify.checks.typed import TYPED

CHECKS: tuple[Check, ...] = (
    *(Amounts(name) for name in ("dose", "frequency", "duration", "size", "value", "number")),
    *(
        Contrast(name)
        for name in ("comparison", "action", "negation", "severity", "side", "site", "route", "time", "certainty", "person")
    ),
    Negation(),
    *STANDINGS,
    *LONE,
    Former(),
    *TYPED,
    Addition(),
)

__all__ = ["CHECKS", "Check", "Verdict"]
