"""What is drawn on a document's text: sections, dates, assertions and findings, each layer with its tint and hints."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pages.shared.text_view import Block, Part
from rag.values import Document, Finding


@dataclass(frozen=True)
class Stretch:
    """A stretch of a text with its look and what is told when the pointer rests on it."""

    start: int
    end: int
    look: str
    hint: str = ""


def drawn(text: str, low: int, high: int, stretches: Iterable[Stretch], goal: int | None = None) -> list[Part]:
    """The text from `low` to `high`, cut wherever a stretch begins or ends; the box scrolls to the offset `goal`."""
    here = sorted((s for s in stretches if s.start < high and s.end > low and s.start < s.end), key=lambda s: s.start)
    edges = {low, high, *(edge for s in here for edge in (s.start, s.end) if low < edge < high)}
    if goal is not None and low < goal < high:
        edges.add(goal)
    parts: list[Part] = []
    active: list[Stretch] = []
    at = 0
    for begin, end in pairwise(sorted(edges)):
        while at < len(here) and here[at].start <= begin:
            active.append(here[at])
            at += 1
        active = [s for s in active if s.end > begin]
        look = " ".join(dict.fromkeys(s.look for s in active))
        hint = "\n".join(dict.fromkeys(s.hint for s in active if s.hint))
        parts.append({"text": text[begin:end], "look": look, "hint": hint, "goal": goal is not None and begin == max(goal, low)})
    return parts


def finding_stretch(one: Finding, threshold: float) -> Stretch:
    """How a finding is drawn: paler where it does not hold the document back."""
    look = one.kind if one.score >= threshold else "low"
    return Stretch(one.start, one.end, look, f"{one.kind} {one.type}: {one.rule}, score {one.score:.2f}")


def _sections(document: Document, findings: Sequence[Finding], threshold: float) -> list[Stretch]:
    return [
        Stretch(s.start, s.body, "head", f"section: {s.title}, level {s.level}") for s in document.sections if s.start < s.body
    ]


def _dates(document: Document, findings: Sequence[Finding], threshold: float) -> list[Stretch]:
    return [Stretch(m.start, m.end, "date", f"date: {m.day or 'left open'} ({m.rule})") for m in document.moments]


def _assertions(document: Document, findings: Sequence[Finding], threshold: float) -> list[Stretch]:
    return [Stretch(a.start, a.end, f"said {a.status}", f"{a.status}: {a.cue}") for a in document.assertions]


def _findings(document: Document, findings: Sequence[Finding], threshold: float) -> list[Stretch]:
    return [finding_stretch(one, threshold) for one in findings if one.aside is None]


LAYERS: dict[str, Callable[[Document, Sequence[Finding], float], list[Stretch]]] = {
    "Sections": _sections,
    "Dates": _dates,
    "Assertions": _assertions,
    "Findings": _findings,
}
LEGEND: dict[str, tuple[tuple[str, str], ...]] = {
    "Sections": (("head", "section heading"),),
    "Dates": (("date", "date"),),
    "Assertions": tuple((f"said {status}", status) for status in ("negated", "uncertain", "historical", "planned", "family")),
    "Findings": (
        ("identifier", "identifier"),
        ("instruction", "instruction"),
        ("hidden", "hidden text"),
        ("low", "below the threshold"),
    ),
}


def legend(layers: Iterable[str]) -> Block:
    """A line that says what each tint means."""
    parts: list[Part] = []
    for layer in layers:
        for look, meaning in LEGEND[layer]:
            parts += [
                {"text": f"\N{NO-BREAK SPACE}{meaning}\N{NO-BREAK SPACE}".replace(" ", "\N{NO-BREAK SPACE}"), "look": look},
                {"text": " ", "look": "gap"},
            ]
    return {"parts": parts, "look": "legend"}
