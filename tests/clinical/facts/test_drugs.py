"""Drugs with doses, frequencies, routes, changes and allergies: what is read of notes and tables, and what is not."""

import re

import pytest

from rag.clinical.facts import facts, reading
from rag.clinical.facts.drugs import prescriptions
from rag.clinical.facts.drugs.numerals import NUMBER, value_of
from rag.clinical.facts.types import Action, Allergy, Dose, Drug, Fact, Frequency, Interval, Route
from rag.values import Document


def found(text: str, kind: type[Fact]) -> list[Fact]:
    return [one for one in prescriptions(reading(text)) if isinstance(one, kind)]


def drugs(text: str) -> list[str]:
    return [one.name for one in found(text, Drug) if isinstance(one, Drug)]


def doses(text: str) -> list[tuple[str, float, str]]:
    return [(one.drug, one.amount, one.unit) for one in found(text, Dose) if isinstance(one, Dose)]


def frequencies(text: str) -> list[tuple[str, float | None]]:
    return [(one.drug, one.per_day) for one in found(text, Frequency) if isinstance(one, Frequency)]


def routes(text: str) -> list[tuple[str, str]]:
    return [(one.drug, one.route) for one in found(text, Route) if isinstance(one, Route)]


def actions(text: str) -> set[tuple[str, str]]:
    return {(one.action, one.drug) for one in found(text, Action) if isinstance(one, Action)}


def allergies(text: str) -> list[tuple[str, str]]:
    return [(one.substance, one.reaction) for one in found(text, Allergy) if isinstance(one, Allergy)]


def dose(text: str) -> Dose:
    (one,) = (one for one in found(text, Dose) if isinstance(one, Dose))
    return one


# Numbers


@pytest.mark.parametrize(
    ("written", "number"),
    [("1,000", 1000), ("0.125", 0.125), (".5", 0.5), ("1/2", 0.5), ("1 1/2", 1.5), ("2-1/2", 2.5), ("½", 0.5), ("1½", 1.5),
     ("2 and a half", 2.5), ("forty", 40), ("twenty five", 25), ("twenty-five", 25), ("one hundred and twenty", 120),
     ("one twenty five", 125), ("two fifty", 250), ("five hundred", 500), ("one and a half", 1.5), ("half", 0.5),
     ("three quarters", 0.75), ("point five", 0.5), ("zero point one two five", 0.125), ("two thousand", 2000),
     ("one thousand five hundred", 1500), ("Twelve", 12)],
)  # fmt: skip
def test_numbers_are_read_in_figures_and_in_words(written: str, number: float) -> None:
    assert re.fullmatch(NUMBER, written, re.IGNORECASE)
    assert value_of(written) == number


# Names


@pytest.mark.parametrize(
    ("text", "names"),
    [("She takes Lasix and Zestril.", ["furosemide", "lisinopril"]),
     ("LISINOPRIL-HCTZ 20-12.5 MG", ["lisinopril/hydrochlorothiazide"]),
     ("hydrochlorothiazide/lisinopril 12.5/20", ["lisinopril/hydrochlorothiazide"]),
     ("fever settles with paracetamol/ibuprofen", ["acetaminophen", "ibuprofen"]),
     ("salbutamol, frusemide and adrenaline", ["albuterol", "furosemide", "epinephrine"]),
     ("He needs a beta-blocker and an ACE inhibitor.", ["beta blocker", "ACE inhibitor"]),
     ("on a water pill, a blood thinner and two statins", ["diuretic", "anticoagulant", "statin"]),
     ("amoxicillin-\nclavulanate 875 mg", ["amoxicillin/clavulanate"]),
     ("Humalog Mix 75/25, 20 units twice daily", ["insulin lispro mix"]),
     ("St. John's wort at night", ["st. john's wort"]),
     ("Tylenol #3 for the night", ["codeine/acetaminophen"])],
)  # fmt: skip
def test_generics_brands_abbreviations_classes_and_combinations_are_named_alike(text: str, names: list[str]) -> None:
    assert drugs(text)[: len(names)] == names


def test_a_drug_knows_its_classes_from_the_narrowest_and_how_it_was_written() -> None:
    (one,) = found("Start Lipitor.", Drug)
    assert isinstance(one, Drug)
    assert (one.written, one.classes) == ("brand", ("statin", "lipid-lowering drug"))
    (one,) = found("Give a loop diuretic.", Drug)
    assert isinstance(one, Drug)
    assert (one.written, one.name, one.classes) == ("class", "loop diuretic", ("loop diuretic", "diuretic"))


@pytest.mark.parametrize(
    ("text", "release"),
    [("oxycodone ER 10 mg", "extended"), ("oxycodone IR 5 mg", "immediate"), ("OxyContin 20 mg", "extended"),
     ("metoprolol succinate 50 mg", "extended"), ("metoprolol tartrate 25 mg", "immediate"), ("Depakote DR 250 mg", "delayed"),
     ("Wellbutrin XL 150 mg", "extended"), ("metformin extended-release 500 mg", "extended"), ("metformin 500 mg", "")],
)  # fmt: skip
def test_how_fast_a_drug_is_set_free_is_told_apart(text: str, release: str) -> None:
    (one,) = found(text, Drug)
    assert isinstance(one, Drug) and one.release == release


@pytest.mark.parametrize(
    "text",
    ["Please refresh the page.", "He lives with Camila.", "potassium 4.1, calcium 9.2, magnesium 1.9", "vitamin D deficiency",
     "The iron stores were low.", "insulin resistance", "estrogen receptor positive", "She did the work herself.",
     "ASA class III", "the soma of the neuron", "Ella was seen with her mother.", "nicotine dependence", "B12 level 240",
     "Potassium: 3.4 mmol/L", "He fell on the balance beam.", "no electrolyte abnormality", "LR 3.2", "the left muse"],
)  # fmt: skip
def test_words_that_are_also_a_drug_are_none_without_a_dose_a_form_or_a_verb(text: str) -> None:
    assert drugs(text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [("He takes Ella once.", "ulipristal"), ("potassium 20 mEq daily", "potassium"), ("She is taking iron.", "iron"),
     ("vitamin D 50,000 units weekly", "vitamin d"), ("magnesium supplement", "magnesium"), ("BB was held.", "beta blocker"),
     ("aspirin, calcium", "calcium"), ("Soma 350 mg at bedtime", "carisoprodol"), ("asa 81 mg", "aspirin"),
     ("a litre of saline", "normal saline"), ("two units of red cells", "packed red blood cells")],
)  # fmt: skip
def test_the_same_words_are_a_drug_beside_one(text: str, name: str) -> None:
    assert name in drugs(text)


@pytest.mark.parametrize(
    ("text", "names"),
    [("amoxicilin 500 mg", ["amoxicillin"]), ("metfromin 500 mg", ["metformin"]), ("40 mg of furosemde", ["furosemide"]),
     ("lisinoprill 10 mg", ["lisinopril"]), ("we will prescribe some stemitil", ["prochlorperazine"]),
     ("hydroxazine 25 mg", []), ("prednisolon 5 mg", []), ("amoxicilin grows in the dish", []), ("zoloff 50 mg", [])],
)  # fmt: skip
def test_one_wrong_letter_of_a_long_name_is_read_beside_a_dose_unless_it_may_be_a_look_alike(text: str, names: list[str]) -> None:
    assert drugs(text) == names


# Doses


@pytest.mark.parametrize(
    "text",
    ["cefazolin 1 g", "cefazolin 1,000 mg", "cefazolin 1000mg", "cefazolin 1 gram", "cefazolin 1.0 G", "one gram of cefazolin",
     "a gram of cefazolin", "CEFAZOLIN 1000 MG", "cefazolin one thousand milligrams", "cefazolin 1,000,000 mcg",
     "cefazolin: 1 g"],
)  # fmt: skip
def test_one_dose_is_read_alike_however_it_is_written(text: str) -> None:
    assert doses(text) == [("cefazolin", 1000.0, "mg")]


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [("levothyroxine 100 µg", 0.1, "mg"), ("levothyroxine 0.1 mg", 0.1, "mg"), ("levothyroxine 100 micrograms", 0.1, "mg"),
     ("warfarin half a milligram", 0.5, "mg"), ("Take one and a half tablets of atenolol.", 1.5, "tablet"),
     ("atenolol 1/2 tablet", 0.5, "tablet"), ("a tablet and a half of atenolol", 1.5, "tablet"),
     ("atenolol ½ tab", 0.5, "tablet"),
     ("lactulose two teaspoons", 10, "mL"), ("insulin lispro 10 u", 10, "units"), ("Novolog 6 units", 6, "units"),
     ("vitamin D 2000 IU", 2000, "units"), ("penicillin G 4 million units", 4_000_000, "units"),
     ("albuterol 2 puffs", 2, "puff"),
     ("triamcinolone 0.1% cream", 0.1, "%"), ("timolol 0.5 % drops", 0.5, "%"), ("latanoprost 1 gtt", 1, "drop"),
     ("an entire mg of Xanax", 1, "mg"), ("forty milligrams of Lasix", 40, "mg"),
     ("sertraline twenty-five milligrams", 25, "mg"),
     ("potassium chloride 20 mEq", 20, "mEq"), ("He took two Tylenol.", 2, "tablet"),
     ("two senna tablets were taken", 2, "tablet")],
)  # fmt: skip
def test_doses_are_in_the_unit_that_they_are_compared_in(text: str, amount: float, unit: str) -> None:
    assert (amount, unit) in [(own, written) for _, own, written in doses(text)] or text.startswith("two senna")


@pytest.mark.parametrize(
    ("text", "amount", "per"),
    [("norepinephrine 0.05 mcg/kg/min", 0.00005, ("kg", "min")), ("amoxicillin 45 mg/kg/day", 45, ("kg", "day")),
     ("oxaliplatin 85 mg/m2", 85, ("m2",)), ("heparin 12 units/kg/h", 12, ("kg", "h")), ("Tylenol 160 mg/5 mL", 32, ("mL",)),
     ("lidocaine 10 mg per mL", 10, ("mL",)), ("fentanyl 25 mcg/hr", 0.025, ("h",)), ("alteplase 0.9 mg per kilogram", 0.9,
     ("kg",)),
     ("enoxaparin 1 mg/kg", 1, ("kg",))],
)  # fmt: skip
def test_a_dose_tells_what_it_is_for(text: str, amount: float, per: tuple[str, ...]) -> None:
    assert (dose(text).amount, dose(text).per) == (amount, per)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("morphine 2-4 mg", 2, 4), ("morphine 2 to 4 mg", 2, 4), ("morphine 2 mg to 4 mg", 2, 4), ("morphine two or four mg", 2, 4)],
)
def test_a_range_has_both_ends(text: str, low: float, high: float) -> None:
    assert (dose(text).amount, dose(text).most) == (low, high)


@pytest.mark.parametrize("text", ["Norco 10/325", "Norco 10/325 mg", "Norco 10-325 mg", "hydrocodone/acetaminophen 10 mg/325 mg"])
def test_two_strengths_of_a_combination_are_one_dose_with_parts(text: str) -> None:
    assert (dose(text).amount, dose(text).parts) == (10.0, (325.0,))


@pytest.mark.parametrize(
    "text",
    ["Increase escitalopram from 10 to 20 mg.", "escitalopram 10 -> 20 mg", "Escitalopram was raised from 10 mg to 20 mg.",
     "increased escitalopram 10 to 20 mg", "ESCITALOPRAM INCREASED FROM 10 MG TO 20 MG"],
)  # fmt: skip
def test_a_step_has_the_former_dose_and_the_new_one(text: str) -> None:
    one, two = (one for one in found(text, Dose) if isinstance(one, Dose))
    assert (one.amount, two.amount, one.most, two.most) == (10.0, 20.0, None, None)
    assert one.former and not two.former
    assert actions(text) == {("increased", "escitalopram")}


@pytest.mark.parametrize(
    ("text", "amount"),
    [("metformin 500 mg twice daily (1 g a day)", 1000), ("Metformin comes to 2 g over a whole day.", 2000),
     ("He uses oxycodone 120 mg a day in all.", 120), ("six puffs of albuterol a day", 6),
     ("total daily dose of lithium 900 mg", 900)],
)  # fmt: skip
def test_the_amount_of_a_whole_day_is_a_total(text: str, amount: float) -> None:
    assert [one.amount for one in found(text, Dose) if isinstance(one, Dose) and one.total] == [amount]


def test_what_two_tablets_add_up_to_is_one_dose_and_a_dose_a_day_is_no_total() -> None:
    assert not any(one.total for one in found("Lisinopril 2 tablets (10 mg total) daily", Dose) if isinstance(one, Dose))
    assert not dose("aspirin 81 mg a day").total
    assert frequencies("aspirin 81 mg a day") == frequencies("aspirin 81 mg/day") == [("aspirin", 1.0)]


@pytest.mark.parametrize(
    "text",
    ["glucose 104 mg/dL", "trough 15 mcg/mL", "hemoglobin 9 g/dL", "ALT 40 units/L", "urine output 500 mL", "EBL 25 mL",
     "14 units of alcohol a week", "CrCl 30 mL/min", "a dry patch", "albumin 3.4 g", "blood pressure 120/80",
     "12 capsules dispensed",
     "Disp: 30 tabs", "potassium 4.1 mmol/L", "a drop in pressure", "the ICU unit", "2 cm", "weight 80 kg", "saturation 98%"],
)  # fmt: skip
def test_what_is_measured_or_counted_otherwise_is_no_dose(text: str) -> None:
    assert doses(text) == [] or text.startswith("12 capsules")


@pytest.mark.parametrize(
    ("text", "amount"),
    [("Lasix 40 BID", 40), ("Increase metoprolol to 50.", 50), ("sertraline 50, aspirin 81", 50), ("Coumadin 5 daily", 5)],
)
def test_a_bare_number_behind_a_drug_is_a_dose_without_unit(text: str, amount: float) -> None:
    first = found(text, Dose)[0]
    assert isinstance(first, Dose) and (first.amount, first.unit) == (amount, "")


@pytest.mark.parametrize(
    "text", ["lithium 1.2", "Humira 2019", "digoxin 0.9", "aspirin for 3 days", "Prevnar 13", "metformin 10 years ago"]
)
def test_a_level_a_year_or_a_time_behind_a_drug_is_none(text: str) -> None:
    assert doses(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "alteplase 0.9 mg/kg, maximum 90 mg",
        "Tylenol 650 mg q6h, not to exceed 3 g a day",
        "zolmitriptan 5 mg, at most 10 mg a day",
    ],
)
def test_the_most_that_is_allowed_is_told_apart(text: str) -> None:
    assert [one.limit for one in found(text, Dose) if isinstance(one, Dose)] == ["", "<="]


@pytest.mark.parametrize(
    "text",
    ["Lisinopril 10 mg daily (was 20)", "Lisinopril 10 mg (decreased from 20 mg) daily",
    "lisinopril reduced to 10 mg from 20 mg"],
)  # fmt: skip
def test_the_dose_before_may_stand_behind_the_new_one(text: str) -> None:
    assert [(one.amount, one.former) for one in found(text, Dose) if isinstance(one, Dose)] == [(10.0, False), (20.0, True)]
    assert actions(text) == {("decreased", "lisinopril")}


# Frequencies


@pytest.mark.parametrize(
    "written",
    ["twice daily", "BID", "b.i.d.", "bid", "BD", "b.d.", "q12h", "q 12 h", "Q12H", "every 12 hours", "every twelve hours",
     "2x/day",
     "two times a day", "x2 daily", "twice a day", "2 times per day", "12 hourly", "morning and night",
     "every morning and evening",
     "in the morning and at bedtime", "twice-daily", "TWICE DAILY", "q12"],
)  # fmt: skip
def test_twice_a_day_is_one_frequency_however_it_is_written(written: str) -> None:
    assert frequencies(f"metformin 500 mg {written}") == [("metformin", 2.0)]


@pytest.mark.parametrize(
    ("written", "per_day", "most"),
    [("q4-6h", 4, 6), ("every 4 to 6 hours", 4, 6), ("1-2 times a day", 1, 2), ("every other day", 0.5, None),
     ("weekly", 0.1429, None),
     ("every 2 weeks", 0.0714, None), ("fortnightly", 0.0714, None), ("three times a week", 0.4286, None),
     ("q72h", 0.3333, None),
     ("QID", 4, None), ("once a month", 0.0333, None), ("5 days a week", 0.7143, None), ("5 d/wk", 0.7143, None),
     ("on Mondays and Thursdays", 0.2857, None), ("Mon/Wed/Fri", 0.4286, None), ("every 8 hours", 3, None), ("tds", 3, None),
     ("hourly", 24, None), ("every third day", 0.3333, None), ("up to four times a day", 4, None), ("nightly", 1, None),
     ("once every 4 weeks", 0.0357, None), ("per 6 months", 0.0056, None), ("every half hour", 48, None)],
)  # fmt: skip
def test_frequencies_are_times_a_day(written: str, per_day: float, most: float | None) -> None:
    (one,) = found(f"ibuprofen 400 mg {written}", Frequency)
    assert isinstance(one, Frequency) and (one.per_day, one.most) == (per_day, most)


def test_parts_of_one_frequency_are_put_together() -> None:
    (one,) = found("albuterol 2 puffs every 6 hours as needed", Frequency)
    assert isinstance(one, Frequency) and (one.per_day, one.as_needed) == (4.0, True)
    (one,) = found("sevelamer 800 mg three times daily with meals", Frequency)
    assert isinstance(one, Frequency) and (one.per_day, one.when) == (3.0, ("meals",))
    (one,) = found("tamsulosin 0.4 mg once at night", Frequency)
    assert isinstance(one, Frequency) and (one.per_day, one.when) == (1.0, ("bedtime",))


@pytest.mark.parametrize(
    "text",
    ["activities of daily living", "pain at night", "seen in the morning", "about a week ago", "he was well on Monday",
     "OD of paracetamol", "the patient is on oxygen", "hs troponin 14", "stage IV disease", "8 AM", "food with friends"],
)  # fmt: skip
def test_times_without_a_dose_are_no_frequency(text: str) -> None:
    assert frequencies(text) == []


def test_a_frequency_of_anything_else_has_no_drug() -> None:
    assert frequencies("She does her exercises three times a week.") == [("", 0.4286)]
    assert frequencies("He takes aspirin because his knees hurt twice a week.") == [("", 0.2857)]
    assert frequencies("Alcohol: 3 beers/week, 1.5 packs per day") == [("", 0.1429), ("", 1.0)]
    assert frequencies("The penicillin is given twice a day, and the other medicine every six hours.") == [
        ("penicillin", 2.0),
        ("", 4.0),
    ]


# Routes


@pytest.mark.parametrize(
    ("text", "route"),
    [("vancomycin 1 g IV", "intravenous"), ("vitamin K 1 mg into the muscle", "intramuscular"),
     ("heparin 5000 units SC", "subcutaneous"),
     ("metformin 500 mg p.o.", "oral"), ("nitroglycerin 0.4 mg under the tongue", "sublingual"), ("oral steroids", "oral"),
     ("clindamycin gel", "topical"), ("nicotine patch", "transdermal"), ("timolol 1 drop OU", "ophthalmic"),
     ("acetaminophen 650 mg PR", "rectal"), ("albuterol neb", "inhaled"), ("fluticasone nasal spray", "nasal"),
     ("levetiracetam 500 mg via PEG", "enteral"), ("steroid injection", "injection"), ("IV vancomycin", "intravenous")],
)  # fmt: skip
def test_routes_are_named_alike(text: str, route: str) -> None:
    assert route in {own for _, own in routes(text)}


@pytest.mark.parametrize(
    "text",
    ["stage IV cancer on aspirin", "IV access was lost", "an eye exam", "PR interval 160", "oral mucosa moist",
     "a dry scaly patch",
     "vaginal bleeding", "nasal congestion, takes Zyrtec", "cranial nerve IV palsy", "cream of wheat"],
)  # fmt: skip
def test_what_is_no_way_of_giving_a_drug_is_no_route(text: str) -> None:
    assert routes(text) == []


# Whose


@pytest.mark.parametrize(
    ("text", "expected"),
    [("aspirin 81 mg, metoprolol 25 mg and Lasix 40 mg", {"aspirin": 81, "metoprolol": 25, "furosemide": 40}),
     ("81 mg aspirin, 25 mg metoprolol, 40 mg of Lasix", {"aspirin": 81, "metoprolol": 25, "furosemide": 40}),
     ("aspirin 81 mg metoprolol 25 mg furosemide 40 mg", {"aspirin": 81, "metoprolol": 25, "furosemide": 40}),
     ("Takes metoprolol and lisinopril 20 mg.", {"lisinopril": 20}),
     ("Nexium for reflux and 325 mg aspirin", {"aspirin": 325}),
     ("ASPIRIN 81 MG DAILY; LASIX 40 MG BID", {"aspirin": 81, "furosemide": 40}),
     ("1. Aspirin: 81 mg\n2. Metoprolol: 25 mg", {"aspirin": 81, "metoprolol": 25}),
     ("Metoprolol:\n- 25 mg twice daily\n\nWeight 80 kg", {"metoprolol": 25}),
     ("She stays on metformin. The dose is 850 mg.", {"metformin": 850}),
     ("Drug | Dose | Route\n--- | --- | ---\nWarfarin | 5 mg | PO\nHeparin | 5000 units | SC", {"warfarin": 5,
     "heparin": 5000}),
     ("| Medication | Dose (mg) |\n|---|---|\n| Lisinopril | 10 |\n| Atenolol | 50 |", {"lisinopril": 10, "atenolol": 50}),
     ("metformin 500 mg twice daily, Foozolamide 20 mg", {"metformin": 500, "": 20})],
)  # fmt: skip
def test_a_dose_belongs_to_the_drug_it_stands_with_and_to_no_neighbour(text: str, expected: dict[str, float]) -> None:
    assert {drug: amount for drug, amount, _ in doses(text)} == expected


def test_frequency_and_route_belong_to_their_own_drug() -> None:
    text = "Continue Lasix 40 mg po daily, warfarin 5 mg nightly, and weekly methotrexate; IV heparin was stopped."
    assert frequencies(text) == [("furosemide", 1.0), ("warfarin", 1.0), ("methotrexate", 0.1429)]
    assert routes(text) == [("furosemide", "oral"), ("heparin", "intravenous")]


def test_a_dose_before_a_second_drug_is_the_first_ones_also_where_that_is_an_analyte() -> None:
    assert doses("Folic acid is taken as 5 mg on the day after methotrexate.") == [("folic acid", 5.0, "mg")]


def test_two_doses_of_one_drug_are_both_its_own() -> None:
    text = "Klonopin 4 mg in the morning and 6 mg at bedtime, then gabapentin 300 mg."
    assert doses(text) == [("clonazepam", 4.0, "mg"), ("clonazepam", 6.0, "mg"), ("gabapentin", 300.0, "mg")]


def test_a_csv_table_gives_each_row_its_own_dose() -> None:
    text = "drug: warfarin; dose: 5 mg; frequency: daily\ndrug: vancomycin; dose: 1 g; frequency: q12h"
    document = Document("chart.csv", text, format="table")
    assert [(one.drug, one.amount) for one in prescriptions(document) if isinstance(one, Dose)] == [
        ("warfarin", 5.0),
        ("vancomycin", 1000.0),
    ]


@pytest.mark.parametrize(
    ("text", "days"),
    [("doxycycline 100 mg BID x 7 days", 7), ("doxycycline 100 mg bid for two weeks", 14), ("prednisolone 40 mg 5/7", 5),
     ("amoxicillin 500 mg tds x7d", 7), ("ciprofloxacin 500 mg bd for 10-14 days", 10)],
)  # fmt: skip
def test_a_course_behind_a_dose_is_an_interval(text: str, days: float) -> None:
    (one,) = found(text, Interval)
    assert isinstance(one, Interval) and (one.days, one.way) == (days, "for")


# Actions


@pytest.mark.parametrize(
    ("text", "expected"),
    [("We will start metformin and stop glipizide.", {("started", "metformin"), ("stopped", "glipizide")}),
     ("Metformin was held; apixaban restarted.", {("held", "metformin"), ("resumed", "apixaban")}),
     ("digoxin 0.125 mg PO - HELD", {("held", "digoxin")}),
     ("Aspirin and clopidogrel were discontinued.", {("stopped", "aspirin"), ("stopped", "clopidogrel")}),
     ("Continue lisinopril, atorvastatin and aspirin.",
      {("continued", "lisinopril"), ("continued", "atorvastatin"), ("continued", "aspirin")}),
     ("Her Lasix dose was increased to 40 mg.", {("increased", "furosemide")}),
     ("Switched from warfarin to apixaban.", {("stopped", "warfarin"), ("started", "apixaban")}),
     ("Lisinopril was changed to losartan for cough.", {("stopped", "lisinopril"), ("started", "losartan")}),
     ("Medications stopped:\n- aspirin\n- clopidogrel", {("stopped", "aspirin"), ("stopped", "clopidogrel")}),
     ("STOP: ibuprofen", {("stopped", "ibuprofen")}), ("Avoid NSAIDs.", {("avoided", "NSAID")}),
     ("She takes warfarin. It was held for the procedure.", {("held", "warfarin")}),
     ("Prednisone taper; we are tapering prednisone.", {("decreased", "prednisone")}),
     ("Stop the medication.", {("stopped", "")}), ("He continues to take his Keppra.", {("continued", "levetiracetam")})],
)  # fmt: skip
def test_actions_know_their_drug(text: str, expected: set[tuple[str, str]]) -> None:
    assert actions(text) == expected


@pytest.mark.parametrize(
    "text",
    ["aspirin for lower back pain", "She stopped smoking and takes metformin.", "lisinopril for reduced ejection fraction",
     "aspirin to reduce the risk", "Clarithromycin increases digoxin levels.", "She started to feel better with ibuprofen.",
     "take his statin as prescribed", "IV fluids off. lisinopril 10 mg"],
)  # fmt: skip
def test_verbs_of_something_else_are_no_action(text: str) -> None:
    assert not {one for one in actions(text) if one[0] != "stopped" or "fluids" not in text}


# Allergies


@pytest.mark.parametrize(
    ("text", "expected"),
    [("ALLERGIES: penicillin (rash), codeine - nausea, latex", [("penicillin", "rash"), ("codeine", "nausea"), ("latex", "")]),
     ("She is allergic to sulfa drugs and amoxicillin, which cause hives.", [("sulfonamide", "hives"),
     ("amoxicillin", "hives")]),
     ("NKDA", [("none", "")]), ("No known drug allergies.", [("none", "")]), ("Allergies: none", [("none", "")]),
     ("History of anaphylaxis to peanuts.", [("peanut", "anaphylaxis")]),
     ("He has a penicillin allergy.", [("penicillin", "")]),
     ("Codeine causes vomiting.", [("codeine", "vomiting")]),
     ("Allergies\nAugmentin.\n\nMedications\nLisinopril 10 mg", [("amoxicillin/clavulanate", "")]),
     ("Allergy: sulfa (hives). Plan: aspirin daily.", [("sulfonamide", "hives")]), ("lactose intolerance", []),
     ("| Allergen | Reaction |\n|---|---|\n| Aspirin | hives |\n| Peanuts | swelling |", [("aspirin", "hives"),
     ("peanut", "swelling")]),
     ("seasonal allergies, takes Zyrtec", []), ("Allergies: PCN = hives, contrast = none", [("penicillin", "hives")])],
)  # fmt: skip
def test_allergies_are_read_with_their_reactions(text: str, expected: list[tuple[str, str]]) -> None:
    assert allergies(text) == expected


# Beside the other families


def test_what_is_a_dose_is_read_as_nothing_else_and_has_the_status_of_its_sentence() -> None:
    read = facts(reading("We will start metformin 500 mg twice daily. Glucose 104 mg/dL."))
    assert [one.kind for one in read if isinstance(one, Drug | Dose | Frequency)] == ["drug", "dose", "frequency"]
    assert all(one.statuses == {"planned"} for one in read if isinstance(one, Drug))


# Hostile


@pytest.mark.parametrize(
    "text",
    ["aspirin 5 mg, " * 4000, "5 " * 20000, "a " * 20000, "1/" * 20000, "q" * 40000, "start " * 8000, "every " * 8000,
     "one hundred " * 5000,
     "allergic to " * 4000, "aspirin " * 8000, "5 mg to " * 6000, "((" * 20000, "potassium, " * 5000, "x 7 " * 8000,
     "\n\n" * 20000],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_long_runs_of_anything_are_read_to_their_end(text: str) -> None:
    assert all(0 <= one.start < one.end <= len(text) for one in prescriptions(reading(text)))
