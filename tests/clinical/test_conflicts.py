"""What two notes of one patient state differently is found, and what only changed, is explained or is another's is none."""

from typing import Any

import pytest

from rag.clinical.conflicts import conflicts
from rag.clinical.conflicts.reading import Reading, mentions
from rag.clinical.facts import facts, reading
from rag.clinical.facts.types import Value
from rag.documents.load import read_file
from rag.rules import rules
from rag.values import Conflict, Document, File

DAY, LATER = "2031-05-06", "2031-05-20"
RULES = rules("conflicts")


def note(name: str, body: str, day: str = DAY, patient: str = "P-0901", title: str = "CLINIC NOTE") -> Document:
    head = f"{title}\nPatient: {patient}\nDate: {day}\nAuthor: Attending, Cardiology\n\n"
    (document,) = read_file(File(f"{name}.txt", f"{head}{body}\n".encode()))
    return document


def found(*documents: Document) -> tuple[Conflict, ...]:
    return conflicts(documents, facts)


def kinds(*documents: Document) -> list[str]:
    return [one.kind for one in found(*documents)]


def listed(*entries: str, title: str = "CURRENT MEDICATIONS") -> str:
    return f"{title}:\n" + "\n".join(f"- {entry}" for entry in entries)


REPORT = "CT CHEST"
CASES: list[tuple[str, str, str]] = [
    ("dose", listed("torsemide 40 mg daily"), listed("torsemide 20 mg daily")),
    ("dose", listed("oxycodone 5 mg Q6H PRN"), listed("oxycodone 10 mg Q6H PRN")),
    ("dose", listed("metformin 500 mg BID"), listed("metformin 500 mg daily")),
    ("dose", listed("Toprol XL 50 mg daily"), listed("metoprolol succinate 25 mg daily")),
    ("status", listed("lisinopril 10 mg daily"), listed("STOPPED: lisinopril 10 mg daily")),
    (
        "status",
        listed("spironolactone 25 mg daily", title="DISCHARGE MEDICATIONS"),
        listed("STOP TAKING:\n- spironolactone 25 mg daily", title="DISCHARGE MEDICATIONS"),
    ),
    ("allergy", "ALLERGIES: penicillin (hives).", "PLAN:\nAmoxicillin 500 mg TID started for ten days."),
    ("allergy", "ALLERGIES: sulfa (rash).", "PLAN:\nStarted trimethoprim-sulfamethoxazole twice daily."),
    ("allergy", "ALLERGIES: codeine (hives).", "ALLERGIES: No known drug allergies."),
    ("side", "IMPRESSION: Fracture of the left hip.", "ASSESSMENT: Fracture of the right hip, going to the ward."),
    ("side", "IMPRESSION: Nodule of the right upper lobe.", "ASSESSMENT: Nodule of the left upper lobe found by chance."),
    ("size", "FINDINGS: Nodule of the right upper lobe, 12 mm.", "ASSESSMENT: Nodule of the right upper lobe of 21 mm."),
    ("size", "FINDINGS: Cyst of the left kidney measures 2 cm.", "ASSESSMENT: Cyst of the left kidney measures 35 mm."),
    ("code status", "Code status: Full code.", "Code status: DNR/DNI."),
    ("value", "Echo shows an LVEF of 25%.", "LVEF 45% on the echo."),
    (
        "statement",
        "The rash covers the left forearm and spares both palms entirely.",
        "The rash covers the right forearm and spares both palms entirely.",
    ),
    (
        "statement",
        "The wound is packed again after 3 days by the home nurse.",
        "The wound is packed again after 8 days by the home nurse.",
    ),
]


@pytest.mark.parametrize(("kind", "one", "other"), CASES)
def test_two_notes_of_one_day_that_cannot_both_be_right_stand_side_by_side(kind: str, one: str, other: str) -> None:
    first, second = note("one", one), note("other", other)
    (conflict,) = [own for own in found(first, second) if own.kind == kind]
    texts = {document.name: document.text for document in (first, second)}
    for place in conflict.positions:
        assert texts[place.span.document][place.span.start : place.span.end] == place.quote and place.quote.strip() == place.quote
        assert (place.date, place.author, place.counts) == (DAY, "attending", True) and place.says
    assert {place.span.document for place in conflict.positions} == {"one.txt", "other.txt"}


@pytest.mark.parametrize(("kind", "one", "other"), [case for case in CASES if case[0] not in ("allergy", "side")])
def test_what_differs_between_two_days_is_a_change(kind: str, one: str, other: str) -> None:
    assert kinds(note("one", one), note("other", other, LATER)) == []


@pytest.mark.parametrize(("kind", "one", "other"), CASES)
def test_two_patients_are_never_compared(kind: str, one: str, other: str) -> None:
    assert kinds(note("one", one), note("other", other, patient="P-0902")) == []


@pytest.mark.parametrize(("kind", "one", "other"), CASES)
def test_the_same_said_twice_is_no_conflict(kind: str, one: str, other: str) -> None:
    assert kinds(note("one", one), note("other", one)) == [] == kinds(note("one", other), note("other", other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (listed("torsemide 40 mg daily"), listed("torsemide 20 mg BID")),
        (listed("metformin 1,000 mg daily"), listed("metformin 1 g daily")),
        (listed("Lasix 40 mg daily"), listed("furosemide 40 mg once a day")),
        (listed("oxycodone 5 mg Q6H PRN"), listed("oxycodone 5 mg Q4H PRN")),
        (listed("carvedilol 6.25 mg BID"), listed("carvedilol increased from 6.25 mg to 12.5 mg BID")),
        (
            listed("furosemide 40 mg daily", title="HOME MEDICATIONS"),
            listed("furosemide 80 mg daily", title="DISCHARGE MEDICATIONS"),
        ),
        (listed("warfarin 5 mg PO daily"), "PLAN:\nConsider warfarin 2.5 mg daily."),
        ("ALLERGIES: penicillin (hives).", "PLAN:\nAmoxicillin was avoided."),
        ("ALLERGIES: penicillin (hives as a child).", "PLAN:\nAmoxicillin 500 mg TID, tolerated after a challenge in 2029."),
        ("ALLERGIES: penicillin (hives).", "PLAN:\nCephalexin 500 mg QID started."),
        ("ALLERGIES: codeine (nausea, an intolerance).", "ALLERGIES: No known drug allergies."),
        ("FAMILY HISTORY: Mother allergic to penicillin.", "PLAN:\nAmoxicillin 500 mg TID started."),
        ("FINDINGS: Nodule of the right upper lobe, 12 mm.", "ASSESSMENT: Nodule of the right upper lobe, 11.6 mm."),
        ("FINDINGS: Nodule of the right upper lobe, 12 mm.", "ASSESSMENT: Nodule of the right upper lobe, previously 7 mm."),
        ("FINDINGS: Nodule of the right upper lobe, 12 mm.", "ASSESSMENT: Nodule of the left lower lobe, 4 mm."),
        ("IMPRESSION: Fracture of the left hip.", "ASSESSMENT: Fracture of the right wrist."),
        ("IMPRESSION: Cysts. Cyst of the left kidney.", "IMPRESSION: Cyst of the left kidney. Cyst of the right kidney."),
        ("Code status: Full code.", "DNR was discussed with the family."),
        ("Echo shows an LVEF of 25%.", "LVEF was 45% in 2028."),
        ("Blood pressure was 120/70 when she came to the clinic.", "Blood pressure was 134/82 when she came to the clinic."),
    ],
)
def test_what_is_explained_rounded_elsewhere_or_of_another_time_is_no_conflict(one: str, other: str) -> None:
    assert kinds(note("one", one), note("other", other)) == []


def test_a_drug_is_given_in_spite_of_an_allergy_on_a_later_day_too_but_not_before_it_was_known() -> None:
    allergy, given = "ALLERGIES: penicillin (hives).", "PLAN:\nAmoxicillin 500 mg TID started."
    assert kinds(note("one", allergy), note("other", given, LATER)) == ["allergy"]
    assert kinds(note("one", allergy, LATER), note("other", given)) == []


def test_a_lasting_finding_has_one_side_also_some_days_later_and_a_passing_one_has_not() -> None:
    sides = "ASSESSMENT: Fracture of the {} hip."
    assert kinds(note("one", sides.format("left")), note("other", sides.format("right"), "2031-05-12")) == ["side"]
    assert kinds(note("one", sides.format("left")), note("other", sides.format("right"), "2032-05-12")) == []
    passing = "IMPRESSION: Pleural effusion on the {}, new pleura."
    assert kinds(note("one", passing.format("left")), note("other", passing.format("right"), "2031-05-12")) == []


def test_the_impression_of_a_report_is_held_against_its_findings() -> None:
    report = "FINDINGS:\nLungs clear. No pneumothorax.\n\nIMPRESSION:\n{}"
    assert kinds(note("report", report.format("Small pneumothorax."), title=REPORT)) == ["finding"]
    for impression in ("No pneumothorax.", "Pneumothorax cannot be excluded.", "The pneumothorax of last week has gone."):
        assert kinds(note("report", report.format(impression), title=REPORT)) == []
    part = (
        "FINDINGS:\nNo large pleural effusion. No tumor in the vein.\n\nIMPRESSION:\nSmall pleural effusion. Tumor of the liver."
    )
    assert kinds(note("report", part, title=REPORT)) == []
    sides = "FINDINGS:\nNodule of the right upper lobe, 12 mm.\n\nIMPRESSION:\nNodule of the left upper lobe, 12 mm."
    assert kinds(note("report", sides, title=REPORT)) == ["side"]


def test_the_course_of_a_stay_is_held_against_the_list_at_discharge() -> None:
    summary = (
        "HOSPITAL COURSE:\nLisinopril was stopped for potassium of 5.9.{}\n\nDISCHARGE MEDICATIONS:\n- lisinopril 20 mg daily"
    )
    assert kinds(note("summary", summary.format(""), title="DISCHARGE SUMMARY")) == ["status"]
    assert kinds(note("summary", summary.format(" Lisinopril was resumed on day 4."), title="DISCHARGE SUMMARY")) == []


def test_what_is_superseded_or_entered_in_error_says_nothing() -> None:
    first, second = note("one", listed("torsemide 40 mg daily")), note("other", listed("torsemide 20 mg daily"))
    assert kinds(first, second) == ["dose"]
    for status in ("superseded", "cancelled", "entered in error"):
        (void,) = read_file(File("other.txt", second.text.replace("Author:", f"Status: {status}\nAuthor:").encode()))
        assert void.status == status and kinds(first, void) == []


def test_a_preliminary_report_stands_beside_the_final_one_with_its_status() -> None:
    report = "Status: {}\n\nIMPRESSION:\nNodule of the {} upper lobe."
    (conflict,) = found(
        note("prelim", report.format("preliminary", "left"), title=REPORT),
        note("final", report.format("final", "right"), title=REPORT),
    )
    assert [place.standing for place in conflict.positions] == ["preliminary", "final"]


def test_a_policy_is_no_record_and_two_copies_of_one_that_differ_are_found() -> None:
    criterion = "Allergy to penicillin. Amoxicillin 500 mg daily is covered for {} days after surgery."
    policy = f"MEDICAL POLICY MP-077\n\nCriteria\n{criterion}\n"
    one, other = (
        read_file(File(f"{name}.txt", policy.format(days).encode()))[0] for name, days in (("policy_a", 14), ("policy_b", 10))
    )
    assert kinds(one) == []
    assert kinds(one, other) == ["statement"]


def test_a_text_that_names_several_patients_is_parted_by_patient() -> None:
    body = "Ward list, 6 May 2031\n\nP-0911, 70 M. Code status: Full code.\n\nP-0912, 64 F. Code status: DNR.\n"
    (document,) = read_file(File("ward.txt", body.encode()))
    assert kinds(document) == []


@pytest.mark.parametrize("part", ["modes", "code_status", "findings"])
def test_every_rule_finds_its_own_example(part: str) -> None:
    for rule in RULES[part]:
        read = Reading(reading(rule["example"]), ())
        assert rule in [one.meaning for one in mentions(read, part)], rule["example"]


@pytest.mark.parametrize("part", ["tolerated", "refuted", "earlier", "not_code_status", "restricted", "qualifiers", "turning"])
def test_every_list_of_words_holds_a_word_of_its_example(part: str) -> None:
    rule = RULES[part]
    read = Reading(reading(rule["example"]), ())
    assert read.holds(part, 0, len(rule["example"])) and len(set(rule["words"])) == len(rule["words"])


def test_every_list_of_medicines_is_known_by_the_title_of_its_example() -> None:
    for rule in RULES["lists"]:
        (said, *_) = [
            own for own in _said(note("one", listed("metformin 500 mg BID", title=rule["example"]))) if own.kind == "dose"
        ]
        assert said.phase == rule["phase"]


def test_steady_analytes_and_allergic_classes_are_names_that_facts_have() -> None:
    text = "A1c 7%. LVEF 25%. Height 170 cm. TSH 2.1 mIU/L. FEV1 1.9 L."
    known = {one.analyte for one in facts(reading(text)) if isinstance(one, Value)}
    assert set(RULES["steady"]["analytes"]) <= known
    assert set(RULES["allergic_classes"]["classes"]) <= set(rules("drugs")["classes"])


def _said(document: Document) -> list[Any]:
    from rag.clinical.conflicts.medicines import medicines

    return list(medicines(Reading(document, facts(document))))
