"""What an omission is: something of a record that its summary leaves out."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from rag.rules import rules
from rag.stages.verify.omissions.units import Unit
from rag.values import Span

Kind = Literal["drug", "allergy", "pending", "follow-up", "diagnosis", "device"]
Severity = Literal["high", "moderate", "low"]
SEVERITIES: tuple[Severity, ...] = ("high", "moderate", "low")


@dataclass(frozen=True, slots=True)
class Omission:
    """What a summary leaves out: `text` names it, `why` says what the record has of it, `spans` where."""

    kind: Kind
    text: str = field(repr=False)
    severity: Severity
    why: str = field(repr=False)
    spans: tuple[Span, ...]

    @property
    def weight(self) -> int:
        """What it counts against a budget."""
        return int(known()["severities"][self.severity])


def span_of(unit: Unit) -> Span:
    return Span(unit.document.name, unit.start, unit.end)


@cache
def known() -> dict[str, Any]:
    """The rules of omissions."""
    found: dict[str, Any] = rules("omissions")
    return found


@cache
def listed(part: str, name: str, key: str = "words") -> tuple[str, ...]:
    """The words or phrases of a rule."""
    return tuple(known()[part][name][key])


def holds(text: str, words: Iterable[str]) -> bool:
    """Whether a text in small letters holds one of these as whole words; one that ends with a blank may begin a word."""
    return first_of(text, words) is not None


def first_of(text: str, words: Iterable[str]) -> str | None:
    """The first of these words that a text in small letters holds whole."""
    for word in words:
        at = text.find(word)
        while at >= 0:
            end = at + len(word)
            if not (at and text[at - 1].isalnum()) and not (end < len(text) and text[end].isalnum()):
                return word
            at = text.find(word, at + 1)
    return None
