"""What stands in a field of a person is screened as what it is, and found again in the rest of the document."""

import json
from typing import Any

import pytest

from rag.documents.load import read_file
from rag.documents.screen import Screen
from rag.documents.screen.fields import fields
from rag.rules import rules
from rag.values import File


def screened(name: str, text: str) -> tuple[set[tuple[str, str]], str]:
    """The (type, value) of each finding in the text and beside it, and the status."""
    (document,) = read_file(File(name, text.encode()))
    found = Screen()(document)
    texts = [(one, document.text if one.aside is None else document.asides[one.aside].text) for one in found.findings]
    return {(one.type, text[one.start : one.end]) for one, text in texts if one.score >= 0.6}, found.status


@pytest.mark.parametrize("rule", rules("fields")["fields"], ids=lambda rule: rule["type"])
def test_the_example_of_a_field_has_its_value(rule: dict[str, Any]) -> None:
    assert (rule["type"], rule["value"]) in {(one.type, one.value) for one in fields(rule["example"])}
    assert not set(rule["sure"]) & {name for other in rules("fields")["fields"] if other is not rule for name in other["sure"]}


def test_a_pasted_segment_has_its_values() -> None:
    example = rules("fields")["segment_example"]
    assert [one.value for one in fields(example["text"])] == example["values"]
    assert all(example["text"][one.start : one.end] == one.value for one in fields(example["text"]))


def test_columns_of_a_table_are_what_they_are_called() -> None:
    found, status = screened(
        "v.csv", "First Name,surname,DOB,Street,note\nzorva,quillwind,1951-02-03,4 Quill Hollow,Quillwind limps\n"
    )
    wanted = {
        ("NAME", "zorva"),
        ("NAME", "quillwind"),
        ("NAME", "Quillwind"),
        ("DATE", "1951-02-03"),
        ("ADDRESS", "4 Quill Hollow"),
    }
    assert wanted <= found and status == "quarantined"


def test_names_of_drugs_and_pseudonyms_in_a_table_are_left_alone() -> None:
    assert screened("d.csv", "Name,Dose,City\nQuillwindin,5 mg,none\n") == (set(), "released")
    assert screened("p.csv", "patient_id,first_name,note\nP-0412,n/a,cough\n") == (set(), "released")


def test_a_header_of_a_c_cda_and_what_it_names_in_the_body() -> None:
    found, _ = screened(
        "c.xml",
        '<ClinicalDocument xmlns="urn:hl7-org:v3"><title>Note</title><recordTarget><patientRole>'
        '<id extension="44170" root="1.2"/>'
        "<addr><streetAddressLine>4 QUILL HOLLOW</streetAddressLine></addr><patient><name><given>Zorva</given>"
        '<family>Quillwind</family></name><birthTime value="19510203"/></patient></patientRole></recordTarget><component>'
        "<structuredBody><component><section><title>Plan</title><text>Quillwind, born 02/03/1951, rests at 4 Quill Hollow.</text>"
        "</section></component></structuredBody></component></ClinicalDocument>",
    )
    assert {("NAME", "Quillwind"), ("ADDRESS", "4 QUILL HOLLOW"), ("ADDRESS", "4 Quill Hollow"), ("DATE", "19510203")} <= found
    assert ("DATE", "02/03/1951") in found and any(kind == "MRN" and "44170" in value for kind, value in found)


def test_people_of_a_bundle_and_what_they_are_called_in_a_note() -> None:
    patient = {
        "resourceType": "Patient",
        "name": [{"family": "Quillwind", "given": ["Zorva"]}],
        "address": [{"line": ["4 Quill Hollow"], "city": "Ashford"}],
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-ssn", "value": "219099999"}],
    }
    condition = {"resourceType": "Condition", "code": {"text": "Gout"}, "note": [{"text": "Quillwind limps."}]}
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient}, {"resource": condition}]}
    found, _ = screened("b.json", json.dumps(bundle))
    assert {("NAME", "Quillwind"), ("ADDRESS", "4 Quill Hollow"), ("ADDRESS", "Ashford")} <= found
    assert any(kind == "SSN" for kind, _ in found)


def test_people_of_a_bundle_are_sought_in_its_notes() -> None:
    patient = {"resourceType": "Patient", "id": "9", "name": [{"family": "Quillwind", "given": ["Zorva"]}]}
    note = {
        "resourceType": "DocumentReference",
        "subject": {"reference": "Patient/9"},
        "content": [{"attachment": {"contentType": "text/plain", "data": "UXVpbGx3aW5kIGxpbXBzLg=="}}],
    }
    for told in (note, {**note, "subject": {"display": "the patient"}}):
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient}, {"resource": told}]}
        found, status = screened("b.json", json.dumps(bundle))
        assert {("NAME", "Quillwind"), ("NAME", "Zorva")} <= found and status == "quarantined"


def test_fields_on_lines_of_their_own_are_what_they_are_called_where_two_stand_on_end() -> None:
    found, _ = screened("a.txt", "Forename: zorva\nSurname: quillwind\nStreet: 4 Quill Hollow\n\nFor quillwind a cast.\n")
    assert {("NAME", "zorva"), ("NAME", "quillwind"), ("ADDRESS", "4 Quill Hollow")} <= found
    assert fields("The cause was told.\nResidence: ground floor\n\nHe walks.") == []
    assert fields("Address: unknown\nPatient ID: P-0412\nPlan: rest") == []
