"""Times of day: as figures, in words, or the part of the day that is named."""

from collections.abc import Iterator
from functools import cache

from rag.clinical.facts.times.amounts import ONES, TEENS, number_at
from rag.clinical.facts.tokens import Phrases, Tokens, tokens_of
from rag.clinical.facts.types import Clock
from rag.rules import rules
from rag.values import Document

NO_TIME = frozenset("titer titre titers dilution ratio diluted concentration epinephrine solution scale".split())
LATE = frozenset({"afternoon", "evening", "night", "pm"})
YEARS = range(1940, 2036)


def clock_times(document: Document) -> Iterator[Clock]:
    """The times of day of a document, in order, none inside another."""
    behind = 0
    tokens = tokens_of(document.text)
    for one in sorted([*_figures(tokens), *_words(tokens), *_parts(tokens)], key=lambda found: (found.start, -found.end)):
        if one.start >= behind:
            behind = one.end
            yield one


def _figures(tokens: Tokens) -> Iterator[Clock]:
    said = tokens.said
    for at in [at for at, word in enumerate(said) if word == ":"]:
        yield from _with_minutes(tokens, at)
    for at in [at for at, word in enumerate(said) if word in ("am", "pm", "a", "p") and said[at - 1].isdecimal()]:
        yield from _with_half(tokens, at)
    for at in [at for at, word in enumerate(said) if len(word) == 4 and word.isdecimal()]:
        yield from _four_figures(tokens, at)


def _with_minutes(tokens: Tokens, at: int) -> Iterator[Clock]:
    """ "17:30", "5:30 pm", "06:48:10"."""
    hour, minute = tokens.word(at - 1), tokens.word(at + 1)
    glued = tokens.glued(at) and tokens.glued(at + 1)
    if not (glued and hour.isdecimal() and minute.isdecimal() and len(hour) < 3 and len(minute) == 2):
        return
    if int(hour) > 23 or int(minute) > 59 or NO_TIME & set(tokens.said[max(0, at - 5) : at]) or tokens.word(at - 2) in ("/", ":"):
        return
    last = at + 2
    if tokens.word(last) == ":" and tokens.glued(last) and len(tokens.word(last + 1)) == 2 and tokens.word(last + 1).isdecimal():
        last += 2
    yield _clock(tokens, at - 1, last, int(hour), int(minute))


def _with_half(tokens: Tokens, at: int) -> Iterator[Clock]:
    """ "11 a.m.", "5pm", "530am"."""
    figures = tokens.word(at - 1)
    if tokens.said[at] in "ap" and not (tokens.word(at + 1) == "." and tokens.word(at + 2) == "m"):
        return
    if len(figures) > 4 or tokens.word(at - 2) in (":", ".", "/"):
        return
    hour, minute = (int(figures), 0) if len(figures) < 3 else (int(figures[:-2]), int(figures[-2:]))
    if 1 <= hour <= 12 and minute < 60:
        yield _clock(tokens, at - 1, at, hour, minute)


def _four_figures(tokens: Tokens, at: int) -> Iterator[Clock]:
    """ "at 0820", "2100 hours", "0105"."""
    figures, before, after = tokens.said[at], tokens.word(at - 1), tokens.word(at + 1)
    if int(figures[:2]) > 23 or int(figures[2:]) > 59 or before in "#-./$:" or tokens.glued(at):
        return
    if after in _measures() or (after in ("-", "/", ".") and tokens.glued(at + 1) and tokens.glued(at + 2)):
        return
    hours = after in ("hrs", "hours", "h", "hr", "hour")
    sure = hours or before in ("at", "@", "tonight", "given", "due", "time")
    cue = before in rules("facts_times")["four_figures_after"] or (figures[0] == "0" and figures != "0000")
    joined = before in ("to", "and", "or") and len(tokens.word(at - 2)) == 4 and tokens.word(at - 2).isdecimal()
    if sure or ((cue or joined) and int(figures) not in YEARS):
        yield Clock(start=tokens.starts[at], end=tokens.ends[at + hours], minute=60 * int(figures[:2]) + int(figures[2:]))


def _words(tokens: Tokens) -> Iterator[Clock]:
    """ "half past five", "quarter to nine", "nine o'clock", "eleven at night", "tonight at nine"."""
    hours = ONES | {word: number for word, number in TEENS.items() if number < 13}
    said = tokens.said
    for at in [at for at, word in enumerate(said) if word in hours or (word.isdecimal() and len(word) < 3)]:
        hour = hours.get(said[at]) or int(said[at])
        first, minute = _before_hour(tokens, at)
        told = first < at or said[at + 1] == "o'clock"
        last = at + 1 + (said[at + 1] == "o'clock")
        part = _parts_of_day().at(tokens, last)
        named = part is not None and part.rule != "noon" and said[at - 1] not in ("every", "-")
        led = said[at - 1] == "at" and said[at - 2] in (
            "tonight",
            "tomorrow",
            "today",
            "yesterday",
            "night",
            "morning",
            "evening",
        )
        if 1 <= hour <= 12 and (told or led or (named and said[last] in ("in", "at"))):
            yield _clock(tokens, first, last, hour, minute, said[at - 2] if led and said[at - 2] in ("tonight", "night") else "")


def _before_hour(tokens: Tokens, at: int) -> tuple[int, int]:
    """The first token and the minutes of "half past", "quarter to", "ten past" before an hour."""
    before, amount = tokens.word(at - 1), tokens.word(at - 2)
    if before not in ("past", "to", "after"):
        return at, 0
    number = number_at(tokens, at - 2)
    minutes = 30 if amount == "half" else 15 if amount == "quarter" else int(number.number) if number and before == "past" else 0
    if not minutes or (amount == "half" and before != "past") or minutes > 59:
        return at, 0
    return at - 2 - (tokens.word(at - 3) == "a" and amount != "ten"), -minutes if before == "to" else minutes


def _clock(tokens: Tokens, first: int, last: int, hour: int, minute: int, led: str = "") -> Clock:
    """The time of an hour and minutes, with "am", "pm" or the part of the day behind it."""
    half, behind = tokens.word(last), last
    if half in ("am", "pm"):
        behind += 1
    elif half in ("a", "p") and tokens.word(last + 1) == "." and tokens.word(last + 2) == "m":
        half, behind = f"{half}m", last + 3
    elif part := _parts_of_day().at(tokens, last):
        half, behind = part.rule, part.last
    elif led:
        half = "night"
    if half in LATE and hour < 12 and not (half == "night" and hour < 5):
        hour += 12
    elif half in ("am", "morning", "night") and hour == 12:
        hour = 0
    return Clock(start=tokens.starts[first], end=tokens.ends[behind - 1], minute=(60 * hour + minute) % 1440)


def _parts(tokens: Tokens) -> Iterator[Clock]:
    for found in _parts_of_day().find(tokens):
        word = tokens.said[found.last - 1]
        minute = 720 if word in ("noon", "midday") else 0 if word == "midnight" else None
        yield Clock(start=tokens.starts[found.first], end=tokens.ends[found.last - 1], minute=minute, part=found.rule)


@cache
def _parts_of_day() -> Phrases[str]:
    return Phrases((phrase, rule["part"]) for rule in rules("facts_times")["parts"] for phrase in rule["phrases"])


@cache
def _measures() -> frozenset[str]:
    return frozenset(rules("facts_times")["measures"])
