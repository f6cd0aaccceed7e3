"""Sites and sides: which part of the body is meant and on which side, however it is written, and what is neither."""

import pytest

from rag.clinical.facts import reading
from rag.clinical.facts.sites import sites, within
from rag.clinical.facts.types import Side, Site

Row = tuple[str, str]


def read(text: str) -> list[Row]:
    return [("" if isinstance(one, Side) else one.site, one.side) for one in sites(reading(text))]


def aspects(text: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.site, one.aspects) for one in sites(reading(text)) if isinstance(one, Site)]


READ = {
    "the side stands before": [
        ("left elbow effusion", [("elbow", "left")]),
        ("LUE weaker", [("arm", "left")]),
        ("R shoulder pain", [("shoulder", "right")]),
        ("Rt. hip fracture", [("hip", "right")]),
        ("L inguinal hernia", [("groin", "left")]),
        ("bilateral calves", [("calf", "both")]),
        ("b/l hip pain", [("hip", "both")]),
        ("both of his ankles", [("ankle", "both")]),
        ("right-sided chest tube", [("chest", "right")]),
        ("a left distal tibial fracture", [("tibia", "left")]),
        ("the left side of her jaw", [("jaw", "left")]),
        ("LEFT KNEE SWELLING", [("knee", "left")]),
        ("He has left wrist pain", [("wrist", "left")]),
        ("left and right elbows", [("elbow", "both")]),
        ("right renal stone", [("kidney", "right")]),
        ("left pulmonary nodule", [("lung", "left")]),
        ("LLL opacity", [("lower lobe", "left")]),
        ("right lower extremity", [("leg", "right")]),
        ("right orchiectomy", [("testicle", "right")]),
    ],
    "the side stands behind": [
        ("the big toe on the right", [("great toe", "right")]),
        ("elbow (left)", [("elbow", "left")]),
        ("Ankle swelling is bilateral and mild", [("ankle", "both")]),
        ("the hands bilaterally", [("hand", "both")]),
        ("the hip that was replaced is the left", [("hip", "left")]),
        ("toes of the left foot", [("toe", "left"), ("foot", "left")]),
        ("crackles in the lungs bilaterally", [("lung", "both")]),
        ("knee, right: swollen", [("knee", "right")]),
    ],
    "one side for several parts": [
        ("right shoulder and elbow pain", [("shoulder", "right"), ("elbow", "right")]),
        ("left hip, thigh, and knee", [("hip", "left"), ("thigh", "left"), ("knee", "left")]),
        ("right ear and throat", [("ear", "right"), ("throat", "")]),
        ("right hand, left hand", [("hand", "right"), ("hand", "left")]),
        ("left hip; knee normal", [("hip", "left"), ("knee", "")]),
        ("left index finger DIP joint", [("index finger", "left"), ("distal interphalangeal joint", "left")]),
    ],
    "a side alone": [
        ("left-sided weakness", [("", "left")]),
        ("weaker on the right", [("", "right")]),
        ("left greater than right", [("", "left"), ("", "right")]),
        ("worse R>L", [("", "right"), ("", "left")]),
        ("L sided numbness", [("", "left")]),
        ("She is left-handed", [("dominant hand", "left")]),
        ("right hand dominant", [("dominant hand", "right")]),
        ("a 60 y/o RHM", [("dominant hand", "right")]),
        ("pressure 17 right and 21 left", [("", "right"), ("", "left")]),
    ],
    "eyes": [
        ("20/40 OD and 20/25 OS", [("eye", "right"), ("eye", "left")]),
        ("drops OU", [("eye", "both")]),
        ("cataract of the left eye", [("lens", "left"), ("eye", "left")]),
    ],
    "levels of the spine": [
        ("L4-5 disc bulge", [("L4-L5", "")]),
        ("C5/C6 stenosis", [("C5-C6", "")]),
        ("L5-S1", [("L5-S1", "")]),
        ("T11 compression fracture", [("T11", "")]),
        ("tender over L3", [("L3", "")]),
    ],
    "adjectives and lay words": [
        ("hepatic lesion", [("liver", "")]),
        ("tummy pain", [("abdomen", "")]),
        ("pain of the shin bone", [("tibia", "")]),
        ("nephrectomy", [("kidney", "")]),
        ("her back hurts", [("back", "")]),
        ("oesophageal stricture", [("esophagus", "")]),
    ],
}


@pytest.mark.parametrize(("text", "found"), [case for cases in READ.values() for case in cases])
def test_parts_of_the_body_and_sides_are_read(text: str, found: list[Row]) -> None:
    assert sorted(read(text)) == sorted(found)


@pytest.mark.parametrize(
    "text",
    ["She left the clinic", "The patient left.", "He was left with nothing", "right now", "all right", "right away",
     "Come back on Friday",
     "back to work", "on the other hand", "heart rate", "by mouth", "nasal cannula", "head of the bed", "face mask",
     "two of both",
     "nursing home on the hill", "T2 weighted images", "T1 and T2", "2 L of oxygen", "R 16", "Vitamin L", "body mass index",
     "lumbar puncture", "back in May", "foreign body", "index case", "human rights", "left over", "the right to appeal",
     "thyroid hormone", "gram positive", "She will be right back"],
)  # fmt: skip
def test_what_only_looks_like_a_part_of_the_body_or_a_side_is_none(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [("the medial aspect of his elbow", [("elbow", ("medial",))]), ("outer upper arm", [("upper arm", ("lateral",))]),
     ("the back of the knee", [("knee", ("posterior",))]), ("tip of the left thumb", [("thumb", ("tip",))]),
     ("fifth metacarpal", [("metacarpal", ("5",))]), ("2nd metatarsal", [("metatarsal", ("2",))]),
     ("lateral malleolus", [("malleolus", ("lateral",))]), ("right distal medial thigh", [("thigh", ("distal", "medial"))])],
)  # fmt: skip
def test_the_part_of_a_part_is_kept(text: str, found: list[tuple[str, tuple[str, ...]]]) -> None:
    assert aspects(text) == found


@pytest.mark.parametrize(
    ("part", "whole", "inside"),
    [("little finger", "arm", True), ("knee", "arm", False), ("L4-L5", "spine", True), ("T11", "back", True),
     ("arm", "hand", False),
     ("lower lobe", "lung", True), ("liver", "abdomen", True), ("zebra", "zebra", True), ("zebra", "arm", False),
     ("cervical spine", "neck", True), ("bladder", "urinary tract", True)],
)  # fmt: skip
def test_what_lies_within_what_is_told(part: str, whole: str, inside: bool) -> None:
    assert within(part, whole) is inside


def test_a_site_is_shown_with_its_side_and_aspect() -> None:
    text = "Pain on the lateral side of the left knee."
    (found,) = sites(reading(text))
    assert text[found.start : found.end] == "lateral side of the left knee"
