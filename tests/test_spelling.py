"""One thing has one term: what is written in several ways meets in the index and in the question, and nothing else does."""

import unicodedata
from typing import Any

import pytest

from rag.rules import rules
from rag.spelling import folded
from rag.text import stopwords, terms

SPELLINGS = rules("spellings")
CAPITALS = rules("capitals")["capitals"]


@pytest.mark.parametrize("rule", SPELLINGS["words"], ids=lambda rule: str(rule["as"]))
def test_every_written_form_of_a_word_has_one_term_and_it_is_no_form_of_another(rule: dict[str, Any]) -> None:
    for form in rule["written"]:
        assert terms(form) == terms(form.capitalize()) == terms(rule["as"])
    assert terms(rule["as"], stem=False) == [rule["as"]]
    assert sum(form in other["written"] for other in SPELLINGS["words"] for form in rule["written"]) == len(rule["written"])


@pytest.mark.parametrize("rule", [*SPELLINGS["parts"], *SPELLINGS["ends"]], ids=lambda rule: str(rule["british"]))
def test_the_example_of_a_british_spelling_is_the_american_word(rule: dict[str, str]) -> None:
    british, american = rule["british"].removeprefix("^"), rule["american"]
    assert british in rule["example"].replace("-", "")
    assert terms(rule["example"]) == terms(rule["example"].replace("-", "").replace(british, american))
    assert not any(british in term for term in terms(rule["example"], stem=False))


@pytest.mark.parametrize("before", SPELLINGS["not_ise"]["words"])
def test_a_word_that_no_one_writes_with_a_z_keeps_its_s(before: str) -> None:
    assert terms(f"{before}ise {before}ised", stem=False) == [f"{before}ise", f"{before}ised"]


@pytest.mark.parametrize("before", SPELLINGS["doubled"]["words"])
def test_a_doubled_l_is_one(before: str) -> None:
    assert terms(f"{before}led {before}ling") == terms(f"{before}ed {before}ing")


@pytest.mark.parametrize("word", SPELLINGS["not_non"]["words"])
def test_a_word_that_only_begins_with_non_stays_whole(word: str) -> None:
    assert len(terms(word)) == 1


@pytest.mark.parametrize("pair", SPELLINGS["together"]["pairs"])
def test_two_words_that_are_also_written_as_one_have_one_term(pair: str) -> None:
    joined = terms(pair.replace(" ", ""))
    assert terms(pair) == terms(pair.replace(" ", "-")) == terms(pair.upper()) == terms(f"{pair}s") == joined
    assert len(joined) == 1


@pytest.mark.parametrize("pair", SPELLINGS["hyphenated"]["pairs"])
def test_two_words_that_are_one_only_with_a_hyphen_stay_two_without(pair: str) -> None:
    joined = terms(pair.replace(" ", ""))
    assert terms(pair.replace(" ", "-")) == joined
    assert terms(pair) == [term for word in pair.split() for term in terms(word)] != joined


@pytest.mark.parametrize("words", SPELLINGS["apart"]["words"])
def test_a_word_that_is_read_as_two_is_them(words: str) -> None:
    assert terms(words.replace(" ", "")) == terms(words) == terms(words.replace(" ", "-"))


@pytest.mark.parametrize("prefix", SPELLINGS["prefixes"]["words"])
def test_a_prefix_grows_together_with_its_word_but_not_with_an_abbreviation(prefix: str) -> None:
    assert terms(f"{prefix}-zalumide") == terms(f"{prefix}zalumide") == terms(f"{prefix.upper()}-ZALUMIDE")
    assert terms(f"{prefix}-TNF", stem=False)[-1] == "tnf"


@pytest.mark.parametrize("word", SPELLINGS["numbered"]["words"])
def test_what_is_numbered_has_one_number_in_roman_and_in_our_digits(word: str) -> None:
    assert terms(f"{word} II") == terms(f"{word.upper()} 2") == terms(f"{word} ii")
    assert terms(f"{word} II to IV") == terms(f"{word} 2 to 4") and terms(f"{word} I-III") == terms(f"{word} 1-3")


LISTS = ["not_ise", "doubled", "not_non", "together", "hyphenated", "apart", "prefixes", "numbered", "units"]


@pytest.mark.parametrize("part", LISTS)
def test_the_example_of_a_list_holds_one_of_its_words(part: str) -> None:
    entries = SPELLINGS[part].get("words") or SPELLINGS[part]["pairs"]
    example = SPELLINGS[part]["example"].lower().replace("-", "")
    assert any(entry.replace(" ", "") in example.replace(" ", "") for entry in entries)
    assert len(set(entries)) == len(entries)


def test_a_gram_is_a_weight_after_a_number_and_a_stain_elsewhere() -> None:
    for word in SPELLINGS["gram"]["words"]:
        assert terms(f"2 gram {word}")[1] == "gram"
    assert terms("1 gram daily") == terms("1 g daily") == terms("1 grams daily")
    assert terms(SPELLINGS["gram"]["example"])[0] == "gram"


def test_i_is_a_person_before_a_verb_and_a_number_elsewhere() -> None:
    for word in SPELLINGS["after_i"]["words"]:
        assert "1" not in terms(f"which type I {word}")
    assert terms("type I diabetes") == terms("type 1 diabetes")


@pytest.mark.parametrize("rule", CAPITALS, ids=lambda rule: str(rule["short"]))
def test_an_abbreviation_is_another_term_than_the_word_and_a_word_among_capitals(rule: dict[str, Any]) -> None:
    term = rule.get("term", rule["short"])
    assert term in terms(rule["example"]) and term in terms(rule["example"], stem=False)
    assert term not in terms(rule["word"])
    assert rule["short"].isupper() is False or term not in terms(f"TELL THEM {rule['short']} FIRST")
    for word in rule.get("unless", ()):
        assert term not in terms(f"seen {rule['short']} {word}")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ménière", "Meniere"), ("Me\u0301nie\u0300re", "Ménière"), ("Sjögren", "Sjogren"), ("Sjoegren", "Sjögren"),
        ("Guillain–Barré", "Guillain-Barre"), ("naïve", "naive"), ("ﬁbrillation", "fibrillation"), ("eﬀusion", "effusion"),
        ("œdema", "edema"), ("anæmia", "anemia"), ("hyper\u00adkalemia", "hyperkalemia"), ("war\u200bfarin", "warfarin"),
        ("war\ufefffarin", "warfarin"), ("\u202awarfarin\u202c", "warfarin"), ("ｍｇ", "mg"), ("３００", "300"),
        ("２，０００", "2000"), ("٣٠٠", "300"), ("３．５", "3.5"), ("β-blocker", "beta-blocker"),
        ("betablockers", "β-blockers"), ("α1-antitrypsin", "alpha-1 antitrypsin"), ("TNF-α", "TNF alpha"),
        ("TNFα", "TNFalpha"), ("IL-1β", "IL-1 beta"), ("γ-GT", "gamma GT"), ("Δ gap", "delta gap"), ("25 µg", "25 mcg"),
        ("25μg", "25 ug"), ("25 micrograms", "25 mcg"), ("40 µmol/L", "40 umol/L"), ("5 milligrams", "5 mg"),
        ("2 millilitres", "2 mL"), ("2,000", "2000"), ("2\u2009000", "2000"), ("2\u202f500", "2500"), ("2\u00a0000", "2000"),
        ("2 000", "2000"), ("1,250,000", "1250000"), ("1,50,000", "150000"), (".5 mg", "0.5 mg"), ("(.25)", "0.25"),
        ("5.0", "5"), ("0.50", "0.5"), ("0,5", "0.5"), ("2,5 mg", "2.5 mg"), ("2·5", "2.5"), ("½", "1/2"), ("2½", "2 1/2"),
        ("haemoglobin", "hemoglobin"), ("oedema", "edema"), ("anaemia", "anemia"), ("oesophagus", "esophagus"),
        ("paediatric", "pediatric"), ("tumours", "tumors"), ("colour", "color"), ("diarrhoea", "diarrhea"),
        ("leukaemia", "leukemia"), ("foetal", "fetal"), ("sulphate", "sulfate"), ("hospitalised", "hospitalized"),
        ("randomisation", "randomization"), ("catheterised", "catheterized"), ("dialysed", "dialyzed"), ("litres", "liters"),
        ("labelled", "labeled"), ("gynaecology", "gynecology"), ("gastro-oesophageal", "gastroesophageal"),
        ("orthopaedics", "orthopedics"), ("hypokalaemia", "hypokalemia"), ("dyspnoea", "dyspnea"),
        ("counselling", "counseling"), ("behaviour", "behavior"), ("aetiology", "etiology"), ("caesarean", "cesarean"),
        ("coeliac", "celiac"), ("x-ray", "xray"), ("X ray", "x-rays"), ("co-trimoxazole", "cotrimoxazole"),
        ("follow-up", "followup"), ("follow up", "follow-ups"), ("pre-op", "preop"), ("post op", "post-operative"),
        ("anti-coagulation", "anticoagulation"), ("ANTI-COAGULATION", "anticoagulation"), ("non-smoker", "nonsmoker"),
        ("re-admission", "readmission"), ("non steroidal", "nonsteroidal"),
        ("pre- and postoperative", "pre and postoperative"), ("in-patient", "inpatient"), ("work-up", "workup"),
        ("health care", "healthcare"), ("multi\u2010drug", "multidrug"), ("CO₂", "CO2"), ("10⁹/L", "10^9/L"),
        ("10¹²/L", "10^12/L"), ("kg/m²", "kg/m2"), ("B₁₂", "B 12"), ("10⁻³", "10^-3"), ("type II", "type 2"),
        ("stage IIIB", "stage 3B"), ("NYHA III", "nyha 3"), ("grade Ⅲ", "grade 3"), ("factor VIII", "factor 8"),
        ("NYHA II–III", "NYHA 2-3"), ("Crohn’s", "Crohn's"), ("Crohn’s", "Crohns"), ("Parkinson's", "Parkinson"),
        ("CTs", "CT"), ("MRIs", "MRI"), ("CT's", "CT"), ("LFTs", "lfts"), ("b.i.d.", "BID"), ("p.o.", "PO"), ("I.V.", "IV"),
        ("A1c", "HbA1c"), ("a1c", "HbA1C"), ("Ozempic™", "Ozempic"), ("37ºC", "37 °C"), ("vertebrae", "vertebra"),
        ("aciclovir", "acyclovir"), ("amoxycillin", "amoxicillin"), ("disk", "disc"),
    ],
)  # fmt: skip
def test_written_forms_of_one_thing_have_the_same_terms(one: str, other: str) -> None:
    assert terms(one) == terms(other) != []
    assert terms(one, stem=False) == terms(other, stem=False) or terms(one) == terms(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2,000", "2"), ("2,5", "25"), ("1,2", "12"), ("1 500 mg", "1500 mg"), ("4.10", "4.1"), ("4.2.1", "4.21"),
        ("10⁹", "109"), ("2½", "21/2"), ("EGFR", "eGFR"), ("EGFR mutation", "eGFR mutation"), ("Mg 2", "mg 2"),
        ("factor X", "factor Xa"), ("hydroxyzine", "hydralazine"), ("in patients", "inpatients"), ("cholera", "choler"),
        ("exercise", "exercize"), ("four", "for"), ("NYHA III, IV furosemide", "NYHA 3 4 furosemide"), ("toes", "tes"),
        ("HR", "hours"), ("MCL", "uL"),
    ],
)  # fmt: skip
def test_what_only_looks_alike_stays_apart(one: str, other: str) -> None:
    assert terms(one) != terms(other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,2 and 3", ["1", "2", "3"]),
        ("eGFR 48, EGFR 48", ["egfr", "48", "egfr", "48"]),
        ("egfr", ["egfr"]),
        ("egfr mutation", ["EGFR", "mutation"]),
        ("or the OR", ["OR"]),
        ("statin OR ezetimibe", ["statin", "ezetimibe"]),
        ("US or us", ["US"]),
        ("T4 and S1", ["t4", "s1"]),
        ("type II error", ["type", "2", "error"]),
        ("класс II", ["класс", "ii"]),
    ],
)
def test_terms_of_what_hangs_on_case_and_neighbours(text: str, expected: list[str]) -> None:
    assert terms(text, stem=False) == expected


def test_a_question_in_capitals_is_one_of_words() -> None:
    asked = "DID HE GO TO US OR CAN IT ALL BE AS IT IS, NO AIDS?"
    assert terms(asked) == terms(asked.lower())


def test_folding_leaves_plain_text_and_other_scripts_as_they_are() -> None:
    for text in ("Plain text, 2,000 mg.", "患者血压", "환자는", "Пациент", "रोगी ने"):
        assert folded(text) == text
    assert folded("Йод и ёж") == "Йод и еж" == folded(unicodedata.normalize("NFD", "Йод и ёж"))


@pytest.mark.parametrize("text", ["1 000 " * 30_000, "-" * 100_000, "a." * 50_000, "non" * 40_000, "co-" * 40_000,
                                  "µ" * 100_000, "type I " * 20_000, "1,2" * 40_000, "\u00ad" * 100_000, "β" * 100_000,
                                  "½" * 50_000])  # fmt: skip
def test_long_runs_of_what_is_folded_are_read_once(text: str) -> None:
    assert isinstance(terms(text), list)


def test_no_function_word_is_spelled_as_a_term() -> None:
    assert [word for word in stopwords() if terms(word)] == []
