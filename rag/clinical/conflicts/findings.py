"""Findings of the body: whether they are there, on which side, and how large, in the impression of a report and besides."""

from collections.abc import Iterator
from functools import cache

from rag.clinical.conflicts.reading import UNSURE, Mention, Reading, Said, mentions
from rag.clinical.facts.types import Side, Site, Size
from rag.rules import rules
from rag.values import Document

ELSEWHERE = frozenset(("historical", "planned", "family", "uncertain"))
BESIDE = 60
"""Characters within which a size stands beside what is measured."""
PARTS = {"Findings": "findings", "Impression": "impression"}
SIDES = ("left", "right")


def findings(reading: Reading) -> Iterator[Said]:
    """Every finding that a text tells of: that it is there or not, its side, its size."""
    for found in mentions(reading, "findings"):
        start, end = reading.sentence(found.start)
        statuses = reading.statuses(found.start, found.end)
        day = reading.day(found.start)
        if statuses & ELSEWHERE or day == UNSURE or reading.holds("earlier", start, end):
            continue
        name, where = found.meaning["finding"], (reading.document, start, end)
        part = next((PARTS[kind] for kind in reading.headings(found.start) if kind in PARTS), "")
        site, side = _place(reading, found, start, end)
        if "negated" in statuses:
            if not side and _is_plainly_denied(reading, found) and not reading.holds("qualifiers", start, end):
                yield Said("finding", (name, site), "absent", f"no {name}", *where, day, "", part)
            continue
        if side == UNSURE:
            continue
        yield Said("finding", (name, site), "present", f"{side} {name}".strip(), *where, day, "", part)
        if site and side in SIDES:
            yield Said("side", (name, site), side, f"{side} {site}: {name}", *where, day, "", part)
        size = _size(reading, found, start, end)
        if size and site:
            yield Said("size", (name, site, side), size, f"{size:g} mm", *where, day, "", part)


def alike(one: float, other: float) -> bool:
    """Whether two lengths in mm are the same but for rounding."""
    return abs(one - other) <= max(1.0, 0.1 * max(one, other))


@cache
def lasting() -> frozenset[str]:
    """The findings whose side does not change from one week to the next."""
    return frozenset(rule["finding"] for rule in rules("conflicts")["findings"] if rule.get("lasting"))


def is_report(document: Document) -> bool:
    """Whether a document is a report of one examination."""
    return document.type in ("radiology", "pathology")


def _is_plainly_denied(reading: Reading, found: Mention) -> bool:
    """Whether the denial is of the finding itself: nothing but words stands between its cue and the finding."""
    about = [one for one in reading.assertions(found.start, found.end) if one.status == "negated"]
    between = [reading.text[one.start : found.start] for one in about]
    restricted = next(mentions(reading, "restricted", found.end, found.end + 2), None) is not None
    return bool(between) and not restricted and not any(sign.isdigit() or sign in ":;(" for one in between for sign in one)


def _place(reading: Reading, found: Mention, start: int, end: int) -> tuple[str, str]:
    """The part of the body that a sentence names nearest to a finding, and the one side that it tells, or ""."""
    sites = reading.within(Site, start, end)
    sides = {one.side for one in [*sites, *reading.within(Side, start, end)] if one.side}
    near = min(sites, key=lambda one: _apart(one.start, one.end, found), default=None)
    return near.site if near else "", sides.pop() if len(sides) == 1 else "" if not sides else UNSURE


def _size(reading: Reading, found: Mention, start: int, end: int) -> float | None:
    """The longest side in mm of the one size that a sentence has, where it stands beside the finding."""
    sizes = reading.within(Size, start, end)
    if len(sizes) != 1 or sizes[0].most or sizes[0].limit or sizes[0].statuses:
        return None
    return max(sizes[0].mm) if _apart(sizes[0].start, sizes[0].end, found) <= BESIDE else None


def _apart(start: int, end: int, found: Mention) -> int:
    return max(found.start - end, start - found.end, 0)
