"""Analytes: the laboratory values, vital signs and scores that the rules name, with their units and how they are written."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from rag.clinical.facts.phrases import Phrases
from rag.clinical.facts.units import named
from rag.rules import rules


@dataclass(frozen=True, slots=True, eq=False)
class Analyte:
    """What a rule of `facts_values.json` says: `factors` turns another unit into the own one, None where it cannot."""

    name: str
    unit: str
    factors: dict[str, tuple[float, float] | None]
    bare: tuple[tuple[str, float, float], ...]
    form: str = ""
    out_of: int = 0
    before: bool = False
    close: bool = False
    needs_unit: bool = False
    signed: bool = False

    def bare_unit(self, number: float) -> str | None:
        """The unit of a number that is written without one, None where the number cannot be of this analyte."""
        return next((unit for unit, low, high in self.bare if low <= number <= high), None)

    def own(self, number: float, unit: str) -> tuple[float, str]:
        """A number in the analyte's own unit where it converts."""
        factor = self.factors.get(unit)
        if factor is None or unit == self.unit:
            return number, unit
        return number * factor[0] + factor[1], self.unit


@dataclass(frozen=True, slots=True)
class Named:
    """What a name may stand for, in the order of the rules; `exact` where only these very letters do, right before a number."""

    analytes: tuple[Analyte, ...]
    exact: bool = False
    panel: bool = False


def of_rule(rule: dict[str, Any]) -> Analyte:
    """An analyte as its rule has it."""
    own = named(rule["unit"])
    factors: dict[str, tuple[float, float] | None] = {own: (1.0, 0.0)}
    for unit, factor in rule.get("units", {}).items():
        pair = tuple(factor) if isinstance(factor, list) else None if factor is None else (factor, 0.0)
        factors[named(unit)] = pair
    bare = tuple((named(unit), low, high) for unit, low, high in rule.get("bare", ()))
    flags = {name: rule[name] for name in ("form", "out_of", "before", "close", "needs_unit", "signed") if name in rule}
    return Analyte(rule["analyte"], own, factors, bare, **flags)


@cache
def by_name() -> dict[str, Analyte]:
    """Every analyte by its canonical name."""
    return {rule["analyte"]: of_rule(rule) for rule in rules("facts_values")["analytes"]}


@cache
def names() -> Phrases[Named]:
    """The names of all analytes and panels."""
    known = by_name()
    plain: dict[str, list[Analyte]] = {}
    exact: dict[str, list[Analyte]] = {}
    for rule in rules("facts_values")["analytes"]:
        for name in rule["names"]:
            plain.setdefault(name, []).append(known[rule["analyte"]])
        for name in rule.get("exact", ()):
            exact.setdefault(name, []).append(known[rule["analyte"]])
    found_names = [(name, Named(tuple(found))) for name, found in plain.items()]
    found_names += [(phrase, Named(())) for phrase in rules("facts_values")["never"]["phrases"]]
    for rule in rules("facts_values")["panels"]:
        group = Named(tuple(known[name] for name in rule["analytes"]), panel=True)
        found_names += [(name, group) for name in rule["names"]]
    return Phrases(found_names, ((name, Named(tuple(found), exact=True)) for name, found in exact.items()))


@cache
def implied() -> dict[str, Analyte]:
    """The analyte that a unit names by itself: "67 beats per minute"."""
    known = by_name()
    return {named(unit): known[rule["analyte"]] for rule in rules("facts_values")["analytes"] for unit in rule.get("implied", ())}


@cache
def listed(part: str, key: str = "words") -> frozenset[str]:
    """The words of a part of the rules: those "between" a name and its number, those that are "counted", and so on."""
    return frozenset(rules("facts_values")[part][key])


@cache
def flags() -> dict[str, str]:
    """The flag that a word stands for."""
    return {word: rule["flag"] for rule in rules("facts_values")["flags"] for word in rule["words"]}
