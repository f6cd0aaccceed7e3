"""Rates: how often the checks are right by kind of fault, from the file that `python -m tests.train.rates` wrote."""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

from rag.evaluate.card import wilson


@dataclass(frozen=True, slots=True)
class Rate:
    """Of n pairs of a kind: faulty statements caught, left open and missed, and faithful ones called unsupported."""

    kind: str
    n: int
    caught: int
    open: int
    missed: int
    alarms: int

    @property
    def caught_interval(self) -> tuple[float, float]:
        return wilson(self.caught, self.n)

    @property
    def alarms_interval(self) -> tuple[float, float]:
        return wilson(self.alarms, self.n)


@dataclass(frozen=True, slots=True)
class Rates:
    """What was measured: by kind, on so many documents, when and by which command."""

    date: str
    command: str
    documents: int
    kinds: tuple[Rate, ...]

    @property
    def whole(self) -> Rate:
        """All kinds together."""
        return Rate(
            "all",
            *(sum(getattr(one, name) for one in self.kinds) for name in ("n", "caught", "open", "missed", "alarms")),
        )


@cache
def rates() -> Rates | None:
    """What the measuring command wrote; None where it never ran."""
    file = resources.files("rag.evaluate").joinpath("rates.json")
    if not file.is_file():
        return None
    told = json.loads(file.read_text("utf-8"))
    return Rates(told["date"], told["command"], told["documents"], tuple(Rate(**one) for one in told["kinds"]))
