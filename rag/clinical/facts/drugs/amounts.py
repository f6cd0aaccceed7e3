"""Doses: a number or a range with a unit of the rules, for so much of something, or two strengths of a combination."""

import re
from dataclasses import replace
from functools import cache
from typing import Any

from rag.clinical.facts.drugs.marks import Mark
from rag.clinical.facts.drugs.numerals import NUMBER, value_of
from rag.clinical.facts.types import Dose
from rag.rules import rules

CONTENT = 20
"""How many times the first figure of "5-325" the second must be for two strengths instead of a range."""
AFTER_A_NUMBER = re.compile(r"\d[.,/:-]?$")
QUANTITY = re.compile(
    r"(?:\b(?:disp(?:ense[ds]?)?|qty|quantity|supply|refills?|bottles? of|box(?:es)? of|#)[:.]? ?(?:#|of )?)$", re.IGNORECASE
)
ARROWS = ("->", "-->", "→", "=>")
ONE = re.compile(r"an?\b(?: (entire|whole|full|single|half|quarter|couple)(?: of)?(?: an?)?)? ", re.IGNORECASE)
PARTS = {"half": 0.5, "quarter": 0.25, "couple": 2.0}
AND_A_HALF = re.compile(r" and a half\b", re.IGNORECASE)
GAUGE = re.compile(r"(?:1[4689]|2[0-9]|30)[gG]")
"""The bore of a needle."""
DILUTED = re.compile(r"\bin $", re.IGNORECASE)
VOLUMES = frozenset({"mL"})
MASSES = frozenset({"mg", "units", "mEq", "mmol"})


class _Units:
    def __init__(self) -> None:
        own = rules("facts_drugs")
        self.known: dict[str, dict[str, Any]] = {name.lower(): unit for unit in own["units"] for name in unit["names"]}
        names = "|".join(re.escape(name) for name in sorted(self.known, key=len, reverse=True))
        self.per = {name: what for what, names in own["per"].items() for name in names}
        for_what = "|".join(re.escape(name) for name in sorted(self.per, key=len, reverse=True))
        volume = "|".join(re.escape(name) for name, unit in self.known.items() if unit["unit"] in VOLUMES)
        self.counted = frozenset(name for name, unit in self.known.items() if unit["needs"] != "beside")
        end = r"(?![^\W_])"
        joined = r"[ ]?(?P<join>-{1,2}>|=>|→|-|–|—|/|\bto\b|\bor\b)[ ]?"
        self.dose = re.compile(
            rf"(?P<low>{NUMBER})(?:(?:[ -]?(?P<lowunit>{names}){end})?{joined}(?P<high>{NUMBER}))?"
            rf"(?:[ -]|[ ]?\n[ \t]*)?(?P<unit>{names}){end}"
            rf"(?:[ ]?(?:/|\bper\b)[ ]?(?P<much>\d+(?:\.\d+)?)?[ ]?(?P<volume>{volume}){end})?"
            rf"(?P<per>(?:[ ]?(?:/|\bper\b)[ ]?(?:{for_what}){end}){{0,3}})",
            re.IGNORECASE,
        )
        self.one = re.compile(rf"(?P<unit>{names}){end}", re.IGNORECASE)
        lab = "|".join(re.escape(name) for name in own["not_per"])
        self.lab = re.compile(rf"[ ]?(?:/|\bper\b)[ ]?(?:\d+ ?)?(?:{lab}){end}", re.IGNORECASE)
        held = "|".join(re.escape(name) for name in own["not_behind_a_volume"])
        self.held = re.compile(rf"[ -](?:{held}){end}", re.IGNORECASE)
        self.for_what = re.compile(rf"(?:{for_what}){end}", re.IGNORECASE)


@cache
def _units() -> _Units:
    return _Units()


def dose_at(text: str, start: int) -> list[Mark]:
    """The dose that begins at this place; two where one amount is written beside the one that it becomes ("10 -> 20 mg")."""
    if AFTER_A_NUMBER.search(text, max(0, start - 2), start) or QUANTITY.search(text, max(0, start - 16), start):
        return []
    units = _units()
    found = units.dose.match(text, start)
    if not found or units.lab.match(text, found.end()):
        return []
    unit = units.known[found["unit"].lower()]
    if unit["unit"] in VOLUMES and (units.held.match(text, found.end()) or DILUTED.search(text, max(0, start - 4), start)):
        return []
    if GAUGE.fullmatch(found[0]):
        return []
    low, high = value_of(found["low"]), value_of(found["high"]) if found["high"] else None
    lowunit = units.known[found["lowunit"].lower()] if found["lowunit"] else unit
    per = tuple(units.per[name[0].lower()] for name in units.for_what.finditer(found["per"]))
    if lowunit["unit"] != unit["unit"]:
        if found["join"] == "/" and unit["unit"] in VOLUMES and lowunit["unit"] in MASSES and high:
            return [_dose(start, found.end(), low / (high * unit["factor"]), lowunit, per=("mL",))]
        end = found.end("lowunit")
        return [_dose(start, end, low, lowunit)]
    if found["volume"]:
        much = float(found["much"] or 1) * units.known[found["volume"].lower()]["factor"]
        if unit["unit"] not in ("mg", "units") or unit["factor"] < 0.001 or not much or (not found["much"] and much != 1):
            return []  # "mg/L" is measured in the body.
        needs = "beside" if not found["much"] else ""
        return [_dose(start, found.end(), low / much, unit, per=("mL", *per), needs=needs)]
    end = found.end()
    if per == ("day",):  # "20 mg/day" is 20 mg once a day, as "20 mg daily" is.
        per, end = (), found.start("per")
    if AND_A_HALF.match(text, end):
        low, end = low + 0.5, end + len(" and a half")
    if high is None:
        return [_dose(start, end, low, unit, per=per)]
    if found["join"] in ARROWS:
        former = _dose(start, found.end("lowunit") if found["lowunit"] else found.end("low"), low, lowunit)
        former.former = True
        return [former, _dose(found.start("high"), end, high, unit, per=per)]
    if found["join"] == "/" or (found["join"] in "-–—" and high >= CONTENT * low):
        return [_dose(start, end, low, lowunit, per=per, parts=(_rounded(high * unit["factor"]),))]
    if found["lowunit"] is None:
        lowunit = unit
    return [_dose(start, end, low, lowunit, most=high * unit["factor"], per=per, joined=found["join"].lower())]


def halves(text: str, mark: Mark) -> list[Mark]:
    """The two doses that "10 to 20 mg" is where it tells a step and no range."""
    fact = mark.fact
    assert isinstance(fact, Dose) and fact.most is not None
    join = re.compile(r"\bto\b", re.IGNORECASE).search(text, mark.start, mark.end)
    if not join:
        return [mark]
    low, high = len(text[: join.start()].rstrip()), join.end() + 1
    former = replace(mark, end=low, last=low, fact=replace(fact, end=low, most=None), former=True, notes={})
    return [
        former,
        replace(mark, start=high, former=False, fact=replace(fact, start=high, amount=fact.most, most=None), notes={}),
    ]


def one_at(text: str, start: int) -> Mark | None:
    """The dose that "a", "an" or "half a" begins: "a tablet", "an entire mg"."""
    article = ONE.match(text, start)
    found = _units().one.match(text, article.end()) if article else None
    if not article or not found or _units().lab.match(text, found.end()):
        return None
    unit = _units().known[found["unit"].lower()]
    number, end = PARTS.get((article[1] or "").lower(), 1.0), found.end()
    if (
        unit["needs"] and not article[1] and not text.startswith(" of ", found.end())
    ):  # "a unit", "a drop" and "a patch" are rather no dose.
        return None
    if AND_A_HALF.match(text, end):
        number, end = number + 0.5, end + len(" and a half")
    return _dose(start, end, number, unit)


def column_dose(text: str, start: int, end: int, unit_name: str) -> Mark | None:
    """The dose of a cell that holds a number alone, in the unit that the name of its column tells."""
    unit = _units().known.get(unit_name.lower())
    found = re.fullmatch(NUMBER, text[start:end].strip(), re.IGNORECASE)
    return _dose(start, end, value_of(found[0]), unit) if unit and found else None


def counted(start: int, end: int, written: str, unit_name: str) -> Mark:
    """So many of a unit that stands elsewhere: "two senna tablets"."""
    return _dose(start, end, value_of(written), _units().known[unit_name.lower()])


def _rounded(number: float) -> float:
    return float(f"{number:.6g}")


def _dose(
    start: int, end: int, number: float, unit: dict[str, Any], most: float | None = None, per: tuple[str, ...] = (),
    parts: tuple[float, ...] = (), needs: str | None = None, joined: str = "",
) -> Mark:  # fmt: skip
    fact = Dose(
        start=start, end=end, amount=_rounded(number * unit["factor"]), unit=unit["unit"],
        most=None if most is None else _rounded(most), per=per, parts=parts,
    )  # fmt: skip
    return Mark("dose", start, end, fact, needs=unit["needs"] if needs is None else needs, last=end, notes={"joined": joined})
