"""Structure: sections in their variants, times, provenance, editions and assertion status, each on invented text."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.clinical.assertions import assertions
from rag.clinical.provenance import (
    described,
    document_author,
    document_date,
    document_edition,
    document_effective,
    in_force,
    superseded,
)
from rag.clinical.sections import sections
from rag.clinical.times import moments
from rag.documents.load import read_file
from rag.keep.artifacts import Artifacts
from rag.stages.chunk.sections import Sections
from rag.stages.embed.hashing import Hashing
from rag.stages.index.base import Index
from rag.values import Chunk, Document, File, Filter, Section, Span


def titles(text: str) -> list[tuple[str, int]]:
    return [(section.title, section.level) for section in sections(text)]


# Sections


@pytest.mark.parametrize(
    "line",
    [
        "PAST MEDICAL HISTORY",
        "Past Medical History:",
        "past medical history:",
        "**Past Medical History**",
        "**Past medical history:**",
        "__Past Medical History__:",
        "*** PAST MEDICAL HISTORY ***",
        "=== Past Medical History ===",
        "[PAST MEDICAL HISTORY]",
        "Past Medical History\n--------------------",
        "PAST MEDICAL HISTORY:\n=====================",
        "1. PAST MEDICAL HISTORY",
        "2) Past Medical History:",
        "III. Past Medical History:",
        "B. PAST MEDICAL HISTORY:",
        "Pertinent Past Medical Histories:",
        "Past Medical Hx:",
        "PMHx:",
        "Past medical history (from the chart):",
        "Medical History Reviewed",
    ],
)
def test_a_heading_is_found_however_it_is_written(line: str) -> None:
    text = f"It rained.\n\n{line}\nGout and hypertension.\n"
    (found,) = sections(text)
    assert text[found.start : found.body] == line
    assert "Gout" in text[found.body : found.end]


@pytest.mark.parametrize(
    "line",
    [
        "**Allergies:** penicillin",
        "Allergies: penicillin",
        "ALLERGIES - penicillin",
        "ALLERGIES : penicillin",
        "allergies: penicillin",
    ],
)
def test_a_heading_may_stand_before_its_text(line: str) -> None:
    (found,) = sections(f"It rained.\n{line}\n")
    assert found.title.lower() == "allergies"


@pytest.mark.parametrize(
    "line",
    [
        "Lungs: clear",
        "- Plan: rest",
        "The patient has no plan: it rained.",
        "COPD.",
        "NKDA",
        "Plan.",
        "ASPIRIN\nLISINOPRIL\nMETFORMIN\nATORVASTATIN",
        "1. Journal of Rain. Volume of Storms",
        "Visit www.example.org",
        "1. Hypertension\n2. Gout\n3. Asthma",
    ],
)
def test_what_only_looks_like_a_heading_is_none(line: str) -> None:
    assert sections(f"It rained.\n\n{line}\n\nIt went on raining.\n") == ()


def test_labels_inside_an_examination_are_no_sections() -> None:
    text = "PHYSICAL EXAM\n\nGeneral: well.\nLungs: clear.\nHeart: regular.\nAbdomen: soft.\n\nPLAN\n\nRest.\n"
    assert titles(text) == [("PHYSICAL EXAM", 1), ("PLAN", 1)]


def test_a_lesser_label_inside_its_section_belongs_to_it() -> None:
    text = "RESULTS\n\nLabs: sodium normal.\nImpression: no fracture.\n\nASSESSMENT\n\nSprain.\n"
    assert titles(text) == [("RESULTS", 1), ("Labs", 2), ("Impression", 2), ("ASSESSMENT", 1)]


def test_a_soap_note_has_four_sections() -> None:
    text = "S: Cough.\nO: Afebrile.\nA: Viral illness.\nP: Rest.\n"
    assert [title for title, _ in titles(text)] == ["S", "O", "A", "P"]


def test_a_radiology_report_has_its_comparison() -> None:
    text = "INDICATION: Cough.\nCOMPARISON: Film of 2024-01-02.\nFINDINGS:\nNo effusion.\nIMPRESSION:\n1. Normal.\n"
    assert [title for title, _ in titles(text)] == ["INDICATION", "COMPARISON", "FINDINGS", "IMPRESSION"]


def test_nested_criteria_become_levels() -> None:
    text = (
        "Coverage criteria:\n"
        "A. Initial request\n1. Adult member\n2. One of the following:\n"
        "a. Trial of a first drug\nb. Reason against it:\n(i) allergy\n(ii) pregnancy\n"
        "B. Renewal\n1. Benefit is documented\n"
    )
    assert titles(text) == [
        ("Coverage criteria", 1),
        *[("A.", 2), ("1.", 3), ("2.", 3), ("a.", 4), ("b.", 4), ("(i)", 5), ("(ii)", 5)],
        *[("B.", 2), ("1.", 3)],
    ]
    document = Document("policy.txt", text, sections=sections(text))
    assert document.path_at(text.index("pregnancy")) == ("Coverage criteria", "A.", "2.", "b.", "(ii)")


def test_criteria_of_one_list_stay_in_one_passage() -> None:
    text = "Coverage criteria:\n" + "".join(
        f"{at}. The member has had the {at}th course of the first drug.\n" for at in range(1, 9)
    )
    (chunk,) = Sections()(Document("policy.txt", text, sections=sections(text)))
    assert chunk.section == "Coverage criteria"


def test_a_graded_recommendation_is_a_section_that_holds_its_rationale() -> None:
    text = (
        "Recommendations\n"
        "1. Offer the first drug to adults with rain fever of any cause\n(strong recommendation, evidence type 2).\n"
        "Supporting Rationale\nTwo trials were found.\n"
        "2. Consider the second drug in winter when the first has failed (conditional, grade C).\n"
    )
    assert titles(text) == [("Recommendations", 1), ("1.", 2), ("Supporting Rationale", 3), ("2.", 2)]
    assert titles("Recommendation 4.1 (Strong, grade A): Offer the drug.\n") == [("Recommendation 4.1 (Strong, grade A)", 1)]
    assert titles("It rained.\nRecommendation 4 applies to adults.\n") == []


def test_a_table_of_contents_has_no_sections_of_its_own() -> None:
    text = (
        "Contents\n1. Scope . . . . . . 1\n2. Dose Limits . . . . . . 2\n\n"
        "1. Scope\n1.1 This guideline is for adults who live where it rains on most days of the year and who are well.\n"
        "2. Dose Limits\n2.1 The dose is small.\n"
    )
    assert titles(text) == [("Contents", 1), ("1. Scope", 1), ("1.1", 2), ("2. Dose Limits", 1), ("2.1", 2)]


def test_a_title_wrapped_in_capitals_is_one_heading() -> None:
    text = "GUIDE TO THE MEASUREMENT OF\nRAIN IN OUTPATIENT SETTINGS\n\nIt rained.\n"
    assert titles(text) == [("GUIDE TO THE MEASUREMENT OF RAIN IN OUTPATIENT SETTINGS", 1)]


def test_an_underlined_heading_and_the_next_one_stay_two() -> None:
    assert titles("RAIN\n====\nSNOW:\nIt fell.\n") == [("RAIN", 1), ("SNOW", 1)]


def test_a_bold_label_in_markdown_is_below_the_heading_above() -> None:
    text = "# Visit\n\n## History\nWell.\n\n**Family history:** none.\n\n## Plan\nRest.\n"
    assert titles(text) == [("Visit", 1), ("History", 2), ("Family history", 3), ("Plan", 2)]


# Times


def read(text: str, day: str | None = "2024-03-14") -> list[tuple[str, str | None]]:
    return [(text[moment.start : moment.end], moment.day) for moment in moments(text, sections(text), day)]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Seen 2024-03-14T09:30.", "2024-03-14"),
        ("Seen Mar. 3rd, 2024.", "2024-03-03"),
        ("Seen on the 3rd of March 2024.", "2024-03-03"),
        ("Seen 3/4/24.", "2024-03-04"),
        ("Seen 25/12/2023.", "2023-12-25"),
        ("Back in one year.", None),
        ("Due in 2 months.", "2024-05"),
        ("Due in two years.", "2026"),
        ("Cough for the past two weeks.", "2024-02-29"),
        ("Seen December 30.", "2023-12-30"),
    ],
)
def test_a_time_is_as_exact_as_the_text(text: str, day: str | None) -> None:
    assert read(text)[0][1] == (day or "2025")


@pytest.mark.parametrize(
    "text", ["BP 120/80.", "Take 1/2 tablet.", "Strength 4/5.", "Murmur 3/6.", "Seen 2024-02-31.", "Ratio 45/67/1234."]
)
def test_what_only_looks_like_a_date_is_none(text: str) -> None:
    assert read(text) == []


def test_postoperative_days_count_from_the_one_day_of_the_procedure() -> None:
    text = "PROCEDURE:\nNail fixation, March 4, 2024.\n\nCOURSE OF TREATMENT:\nWalked on POD 2.\n"
    assert read(text)[-1] == ("POD 2", "2024-03-06")
    two = text.replace("March 4, 2024.", "March 4, 2024; wound washed March 5, 2024.")
    assert read(two)[-1] == ("POD 2", None)


def test_the_prior_study_is_the_one_of_the_comparison() -> None:
    text = "COMPARISON: CT of 2023-09-12.\nFINDINGS: The nodule grew since the prior study.\n"
    assert read(text)[-1] == ("since the prior study", "2023-09-12")


def test_a_date_out_of_the_calendar_is_no_reason_to_stop() -> None:
    assert read("Born 999 years ago, due in 999 years.", "0001-01-01") == [("999 years ago", None), ("in 999 years", "1000")]


# Provenance


def test_a_bold_label_and_a_table_bar_do_not_hide_a_date() -> None:
    assert document_date("# Visit\n**Date:** 2024-03-12\n") == "2024-03-12"
    assert document_date("| Effective date | March 1, 2021 |") == "2021-03-01"


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("Author: Resident, Surgery (reviewed by Attending, Geriatrics)", "resident"),
        ("Author: Attending, Radiology", "radiologist"),
        ("Electronically signed by: Name Surname, PA-C", "physician assistant"),
        ("From: Physician Reviewer, Utilization Management", "payer reviewer"),
        ("Dear colleague,\nIt rained.\n\nWith thanks,\nPhysician, Internal Medicine", "physician"),
        ("It rained. The attending agreed.", ""),
        ("Author: Name Surname", ""),
    ],
)
def test_the_author_is_a_role_and_never_a_name(text: str, role: str) -> None:
    assert document_author(text) == role


def test_an_edition_and_its_day_are_not_those_of_what_it_replaces() -> None:
    text = (
        "Local guideline\nSupersedes: second edition, effective March 1, 2021\nThird edition\nEffective date: January 15, 2024\n"
    )
    assert document_edition("guideline", "Local guideline", text) == "3"
    assert document_effective("guideline", text) == "2024-01-15"


def policy(name: str, title: str, effective: str | None, edition: str = "", text: str = "x", **fields: str) -> Document:
    return Document(name, text, title=title, type=fields.pop("type", "policy"), effective=effective, edition=edition, **fields)


OLD = policy("old", "Rain fever in adults, Second Edition (2021)", "2021-03-01", "2")
MIDDLE = policy("middle", "Rain Fever in Adults, third edition", "2023-03-01", "3")
NEW = policy("new", "Rain fever in adults (2099)", "2099-01-01", "4")


def test_the_next_later_edition_replaces() -> None:
    assert superseded([NEW, OLD, MIDDLE]) == {"old": "middle", "middle": "new"}
    assert in_force([NEW, OLD, MIDDLE], "2024-01-01") == {"middle"}
    assert in_force([NEW, OLD, MIDDLE], "2022-01-01") == {"old"}


@pytest.mark.parametrize(
    "other",
    [
        policy("other", "Snow fever in children", "2024-01-01", "3"),
        policy("other", "Rain fever in adults", "2024-01-01", "3", type="guideline"),
        policy("other", "Rain fever in adults", "2024-01-01", "3", patient="P-1"),
        policy("other", "Rain fever in adults", None),
    ],
    ids=["another title", "another type", "a patient's", "without edition"],
)
def test_documents_that_are_no_editions_of_each_other_replace_nothing(other: Document) -> None:
    assert superseded([OLD, other]) == {}


def test_document_numbers_tell_policies_with_like_titles_apart() -> None:
    one = policy("one", "Policy AB-001: Infusion pumps", "2021-01-01")
    assert superseded([one, policy("two", "Policy AB-002: Infusion pumps", "2022-01-01")]) == {}
    assert superseded([one, policy("two", "Policy AB-001: Pumps for infusion at home", "2022-01-01")]) == {"one": "two"}


def test_a_line_that_says_what_it_replaces_links_titles_that_differ() -> None:
    old = policy("old", "Policy AB-001: Pumps", "2021-01-01", "4")
    new = policy("new", "Policy CD-009: Devices", "2022-01-01", "1", "Replaces: AB-001 version 4 (effective January 1, 2021)")
    assert superseded([old, new]) == {"old": "new"}
    assert superseded([policy("old", "Policy AB-001: Pumps", "2021-01-01", "3"), new]) == {}


@pytest.mark.parametrize(
    ("only", "allowed"),
    [
        (Filter(patients=("P-1",)), True),
        (Filter(patients=("P-2",)), False),
        (Filter(authors=("resident", "nurse")), True),
        (Filter(authors=("pharmacist",)), False),
        (Filter(patients=("P-1",), authors=("pharmacist",)), False),
    ],
    ids=str,
)
def test_patients_and_authors_are_filters(only: Filter, allowed: bool) -> None:
    assert only.allows(Document("a", "x", patient="P-1", author="resident")) is allowed


def test_only_editions_in_force_are_searched_where_the_filter_says_so() -> None:
    documents = [OLD, MIDDLE, NEW, Document("note", "x", patient="P-1", type="note")]
    chunks = [Chunk(Span(document.name, 0, 1), "x") for document in documents]
    index = Index({d.name: d for d in documents}, chunks, None, True, None, None, Hashing(), Artifacts())
    assert index.allowed(Filter()).tolist() == [0, 1, 2, 3]
    assert index.allowed(Filter(in_force=True)).tolist() == [1, 3]
    assert index.allowed(Filter(in_force=True, types=("policy",))).tolist() == [1]


def test_a_loaded_document_has_its_structure_and_its_passages_carry_it() -> None:
    text = (
        "CARDIOLOGY CLINIC NOTE\nPatient: P-1234\nDate: 2024-03-14\nAuthor: Nurse Practitioner\n\n"
        "HPI:\nNo chest pain since last week.\n\nPLAN:\nWe will repeat the film in 6 weeks.\n"
    )
    (document,) = read_file(File("note.txt", text.encode()))
    assert (document.patient, document.date, document.author) == ("P-1234", "2024-03-14", "nurse practitioner")
    assert [moment.day for moment in document.moments] == ["2024-03-14", "2024-03-07", "2024-04-25"]
    assert {one.status for one in document.assertions} == {"negated", "planned"}
    *_, last = Sections(smallest=0)(document)
    assert last.context == "CARDIOLOGY CLINIC NOTE · P-1234 · note · PLAN · 2024-03-14 · nurse practitioner"


# Assertion status: an invented set of its own, beside the examples of the rules


NEGATED, UNCERTAIN, HISTORICAL, PLANNED, FAMILY = "negated", "uncertain", "historical", "planned", "family"
SENTENCES = [
    ("He denies chest pain, palpitations or syncope.", "syncope", {NEGATED}),
    ("She has chest pain but denies palpitations.", "chest pain", set()),
    ("She has chest pain but denies palpitations.", "palpitations", {NEGATED}),
    ("No fever, chills or night sweats.", "night sweats", {NEGATED}),
    ("No fever, but a cough at night.", "cough", set()),
    ("Lungs are clear without wheezes.", "wheezes", {NEGATED}),
    ("There is no evidence of an acute bleed.", "bleed", {NEGATED}),
    ("Pulmonary embolism was ruled out by CT.", "embolism", {NEGATED}),
    ("A pleural effusion is not seen.", "effusion", {NEGATED}),
    ("Urine culture negative.", "culture", {NEGATED}),
    ("The wound is free of drainage.", "drainage", {NEGATED}),
    ("He never had a seizure.", "seizure", {NEGATED}),
    ("Neither rash nor itching was noted.", "itching", {NEGATED}),
    ("She does not smoke.", "smoke", {NEGATED}),
    ("Dialysis was not required.", "required", {NEGATED}),
    ("The patient is no longer dizzy.", "dizzy", {NEGATED}),
    ("Nil neck stiffness.", "stiffness", {NEGATED}),
    ("Afebrile overnight.", "Afebrile", {NEGATED}),
    ("Denies fever; cough for two days.", "cough", set()),
    ("No increase in the pleural effusion.", "effusion", set()),
    ("No change in the nodule.", "nodule", set()),
    ("Not only anemia but bleeding was found.", "anemia", set()),
    ("Gram negative bacteremia was treated.", "bacteremia", set()),
    ("Walks without difficulty in spite of arthritis.", "arthritis", set()),
    ("No pain except cramps at night.", "cramps", set()),
    ("No edema, however the ulcer is larger.", "ulcer", set()),
    ("Aspirin was stopped because of a bleed.", "bleed", set()),
    ("Possible pneumonia at the left base.", "pneumonia", {UNCERTAIN}),
    ("Findings may represent early cirrhosis.", "cirrhosis", {UNCERTAIN}),
    ("The mass is suspicious for malignancy.", "malignancy", {UNCERTAIN}),
    ("A fracture cannot be excluded.", "fracture", {UNCERTAIN}),
    ("Cannot rule out an abscess.", "abscess", {UNCERTAIN}),
    ("Likely viral bronchitis.", "bronchitis", {UNCERTAIN}),
    ("? appendicitis", "appendicitis", {UNCERTAIN}),
    ("Differential includes lymphoma and sarcoid.", "sarcoid", {UNCERTAIN}),
    ("Scar versus recurrence.", "recurrence", {UNCERTAIN}),
    ("Probable gout of the left toe.", "gout", {UNCERTAIN}),
    ("Come back as soon as possible with the rash.", "rash", set()),
    ("History of breast cancer.", "breast cancer", {HISTORICAL}),
    ("He is status post appendectomy.", "appendectomy", {HISTORICAL}),
    ("S/p hip replacement in 2019.", "hip replacement", {HISTORICAL}),
    ("Previous stroke without deficit.", "stroke", {HISTORICAL}),
    ("Previous stroke without deficit.", "deficit", {HISTORICAL, NEGATED}),
    ("Asthma as a child.", "Asthma", {HISTORICAL}),
    ("Appendectomy ten years ago.", "Appendectomy", {HISTORICAL}),
    ("The patient is a former smoker.", "smoker", {HISTORICAL}),
    ("Lymphoma in remission.", "Lymphoma", {HISTORICAL}),
    ("History of gout who presents with chest pain.", "chest pain", set()),
    ("History of present illness: chest pain.", "chest pain", set()),
    ("Prior authorization for the scan.", "scan", set()),
    ("No history of stroke.", "stroke", {NEGATED}),
    ("We will start insulin on Monday.", "insulin", {PLANNED}),
    ("Colonoscopy is scheduled.", "Colonoscopy", {PLANNED}),
    ("Recommend a biopsy of the nodule.", "biopsy", {PLANNED}),
    ("Call the clinic if bleeding occurs.", "bleeding", {UNCERTAIN}),
    ("Return for vomiting or fever.", "fever", {UNCERTAIN}),
    ("Refer to nephrology.", "nephrology", {PLANNED}),
    ("Monitor for hypoglycemia.", "hypoglycemia", {UNCERTAIN}),
    ("An MRI will be ordered.", "MRI", {PLANNED}),
    ("Metformin was started and the dose doubled.", "Metformin", set()),
    ("Mother had ovarian cancer.", "ovarian cancer", {FAMILY}),
    ("Family history of colon cancer in two uncles.", "colon cancer", {FAMILY}),
    ("Diabetes runs in the family.", "Diabetes", {FAMILY}),
    ("Her brother has hemophilia.", "hemophilia", {FAMILY}),
    ("Lives with her mother and has diabetes.", "diabetes", set()),
    ("Mother reports that the child has a rash.", "rash", set()),
    ("Accompanied by her son for chest pain.", "chest pain", set()),
    ("No family history of glaucoma.", "glaucoma", {NEGATED, FAMILY}),
    ("Creatinine rose to 2.1 on day two.", "Creatinine", set()),
    ("Severe aortic stenosis with heart failure.", "aortic stenosis", set()),
]


@pytest.mark.parametrize(("text", "phrase", "expected"), SENTENCES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_phrase_has_the_status_that_its_sentence_gives_it(text: str, phrase: str, expected: set[str]) -> None:
    start = text.index(phrase)
    found = {one.status for one in assertions(text) if one.start < start + len(phrase) and start < one.end}
    assert found == expected


def test_the_set_is_large_enough_and_holds_every_status() -> None:
    assert len(SENTENCES) >= 60
    assert set().union(*(expected for *_, expected in SENTENCES)) == {NEGATED, UNCERTAIN, HISTORICAL, PLANNED, FAMILY}


def test_a_cue_does_not_reach_into_the_next_sentence_or_list_item() -> None:
    text = "No fever. Cough at night.\n- no rash\n- itching\n"
    assert [text[one.start : one.end] for one in assertions(text)] == ["fever", "rash"]


def test_a_family_history_section_is_about_the_family_whatever_its_words() -> None:
    text = "FAMILY HISTORY:\nColon cancer at 58.\n\nPLAN:\nRest.\n"
    (found,) = assertions(text, sections(text))
    assert (text[found.start : found.end], found.status) == ("Colon cancer at 58.", FAMILY)


# Any text

PIECES = [
    *(
        "HPI:",
        "# Plan",
        "## A",
        "PLAN\n----",
        "FAMILY HISTORY:",
        "Coverage criteria:",
        "A. One",
        "1. Two",
        "a. three",
        "(i) four",
    ),
    *(
        "Contents",
        "1. Scope . . . . 3",
        "CAPITAL LINE",
        "**Bold line**",
        "Recommendation 3 (Grade A): x",
        "2.1 Dose",
        "",
        "  ",
        "---",
    ),
    *("No fever.", "denies", "if", "?", "history of", "mother", ";", "not", "but", "- no", "Date: 2024-03-14", "3/4/24", "POD 2"),
    *(
        "3 months ago",
        "in 6 weeks",
        "since prior",
        "Date of surgery:",
        "May 3",
        "in 2019",
        "last Monday",
        "9/12 ago",
        "31/31/2024",
    ),
    *("Replaces: AB-001", "Author: RN", "Version 5", "Edition: Third", "Effective 2024-01-01", "Policy AB-001", "x" * 90),
]
ANY_TEXT = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
    st.lists(st.sampled_from(PIECES), max_size=30).map("\n".join),
    st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join),
)


def nested(found: Sequence[Section]) -> bool:
    """Whether any two sections lie apart or one holds the other, the deeper one inside."""
    return all(
        later.start >= one.end or (later.end <= one.end and later.level > one.level)
        for at, one in enumerate(found)
        for later in found[at + 1 :]
    )


@given(ANY_TEXT)
def test_sections_of_any_text_nest_and_begin_with_their_title(text: str) -> None:
    found = sections(text)
    assert all(0 <= one.start < one.body <= one.end <= len(text) for one in found)
    assert all(one.body <= later.start for one, later in pairwise(found))
    assert nested(found)
    for one in found:
        heading = " ".join(text[one.start : one.body].split())
        assert " ".join(one.title.split()) in heading
        assert one.level >= 1 and one.title.strip()


@given(ANY_TEXT, st.sampled_from([None, "2024-03-14", "0001-01-01", "9999-12-31"]))
def test_moments_of_any_text_are_in_order_and_slice_to_a_time(text: str, day: str | None) -> None:
    found = moments(text, sections(text), day)
    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(one.end <= later.start for one, later in pairwise(found))
    for one in found:
        assert text[one.start : one.end] == text[one.start : one.end].strip()
        assert one.day is None or one.day.replace("-", "").isdigit()


@given(ANY_TEXT)
def test_assertions_of_any_text_lie_inside_it_and_are_no_blanks(text: str) -> None:
    for one in assertions(text, sections(text)):
        assert 0 <= one.start < one.end <= len(text)
        assert text[one.start : one.end] == text[one.start : one.end].strip() != ""


@given(ANY_TEXT, ANY_TEXT)
def test_provenance_of_any_text_raises_nothing(one: str, two: str) -> None:
    documents = [described(Document(name, text)) for name, text in (("one", one), ("two", two))]
    replaced = superseded(documents)
    assert all(old != new for old, new in replaced.items())
    assert in_force(documents, "2024-03-14") <= {"one", "two"}
