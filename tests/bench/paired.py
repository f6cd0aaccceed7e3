"""Fault pairs: statements about invented notes with one fault, each beside its faithful twin, as `verify` judges them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rag.stages.verify.judge import judged
from tests.bench.corpora import Settings
from tests.bench.figures import Figure, at_least, at_most, share

FOLDER = Path(__file__).parent / "paired"
STRICT = {"drug", "dose", "unit", "frequency", "side", "value", "negation"}
"""Kinds whose faults harm most; of the others fewer have to be caught."""


@dataclass(frozen=True)
class Pair:
    """A faithful statement about a source, and the same one with one fault."""

    note: str
    kind: str
    style: str
    source: str
    faithful: str
    faulty: str


def pairs(name: str) -> Iterator[Pair]:
    """The pairs of a file of `paired`."""
    for block in (FOLDER / f"{name}.txt").read_text("utf-8").split("##### ")[1:]:
        note, _, rest = block.partition("\n")
        source, _, told = rest.removeprefix("===== source\n").partition("===== pairs\n")
        lines = told.strip().split("\n")
        for head, faithful, faulty in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
            kind, _, style = head.partition(" | ")
            yield Pair(note, kind, style, source.strip(), faithful.removeprefix("+ "), faulty.removeprefix("- "))


def paired(settings: Settings) -> list[Figure]:
    """By kind: faulty statements called unsupported; by style: faithful ones called unsupported; and pairs ranked right."""
    figures: list[Figure] = []
    for name in sorted(path.stem for path in FOLDER.glob("*.txt")):
        own = list(pairs(name))
        told = [(one, judged(one.faithful, one.source), judged(one.faulty, one.source)) for one in own]
        for kind in sorted({one.kind for one in own}):
            caught = [faulty.supported is False for one, _, faulty in told if one.kind == kind]
            figures.append(share(f"{name}, {kind}: caught", caught, at_least(0.95 if kind in STRICT else 0.85)))
        for style, most in (("close", 0.05), ("paraphrase", 0.10)):
            alarms = [faithful.supported is False for one, faithful, _ in told if one.style == style]
            figures.append(share(f"{name}, faithful, {style}: false alarms", alarms, at_most(most)))
        figures.append(share(f"{name}: caught", [faulty.supported is False for _, _, faulty in told], at_least(0.85)))
        ranked = [faithful.score > faulty.score for _, faithful, faulty in told]
        figures.append(share(f"{name}: ranked right", ranked, at_least(0.95)))
    return figures
