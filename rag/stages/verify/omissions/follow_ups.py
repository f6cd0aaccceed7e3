"""What is to be done after a stay by its record, and is not in its summary: visits, tests, referrals, removals."""

import re
from collections.abc import Iterator, Sequence

from rag.clinical.facts.types import Day, Drug, Interval, Order, Person, Value
from rag.stages.verify.omissions.base import Omission, holds, listed, span_of
from rag.stages.verify.omissions.said import Said, days_in, is_after
from rag.stages.verify.omissions.units import Unit
from rag.stages.verify.words import Word

PIECE = re.compile(r";(?=\s)|, (?=(?:and )?(?:[A-Z]|see |then ))| and (?=[A-Z])")
REASON = re.compile(r" (?:for|because|while|with) ")
ENOUGH, MOST = 0.4, 0.6
SOON, BARE, LATE, SHORT = 2.0, 5.0, 3, 14
AHEAD = ("in", "after", "")
WEEKDAYS = frozenset(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))
PAST_OF = ("admission", "gestation")


def omitted_follow_ups(record: Sequence[Unit], said: Said) -> Iterator[Omission]:
    """What a record says is to be done later, and its summary does not."""
    kept: list[tuple[frozenset[str], Omission]] = []
    for at, unit in enumerate(record):
        for part in _parts(unit):
            words = _key(part)
            if not words or not _is_ahead(part, said.last) or _done(words, part, record[at + 1 :]):
                continue
            if said.covered(words, said.ahead) >= ENOUGH and (
                not (heads := _heads(part, words)) or said.covered(heads, said.ahead)
            ):
                continue
            stems = frozenset(word.stem for word in words)
            if any(len(stems & other) >= 0.5 * min(len(stems), len(other)) for other, _ in kept):
                continue
            text = " ".join(part.text.split())
            grave = any(cue in part.low for cue in listed("follow_ups", "grave"))
            kept.append(
                (
                    stems,
                    Omission("follow-up", text, "high" if grave else "moderate", "to be done after the stay", (span_of(part),)),
                )
            )
    yield from (one for _, one in kept)


def _parts(unit: Unit) -> Iterator[Unit]:
    if unit.place in listed("follow_ups", "nowhere", "places"):
        return
    for part in unit.parts(PIECE):
        if part.words and _is_thing(part):
            yield part


def _is_thing(part: Unit) -> bool:
    return holds(part.low, listed("follow_ups", "things")) or any(
        isinstance(one, Person) and one.group in ("service", "staff") for one in part.facts
    )


def _key(part: Unit) -> tuple[Word, ...]:
    """The words that tell what is to be done; those that any visit has count only where there are no others."""
    general = frozenset(listed("follow_ups", "general"))
    timed = [(one.start, one.end) for one in part.facts if isinstance(one, Interval | Day)]
    own = [word for word in part.words if word.weight and not word.written[0].isdigit()]
    own = [word for word in own if not any(low <= word.start < high for low, high in timed)]
    reason = REASON.search(part.text)
    own = [
        word for word in own if reason and word.start < part.start + reason.start() and word.written.lower() not in general
    ] or own
    return tuple(word for word in own if word.written.lower() not in general) or tuple(own)


def _heads(part: Unit, words: Sequence[Word]) -> tuple[Word, ...]:
    """Those of the words that name what is done or who does it: a test, a service."""
    services = [(one.start, one.end) for one in part.facts if isinstance(one, Person) and one.group in ("service", "staff")]
    things = listed("follow_ups", "things")
    return tuple(
        word for word in words if word.written.lower() in things or any(low <= word.start < high for low, high in services)
    )


def _is_ahead(part: Unit, last: int | None) -> bool:
    """Whether a part of a statement speaks of what is to be done after the stay."""
    low = part.low
    if holds(low, listed("follow_ups", "inside")) or holds(low, listed("follow_ups", "done")):
        return False
    if holds(low, listed("follow_ups", "reason", "phrases")):
        return False
    cued = holds(low, listed("follow_ups", "cues", "phrases"))
    if low.startswith(("=", "#", ">")) or (not cued and holds(low, listed("follow_ups", "past"))):
        return False
    days = [is_after(day, part, last) for day in days_in(part)]
    if days and not any(days):
        return False
    weekday = any(isinstance(one, Day) and one.day in WEEKDAYS for one in part.facts)
    if weekday and part.place in ("Follow-up", "Instructions") and holds(low, listed("follow_ups", "tests")):
        return True
    later = any(days) or any(_is_later(one, part, last) for one in part.facts)
    named = holds(low, listed("follow_ups", "tests"))
    dosing = any(isinstance(one, Drug) for one in part.facts) and not cued and not named
    if later and not dosing:
        return True
    if holds(low, listed("follow_ups", "strong", "phrases")) and not holds(low, listed("follow_ups", "past")):
        return True
    valued = any(isinstance(one, Value) for one in part.facts)
    ordered = part.place == "Follow-up" or any(isinstance(one, Order) and one.order in ("before", "after") for one in part.facts)
    late = part.day is None or last is None or last - part.day <= LATE
    tested = ordered and late and not valued and not dosing and len(part.words) <= SHORT
    return tested and named


def _is_later(one: object, part: Unit, last: int | None) -> bool:
    """Whether a stretch of time leads from the day on which it is written to one after the stay."""
    if not isinstance(one, Interval) or one.way not in AHEAD or one.days < SOON or one.of in PAST_OF:
        return False
    if one.way == "" and one.days < BARE:
        return False
    due = part.day + max(one.days, one.most or 0) if part.day else None
    return due is None or last is None or due > last


def _done(words: Sequence[Word], part: Unit, later: Sequence[Unit]) -> bool:
    """Whether a later statement says that it was done, what it showed, or that it is not wanted."""
    stems = {word.stem for word in words}
    for unit in later:
        held = stems & {word.stem for word in unit.words}
        told = holds(unit.low, listed("follow_ups", "done")) or holds(unit.low, listed("follow_ups", "result"))
        if (
            told
            and len(held) >= max(1, round(MOST * len(stems)))
            and not holds(unit.low, listed("follow_ups", "strong", "phrases"))
        ):
            return True
    return False
