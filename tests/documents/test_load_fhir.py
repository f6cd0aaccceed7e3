"""Whatever a FHIR resource says stands in its line, by words; what is not valid any more is told so."""

import base64
import json
from typing import Any

import pytest

from rag.documents.load import read_file
from rag.documents.load.health.fhir_values import timing
from rag.rules import rules
from rag.values import Document, File

WHO = {"reference": "Patient/P-9001"}


def read(*resources: dict[str, Any]) -> tuple[Document, ...]:
    whole = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}
    return read_file(File("a.json", json.dumps(whole if len(resources) > 1 else resources[0]).encode()))


def line(kind: str, **elements: Any) -> str:
    """The line of one resource, without its heading."""
    (found,) = read({"resourceType": kind, "subject": WHO, **elements})
    return found.text.split("\n", 1)[1].strip()


def text(written: str) -> dict[str, str]:
    return {"text": written}


def note(content: str, **elements: Any) -> dict[str, Any]:
    data = base64.b64encode(content.encode()).decode()
    attachment = {"contentType": "text/plain", "data": data}
    return {"resourceType": "DocumentReference", "status": "current", "content": [{"attachment": attachment}], **elements}


@pytest.mark.parametrize("rule", rules("fhir")["timings"], ids=lambda rule: rule["told"])
def test_the_example_of_a_timing_is_told_by_its_words(rule: dict[str, Any]) -> None:
    assert timing(rule["example"]) == rule["told"]


@pytest.mark.parametrize(
    ("kind", "elements", "expected"),
    [
        (
            "MedicationRequest",
            {
                "medicationCodeableConcept": text("Peritol"),
                "status": "on-hold",
                "statusReason": text("low pressure"),
                "dosageInstruction": [
                    {"text": "one tablet at night", "asNeededBoolean": True, "patientInstruction": "with water"},
                ],
                "dispenseRequest": {"numberOfRepeatsAllowed": 2, "quantity": {"value": 30, "unit": "tablet"}},
            },
            "Peritol: on hold; one tablet at night as needed, with water; reason: low pressure;"
            " dispense: repeats allowed: 2, quantity: 30 tablet",
        ),
        (
            "MedicationRequest",
            {
                "medicationCodeableConcept": text("Ostravan"),
                "dosageInstruction": [
                    {
                        "timing": {"code": {"coding": [{"code": "TID"}]}},
                        "route": text("oral"),
                        "doseAndRate": [{"doseRange": {"low": {"value": 1, "unit": "mg"}, "high": {"value": 2, "unit": "mg"}}}],
                        "maxDosePerAdministration": {"value": 2, "unit": "mg"},
                        "additionalInstruction": [text("after food")],
                    }
                ],
            },
            "Ostravan: 1 mg–2 mg oral 3 times a day, at most 2 mg each time, after food",
        ),
        (
            "MedicationAdministration",
            {
                "medicationCodeableConcept": text("Saline"),
                "status": "completed",
                "dosage": {"rateRatio": {"numerator": {"value": 50, "unit": "mL"}, "denominator": {"value": 1, "unit": "h"}}},
            },
            "Saline: at 50 mL an hour; completed",
        ),
        (
            "Procedure",
            {
                "code": text("Biopsy"),
                "status": "completed",
                "performedPeriod": {"start": "2024-03-01", "end": "2024-03-02"},
                "bodySite": [text("left forearm")],
                "outcome": text("no sample"),
                "followUp": [text("clinic in a week")],
                "note": [text("done twice")],
            },
            "Biopsy: site: left forearm; outcome: no sample; follow up: clinic in a week; 2024-03-01 to 2024-03-02; completed;"
            " done twice",
        ),
        (
            "Observation",
            {
                "code": text("Pressure"),
                "status": "final",
                "bodySite": text("left arm"),
                "method": text("cuff"),
                "referenceRange": [{"high": {"value": 140, "unit": "mmHg"}, "appliesTo": [text("adults")]}],
                "component": [
                    {"code": text("upper"), "valueQuantity": {"value": 150, "unit": "mmHg"}, "interpretation": [text("high")]},
                    {"code": text("lower"), "dataAbsentReason": text("not heard")},
                ],
            },
            "Pressure: [reference ≤ 140 mmHg (adults)]; upper 150 mmHg (high); lower no value (not heard); site: left arm;"
            " method: cuff; final",
        ),
        (
            "Immunization",
            {"vaccineCode": text("Influenza"), "status": "not-done", "statusReason": text("declined by the family")},
            "Influenza: not done; reason: declined by the family",
        ),
        (
            "AllergyIntolerance",
            {
                "code": text("Latex"),
                "type": "intolerance",
                "verificationStatus": {"coding": [{"code": "unconfirmed"}]},
                "reaction": [{"manifestation": [text("wheals")], "exposureRoute": text("skin"), "description": "after gloves"}],
                "lastOccurrence": "2020",
            },
            "Latex: reaction: wheals, exposure route: skin, after gloves; unconfirmed; type: intolerance; last: 2020",
        ),
        (
            "Condition",
            {"code": text("Sprain"), "bodySite": [text("right ankle")], "onsetString": "in youth", "abatementString": "2020"},
            "Sprain: site: right ankle; since: in youth; until: 2020",
        ),
        (
            "Goal",
            {
                "description": text("Walk alone"),
                "lifecycleStatus": "active",
                "target": [{"measure": text("steps"), "detailQuantity": {"value": 500}, "dueDate": "2024-06-01"}],
            },
            "Walk alone: active; target: measure: steps, 500, due: 2024-06-01",
        ),
        (
            "FamilyMemberHistory",
            {"status": "completed", "relationship": text("mother"), "deceasedBoolean": True,
             "condition": [{"code": text("gout"), "onsetAge": {"value": 40, "unit": "a"}, "contributedToDeath": True}]},
            "mother; gout (since: 40 a, cause of death); deceased; completed",
        ),
        (
            "Encounter",
            {"status": "finished", "class": {"code": "IMP", "display": "inpatient"}, "reasonCode": [text("falls")],
             "hospitalization": {"dischargeDisposition": text("home with aid")}},
            "inpatient; reason: falls; stay: discharge disposition: home with aid; finished",
        ),
        (
            "ServiceRequest",
            {"code": text("Film of the hip"), "status": "revoked", "doNotPerform": True, "bodySite": [text("left hip")]},
            "Film of the hip: revoked; not to be done; site: left hip",
        ),
        ("Flag", {"code": text("Falls easily"), "status": "active"}, "Falls easily: active"),
        (
            "RiskAssessment",
            {"status": "final", "prediction": [{"outcome": text("fall"), "probabilityDecimal": 0.4}], "mitigation": "a rail"},
            "prediction: outcome: fall, probability: 0.4; mitigation: a rail; final",
        ),
    ],
)  # fmt: skip
def test_nothing_that_a_resource_says_is_left_out(kind: str, elements: dict[str, Any], expected: str) -> None:
    assert line(kind, **elements) == expected


def test_answers_of_a_questionnaire_are_a_line_each() -> None:
    asked = [
        {"linkId": "1", "text": "Do you smoke?", "answer": [{"valueBoolean": False}]},
        {"linkId": "2", "text": "Sleep", "item": [{"linkId": "3", "text": "Hours", "answer": [{"valueInteger": 5}]}]},
        {"linkId": "4", "text": "Pain"},
    ]
    assert line("QuestionnaireResponse", status="completed", item=asked) == "Do you smoke?: no\nSleep\nHours: 5\nPain: no answer"


def test_a_report_in_a_form_of_its_own_keeps_its_conclusion_and_results_once() -> None:
    report = {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": text("Film"),
        "conclusion": "A small nodule.",
        "conclusionCode": [text("Nodule")],
        "presentedForm": [{"contentType": "text/plain", "data": base64.b64encode(b"FINDINGS:\nA small nodule.\n").decode()}],
        "contained": [{"resourceType": "Observation", "id": "o", "status": "final", "code": text("Size"), "valueString": "4 mm"}],
        "result": [{"reference": "#o"}],
    }
    (found,) = read(report)
    assert found.text == "FINDINGS:\nA small nodule.\n\nResults\nNodule\nSize: 4 mm; final\n"
    assert [(part.title, found.text[part.body : part.end].strip(": \n")) for part in found.sections] == [
        ("FINDINGS", "A small nodule."),
        ("Results", "Nodule\nSize: 4 mm; final"),
    ]


def test_a_section_says_why_it_is_empty() -> None:
    empty = {"title": "Allergies", "emptyReason": {"coding": [{"code": "notasked", "display": "Not Asked"}]}}
    plan = {"title": "Plan", "text": {"status": "generated", "div": "<div>Ice</div>"}}
    (found,) = read({"resourceType": "Composition", "status": "final", "title": "Visit", "section": [empty, plan]})
    assert "Allergies\nNot Asked\n" in found.text


@pytest.mark.parametrize(
    ("resource", "status"),
    [
        (note("Peritol 10 mg.", docStatus="final", status="superseded"), "superseded"),
        (note("Peritol 10 mg.", docStatus="final", status="entered-in-error"), "entered in error"),
        (note("Peritol 10 mg.", docStatus="entered-in-error"), "entered in error"),
        ({"resourceType": "DiagnosticReport", "status": "cancelled", "code": text("Film"), "conclusion": "None."}, "cancelled"),
        (
            {"resourceType": "Composition", "status": "entered-in-error", "title": "Visit", "section": [
                {"title": "Plan", "text": {"status": "generated", "div": "<div>Ice</div>"}}]},
            "entered in error",
        ),
    ],
)  # fmt: skip
def test_a_document_that_is_not_valid_any_more_says_so(resource: dict[str, Any], status: str) -> None:
    (found,) = read(resource)
    assert found.status == status
    assert found.text.endswith(f"\nStatus: {status}\n")


def test_a_note_that_another_one_replaces_is_superseded() -> None:
    old = note("Peritol 10 mg.", id="old", docStatus="final")
    new = note(
        "Peritol 20 mg.",
        id="new",
        docStatus="final",
        relatesTo=[{"code": "replaces", "target": {"reference": "DocumentReference/old"}}],
    )
    assert [one.status for one in read(old, new)] == ["superseded", "final"]


def test_a_record_entered_in_error_begins_with_that() -> None:
    wrong = {"coding": [{"code": "entered-in-error"}]}
    assert line("AllergyIntolerance", code=text("Latex"), verificationStatus=wrong) == "Entered in error: Latex"
    assert (
        line("Observation", code=text("Sodium"), valueString="131", status="entered-in-error") == "Entered in error: Sodium: 131"
    )


def test_what_says_nothing_has_no_heading_and_what_is_not_read_is_counted() -> None:
    empty = {"resourceType": "ClinicalImpression", "status": "completed", "subject": WHO}
    gout = {"resourceType": "Condition", "code": text("Gout"), "subject": WHO, "recorder": {"display": "Dr. Quillemont"}}
    trace = {"resourceType": "Provenance", "recorded": "2024-03-14T00:00:00Z", "target": [{"reference": "Condition/k"}]}
    (found,) = read(empty, gout, trace)
    assert found.text == "Problems\nGout\n"
    assert any("Provenance" in change for change in found.changes) and any("ClinicalImpression" in one for one in found.changes)
    assert "recorder: Dr. Quillemont" in [aside.text for aside in found.asides]


def test_fhir_in_xml_says_the_same() -> None:
    written = (
        '<MedicationRequest xmlns="http://hl7.org/fhir"><status value="stopped"/><doNotPerform value="true"/>'
        '<medicationCodeableConcept><text value="Peritol"/></medicationCodeableConcept><dosageInstruction><timing><repeat>'
        '<frequency value="2"/><period value="1"/><periodUnit value="d"/></repeat></timing><asNeededBoolean value="true"/>'
        "</dosageInstruction></MedicationRequest>"
    )
    (found,) = read_file(File("a.xml", written.encode()))
    assert found.text == "Medications\nPeritol: stopped; not to be done; 2 times a day as needed\n"


def test_elements_nested_without_end_are_cut_and_named() -> None:
    deep: Any = "x"
    for _ in range(60):
        deep = {"part": deep}
    assert line("Flag", code=text("Falls"), other=deep).endswith("(more, nested deeper than is read)")
