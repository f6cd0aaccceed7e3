"""What a document says of itself: that it is a draft, or no longer counts, since when, and what stands in its place."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from rag.clinical.dated import labelled
from rag.clinical.editions import FRONT, ITSELF, front, plain_name, replaced
from rag.clinical.patients import HEAD
from rag.clinical.times import absolute
from rag.rules import rules

STAMPED = 10
"""The first lines in which a document may say of itself that it is a draft or no longer counts."""
UNITS = re.compile(r"[.;|\n]|(?<=\s)[-–—](?=\s)|[()\[\]]")


@dataclass(frozen=True, slots=True)
class State:
    """What a document says of itself: that it is a draft, or since when it no longer counts, and what stands in its place."""

    state: str = ""
    since: str | None = None
    by: str = ""


def state_of(title: str, text: str, name: str = "", beside: Sequence[str] = ()) -> State:
    """What a document says of itself in its title or first lines, its running headers or its file's name."""
    lines = [line for line in text[:FRONT].split("\n") if line.strip()][:STAMPED]
    places = [title, *lines, *(aside[:120] for aside in beside)]
    stamps = _stamps()
    for place in places:
        if stamps.cheap.search(place) and (found := stamped(place)):
            return found
    if (ends := _ended(text)) is not None:
        return ends
    stem = f" {plain_name(name.rpartition('.')[0])} ".lower()
    return State(next((state for state, marks in stamps.files if any(f" {mark} " in stem for mark in marks)), ""))


@dataclass(frozen=True)
class _Stamps:
    """How documents say that they are drafts or no longer count."""

    cheap: re.Pattern[str]
    state_of: dict[str, str]
    alone: re.Pattern[str]
    itself: re.Pattern[str]
    files: tuple[tuple[str, tuple[str, ...]], ...]


@cache
def _stamps() -> _Stamps:
    known = rules("editions")["states"]
    alone = {cue: rule["state"] for rule in known for cue in rule["cues"]}
    state_of = alone | {cue: rule["state"] for rule in known for cue in rule.get("said", ())}
    whole = {cue for rule in known for cue in rule.get("whole", ())}
    state_of |= {cue: rule["state"] for rule in known for cue in rule.get("whole", ())}
    sole, filling, cues = (
        "|".join(re.escape(cue) for cue in sorted(words, key=len, reverse=True)) for words in (alone, whole, state_of)
    )
    works = "|".join(map(re.escape, rules("editions")["works"]))
    after = "by|in|on|as of|since|from|for|effective|and|copy|version|edition|do not|see|not"
    follows = rf"(?=\W*$|\s*[,:]|\s+(?:{after}|v\.?\d|\d|{works})\b)"
    leads = r"\W*(?:stamp\w*\W{1,3})?(?:(?:document |policy |version )?status\W{1,4})?(?:now )?"
    return _Stamps(
        re.compile(cues, re.IGNORECASE),
        state_of,
        re.compile(rf"(?:{leads}|.{{3,90}}, )(?:({sole})\b{follows}|({filling})\W*$)", re.IGNORECASE),
        re.compile(rf"\b{ITSELF}(?:no longer )?({cues})\b", re.IGNORECASE),
        tuple((rule["state"], tuple(rule["files"])) for rule in known),
    )


def stamped(place: str) -> State | None:
    """The state that a line says of its document: it begins with it, stands alone between marks, or "this edition was …"."""
    stamps = _stamps()
    at = 0
    bounds = [*UNITS.finditer(place), None]
    for bound in bounds:
        start, stop = at, bound.start() if bound else len(place)
        unit, at = place[start:stop], bound.end() if bound else stop
        found = stamps.alone.match(unit) or stamps.itself.search(unit)
        if not found or (len(unit.split()) > 14 and not stamps.itself.search(unit)):
            continue
        cue = next(filter(None, found.groups()))
        state = stamps.state_of[" ".join(cue.lower().split())]
        rest = unit[found.end() :]
        since = next((one.day for one in absolute(rest[:60]) if one.day and len(one.day) >= len("2024-03")), None)
        target = replaced().search(place[start:])
        since = f"{since}-01" if since and len(since) == len("2024-03") else since
        return State(state, since, target[1].strip(" .;*_|)") if target else "")
    return None


def _ended(text: str) -> State | None:
    """Until when a document counts, by a labelled day near its start."""
    known = {rule["label"]: rule["state"] for rule in rules("editions")["ends"]}
    head = text[:HEAD]
    for place, inside in ((head, False), (front(head), True)):
        if labelled(place, tuple(known), inside):
            label, day = next((label, day) for label in known if (day := labelled(place, (label,), inside)))
            return State(str(known[label]), day)
    return None
