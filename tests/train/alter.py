"""Other ways to write a fact, and other facts in its place: what the planted faults and their faithful twins are made of."""

import json
import random
import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from rag.clinical.facts.types import (
    Age,
    Clock,
    Day,
    Dose,
    Drug,
    Fact,
    Frequency,
    Interval,
    Number,
    Person,
    Route,
    Side,
    Site,
    Size,
    Value,
)
from rag.rules import rules

Draw = random.Random
MONTHS = "January February March April May June July August September October November December".split()
SMALL = "zero one two three four five six seven eight nine ten eleven twelve".split()
AMOUNT = re.compile(r"(\d[\d,]*(?:\.\d+)?)(\s?)([a-zµ%]+)?", re.IGNORECASE)
TABLES: dict[str, Any] = json.loads(Path(__file__).with_name("faults.json").read_text("utf-8"))
"""Ways to say things, and what may stand in the place of what."""
WAYS: dict[str, list[str]] = TABLES["routes"]
UNITS: dict[str, list[str]] = TABLES["units"]
"""What a unit may be mistaken for, by its name in small letters."""
OFTEN: dict[float, list[str]] = {
    1: ["once daily", "once a day", "daily", "every day", "one time a day", "each day", "q24h", "every 24 hours"],
    2: ["twice daily", "twice a day", "BID", "b.i.d.", "every 12 hours", "q12h", "two times a day", "2 times daily"],
    3: ["three times daily", "three times a day", "TID", "every 8 hours", "q8h", "3 times a day"],
    4: ["four times daily", "four times a day", "QID", "every 6 hours", "q6h", "4 times a day"],
    6: ["every 4 hours", "six times a day", "q4h"],
    0.5: ["every other day", "every second day", "on alternate days", "every 48 hours"],
    1 / 7: ["once a week", "weekly", "once weekly", "every week", "every 7 days"],
    2 / 7: ["twice a week", "twice weekly", "two times a week"],
    3 / 7: ["three times a week", "three times weekly", "thrice weekly"],
    1 / 14: ["every two weeks", "every other week", "fortnightly", "every 14 days"],
    1 / 28: ["every four weeks", "every 4 weeks"],
    1 / 30.4: ["monthly", "once a month", "every month"],
}


def unlike(one: Fact, written: str, rivals: Sequence[str], draw: Draw) -> tuple[str, str] | None:
    """Something else in the place of a fact as it is written, with the kind of fault; `rivals` are like facts of the source."""
    if rivals and draw.random() < 0.4 and not isinstance(one, Side | Site):
        return _kind(one), draw.choice(list(rivals))
    if isinstance(one, Drug):
        return _other_drug(one, draw)
    if isinstance(one, Frequency) and (near := _rate(one)):
        return "frequency_route", draw.choice(OFTEN[draw.choice([rate for rate in OFTEN if rate != near])])
    if isinstance(one, Route) and one.route in WAYS:
        return "frequency_route", draw.choice(WAYS[draw.choice([way for way in WAYS if way != one.route])])
    if isinstance(one, Day):
        return _other_day(one, written, draw)
    if isinstance(one, Site | Side) and (found := _other_side(written, draw)) and draw.random() < 0.6:
        return "laterality", found
    if isinstance(one, Site):
        return _other_site(one, written, draw)
    if isinstance(one, Person):
        return None
    if isinstance(one, Dose | Value | Size | Interval | Age | Number | Clock) and (match := AMOUNT.search(written)):
        unit = (match[3] or "").lower()
        if unit in UNITS and draw.random() < 0.3 and not isinstance(one, Value):
            kind = "temporality" if isinstance(one, Interval) and draw.random() < 0.7 else "unit"
            return kind, f"{written[: match.start(3)]}{draw.choice(UNITS[unit])}{written[match.end(3) :]}"
        return _kind(one), f"{written[: match.start(1)]}{other_number(match[1], draw)}{written[match.end(1) :]}"
    if isinstance(one, Interval):
        return _other_spell(written, draw)
    return None


def alike(one: Fact, written: str, draw: Draw) -> str:
    """The same fact, written in another way where one is known."""
    if isinstance(one, Drug) and one.written in ("generic", "brand"):
        brands = brands_of().get(one.name, ())
        return draw.choice([*brands, one.name]) if one.written == "generic" or draw.random() < 0.7 else written
    if isinstance(one, Frequency) and (near := _rate(one)):
        return draw.choice(OFTEN[near])
    if isinstance(one, Route) and one.route in WAYS:
        return draw.choice(WAYS[one.route])
    if isinstance(one, Day) and (day := _day(one.day)):
        return in_words(day, draw)
    if isinstance(one, Dose | Size) and (match := AMOUNT.fullmatch(written)) and match[3]:
        return _converted(match[1], match[3], draw) or written
    if isinstance(one, Interval) and (match := AMOUNT.search(written)) and (days := _in_other_spell(match, written)):
        return days
    if (
        isinstance(one, Number | Interval | Age)
        and (match := AMOUNT.search(written))
        and match[1].isdigit()
        and int(match[1]) < 13
    ):
        return f"{written[: match.start(1)]}{SMALL[int(match[1])]}{written[match.end(1) :]}"
    return written


def other_number(written: str, draw: Draw) -> str:
    """Another number with about as many digits: a slip of the point, digits turned about, or a value beside it."""
    value = float(written.replace(",", ""))
    places = len(written.partition(".")[2])
    ways: list[float] = [
        value * 10,
        value / 10,
        value * 2,
        value / 2,
        value * draw.uniform(1.15, 1.7),
        value * draw.uniform(0.4, 0.85),
    ]
    ways += [value + draw.choice([-3, -2, -1, 1, 2, 3, 5, 10]) * 10.0**-places]
    digits = [at for at, sign in enumerate(written) if sign.isdigit()]
    if len(digits) > 1:
        first, second = draw.sample(digits, 2)
        turned = list(written)
        turned[first], turned[second] = turned[second], turned[first]
        ways += 2 * [float("".join(turned).replace(",", ""))]
    for found in draw.sample(ways, len(ways)):
        shown = f"{found:.{places}f}" if found != value / 10 or value % 10 == 0 else f"{found:g}"
        if float(shown) > 0 and float(shown) != value:
            return f"{float(shown):,.{places}f}" if "," in written else shown
    return f"{value + 1:g}"


def in_words(day: date, draw: Draw) -> str:
    """A day in one of the ways in which people write it."""
    month = MONTHS[day.month - 1]
    return draw.choice(
        [
            f"{month} {day.day}, {day.year}",
            f"{day.day} {month} {day.year}",
            f"{day.month:02}/{day.day:02}/{day.year}",
            day.isoformat(),
            f"{day.day} {month[:3]} {day.year}",
            f"{month[:3]} {day.day}, {day.year}",
        ]
    )


def _kind(one: Fact) -> str:
    kinds: dict[type[Fact], str] = {Dose: "dose", Value: "lab_value", Frequency: "frequency_route", Route: "frequency_route"}
    kinds |= {Drug: "drug_swap", Site: "body_site", Side: "laterality", Person: "person", Number: "lab_value", Size: "lab_value"}
    return kinds.get(type(one), "temporality")


def _rate(one: Frequency) -> float | None:
    if one.per_day is None or one.when or one.as_needed or one.most:
        return None
    return next((rate for rate in OFTEN if abs(rate - one.per_day) < 0.02 * rate), None)


@cache
def brands_of() -> dict[str, tuple[str, ...]]:
    """The brands of every generic name."""
    found = {}
    for one in rules("drugs")["classes"].values():
        for name, others in one["drugs"].items():
            found[name] = tuple(
                other.strip() for other in others.split(",") if other.strip()[:1].isupper() and not other.strip().isupper()
            )
    return found


@cache
def _drugs() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The names of every class, and those that look like a name."""
    classes = {name: list(one["drugs"]) for name, one in rules("drugs")["classes"].items()}
    every = [name for names in classes.values() for name in names]
    alike_: dict[str, list[str]] = {}
    for group in rules("drugs")["look_alikes"]:
        for name in group:
            alike_.setdefault(name, []).extend(other for other in group if other != name)
    for name in every:
        alike_.setdefault(name, []).extend(other for other in every if other != name and other[:4] == name[:4])
    return classes, alike_


def _other_drug(one: Drug, draw: Draw) -> tuple[str, str] | None:
    classes, look = _drugs()
    if one.written == "class":
        return None
    mine = [name for own in one.classes for name in classes.get(own, ()) if name != one.name]
    choice = draw.random()
    if choice < 0.35 and look.get(one.name):
        kind, name = "drug_lookalike", draw.choice(look[one.name])
    elif choice < 0.75 and mine:
        kind, name = "drug_swap", draw.choice(mine)
    else:
        kind, name = "drug_swap", draw.choice([name for names in classes.values() for name in names])
    if name == one.name or "/" in name:
        return None
    brands = brands_of().get(name)
    return kind, draw.choice(brands) if brands and draw.random() < (0.6 if one.written == "brand" else 0.15) else name


def _day(iso: str) -> date | None:
    try:
        return date.fromisoformat(iso)
    except ValueError:
        return None


def _other_day(one: Day, written: str, draw: Draw) -> tuple[str, str] | None:
    day = _day(one.day)
    if day:
        other = day + timedelta(days=draw.choice([-365, -31, -14, -7, -2, -1, 1, 2, 7, 10, 14, 31, 61, 365, 730]))
        for shown in (day.isoformat(), f"{day.month:02}/{day.day:02}/{day.year}"):
            if written == shown and draw.random() < 0.5:
                return "temporality", other.isoformat() if "-" in shown else f"{other.month:02}/{other.day:02}/{other.year}"
        return "temporality", in_words(other, draw)
    for month in MONTHS:
        if month.lower() in written.lower():
            at = written.lower().index(month.lower())
            return "temporality", written[:at] + draw.choice([m for m in MONTHS if m != month]) + written[at + len(month) :]
    match = re.search(r"\d+", written)
    return ("temporality", written[: match.start()] + other_number(match[0], draw) + written[match.end() :]) if match else None


def _other_side(written: str, draw: Draw) -> str | None:
    turned = {"left": "right", "right": "left", "bilateral": draw.choice(["left", "right"]), "lt": "right", "rt": "left"}
    turned |= {"both": draw.choice(["the left", "the right"]), "bilaterally": draw.choice(["on the left", "on the right"])}
    match = re.search(r"\b(left|right|bilateral|bilaterally|both|lt|rt)\b", written, re.IGNORECASE)
    if not match:
        return None
    other = turned[match[1].lower()]
    return written[: match.start()] + (other.capitalize() if match[1][0].isupper() else other) + written[match.end() :]


@cache
def _sites() -> dict[str, list[str]]:
    """The parts of the body that lie in one wider part, by the wider part."""
    found: dict[str, list[str]] = {}
    for one in rules("facts_sites")["sites"]:
        for wider in one["part_of"]:
            found.setdefault(wider, []).append(one["names"][0])
    return found


def _other_site(one: Site, written: str, draw: Draw) -> tuple[str, str] | None:
    names = next((row["names"] for row in rules("facts_sites")["sites"] if row["site"] == one.site), [])
    named = next((name for name in sorted(names, key=len, reverse=True) if name.lower() in written.lower()), None)
    if named is None:
        return None
    wider = next((row["part_of"] for row in rules("facts_sites")["sites"] if row["site"] == one.site), [])
    near = [name for place in wider for name in _sites().get(place, ()) if name not in names]
    pool = near if near and draw.random() < 0.75 else [name for group in _sites().values() for name in group if name not in names]
    at = written.lower().index(named.lower())
    return "body_site", written[:at] + draw.choice(pool) + written[at + len(named) :]


def _converted(number: str, unit: str, draw: Draw) -> str | None:
    value, ways = float(number.replace(",", "")), {"mg": ("g", 0.001, "mcg", 1000), "g": ("mg", 1000, "mg", 1000)}
    ways |= {"mcg": ("mg", 0.001, "mg", 0.001), "cm": ("mm", 10, "mm", 10), "mm": ("cm", 0.1, "cm", 0.1)}
    long = {"mg": "milligrams", "mcg": "micrograms", "g": "grams", "cm": "centimeters", "mm": "millimeters", "mL": "milliliters"}
    if unit in long and draw.random() < 0.4:
        return f"{number} {long[unit]}"
    if unit not in ways:
        return None
    up, by, down, times = ways[unit]
    if (unit != "mg" or value >= 500) and draw.random() < 0.7:
        return f"{value * by:g} {up}"
    return f"{value * times:g} {down}" if value < 1 else f"{number}{unit}"


def _in_other_spell(match: re.Match[str], written: str) -> str | None:
    """Days as weeks, hours as days, and the other way, where that is a round number."""
    if not match[1].isdigit() or not match[3]:
        return None
    number, unit = int(match[1]), match[3].lower().rstrip("s")
    turned: dict[str, Callable[[int], tuple[float, str]]] = {
        "day": lambda n: (n / 7, "week"), "week": lambda n: (n * 7, "day"), "hour": lambda n: (n / 24, "day"),
        "month": lambda n: (n / 12, "year"), "year": lambda n: (n * 12, "month"),
    }  # fmt: skip
    if unit not in turned:
        return None
    value, name = turned[unit](number)
    if value != int(value) or not 0 < value < 60:
        return None
    shown = f"{SMALL[int(value)] if value < 13 else int(value)} {name}{'s' if value != 1 else ''}"
    return written[: match.start(1)] + shown + written[match.end(3) :]


def _other_spell(written: str, draw: Draw) -> tuple[str, str] | None:
    words = written.split()
    for at, word in enumerate(words):
        if word.lower() in SMALL[1:]:
            other = draw.choice([one for one in SMALL[1:] if one != word.lower()])
            return "temporality", " ".join([*words[:at], other, *words[at + 1 :]])
        if word.lower() in UNITS and word.lower() != "%":
            return "temporality", " ".join([*words[:at], draw.choice(UNITS[word.lower()]), *words[at + 1 :]])
    return None
