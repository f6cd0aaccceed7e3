"""Medicines on lists: which drugs they name, in which dose, and what the text besides says was stopped."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from rag.clinical.conflicts.reading import UNSURE, Reading, Said, mentions
from rag.clinical.facts.types import Action, Dose, Drug, Frequency, Route
from rag.rules import rules

UNSAID = frozenset(("negated", "historical", "family", "uncertain", "planned"))
WORDS = re.compile(r"[a-z]+")
LABEL = re.compile(r"[*_ \t]{0,3}(?:[:\n–—]|$|- |[^\W\d]{1,15}(?: [^\W\d]{1,15}){0,2}[*_ ]{0,3}:)")
MARKS = 12
"""Characters of signs and numbers that may stand before the word with which a line of a list begins."""
CHANGED = frozenset(("increased", "decreased", "switched", "started", "stopped", "held", "resumed"))
ANEW = frozenset(("started", "resumed", "continued", "switched"))


class Amount(NamedTuple):
    """A dose as lists are compared: its amount, and how often, by which route, where they are told."""

    amount: float
    unit: str
    per: tuple[str, ...]
    often: float | None
    route: str
    release: str
    former: frozenset[float]

    def __str__(self) -> str:
        per = "".join(f"/{one}" for one in self.per)
        often = {1.0: "once a day", 2.0: "twice a day"}.get(self.often or 0.0, f"{self.often or 0.0:.3g} times a day")
        return f"{self.amount:.6g} {self.unit}{per}" + (f" {often}" if self.often else "")


def medicines(reading: Reading) -> Iterator[Said]:
    """What lists say of each drug: its dose, and that it is taken or stopped; and what the course of a stay says was stopped."""
    day, phases = reading.document.date or "", set()
    for drug, phase, mode, source in _listed(reading):
        line = reading.line(drug.start)
        where = (reading.document, drug.start, line[1])
        phases.add(phase)
        if mode in ("taken", "stopped"):
            yield Said("status", drug.name, mode, mode, *where, day, phase, source)
        dose = _dose(reading, drug, line) if mode == "taken" else None
        if dose:
            yield Said("dose", drug.name, dose, str(dose), *where, day, phase, source)
    if "discharge" in phases:
        yield from _narrated(reading)
    yield from _told(reading)


def differ(one: Amount, other: Amount) -> bool:
    """Whether two doses cannot both be meant: another amount in the same unit, or as much at another frequency.

    One that the other is said to take the place of is explained.
    """
    if (one.unit, one.per, one.release) != (other.unit, other.per, other.release):
        return False
    if one.route and other.route and one.route != other.route:
        return False
    if one.amount in other.former or other.amount in one.former:
        return False
    if not one.often or not other.often:
        return one.amount != other.amount
    return one.amount * one.often != other.amount * other.often


def _listed(reading: Reading) -> Iterator[tuple[Drug, str, str, str]]:
    """Every drug of an entry of a list, with the phase of the list, the mode of the entry and the list's name."""
    for section in reading.document.sections:
        phase = _phase(section.title)
        if phase is None:
            continue
        mode, read = "taken", section.body
        for drug in reading.within(Drug, section.body, section.end):
            for start in _lines(reading.text, read, drug.start):
                mode = _mode(reading, start) or mode
            read = drug.start
            if drug.written != "class" and not drug.statuses & UNSAID:
                yield drug, phase, _own_mode(reading, drug) or mode, f"{phase} list at {section.start}"


def _lines(text: str, start: int, end: int) -> Iterator[int]:
    """The beginnings of the lines of a stretch, the first of them where it begins."""
    while start >= 0:
        yield start
        at = text.find("\n", start, end)
        start = at + 1 if at >= 0 else -1


def _mode(reading: Reading, at: int) -> str:
    """What a line says of the medicines behind its first word, or ""."""
    for found in mentions(reading, "modes", at, at + MARKS):
        if any(map(str.isalpha, reading.text[at : found.start])):
            return ""
        if LABEL.match(reading.text, found.end) or reading.text[found.start : found.end].isupper():
            return str(found.meaning["mode"])
    return ""


def _own_mode(reading: Reading, drug: Drug) -> str:
    """What is done with this drug, as its own line says, or ""."""
    done = {one.action for one in reading.within(Action, *reading.line(drug.start)) if one.drug == drug.name}
    if done & {"stopped", "avoided", "held"}:
        return "unsure" if done & ANEW else "held" if "held" in done else "stopped"
    return ""


def _narrated(reading: Reading) -> Iterator[Said]:
    """The drugs of which the last that the course of a stay says is that they were stopped."""
    last = {
        one.drug: one
        for one in reading.of(Action)
        if one.drug and not one.statuses & UNSAID and "Hospital course" in reading.headings(one.start)
    }
    for drug, one in last.items():
        if one.action == "stopped":
            where = (reading.document, *reading.sentence(one.start))
            yield Said("status", drug, "stopped", "stopped", *where, reading.document.date or "", "discharge", "course")


def _told(reading: Reading) -> Iterator[Said]:
    """The doses that running text tells with a frequency, each with the day of its sentence; none of a drug that is changed."""
    changed = {one.drug for one in reading.of(Action) if one.action in CHANGED} | {
        one.drug for one in reading.of(Dose) if one.former
    }
    for drug in reading.of(Drug):
        if drug.name in changed or drug.written == "class" or drug.statuses & UNSAID:
            continue
        titles = reading.sections(drug.start)
        sentence, day = reading.sentence(drug.start), reading.day(drug.start)
        if day in ("", UNSURE) or any(_phase(title) is not None for title in titles) or reading.holds("earlier", *sentence):
            continue
        dose = _dose(reading, drug, sentence)
        if dose and dose.often:
            yield Said("dose", drug.name, dose, str(dose), reading.document, *sentence, day, "", "text")


def _dose(reading: Reading, drug: Drug, line: tuple[int, int]) -> Amount | None:
    """The one dose of a drug in its entry with its frequency; None where there is none, several, or a range."""
    mine = [one for one in reading.within(Dose, *line) if one.drug == drug.name]
    now = {(one.amount, one.unit, one.per) for one in mine if not one.former}
    if len(now) != 1 or any(one.most or one.parts or one.limit or one.total for one in mine):
        return None
    times = [one for one in reading.within(Frequency, *line) if one.drug == drug.name]
    if any(one.most for one in times) or len({one.per_day for one in times}) > 1:
        return None
    often = times[0].per_day if times and not times[0].as_needed else None
    route = next((one.route for one in reading.within(Route, *line) if one.drug == drug.name), "")
    former = frozenset(one.amount for one in mine if one.former)
    return Amount(*now.pop(), often, route, drug.release, former)


@lru_cache(maxsize=1024)
def _phase(title: str) -> str | None:
    """The phase of the list that a section is by its title, or None where it is none."""
    words = " ".join(WORDS.findall(title.lower()))
    for rule in rules("conflicts")["lists"]:
        if words in rule["titles"] if rule["whole"] else any(name in words for name in rule["titles"]):
            return str(rule["phase"])
    return None
