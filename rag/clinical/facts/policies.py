"""Criteria of policies: their printed numbers, how they are joined, and where a text cites one."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from rag.clinical.criteria import MARKER, numbered_items
from rag.clinical.facts.types import Criterion
from rag.rules import rules
from rag.text import trim
from rag.values import Document, Section

BULLETS = " \t\n-*•"
DEEPEST = 12
"""Levels of criteria below a heading."""
LEAD_IN = 400
"""Characters before the first of several criteria that may say how they are joined."""
TAIL = 12
"""Characters at the end of a criterion that may join it to the next one."""


class _Item(NamedTuple):
    """A criterion: its marker, its text from `start` to `end` without what is nested in it, the place of the one that holds it.

    `parent` is below 0 for those of a section, each section with its own; `about` is whether a heading above speaks of criteria.
    """

    marker: str
    start: int
    end: int
    parent: int
    about: bool


def criteria(document: Document) -> Iterator[Criterion]:
    """The criteria that a document lists and those that it cites, in order; a listed one may hold a cited one."""
    yield from sorted([*_listed(document), *_cited(document.text)], key=lambda found: (found.start, -found.end))


def _listed(document: Document) -> Iterator[Criterion]:
    items = list(_items(document))
    siblings: dict[int, list[int]] = defaultdict(list)
    for place, one in enumerate(items):
        siblings[one.parent].append(place)
    logic = {parent: _logic(document.text, items, group) for parent, group in siblings.items()}
    sure = document.type in rules("facts_criteria")["types"]
    for one, number in zip(items, _numbers(items), strict=True):
        if (sure or one.about or logic[one.parent]) and one.end > one.start:
            yield Criterion(start=one.start, end=one.end, number=number, logic=logic[one.parent])


def _items(document: Document) -> Iterator[_Item]:
    """The numbered items of a document, in order."""
    above: list[tuple[int, int, bool]] = []  # The level, the place and the subject of what holds the next one.
    place = 0
    for at, section in enumerate(_with_lists(document)):
        while above and above[-1][0] >= section.level:
            above.pop()
        about = any(subject for _, _, subject in above)
        if not MARKER.fullmatch(section.title):
            above.append((section.level, -1 - at, _is_about(section.title)))
            continue
        start, end = trim(document.text, section.start, section.end)
        end = start + len(document.text[start:end].partition("\n\n")[0].rstrip(BULLETS))
        yield _Item(section.title, start, end, above[-1][1] if above else -1 - len(document.sections), about)
        above.append((section.level, place, about))
        place += 1


def _with_lists(document: Document) -> list[Section]:
    """The sections with the numbered items below a lead-in that are none yet; each ends where another begins."""
    text, found = document.text, list(document.sections)
    known = {section.start for section in found}
    leads = [lead.end() for lead in _leads().finditer(text)]
    edges = sorted({*known, *leads, len(text)})
    for lead in leads:
        held = bisect_right(document.sections, lead, key=lambda section: section.start)
        level = document.sections[held - 1].level if held else 0
        if found and found[-1].start < lead and "\n" not in text[found[-1].start : lead - 1]:
            level = min(found[-1].level, DEEPEST)
        for item in numbered_items(text, lead, edges[bisect_right(edges, lead)] if lead < len(text) else lead):
            if item.start not in known:
                found.append(Section(item.title, level + item.depth, item.start, item.body, len(text)))
    found.sort(key=lambda section: section.start)
    starts = [section.start for section in found[1:]] + [len(text)]
    return [replace(one, end=min(one.end, after)) for one, after in zip(found, starts, strict=False)]


def _numbers(items: list[_Item]) -> list[str]:
    """The printed numbers, each behind that of the criterion that holds it: "2.1(b)", "A.1"."""
    found: list[str] = []
    for one in items:
        own = one.marker.rstrip(".")
        own = own if own.startswith("(") and own.endswith(")") else own.strip("()")
        above = found[one.parent] if one.parent >= 0 else ""
        if not above:
            own = own.strip("()")
        elif not own.startswith(f"{above}."):
            own = f"{above}{own}" if own.startswith("(") else f"{above}.{own}"
        found.append(own)
    return found


def _logic(text: str, items: list[_Item], group: list[int]) -> str:
    """How criteria of one rank are joined: by the words before the first, else by what ends one of them."""
    first = items[group[0]]
    begin = max(0, first.start - LEAD_IN)
    if group[0] > 0:
        before = items[group[0] - 1]
        begin = max(begin, before.start if first.parent == group[0] - 1 else text.find("\n", before.start, first.start))
    lead = text[begin : first.start].lower().rstrip(BULLETS)
    found = _joining().findall(lead, max(0, lead.rfind("\n\n")))
    if found:
        return _logics()[found[-1]]
    for place in group[:-1]:
        one = items[place]
        if joint := _joints().search(text, max(one.start, one.end - TAIL), one.end):
            return _logics()[joint[1].lower()]
    return ""


def _is_about(title: str) -> bool:
    return not _about().isdisjoint(re.findall(r"[a-z]+", title.lower()))


def _cited(text: str) -> Iterator[Criterion]:
    """ "criterion 2.1(b)", "section 3.1" where a text cites one."""
    for found in _citing().finditer(text):
        yield Criterion(start=found.start(), end=found.end(), number=found[1].rstrip("."))


@cache
def _logics() -> dict[str, str]:
    return {word: rule["logic"] for rule in rules("facts_criteria")["logics"] for word in (*rule["phrases"], *rule["joints"])}


@cache
def _joining() -> re.Pattern[str]:
    phrases = (phrase for rule in rules("facts_criteria")["logics"] for phrase in rule["phrases"])
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(phrases, key=len, reverse=True)))})")


@cache
def _leads() -> re.Pattern[str]:
    """A lead-in that ends its line."""
    return re.compile(rf"{_joining().pattern}[^\n:]{{0,80}}:?[ \t]*\n", re.IGNORECASE)


@cache
def _joints() -> re.Pattern[str]:
    joints = (joint for rule in rules("facts_criteria")["logics"] for joint in rule["joints"])
    return re.compile(rf"[;,.]?\s({'|'.join(joints)})\s*\Z", re.IGNORECASE)


@cache
def _about() -> frozenset[str]:
    return frozenset(rules("facts_criteria")["about"]["words"])


@cache
def _citing() -> re.Pattern[str]:
    words = "|".join(map(re.escape, rules("facts_criteria")["cited"]["words"]))
    number = r"(?:\d{1,2}(?:\.\d{1,2}){0,3}|[A-Z]|[IVX]{1,5})(?:\.?\([a-z0-9]{1,3}\)|\.\d)*"
    return re.compile(rf"(?<![A-Za-z])(?i:{words}) ?({number})(?![\w%/])")
