"""A follow-up that is another time or another edition: "and on admission?", "in March?", "and in the 2021 edition?"."""

import re

from rag.pipeline.follow.frames import asks_several
from rag.pipeline.follow.leaning import Before
from rag.pipeline.follow.told import ended, says
from rag.pipeline.follow.turn import Rewriting
from rag.stages.reader.asks import asks_for_rules
from rag.stages.scope.dates import YEAR, Named, dates, editions

WORKS = r"(?:editions?|guidelines?|version|policy|formulary|revision|one)"
LEAD = r"(?:(?:in|by|per|for|from|under|according to) )?(?:the )?"
EDITION = re.compile(rf"{LEAD}(?P<year>{YEAR})(?P<work> (?:[a-z]+ )?{WORKS})?", re.IGNORECASE)
NUMBERED = re.compile(rf"{LEAD}\S+(?: \S+)?", re.IGNORECASE)
OF_YEAR = re.compile(rf"\b(?P<year>{YEAR})(?= (?:[a-z]+ ){{0,2}}{WORKS}\b)|(?<=\bguideline of )(?P<of>{YEAR})", re.IGNORECASE)
VISIT = r"(?:(?:last|first|next|latest|previous) )?(?:visit|clinic)"
MOMENT = rf"(?:admission|discharge|arrival|presentation|baseline|transfer|follow-up|{VISIT})"
EVENT = re.compile(rf"(?:at|on|upon|after|before|during|since|until) (?:the |her |his |their |this )?{MOMENT}", re.IGNORECASE)
PREPOSITION = re.compile(r"(?:on|in|at|from|during|of|since|by|before|after|until) ", re.IGNORECASE)
ELSEWHERE = Rewriting("", "unsure", ("the question before says nothing of editions.",))
WHEN = Rewriting("", "unsure", ("it is not clear which time of the question before it changes.",))


def with_edition(words: str, before: Before) -> Rewriting | None:
    """The question before, of another edition; None where none is named."""
    found = EDITION.fullmatch(words)
    numbered = [] if found else list(editions(words))
    if numbered and NUMBERED.fullmatch(words):
        return _numbered(words, before)
    if not found:
        return None
    places = list(OF_YEAR.finditer(before.asked))
    if len(places) == 1:
        start, end = places[0].span()
        told = before.asked[:start] + found["year"] + before.asked[end:]
        return Rewriting(told, "rules", (f"{found['year']} instead of {before.asked[start:end]}",))
    if not found["work"]:
        return ELSEWHERE if places else None
    return _added(words, before) if not places else ELSEWHERE


def _numbered(words: str, before: Before) -> Rewriting:
    places = list(editions(before.asked))
    if len(places) > 1:
        return ELSEWHERE
    if not places:
        return _added(words, before)
    start, end, _ = places[0]
    article = "the " if before.asked[:start].endswith("the ") else ""
    lead = PREPOSITION.match(before.asked, start)
    bare = re.sub(r"^(?:(?:in|by|per|for|from|under) )?(?:the )?", "", words, flags=re.IGNORECASE)
    told = before.asked[:start] + (f"{lead[0]}the " if lead else "" if article else "the ") + bare + before.asked[end:]
    return Rewriting(told, "rules", (f"{bare} instead of the one before",))


def _added(words: str, before: Before) -> Rewriting:
    """The question before with an edition added, where it is one about rules rather than about a patient."""
    if not PREPOSITION.match(words) or words.lower().endswith(" one"):
        return ELSEWHERE
    if before.turn.patients and not asks_for_rules(before.asked):
        return ELSEWHERE
    return Rewriting(ended(before.asked, f" {words}"), "rules", (f"{words}, added to the question before",))


def with_time(words: str, before: Before) -> Rewriting | None:
    """The question before, of another time; None where none is named."""
    event = EVENT.fullmatch(words)
    dated = [one for one in dates(words) if one.end == len(words) and not _bare(words, one).strip(" the")] if not event else []
    if not event and len(dated) != 1:
        return None
    old_dates, old_events = list(dates(before.asked)), list(EVENT.finditer(before.asked))
    if len(old_dates) + len(old_events) > 1:
        return WHEN
    if old_events:
        return _replaced(before.asked, *old_events[0].span(), words) if PREPOSITION.match(words) else WHEN
    if old_dates:
        return _dated(words, dated[0], before.asked, old_dates[0]) if dated else WHEN
    if says("home", before.asked) or asks_several(before.asked) or not PREPOSITION.match(words):
        return WHEN
    return Rewriting(ended(before.asked, f" {words}"), "rules", (f"{words}, added to the question before",))


def _bare(words: str, one: Named) -> str:
    return words[: one.start]


def _dated(words: str, new: Named, asked: str, old: Named) -> Rewriting:
    """The date of the question before exchanged: with its preposition where both have one, else the date alone."""
    led = PREPOSITION.match(asked, old.start)
    own = PREPOSITION.match(words)
    if led and own:
        return _replaced(asked, old.start, old.end, words)
    date = words[own.end() if own else 0 :].removeprefix("the ")
    return _replaced(asked, led.end() if led else old.start, old.end, date)


def _replaced(asked: str, start: int, end: int, new: str) -> Rewriting:
    return Rewriting(asked[:start] + new + asked[end:], "rules", (f"{new} instead of {asked[start:end]}",))
