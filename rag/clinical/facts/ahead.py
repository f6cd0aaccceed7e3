"""The values whose number stands before the name of the analyte, or that their unit or the text around them names."""

from collections.abc import Iterator
from functools import cache

from rag.clinical.facts.analytes import Analyte, by_name, implied, listed
from rag.clinical.facts.readings import DASHES, ROMAN, Reading, counts, unit_behind
from rag.clinical.facts.scan import Scan
from rag.clinical.facts.types import Value
from rag.clinical.facts.units import Unit
from rag.rules import rules

LEAD = 4
"""How many words may stand between a number and its name."""
JOINED = 3
"""How many further numbers may be joined to one: "110-120/70-80"."""
AROUND = 25
"""How many tokens around a score the word that tells its kind may stand."""
FEET = ("'", "’", "′")
BODY_HEAT = (93, 113)
"""What a number with a unit of temperature and no name must lie between, in °F, not to be that of a room."""
BEFORE_A_PAIR = frozenset((",", "(", ":", "|", "\n", ";", ">", "→", ""))

Found = tuple[Analyte, Reading] | None


def ahead_of_names(scan: Scan) -> Iterator[Value]:
    """The values "2+ edema", "97% O2 sat", "67 beats per minute", "98/54", "8/10" where pain is spoken of."""
    for place in scan.words.amounts:
        if place not in scan.taken and place not in scan.dated:
            found = _before_its_name(scan, place) or _by_unit(scan, place) or _pressure(scan, place) or _score(scan, place)
            if found:
                yield scan.value(*found)[0]


def _before_its_name(scan: Scan, place: int) -> Found:
    """A number whose name follows: "97% O2 sat", "8/10 chest pain", "a 7.2 A1c"."""
    words, first = scan.words, _end_of_number(scan, place)
    for at in range(first, min(first + LEAD + 1, len(words.said))):
        match = scan.name_at.get(at)
        for analyte in match.meaning.analytes if match and match.first not in scan.used else ():
            reading = scan.one(place, analyte) if analyte.before else None
            if reading and reading.last <= at and _is_certain(scan, place, reading, analyte, at - first):
                return analyte, reading
        if not words.said[at][:1].isalpha() and words.said[at] not in "-(":
            break
    return None


def _end_of_number(scan: Scan, place: int) -> int:
    """The token behind a number with what is written to it: "120/80 mmHg", "8/10", "30-35 %", "2+"."""
    words, last = scan.words, scan.words.amounts[place].last
    for _ in range(JOINED):
        if words.word(last) not in ("/", *DASHES, "over", "to", "of", "out") or words.gap(last) > 1:
            break
        further = last + 1 + (words.word(last) == "out")
        if further not in words.amounts and words.word(further) not in ROMAN:
            break
        last = words.amounts[further].last if further in words.amounts else further + 1
    last += words.word(last) in ("+", "plus")
    unit = unit_behind(words, last)
    return unit.last if unit else last


def _is_certain(scan: Scan, place: int, reading: Reading, analyte: Analyte, passed: int) -> bool:
    """Whether a number before a name is surely its value: by its form, its unit, or the article before it."""
    words = scan.words
    if analyte.form in ("score", "plus"):
        return not {"/", "of", "+", "plus"}.isdisjoint(words.said[reading.first : reading.last])
    between = words.said[reading.last : reading.last + passed]
    if reading.unit not in analyte.factors or not all(word in listed("between") or word in listed("before") for word in between):
        return False
    if not scan.is_bare(reading) or reading.second is not None:
        return passed <= 2
    return not passed and (words.word(place - 1) in ("a", "an") or "." in words.said[place])


def _by_unit(scan: Scan, place: int) -> Found:
    """A number whose unit is that of one analyte alone: "67 bpm", "120/80 mmHg", "37.2 °C"; a height; a saturation."""
    words = scan.words
    behind = words.amounts[place].last
    inches = words.amounts.get(behind + 1)
    if words.word(behind) in FEET or (
        words.word(behind) in ("ft", "foot", "feet") and inches and unit_behind(words, inches.last)
    ):
        height = by_name()["height"]
        reading = scan.one(place, height)
        return (height, reading) if reading and reading.unit == "in" else None
    unit = unit_behind(words, behind)
    if unit and unit.name == "%":
        return _saturation(scan, place, unit)
    if unit is None and (end := _end_of_number(scan, place)) > behind:
        unit = unit_behind(words, end) or unit_behind(words, end - 1)
    analyte = implied().get(unit.name) if unit else None
    reading = scan.one(place, analyte) if analyte else None
    if analyte is None or reading is None or reading.unit not in analyte.factors:
        return None
    if analyte.form == "pair" and reading.second is None:
        return None
    if analyte.name == "temperature" and not BODY_HEAT[0] <= analyte.own(reading.number, reading.unit)[0] <= BODY_HEAT[1]:
        return None
    return analyte, reading


def _saturation(scan: Scan, place: int, unit: Unit) -> Found:
    """An oxygen saturation that the air or the oxygen behind it names: "97% on room air", "94% on 2 L"."""
    words = scan.words
    if words.amounts[place].number < 50:
        return None
    at = unit.last + (words.word(unit.last) == "on")
    oxygen = words.amounts.get(at) if at > unit.last else None
    liters = oxygen is not None and words.word(oxygen.last) in ("l", "lpm", "liters", "litres")
    if words.word(at) not in ("ra", "r.a") and words.said[at : at + 2] != ["room", "air"] and not liters:
        return None
    analyte = by_name()["oxygen saturation"]
    reading = scan.one(place, analyte)
    return (analyte, reading) if reading else None


def _pressure(scan: Scan, place: int) -> Found:
    """A pair that can be nothing but a blood pressure: "98/54" behind a word or a sign that no name is."""
    words, before = scan.words, scan.words.word(place - 1)
    if words.gap(words.amounts[place].last) or (before not in listed("between") and before not in BEFORE_A_PAIR):
        return None
    analyte = by_name()["blood pressure"]
    reading = scan.one(place, analyte)
    if reading is None or reading.second is None or not 70 <= reading.number <= 260:
        return None
    return (analyte, reading) if 30 <= reading.second <= reading.number - 10 else None


def _score(scan: Scan, place: int) -> Found:
    """A score whose kind the words around it tell: "8/10" where pain is spoken of, "4/5" where strength is."""
    words = scan.words
    for name, cues in _spoken().items():
        analyte = by_name()[name]
        reading = scan.one(place, analyte)
        if reading and reading.last > words.amounts[place].last and not counts(words, reading.last):
            if not cues.isdisjoint(words.said[max(0, place - AROUND) : place + AROUND]):
                return analyte, reading
    return None


@cache
def _spoken() -> dict[str, frozenset[str]]:
    return {rule["analyte"]: frozenset(rule["words"]) for rule in rules("facts_values")["spoken"]}
