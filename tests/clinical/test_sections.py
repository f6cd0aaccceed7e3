"""Sections however their headings stand: alone without a stop before, inside a line, numbered, dashed, over lists in capitals."""

import pytest

from rag.clinical.sections import sections

Parts = list[tuple[str, str]]


def parts(text: str) -> Parts:
    return [(one.title, text[one.body : one.end].strip(" \n-–")) for one in sections(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Reason for Referral\nSore knee\nPast Medical History\ngout\nMedications\ncolchicine\n",
            [("Reason for Referral", "Sore knee"), ("Past Medical History", "gout"), ("Medications", "colchicine")],
        ),
        ("Findings\nNo stone\nImpression\nNormal kidney\n", [("Findings", "No stone"), ("Impression", "Normal kidney")]),
        (
            "HPI: wheeze for a day PMH: eczema Meds: none Allergies: nuts Plan: spacer",
            [("HPI", "wheeze for a day"), ("PMH", "eczema"), ("Meds", "none"), ("Allergies", "nuts"), ("Plan", "spacer")],
        ),
        (
            "S: wheeze. O: lungs tight. A: asthma. P: spacer.",
            [("S", "wheeze."), ("O", "lungs tight."), ("A", "asthma."), ("P", "spacer.")],
        ),
        ("Seen today. Medications: none. Plan: spacer.", [("Medications", "none."), ("Plan", "spacer.")]),
        (
            "1) CC: wheeze\n2) Exam: lungs tight\n3) Plan: spacer",
            [("1) CC", "wheeze"), ("2) Exam", "lungs tight"), ("3) Plan", "spacer")],
        ),
        ("Meds - none\nAll - nuts\nFHx- asthma", [("Meds", "none"), ("All", "nuts"), ("FHx", "asthma")]),
        (
            "MEDICATIONS\nCOLCHICINE\nNAPROXEN\nALLERGIES: NUTS\nEGGS\nPLAN: REST",
            [("MEDICATIONS", "COLCHICINE\nNAPROXEN"), ("ALLERGIES", "NUTS\nEGGS"), ("PLAN", "REST")],
        ),
        ("IMPRESSION:\n\nLEFT KIDNEY STONE\n\nPLAN:\n\nFLUIDS", [("IMPRESSION", "LEFT KIDNEY STONE"), ("PLAN", "FLUIDS")]),
    ],
)
def test_a_known_title_opens_its_section_however_it_stands(text: str, expected: Parts) -> None:
    assert parts(text) == expected


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("Plan:\n1. Labs: blood count\n2. Imaging: film\n3. Follow-up: a week", ["Plan"]),
        ("Drug: colchicine; Indication: gout; Comment: none", ["Drug"]),
        ("Consults\nCardiology\nSurgery\nRadiology\nNephrology", ["Consults"]),
        ("She has eggs. Allergies: none known. We spoke of rest.", []),
        ("All: seen by the team.\nIt rained.", []),
        ("She was told of her\nMedications\nand of her\nAllergies\nby the nurse.", []),
        (
            "HOSPITAL COURSE\nRENAL\nCreatinine rose and then fell again over the week that followed.",
            ["HOSPITAL COURSE", "RENAL"],
        ),
    ],
)
def test_what_only_looks_like_a_title_opens_none(text: str, titles: list[str]) -> None:
    assert [one.title for one in sections(text)] == titles
