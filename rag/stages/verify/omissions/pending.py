"""Results that a record says are still to come, and that a summary does not name."""

import re
from collections.abc import Iterator, Sequence

from rag.clinical.facts.types import Value
from rag.stages.verify.omissions.base import Omission, first_of, holds, listed, span_of
from rag.stages.verify.omissions.said import Said
from rag.stages.verify.omissions.units import Unit
from rag.stages.verify.words import Word

CLAUSE = re.compile(r";\s|, (?=(?!which |that )[a-z]+ (?:is|are|was|were) )")
ENOUGH, BRIEF = 0.55, 6
SPARE = frozenset(
    "sent drawn result results pending still outstanding awaited awaiting follow back today yet available taken resulted final "
    "report discharge send out come due next week ago unexplained process preliminary discussed time level test "
    "result's received collected obtained requested".split()
)


def omitted_results(record: Sequence[Unit], said: Said) -> Iterator[Omission]:
    """The pending results of a record that its summary leaves out; one that came back later in the record is not pending."""
    kept: list[tuple[frozenset[str], Omission]] = []
    for at, unit in enumerate(record):
        for part in _parts(unit):
            words = topic(part)
            if not words or _came_back(words, record[at + 1 :], part) or _said(words, part, said):
                continue
            stems = frozenset(word.stem for word in words)
            if any(stems <= other or other <= stems for other, _ in kept):
                continue
            name = " ".join(dict.fromkeys(word.written for word in words))
            grave = any(cue in part.low for cue in listed("pending", "grave"))
            kept.append(
                (stems, Omission("pending", name, "high" if grave else "moderate", "the result is not back", (span_of(part),)))
            )
    yield from (one for _, one in kept)


def _parts(unit: Unit) -> Iterator[Unit]:
    """The clauses of a statement that say that a result is to come."""
    if not holds(unit.low, listed("pending", "cues", "phrases")) or holds(unit.low, listed("pending", "never", "phrases")):
        return
    for part in unit.parts(CLAUSE):
        if holds(part.low, listed("pending", "cues", "phrases")) and _is_test(part):
            yield part


def _is_test(part: Unit) -> bool:
    return (
        len(part.words) <= BRIEF
        or holds(part.low, listed("pending", "tests"))
        or any(isinstance(one, Value) for one in part.facts)
    )


def topic(part: Unit) -> tuple[Word, ...]:
    """The words that name what is to come."""
    cue = first_of(part.low, listed("pending", "cues", "phrases")) or ""
    spare = SPARE | frozenset(cue.split())
    return tuple(
        word for word in part.words if word.written.lower() not in spare and word.weight and not word.written[0].isdigit()
    )


def _came_back(words: Sequence[Word], later: Sequence[Unit], part: Unit) -> bool:
    """Whether a later statement names the same thing with what was found."""
    stems = {word.stem for word in words}
    for unit in later:
        if unit.entry == part.entry and unit.document is part.document:
            continue
        held = stems & {word.stem for word in unit.words}
        told = holds(unit.low, listed("pending", "came back")) or any(isinstance(one, Value) for one in unit.facts)
        if len(held) >= max(1, round(0.6 * len(stems))) and told and not holds(unit.low, listed("pending", "cues", "phrases")):
            return True
    return False


def _said(words: Sequence[Word], part: Unit, said: Said) -> bool:
    """Whether a summary names what is to come: in a statement of a test, of what is pending, or of what was found."""
    tests = listed("pending", "tests") + listed("pending", "cues", "phrases") + listed("pending", "came back")
    spans = [(one.start, one.end) for one in said.units if holds(one.low, tests) or any(isinstance(f, Value) for f in one.facts)]
    return said.covered(words, spans) >= ENOUGH
