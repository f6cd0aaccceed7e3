"""Changes and results: directions and degrees, what they are said of, and what only looks like one."""

import pytest

from rag.clinical.facts import reading
from rag.clinical.facts.changes import changes
from rag.clinical.facts.types import Change

Row = tuple[str, str]


def read(text: str) -> list[Row]:
    return [(one.direction if isinstance(one, Change) else one.result, one.of) for one in changes(reading(text))]


READ = {
    "verbs": [
        ("The effusion has increased.", [("increased", "effusion")]),
        ("Her hemoglobin fell to 8.", [("decreased", "hemoglobin")]),
        ("The fever came down.", [("decreased", "fever")]),
        ("Creatinine trended up.", [("increased", "creatinine")]),
        ("The wound is healing.", [("improved", "wound")]),
        ("The hives have gone.", [("resolved", "hive")]),
        ("He is no longer vomiting.", [("resolved", "vomiting")]),
        ("She lost weight.", [("decreased", "weight")]),
        ("He put on six pounds.", [("increased", "six pound")]),
        ("His mood has worsened.", [("worsened", "mood")]),
    ],
    "adjectives before what they speak of": [
        ("worsening ascites", [("worsened", "ascites")]),
        ("reduced ejection fraction", [("decreased", "ejection fraction")]),
        ("stable angle", [("unchanged", "angle")]),
        ("new rash on the arm", [("new", "rash")]),
        ("elevated troponin", [("increased", "troponin")]),
        ("low platelets", [("decreased", "platelet")]),
        ("improvement in her gait", [("improved", "gait")]),
        ("no change in the mass", [("unchanged", "mass")]),
    ],
    "comparisons": [
        ("The cyst is larger than before.", [("increased", "cyst")]),
        ("The cyst is smaller.", [("decreased", "cyst")]),
        ("Pain is worse on stairs.", [("worsened", "pain")]),
        ("He drinks less than usual.", [("decreased", "drink")]),
        ("left greater than right", [("increased", "left")]),
        ("R>L", [("increased", "right")]),
        ("The murmur is the same as before.", [("unchanged", "murmur")]),
        ("The dose is above the usual one.", [("increased", "dose")]),
        ("Sodium is below normal.", [("decreased", "sodium")]),
    ],
    "what is denied": [
        ("The cough has not improved.", [("unchanged", "cough")]),
        ("No better today.", [("unchanged", "today")]),
        ("without improvement", [("unchanged", "")]),
        ("The swelling hasn't gone down.", [("unchanged", "swelling")]),
        ("The film is not normal.", [("abnormal", "film")]),
    ],
    "results": [
        ("The smear was normal.", [("normal", "smear")]),
        ("abnormal gait", [("abnormal", "gait")]),
        ("Chest film within normal limits.", [("normal", "chest film")]),
        ("strep test negative", [("negative", "strep test")]),
        ("severe stenosis", [("severe", "stenosis")]),
        ("mild tenderness", [("mild", "tenderness")]),
        ("The flu swab is positive.", [("positive", "flu swab")]),
        ("slightly better", [("improved", "")]),
    ],
}


@pytest.mark.parametrize(("text", "found"), [case for cases in READ.values() for case in cases])
def test_changes_and_results_are_read(text: str, found: list[Row]) -> None:
    assert read(text) == found


@pytest.mark.parametrize(
    "text",
    ["He fell at home.", "She declined the operation.", "high school", "low back pain", "the lower lobe", "a new patient",
     "once more",
     "more than 40 cases", "greater than 5", "normal saline", "positive airway pressure", "ST elevation", "older than 65",
     "open reduction of the wrist", "He lost his glasses.", "heavy lifting", "lower extremity", "the greater trochanter",
     "risks and benefits", "above the knee", "at the same time", "any more questions"],
)  # fmt: skip
def test_what_only_looks_like_a_change_is_none(text: str) -> None:
    assert read(text) == []
