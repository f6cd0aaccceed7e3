"""What a check is, and what it says."""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal, Protocol

from rag.stages.verify.texts import Source, Statement

Judged = Literal["supported", "contradicted", "missing"]


UNKNOWN = (-1.0, 3.0)
"""Intercept and slope of what no labelled pair has met."""
Case = Literal["same", "rival", "missing", "fact same", "fact rival", "fact missing", ""]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found: its name, whether the source bears the statement out, why in words, and the places of both.

    `said` is a stretch of the response, `source` one of the source or None where it holds nothing of the kind. `sure` is 0 to 1,
    and rests on what was met: the source says the `same` somewhere, only a `rival`, or neither, and by which `lead` a rival
    stands nearer to the statement's other words.
    """

    check: str
    verdict: Judged
    detail: str
    said: tuple[int, int]
    source: tuple[int, int] | None = None
    sure: float = 1.0
    case: Case = ""
    lead: float = 0.0


def against(check: str, case: Case, lead: float) -> float:
    """How sure it is, 0 to 1, that a statement is wrong where this was met, as often as it was among labelled pairs."""
    table = fitted()["sure"]
    own = table.get(check, {}).get(case) or table["any"].get(case) or UNKNOWN
    return float(1 / (1 + math.exp(-(own[0] + own[1] * lead))))


@cache
def fitted() -> dict[str, Any]:
    """What `tests/train/support.py` fitted."""
    content: dict[str, Any] = json.loads(resources.files("rag.stages.verify").joinpath("support.json").read_text("utf-8"))
    return content


def worst(found: Iterable[Verdict | None]) -> Verdict | None:
    """The verdict that weighs most against a statement, the surest of its kind, or None."""
    return max((one for one in found if one), key=_rank, default=None)


def _rank(one: Verdict) -> tuple[int, float]:
    return ("supported", "missing", "contradicted").index(one.verdict), one.sure


class Check(Protocol):
    """Compares one kind of thing in a statement with its source."""

    @property
    def name(self) -> str: ...

    def __call__(self, said: Statement, source: Source) -> Verdict | None:
        """What it found, or None where it has nothing to say."""
        ...
