"""Typed checks: the facts of a statement stand in its source, in whatever words, and of the same thing; a module a family."""

from rag.stages.verify.checks.typed.base import Typed
from rag.stages.verify.checks.typed.body import Sides, Sites
from rag.stages.verify.checks.typed.codes import Codes
from rag.stages.verify.checks.typed.drugs import Actions, Doses, Drugs, Frequencies, Routes
from rag.stages.verify.checks.typed.exclusive import Certainties, Changes, Courses, Orders, Results
from rag.stages.verify.checks.typed.measures import Ages, Clocks, Days, Intervals, Sizes, Values
from rag.stages.verify.checks.typed.people import Persons

TYPED: tuple[Typed, ...] = (
    Drugs(), Doses(), Frequencies(), Routes(), Actions(), Values(), Sizes(), Days(), Intervals(), Clocks(), Ages(), Sites(),
    Sides(), Changes(), Results(), Orders(), Certainties(), Courses(), Persons(), Codes(),
)  # fmt: skip
