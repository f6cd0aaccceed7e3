"""Values: what is read as one, in notes, tables, letters and dictated text, with unit, range and flag, and what is none."""

import pytest

from rag.clinical.facts import facts, reading
from rag.clinical.facts.types import Value
from rag.clinical.facts.values import values

Row = tuple[str, float]


def read(text: str) -> list[Row]:
    return [(one.analyte, one.number) for one in values(reading(text))]


def one(text: str) -> Value:
    (found,) = values(reading(text))
    return found


READ = {
    "terse notes": [
        ("HR 92 RR 18 T 99.1 SpO2 95% RA",
         [("heart rate", 92), ("respiratory rate", 18), ("temperature", 99.1), ("oxygen saturation", 95)]),
        ("P 88, R 14, wt 61 kg", [("heart rate", 88), ("respiratory rate", 14), ("weight", 61)]),
        ("Na 131 | K 4.4 | Cl 97", [("sodium", 131), ("potassium", 4.4), ("chloride", 97)]),
        ("Hgb 8.4, plt 96K, WBC 3.1", [("hemoglobin", 8.4), ("platelets", 96), ("white cells", 3.1)]),
        ("BUN/Cr 31/1.7", [("urea nitrogen", 31), ("creatinine", 1.7)]),
        ("AST/ALT 88/104", [("AST", 88), ("ALT", 104)]),
        ("ABG 7.28/55/71/26", [("pH", 7.28), ("carbon dioxide pressure", 55), ("oxygen pressure", 71), ("bicarbonate", 26)]),
        ("T98.4 BP104/61 HR77", [("temperature", 98.4), ("blood pressure", 104), ("heart rate", 77)]),
        ("INR 3.4 -> 2.2 -> 1.9", [("INR", 3.4), ("INR", 2.2), ("INR", 1.9)]),
        ("Wt 81.4 (2/3) - 80.2 - 79.5 today", [("weight", 81.4), ("weight", 80.2), ("weight", 79.5)]),
        ("Temp. 38.1", [("temperature", 100.58)]),
        ("EF 40% -> 55%", [("ejection fraction", 40), ("ejection fraction", 55)]),
        ("1+ edema, reflexes 3+, DP pulses 2+", [("edema", 1), ("reflexes", 3), ("pulse strength", 2)]),
        ("GCS 13, NIHSS 5, ECOG 2", [("Glasgow coma scale", 13), ("NIH stroke scale", 5), ("ECOG", 2)]),
        ("NYHA class II, ASA class IV", [("NYHA class", 2), ("ASA class", 4)]),
        ("Lipase 900 U/L, amylase 410", [("lipase", 900), ("amylase", 410)]),
        ("on 4L NC", [("oxygen flow", 4)]),
        ("FiO2 0.5, PEEP 10", [("fraction of inspired oxygen", 50), ("end expiratory pressure", 10)]),
    ],
    "letters": [
        ("Her haemoglobin was 104 g/L and her ferritin 9.", [("hemoglobin", 10.4), ("ferritin", 9)]),
        ("The pulse was 64 and regular.", [("heart rate", 64)]),
        ("His ejection fraction had come back to about 50 per cent.", [("ejection fraction", 50)]),
        ("Creatinine has risen from 0.9 to 1.6 mg/dL.", [("creatinine", 0.9), ("creatinine", 1.6)]),
        ("The latest sodium, which was taken yesterday, came back at 128.", [("sodium", 128)]),
        ("She weighs 11 stone.", [("weight", 69.8532)]),
        ("He stands 5 feet 11 inches tall.", [("height", 180.34)]),
        ("She has lost 4 kg since June.", [("weight change", 4)]),
        ("He gained about a pound.", [("weight change", 0.453592)]),
        ("There was a 2/6 systolic murmur.", [("murmur grade", 2)]),
        ("A grade II/VI murmur was heard.", [("murmur grade", 2)]),
        ("His pressure went from 88/52 to 101/60.", [("blood pressure", 88), ("blood pressure", 101)]),
        ("Saturations were 91% on air.", [("oxygen saturation", 91)]),
        ("The pain is 6 out of 10 at rest.", [("pain", 6)]),
        ("He rates it 7/10, an ache.", [("pain", 7)]),
        ("A blood sugar between 180 and 240.", [("glucose", 180)]),
        ("On examination 142/90 sitting.", []),
        ("The readings were 142/90, 138/84 and 131/80 mmHg.",
         [("blood pressure", 142), ("blood pressure", 138), ("blood pressure", 131)]),
    ],
    "dictated text": [
        ("blood pressure is one forty over ninety", [("blood pressure", 140)]),
        ("temperature ninety nine point four", [("temperature", 99.4)]),
        ("a1c of eight point one", [("hemoglobin A1c", 8.1)]),
        ("pulse of one oh four", [("heart rate", 104)]),
        ("weight one hundred fifty two pounds", [("weight", 68.946)]),
        ("pain is four out of ten", [("pain", 4)]),
        ("her sugars are in the two hundreds", [("glucose", 200)]),
        ("heart rate in the nineties", [("heart rate", 90)]),
    ],
    "capitals": [
        ("BLOOD PRESSURE 150/95. PULSE 101. TEMPERATURE 101.2 F.",
         [("blood pressure", 150), ("heart rate", 101), ("temperature", 101.2)]),
        ("HEMOGLOBIN 7.1 (L). CREATININE 3.3 (H).", [("hemoglobin", 7.1), ("creatinine", 3.3)]),
    ],
    "names behind and units alone": [
        ("72 beats per minute", [("heart rate", 72)]),
        ("18 breaths a minute", [("respiratory rate", 18)]),
        ("97% on room air", [("oxygen saturation", 97)]),
        ("92% on 3 L", [("oxygen saturation", 92)]),
        ("38.9 °C", [("temperature", 102.02)]),
        ("a 6.9 A1c", [("hemoglobin A1c", 6.9)]),
        ("55% ejection fraction", [("ejection fraction", 55)]),
        ("2 L of oxygen", [("oxygen flow", 2)]),
        ("5/5 strength in both legs", [("strength", 5)]),
        ("BMI 31 and 31 kg/m2", [("body mass index", 31), ("body mass index", 31)]),
        ("6'1\"", [("height", 185.42)]),
    ],
    "tables": [
        ("| Test | Value |\n|---|---|\n| Sodium | 139 |\n| Potassium | 4.1 |", [("sodium", 139), ("potassium", 4.1)]),
        ("Date | Na | K\n--- | --- | ---\n5/1 | 139 | 4.1\n5/2 | 136 | 3.6",
         [("sodium", 139), ("potassium", 4.1), ("sodium", 136), ("potassium", 3.6)]),
        ("day,hgb,plt\n1,9.9,210\n2,9.1,188", [("hemoglobin", 9.9), ("platelets", 210), ("hemoglobin", 9.1), ("platelets", 188)]),
        ("Day    WBC     Hgb\nMon    12.1    9.0\nTue    10.4    8.8",
         [("white cells", 12.1), ("hemoglobin", 9), ("white cells", 10.4), ("hemoglobin", 8.8)]),
        ("Hgb           9.9     8.7     8.1", [("hemoglobin", 9.9), ("hemoglobin", 8.7), ("hemoglobin", 8.1)]),
        ("test: Sodium; result: 127; unit: mmol/L", [("sodium", 127)]),
        ("sodium: 127; potassium: 5.9", [("sodium", 127), ("potassium", 5.9)]),
        ("Potassium\n5.2", [("potassium", 5.2)]),
    ],
    "names across a line that goes on": [
        ("On the morning of the third day in hospital the white count was\n14.2 and he felt better.", [("white cells", 14.2)]),
        ("The blood count that was taken in the clinic showed a haemoglobin of\n99 g/L.", [("hemoglobin", 9.9)]),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("text", "found"), [case for cases in READ.values() for case in cases])
def test_values_are_read(text: str, found: list[Row]) -> None:
    assert [name for name, _ in sorted(read(text))] == [name for name, _ in sorted(found)]
    assert [number for _, number in sorted(read(text))] == pytest.approx([number for _, number in sorted(found)], rel=1e-5)


@pytest.mark.parametrize(
    "text",
    ["Temperature 3 times a day", "pain for 4 days", "Headache 2 weeks ago", "BP twice daily", "PT 3 times a week", "pt 45 y/o",
     "sodium 2 g diet", "potassium 20 mEq daily", "iron 325 mg", "calcium 600 mg with vitamin D 1000 units", "insulin 10 units",
     "Vitamin B12 injection", "magnesium 400 mg", "INR on day 5", "weight loss surgery in 2019", "Glucose tablets 4 g",
     "K-3 education", "HB-61 form", "PSA on 15 December", "Take T 3", "the left eye at 8:15", "HR 2 of 3", "D-dimer 5 May",
     "Hb at 12 h", "glucose 4-hourly", "lost 300 mL of blood", "He sat 45 minutes", "C3 fracture", "albumin 25 percent, 50 grams",
     "Section 120/80", "Seen 12/31", "Co-Q 10", "24/7", "Humulin 70/30 at night", "Advair 250/50"],
)  # fmt: skip
def test_what_only_looks_like_a_value_is_none(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(
    "texts",
    [
        ("glucose 5.5 mmol/L", "blood sugar 99.088 mg/dL"),
        ("creatinine 88.42 µmol/L", "Cr 1.0000 mg per dL"),
        ("haemoglobin 120 g/L", "Hgb 12.0"),
        ("HbA1c 53 mmol/mol", "A1c 7.00044%"),
        ("WBC 7.2 x10^9/L", "WBC 7.2 K/uL", "white count 7,200", "WBC 7.2 x 10³/µL", "WBC 7.2", "leukocytes 7.2 10*9/L"),
        ("platelets 150 10⁹/L", "plt 150,000", "PLT 150K"),
        ("Temp 37 C", "temperature 98.6 °F", "T 98.6", "fever 98.6 degrees Fahrenheit"),
        ("weight 100 lb", "wt 45.359237 kg", "weighs 100 pounds"),
        ("height 6 ft", "height 182.88 cm", "Ht 72 inches", "height 1.8288 m"),
        ("total cholesterol 5 mmol/L", "cholesterol 193.35"),
        ("triglycerides 2 mmol/L", "TG 177.14 mg/dL"),
        ("urea 10 mmol/L", "BUN 28.01"),
        ("calcium 2.5 mmol/L", "Ca 10.02"),
        ("bilirubin 17.1 µmol/L", "T bili 1.000008"),
        ("BP 120/80", "blood pressure of 120 over 80 mm Hg", "a pressure of one twenty over eighty"),
        ("Na 140", "sodium 140 mmol/L", "sodium of 140 mEq/L"),
        ("EF 45%", "ejection fraction of 45 percent", "LVEF 0.45"),
        ("FEV1/FVC 0.7", "FEV1/FVC 70%"),
        ("pO2 10 kPa", "PaO2 75.0062 mmHg"),
    ],
    ids=lambda texts: texts[0],
)
def test_one_value_in_several_units_and_words_is_one(texts: tuple[str, ...]) -> None:
    first = one(texts[0])
    for text in texts[1:]:
        other = one(text)
        assert (other.analyte, other.unit, other.second) == (first.analyte, first.unit, first.second)
        assert other.number == pytest.approx(first.number, rel=1e-4)


def test_a_unit_that_is_not_the_analytes_own_stays_as_it_is_written() -> None:
    assert one("Hemoglobin 9.1 mg/dL").unit == "mg/dL"
    assert one("Heart rate 68 breaths per minute").unit == "breaths/min"
    assert one("Peak gradient 18 cmH2O").unit == "cmH2O"
    assert not one("Hemoglobin 9.1 g/dL").converted and one("Hemoglobin 91 g/L").converted


@pytest.mark.parametrize(
    ("text", "low", "high", "flag"),
    [("Sodium 131 (135-145) L", 135, 145, "low"), ("K 5.9 (H) [3.5-5.0]", 3.5, 5, "high"),
     ("Troponin <0.01 (ref <0.04)", None, 0.04, ""), ("Sodium | 131 | mmol/L | 135-145 | L", 135, 145, "low"),
     ("INR 2.4, goal 2-3", 2, 3, ""), ("TSH 2.1 (normal 0.4-4.0)", 0.4, 4, ""), ("Albumin 31 g/L (35-50)", 3.5, 5, ""),
     ("Hgb 9.1 (12.0-15.5 g/dL) L", 12, 15.5, "low"), ("K 5.9, which is high", None, None, "high"),
     ("The calcium was low at 7.9", None, None, "low"), ("Urea 9.2 (10-12 in May)", None, None, "")],
)  # fmt: skip
def test_range_and_flag_beside_a_value_are_read(text: str, low: float | None, high: float | None, flag: str) -> None:
    found = one(text)
    assert (found.low, found.high, found.flag) == (low, high, flag)


@pytest.mark.parametrize(
    ("text", "limit", "most"),
    [("A1c < 7", "<", None), ("MAP > 65", ">", None), ("eGFR >= 60", ">=", None), ("SBP under 140", "<", None),
     ("a glucose of 350 or higher", ">=", None), ("EF 30-35%", "", 35), ("glucose 100 to 180", "", 180),
     ("BP 110-130/70-80", "", 130), ("temperature at least 38.5 C", ">=", None), ("INR less than 4", "<", None),
     ("EF of 30% to 35%", "", 35)],
)  # fmt: skip
def test_limits_and_ranges_of_a_value_are_kept(text: str, limit: str, most: float | None) -> None:
    found = one(text)
    assert (found.limit, found.most) == (limit, most)


def test_a_value_is_shown_with_its_name_and_a_second_one_alone() -> None:
    text = "Hgb 9.1 (12-15), was 8.2"
    assert [text[found.start : found.end] for found in values(reading(text))] == ["Hgb 9.1 (12-15)", "8.2"]


def test_a_number_of_a_value_is_no_number_length_or_date_as_well() -> None:
    found = facts(reading("Pain 8/10, ESR 42 mm/hr, capillary refill 2 seconds, 12 stools."))
    assert [fact.kind for fact in found if fact.kind not in ("site", "change", "result")] == ["value", "value", "value", "number"]
