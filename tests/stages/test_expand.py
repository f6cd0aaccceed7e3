"""Query expansion: what is added stands in the rules or in the documents, and it finds what the bare question misses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.keep.artifacts import Artifacts
from rag.pipeline import Pipeline
from rag.rules import rules
from rag.stages.embed.hashing import Hashing
from rag.stages.expand.asked import AsAsked
from rag.stages.expand.clinical import Clinical
from rag.stages.expand.feedback import Feedback
from rag.stages.expand.synonyms import classes, groups, matches
from rag.stages.index.base import Index
from rag.stages.reader.coverage import Asked, alternatives
from rag.stages.retrieve import Convex, Terms
from rag.text import terms
from rag.values import Document, Query

NOTES = {
    "a.txt": "Furosemide 40 mg was continued. Weight is down by two kilograms.",
    "b.txt": "The patient took part in a walk. The water was cold.",
    "c.txt": "Apixaban was held before the dental extraction.",
    "d.txt": "Chronic kidney disease stage 3. Lisinopril and furosemide since 2019.",
}
GROUPS, CLASSES = groups(), classes()
CAPITALS = {one["short"]: one["example"] for one in rules("capitals")["capitals"]}


@pytest.fixture(scope="module")
def index() -> Index:
    documents = [Document(name, text, date=f"202{at}-01-01") for at, (name, text) in enumerate(NOTES.items())]
    return Pipeline(embed=Hashing()).prepare(documents, Artifacts())


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group[0])
def test_every_form_of_a_group_leads_to_the_others(group: tuple[str, ...]) -> None:
    assert len(set(group)) == len(group) > 1
    for form in group:
        text = CAPITALS.get(form, f"the {form} there")
        (match,) = [one for one in matches(text) if text[one.start : one.end].strip("().%") == form.strip("().%")]
        assert {other for other in group if other != form and not _a_letter(other)} <= set(match.forms), form


def _a_letter(form: str) -> bool:
    """Whether no more of a form is a term than a letter, which is sought for potassium alone."""
    return len("".join(terms(form))) < 2 and form != "K"


@pytest.mark.parametrize(("names", "members"), CLASSES, ids=[names[0] for names, _ in CLASSES])
def test_a_class_leads_to_its_members_and_a_member_to_its_class_alone(names: tuple[str, ...], members: tuple[str, ...]) -> None:
    for name in names:
        assert {*names, *members} - {name} <= set(_forms(name)), name
    for member in members:
        found, own = set(_forms(member)), _written_together(member)
        assert set(names) <= found and not found & (set(members) - own - {member}), member


def _written_together(member: str) -> set[str]:
    """The other names of a member, and what it shares a class's line with: opioids stand among the painkillers."""
    own = {other for group in GROUPS if member in group for other in group}
    for names, members in CLASSES:
        own |= set(members) if member in names else set(names) if member in members else set()
    return own


def test_one_anticoagulant_does_not_stand_for_another() -> None:
    assert "warfarin" not in _forms("apixaban") and "anticoagulant" in _forms("apixaban")
    weights = Asked({"apixaban": 1.0}, alternatives("apixaban"))
    assert weights.coverage(["warfarin"]) == 0.0 and weights.coverage(["eliqui"]) == 1.0


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("ICU care", "intensive care"), ("intensive care", "ICU"), ("Hgb", "hemoglobin"), ("haemoglobin", "Hgb"),
        ("zoster", "shingles"), ("SC", "subcutaneous"), ("subcutaneously", "SC"), ("hemoglobin A1c", "HbA1c"),
        ("QHS", "at bedtime"), ("paracetamol", "Tylenol"), ("salbutamol", "albuterol"), ("adrenaline", "epinephrine"),
        ("noradrenaline", "norepinephrine"), ("frusemide", "Lasix"), ("Frusemide", "diuretic"), ("puffer", "albuterol"),
        ("pee", "urine"), ("threw up", "vomiting"), ("his sugar", "glucose"), ("precertification", "prior authorization"),
        ("reconsideration", "appeal"), ("fail first", "step therapy"), ("rollator", "walker"), ("X ray of the chest", "CXR"),
        ("chest xray", "CXR"), ("heart cath", "catheterization"), ("co-amoxiclav", "Augmentin"),
        ("CTs", "computed tomography"), ("b.i.d.", "twice daily"), ("bp", "blood pressure"),
        ("what was the egfr", "kidney function"), ("EGFR mutation", "epidermal growth factor receptor"),
        ("in the OR", "operating room"), ("GLP1", "semaglutide"),
    ],
)  # fmt: skip
def test_what_is_asked_in_one_form_is_sought_in_the_other(text: str, other: str) -> None:
    assert other in {form for match in matches(text) for form in match.forms}


@pytest.mark.parametrize(
    ("form", "others"),
    [
        ("MS", ("multiple sclerosis", "mitral stenosis")), ("PT", ("physical therapy", "prothrombin time")),
        ("RA", ("rheumatoid arthritis", "room air")), ("CP", ("chest pain", "cerebral palsy")), ("OD", ("right eye", "overdose")),
        ("PE", ("pulmonary embolism", "physical exam")), ("PD", ("peritoneal dialysis", "Parkinson disease")),
    ],
)  # fmt: skip
def test_an_abbreviation_with_two_meanings_offers_both_and_only_in_capitals(form: str, others: tuple[str, ...]) -> None:
    assert _forms(form)[: len(others)] == others
    assert matches(f"the {form.lower()} there") == []


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("EGFR mutation", "kidney function"), ("the eGFR", "epidermal growth factor receptor"),
        ("IS IT ALL OF US?", "ultrasound"), ("5 mg", "magnesium"), ("viral hepatitis", "liver"), ("K-wire", "potassium"),
        ("bed K12", "potassium"), ("I am well", "altered mental status"), ("even so", "romosozumab"),
        ("vitamin K", "potassium"), ("N/A", "sodium"), ("lactate", "breast feeding"), ("BNP", "NT-proBNP"),
        ("PT/INR", "physical therapy"), ("is she fit", "seizure"), ("a map of it", "mean arterial pressure"),
        ("nonoperative", "surgery"),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_form_is_none(text: str, other: str) -> None:
    assert other not in {form for match in matches(text) for form in match.forms}


def _forms(form: str) -> tuple[str, ...]:
    (match,) = [one for one in matches(f"the {form} there") if one.forms]
    return match.forms


@pytest.mark.parametrize("text", ["tell us all about it", "she was on time", "is there an ed for it", "ms smith"])
def test_a_short_abbreviation_in_small_letters_is_a_word(text: str) -> None:
    assert matches(text) == []


def test_the_longest_form_hides_the_ones_inside_it() -> None:
    (match,) = matches("Her kidney stones hurt")
    assert "nephrolithiasis" in match.forms and "renal" not in match.forms
    assert (match.start, match.end) == (4, 17)


def test_a_lay_word_finds_the_drug_that_the_bare_words_miss(index: Index) -> None:
    question = "Which water pill?"
    bare = [hit.chunk.span.document for hit in Terms()(question, index)]
    query = Clinical()(question, index)
    assert bare == ["b.txt"]
    assert ("furosemide", 0.4) in query.terms and "torsemide" not in dict(query.terms)
    assert query.notes == ("water pill: furosemide",)
    assert {"a.txt", "d.txt"} <= {hit.chunk.span.document for hit in Terms()(query, index)}


def test_an_added_word_weighs_what_the_setting_says(index: Index) -> None:
    alone = index.term_scores("furosemide")
    assert index.term_scores("zzz", [("furosemide", 0.25)]) == pytest.approx(0.25 * alone)
    assert index.term_scores("water", [("furosemide", 0.0)]) == pytest.approx(index.term_scores("water"))
    assert Clinical(weight=1.0)("Stopped Eliquis?", index).terms[-1][0] != "eliquis"


def test_the_longer_an_added_form_the_less_each_of_its_words_weighs(index: Index) -> None:
    added = dict(Clinical(weight=0.5)("CKD?", index).terms)
    assert added == {word: pytest.approx(0.5 / 3**0.5, abs=0.001) for word in ("chronic", "kidney", "disease")}


def test_feedback_lends_telling_words_of_the_first_passages(index: Index) -> None:
    query = Feedback(passages=1, words=3)("apixaban", index)
    words = dict(query.terms)
    assert set(words) <= set(terms(NOTES["c.txt"], stem=False)) and "was" not in words
    assert max(words.values()) == 0.3 and "the first 1 passage:" in query.notes[0]
    assert Feedback()("nothing of this kind", index) == Query("nothing of this kind")


def test_as_asked_adds_nothing(index: Index) -> None:
    assert AsAsked()("Which water pill?", index) == Query("Which water pill?")


def test_further_texts_are_searched_too_and_fused_by_rank(index: Index) -> None:
    hits = Terms()(Query("apixaban", texts=("furosemide",)), index)
    assert {hit.chunk.span.document for hit in hits} == {"a.txt", "c.txt", "d.txt"}
    assert hits[0].steps[-1].name == "queries"
    assert hits[0].score == pytest.approx(1 / 61) and hits[0].chunk.span.document in {"a.txt", "c.txt", "d.txt"}


def test_recent_documents_gain_and_none_is_lost(index: Index) -> None:
    plain = Terms()("furosemide", index)
    recent = Terms(recency=1.0, half_life=365)("furosemide", index)
    assert {hit.chunk for hit in plain} == {hit.chunk for hit in recent}
    by_name = {hit.chunk.span.document: hit for hit in recent}
    # a.txt is of 2020 and the newest document of 2023: three half-lives, all but a day for the leap year.
    assert by_name["a.txt"].score == pytest.approx(by_name["a.txt"].steps[0].score * 0.5 ** (1096 / 365), rel=1e-4)
    assert by_name["d.txt"].score == pytest.approx(by_name["d.txt"].steps[0].score)
    assert Convex(recency=0.0)("furosemide", index)[0].steps[-1].name == "fused"


def test_other_words_for_a_name_cover_the_question(index: Index) -> None:
    asked = Asked.of("Which water pill?", index)
    assert asked.coverage(terms("Furosemide daily")) == pytest.approx(1.0)
    assert asked.coverage(terms("Aspirin daily")) == 0.0
    assert frozenset(terms("apixaban")) in alternatives("Is Eliquis safe?")[terms("Eliquis")[0]]


QUESTIONS = [
    "维生素A的剂量是多少？", "A형 간염 백신은?", "อาการ a กำ", "और S क्या?", "ﬁ", "a the of", "?", "12 3.5 ,7", "👩‍⚕️ ❤️ 1️⃣",
    "\u0301", "\u0e34 a", "ＡＢ", "ʼs", "\u200d", "x" * 400, "-", "a-b-c", "type I", "1,2", "OR", "non", "co-", "µ", "β", "ё",
    "a\u0301\u0301", "\u202e", "Ⅳ", "½", "T4", "A1c",
]  # fmt: skip
SCRAPS = st.one_of(
    st.sampled_from([*QUESTIONS, "EGFR ", "the ", "I ", "'s ", "K", "CKD ", "b.i.d. ", "type ", "ii ", " "]),
    st.characters(exclude_categories=["Cs"]),
)


@given(st.one_of(st.sampled_from(QUESTIONS), st.lists(SCRAPS, min_size=1, max_size=12).map("".join)))
def test_no_question_breaks_weights_expansion_or_the_search(index: Index, question: str) -> None:
    weights = index.weights(question)
    assert set(weights) == set(terms(question)) and all(weight >= 0 for weight in weights.values())
    assert all(0 <= match.start < match.end <= len(question) and match.forms for match in matches(question))
    for expand in (Clinical(), Feedback()):
        query = expand(question, index)
        assert all(len(terms(word)) == 1 for word, _ in query.terms)
        Terms()(query, index)
    assert 0.0 <= Asked.of(question, index).coverage(terms(question)) <= 1.0 + 1e-9


def test_a_word_written_apart_is_as_common_as_its_parts_and_an_abbreviation_is_rare(index: Index) -> None:
    weights = index.weights("follow-up by xray in the OR")
    assert weights["followup"] < weights["xray"] < weights["OR"]
