"""What a lay person, a nurse, a pathologist or a payer asks in words of their own leads to the words of the notes."""

import pytest

from rag.stages.expand.synonyms import matches

KINDS = {
    "neurology": [("When was LKW?", "last known well"), ("any midline shift, i.e. a brain shift", "midline shift"),
                  ("was there an LVO", "large vessel occlusion")],
    "pathology": [("Were the edges clean edges?", "negative margins"), ("is there a capsule breach", "extranodal extension"),
                  ("node positive disease", "nodal metastasis"), ("what was the Tg", "thyroglobulin"),
                  ("tumor marker trend", "thyroglobulin")],
    "oncology": [("Is he taking Tafinlar?", "dabrafenib"), ("fever with low counts", "neutropenic fever"),
                 ("since the lump removal", "lumpectomy"), ("low neutrophils", "neutropenia")],
    "radiology": [("compared with before", "prior study"), ("anything incidental", "came across by chance"),
                  ("aneurysm growth per year", "aneurysm enlargement")],
    "nursing": [("rate of the drip", "infusion"), ("tube size", "size of tube"), ("her obs overnight", "vital signs"),
                ("turning schedule", "repositioning"), ("was he desaturated", "sats dropped")],
    "sleep": [("grade of AHI", "sleep apnea severity"), ("the AHI on CPAP", "apnea hypopnea index")],
    "payer": [("Did we get the go-ahead?", "prior authorization"), ("the request was thrown out", "denied"),
              ("what is my copay", "cost sharing"), ("fast appeal", "expedited appeal"), ("timely filing", "late filing")],
    "maternity": [("when did her water break; waters broke at 3", "rupture of membranes"), ("is the baby breech", "bottom first"),
                  ("EFW at 32 weeks", "estimated fetal weight")],
    "heart": [("sleeps on pillows", "orthopnea"), ("leak around the graft", "endoleak"),
              ("GDMT", "guideline directed medical therapy")],
    "therapy": [("what is her PLOF", "prior level of function"), ("two person help", "assist of two")],
    "psychiatry": [("is she hearing voices", "auditory hallucinations"), ("his PHQ-9", "depression score")],
    "eye and teeth": [("cloudy lens", "cataract"), ("gum disease", "periodontitis"),
                      ("pressure in the eye", "intraocular pressure")],
}  # fmt: skip


@pytest.mark.parametrize(("text", "other"), [pair for pairs in KINDS.values() for pair in pairs])
def test_what_is_asked_in_other_words_leads_to_the_words_of_the_note(text: str, other: str) -> None:
    assert other in {form for match in matches(text) for form in match.forms}


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("creatinine clearance", "approval"), ("units of insulin", "ward"), ("he is fit for discharge", "seizure"),
        ("a gray tone", "Gy"), ("nerve conduction", "anxiety"), ("the chin", "mentum"), ("her act", "assertive"),
        ("on the floor at home", "high dependency unit"), ("a sad day", "seasonal affective disorder"),
    ],
)  # fmt: skip
def test_an_everyday_word_leads_to_nothing_clinical(text: str, other: str) -> None:
    assert not any(other in form for match in matches(text) for form in match.forms)
