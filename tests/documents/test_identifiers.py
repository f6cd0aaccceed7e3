"""Residual identifiers are found by rules that name themselves, and medicine is left alone."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.documents.screen import Screen
from rag.documents.screen.identifiers import identifiers
from rag.documents.screen.patterns import by_pattern
from rag.documents.screen.people import people
from rag.documents.screen.recognisers import model_names, presidio
from rag.rules import rules
from rag.values import Aside, Document, Finding

PATTERNS = rules("identifiers")["patterns"]
SAMPLE = st.sampled_from(
    [
        "Dr. ",
        "Jane",
        " Doe",
        "MRN: ",
        "AB-123456",
        " on ",
        "March 3, 2024",
        "\n",
        "93-year-old",
        " 216-555-0134",
        "é\u200b",
        "P. Roe",
    ]
)


def found(text: str, kind: str | None = None) -> list[str]:
    return [text[one.start : one.end] for one in identifiers(text) if kind in (None, one.type)]


@pytest.mark.parametrize("rule", PATTERNS, ids=lambda rule: rule["name"])
def test_every_pattern_finds_its_example_and_leaves_its_look_alike(rule: dict[str, str]) -> None:
    form = re.compile(rule["pattern"])
    values = [
        match["value"] if "value" in form.groupindex and match["value"] is not None else match[0]
        for match in form.finditer(rule["example"])
    ]
    assert rule["value"] in [value.strip() for value in values]
    assert not form.search(rule.get("not", ""))


@pytest.mark.parametrize(
    ("text", "value", "kind"),
    [
        ("Seen with Dr. Orla Quillan today.", "Dr. Orla Quillan", "NAME"),
        ("Patient name: Jane Doe", "Jane Doe", "NAME"),
        ("Mrs. Jones was afebrile.", "Mrs. Jones", "NAME"),
        ("Reviewed by Mary Brown, MD, on the ward.", "Mary Brown", "NAME"),
        ("A 54-year-old man, Peter K., with gout.", "Peter K.", "NAME"),
        ("Smith, John was called.", "Smith, John", "NAME"),
        ("Her daughter Emily is at the bedside.", "Emily", "NAME"),
        ("The man, named Tjorven Aabye, was found.", "Tjorven Aabye", "NAME"),
        ("She lives in Millbrook with a friend.", "Millbrook", "PLACE"),
        ("Treated at Green Valley Clinic last year.", "Green Valley Clinic", "PLACE"),
        ("Transferred from St. Brigid's Hospital by air.", "St. Brigid's Hospital", "PLACE"),
        ("Seen in Chicago for a second opinion.", "Chicago", "PLACE"),
        ("Home: 12 Linden Street, Boston, MA 02115", "02115", "ZIP"),
        ("The patient is 94 years old.", "94", "AGE"),
        ("Name: Toshiro Ninagawa\nAllergies: none", "Toshiro Ninagawa", "NAME"),
        ("NAME: OLUFEMI, ABEBI", "OLUFEMI, ABEBI", "NAME"),
        ("Home address: Lindenallee 7, 20095 Hamburg\nPhone: none", "Lindenallee 7, 20095 Hamburg", "ADDRESS"),
        ("Card 4111 1111 1111 1111 was used.", "4111 1111 1111 1111", "ACCOUNT"),
        ("Call back at 555-0142", "555-0142", "PHONE"),
        ("Ring the ward on 555 0142", "555 0142", "PHONE"),
        ("Please page Dr. Quill at 555-0142", "555-0142", "PHONE"),
        ("He can be reached at 555-0142 after five.", "555-0142", "PHONE"),
        ("Fax the report to the clinic at (555) 0142.", "(555) 0142", "PHONE"),
        ("If worse, call the doctor on duty (555-0142).", "555-0142", "PHONE"),
        ("Questions? Call the nurse line, 555-0142", "555-0142", "PHONE"),
        ("Phone (h): 555-0142", "555-0142", "PHONE"),
        ("Daughter: 555-0142", "555-0142", "PHONE"),
        ("WhatsApp +44 7700 900123", "+44 7700 900123", "PHONE"),
        ("The desk takes results at ext. 4412.", "4412", "PHONE"),
        ("Dial x4412", "4412", "PHONE"),
        ("Pager #4412", "4412", "PHONE"),
        ("Patient: Fictional Testperson", "Fictional Testperson", "NAME"),
        ("Name: Fictional van Testperson", "Fictional van Testperson", "NAME"),
        ("PT: FICTIONAL TESTPERSON", "FICTIONAL TESTPERSON", "NAME"),
        ("Patient: Testperson, Fictional", "Testperson, Fictional", "NAME"),
        ("patient name: fictional testperson", "fictional testperson", "NAME"),
        ("Patient Name - Zorvath Quillwind", "Zorvath Quillwind", "NAME"),
        ("**Patient:** Fictional Testperson", "Fictional Testperson", "NAME"),
        ("| Patient | Fictional Testperson |", "Fictional Testperson", "NAME"),
        ("Patient:\nFictional Testperson\nPlan: none", "Fictional Testperson", "NAME"),
        ("Mother: Fictional Testperson", "Fictional Testperson", "NAME"),
        ("Mother's name: Quillwinda", "Quillwinda", "NAME"),
        ("NOK: Imaginary Zorvath (daughter)", "Imaginary Zorvath", "NAME"),
        ("Attending: Placeholder Docperson", "Placeholder Docperson", "NAME"),
        ("cc: Invented Quillwort, Sample Oberdorf", "Invented Quillwort", "NAME"),
        ("Signed by Fictional Testperson", "Fictional Testperson", "NAME"),
        ("Surgeon: F. Testperson", "F. Testperson", "NAME"),
        ("Patient: Дмитрий Иванов", "Дмитрий Иванов", "NAME"),
        ("Patient Fictional Testperson was seen.", "Fictional Testperson", "NAME"),
        ("The patient, Imaginary Zorvath, walked.", "Imaginary Zorvath", "NAME"),
        ("Pt Zorvath denies pain.", "Zorvath", "NAME"),
        ("BROWN, MARTHA L", "BROWN, MARTHA L", "NAME"),
        ("ZORVATH, PETER DOB 1/2/1950", "ZORVATH, PETER", "NAME"),
        ("Patient MARTHA ROE was moved.", "MARTHA ROE", "NAME"),
        ("pt martha jones back today", "martha jones", "NAME"),
        ("dr kowalski aware", "kowalski", "NAME"),
        ("my name is zorva quillwind and I cough", "zorva quillwind", "NAME"),
        ("Seen by Dr. von der Zorvath.", "Dr. von der Zorvath", "NAME"),
        ("Seen by Dr. de los Zorvathos.", "Dr. de los Zorvathos", "NAME"),
        ("RN Kowalski called, Nurse Zorvath agreed.", "Nurse Zorvath", "NAME"),
        ("Seen with her brother Zorvath Quill today.", "Zorvath Quill", "NAME"),
        ("Wife, Zorvatha, at the bedside.", "Zorvatha", "NAME"),
        ("Hello, this is Zorvatha calling about a bill.", "Zorvatha", "NAME"),
        ("The Zorvath family was called.", "Zorvath", "NAME"),
        ("Social worker Quilla Zorvath met with them.", "Quilla Zorvath", "NAME"),
        ("Surgeon: Zorvath Assistant: Quillwind", "Quillwind", "NAME"),
        ("Spoke with Zorvath about the plan.", "Zorvath", "NAME"),
        ("97M with a cough.", "97", "AGE"),
        ("Age 93y, frail.", "93y", "AGE"),
        ("A frail nonagenarian.", "nonagenarian", "AGE"),
        ("Last 4 of SSN: 4321", "4321", "SSN"),
        ("***-**-4321", "***-**-4321", "SSN"),
        ("Instagram @zorva.k posts", "zorva.k", "URL"),
        ("Username: zorvak", "zorvak", "URL"),
        ("mail zorva at example dot org", "zorva at example dot org", "EMAIL"),
        ("His insurance # is QF-8821KB.", "QF-8821KB", "HEALTH_PLAN"),
        ("Blue Cross number R55120934", "R55120934", "HEALTH_PLAN"),
        ("DL#: S7701234", "S7701234", "LICENSE"),
        ("Pacemaker serial number SN-QQ-771234", "SN-QQ-771234", "DEVICE"),
        ("Case number 24-ZZ-00817", "24-ZZ-00817", "MRN"),
        ("Questions to x4417 please.", "x4417", "PHONE"),
        ("Works at Zorvath Lumber as a clerk.", "Zorvath Lumber", "PLACE"),
        ("Was camping near Zorvath before.", "Zorvath", "PLACE"),
        ("Lives at 3 Elm St, Salem, OR 97301.", "97301", "ZIP"),
    ],
)
def test_an_identifier_is_found_whole_with_its_type(text: str, value: str, kind: str) -> None:
    covering = [
        one for one in Screen().text(text) if one.start <= text.index(value) and text.index(value) + len(value) <= one.end
    ]
    assert covering, [text[one.start : one.end] for one in Screen().text(text)]
    assert kind in {one.type for one in covering} or kind == "ZIP"
    assert all(one.rule and 0 < one.score <= 1 for one in covering)


@pytest.mark.parametrize(
    "text",
    [
        "Parkinson disease, Crohn's disease and a Foley catheter.",
        "Wells score 3, Glasgow Coma Scale 15, Child-Pugh B, New York Heart Association class II.",
        "Graves disease was ruled out; Babinski sign absent.",
        "Mild LA enlargement, EF 55 %, RV normal.",
        "A 72-year-old woman; diagnosed back in 2021.",
        "BP 120/80, strength 5/5, murmur 3/6, pain 8/10.",
        "Eliquis 5 mg twice daily, Lantus 20 units, St. John's wort stopped.",
        "EGFR exon 19 deletion, ALK negative, PD-L1 50 %.",
        "Follow-up in the Heart Failure Clinic and the Anticoagulation Clinic.",
        "Platelets 250,000, copies 1,200,000/mL, CPT 78815, ICD I48.91, NCT01234567.",
        "Grace period of 30 days; may repeat; will follow; mark the site.",
        "Normal sinus rhythm. Mobile mass. Reading glasses.",
        "Name: Aortic Stenosis\nPatient: Febrile, Tachycardic\nName: Amoxicillin Clavulanate",
        "Policy MP-027, patient P-0412, Section 4.2.1.",
        "Mother: Breast Cancer, Hypothyroidism\nFather: Died of Myocardial Infarction\nSon: Asthma",
        "CC: Chest Pain\ncc: Hematuria\nNurse: Wound VAC change\nPhysician: Cardiology Consult\nPatient: NKDA, DNR",
        "Brand name: Zorvamide Forte\nTrial name: Zorvath Quill\nPatient: Alert Oriented\nPatient - Improved",
        "Author: World Health Organization\nAttending: Internal Medicine\nProvider: In-network Providers",
        "Call if the weight rises by 1000-1500 g or the count to 160-1800; reach a goal of 1000-1500 kcal.",
        "Knee extension 120 degrees, ext 110; page 1021-1029; text 12-14; flexion on 130.",
        "Two cans of Dr. Pepper, the Johnson & Johnson vaccine, insulin by Eli Lilly.",
        "Frank pus from the wound, rusty sputum; Frank hematuria.",
        "Ann Arbor stage III, Boston criteria met, Philadelphia chromosome, a Milwaukee brace.",
        "Charles Bonnet syndrome, Marcus Gunn pupil, Todd's paralysis, Clark level IV.",
        "Kansas City Cardiomyopathy Questionnaire, Los Angeles grade B, St. Louis encephalitis.",
        "SNOMED 44054006 and RxNorm 1049221, LOINC code 1234567.",
        "Temp 99F, walked 100M, spun at x3000 g, rest @home, IG: normal.",
        "Patient Health Questionnaire; Patient Education was given; Pt Afebrile denies pain.",
        "His father Hypertension, her mother Diabetes; discussed with Nephrology about dialysis.",
        "Nurse Practitioner visit; Sister Healthy; RN Notified.",
        "Works at Home; at Bedtime; seen at Discharge.",
    ],
)
def test_medicine_is_not_taken_for_an_identifier(text: str) -> None:
    assert [text[one.start : one.end] for one in Screen().text(text) if one.kind == "identifier"] == []


@pytest.mark.parametrize("rule", [rule for rule in PATTERNS if "also" in rule], ids=lambda rule: rule["name"])
def test_a_pattern_finds_its_further_examples(rule: dict[str, list[str]]) -> None:
    assert all(rule["name"] in {one.rule for one in by_pattern(example)} for example in rule["also"])


@pytest.mark.parametrize("rule", [rule for rule in PATTERNS if "not_behind" in rule], ids=lambda rule: rule["name"])
def test_a_code_of_a_terminology_is_no_number_of_a_person(rule: dict[str, str]) -> None:
    assert rule["name"] not in {one.rule for one in by_pattern(rule["not_behind"])}


@pytest.mark.parametrize("rule", rules("people")["placed"], ids=lambda rule: rule["name"])
def test_words_around_a_name_find_it_and_leave_words_of_medicine(rule: dict[str, str]) -> None:
    assert rule["name"] in {one.rule for one in people(rule["example"])}
    assert people(rule.get("not", "")) == []


@pytest.mark.parametrize("name", ["mrn_0048213_visit.txt", "MRN-ZZ-4821.txt", "chart 0048213.txt", "0048213.txt"])
def test_a_number_of_a_person_in_a_file_name_is_found(name: str) -> None:
    assert "MRN" in {one.type for one in Screen()(Document(name, "It rained.")).findings}


@pytest.mark.parametrize(
    "name", ["note_20240314.txt", "ct_2024-03-14.txt", "visit_03142024.txt", "policy_v2.txt", "20240314083000.txt"]
)
def test_a_day_in_a_file_name_is_no_number_of_a_person(name: str) -> None:
    assert Screen()(Document(name, "It rained.")).findings == ()


def test_a_name_found_once_is_found_wherever_it_stands_again() -> None:
    text = "Mr. Quillan was seen.\nLater Quillan walked alone. Quillan sign is unknown."
    assert found(text, "NAME") == ["Mr. Quillan", "Quillan"]


def test_dates_of_care_score_below_what_holds_a_document_back() -> None:
    dated = Screen()(Document("a.txt", "Seen on March 3, 2024."))
    assert dated.status == "released" and [one.type for one in dated.findings] == ["DATE"]
    assert Screen(threshold=0.5)(dated.document).status == "quarantined"


def test_what_stands_beside_the_text_and_in_the_file_name_is_screened_too() -> None:
    document = Document("smith_john.txt", "A plain text.", asides=(Aside("comment", "Ask Dr. Jane Doe", 0),))
    screened = Screen()(document)
    assert screened.status == "quarantined"
    assert {(one.aside, one.rule.split(":")[0]) for one in screened.findings} >= {(0, "title"), (None, "file name")}


def test_a_name_model_that_is_not_there_is_named() -> None:
    from rag.errors import ModelProblem

    assert model_names("Jane Doe", "") == []
    with pytest.raises(ModelProblem, match="spacy:no_such_model is not on this machine"):
        model_names("Jane Doe", "spacy:no_such_model")


def test_a_spacy_pipeline_of_the_user_adds_its_names(monkeypatch: pytest.MonkeyPatch) -> None:
    spacy = pytest.importorskip("spacy")
    pipeline = spacy.blank("en")
    pipeline.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": "Zorvax Ulm"}])
    monkeypatch.setattr(spacy.util, "get_installed_models", lambda: ["made_here"])
    monkeypatch.setattr(spacy, "load", lambda name, exclude: pipeline)
    text = "Zorvax Ulm felt well."
    (one,) = [one for one in Screen(name_model="spacy:made_here").text(text) if "name model" in one.rule]
    assert text[one.start : one.end] == "Zorvax Ulm"


def test_presidio_looks_no_domain_up(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: pytest.fail("a look-up"))
    assert [one.type for one in presidio("Write to ward@quillwort.example now.")] == ["EMAIL"]


@given(st.lists(st.one_of(SAMPLE, st.text(max_size=12)), max_size=24).map("".join))
def test_findings_lie_inside_any_text_in_order_and_are_the_same_twice(text: str) -> None:
    findings = Screen().text(text)
    assert findings == Screen().text(text)
    assert all(0 <= one.start < one.end <= len(text) for one in findings)
    places = [(one.start, one.end) for one in findings if one.kind == "identifier"]
    assert all(before[1] <= after[0] for before, after in pairwise(places))
    assert all(isinstance(one, Finding) for one in findings)


def test_every_name_behind_a_title_of_several_people_is_one() -> None:
    assert found("Seen by Drs. Patel, Qworla and Vexby today.", "NAME") == ["Drs. Patel, Qworla", "Vexby"]
    assert found("Drs. Patel and the team agree; CNA Vexby and PA Qworla helped; PA and lateral films.", "NAME") == [
        "Drs. Patel",
        "CNA Vexby",
        "PA Qworla",
    ]
