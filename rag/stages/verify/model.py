"""The model of support: reads a statement beside its source and says how likely it is supported, and which words are wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rag.stages.reader.trained import Logits, Trained
from rag.stages.reader.windows import Window
from rag.stages.verify.texts import Source, Statement
from rag.stages.verify.windows import spans, window

MISSING = (
    "The model of support is not here, so statements are judged by the checks and by shared words alone. It needs MiniLM, and "
    "rag/stages/verify/support.safetensors, which belongs to the repository."
)
SUPPORT = Trained(Path(__file__).with_name("support.safetensors"), MISSING)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the model says of a statement: the logarithms of the odds that it is supported and that it is contradicted.

    `words` are (start, end, logit that this word is wrong) of the response, for the words that it read.
    """

    supported: float
    contradicted: float
    words: tuple[tuple[int, int, float], ...]

    @property
    def worst(self) -> float:
        """The logit of the word that is most likely wrong; that none is where it has no words."""
        return max((logit for *_, logit in self.words), default=-10.0)


def installed() -> bool:
    """Whether the model of support can be used."""
    return SUPPORT.installed()


def absent() -> bool:
    """Whether weights belong to this version, their checksum being written down, and cannot be used here."""
    return "sha256" in SUPPORT.facts and not installed()


def readings(asked: Sequence[tuple[Statement, Source]]) -> list[Reading]:
    """What the model says of statements beside their sources, in order. Raises ModelProblem."""
    return [_reading(said, found) for (said, _), found in zip(asked, SUPPORT.read([_window(*one) for one in asked]), strict=True)]


def warm() -> None:
    """Makes the graph and opens it, where the model is here, so that the first answer does not wait for it."""
    if installed():
        SUPPORT.read([window("ready", ["ready"])])


def keep() -> None:
    """Keeps the graph, as the set-up does. Raises ModelProblem."""
    SUPPORT.keep()


def _window(said: Statement, source: Source) -> Window:
    return window(said.text, source.sentences, said.aligned)


def _reading(said: Statement, found: Logits) -> Reading:
    places, (supported, contradicted) = found
    words = [
        (said.start + start, said.start + end, float(logit))
        for (start, end), logit in zip(spans(said.text), places, strict=False)
    ]
    return Reading(
        supported=float(supported - np.logaddexp(0.0, contradicted)),
        contradicted=float(contradicted - np.logaddexp(0.0, supported)),
        words=tuple(words),
    )
