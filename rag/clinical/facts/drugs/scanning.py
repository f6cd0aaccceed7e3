"""Finds in the words of a text all that may be a drug, a dose, a frequency, a route, a course or a verb."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache

from rag.clinical.facts.drugs.amounts import dose_at, one_at
from rag.clinical.facts.drugs.bare import bare
from rag.clinical.facts.drugs.counting import TAKEN
from rag.clinical.facts.drugs.courses import course_at
from rag.clinical.facts.drugs.marks import Mark
from rag.clinical.facts.drugs.names import Name, drug_names, table
from rag.clinical.facts.drugs.numerals import FIRST
from rag.clinical.facts.drugs.schedules import frequency_after, frequency_at, merged, schedules
from rag.clinical.facts.drugs.words import Phrases, Words
from rag.clinical.facts.types import Action, Drug, Route
from rag.rules import rules

A_TIME = ("day", "d", "week", "wk", "month", "night")
ALSO = ("a", "an", "x", "for", *A_TIME)
TAKEN_ANYWHERE = re.compile(
    r"\b(?:takes?|taking|took|start(?:ed)?|prescribed?|continues?|given|using|uses|stop(?:ped)?)"
    r"(?: (?:on|some|the|her|his|taking))? (?=[a-z]{7})",
    re.IGNORECASE,
)


@cache
def _routes() -> Phrases[tuple[str, bool]]:
    return Phrases(
        (name, (rule["route"], weak))
        for rule in rules("facts_drugs")["routes"]
        for names, weak in ((rule["always"], False), (rule["beside_a_drug"], True))
        for name in names
    )


@cache
def _actions() -> Phrases[str]:
    return Phrases((word, rule["action"]) for rule in rules("facts_drugs")["actions"] for word in rule["words"])


@cache
def _interesting() -> frozenset[str]:
    own = table()
    return frozenset(
        {*own.joint.heads, *own.phrases.heads, *schedules().first, *_routes().heads, *_actions().heads, *FIRST, *ALSO}
    )


def scanned(words: Words) -> list[Mark]:
    """All marks of a text in order, without what they belong to."""
    text, said, starts = words.text, words.said, words.starts
    interesting = _interesting()
    marks: list[Mark] = []
    named = behind = routed = 0
    for place in [at for at, word in enumerate(said) if word in interesting or word[0].isdecimal()]:
        start, word = starts[place], said[place]
        if start >= named and (drug := _drug(words, place)):
            marks.append(drug)
            named = drug.end
        if start >= routed and (route := _route(words, place)):
            marks.append(route)
            routed = route.end
        if start >= behind and start >= named:
            found = _numbered(words, place) or _scheduled(text, start, word)
            if found:
                marks += found
                behind = max(mark.end for mark in found)
                continue
        if start >= behind and start >= named and (action := _action(words, place)):
            marks.append(action)
            behind = action.end
    marks += list(_misspelt(words, marks))
    marks.sort(key=lambda mark: (mark.start, mark.end))
    marks += list(bare(text, marks))
    return merged(text, sorted(marks, key=lambda mark: (mark.start, mark.end)))


def _numbered(words: Words, place: int) -> list[Mark]:
    text, start, word = words.text, words.starts[place], words.said[place]
    if word in ("a", "an"):
        one = one_at(text, start)
        found = [one] if one else []
    elif word[0].isdecimal() or word in FIRST:
        start -= start > 0 and text[start - 1] == "." and not text[max(0, start - 2) : start - 1].isalnum()
        found = dose_at(text, start)
    else:
        found = []
    if not found:
        course = course_at(text, start)
        return [course] if course else []
    after = frequency_after(text, found[-1].end)
    return [*found, after] if after else found


def _scheduled(text: str, start: int, word: str) -> list[Mark]:
    if word not in schedules().first and word not in A_TIME and not word[0].isdecimal():
        return []
    if word in A_TIME and text[start - 1 : start] == "/" and (rate := frequency_at(text, start - 1, "/")):
        return [] if rate.needs else [rate]
    mark = frequency_at(text, start, "#" if word[0].isdecimal() else word)
    return [mark] if mark else []


def _route(words: Words, place: int) -> Mark | None:
    if words.said[place] not in _routes().heads:
        return None
    for last, (route, weak) in ((one.last, one.meaning) for one in _routes().at(words, place)):
        start, end = words.starts[place], words.ends[last - 1]
        written = " ".join(words.said[place:last])
        never = rules("facts_drugs")["routes_not"].get(written)
        if never:
            before = " ".join(words.said[max(0, place - 2) : place])
            after = words.said[last] if last < len(words.said) else ""
            if any(before.endswith(one) for one in never["before"]) or after in never["after"]:
                return None
        return Mark("route", start, end, Route(start=start, end=end, route=route), needs="dose" if weak else "", last=end)
    return None


def _action(words: Words, place: int) -> Mark | None:
    if words.said[place] not in _actions().heads:
        return None
    for one in _actions().at(words, place):
        start, end = words.starts[place], words.ends[one.last - 1]
        return Mark("action", start, end, Action(start=start, end=end, action=one.meaning), last=end)
    return None


def _drug(words: Words, place: int) -> Mark | None:
    own, said = table(), words.said
    if said[place] not in own.phrases.heads and said[place] not in own.joint.heads:
        return None
    for last, name in drug_names(words, place):
        start, end = words.starts[place], words.ends[last - 1]
        after = said[last] if last < len(said) else ""
        if after in ("resistance", "receptor", "receptors") or words.text[max(0, start - 4) : start].lower() == "non-":
            return None
        if last == place + 1 and after in own.never_before.get(said[place], ()) and said[last + 1 : last + 2] != ["mg"]:
            return None
        if name.needs == "taken" and after in own.not_before:
            return None
        return _mark_of(words, place, last, name, start, end)
    return None


def _mark_of(words: Words, place: int, last: int, name: Name, start: int, end: int) -> Mark:
    own, release, behind = table(), "", last
    while behind < len(words.said) and words.starts[behind] - words.ends[behind - 1] <= 1:
        found = own.releases.at(words, behind)
        if found:
            release, behind = found[0].meaning or release, found[0].last
        elif words.said[behind] in own.salts:
            behind += 1
        else:
            break
    within = [one for at in range(place + 1, last) for one in own.releases.at(words, at)]
    release = release or (within[-1].meaning if within else "")
    release = release or own.told.get(" ".join(words.said[place:last]), own.told.get(" ".join(words.said[place:behind]), ""))
    fact = Drug(start=start, end=end, name=name.drug, classes=name.classes, written=name.written, release=release)
    return Mark("drug", start, end, fact, needs=name.needs, last=words.ends[behind - 1])


def _misspelt(words: Words, marks: list[Mark]) -> Iterator[Mark]:
    """Long names with one letter wrong, right before or behind a dose, or behind a verb of taking."""
    ends = {mark.end for mark in marks if mark.kind == "drug"}
    for place, verb in _unknown(words, marks):
        start, end = words.starts[place], words.ends[place]
        if end not in ends and (name := table().meant(words.said[place])):
            if not verb or TAKEN.search(words.text, max(0, start - 24), start):
                yield _mark_of(words, place, place + 1, name, start, end)
                ends.add(end)


def _unknown(words: Words, marks: list[Mark]) -> Iterator[tuple[int, bool]]:
    """The words that may be misspelt names: beside a dose, or anywhere; these need a verb."""
    for mark in marks:
        if mark.kind == "dose":
            at, behind = bisect_left(words.starts, mark.start), bisect_left(words.starts, mark.end)
            behind += behind < len(words.said) and words.said[behind] == "of"
            for place in (at - 1, behind):
                if 0 <= place < len(words.said):
                    gap = words.text[min(words.ends[place], mark.end) : max(words.starts[place], mark.start)]
                    if len(gap) <= 5 and "\n" not in gap:
                        yield place, False
    for verb in TAKEN_ANYWHERE.finditer(words.text):
        at = bisect_left(words.starts, verb.end())
        if at < len(words.said) and words.starts[at] == verb.end():
            yield at, True
