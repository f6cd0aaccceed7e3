"""The trained reader: for every sentence of a passage how likely it answers a question."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag.stages.reader.trained import Trained
from rag.stages.reader.windows import windows

MISSING = (
    "The reader is not here, so statements are chosen by shared words. It needs MiniLM, and "
    "rag/stages/reader/reader.safetensors, which belongs to the repository."
)
READER = Trained(Path(__file__).with_name("reader.safetensors"), MISSING)

Passage = tuple[str, tuple[str, ...]]
"""Where a passage stands, in words, and its sentences in order."""


def installed() -> bool:
    """Whether the reader can be used."""
    return READER.installed()


def facts() -> dict[str, Any]:
    """What was written down when the reader was made: checksum, calibration, measured figures."""
    return READER.facts


def operating() -> str:
    """In a sentence what was measured at the bar that the refusal has by default; empty where that is not known."""
    known = facts().get("operating") if installed() else None
    if not known:
        return ""
    sets = known["sets"].values()
    total = sum(one["questions"] for one in sets)
    lost, spared = ([one[f"{kind} refused"] for one in sets] for kind in ("answerable", "unanswerable"))
    return (
        f"Measured at {known['below']:g} on {total:,} questions of {len(known['sets'])} sets: {min(lost):.0%} to {max(lost):.0%} "
        f"of the answerable are refused, and {min(spared):.0%} to {max(spared):.0%} of those that the documents do not answer."
    )


def logits(question: str, passages: Sequence[Passage]) -> list[tuple[float, ...]]:
    """For each passage the logit of each of its sentences that it answers the question. Raises ModelProblem."""
    every = [(at, window) for at, (about, sentences) in enumerate(passages) for window in windows(question, about, sentences)]
    found = [[0.0] * len(sentences) for _, sentences in passages]
    for (at, window), (answers, _) in zip(every, READER.read([window for _, window in every]), strict=True):
        found[at][window.first : window.first + len(window.places)] = map(float, answers)
    return [tuple(one) for one in found]


def warm() -> None:
    """Makes the graph and opens it, where the reader is here, so that the first question does not wait for it."""
    if installed():
        logits("ready", [("", ("ready",))])


def keep() -> None:
    """Keeps the graph, as the set-up does. Raises ModelProblem."""
    READER.keep()
