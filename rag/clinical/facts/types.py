"""The kinds of facts: small frozen records, each with its place in the text and the status that the text gives it.

What is written in several ways has one form here: "1,000 mg" and "1 g" are one dose, "b.i.d." and "every 12 hours" one frequency,
"Lasix" and "furosemide" one drug. So facts are compared by their fields, never by their words.
"""

from dataclasses import dataclass, fields
from typing import ClassVar, Literal

from rag.values import Status

Way = Literal["ago", "for", "in", "every", "since", "until", "before", "after", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What characters `start` to `end` of a document's text state. `statuses` is empty where it is stated of the patient, now."""

    kind: ClassVar[str] = ""
    start: int
    end: int
    statuses: frozenset[Status] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drug(Fact):
    """A medication: `name` is the generic name in lower case ("amoxicillin/clavulanate"), or the class where only that is named.

    `written` is "generic", "brand", "abbreviation" or "class"; `release` is "extended", "immediate", "delayed" or "".
    """

    kind: ClassVar[str] = "drug"
    name: str
    classes: tuple[str, ...] = ()
    written: str = "generic"
    release: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose(Fact):
    """An amount of a drug: of mass in mg, of volume in mL, of activity in units, else as it is counted ("tablet", "puff").

    `most` is the upper end of a range, `per` what it is for ("kg", "m2", "day", "h", "min"), `drug` whose it is, "" where that is
    not told, `total` whether it is said to be that of a day. `parts` are the amounts of the other drugs of a combination,
    `former` marks the dose that another takes the place of ("from 10 to 20 mg"); `limit` is "<=" where it is the most allowed.
    """

    kind: ClassVar[str] = "dose"
    amount: float
    unit: str
    most: float | None = None
    per: tuple[str, ...] = ()
    drug: str = ""
    total: bool = False
    parts: tuple[float, ...] = ()
    former: bool = False
    limit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequency(Fact):
    """How often: times a day (0.5 is every other day), None where only a time is named; `when` names it ("bedtime", "meals")."""

    kind: ClassVar[str] = "frequency"
    per_day: float | None
    most: float | None = None
    when: tuple[str, ...] = ()
    as_needed: bool = False
    drug: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Fact):
    """The way in which something is given: "oral", "intravenous", "subcutaneous" and so on; the rules name them all."""

    kind: ClassVar[str] = "route"
    route: str
    drug: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action(Fact):
    """What was done with a drug, as in "started", "stopped", "held", "resumed", "continued", "increased", "decreased".

    "avoided" is what must not be given, "switched" a change that is not told further: a switch whose sides are told is a stop of
    the one and a start of the other.
    """

    kind: ClassVar[str] = "action"
    action: str
    drug: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allergy(Fact):
    """A substance that is not tolerated, with the reaction as it is named; `substance` "none" where no allergy is known."""

    kind: ClassVar[str] = "allergy"
    substance: str
    reaction: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Value(Fact):
    """A laboratory or vital value: `analyte` by its canonical name, `number` in `unit`, the analyte's own unit where it converts.

    `second` is the lower of a pair (diastolic pressure), `limit` "<", ">", "<=" or ">=", `low` and `high` the range beside it,
    `most` the upper end where the value is a range itself. `flag` is "high", "low", "normal", "abnormal" or "critical";
    `converted` tells that the text has another unit, so that it is only as exact as the digits there.
    """

    kind: ClassVar[str] = "value"
    analyte: str
    number: float
    unit: str = ""
    second: float | None = None
    limit: str = ""
    low: float | None = None
    high: float | None = None
    most: float | None = None
    flag: str = ""
    converted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Size(Fact):
    """A measured length or the sides of a lesion, in mm, in the order written; `most` is the upper end of a range of lengths."""

    kind: ClassVar[str] = "size"
    mm: tuple[float, ...]
    most: float | None = None
    limit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day(Fact):
    """A date, ISO and as exact as the text: "2024-03-14", "2024-03", "2024".

    Where less is told: "--03-14" and "--03" without a year (ISO 8601:2000), "199X" a decade (EDTF), a weekday, a season, a feast
    by its name ("monday", "summer", "christmas").
    """

    kind: ClassVar[str] = "day"
    day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval(Fact):
    """A stretch of time in days, a month of 30.4375 and a year of 365.25 (an hour is 1/24); "yesterday" is one day ago.

    `way` says what it counts; `most` is the upper end of a range, `limit` "<", ">", "<=" or ">=". `vague` is the word that stands
    for a number ("several", "few", "some"); `days` is one unit then. `of` is what a stretch before or after is counted from
    ("surgery", "admission", "gestation"), `day` the day that it leads to where the document tells, `part` the part of that day.
    """

    kind: ClassVar[str] = "interval"
    days: float
    most: float | None = None
    way: Way = ""
    limit: str = ""
    vague: str = ""
    of: str = ""
    day: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock(Fact):
    """A time of day: `minute` after midnight, or the named `part` ("morning", "noon", "afternoon", "evening", "night")."""

    kind: ClassVar[str] = "clock"
    minute: int | None = None
    part: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Age(Fact):
    """An age in years; `most` is the upper end ("in his sixties" is 60 to 69), `limit` "<", ">", "<=" or ">="."""

    kind: ClassVar[str] = "age"
    years: float
    most: float | None = None
    limit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number(Fact):
    """Any other number, with the word that it counts or its unit, so that no number of a text stands unread.

    `limit` is "<", ">", "<=" or ">=" where the text sets one: "under 14 drinks", "5 or more".
    """

    kind: ClassVar[str] = "number"
    number: float
    of: str = ""
    limit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site(Fact):
    """A part of the body by its canonical name, and its side: "left", "right", "both" or "".

    `aspects` says which part of it: "medial", "upper", "distal", "tip", "5" (the fifth of several).
    """

    kind: ClassVar[str] = "site"
    site: str
    side: str = ""
    aspects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Side(Fact):
    """A side that stands with no part of the body that is known."""

    kind: ClassVar[str] = "side"
    side: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Fact):
    """A comparison: "new", "increased", "decreased", "unchanged", "resolved", "improved", "worsened"; `of` as it is named.

    "Elevated" and "above normal" are "increased" too, "low" is "decreased".
    """

    kind: ClassVar[str] = "change"
    direction: str
    of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(Fact):
    """What was found, without a number: "normal", "abnormal", "positive", "negative"; or "mild", "moderate", "severe".

    `of` is what it is said of, as it is named.
    """

    kind: ClassVar[str] = "result"
    result: str
    of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice(Fact):
    """A recommendation: what is to be done, when and under which condition as written, how strongly, or that it is not needed.

    `strength` is "required", "recommended", "suggested" or "optional".
    """

    kind: ClassVar[str] = "advice"
    what: str
    when: str = ""
    condition: str = ""
    strength: str = "recommended"
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion(Fact):
    """A criterion of a policy: its printed number, and how it and its siblings are joined, "all", "any" or ""."""

    kind: ClassVar[str] = "criterion"
    number: str
    logic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person(Fact):
    """Somebody who is named by a role: "patient", "mother", "wife", "nurse", "cardiology" and so on.

    `group` is "patient", "relative", "staff", "service" or "other"; `name` is the surname in lower case where one stands with it,
    `side` that of the family: "maternal" or "paternal".
    """

    kind: ClassVar[str] = "person"
    role: str
    group: str = ""
    name: str = ""
    side: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course(Fact):
    """How far something is in time, or how it goes; `of` is what, as it is named.

    `state` is "planned", "pending", "begun", "ongoing", "done", "not done", "ended", "past", or of its way "sudden", "gradual",
    "constant", "intermittent", "lasting", "temporary".
    """

    kind: ClassVar[str] = "course"
    state: str
    of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order(Fact):
    """The place of an event: "before", "after" or "during" what `of` names, or "first", "next", "last", "second" and so on."""

    kind: ClassVar[str] = "order"
    order: str
    of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certainty(Fact):
    """How sure something is: "certain", "likely", "possible", "unlikely", "excluded" or "unknown"; `of` as it is named."""

    kind: ClassVar[str] = "certainty"
    level: str
    of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code(Fact):
    """A code of a system ("ICD-10-CM", "CPT", "LOINC", "RxNorm"): whether its form is right, and its title if known."""

    kind: ClassVar[str] = "code"
    system: str
    code: str
    valid: bool = True
    title: str = ""


KINDS: tuple[type[Fact], ...] = (
    Drug, Dose, Frequency, Route, Action, Allergy, Value, Size, Day, Interval, Clock, Age, Number, Site, Side, Change, Result,
    Advice, Criterion, Person, Course, Order, Certainty, Code,
)  # fmt: skip


def row_of(fact: Fact, text: str) -> dict[str, object]:
    """A fact as JSON takes it: its kind, place, words, statuses, and its own fields."""
    own = {one.name: getattr(fact, one.name) for one in fields(fact) if one.name not in ("start", "end", "statuses")}
    about = {"kind": fact.kind, "start": fact.start, "end": fact.end, "text": text[fact.start : fact.end]}
    return {**about, "statuses": sorted(fact.statuses), **own}


def words_of(fact: Fact) -> str:
    """What a fact says in words: the fields that are told, then its status: "days 14, way in [planned]"."""
    told = [(one.name, getattr(fact, one.name)) for one in fields(fact) if one.name not in ("start", "end", "statuses")]
    said = ", ".join(f"{name.replace('_', ' ')} {_shown(value)}" for name, value in told if value not in ("", None, (), False))
    return f"{said} [{', '.join(sorted(fact.statuses))}]" if fact.statuses else said


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(map(_shown, value))
    return f"{value:.6g}" if isinstance(value, float) else "yes" if value is True else str(value)
