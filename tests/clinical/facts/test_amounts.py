"""Numbers in digits and words, sizes in mm, codes of terminologies, and what is left over as a number."""

import pytest

from rag.clinical.facts import facts, reading
from rag.clinical.facts.codes import check_digit, codes
from rag.clinical.facts.numbers import numbers
from rag.clinical.facts.sizes import sizes
from rag.clinical.facts.stream import stream


@pytest.mark.parametrize(
    ("text", "found"),
    [("1,200 and 12,500.5", [1200, 12500.5]), ("2 1/2, 2½ and two and a half", [2.5, 2.5, 2.5]), ("one hundred and six", [106]),
     ("one thirty-six", [136]), ("one oh five", [105]), ("ninety eight point six", [98.6]), ("seven point two five", [7.25]),
     ("in the 120s and the seventies", [120, 70]), ("three quarters, two thirds", [0.75, 2 / 3]), ("half a mile", [0.5]),
     ("a couple of days", [2]), ("five thousand two hundred", [5200]), ("a pound", [1]), ("a tenth of it", [0.1]),
     (".5", [0.5]),
     ("0,5", [0.5]), ("Na,134,135", [134, 135]), ("3rd, thirtieth, twenty-first", [3, 30, 21]), ("4.2.1", []),
     ("1.5 million", [1.5e6]),
     ("twenty", [20]), ("half past two", [2]), ("BP120/80", [120, 80]), ("1/3/2024", [1, 3, 2024])],
)  # fmt: skip
def test_numbers_are_read_in_digits_and_words(text: str, found: list[float]) -> None:
    assert [one.number for one in stream(text).amounts.values()] == pytest.approx(found)


def test_the_tokens_of_a_text_stand_where_it_says_also_where_a_small_letter_is_longer() -> None:
    text = "İstanbul 5 mg, ΣΑΣ ﬁve"
    words = stream(text)
    assert [words.written(at) for at in range(len(words.said))] == ["İstanbul", "5", "mg", ",", "ΣΑΣ", "ﬁve"]


@pytest.mark.parametrize(
    ("text", "mm", "most", "limit"),
    [("a 5-mm stone", (5,), None, ""), ("1.2 x 0.8 cm", (12, 8), None, ""), ("12x8x5mm", (12, 8, 5), None, ""),
     ("3 by 2 by 1 centimetres", (30, 20, 10), None, ""), ("2-3 mm", (2,), 3, ""), ("2 mm to 3 mm", (2,), 3, ""),
     ("half an inch", (12.7,), None, ""), ("< 5 mm", (5,), None, "<"), ("6 mm or less", (6,), None, "<="),
     ("1.2 cm x 8 mm", (12, 8), None, ""), ("4.1 (AP) x 3.2 cm", (41, 32), None, ""), ("a quarter mile", (402336,), None, "")],
)  # fmt: skip
def test_lengths_are_in_millimetres(text: str, mm: tuple[float, ...], most: float | None, limit: str) -> None:
    (found,) = sizes(reading(text))
    assert (found.mm, found.most, found.limit) == (mm, most, limit)


@pytest.mark.parametrize("text", ["5 mm Hg", "8 cm H2O", "42 mm/hr", "5 mm3", "3 fingerbreadths", "5 m", "came in 5", "3 cm2"])
def test_what_only_looks_like_a_length_is_none(text: str) -> None:
    assert list(sizes(reading(text))) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [("three loose stools daily", [(3, "stool")]), ("seventy-two beans", [(72, "bean")]),
     ("two of the three tests", [(2, "test"), (3, "test")]),
     ("stage IIIA", [(3, "stage a")]), ("stage 3a", [(3, "stage a")]), ("a type 2 fracture", [(2, "type")]),
     ("G5P2", [(5, "gravida"), (2, "para")]),
     ("G5, P2", [(5, "gravida"), (2, "para")]), ("fell twice", [(2, "time")]), ("cough x3", [(3, "time")]),
     ("500 mL and 0.5 L", [(500, "mL"), (500, "mL")]),
     ("3 or 4 pints", [(3, "pint"), (4, "pint")]), ("40 degrees", [(40, "degree")]), ("1. Rest\n2) Ice", []),
     ("P-0412", []), ("COVID-19", []),
     ("This one is clean", []), ("no one", []), ("tier 3", [(3, "tier")]), ("12-lead trace", [(12, "lead")]),
     ("95% sure", [(95, "%")])],
)  # fmt: skip
def test_other_numbers_are_read_with_what_they_count(text: str, found: list[tuple[float, str]]) -> None:
    assert [(one.number, one.of) for one in numbers(reading(text))] == found


@pytest.mark.parametrize(
    ("text", "found"),
    [("Diabetes (E11.65)", [("ICD-10-CM", "E11.65", True)]), ("ICD-10: I5022, E785", [("ICD-10-CM", "I50.22", True),
     ("ICD-10-CM", "E78.5", True)]),
     ("hypertension (I10)", [("ICD-10-CM", "I10", True)]), ("CPT codes: 70551, 70553", [("CPT", "70551", True),
     ("CPT", "70553", True)]),
     ("CPT codes:\n- 70551 brain\n- 70553 brain with", [("CPT", "70551", True), ("CPT", "70553", True)]),
     ("G0439 once a year", [("HCPCS", "G0439", True)]), ("LOINC 2951-2", [("LOINC", "2951-2", True)]),
     ("LOINC 2951-3", [("LOINC", "2951-3", False)]),
     ("RxCUI 197361", [("RxNorm", "197361", True)]), ("NDC 0002-8215-01", [("NDC", "00002-8215-01", True)]),
     ("| a | CPT |\n|---|---|\n| x | 70551 |", [("CPT", "70551", True)])],
)  # fmt: skip
def test_codes_have_their_system_and_form(text: str, found: list[tuple[str, str, bool]]) -> None:
    assert [(one.system, one.code, one.valid) for one in codes(reading(text))] == found


@pytest.mark.parametrize(
    "text", ["vitamin B12", "T98.6", "T38.5 in the night", "L4-5", "ZIP 60614", "room 12345", "BP 120/80", "A1C 7.2", "10-7"]
)
def test_what_only_looks_like_a_code_is_none(text: str) -> None:
    assert list(codes(reading(text))) == []


def test_a_code_of_diagnoses_has_the_title_of_its_category() -> None:
    (found,) = codes(reading("E11.9"))
    assert found.title == "Type 2 diabetes mellitus"
    assert check_digit("4548") == 4


def test_no_number_of_a_text_is_read_twice_and_none_is_left() -> None:
    text = "Seen 3/14/2024, a 61-year-old: BP 118/72, a 5-mm stone, CPT 70551, 12 beans for 3 days."
    found = [one for one in facts(reading(text)) if one.kind in ("value", "size", "number", "code", "day", "age", "interval")]
    assert sorted(one.kind for one in found) == ["age", "code", "day", "interval", "number", "size", "value"]
