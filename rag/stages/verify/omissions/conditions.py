"""Conditions of a record that a summary does not name: those of its lists of diagnoses, and lasting ones wherever they stand."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from rag.clinical.facts.types import Course
from rag.stages.verify.omissions.base import Omission, Severity, first_of, holds, known, listed, span_of
from rag.stages.verify.omissions.said import Said
from rag.stages.verify.omissions.units import Unit
from rag.stages.verify.words import Word

ITEM = re.compile(
    r"[,;\n|:]|\.(?=\s|$)|\((?=)|\)| and | with | on | s/p | from | for | in | due to | because | after | of (?=\d)"
)
ENOUGH = 0.6
LISTS = ("Past medical history", "Diagnoses", "Past surgical history")
DENIED = frozenset({"negated", "uncertain", "family", "planned"})
SPARE = frozenset(
    "stage type mild moderate severe chronic acute known primary secondary recurrent new old history hx prior previous status "
    "stable left right bilateral permanent persistent paroxysmal poorly controlled remission gold class grade early late active "
    "current has he she also patient man woman now".split()
)


def omitted_conditions(record: Sequence[Unit], said: Said) -> Iterator[Omission]:
    """The conditions of a record that its summary leaves out."""
    kept: list[tuple[frozenset[str], Omission]] = []
    gone = _excluded(record)
    for unit in record:
        for part in _parts(unit):
            words = _core(part)
            if not words or frozenset(word.stem for word in words) & gone or said.covered(words) >= ENOUGH:
                continue
            stems = frozenset(word.stem for word in words)
            if _told(words, part, said) or any(stems <= other or other <= stems for other, _ in kept):
                continue
            stems |= frozenset(stem for word in words for form in word.others for stem in form)
            kept.append(
                (
                    stems,
                    Omission("diagnosis", part_text(words, part), _severity(part), "a condition of the record", (span_of(part),)),
                )
            )
    yield from (one for _, one in kept)


def part_text(words: Sequence[Word], part: Unit) -> str:
    """A condition as it is written."""
    return " ".join(part.document.text[words[0].start : words[-1].end].split())


def _told(words: Sequence[Word], unit: Unit, said: Said) -> bool:
    """Whether a summary names a condition by another name of the rules."""
    own = part_text(words, unit).lower()
    return any(holds(own, group) and holds(said.low, group) for group in _groups())


@cache
def _groups() -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(name.lower() for name in one) for one in known()["conditions"]["same"]["groups"])


def _parts(unit: Unit) -> Iterator[Unit]:
    if unit.place in ("Allergies", "Family history", "Medications", "Social history", "Review of systems", "Follow-up"):
        return
    for part in unit.parts(ITEM):
        if part.words and _is_condition(part, unit):
            yield part


def _is_condition(part: Unit, unit: Unit) -> bool:
    heads = listed("conditions", "heads") if unit.place in LISTS else listed("conditions", "lasting")
    named = holds(part.low, heads) or any(holds(part.text, (short,)) for short in listed("conditions", "short"))
    if not named or any(word.statuses & DENIED for word in part.words) or holds(part.low, listed("conditions", "never")):
        return False
    if holds(unit.low, listed("conditions", "never")) and unit.place not in LISTS:
        return False
    if part.document.text[part.end : part.end + 10].lstrip(" /a-z").startswith("?"):
        return False
    return not any(isinstance(one, Course) and one.state in ("not done",) for one in part.facts)


def _core(part: Unit) -> tuple[Word, ...]:
    """The words that name a condition: the last of its heads with up to three before it, or a short form alone."""
    short = first_of(part.text, listed("conditions", "short"))
    if short:
        at = part.start + part.text.find(short)
        return tuple(word for word in part.words if at <= word.start < at + len(short))
    own = [word for word in part.words if word.weight and not word.written[0].isdigit()]
    for at in range(len(own) - 1, -1, -1):
        if _is_head(own[at]) and not _is_bare(part, own, at):
            behind = part.document.text[own[at].end : part.end].lower().split()[:1] == ["of"]
            return tuple(word for word in own[max(0, at - 3) : at + (3 if behind else 1)] if word.written.lower() not in SPARE)
    return ()


def _is_bare(part: Unit, own: Sequence[Word], at: int) -> bool:
    """Whether a head that says little by itself ("disease") has no word right before it."""
    if own[at].written.lower() not in listed("conditions", "wide"):
        return False
    return not at or bool(part.document.text[own[at - 1].end : own[at].start].strip(" -/"))


def _is_head(word: Word) -> bool:
    return word.written.lower() in listed("conditions", "heads") or word.written.lower() in listed("conditions", "lasting")


def _excluded(record: Sequence[Unit]) -> frozenset[str]:
    """Conditions that a record rules out, by their stems."""
    cues = ("ruled out", "excluded", "unlikely", "not supported")
    return frozenset(
        word.stem
        for unit in record
        if holds(unit.low, cues)
        for word in unit.words
        if holds(word.written.lower(), listed("conditions", "heads"))
    )


def _severity(part: Unit) -> Severity:
    if holds(part.low, listed("conditions", "grave")):
        return "high"
    return "low" if holds(part.low, listed("conditions", "slight")) else "moderate"
