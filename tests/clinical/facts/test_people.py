"""People: roles, titles with names, the side of a family, and words that only look like somebody."""

from itertools import pairwise

import pytest

from rag.clinical.facts import reading
from rag.clinical.facts.people import people
from rag.clinical.facts.types import Person
from rag.rules import rules

ROLES = rules("facts_people")["roles"]
PHRASES = [(phrase, rule) for rule in ROLES for phrase in rule["phrases"]]


def named(text: str) -> list[Person]:
    return list(people(reading(text)))


def roles(text: str) -> list[str]:
    return [one.role for one in named(text)]


@pytest.mark.parametrize(("phrase", "rule"), PHRASES, ids=[phrase for phrase, _ in PHRASES])
def test_every_word_for_somebody_gives_the_role_in_small_letters_in_capitals_and_as_an_owner(
    phrase: str, rule: dict[str, str]
) -> None:
    for text in (f"It was told by the {phrase} in the rain.", f"TOLD BY {phrase.upper()}."):
        assert {(one.role, one.group) for one in named(text)} == {(rule["role"], rule["group"])}
    if "'" not in phrase:
        assert roles(f"It was the {phrase}'s wish.") == [rule["role"]]


def test_no_word_stands_for_two_roles() -> None:
    every = [phrase for phrase, _ in PHRASES]
    assert len(every) == len(set(every))


@pytest.mark.parametrize(
    ("text", "role", "name"),
    [
        ("Dr. Vexby saw him.", "doctor", "vexby"),
        ("Dr Vexby saw him.", "doctor", "vexby"),
        ("DR. VEXBY SAW HIM.", "doctor", "vexby"),
        ("Seen by Dr. Qworla Vexby.", "doctor", "vexby"),
        ("Seen by Dr. Q. Vexby today.", "doctor", "vexby"),
        ("Seen in Dr. Vexby's office.", "doctor", "vexby"),
        ("Called to RN Vexby at noon.", "nurse", "vexby"),
        ("Nurse Vexby was told.", "nurse", "vexby"),
        ("Mrs. Vexby is well.", "patient", "vexby"),
        ("Ms Vexby is well.", "patient", "vexby"),
        ("My diabetes nurse, Ms. Vexby, will call.", "diabetes nurse", "vexby"),
    ],
)
def test_a_title_before_a_name_says_who_it_is(text: str, role: str, name: str) -> None:
    assert (role, name) in {(one.role, one.name) for one in named(text)}


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("pt is well", "patient"),
        ("Pt's wife called.", "patient"),
        ("Worked with PT.", "physical therapy"),
        ("ENT was consulted.", "otolaryngology"),
        ("Sent to the ED.", "emergency department"),
        ("GI consulted.", "gastroenterology"),
        ("Discussed with ID.", "infectious diseases"),
        ("This 83-year-old woman is well.", "patient"),
        ("83 y/o male, well.", "patient"),
        ("This pleasant lady is well.", "patient"),
        ("Seen by his family doctor.", "primary care"),
        ("Seen by his primary care physician.", "primary care"),
        ("Seen by the PCP.", "primary care"),
        ("A cardiologist was asked.", "cardiology"),
        ("Cardiology was asked.", "cardiology"),
    ],
)
def test_abbreviations_and_descriptions_name_somebody(text: str, role: str) -> None:
    assert role in roles(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("His maternal grandmother was well.", [("grandmother", "maternal")]),
        ("A paternal aunt was well.", [("aunt", "paternal")]),
        ("It runs on the maternal side of the family.", [("family", "maternal")]),
        ("It runs on the father's side.", [("family", "paternal")]),
        ("His grandmother was well.", [("grandmother", "")]),
    ],
)
def test_the_side_of_the_family_is_kept(text: str, found: list[tuple[str, str]]) -> None:
    assert [(one.role, one.side) for one in named(text)] == found


@pytest.mark.parametrize(
    "text",
    [
        "FAMILY HISTORY: none.",
        "PT 12.4, INR 1.1.",
        "PT/INR drawn.",
        "GI: soft, not tender.",
        "ENT: clear.",
        "Member ID 1234.",
        "GI bleed, no ID badge.",
        "No man is an island.",
        "He is outpatient material.",
        "It transpired that nobody came.",
        "Child-Pugh A.",
        "Baby aspirin daily.",
        "Dr.",
        "Jehovah's Witness.",
    ],
)
def test_findings_laboratory_values_and_forms_name_nobody(text: str) -> None:
    assert roles(text) == []


def test_nobody_lies_inside_somebody_else() -> None:
    found = named("The patient's mother-in-law, his great aunt and the charge nurse told Dr. Vexby, his heart doctor. " * 30)
    assert {one.role for one in found} >= {"mother-in-law", "great-aunt", "charge nurse", "cardiology", "patient", "doctor"}
    assert all(one.end <= after.start for one, after in pairwise(found))
