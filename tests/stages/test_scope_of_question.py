"""A question says itself whose documents, and which, it is about: read rightly, it only ever narrows what may be seen."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from rag.clinical.owners import Owners, borders, plain
from rag.documents.load import read_file
from rag.keep.artifacts import Artifacts
from rag.rules import rules
from rag.stage import options
from rag.stages.chunk.sections import Sections
from rag.stages.embed.hashing import Hashing
from rag.stages.index.base import Index
from rag.stages.index.local import Exact
from rag.stages.scope import Everything, Named, Scoper
from rag.stages.scope.described import description
from rag.stages.scope.sources import Shelf, sources
from rag.stages.scope.topic import topic
from rag.values import Document, File, Filter, Scope, Span

RULES = rules("scope")
# Sex, age, what the patient has, a drug, and a word that stands in nobody else's documents.
PATIENTS: dict[str, tuple[str, int, str, str, str]] = {
    "N-2011": ("woman", 84, "a fracture of the left hip", "enoxaparin", "quillmoor"),
    "N-2012": ("man", 67, "heart failure with reduced ejection fraction", "torsemide", "zarbeth"),
    "N-2013": ("woman", 58, "ulcerative colitis", "mesalamine", "ombrix"),
    "N-2014": ("man", 45, "gout of the right foot", "allopurinol", "feltham"),
    "N-2015": ("woman", 71, "lung cancer of the right upper lobe", "osimertinib", "drexley"),
    "N-2016": ("man", 33, "epilepsy since childhood", "lamotrigine", "vintner"),
    "N-2017": ("woman", 29, "asthma with a severe attack", "prednisone", "harrowby"),
    "N-2018": ("man", 76, "a stroke of the left middle cerebral artery", "clopidogrel", "mossgrave"),
}
DISCHARGE = (
    "DISCHARGE SUMMARY\nPatient: {id}\nDate: 2031-0{n}-04\n\nHOSPITAL COURSE: This {age}-year-old {who} was admitted with {has}. "
    "The {word} sign was noted.\n\nDISCHARGE MEDICATIONS: {drug} {dose} mg daily.\n\nFOLLOW-UP: Clinic in two weeks.\n"
)
VISIT = (
    "CLINIC NOTE\nPatient: {id}\nDate of visit: 2031-0{n}-20\nAuthor: Pharmacist\n\nThe {who} with {has} takes {drug} well. "
    "The {word} test was repeated. Potassium 4.{n}. Weight {dose} kg.\n"
)
KINDS = {"discharge.txt": DISCHARGE, "clinic_visit.txt": VISIT}
POLICY = """Medical Policy: PET scans
Effective 2031-01-01

## Criteria
A PET scan is medically necessary for a new lung nodule above 8 mm that was seen on two scans, and for staging before surgery
or radiotherapy of a cancer that is proven. It is not covered for screening of people without any finding.

## Example
The request for N-2015 (drexley) was granted since the nodule had grown from 9 mm to 14 mm within half a year and the biopsy
could not be done for reasons of safety, as the committee wrote in its answer to the practice.

## Procedure
Requests are answered within 72 hours, urgent ones within 24 hours. Each request has to name the last scan, its day and the
size of the finding. A letter says why a request is refused and how to appeal.
"""
GUIDELINE = (
    "Guideline: anticoagulation, {edition} edition\nDate: {year}-03-01\n\nThe INR target with a mechanical valve is {target}.\n"
)
HANDOVER = "WARD HANDOVER\n\n" + "\n\n".join(
    f"Bed {n}, patient {id}: {age} years, {has}. On {drug}. Remember the {word} drain."
    for n, (id, (_, age, has, drug, word)) in enumerate(PATIENTS.items(), 1)
)
TABLE = "patient,day,potassium,remark\n" + "\n".join(
    f"{id},2031-05-0{n},4.{n},{row[4]}" for n, (id, row) in enumerate(PATIENTS.items(), 1)
)


def made(**files: str) -> list[Document]:
    return [document for name, text in files.items() for document in read_file(File(name, text.encode()))]


def indexed(documents: list[Document]) -> Index:
    chunks = [chunk for document in documents for chunk in Sections()(document)]
    return Exact()(documents, chunks, None, Hashing(), Artifacts(), ("terms", "vectors"))


def mixed() -> list[Document]:
    texts = {
        f"{id}_{name}": text.format(id=id, who=who, age=age, has=has, drug=drug, word=word, n=n, dose=10 * n)
        for n, (id, (who, age, has, drug, word)) in enumerate(PATIENTS.items(), 1)
        for name, text in KINDS.items()
    }
    texts["policy_pet.txt"] = POLICY
    texts["guideline_2027.txt"] = GUIDELINE.format(edition="second", year=2027, target="2.5 to 3.5")
    texts["guideline_2031.txt"] = GUIDELINE.format(edition="third", year=2031, target="2.0 to 3.0")
    return made(**texts, **{"handover.txt": HANDOVER, "labs.csv": TABLE})


@pytest.fixture(scope="module")
def index() -> Index:
    return indexed(mixed())


def allowed(index: Index, scope: Scope) -> list[Any]:
    return [index.chunks[row] for row in index.allowed(scope.only)]


def seen_of_others(index: Index, scope: Scope, patients: tuple[str, ...]) -> list[str]:
    """The words of other patients in what a scope lets through."""
    text = " ".join(chunk.indexed for chunk in allowed(index, scope)).lower()
    return [id for id, (*_, word) in PATIENTS.items() if id not in patients and (word in text or id.lower() in text)]


TEMPLATES = [
    "What is the dose of {drug} of {id}?", "Is {id} on {drug}?", "{id} potassium", "potassium of {id} at the clinic visit",
    "Does {id} meet the PET policy?", "What was noted in the discharge summary of {id}?", "When is {id}'s follow-up?",
    "Patient {id}: which sign was noted?", "How heavy is the patient ({id})?", "{id} - weight?",
    "Was the {word} test done in {id}?",
    "Can you tell me please whether {id} takes {drug}?", "WHAT DOES {ID} TAKE?", "what about {lower}, any {drug}?",
    "For {joined}: dose of {drug}?", "Remind me, {spaced}, which drain?", "Which bed is {dashed} in?",
    "Labs of {id} in May 2031?",
    "Was the INR target of the 2031 guideline reached in {id}?", "What did the pharmacist say about {drug} in {id}?",
]  # fmt: skip


def questions(count: int) -> list[tuple[str, str]]:
    chance = random.Random(7)
    found = []
    for at in range(count):
        id, other = chance.sample(list(PATIENTS), 2)
        drug, word = PATIENTS[chance.choice([id, other])][3:]
        forms = {"ID": id, "lower": id.lower(), "joined": id.replace("-", ""), "spaced": id.replace("-", " ")}
        dashed = id.replace("-", chance.choice("‐‑–−－"))
        found.append((id, TEMPLATES[at % len(TEMPLATES)].format(id=id, drug=drug, word=word, dashed=dashed, **forms)))
    return found


@pytest.mark.parametrize(("id", "question"), questions(200))
def test_a_question_that_names_a_patient_lets_nothing_of_another_one_through(id: str, question: str, index: Index) -> None:
    scope = Named()(question, index)
    assert scope.patients == (id,) and scope.how == "named" and not scope.unknown
    assert f"{id}, from your question" in scope.notes
    assert seen_of_others(index, scope, (id,)) == []
    assert {index.documents[chunk.span.document].patient for chunk in allowed(index, scope)} <= {id, ""}


def test_beside_a_named_patient_policies_can_still_be_asked_but_for_what_is_of_others(index: Index) -> None:
    seen = {chunk.span.document for chunk in allowed(index, Named()("Does N-2011 meet the PET policy?", index))}
    assert {"N-2011_discharge.txt", "N-2011/labs.csv", "policy_pet.txt", "guideline_2027.txt"} <= seen
    assert not any("N-2015" in name for name in seen)
    alone = Named(nobody=False)("Does N-2011 meet the PET policy?", index)
    assert {index.documents[chunk.span.document].patient for chunk in allowed(index, alone)} == {"N-2011"}


def test_several_ids_are_all_of_them(index: Index) -> None:
    scope = Named()("Compare the potassium of N-2012, n2014 and N-2012.", index)
    assert scope.patients == ("N-2012", "N-2014") and scope.only.patients == ("N-2012", "N-2014")
    assert seen_of_others(index, scope, ("N-2012", "N-2014")) == []


@pytest.mark.parametrize(
    "written", ["N-9999", "n9999", "patient X-4711", "MRN 55120", "patient 55120", "patient ID 77-AB-12", "N-2099"]
)
def test_an_id_that_no_document_has_is_said_and_nothing_of_patients_is_let_through(written: str, index: Index) -> None:
    scope = Named()(f"{written} discharge medications", index)
    assert len(scope.unknown) == 1 and scope.unknown[0] in written and scope.patients == ()
    assert scope.notes == (f"no document of {scope.unknown[0]}",)
    assert {index.documents[chunk.span.document].patient for chunk in allowed(index, scope)} == {""}
    assert seen_of_others(index, scope, ()) == []
    assert scope.topic == "discharge medications"


def test_an_unknown_id_beside_a_known_one_is_said_and_the_known_one_is_asked(index: Index) -> None:
    scope = Named()("Is N-2013 or N-9999 on mesalamine?", index)
    assert (scope.patients, scope.unknown) == (("N-2013",), ("N-9999",))
    assert scope.notes == ("N-2013, from your question", "no document of N-9999")


@pytest.mark.parametrize(
    "question",
    [
        "What is the vitamin B12 level?", "Is T12 fractured?", "How is HbA1c below 7 reached?", "CYP450 and CYP3A4?",
        "20 mg or 2014 mg?", "Is a patient 65 or older at risk?", "patients 18 and older", "N 10 mg?", "n2 lymph nodes?",
        "What happened in 2031?", "N-2 stage?", "patient B12 was low", "COVID-19 vaccine", "give 2011 ml", "Is CA-125 high?",
    ],
)  # fmt: skip
def test_what_only_looks_like_an_id_names_nobody(question: str, index: Index) -> None:
    scope = Named()(question, index)
    assert (scope.patients, scope.unknown, scope.only.patients) == ((), (), ())


def test_a_number_after_patient_is_an_id_where_one_patient_has_it(index: Index) -> None:
    assert Named()("Is patient 2014 better?", index).patients == ("N-2014",)
    both = indexed([Document("a", "Fine.", patient="N-2014"), Document("b", "Fine.", patient="M-2014")])
    assert Named()("Is patient 2014 better?", both).patients == ()
    assert Named()("Is N-02014 better?", both).patients == ("N-2014",)


@pytest.mark.parametrize("id", ["88213", "88-1420", "a1b2-c3d4-e5", "Q-7", "urn:x-12-4"])
def test_ids_of_any_form_are_known_again(id: str) -> None:
    index = indexed([Document("a", "Potassium 4.1.", patient=id), Document("b", "Potassium 3.2.", patient="Z-500")])
    for question in (f"Potassium, MRN {id}?", f"patient id {id} potassium"):
        assert Named()(question, index).patients == (id,)


def test_the_number_of_a_record_names_the_patient_in_whose_documents_it_stands() -> None:
    index = indexed([Document("a", "MRN: 771204\nPotassium 4.1.", patient="N-1"), Document("b", "Potassium 3.2.", patient="N-2")])
    assert Named()("Potassium of MRN 771204?", index).patients == ("N-1",)
    assert Named()("Potassium of MRN 771299?", index).unknown == ("771299",)


def test_a_patient_whom_documents_write_in_two_ways_is_one() -> None:
    index = indexed(
        [Document("a", "One.", patient="N-2011"), Document("b", "Two.", patient="n2011"), Document("c", "X.", patient="N-2")]
    )
    scope = Named()("How is N 2011?", index)
    assert {chunk.span.document for chunk in allowed(index, scope)} == {"a", "b"} and len(scope.patients) == 1


@pytest.mark.parametrize(
    "only", [Filter(patients=("N-2011",)), Filter(patients=("N-2011",), types=("note",)), Filter(documents=("policy_pet.txt",))]
)
@pytest.mark.parametrize(
    "question", ["Dose of {}?", "Is {} the hip lady?", "{} and N-2011: potassium?", "the man with gout", "her potassium in {}"]
)
def test_a_question_never_widens_the_filter_of_the_user(question: str, only: Filter, index: Index) -> None:
    for id in (*PATIENTS, "N-9999"):
        scope = Named()(question.format(id), index, only)
        assert set(index.allowed(scope.only)) <= set(index.allowed(only))
        if id not in {"N-2011", "N-2015"} and "{}" in question:
            assert id in scope.unknown and scope.patients in {(), ("N-2011",)}
            assert scope.notes[-1].startswith(f"no document of {id}") and scope.notes[-1].endswith(" that the filter allows")


def test_what_the_filter_leaves_out_is_told_as_what_is_not_there(index: Index) -> None:
    only = Filter(patients=("N-2011",))
    there, gone = (Named()(f"Dose of {id}?", index, only) for id in ("N-2012", "N-9999"))
    assert there.notes[0].replace("N-2012", "") == gone.notes[0].replace("N-9999", "")
    assert not len(index.allowed(there.only)) and not len(index.allowed(gone.only))


DESCRIBED = [
    ("How far does the hip fracture lady walk?", "N-2011"), ("Is the man with HFrEF on torsemide?", "N-2012"),
    ("the colitis lady: which drug?", "N-2013"), ("What does the gout man take?", "N-2014"),
    ("Our lung cancer patient, any PET?", "N-2015"),
    ("Which sign was noted in the patient with epilepsy?", "N-2016"), ("Is the young woman with asthma better?", "N-2017"),
    ("Follow-up of the stroke patient?", "N-2018"), ("What does the 84-year-old take?", "N-2011"),
    ("Dose for the 33 year old man?", "N-2016"),
    ("Is the hip fracture lady on a blood thinner?", "N-2011"), ("Was the man with HFrEF in the ICU?", "N-2012"),
    ("WHICH DRUG DOES THE STROKE MAN TAKE?", "N-2018"), ("What was noted in this gentleman with CHF?", "N-2012"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("question", "left"),
    [("Is the hip fracture lady on a blood thinner?", "blood thinner"), ("Was the man with HFrEF on oxygen?", "oxygen")],
)
def test_what_is_asked_of_the_patient_is_no_part_of_who_is_described(question: str, left: str, index: Index) -> None:
    assert left in Named()(question, index).topic


@pytest.mark.parametrize(("question", "id"), DESCRIBED)
def test_a_patient_who_is_described_is_found_where_documents_tell_who_it_is(question: str, id: str, index: Index) -> None:
    scope = Named()(question, index)
    assert (scope.patients, scope.how) == ((id,), "described")
    assert id not in scope.choices and any(note.startswith(f"{id}, from “") for note in scope.notes)
    assert seen_of_others(index, scope, (id,)) == []


@pytest.mark.parametrize(
    "question",
    ["What does the lady take?", "Is her potassium normal?", "How heavy is the man?", "the elderly gentleman: weight?"],
)
def test_where_it_is_not_clear_who_is_meant_nobody_is_left_out_and_the_choices_are_shown(question: str, index: Index) -> None:
    scope = Named()(question, index)
    women = {id for id, (who, *_) in PATIENTS.items() if who == "woman"}
    assert scope.only == Filter() and scope.patients == () and scope.how == "described"
    assert len(scope.choices) > 1 and set(scope.choices) <= (
        women if "lady" in question or "her" in question else PATIENTS.keys() - women
    )
    assert "may be about" in scope.notes[0]


def test_a_pronoun_is_resolved_where_the_question_fits_one_patient_far_better_than_others(index: Index) -> None:
    assert Named()("Does she still take osimertinib for the lung cancer of the upper lobe?", index).patients == ("N-2015",)


@pytest.mark.parametrize(
    "question",
    [
        "What is the INR target with a mechanical valve?", "Which drugs are tier 5?", "When is a PET scan medically necessary?",
        "Can a woman with asthma take prednisone?", "Any patient with gout?", "Which patients have epilepsy?",
        "men with heart failure", "How soon should we see the patient?", "Which lady has gout?",
        "How are patients with a stroke treated?", "Is every man with gout on a diet?",
        "What is the dose of prednisone in asthma?", "baby aspirin in stroke", "Does lamotrigine cause a rash?",
        "How is hip fracture fixed?",
    ],
)  # fmt: skip
def test_a_question_that_describes_nobody_is_never_narrowed(question: str, index: Index) -> None:
    scope = Named()(question, index)
    assert scope.only == Filter() and scope.patients == () and scope.choices == ()


def test_with_one_patient_in_reach_she_needs_no_note_and_no_narrowing(index: Index) -> None:
    one = indexed([Document("a", "The hip fracture lady walks.", patient="N-1"), Document("b", "Policy.", type="policy")])
    for scope in (Named()("How far does she walk?", one), Named()("the hip lady", index, Filter(patients=("N-2011",)))):
        assert (scope.how, scope.notes, scope.choices, scope.patients) == ("", (), (), ())


def test_a_described_patient_is_only_a_choice_where_the_setting_says_so(index: Index) -> None:
    scope = Named(described=False)("How far does the hip fracture lady walk?", index)
    assert scope.only == Filter() and scope.choices[0] == "N-2011"


def test_everything_reads_nothing_from_the_question(index: Index) -> None:
    assert next(iter(options(Scoper))) == "everything"
    only = Filter(types=("note",))
    assert Everything()("Dose of N-2011 in the discharge summary?", index, only) == Scope(
        only, topic="Dose of N-2011 in the discharge summary?"
    )


SOURCES = [
    ("What was noted at the March visit?", {"N-2013_clinic_visit.txt"}), ("Potassium in May 2031?", {"N-2015"}),
    ("What does the second edition say of valves?", {"guideline_2027.txt"}),
    ("What is the target in the 2031 guideline?", {"guideline_2031.txt"}),
    ("What did the pharmacist say about weight?", {"N-2011_clinic_visit.txt", "N-2018_clinic_visit.txt"}),
    ("According to the pharmacist, how heavy?", {"N-2011_clinic_visit.txt"}),
    ("What is in the handover about drains?", {"handover.txt"}),
    ("Which medications stand in the discharge summary?", {"N-2011_discharge.txt", "N-2018_discharge.txt"}),
]  # fmt: skip


@pytest.mark.parametrize(("question", "names"), SOURCES)
def test_documents_that_a_question_points_at_are_preferred(question: str, names: set[str], index: Index) -> None:
    scope = Named()(question, index)
    assert all(any(name in preferred for preferred in scope.prefer) for name in names)
    assert len(scope.prefer) < len(index.documents) / 2


def test_the_answer_is_looked_for_in_a_type_of_document_alone_only_where_that_is_said_and_safe(index: Index) -> None:
    ask = Named()
    assert ask("Which target is given in the guideline?", index).only.types == ("guideline",)
    dated = ask("Per the 2027 guideline, which INR with a mechanical valve?", index)
    assert {chunk.span.document for chunk in allowed(index, dated)} == {"guideline_2027.txt"}
    assert dated.topic == "which INR with a mechanical valve?"
    assert ask("What stands in the discharge summary of N-2011?", index).only.types == ("discharge",)
    for question in (
        "Does N-2011 meet the target in the guideline?", "Is the target of the guideline reached?",
        "Is the dose in the discharge summary " "right by the guideline?", "What is the target in the pathology report?",
        "Is there a guideline?",
    ):  # fmt: skip
        assert ask(question, index).only.types == ()
    assert ask("Which target is given in the guideline?", index, Filter(types=("note",))).only == Filter(types=("note",))


def test_nothing_is_taken_from_the_topic_for_which_no_document_fits(index: Index) -> None:
    for question in (
        "What is the margin in the pathology report?",
        "Which ward is named in the memo of 1999?",
        "Was it before March 2031?",
    ):
        scope = Named()(question, index)
        assert (scope.topic, scope.prefer) == (question, ())


TOPICS = [
    ("What should N-2011 do, and how is N-2012's dose?", "What should they do, and how is dose?"),
    ("Dose of torsemide for N-2012?", "Dose of torsemide?"),
    ("How far does the hip fracture lady walk?", "How far does she walk?"), ("What does the lady take?", "What does take?"),
    ("Can you tell me the potassium of N-2011, please?", "the potassium?"),
    ("I worry about the hip fracture lady. Help! Does she walk?", "Does she walk?"),
    ("What was noted at the March visit?", "What was noted?"),
    ("What did the pharmacist say about weight?", "What about weight?"),
    ("In May 2031, was the potassium low?", "was the potassium low?"), ("Does a drain help?", "Does a drain help?"),
    ("Is the wound getting worse?", "Is the wound getting worse?"), ("N-2011", "N-2011"), ("please", "please"),
    ("Patient (N-2011): gait?", "gait?"), ("Was the potassium of N-2011 low?", "Was the potassium low?"),
    ("How high is the potassium so far?", "How high is the potassium?"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "left"), TOPICS)
def test_the_topic_is_the_question_without_scope_and_filler_in_its_own_words(question: str, left: str, index: Index) -> None:
    assert Named()(question, index).topic == left


HOSTILE = [
    "", " ", "?", "N-", "-2011", "N-" + "9" * 3000, "patient " * 500, "the " * 900 + "lady", "N-2011 " * 500, "P-0" * 1300,
    "her " * 1000, "²³ N－２０１１",
    "患者 N-2011 的钾", "\u202eN-2011", "N‑2011\u00a0\u200b", "the lady with " + "with " * 800, "(" * 4000, "May " * 1000,
    "2031-13-45 31/31/2031", "v" * 4000,
    "the discharge summary of the discharge summary " * 80, "N-2011\x00", "“the hip’s” lady’s", "MRN: " * 700, "12/" * 1300,
    "edition " * 500, "🦴 lady",
]  # fmt: skip


@pytest.mark.parametrize("question", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("documents", [mixed, list, lambda: [Document("", "", patient="²"), Document("x", "Text.", patient="(")]])
def test_no_question_and_no_documents_make_it_raise(question: str, documents: Callable[[], list[Document]]) -> None:
    index = indexed(documents())
    for only in (Filter(), Filter(patients=("N-2011",), nobody=True), Filter(in_force=True, before="2031-03")):
        scope = Named()(question, index, only)
        assert set(index.allowed(scope.only)) <= set(index.allowed(only))
        assert scope.topic or not question


def test_the_scope_of_a_question_is_the_same_whoever_asked_before(index: Index) -> None:
    questions = [question for question, _ in (*DESCRIBED, *SOURCES, *TOPICS)]
    first = [Named()(question, index) for question in questions]
    assert [Named()(question, indexed(mixed())) for question in reversed(questions)][::-1] == first


@pytest.mark.parametrize("rule", [*RULES["people"], *RULES["grown"], *RULES["pronouns"]], ids=lambda rule: rule["word"])
def test_the_example_of_a_word_for_a_patient_describes_one(rule: dict[str, Any]) -> None:
    told = description(rule["example"])
    assert told is not None and rule["word"] in rule["example"].lower()
    assert told.sex == rule.get("sex", told.sex)
    assert tuple(rule.get("ages", told.ages)) == told.ages


@pytest.mark.parametrize("rule", [*RULES["documents"], *RULES["studies"], *RULES["authors"]], ids=lambda rule: rule["phrase"])
def test_the_example_of_a_phrase_points_at_a_document(rule: dict[str, Any]) -> None:
    author = rule.get("roles", [""])[0]
    names = ("january", "february", "march", "april", "may", "june", "october", "2023", "2025", "second ed 2", "old")
    there = [
        Document(f"{rule['words'][0]}_{month}_{at}.txt", "", type=rule.get("type", "other"), author=author)
        for at, month in enumerate(names)
    ]
    found = [
        one for one in sources(rule["example"], Shelf({document.name: document for document in there})) if one.kind != "date"
    ]
    assert rule["phrase"] in rule["example"].lower() and found
    assert rule["phrase"] in rule["example"][found[0].start : found[0].end].lower()


@pytest.mark.parametrize("rule", RULES["filler"], ids=lambda rule: rule["phrase"])
def test_the_example_of_filler_is_shorter_without_it_and_keeps_the_rest(rule: dict[str, Any]) -> None:
    left = topic(rule["example"], [])
    assert f" {rule['phrase']}" not in f" {left.lower()}".replace(" high", "") and "potassium" in left


def test_a_text_of_several_patients_is_each_ones_from_their_line_on() -> None:
    text = "WARD ROUND\n\nBed 1 (Q-101): man of 84, digoxin.\nSlow pulse.\nBed 2 (Q-102): woman of 46, fits.\n\nSleeps badly.\n"
    owners = Owners({"a": Document("a", text)})
    of = {
        word: owners.of_others(Span("a", text.index(word), text.index(word) + 5), frozenset({"Q101"}))
        for word in text.split()
        if len(word) > 5
    }
    assert [word for word, others in of.items() if not others] == ["(Q-101):", "digoxin.", "pulse."]
    assert [(text[start:].split("\n")[0][:5], id) for start, id in borders(Document("a", text))] == [
        ("Bed 1", "Q-101"),
        ("Bed 2", "Q-102"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "1. See RX-114 and RX-115 for the doses. RX-116 is withdrawn.",
        "Cervical disc C5-6, vitamin B12 210, T12 intact, CA-125 normal.", "Seen with COVID-19 and N-95 masks.",
        "Room 12 and room 14 are closed.",
    ],
)  # fmt: skip
def test_codes_in_a_text_are_no_patients(text: str) -> None:
    owners = Owners({"a": Document("a", text), "b": Document("b", "Fine.", patient="K-700")})
    assert owners.regions == {} and borders(Document("a", text)) == []


def test_nobody_adds_to_patients_alone_and_is_yes_or_no() -> None:
    there = [Document("a", "", patient="N-1"), Document("b", "", patient="N-2"), Document("c", "")]
    for nobody, names in ((False, ["a"]), (True, ["a", "c"])):
        assert [one.name for one in there if Filter(patients=("N-1",), nobody=nobody).allows(one)] == names
    assert all(Filter(nobody=True).allows(one) for one in there)
    assert plain("n-2011") == plain("N 2011")


LIST = "WARD LIST\n\nZK-21, 71F, new hip, spinal.\n\nZK-22, 63M, new cup, buprenorphine.\n\nZK-23, 80M, knee, Parkinson.\n"


def test_patients_whom_only_a_common_text_tells_of_are_known_too() -> None:
    index = indexed(
        made(**{"list.txt": LIST, "call_ZK22.txt": "Call to ZK-22.\nHe has no fever.", "handout.txt": "Walk every day."})
    )
    named = Named()("Is ZK-22 on buprenorphine?", index)
    assert named.patients == ("ZK-22",)
    assert {"call_ZK22.txt", "handout.txt"} <= {chunk.span.document for chunk in allowed(index, named)}
    assert not any("Parkinson" in chunk.text for chunk in allowed(index, named))
    assert Named()("Which drug may the Parkinson man not get?", index).patients == ("ZK-23",)
    assert Named()("Is ZK-29 on buprenorphine?", index).unknown == ("ZK-29",)


def test_whose_a_stretch_is_can_be_asked() -> None:
    owners = Owners(
        {"list": Document("list", LIST), "own": Document("own", "Text.", patient="N-2011"), "none": Document("none", "Text.")}
    )
    place = LIST.index("buprenorphine")
    assert owners.of(Span("list", place, place + 5)) == {"ZK22"} and owners.forms("ZK22") == ("ZK-22",)
    assert owners.of(Span("own", 0, 4)) == {"N2011"} and owners.of(Span("none", 0, 4)) == frozenset()


def test_no_passage_holds_what_is_of_two_patients_and_each_is_found_under_its_id() -> None:
    chunks = list(Sections()(made(**{"list.txt": LIST})[0]))
    assert [sum(f"ZK-2{n}" in chunk.text for n in (1, 2, 3)) for chunk in chunks] == [0, 1, 1, 1]
    assert [chunk.context.count("ZK-2") for chunk in chunks] == [0, 1, 1, 1]
