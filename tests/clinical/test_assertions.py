"""Assertion status, kind by kind: where a cue's scope ends, what answers a label or a question, what two denials say."""

import pytest

from rag.clinical.assertions import assertions
from rag.clinical.sections import sections

NEGATED, UNCERTAIN, HISTORICAL, PLANNED, FAMILY = "negated", "uncertain", "historical", "planned", "family"

CASES = {
    "a cue ends with its line": [
        ("Orthopnea: no\nPalpitations: yes\nAscites: none", {"Orthopnea": NEGATED, "Palpitations": "", "Ascites": NEGATED}),
        ("Skin: no rash\nHeent: clear\nPlan:\nRest", {"rash": NEGATED, "clear": "", "Rest": PLANNED}),
        ("FH - gout\nSH - drinks wine\nDrugs - warfarin", {"gout": FAMILY, "drinks wine": "", "warfarin": ""}),
        ("no tremor\nhas hives\npain in the hip", {"tremor": NEGATED, "hives": "", "pain": ""}),
        ("No tremor\nHives on both arms\nNo ataxia", {"tremor": NEGATED, "Hives": "", "ataxia": NEGATED}),
        ("Denies vertigo\n\nHoarseness since May", {"vertigo": NEGATED, "Hoarseness": ""}),
        ("No tremor.\nMEDICATIONS\nWarfarin 2 mg", {"tremor": NEGATED, "Warfarin": ""}),
        ("-vertigo: absent\n-hives on the arms\n-tremor: none", {"vertigo": NEGATED, "hives": "", "tremor": NEGATED}),
        ("No ascites Neuro: alert Skin: hives", {"ascites": NEGATED, "alert": "", "hives": ""}),
        ("| No tremor | Hives |\n| Ataxia | absent |", {"tremor": NEGATED, "Hives": "", "Ataxia": NEGATED}),
        ("No sign of an acute\nsubdural haematoma.", {"subdural haematoma": NEGATED}),
        (
            "The examination in the afternoon showed neither a tremor nor any\nataxia of the legs, and he went home.",
            {"tremor": NEGATED, "ataxia": NEGATED, "home": ""},
        ),
    ],
    "an answer denies its question or label and nothing behind it": [
        ("Any vertigo? No. Hoarse since May.", {"vertigo": NEGATED, "Hoarse": ""}),
        ("Have you had hives or a tremor? No, never. Ataxia since May.", {"hives": NEGATED, "tremor": NEGATED, "Ataxia": ""}),
        ("Any vertigo? Yes. Hives? No.", {"vertigo": "", "Hives": NEGATED}),
        ("Vertigo? no\nHives? yes", {"Vertigo": NEGATED, "Hives": ""}),
        ("Alcohol: no. Gout: yes.", {"Alcohol": NEGATED, "Gout": ""}),
        ("Gout: yes, stroke: no, asthma: yes", {"Gout": "", "stroke": NEGATED, "asthma": ""}),
        ("Latex allergy - nil", {"Latex allergy": NEGATED}),
        ("Vertigo, hives, tremor: denied", {"Vertigo": NEGATED, "hives": NEGATED, "tremor": NEGATED}),
        ("Hives (no), tremor (yes)", {"Hives": NEGATED, "tremor": ""}),
        ("Vertigo: -, Tremor: +", {"Vertigo": NEGATED, "Tremor": ""}),
        ("Vertigo no\nTremor yes", {"Vertigo": NEGATED, "Tremor": ""}),
        ("Pacemaker = No", {"Pacemaker": NEGATED}),
        ("Embolism: possible", {"Embolism": UNCERTAIN}),
        ("Dose of tablet No. 5 given. Vertigo.", {"tablet": "", "Vertigo": ""}),
        ("Do you drink? Nope. Gout since May.", {"drink": NEGATED, "Gout": ""}),
        ("Vertigo: no Hives: yes Tremor: no", {"Vertigo": NEGATED, "Hives": "", "Tremor": NEGATED}),
        ("Any vertigo? No, she has hives.", {"vertigo": NEGATED, "hives": ""}),
        ("Denies: vertigo, hives. Tremor.", {"vertigo": NEGATED, "hives": NEGATED, "Tremor": ""}),
        ("Any vertigo? No hives either.", {"hives": NEGATED}),
        ("Pain: no change", {"Pain": ""}),
    ],
    "two denials are none, and an exclusion that is denied is a doubt": [
        ("The film does not exclude a fracture.", {"fracture": UNCERTAIN}),
        ("The scan could not entirely rule out a clot.", {"clot": UNCERTAIN}),
        ("A clot has not yet been excluded.", {"clot": UNCERTAIN}),
        ("Sepsis was not ruled out.", {"Sepsis": UNCERTAIN}),
        ("Unable to exclude a tear.", {"tear": UNCERTAIN}),
        ("The hives have not cleared.", {"hives": ""}),
        ("The abscess hasn’t healed.", {"abscess": ""}),
        ("He did not deny the use of cocaine.", {"cocaine": ""}),
        ("He cannot deny heavy drinking.", {"drinking": ""}),
        ("A tumour is not unlikely.", {"tumour": UNCERTAIN}),
        ("The patient is not without pain.", {"pain": ""}),
        ("No evidence to exclude lupus.", {"lupus": UNCERTAIN}),
        ("Stones were ruled out.", {"Stones": NEGATED}),
        ("CT ruled out a stone.", {"stone": NEGATED, "CT": ""}),
    ],
    "a change that is denied denies not what would change": [
        ("No relief of the migraine.", {"migraine": ""}),
        ("There was no significant improvement of her gout.", {"gout": ""}),
        ("The eczema shows no response to steroids.", {"eczema": ""}),
        ("Without improvement of the colitis he was sent home.", {"colitis": ""}),
        ("The sciatica did not respond to rest.", {"sciatica": ""}),
        ("Rest did not relieve the sciatica.", {"sciatica": ""}),
        ("No progression of the lymphoma.", {"lymphoma": ""}),
        ("No cause for the neutropenia was found.", {"neutropenia": ""}),
        ("There is no reason to question the lupus.", {"lupus": ""}),
        ("Not a candidate for transplant for end-stage cirrhosis.", {"cirrhosis": ""}),
        ("No antibiotics for the colitis.", {"antibiotics": NEGATED, "colitis": ""}),
        ("No concern for meningitis.", {"meningitis": NEGATED}),
        ("No need for dialysis.", {"dialysis": NEGATED}),
    ],
    "what a scan or a walk is done without is no finding": [
        ("MRI brain without gadolinium shows a glioma.", {"glioma": ""}),
        ("MRI without and with contrast shows a cyst.", {"cyst": ""}),
        ("CT with and without contrast: liver abscess.", {"abscess": ""}),
        ("Non-contrast CT shows a clot.", {"clot": ""}),
        ("He walks without assistance in spite of the stroke.", {"stroke": ""}),
        ("Without surgery the tumour will grow.", {"tumour": ""}),
        ("Without a valve the heart fails.", {"heart fails": ""}),
        ("Nil by mouth for gastroscopy.", {"gastroscopy": ""}),
        ("No more than mild reflux.", {"reflux": ""}),
        ("Walks without a limp.", {"limp": NEGATED}),
        ("Non-Hodgkin lymphoma of the neck.", {"Hodgkin": "", "lymphoma": ""}),
        ("Non-smoker, mild asthma.", {"smoker": NEGATED, "asthma": ""}),
    ],
    "a scope ends where a new clause begins": [
        ("No fracture, there is a bruise.", {"fracture": NEGATED, "bruise": ""}),
        ("No fracture and a large bruise is seen.", {"fracture": NEGATED, "bruise": ""}),
        ("No hives, the tremor is worse.", {"hives": NEGATED, "tremor": ""}),
        ("No hives, tremor, or ataxia is seen.", {"hives": NEGATED, "tremor": NEGATED, "ataxia": NEGATED}),
        ("Denies ever having had gout.", {"gout": NEGATED}),
        ("She denies that she has any vertigo or tremor.", {"vertigo": NEGATED, "tremor": NEGATED}),
        ("He denies there is any vertigo.", {"vertigo": NEGATED}),
        ("Hx of gout and is admitted with sepsis.", {"gout": HISTORICAL, "sepsis": ""}),
        ("Flu A positive, flu B positive, strep negative.", {"Flu A": "", "flu B": "", "strep": NEGATED}),
        ("The liver is enlarged, ascites not seen.", {"enlarged": "", "ascites": NEGATED}),
        ("No hives despite the sepsis.", {"hives": NEGATED, "sepsis": ""}),
        ("No hives besides the ones of May.", {"hives": NEGATED, "May": ""}),
        ("No bleeding after the biopsy.", {"bleeding": NEGATED, "biopsy": ""}),
        ("If it does not help, we can give an injection.", {"injection": PLANNED}),
        ("History of gout, current sepsis.", {"gout": HISTORICAL, "sepsis": ""}),
        ("No hives, current tremor.", {"hives": NEGATED, "tremor": ""}),
        ("No past or current gout.", {"gout": NEGATED}),
        ("No fluid and a stone is noted.", {"fluid": NEGATED, "stone": ""}),
        ("He has no hives, and the tremor is worse.", {"hives": NEGATED, "tremor": ""}),
        ("Negative for hives, positive for tremor.", {"hives": NEGATED, "tremor": ""}),
        ("Mother had gout but he does not.", {"gout": FAMILY}),
        ("No fluid and moderate hives are seen.", {"fluid": NEGATED, "hives": ""}),
        ("Neg hives, neg ataxia, pos tremor", {"hives": NEGATED, "ataxia": NEGATED, "tremor": ""}),
        ("Without hives; tremor at rest.", {"hives": NEGATED, "tremor": ""}),
        ("Possible gout, he has a tremor.", {"gout": UNCERTAIN, "tremor": ""}),
        ("No ascites (liver cirrhosis is known).", {"ascites": NEGATED, "cirrhosis": ""}),
    ],
    "cues that are written short, or stand on either side": [
        ("Cough w/o sputum.", {"sputum": NEGATED, "Cough": ""}),
        ("(-) hives, (+) tremor, (-) ataxia", {"hives": NEGATED, "tremor": "", "ataxia": NEGATED}),
        ("hives (-), tremor (+)", {"hives": NEGATED, "tremor": ""}),
        ("Strep -ve, flu +ve", {"Strep": NEGATED, "flu": ""}),
        ("Ø hives", {"hives": NEGATED}),
        ("He is seizure free.", {"seizure": NEGATED}),
        ("Ruled out: sepsis", {"sepsis": NEGATED}),
        ("Ten years ago he had a stroke.", {"stroke": HISTORICAL}),
        ("When young - eczema", {"eczema": HISTORICAL}),
        ("Had a colectomy, hysterectomy.", {"colectomy": HISTORICAL, "hysterectomy": HISTORICAL}),
        ("His mother reports hives.", {"hives": ""}),
        ("Mother denies fever in the child.", {"fever": NEGATED}),
        ("2/7 hx of hives", {"hives": ""}),
        ("A three-week history of hives.", {"hives": ""}),
        ("Opted for surgery.", {"surgery": PLANNED}),
        ("Plan:\n1. Biopsy\n2. Oral steroids", {"Biopsy": PLANNED, "Oral steroids": PLANNED}),
        ("Neg for hives.", {"hives": NEGATED}),
        ("Negative urine culture.", {"urine culture": NEGATED}),
        ("High probability of lymphoma.", {"lymphoma": UNCERTAIN}),
        ("Doubt a stroke.", {"stroke": UNCERTAIN}),
        ("A stroke is doubtful.", {"stroke": UNCERTAIN}),
        ("A clot is less likely.", {"clot": UNCERTAIN}),
        ("Query gout.", {"gout": UNCERTAIN}),
        ("DDx: gout, lupus", {"gout": UNCERTAIN, "lupus": UNCERTAIN}),
        ("Suggestive of lupus.", {"lupus": UNCERTAIN}),
        ("Gout vs. sepsis", {"sepsis": UNCERTAIN}),
        ("They haven't seen hives.", {"hives": NEGATED}),
        ("There is nothing to suggest sepsis.", {"sepsis": NEGATED}),
        ("We have ordered a biopsy.", {"biopsy": PLANNED}),
        ("A stent in 2011.", {"stent": HISTORICAL}),
        ("Stent at the age of 51.", {"Stent": HISTORICAL}),
        ("MGM with lupus.", {"lupus": FAMILY}),
        ("Lupus on the maternal side.", {"Lupus": FAMILY}),
        ("No prior strokes.", {"strokes": NEGATED}),
        ("Denies history of stroke.", {"stroke": NEGATED}),
        ("The pain began two months ago.", {"pain": ""}),
    ],
    "a stop without a blank ends a sentence": [
        ("1.No sign of gout.\n2.Large cyst.", {"gout": NEGATED, "cyst": ""}),
        ("Chest clear.No rales.Hives seen.", {"rales": NEGATED, "Hives": "", "Chest": ""}),
        ("Denies vertigo.Has hives.", {"vertigo": NEGATED, "hives": ""}),
        ("Hives?No.Tremor.", {"Hives": NEGATED, "Tremor": ""}),
        ("Known HTN.No ascites.", {"ascites": NEGATED, "HTN": ""}),
        ("lungs clear.no rales.hives seen", {"rales": NEGATED, "lungs": ""}),
        ("Sodium 131.No ascites", {"ascites": NEGATED, "Sodium": ""}),
    ],
    "a cue that ends its line with a colon reaches over the list below it": [
        ("Denies:\n- vertigo\n- hives\nReports:\n- tremor", {"vertigo": NEGATED, "hives": NEGATED, "tremor": ""}),
        ("Negative for:\n1. hives\n2. tremor\n\nAtaxia at rest.", {"hives": NEGATED, "tremor": NEGATED, "Ataxia": ""}),
        (
            "The patient denies the following:\nvertigo\nhives\n\nExam:\ntremor",
            {"vertigo": NEGATED, "hives": NEGATED, "tremor": ""},
        ),
        ("The patient reports no:\n- hives\n- tremor\nHas:\n- gout", {"hives": NEGATED, "tremor": NEGATED, "gout": ""}),
        ("Return for:\n* vomiting\n* hives\n\nDiet as before.", {"vomiting": UNCERTAIN, "hives": UNCERTAIN, "Diet": ""}),
        ("No evidence of:\n• hives\n• tremor\nPlan: rest", {"hives": NEGATED, "tremor": NEGATED, "rest": PLANNED}),
    ],
    "what goes on is not planned, what begins or changes is": [
        ("He will continue warfarin.", {"warfarin": ""}),
        ("I advised him to continue warfarin.", {"warfarin": ""}),
        ("She will start warfarin.", {"warfarin": PLANNED}),
        ("We will increase the warfarin.", {"warfarin": PLANNED}),
        ("Continue warfarin. Start naproxen for the gout.", {"warfarin": "", "naproxen": PLANNED, "gout": ""}),
        ("Plan:\n- continue warfarin\n- MRI knee", {"warfarin": "", "MRI knee": PLANNED}),
        ("We will not start warfarin.", {"warfarin": NEGATED}),
        ("They smoke, use snuff.", {"snuff": ""}),
        ("He was referred to urology.", {"urology": ""}),
        ("He will be referred to urology.", {"urology": PLANNED}),
        ("An EEG was ordered and showed spikes.", {"EEG": "", "spikes": ""}),
        ("An EEG was obtained.", {"EEG": ""}),
        ("EEG pending, sleep study scheduled for Monday.", {"EEG": PLANNED, "sleep study": PLANNED}),
        ("An EEG is to be scheduled.", {"EEG": PLANNED}),
        ("We discussed adding lithium.", {"lithium": PLANNED}),
        ("Not a candidate for dialysis.", {"dialysis": NEGATED}),
        ("A candidate for dialysis.", {"dialysis": PLANNED}),
        ("Recheck in a week for the hives.", {"hives": ""}),
        ("Repeat films showed a cyst.", {"films": "", "cyst": ""}),
        ("Orders:\n- EEG at night\n- CBC, TSH\n- CT clear", {"CBC, TSH": PLANNED, "CT clear": ""}),
        ("He should have the scan at age 60.", {"the scan": PLANNED}),
    ],
    "what may occur is uncertain, and what is then to be done is planned": [
        ("If the hives recur, come back.", {"hives": UNCERTAIN, "come back": ""}),
        ("If hives or a fever develop, stop the naproxen.", {"hives": UNCERTAIN, "fever": UNCERTAIN, "naproxen": ""}),
        ("If the tremor persists, we will add lithium.", {"tremor": UNCERTAIN, "lithium": PLANNED}),
        ("Call the office for hives.", {"hives": UNCERTAIN}),
        ("She will come back for a biopsy.", {"biopsy": PLANNED}),
        ("Should he develop hives, take loratadine.", {"hives": UNCERTAIN, "loratadine": PLANNED}),
        ("At risk for falls.", {"falls": UNCERTAIN}),
        ("MRI to look for a cyst.", {"cyst": UNCERTAIN}),
        ("We will order an MRI to rule out a cyst.", {"MRI": PLANNED, "cyst": UNCERTAIN}),
        ("Tremor likely due to lithium.", {"lithium": UNCERTAIN, "Tremor": ""}),
        ("Use the inhaler, sooner if needed.", {"inhaler": PLANNED}),
        ("It seems to be getting worse.", {"worse": ""}),
    ],
    "a relative who acts, tells or lives there has not what follows": [
        ("Mom has been giving him syrup for the croup.", {"croup": ""}),
        ("Her grandmother states she has hives.", {"hives": ""}),
        ("According to his aunt, he has hives.", {"hives": ""}),
        ("Lives with his older sister, has hives.", {"hives": ""}),
        ("Mother and father noticed hives.", {"hives": ""}),
        ("His wife is worried because of the hives.", {"hives": ""}),
        ("Her stepfather also has gout.", {"gout": FAMILY}),
        ("Her mother, who is 80, has gout.", {"gout": FAMILY}),
        ("A sister who has lupus.", {"lupus": FAMILY}),
        ("Father: gout at 50; mother: lupus. Asthma.", {"gout": FAMILY, "lupus": FAMILY, "Asthma": ""}),
        ("Family history is positive for gout.", {"gout": FAMILY}),
        ("Gout in two cousins.", {"Gout": FAMILY}),
        ("A history of gout in her uncle.", {"gout": FAMILY}),
        ("Her mother had gout and she is tired.", {"gout": FAMILY, "tired": ""}),
        ("Mother had gout. She herself has lupus.", {"gout": FAMILY, "lupus": ""}),
        ("No known family history of gout.", {"gout": NEGATED}),
    ],
    "what is past is told by when it was": [
        ("Ectopic pregnancy in her late twenties.", {"Ectopic pregnancy": HISTORICAL}),
        ("In his teens he had mumps.", {"mumps": HISTORICAL}),
        ("She had her spleen taken out.", {"spleen": HISTORICAL}),
        ("Hospitalized in 1996 with sepsis.", {"sepsis": HISTORICAL}),
        ("Tremor since the stroke ten years ago.", {"stroke": HISTORICAL, "Tremor": ""}),
        ("Gout in 2010 and still has it.", {"Gout": ""}),
        ("Weight loss in the past six months.", {"Weight loss": ""}),
    ],
    "a score of nought is no pain, and what a scale says is no finding": [
        ("Pain 0/10.", {"Pain": NEGATED}),
        ("Pain is 0 out of 10.", {"Pain": NEGATED}),
        ("Pain 7/10.", {"Pain": ""}),
        ("Headache 6 of 10, with 0 being no pain.", {"Headache": "", "pain": ""}),
    ],
}
SINGLE = [
    (kind, text, phrase, status) for kind, cases in CASES.items() for text, said in cases for phrase, status in said.items()
]


@pytest.mark.parametrize(("kind", "text", "phrase", "status"), SINGLE, ids=[f"{one[1][:40]} / {one[2]}" for one in SINGLE])
def test_a_finding_has_the_status_that_its_clause_gives_it(kind: str, text: str, phrase: str, status: str) -> None:
    start = text.index(phrase)
    end = start + len(phrase)
    found = [one for one in assertions(text, sections(text)) if one.start < end and start < one.end]
    assert {one.status for one in found} == ({status} if status else set()), kind
    assert not found or all(any(one.start <= at < one.end for one in found) for at in range(start, end) if text[at].isalnum()), (
        "a part of it is left out"
    )


@pytest.mark.parametrize(
    "piece", ["no ", "no, ", "a: no ", "fever? No. ", "(-) a, ", "not ruled out ", "and a is ", "\n- x: no", "x | "]
)
def test_any_number_of_cues_is_read_once(piece: str) -> None:
    assert isinstance(assertions(piece * 20_000), tuple)


def test_the_year_of_the_note_and_those_after_it_are_not_past() -> None:
    text = "A stent in 2024, a bypass in 2019."
    for date, past in (("2024-05-01", {"a bypass"}), ("2030-05-01", {"A stent", "a bypass"}), (None, {"A stent", "a bypass"})):
        assert {text[one.start : one.end] for one in assertions(text, (), date) if one.status == HISTORICAL} == past
    assert assertions("Gout in 7/24.", (), "2024-09-01") == ()
