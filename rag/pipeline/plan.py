"""Plan: what a change will compute before the next question, and what a question then asks of slow steps; about how long."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from rag.embedding import Embedding
from rag.keep.artifacts import Artifacts
from rag.pipeline.titles import title
from rag.stage import Stage, fingerprint
from rag.stages.models.chat import ChatModel
from rag.values import Chunk, Usage

MANY = 100  # Passages whose embedding may be long, where no pace is known.
LOOKED_AT = 2000  # Passages whose token vectors stand for all.
TOKENS = "tokens"
TIMED = ("scope", "expand", "retrieve", "rerank", "refuse", "prompt", "answer", "verify")
ASKED = {"expand": "the model of the query", "rerank": "the reranker", "answer": "the model of the answer"}


@dataclass(frozen=True)
class Work:
    """A part of a plan: what would be done for how many, and about how many seconds, or None where it never ran."""

    stage: str
    units: int
    what: str
    seconds: float | None


@dataclass(frozen=True)
class Plan:
    """What a pipeline would compute for a corpus before it can be asked. Empty means: at once.

    `warning` says what is wrong with the passages that it would compute with; mostly nothing. `asking` is what every new
    question then asks of models and of rerankers that take their time.
    """

    work: tuple[Work, ...] = ()
    warning: str = ""
    asking: tuple[Work, ...] = ()

    @property
    def seconds(self) -> float | None:
        """About how long it takes until an answer, models left out, or None where a part never ran."""
        times = [part.seconds for part in (*self.work, *(part for part in self.asking if part.stage == TOKENS))]
        return None if None in times else sum(second for second in times if second is not None)

    def is_dear(self, limit: float) -> bool:
        """Whether it takes longer than so many seconds; where nobody knows, whether it embeds many passages."""
        if self.seconds is None:
            return any(part.stage == "embed" and part.units > MANY for part in self.work)
        return self.seconds > limit

    def __str__(self) -> str:
        asked = ", ".join(f"{part.what}: {_about(part.seconds)}" for part in self.asking)
        if not self.work:
            return f"Nothing to recompute. A question asks {asked}." if asked else "Nothing to recompute: takes effect at once."
        times = [part.seconds for part in self.work]
        about = _about(None if None in times else sum(second for second in times if second is not None))
        work = f"{', '.join(part.what for part in self.work)}: {about}."
        return f"{work} A question then asks {asked}." if asked else work


def asking(
    stages: Mapping[str, Any],
    chunks: Sequence[Chunk],
    embedder: Embedding,
    candidates: int,
    artifacts: Artifacts,
    questions: int = 1,
) -> tuple[Work, ...]:
    """What questions will ask of the slow ones among these stages: about how long, by what they took before."""
    found = []
    for name in ASKED:
        stage, units = stages[name], 1
        if name == "rerank":
            units = min(getattr(stage, "depth", candidates), candidates, len(chunks) or candidates)
        told = f"{ASKED[name]} ({title(name, stage.kind)})"
        if reads_tokens(stage):
            read = min(units * questions, len(chunks) or units * questions)  # Each passage once.
            units = ceil(read * _without_tokens(chunks, embedder, artifacts))
            pace = artifacts.pace(f"tokens {embedder.key()}") or artifacts.pace(f"embed {embedder.key()}")
            if units:
                found.append(Work(TOKENS, units, told, None if pace is None else pace * units))
        elif hasattr(stage, "model"):
            units = questions * (stage.calls(units) if hasattr(stage, "calls") else units)
            pace = pace_of(name, stage, artifacts)
            found.append(Work(name, units, told, None if pace is None else pace * units))
    return tuple(found)


def note_asked(
    stages: Mapping[str, Any], candidates: int, ms: Mapping[str, float], usage: Mapping[str, Usage], artifacts: Artifacts
) -> None:
    """Remembers how long the stages took for a question; not models that were not asked, since what they said was kept.

    Nor what reads token vectors: making these takes the time, and has a pace of its own.
    """
    taken = []
    for name in (one for one in TIMED if one in ms):
        stage, units = stages[name], 1
        calls = usage[name].calls if name in usage else 0
        if (isinstance(stage, ChatModel) and not calls) or reads_tokens(stage):
            continue
        if hasattr(stage, "model"):
            if name == "rerank":
                units = calls if hasattr(stage, "calls") else min(getattr(stage, "depth", candidates), candidates)
            if not units or ms[name] <= units:  # A model reads no passage within a millisecond: what is faster was kept.
                continue
        taken.append((_step(name, stage), units, ms[name] / 1000))
    artifacts.note_all(taken)


def reads_tokens(stage: Stage) -> bool:
    """Whether a stage reads token vectors of passages, which are made for the first question that needs them."""
    return bool(getattr(stage, "reads_tokens", False))


def pace_of(name: str, stage: Stage, artifacts: Artifacts) -> float | None:
    """About how many seconds a call of this stage's model takes, or a passage that it reads; None where it never ran."""
    return artifacts.pace(_step(name, stage))


def _step(name: str, stage: Stage) -> str:
    about = (str(getattr(stage, field, "")) for field in ("kind", "name", "model", "base_url"))
    return f"{name} {fingerprint(*about)}"


def _without_tokens(chunks: Sequence[Chunk], embedder: Embedding, artifacts: Artifacts) -> float:
    """The share of passages whose token vectors are not kept; all of them where nothing is known yet."""
    texts = {chunk.indexed for chunk in chunks[:: -(-len(chunks) // LOOKED_AT) or 1]}
    return len(artifacts.unseen(embedder, list(texts), "tokens")) / len(texts) if texts else 1.0


def amount(number: int, thing: str) -> str:
    """A number with its noun: "1 passage", "2,580 passages"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _about(seconds: float | None) -> str:
    return "time not known yet" if seconds is None else f"roughly {duration(seconds)}"


def duration(seconds: float) -> str:
    """A time in a few characters, at least a second: "1 s", "50 s", "2 min"."""
    if seconds < 1:
        return "1 s"
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
