"""The data types of FHIR as words: concepts, quantities, times, doses, and whatever else an element holds."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from rag.rules import rules

Resolve = Callable[[Any], "dict[str, Any] | None"]
DEEPEST = 10
MOST_PIECES = 2_000
LONGEST_REFERRED = 500  # Of what is told of another resource, so that many references to a long one stay short.
CHOICE = re.compile(
    r"(?<=[a-z])(?:CodeableConcept|Quantity|SimpleQuantity|String|DateTime|Date|Age|Period|Range|Boolean|Integer|Decimal|Reference|"
    r"Ratio|Timing|Time|Duration|Attachment|Uri|Canonical|Instant|Markdown|PositiveInt|UnsignedInt|Coding|Dosage)$"
)
HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def items(value: Any) -> list[dict[str, Any]]:
    """The objects in a value that may be one, several or something else."""
    return [one for one in each(value) if isinstance(one, dict)]


def each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def word(value: Any) -> str:
    """A text or number as text; anything else as nothing."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, str | int | float) else ""


def is_yes(value: Any) -> bool:
    """Whether a switch is on, in JSON or in XML."""
    return value is True or value == "true"


def concept(value: Any) -> str:
    """What a coded concept is called."""
    if isinstance(value, str):
        return value
    for one in items(value):
        inner = one.get("concept")
        if isinstance(inner, dict):
            return concept(inner)
        names = [one.get("text"), *(coding.get("display") for coding in items(one.get("coding"))), one.get("display")]
        codes = [*(coding.get("code") for coding in items(one.get("coding"))), one.get("code")]
        if told := next(filter(None, map(word, [*names, *codes])), ""):
            return told
    return ""


def concepts(value: Any) -> str:
    """What several coded concepts are called."""
    return ", ".join(filter(None, (concept(one) for one in each(value) if isinstance(one, str | dict))))


def quantity(value: Any) -> str:
    """A quantity with its comparator and unit."""
    if not isinstance(value, dict):
        return ""
    unit = word(value.get("unit")) or word(value.get("code"))
    return f"{word(value.get('comparator'))}{word(value.get('value'))} {unit}".strip()


def span(value: Any) -> str:
    """A range of quantities."""
    low, high = quantity(value.get("low")), quantity(value.get("high"))
    return f"{low}–{high}" if low and high else f"≥ {low}" if low else f"≤ {high}" if high else ""


def ratio(value: Any) -> str:
    """A ratio of quantities; one per time is told by words."""
    above, below = quantity(value.get("numerator")), value.get("denominator")
    unit = _unit(below.get("code") or below.get("unit")) if isinstance(below, dict) else ""
    if unit:
        many = word(below.get("value"))
        return f"{above} {_one(unit)}" if many in ("", "1", "1.0") else f"{above} in {many} {unit}s"
    return " : ".join(filter(None, (above, quantity(below))))


def period(value: Any) -> str:
    """From when to when."""
    if not isinstance(value, dict):
        return ""
    return " to ".join(filter(None, (moment(word(value.get("start"))), moment(word(value.get("end"))))))


def moment(written: str) -> str:
    """The day of a time."""
    return written[:10] if re.match(r"\d{4}-\d\d-\d\dT", written) else written


def timing(value: Any) -> str:
    """How often and when, in words."""
    if not isinstance(value, dict):
        return concept(value)
    if "repeat" not in value and "code" not in value and "event" not in value:
        return concept(value)
    repeat = next(iter(items(value.get("repeat"))), {})
    told = _often(repeat) or _code(value.get("code"))
    offset = word(repeat.get("offset"))
    before = f"{offset} minutes " if offset not in ("", "0") else ""
    known = rules("fhir")["when"]
    when = ", ".join(before + str(known.get(word(one), word(one))) for one in each(repeat.get("when")))
    days, times = (list(map(word, each(repeat.get(name)))) for name in ("dayOfWeek", "timeOfDay"))
    bounds = next((repeat[name] for name in ("boundsDuration", "boundsRange", "boundsPeriod") if name in repeat), None)
    told = " ".join(
        filter(
            None,
            (
                told,
                when,
                f"on {', '.join(days)}" if days else "",
                f"at {', '.join(map(_clock, times))}" if times else "",
                f"over {word(repeat.get('duration'))} {_counted(repeat, 'duration')}" if "duration" in repeat else "",
                _bounds(bounds),
            ),
        )
    )
    events = ", ".join(moment(word(one)) for one in each(value.get("event")))
    count = word(repeat.get("count"))
    return ", ".join(filter(None, (told, f"{count} times in all" if count else "", events)))


def _clock(written: str) -> str:
    return written[:5] if re.fullmatch(r"\d\d:\d\d:00", written) else written


def _often(repeat: dict[str, Any]) -> str:
    """How many times in which time: "2 times a day", "every 8 hours"."""
    often = " to ".join(filter(None, (word(repeat.get("frequency")), word(repeat.get("frequencyMax")))))
    many = " to ".join(filter(None, (word(repeat.get("period")), word(repeat.get("periodMax")))))
    unit = _unit(repeat.get("periodUnit"))
    if not unit:
        return f"{often} times" if often else ""
    if many in ("", "1", "1.0"):
        return f"{'once' if often in ('', '1') else f'{often} times'} {_one(unit)}"
    return f"{f'{often} times ' if often not in ('', '1') else ''}every {many} {_plural(unit, many)}"


def _code(value: Any) -> str:
    codes = [word(coding.get("code")) for one in items(value) for coding in items(one.get("coding"))]
    known = rules("fhir")["often"]
    return next((str(known[code]) for code in codes if code in known), "") or concept(value)


def _bounds(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    if "start" in value or "end" in value:
        start, end = moment(word(value.get("start"))), moment(word(value.get("end")))
        return " ".join(filter(None, (f"from {start}" if start else "", f"until {end}" if end else "")))
    told = span(value) if "low" in value or "high" in value else quantity(value)
    return f"for {told}" if told else ""


def _unit(code: Any) -> str:
    units: dict[str, str] = rules("fhir")["units"]
    plain = word(code).lower().rstrip("s") if len(word(code)) > 1 else word(code)
    return units.get(word(code), "") or (plain if plain in units.values() else "")


def _one(unit: str) -> str:
    return f"an {unit}" if unit == "hour" else f"a {unit}"


def _counted(repeat: dict[str, Any], name: str) -> str:
    return _plural(_unit(repeat.get(f"{name}Unit")), word(repeat.get(name)))


def _plural(unit: str, many: str) -> str:
    return unit if many in ("", "1", "1.0") else f"{unit}s"


def dosage(one: dict[str, Any]) -> str:
    """A dosage as it would be written: dose, route, times, when needed, limits, instructions; its own text comes first."""
    written = word(one.get("text"))
    rates = items(one.get("doseAndRate")) or [one]
    needed = _needed(one, written)
    limits = [
        f"at most {ratio(limit) if 'numerator' in limit else quantity(limit)}{after}"
        for name, after in (
            ("maxDosePerPeriod", ""),
            ("maxDosePerAdministration", " each time"),
            ("maxDosePerLifetime", " in a lifetime"),
        )
        for limit in items(one.get(name))
    ]
    told = written or " ".join(
        filter(
            None,
            (
                *(", ".join(filter(None, (_measured(rate, "dose"), _at(_measured(rate, "rate"))))) for rate in rates),
                concept(one.get("route")),
                concept(one.get("method")),
                concept(one.get("site")),
                timing(one.get("timing")),
            ),
        )
    )
    told = " ".join(filter(None, (told, needed)))
    others = [concepts(one.get("additionalInstruction")), word(one.get("patientInstruction"))]
    return ", ".join(filter(None, (told, *limits, *(other for other in others if other not in written))))


def _needed(one: dict[str, Any], written: str) -> str:
    if re.search(r"\b(?:as needed|prn|p\.r\.n)", written, re.IGNORECASE):
        return ""
    reasons = concepts(one.get("asNeededCodeableConcept")) or concepts(one.get("asNeededFor"))
    if reasons:
        return f"as needed for {reasons}"
    return "as needed" if is_yes(one.get("asNeededBoolean")) or is_yes(one.get("asNeeded")) else ""


def _at(rate: str) -> str:
    return f"at {rate}" if rate else ""


def _measured(one: dict[str, Any], name: str) -> str:
    """The dose or the rate, whichever type it has."""
    for key, value in one.items():
        if key.startswith(name) and key != "doseAndRate" and isinstance(value, dict):
            return ratio(value) if "numerator" in value else span(value) if {"low", "high"} & value.keys() else quantity(value)
    return ""


def label_of(name: str) -> str:
    """What an element is called in a line: by the rules, or by the words of its name without that of its type."""
    labels: dict[str, str] = rules("fhir")["labels"]
    plain = CHOICE.sub("", name)
    if name in labels or plain in labels:
        return labels.get(name, labels.get(plain, ""))
    return HUMP.sub(" ", plain).lower()


def labelled(name: str, value: Any, resolve: Resolve, depth: int = 0) -> str:
    """An element with its label; nothing where it says nothing."""
    told = as_text(value, resolve, depth)
    label = label_of(name)
    if told in ("yes", "no") and isinstance(value, bool | str):
        return (label or HUMP.sub(" ", name).lower()) + ("" if told == "yes" else ": no")
    return f"{label}: {told}" if told and label else told


def as_text(value: Any, resolve: Resolve, depth: int = 0) -> str:
    """What any value says, whatever its type."""
    if depth > DEEPEST:
        return "(more, nested deeper than is read)"
    if isinstance(value, list):
        told = list(dict.fromkeys(filter(None, (as_text(one, resolve, depth + 1) for one in value[:MOST_PIECES]))))
        return ("; " if any(isinstance(one, dict) and _is_part(one) for one in value) else ", ").join(told)
    if not isinstance(value, dict):
        return "yes" if value == "true" else "no" if value == "false" else moment(word(value))
    return _object(value, resolve, depth)


def _object(value: dict[str, Any], resolve: Resolve, depth: int) -> str:
    keys = value.keys()
    if "reference" in keys or ("display" in keys and not {"code", "system"} & keys and "coding" not in keys):
        return referred(value, resolve)
    if "concept" in keys:
        return concepts(value.get("concept"))
    if "doseAndRate" in keys or "asNeededBoolean" in keys or "maxDosePerPeriod" in keys:
        return dosage(value)
    if "numerator" in keys or "denominator" in keys:
        return ratio(value)
    if {"low", "high"} & keys and keys <= {"low", "high", "id", "extension"}:
        return span(value)
    if {"start", "end"} & keys and keys <= {"start", "end", "id", "extension"}:
        return period(value)
    if "repeat" in keys:
        return timing(value)
    if "coding" in keys or (
        keys & {"text", "code", "display"}
        and keys <= {"text", "id", "extension", "system", "version", "code", "display", "userSelected"}
    ):
        return concepts(value)
    if "value" in keys and keys <= {"value", "unit", "code", "system", "comparator", "id", "extension"}:
        return quantity(value)
    if "text" in keys and keys & {"time", "authorString", "authorReference"}:
        return word(value.get("text"))
    if "contentType" in keys or ("data" in keys and "title" in keys):
        return word(value.get("title"))
    return ", ".join(parts(value, resolve, depth + 1))


def _is_part(value: dict[str, Any]) -> bool:
    return not value.keys() & {"coding", "reference", "text", "value", "display"}


def referred(value: Any, resolve: Resolve) -> str:
    """What a reference means: the name of the resource, where it is there and no person, or what it is displayed as."""
    target = resolve(value)
    if target is not None:
        name = next(
            filter(None, (concept(target.get(one)) for one in ("code", "vaccineCode", "type", "description", "title"))), ""
        )
        if name:
            return name[:LONGEST_REFERRED]
    return word(value.get("display")) or word(
        (value.get("identifier") or {}).get("display") if isinstance(value.get("identifier"), dict) else ""
    )


def parts(value: dict[str, Any], resolve: Resolve, depth: int = 0, without: frozenset[str] = frozenset()) -> Iterator[str]:
    """The elements of a resource or of a part of one, each with its label; those that say nothing of the patient are left out."""
    known = rules("fhir")
    for name, inner in value.items():
        if name in without or name in known["silent"] or name in known["persons"] or name.startswith("_"):
            continue
        if CHOICE.sub("", name) in known["persons"]:
            continue
        if told := labelled(name, inner, resolve, depth):
            yield told
